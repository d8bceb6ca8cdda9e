"""Running the rules over what inference found, and asking them for fixes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import TYPE_CHECKING

from ..inference.analysis import CallSite, LibraryName, Override, UnitResult
from ..source import syntax
from ..source import unit as source_unit
from ..source.tree import Source
from ..text import Edit, Span, Unit
from .deprecated_api import DeprecatedApi
from .finding import Comment, Finding, Fix, Safety, Severity
from .forward_not_defined import ForwardNotDefined
from .ignored_keyword import IgnoredKeyword
from .loss_is_none import LossIsNone
from .missing_argument import MissingArgument
from .missing_output_field import MissingOutputField
from .multiple_values import MultipleValues
from .removed_api import RemovedApi
from .renamed_keyword import RenamedKeyword
from .rule import BoundCall, BoundName, BoundOverride, BoundRead, MethodCall, Place, Rule
from .swapped_positional import SwappedPositional
from .too_many_positional import TooManyPositional
from .trainer_no_labels import TrainerNoLabels
from .unexpected_keyword import UnexpectedKeyword
from .unknown_config_keyword import UnknownConfigKeyword
from .unused_ignore import UNUSED_IGNORE, UnusedIgnore

if TYPE_CHECKING:
    from ..inference.engine import Analysis
    from ..inference.world import World
    from ..signatures.store import Signatures

RULES: tuple[Rule, ...] = (
    UnexpectedKeyword(),
    IgnoredKeyword(),
    RenamedKeyword(),
    MissingArgument(),
    TooManyPositional(),
    MultipleValues(),
    SwappedPositional(),
    MissingOutputField(),
    LossIsNone(),
    ForwardNotDefined(),
    UnknownConfigKeyword(),
    TrainerNoLabels(),
    RemovedApi(),
    DeprecatedApi(),
    UnusedIgnore(),
)
_BY_NAME = {rule.name: rule for rule in RULES}
_ABOUT_METHODS = tuple(rule for rule in RULES if type(rule).check_method is not Rule.check_method)
_UNUSED_IGNORE = UnusedIgnore()
_NEEDS_WHOLE_CALL = frozenset(("missing-argument", "too-many-positional"))
"""Rules that would speak too early while a call is being typed."""


@dataclass(frozen=True, slots=True)
class RuleSettings:
    """What a user changed: rule -> severity, None to switch it off. Rules not named keep their own."""

    levels: tuple[tuple[str, Severity | None], ...] = ()

    @staticmethod
    def read(levels: Mapping[str, object]) -> tuple[RuleSettings, tuple[str, ...]]:
        """Settings from rule names with "error", "warning", "information" or "off"; a sentence for each wrong one."""
        chosen: list[tuple[str, Severity | None]] = []
        problems: list[str] = []
        for name, value in levels.items():
            if name not in _BY_NAME:
                problems.append(f"There is no rule {name!r}; the rules are {', '.join(_BY_NAME)}.")
            elif value == "off":
                chosen.append((name, None))
            elif value in {severity.value for severity in Severity}:
                chosen.append((name, Severity(value)))
            else:
                problems.append(f"Rule {name!r} cannot be set to {value!r}; use error, warning, information or off.")
        return RuleSettings(tuple(sorted(chosen, key=lambda pair: pair[0]))), tuple(problems)

    def without(self, rule: str) -> RuleSettings:
        """The same with a rule switched off."""
        return RuleSettings(tuple(sorted({**dict(self.levels), rule: None}.items(), key=lambda pair: pair[0])))


@dataclass(frozen=True, slots=True)
class Checked:
    """The findings of one file, sorted, without those that a comment or a setting silences."""

    findings: tuple[Finding, ...]
    _signatures: Signatures = field(repr=False)
    _known: dict[tuple[int, ...], tuple[UnitResult, tuple[Finding, ...]]] = field(repr=False)
    """By identity of the tuples of a result: those stay the same objects while a unit and what it rests on do."""


def check(analysis: Analysis, world: World, settings: RuleSettings, previous: Checked | None = None) -> Checked:
    """All findings of a file. What `previous` found in units that did not change is taken over."""
    source, signatures = analysis.source, world.signatures
    before = previous._known if previous is not None and previous._signatures is signatures else {}
    known: dict[tuple[int, ...], tuple[UnitResult, tuple[Finding, ...]]] = {}
    findings: list[Finding] = []
    every: list[Finding] = []  # those out of sight too: a comment that silences one is of use
    for unit, result in analysis.results:
        if not any(result.sites):
            continue
        key = tuple(map(id, result.sites))
        found = before.get(key)
        if found is None:
            found = (result, tuple(_findings(result, signatures)))
        known[key] = found
        if source.suppressions:
            every += [finding.at(unit.start) for finding in found[1]]
        for finding in _in_sight(found[1], analysis, unit):
            borne_out = _BY_NAME[finding.rule].in_file(finding.at(unit.start), analysis, world)
            if borne_out is not None:
                findings.append(borne_out)
    levels = dict(settings.levels)
    if source.suppressions:
        off = {rule for rule, level in levels.items() if level is None}
        findings += _UNUSED_IGNORE.check_comments(analysis, world, every, off, _BY_NAME)
    kept = {finding_key(f): f for f in _leveled(findings, levels) if not _silenced(f, source)}
    return Checked(tuple(sorted(kept.values(), key=lambda f: (f.span, f.rule, f.subject))), signatures, known)


def _in_sight(findings: tuple[Finding, ...], analysis: Analysis, unit: source_unit.Unit) -> Iterable[Finding]:
    """Those findings that some call comes to. A function whose callee only its callers tell may be called with another
    one where a test comes out differently."""
    return [
        finding
        for finding in findings
        if isinstance(finding.site, LibraryName | Override | Comment)
        or not analysis.rests_on_callers(unit, finding.site)
        or (not finding.site.tested and analysis.in_sight(unit))
    ]


def fixes(finding: Finding, analysis: Analysis, world: World) -> tuple[Fix, ...]:
    """The fixes of a finding of `check` over the same analysis, the best first. None overlaps itself."""
    rule = _BY_NAME.get(finding.rule)
    if isinstance(finding.site, Comment):
        whole = source_unit.Unit(("", b"", 0), syntax.Broken(Span(0, len(analysis.source.text))))
        return tuple(_UNUSED_IGNORE.fixes(Place(finding, analysis, world, whole, UnitResult())))
    for unit, result in analysis.results:
        sites = chain.from_iterable(result.sites)
        if unit.start != finding.base or not any(finding.site is site for site in sites):
            continue
        if rule is not None:
            place = Place(finding, analysis, world, unit, result)
            found = [fix for fix in rule.fixes(place) if fix.edits]
            if analysis.rests_on_callers(unit, finding.site):
                found = [replace(fix, safety=Safety.UNSAFE) for fix in found]
            return _one_preferred(found)
    return ()


def suppression(finding: Finding, source: Source) -> Fix | None:
    """The comment that silences a finding, at the end of the line where it begins."""
    line_number = source.lines.position(finding.span.start, Unit.UTF8).line
    line = source.lines.line_span(line_number)
    text = source.text[line.start : line.end]
    title = f"Ignore {finding.rule} on this line"
    for there in source.suppressions:
        if there.line == line_number and there.names and not there.whole_file:
            end = there.names[-1][1].end
            return Fix(title, Safety.UNSAFE, (Edit(Span(end, end), f", {finding.rule}"),))
    in_string = b"\n" in source.text[finding.span.start : finding.span.end]
    if finding.rule == UNUSED_IGNORE or text.endswith(b"\\") or b"keyward:" in text or in_string:
        return None
    comment = f"  # keyward: ignore[{finding.rule}]"
    return Fix(title, Safety.UNSAFE, (Edit(Span(line.end, line.end), comment),))


def finding_key(finding: Finding) -> tuple[str, Span, str]:
    """What makes two findings the same one."""
    return finding.rule, finding.span, finding.subject


def _findings(result: UnitResult, signatures: Signatures) -> Iterator[Finding]:
    for site in result.calls:
        if not site.callees:
            if "TypeError" not in site.guarded:
                yield from _of_method(site, result, signatures)
            continue
        call = BoundCall(site, result, signatures)
        for rule in RULES:
            if site.node.broken and rule.name in _NEEDS_WHOLE_CALL:
                continue
            if "TypeError" in site.guarded or ("*" in site.guarded and rule.severity is Severity.ERROR):
                continue
            yield from rule.check_call(call)
    for read in result.reads:
        if read.guarded & {"AttributeError" if isinstance(read.node, syntax.Attribute) else "KeyError", "*"}:
            continue
        for rule in RULES:
            yield from rule.check_read(BoundRead(read, signatures))
    for unpacking in result.unpackings:
        if unpacking.guarded.isdisjoint(("ValueError", "*")):
            for rule in RULES:
                yield from rule.check_unpacking(unpacking)
    for name in result.names:
        if not name.prepared and not name.hidden:
            for rule in RULES:
                yield from rule.check_name(BoundName(name, signatures))
    for override in result.overrides:
        for rule in RULES:
            yield from rule.check_override(BoundOverride(override, signatures))


def _of_method(site: CallSite, result: UnitResult, signatures: Signatures) -> Iterator[Finding]:
    call = MethodCall.of(site, result, signatures)
    if call is not None:
        for rule in _ABOUT_METHODS:
            if not ("*" in site.guarded and rule.severity is Severity.ERROR):
                yield from rule.check_method(call)


def _leveled(findings: Iterable[Finding], levels: Mapping[str, Severity | None]) -> Iterator[Finding]:
    for finding in findings:
        severity = levels.get(finding.rule, finding.severity)
        if severity is not None:
            yield finding if severity is finding.severity else replace(finding, severity=severity)


def _silenced(finding: Finding, source: Source) -> bool:
    # A comment without names does not silence what is said of it.
    by_name = finding.rule == UNUSED_IGNORE
    return any(source.ignored(line, finding.rule, by_name=by_name) for line in source.ends(finding.span))


def _one_preferred(found: Iterable[Fix]) -> tuple[Fix, ...]:
    """Without those that do the same as an earlier one; preferred only where a single one claims to be."""
    unique: dict[tuple[Edit, ...], Fix] = {}
    for fix in found:
        unique.setdefault(tuple(sorted(fix.edits)), fix)
    single = sum(fix.preferred for fix in unique.values()) == 1
    return tuple(fix if single or not fix.preferred else replace(fix, preferred=False) for fix in unique.values())
