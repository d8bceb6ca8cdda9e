"""SARIF 2.1.0, which code hosts and editors read."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ... import __version__
from ...rules import RULES
from ..report import Diagnostic, FileReport, Range, Remedy

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
LEVELS = {"error": "error", "warning": "warning", "information": "note"}


def sarif(reports: Sequence[FileReport]) -> dict[str, Any]:
    """The log, as plain data."""
    driver = {
        "name": "keyward",
        "version": __version__,
        "semanticVersion": __version__,
        "rules": [
            {
                "id": rule.name,
                "shortDescription": {"text": rule.summary},
                "defaultConfiguration": {"level": LEVELS[rule.severity.value]},
            }
            for rule in RULES
        ],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "invocations": [_invocation(reports)],
        "results": [_result(diagnostic) for report in reports for diagnostic in report.diagnostics],
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _invocation(reports: Iterable[FileReport]) -> dict[str, Any]:
    problems = [report for report in reports if report.problem]
    notifications = [
        {
            "level": "error",
            "message": {"text": report.problem},
            "locations": [{"physicalLocation": {"artifactLocation": _artifact(report.path)}}],
        }
        for report in problems
    ]
    return {"executionSuccessful": not problems, "toolExecutionNotifications": notifications}


def _result(diagnostic: Diagnostic) -> dict[str, Any]:
    artifact = _artifact(diagnostic.path)
    region, message, fixes = _region(diagnostic.range), diagnostic.message, diagnostic.fixes
    if isinstance(diagnostic.file_line, int):  # regions are those of the notebook's file, in which text is escaped
        region, fixes = {"startLine": diagnostic.file_line}, ()
        message = f"Cell {diagnostic.cell}, line {diagnostic.range.start.line}: {message}"
    return {
        "ruleId": diagnostic.rule,
        "level": LEVELS[diagnostic.severity],
        "message": {"text": message},
        "locations": [{"physicalLocation": {"artifactLocation": artifact, "region": region}}],
        **({"fixes": [_fix(remedy) for remedy in fixes]} if fixes else {}),
    }


def _fix(remedy: Remedy) -> dict[str, Any]:
    changes: dict[str, list[dict[str, Any]]] = {}
    for edit in remedy.edits:
        replacement = {"deletedRegion": _region(edit.range), "insertedContent": {"text": edit.text}}
        changes.setdefault(edit.path, []).append(replacement)
    return {
        "description": {"text": remedy.title},
        "artifactChanges": [
            {"artifactLocation": _artifact(path), "replacements": replacements}
            for path, replacements in changes.items()
        ],
    }


def _region(where: Range) -> dict[str, int]:
    start, end = where.start, where.end
    return {"startLine": start.line, "startColumn": start.column, "endLine": end.line, "endColumn": end.column}


def _artifact(path: str) -> dict[str, str]:
    return {"uri": Path(path).as_uri() if os.path.isabs(path) else quote(os.fsencode(path.replace(os.sep, "/")))}
