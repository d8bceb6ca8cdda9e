"""What can be done about the findings in a range: their fixes, and silence."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ..rules import suppression
from ..rules.finding import Finding, Fix, Safety
from ..text import Edit, Span, apply_edits
from .snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Action:
    """One fix of one finding."""

    finding: Finding
    fix: Fix


def actions(snapshot: Snapshot, span: Span) -> tuple[Action, ...]:
    """The fixes of each finding that the range touches, and after them the comments that silence it."""
    touched = [f for f in snapshot.findings if f.span.start <= span.end and span.start <= f.span.end]
    mending = [Action(finding, fix) for finding in touched for fix in snapshot.fixes(finding)]
    silencing = [
        Action(finding, fix) for finding in touched if (fix := suppression(finding, snapshot.source)) is not None
    ]
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
