"""
## What it does
Reports a comment `# keyward: ignore[rule]` (or `ignore-file`) that silences nothing, and one that names a rule which
does not exist.

## Why is this bad
It outlived its reason: whatever goes wrong on that line later is silenced before anybody has seen it. A misspelt name
silences nothing from the beginning.

## Example
```py
import torch.nn.functional as F

def step(logits, y):
    first = F.cross_entropy(logits)  # keyward: ignore[missing-argument]
    return F.cross_entropy(logits, y)  # keyward: ignore[missing-argument]  # information: [unused-ignore]
```

Use instead:
```py
import torch.nn.functional as F

def step(logits, y):
    first = F.cross_entropy(logits)  # keyward: ignore[missing-argument]
    return F.cross_entropy(logits, y)
```

## Fix
Remove the comment, or the name from its list (safe). Other comments of the line stay. A misspelt name can be put right
or removed (unsafe: something is silenced then, or a reason is lost).

## When it stays silent
- Where the rule that is named is switched off, or, for a comment without names, any rule.
- Where a call or a read of that line is not known for sure: another installation may know more of it.
- In a file that uses a library which is not installed here, and in one that does not parse.
- While another version is judged by (`--against`).
- For a comment that names `unused-ignore` itself.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from ..inference.engine import Analysis
from ..inference.world import World
from ..source.suppressions import Suppression
from ..source.tree import Source
from ..text import Edit, Span
from .finding import Comment, Finding, Fix, Safety, Severity
from .judged import is_judged
from .rule import Place, Rule
from .wording import code, listed
from .words import nearest

UNUSED_IGNORE = "unused-ignore"
ELSEWHERE = frozenset(("removed-api", "shifted-positional"))
"""Told where two versions are compared, too: whether a comment that names them is of use, one version does not tell."""


class UnusedIgnore(Rule):
    name = UNUSED_IGNORE
    severity = Severity.INFORMATION
    summary = "A comment `# keyward: ignore` silences nothing, or names a rule that does not exist."

    def check_comments(
        self,
        analysis: Analysis,
        world: World,
        found: Collection[Finding],
        off: Collection[str],
        known: Collection[str],
    ) -> Iterator[Finding]:
        """Findings about the comments of a file, with offsets of the file.

        Args:
            found: what rules find in the file, with offsets of the file, silenced or not.
            off: the names of rules that are switched off.
            known: the names of all rules.
        """
        source = analysis.source
        if not source.suppressions or self.name in off:
            return
        at = [(finding.rule, source.ends(finding.span)) for finding in found]
        for suppression in source.suppressions:
            used = {rule for rule, lines in at if suppression.whole_file or suppression.line in lines}
            where = "in this file" if suppression.whole_file else "here"
            judged = is_judged(analysis, world, None if suppression.whole_file else suppression.line)
            if not suppression.names and judged and not used and not off:
                message = f"This comment silences nothing: no rule has anything to say {where}."
                yield self._finding(message, suppression.span, "", suppression)
            for name, span in suppression.names:
                if name not in known and name not in ELSEWHERE:
                    near = nearest(name, known)
                    hint = f"; did you mean {listed([code(other) for other in near])}?" if near else "."
                    instead = near[0] if len(near) == 1 else ""
                    yield self._finding(f"There is no rule {code(name)}{hint}", span, name, suppression, instead)
                elif judged and name not in {*off, *used, *ELSEWHERE, self.name}:
                    yield self._finding(f"{code(name)} has nothing to silence {where}.", span, name, suppression)

    def _finding(self, message: str, span: Span, subject: str, comment: Suppression, instead: str = "") -> Finding:
        site = Comment(comment, instead)
        return Finding(self.name, self.severity, message, span, site, subject, unnecessary=not instead)

    def fixes(self, place: Place) -> Iterable[Fix]:
        site, name = place.finding.site, place.finding.subject
        if not isinstance(site, Comment):
            return
        if site.instead:
            yield Fix(
                f"Write {code(site.instead)}", Safety.UNSAFE, (Edit(place.finding.span, site.instead),), preferred=True
            )
        alone = len(site.suppression.names) < 2
        yield Fix(
            "Remove the comment" if alone else f"Take {code(name)} out of the comment",
            Safety.UNSAFE if site.instead else Safety.SAFE,
            (_without(site.suppression, name, place.analysis.source),),
            preferred=not site.instead,
        )


def _without(comment: Suppression, name: str, source: Source) -> Edit:
    """Takes a name out of the list, or all of the comment where nothing else is in it.

    What follows the comment up to the next one, such as the reason for it, goes with it; the line goes if nothing is
    left in it.
    """
    kept = [other for other, _ in comment.names if other != name]
    if kept:
        return Edit(Span(comment.names[0][1].start, comment.names[-1][1].end), ", ".join(kept))
    text, line = source.text, source.lines.line_span(comment.line)
    following = text.find(b"#", comment.span.end, line.end)
    if following >= 0:
        return Edit(Span(comment.span.start, following), "")
    start = line.start + len(text[line.start : comment.span.start].rstrip())
    if start > line.start:
        return Edit(Span(start, line.end), "")
    return Edit(source.lines.whole_line(comment.line), "")
