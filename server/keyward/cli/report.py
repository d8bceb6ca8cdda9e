"""What `check` reports: the records that are printed as JSON and that the other formats are made from.

Lines and columns count from 1, columns in code points.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import msgspec

from ..features.snapshot import Snapshot
from ..features.upgrade import Break, Standing, n_mended, removed, shifted, verdicts
from ..rules.finding import Finding, Fix, Severity
from ..text import Edit, LineIndex, Span, Unit
from .content import Content, located

N_EXCERPT_LINES = 6
"""A finding that spans more lines shows the first ones."""


class Place(msgspec.Struct, frozen=True):
    line: int
    column: int


class Range(msgspec.Struct, frozen=True):
    start: Place
    end: Place


class Replacement(msgspec.Struct, frozen=True):
    path: str
    range: Range
    text: str
    cell: int | msgspec.UnsetType = msgspec.UNSET
    """Of a notebook: the number of the cell that the range is in, among all cells from 1."""


class Remedy(msgspec.Struct, frozen=True):
    title: str
    safety: str
    edits: tuple[Replacement, ...]


class Diagnostic(msgspec.Struct, frozen=True):
    path: str
    rule: str
    severity: str
    message: str
    range: Range
    fixes: tuple[Remedy, ...]
    upgrade: Standing | msgspec.UnsetType = msgspec.UNSET
    """With --against, where it can be told: whether it is right today, or just as wrong."""
    cell: int | msgspec.UnsetType = msgspec.UNSET
    """Of a notebook: the number of the cell that the range is in, among all cells from 1."""
    file_line: int | msgspec.UnsetType = msgspec.UNSET
    """Of a notebook: the line of the file that the range begins in."""


class Summary(msgspec.Struct, frozen=True):
    files: int
    errors: int
    warnings: int
    information: int
    new: int | msgspec.UnsetType = msgspec.UNSET
    """With --against: findings that are right today."""
    mended: int | msgspec.UnsetType = msgspec.UNSET
    """Findings of today that are none in the version that is asked about."""
    known: int | msgspec.UnsetType = msgspec.UNSET
    """With --baseline: findings that are not told, since the baseline has them."""
    gone: int | msgspec.UnsetType = msgspec.UNSET
    """Findings of the baseline that are none any more."""


class Statistic(msgspec.Struct, frozen=True):
    """How often one rule speaks."""

    rule: str
    severity: str
    count: int
    fixable: int
    """Of how many findings there is a safe fix."""


class Report(msgspec.Struct, frozen=True):
    diagnostics: tuple[Diagnostic, ...]
    summary: Summary
    statistics: tuple[Statistic, ...] | msgspec.UnsetType = msgspec.UNSET


@dataclass(frozen=True, slots=True)
class FileReport:
    """What became of one file."""

    path: str
    diagnostics: tuple[Diagnostic, ...] = ()
    excerpts: tuple[tuple[str, ...], ...] = ()
    """For each diagnostic the source lines it is about."""
    contexts: tuple[tuple[str, str], ...] = ()
    """For each diagnostic its subject, and the qualified name of the function or class around it."""
    problem: str = ""
    """One sentence that says why the file could not be checked; "" where it was."""
    details: str = ""
    """What a developer of Keyward wants to know about the problem."""
    n_fixed: int = 0
    """How many fixes were applied."""
    diff: str = ""
    """What applying them would change."""
    text: bytes | None = None
    """The text with the fixes, where that is printed and not written."""
    asked: tuple[str, ...] = ()
    """The libraries of which another version was judged by."""
    n_mended: int | None = None
    """With --against: findings of today that are none then; None: that is not asked, or cannot be told."""


def file_report(path: str, snapshot: Snapshot, content: Content) -> FileReport:
    """The findings of a snapshot, shown under the name `path`; the snapshot is of the content's source."""
    lines = snapshot.source.lines
    source = content.source
    diagnostics = []
    excerpts = []
    contexts = []
    for finding in snapshot.findings:
        fixes = [fix for fix in snapshot.fixes(finding) if source.edited(fix.edits) is not None]
        diagnostics.append(_diagnostic(path, finding, fixes, lines, content))
        excerpts.append(_excerpt(snapshot.text, finding.span, lines))
        contexts.append((finding.subject, _within(snapshot, finding.span)))
    return FileReport(path, tuple(diagnostics), tuple(excerpts), tuple(contexts))


def upgrade_report(path: str, target: Snapshot, today: Snapshot | None, content: Content) -> FileReport:
    """What the version that is asked about makes of a file, beside what is installed where that is known."""
    plain = file_report(path, target, content)
    lines = target.source.lines
    found = list(zip(plain.diagnostics, plain.excerpts, plain.contexts, strict=True))
    breaks: tuple[Break, ...] = ()
    if today is not None:
        noted = zip(found, verdicts(today, target), strict=True)
        found = [(_noted(item, said.note, said.standing), excerpt, context) for (item, excerpt, context), said in noted]
        breaks = (*removed(today, target), *shifted(today, target))
    for item in breaks:
        where, cell, file_line = _placed(item.span, lines, content)
        level = item.severity.value
        diagnostic = Diagnostic(path, item.rule, level, item.message, where, (), "new", cell, file_line)
        found.append((diagnostic, _excerpt(target.text, item.span, lines), ("", _within(target, item.span))))
    found.sort(key=lambda item: _order(item[0]))
    return FileReport(
        path,
        tuple(diagnostic for diagnostic, _, _ in found),
        tuple(excerpt for _, excerpt, _ in found),
        tuple(context for _, _, context in found),
        n_mended=None if today is None else n_mended(today, target),
    )


def _order(diagnostic: Diagnostic) -> tuple[int, int, int]:
    start = diagnostic.range.start
    return diagnostic.cell if isinstance(diagnostic.cell, int) else 0, start.line, start.column


def _within(snapshot: Snapshot, span: Span) -> str:
    """The qualified name of the function or class that a span stands in, "" for the module."""
    holding = [unit for unit in snapshot.source.units if unit.start <= span.start < unit.end]
    unit = max(holding, key=lambda unit: unit.start, default=None)
    return "" if unit is None else unit.qualname or unit.owner


def _noted(diagnostic: Diagnostic, note: str, standing: Standing) -> Diagnostic:
    """The diagnostic with a sentence about today behind its message."""
    return msgspec.structs.replace(diagnostic, message=f"{diagnostic.message} {note}", upgrade=standing)


def merged(reports: Sequence[FileReport]) -> Report:
    """One report of all files; `summary.files` counts those that were checked."""
    diagnostics: list[Diagnostic] = []
    n_files = 0
    for report in reports:
        n_files += not report.problem
        diagnostics += report.diagnostics
    counts = {severity: sum(d.severity == severity.value for d in diagnostics) for severity in Severity}
    summary = Summary(n_files, counts[Severity.ERROR], counts[Severity.WARNING], counts[Severity.INFORMATION])
    told = [report.n_mended for report in reports if report.n_mended is not None]
    if told:
        new = sum(diagnostic.upgrade == "new" for diagnostic in diagnostics)
        summary = msgspec.structs.replace(summary, new=new, mended=sum(told))
    return Report(tuple(diagnostics), summary)


def statistics(diagnostics: Iterable[Diagnostic]) -> tuple[Statistic, ...]:
    """How often each rule speaks, most often first."""
    by_rule: dict[tuple[str, str], list[Diagnostic]] = {}
    for diagnostic in diagnostics:
        by_rule.setdefault((diagnostic.rule, diagnostic.severity), []).append(diagnostic)
    found = [
        Statistic(rule, severity, len(same), sum(any(fix.safety == "safe" for fix in item.fixes) for item in same))
        for (rule, severity), same in by_rule.items()
    ]
    return tuple(sorted(found, key=lambda item: (-item.count, item.rule, item.severity)))


def _diagnostic(path: str, finding: Finding, fixes: Iterable[Fix], lines: LineIndex, content: Content) -> Diagnostic:
    remedies = tuple(
        Remedy(
            fix.title,
            fix.safety.value,
            tuple(_replacement(path, edit, lines, content) for edit in fix.edits),
        )
        for fix in fixes
    )
    where, cell, file_line = _placed(finding.span, lines, content)
    level = finding.severity.value
    return Diagnostic(path, finding.rule, level, finding.message, where, remedies, cell=cell, file_line=file_line)


def _replacement(path: str, edit: Edit, lines: LineIndex, content: Content) -> Replacement:
    where, cell, _ = _placed(edit.span, lines, content)
    return Replacement(path, where, edit.text, cell)


def _placed(
    span: Span, lines: LineIndex, content: Content
) -> tuple[Range, int | msgspec.UnsetType, int | msgspec.UnsetType]:
    """The range in the file or cell, the cell's number, and the line of the file."""
    at = located(content, lines, span)
    where = Range(_place(at.span.start, at.lines), _place(at.span.end, at.lines))
    return where, at.cell or msgspec.UNSET, at.file_line or msgspec.UNSET


def _place(offset: int, lines: LineIndex) -> Place:
    position = lines.position(offset, Unit.CODE_POINT)
    return Place(position.line + 1, position.column + 1)


def _excerpt(text: bytes, span: Span, lines: LineIndex) -> tuple[str, ...]:
    first = lines.position(span.start, Unit.UTF8).line
    last = min(lines.position(span.end, Unit.UTF8).line, first + N_EXCERPT_LINES - 1)
    spans = (lines.line_span(line) for line in range(first, last + 1))
    return tuple(text[line.start : line.end].decode("utf-8", "replace") for line in spans)
