"""All that is known of one version of one document, captured together.

Features and the command line read a snapshot and nothing else, so what they say belongs to one text, one set of
signatures and one set of answers, whatever happens meanwhile.
"""

from __future__ import annotations

from dataclasses import dataclass

from .. import rules
from ..inference.engine import Analysis, analyse
from ..inference.world import World
from ..rules.finding import Finding, Fix
from ..source.tree import Source


@dataclass(frozen=True, slots=True)
class Snapshot:
    version: int
    source: Source
    analysis: Analysis
    checked: rules.Checked
    world: World
    settings: rules.RuleSettings

    @property
    def path(self) -> str:
        return self.source.path

    @property
    def text(self) -> bytes:
        return self.source.text

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Sorted, in offsets of the file; those that a comment silences are not among them."""
        return self.checked.findings

    def fixes(self, finding: Finding) -> tuple[Fix, ...]:
        return rules.fixes(finding, self.analysis, self.world)


def take(
    path: str, version: int, text: bytes, world: World, settings: rules.RuleSettings, previous: Snapshot | None = None
) -> Snapshot:
    """The snapshot of a text. Pure; `previous` is an older one of the same document, whose work is used again."""
    if previous is None or previous.path != path:
        source = Source.parse(path, text)
        analysis = analyse(source, world)
        return Snapshot(version, source, analysis, rules.check(analysis, world, settings), world, settings)
    source = previous.source if previous.text == text else previous.source.edited(text)
    analysis = previous.analysis
    if source is not previous.source or world is not previous.world:
        analysis = analyse(source, world, previous.analysis)
    checked = rules.check(analysis, world, settings, previous.checked)
    return Snapshot(version, source, analysis, checked, world, settings)
