"""Annotations of a GitHub workflow: one workflow command a line."""

from __future__ import annotations

from msgspec import UNSET

from ..report import Diagnostic, Report

LEVELS = {"error": "error", "warning": "warning", "information": "notice"}


def github(report: Report) -> str:
    return "\n".join(map(_annotation, report.diagnostics))


def _annotation(diagnostic: Diagnostic) -> str:
    start, end = diagnostic.range.start, diagnostic.range.end
    where: dict[str, object] = {"file": diagnostic.path.replace("\\", "/")}
    message = diagnostic.message
    if diagnostic.cell is not UNSET:  # the platform counts lines of the notebook's file, in which columns are escaped
        where["line"] = diagnostic.file_line
        message = f"Cell {diagnostic.cell}, line {start.line}: {message}"
    else:
        where |= {"line": start.line, "endLine": end.line}
    if diagnostic.cell is UNSET and start.line == end.line:  # columns of several lines are refused
        where |= {"col": start.column, "endColumn": end.column}
    where["title"] = f"keyward: {diagnostic.rule}"
    properties = ",".join(f"{name}={_property(str(value))}" for name, value in where.items())
    return f"::{LEVELS[diagnostic.severity]} {properties}::{_data(message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
