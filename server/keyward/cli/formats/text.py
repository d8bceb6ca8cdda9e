"""For people: each finding with its source line underlined, then a line that sums up."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence

import click
from msgspec import UNSET

from ..report import Diagnostic, FileReport, Range, Statistic, Summary

COLOURS = {"error": "red", "warning": "yellow", "information": "cyan"}
TAB = " " * 4
WIDTH = 160
"""Source lines are cut down to about this many columns."""


def text(reports: Iterable[FileReport], last: str) -> str:
    """All findings and a last line. Styled: whoever prints it strips that where it is not wanted."""
    parts = [
        finding(diagnostic, excerpt)
        for report in reports
        for diagnostic, excerpt in zip(report.diagnostics, report.excerpts, strict=True)
    ]
    return "\n".join((*parts, last))


def finding(diagnostic: Diagnostic, excerpt: Sequence[str]) -> str:
    start = diagnostic.range.start
    colour = COLOURS[diagnostic.severity]
    cell = "" if diagnostic.cell is UNSET else f"cell {diagnostic.cell}:"
    head = click.style(f"{diagnostic.severity}[{diagnostic.rule}]", fg=colour, bold=True)
    gutter = len(str(start.line + len(excerpt) - 1))
    bar = _dim(f"{'':{gutter}} |")
    lines = [
        f"{head}{click.style(': ' + _shown(diagnostic.message), bold=True)}",
        f"{'':{gutter}}{_dim('-->')} {diagnostic.path}:{cell}{start.line}:{start.column}",
        bar,
    ]
    for number, line in enumerate(excerpt, start.line):
        source, carets = _underlined(line, *_columns(diagnostic.range, number, line))
        lines += [f"{_dim(f'{number:{gutter}} |')} {source}", f"{bar} {click.style(carets, fg=colour, bold=True)}"]
    for remedy in diagnostic.fixes:
        note = "" if remedy.safety == "safe" else " (unsafe)"
        lines.append(f"{'':{gutter}} {_dim('=')} {click.style('fix', bold=True)}: {_shown(remedy.title)}{note}")
    return "\n".join((*lines, ""))


def conclusion(summary: Summary, n_fixed: int) -> str:
    """One sentence that sums up."""
    counts = (
        (summary.errors, "error", "errors"),
        (summary.warnings, "warning", "warnings"),
        (summary.information, "note", "notes"),
    )
    found = ", ".join(_counted(*count) for count in counts if count[0])
    mended = f", {_counted(n_fixed, 'fix', 'fixes')} applied" if n_fixed else ""
    files = _counted(summary.files, "file", "files")
    nothing = "Nothing found" if summary.known in (UNSET, 0) else "Nothing new"
    return f"{found or nothing} in {files}{mended}.{_upgraded(summary)}{_baseline(summary)}"


def _baseline(summary: Summary) -> str:
    """What a baseline has to do with it: " 3 known findings not told. 1 of the baseline is gone."."""
    if summary.known is UNSET or summary.gone is UNSET:
        return ""
    known = summary.known and f" {_counted(summary.known, 'known finding', 'known findings')} not told."
    gone = summary.gone and f" {summary.gone} of the baseline {'is' if summary.gone == 1 else 'are'} gone."
    return f"{known or ''}{gone or ''}"


def counted_by_rule(found: Sequence[Statistic], last: str) -> str:
    """A table of rules with how often they speak and how much of that can be fixed, and a last line."""
    width = max((len(str(item.count)) for item in found), default=0)
    lines = []
    for item in found:
        rule = click.style(item.rule, fg=COLOURS[item.severity], bold=True)
        fixable = f", {item.fixable} with a safe fix" if item.fixable else ""
        lines.append(f"{item.count:{width}} {rule} ({item.severity}{fixable})")
    return "\n".join((*lines, last))


def _upgraded(summary: Summary) -> str:
    """What the version that was asked about changes: " 2 are new with the upgrade; 1 of today is none then."."""
    if summary.new is UNSET or summary.mended is UNSET:
        return ""
    new = f" {summary.new} of them {'is' if summary.new == 1 else 'are'} new with the upgrade"
    gone = (
        f"{_counted(summary.mended, 'finding', 'findings')} of today {'is' if summary.mended == 1 else 'are'} none then"
    )
    n_found = summary.errors + summary.warnings + summary.information
    return "".join(
        (new if n_found else "", f"; {gone}" if n_found and summary.mended else "", "." if n_found else "")
    ) or (f" {gone[:1].upper()}{gone[1:]}." if summary.mended else "")


def coloured(diff: str) -> str:
    """A unified diff with what goes in red and what comes in green."""
    colours = {"-": "red", "+": "green", "@": "cyan"}
    return "".join(click.style(line, fg=colours.get(line[:1])) for line in diff.splitlines(keepends=True))


def _counted(n: int, one: str, many: str) -> str:
    return f"{n} {one if n == 1 else many}"


def _dim(part: str) -> str:
    return click.style(part, fg="blue", bold=True)


def _columns(where: Range, number: int, line: str) -> tuple[int, int]:
    """Start and end of what is underlined on a line, in code points from 0."""
    start = where.start.column - 1 if number == where.start.line else len(line) - len(line.lstrip())
    end = where.end.column - 1 if number == where.end.line else len(line.rstrip())
    return start, max(end, start + 1)


def _underlined(line: str, start: int, end: int) -> tuple[str, str]:
    """The line as shown, and the line of carets below it."""
    if len(line) > WIDTH:
        first = max(0, min(start - WIDTH // 4, len(line) - WIDTH))
        cut = line[first : first + WIDTH]
        line = f"{'…' if first else ''}{cut}{'…' if first + WIDTH < len(line) else ''}"
        moved = first - (1 if first else 0)
        start, end = start - moved, min(end - moved, len(line))
    before, marked, after = (_shown(part) for part in (line[:start], line[start:end], line[end:]))
    return f"{before}{marked}{after}".rstrip(), " " * _width(before) + "^" * max(1, _width(marked))


def _shown(part: str) -> str:
    """Text that moves a terminal's cursor by its width alone: tabs are widened, control characters replaced."""
    if part.isprintable():
        return part
    return "".join(c if c.isprintable() or c == "\u200d" else TAB if c == "\t" else "\ufffd" for c in part)


def _width(part: str) -> int:
    """Columns that a terminal uses for the text."""
    if part.isascii():
        return len(part)
    return sum(0 if _joins(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in part)


def _joins(character: str) -> bool:
    return character == "\u200d" or unicodedata.combining(character) > 0 or "\ufe00" <= character <= "\ufe0f"
