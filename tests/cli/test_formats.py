"""The forms of `check`'s output, each held against what its reader expects."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import click
import pytest

from keyward.cli.formats import text as text_format
from keyward.cli.formats.github import github
from keyward.cli.formats.sarif import sarif
from keyward.cli.report import Diagnostic, FileReport, Place, Range, Remedy, Replacement, Report, Summary, merged

from .conftest import Command
from .test_check import TYPO, WRONG, write


def at(line: int, column: int, end_line: int, end_column: int) -> Range:
    return Range(Place(line, column), Place(end_line, end_column))


def report(where: Range, *excerpt: str, message: str = "It is wrong.", path: str = "a.py") -> FileReport:
    remedy = Remedy("Mend it", "unsafe", (Replacement(path, where, "x"),))
    diagnostic = Diagnostic(path, "ignored-keyword", "warning", message, where, (remedy,))
    return FileReport(path, (diagnostic,), (excerpt,))


def plain(*reports: FileReport) -> str:
    return click.unstyle(text_format.text(reports, ""))


# --- text ------------------------------------------------------------------------------------------------------------


def test_text() -> None:
    assert plain(report(at(9, 5, 9, 8), "    bad(1)")) == (
        "warning[ignored-keyword]: It is wrong.\n"
        " --> a.py:9:5\n"
        "  |\n"
        "9 |     bad(1)\n"
        "  |     ^^^\n"
        "  = fix: Mend it (unsafe)\n"
        "\n"
    )


def test_text_of_several_lines() -> None:
    found = plain(report(at(9, 3, 10, 5), "f(a,  ", "  b=1)"))
    assert "  |\n 9 | f(a,\n   |   ^^\n10 |   b=1)\n   |   ^^\n" in found


@pytest.mark.parametrize(
    ("line", "start", "end", "shown", "carets"),
    [
        ("\tbad()", 2, 5, "    bad()", "    ^^^"),
        ("'😀'; bad()", 6, 9, "'😀'; bad()", "      ^^^"),
        ("'漢字'; bad()", 7, 10, "'漢字'; bad()", "        ^^^"),
        ("'é'; bad()", 7, 10, "'é'; bad()", "     ^^^"),
        ("bad()", 4, 4, "bad()", "   ^"),
        ("'\x1b[31m'; bad()", 10, 13, "'\ufffd[31m'; bad()", "         ^^^"),
    ],
)
def test_carets_stand_below_what_they_mean(line: str, start: int, end: int, shown: str, carets: str) -> None:
    """Columns count code points from 1; on the screen tabs, wide and combining characters count otherwise."""
    if "é" in line:
        line = line.replace("é", "e\u0301")
        shown, start, end = shown.replace("é", "e\u0301"), 7, 10
    lines = plain(report(at(1, start, 1, end), line)).splitlines()
    assert lines[3:5] == [f"1 | {shown}", f"  | {carets}"]


def test_a_long_line_is_cut_around_the_finding() -> None:
    line = "x" * 5000 + " bad() " + "y" * 5000
    lines = plain(report(at(1, 5002, 1, 5005), line)).splitlines()
    assert len(lines[3]) < 200
    start = lines[4].index("^")
    assert lines[3][start : start + 3] == "bad"


def test_a_message_cannot_move_the_cursor() -> None:
    assert "\x1b" not in plain(report(at(1, 1, 1, 2), "x", message="red \x1b[31m name"))


@pytest.mark.parametrize(
    ("summary", "n_fixed", "sentence"),
    [
        (Summary(1, 0, 0, 0), 0, "Nothing found in 1 file."),
        (Summary(3, 2, 1, 0), 0, "2 errors, 1 warning in 3 files."),
        (Summary(3, 0, 0, 2), 1, "2 notes in 3 files, 1 fix applied."),
    ],
)
def test_the_last_line(summary: Summary, n_fixed: int, sentence: str) -> None:
    assert text_format.conclusion(summary, n_fixed) == sentence


@pytest.mark.parametrize(("variables", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_colours(keyward: Command, project: Path, variables: dict[str, str], coloured: bool) -> None:
    write(project, wrong=WRONG)
    assert ("\x1b[" in keyward("check", env=variables, color=True).stdout) == coloured
    assert "\x1b[" not in keyward("check", env=variables).stdout


# --- JSON ------------------------------------------------------------------------------------------------------------


def test_json_is_exactly_this(keyward: Command, project: Path) -> None:
    line = 'x = "é漢😀"; F.cross_entropy(1, labels=2)'
    write(project, a=f"import torch.nn.functional as F\n{line}\n")
    result = keyward("check", "a.py", "--output-format", "json")
    found = json.loads(result.stdout)
    column = line.index("labels") + 1
    where = {"start": {"line": 2, "column": column}, "end": {"line": 2, "column": column + len("labels=2")}}
    assert list(found) == ["diagnostics", "summary"]
    assert found["summary"] == {"files": 1, "errors": 1, "warnings": 0, "information": 0}
    [diagnostic] = found["diagnostics"]
    assert list(diagnostic) == ["path", "rule", "severity", "message", "range", "fixes"]
    assert diagnostic["path"] == "a.py"
    assert (diagnostic["rule"], diagnostic["severity"]) == ("unexpected-keyword", "error")
    assert diagnostic["range"] == where
    rename = next(fix for fix in diagnostic["fixes"] if "target" in fix["title"])
    assert list(rename) == ["title", "safety", "edits"]
    name = {"start": {"line": 2, "column": column}, "end": {"line": 2, "column": column + len("labels")}}
    assert rename["edits"] == [{"path": "a.py", "range": name, "text": "target"}]
    assert "é" not in result.stdout  # the text itself is not part of it


def test_json_of_nothing(keyward: Command, project: Path) -> None:
    result = keyward("check", "--output-format", "json")
    summary = {"files": 0, "errors": 0, "warnings": 0, "information": 0}
    assert json.loads(result.stdout) == {"diagnostics": [], "summary": summary}


# --- GitHub ----------------------------------------------------------------------------------------------------------


def test_github_escapes() -> None:
    odd = report(at(2, 3, 2, 9), "", message="100% wrong:\r\nyes", path="a,b:c%.py")
    assert github(merged([odd])) == (
        "::warning file=a%2Cb%3Ac%25.py,line=2,endLine=2,col=3,endColumn=9,title=keyward%3A ignored-keyword"
        "::100%25 wrong:%0D%0Ayes"
    )


def test_github_gives_columns_within_one_line_only() -> None:
    line = github(merged([report(at(2, 3, 4, 1), "")]))
    assert line.startswith("::warning file=a.py,line=2,endLine=4,title=")


def test_github_of_nothing(keyward: Command, project: Path) -> None:
    assert github(Report((), Summary(0, 0, 0, 0))) == ""
    assert keyward("check", "--output-format", "github").stdout == ""


# --- SARIF -----------------------------------------------------------------------------------------------------------


def test_sarif(keyward: Command, project: Path) -> None:
    write(project, wrong=WRONG, typo=TYPO)
    (project / "a b.py").symlink_to("gone")
    log = json.loads(keyward("check", "--output-format", "sarif").stdout)
    assert log["version"] == "2.1.0"
    [run] = log["runs"]
    rules = {rule["id"]: rule for rule in run["tool"]["driver"]["rules"]}
    assert run["columnKind"] == "unicodeCodePoints"
    assert {result["ruleId"] for result in run["results"]} == {"unexpected-keyword"}
    for result in run["results"]:
        assert rules[result["ruleId"]]["defaultConfiguration"]["level"] == result["level"] == "error"
        assert result["message"]["text"]
        [location] = result["locations"]
        region = location["physicalLocation"]["region"]
        assert 1 <= region["startLine"] <= region["endLine"]
        assert region["startColumn"] >= 1
        for fix in result["fixes"]:
            assert fix["description"]["text"]
            assert all(change["replacements"] for change in fix["artifactChanges"])
    [invocation] = run["invocations"]
    assert invocation["executionSuccessful"] is False
    [notification] = invocation["toolExecutionNotifications"]
    assert notification["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "a%20b.py"


def test_sarif_names_places_by_uri() -> None:
    def uri(path: str) -> Any:
        log = sarif([report(at(1, 1, 1, 2), "x", path=path)])
        return log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]

    assert uri("dir/ü b.py") == "dir/%C3%BC%20b.py"
    assert re.fullmatch(r"file:///.*/a\.py", uri("/somewhere/a.py"))
