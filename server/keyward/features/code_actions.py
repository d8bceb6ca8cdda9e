"""What can be done about the findings in a range: their fixes, and silence."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from ..rules.finding import Finding, Fix, Safety
from ..text import Edit, Span, Unit, apply_edits
from .snapshot import Snapshot

_IGNORE = re.compile(rb"#\s*keyward:\s*ignore\[([\w\-, ]*)\]")


@dataclass(frozen=True, slots=True)
class Action:
    """One fix of one finding."""

    finding: Finding
    fix: Fix


def actions(snapshot: Snapshot, span: Span) -> tuple[Action, ...]:
    """The fixes of each finding that the range touches, and after them the comments that silence it."""
    touched = [f for f in snapshot.findings if f.span.start <= span.end and span.start <= f.span.end]
    mending = [Action(finding, fix) for finding in touched for fix in snapshot.fixes(finding)]
    silencing = [Action(finding, fix) for finding in touched if (fix := _ignore(snapshot, finding)) is not None]
    by_change = {(action.fix.title, action.fix.edits): action for action in reversed((*mending, *silencing))}
    return tuple(reversed(by_change.values()))


def fix_all(snapshot: Snapshot) -> tuple[Edit, ...]:
    """The edits of every safe fix that do not stand in each other's way; the first safe fix of each finding counts."""
    chosen: set[Edit] = set()
    for finding in snapshot.findings:
        fix = next((fix for fix in snapshot.fixes(finding) if fix.safety is Safety.SAFE), None)
        if fix is not None and _fit(snapshot.text, chosen, fix.edits):
            chosen.update(fix.edits)
    return tuple(sorted(chosen))


def _fit(text: bytes, chosen: set[Edit], edits: Iterable[Edit]) -> bool:
    try:
        apply_edits(text, (*chosen, *edits))
    except ValueError:
        return False
    return True


def _ignore(snapshot: Snapshot, finding: Finding) -> Fix | None:
    """A comment at the end of the finding's line; a rule joins those that are named there already.

    None where the line goes on behind a backslash: no comment can stand there.
    """
    lines = snapshot.source.lines
    span = lines.line_span(lines.position(finding.span.start, Unit.UTF8).line)
    text = snapshot.text[span.start : span.end]
    title = f"Ignore {finding.rule} on this line"
    if (match := _IGNORE.search(text)) is not None:
        at = span.start + match.end(1)
        separator = ", " if match[1].strip() else ""
        return Fix(title, Safety.UNSAFE, (Edit(Span(at, at), f"{separator}{finding.rule}"),))
    if text.endswith(b"\\"):
        return None
    end = span.start + len(text.rstrip())
    return Fix(title, Safety.UNSAFE, (Edit(Span(end, span.end), f"  # keyward: ignore[{finding.rule}]"),))
