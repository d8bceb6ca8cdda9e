"""Applies the first fix of a finding, and says what is left of it."""

from __future__ import annotations

import ast
import re
from collections import Counter

from calls import Question, question_about
from mutations.mutation import moved
from outcome import Mended

from keyward.features.snapshot import Snapshot, take
from keyward.inference.analysis import CallSite
from keyward.rules.finding import Finding, Fix
from keyward.text import apply_edits


def mend(snapshot: Snapshot, finding: Finding) -> Mended:
    """What comes of the first fix of a finding of the snapshot."""
    fixes = snapshot.fixes(finding)
    line = snapshot.text.count(b"\n", 0, finding.span.start) + 1
    where = f"{snapshot.path}:{line}: {finding.message}"
    if not fixes:
        return Mended(finding.rule, "no fix", "", where, None, None, ())
    fix = fixes[0]
    title = re.sub(r"`[^`]*`", "`...`", re.sub(r"\b(Use|instead of|to) [A-Z]\w*", r"\1 ...", fix.title))
    where = f"{where} [{fix.title}]"
    try:
        text = apply_edits(snapshot.text, fix.edits)
        ast.parse(text)
    except (SyntaxError, ValueError) as error:
        return Mended(finding.rule, title, f"the text does not parse: {error}", where, None, None, ())
    again = take(snapshot.path, 0, text, snapshot.world, snapshot.settings, snapshot)
    problem = _problem(snapshot, again, finding)
    question, changed = _mended_call(again, fix, finding)
    again.analysis.retire()
    target = question.targets[0] if question is not None and len(question.targets) == 1 else None
    return Mended(finding.rule, title, problem, where, target, question, changed)


def _problem(before: Snapshot, after: Snapshot, finding: Finding) -> str:
    then, now = (Counter((f.rule, f.subject) for f in snapshot.findings) for snapshot in (before, after))
    if now[(finding.rule, finding.subject)] >= then[(finding.rule, finding.subject)]:
        return "the finding is still there"
    new = now - then
    return f"new: {', '.join(sorted(f'{rule} {subject}'.strip() for rule, subject in new))}" if new else ""


def _mended_call(again: Snapshot, fix: Fix, finding: Finding) -> tuple[Question | None, tuple[str, ...]]:
    """The call as it stands in the mended text, and its keywords that are new there, or reach another class now."""
    if not isinstance(finding.site, CallSite):
        return None, ()
    start = moved(finding.site.span.start + finding.base, fix.edits)
    for unit, result in again.analysis.results:
        for site in result.calls:
            same = len(site.node.arguments) <= len(finding.site.node.arguments)
            if site.span.start + unit.start != start or not same or not site.callees:
                continue
            question = question_about(site, unit, again)
            if question is None:
                return None, ()
            old = {keyword.name for keyword in finding.site.keywords}
            swapped = [c.name for c in site.callees] != [c.name for c in finding.site.callees]
            names = question.shape.keywords
            return question, tuple(name for name in names if name not in old or (swapped and name == finding.subject))
    return None, ()
