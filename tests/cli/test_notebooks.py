"""`keyward check` of notebooks: findings by cell, and fixes that change nothing else in the file."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from .conftest import Command

NOTEBOOK = Path(__file__).parents[1] / "notebooks" / "train.ipynb"


@pytest.fixture
def train(project: Path) -> Path:
    return Path(shutil.copy(NOTEBOOK, project / "train.ipynb"))


def found(keyward: Command, *arguments: str) -> list[dict[str, Any]]:
    report = json.loads(keyward("check", "--output-format", "json", *arguments).stdout)
    told: list[dict[str, Any]] = report["diagnostics"]
    return told


def test_findings_name_cell_line_and_column(keyward: Command, train: Path) -> None:
    result = keyward("check")
    assert result.exit_code == 1
    assert " --> train.ipynb:cell 5:4:9\n" in result.stdout
    assert "4 |         labels=y,  # „quoted“ " in result.stdout
    assert " --> train.ipynb:cell 7:2:41\n" in result.stdout
    assert result.stdout.endswith("\n1 error, 1 warning in 1 file.\n")
    raw = train.read_text("utf-8")
    for item in found(keyward):
        line = json.loads(raw)["cells"][item["cell"] - 1]["source"][item["range"]["start"]["line"] - 1]
        assert line[item["range"]["start"]["column"] - 1 : item["range"]["end"]["column"] - 1] == "labels=y"
        assert raw.split("\n")[item["file_line"] - 1].strip().rstrip(",") == json.dumps(line, ensure_ascii=False)


def test_a_fix_may_touch_several_cells(keyward: Command, train: Path) -> None:
    """The class is imported in one cell and made in another."""
    swap = next(fix for item in found(keyward) for fix in item["fixes"] if "DeiTForImageClassification" in fix["title"])
    assert {edit["cell"] for edit in swap["edits"]} == {2, 4}


def test_fixes_change_their_lines_and_nothing_else(keyward: Command, train: Path) -> None:
    before = train.read_text("utf-8")
    diff = keyward("check", "--diff", "--unsafe-fixes").stdout
    assert train.read_text("utf-8") == before
    result = keyward("check", "--fix", "--unsafe-fixes")
    assert (result.exit_code, result.stdout) == (0, "Nothing found in 1 file, 2 fixes applied.\n")
    expected = before.replace("F.cross_entropy(x, labels=y)", "F.cross_entropy(x, target=y)")
    expected = expected.replace("DeiTModel", "DeiTForImageClassification")
    assert train.read_text("utf-8") == expected
    removed = [line[1:] for line in diff.splitlines() if line.startswith("-") and not line.startswith("---")]
    assert removed == [line for line in before.splitlines() if line not in expected.splitlines()]


def test_other_forms(keyward: Command, train: Path) -> None:
    lines = keyward("check", "--output-format", "github").stdout.splitlines()
    diagnostics = found(keyward)
    log = json.loads(keyward("check", "--output-format", "sarif").stdout)
    assert len(diagnostics) == 2
    for line, result, item in zip(lines, log["runs"][0]["results"], diagnostics, strict=True):
        place = f"Cell {item['cell']}, line {item['range']['start']['line']}: "
        assert f"file=train.ipynb,line={item['file_line']},title=" in line
        assert f"::{place}" in line
        assert result["locations"][0]["physicalLocation"]["region"] == {"startLine": item["file_line"]}
        assert result["message"]["text"].startswith(place)
        assert "fixes" not in result


def test_standard_input_and_comments(keyward: Command, train: Path) -> None:
    text = train.read_text("utf-8").replace("labels=y,  #", "labels=y,  # keyward: ignore[ignored-keyword] #")
    text = text.replace("functional as F", "functional as F  # keyward: ignore-file[unexpected-keyword]")
    result = keyward("check", "-", "--stdin-filename", "other.ipynb", input=text)
    assert (result.exit_code, result.stdout) == (0, "Nothing found in 1 file.\n")


def test_a_damaged_notebook_is_one_sentence(keyward: Command, train: Path) -> None:
    train.write_bytes(train.read_bytes()[:500])
    result = keyward("check", "--fix")
    assert (result.exit_code, len(result.stderr.splitlines())) == (2, 1)
    assert result.stderr.startswith("train.ipynb is no notebook: it is not JSON (line ")
    passed = keyward("check", "-", "--stdin-filename", "x.ipynb", "--fix", input="{")
    assert (passed.exit_code, passed.stdout) == (2, "{"), "what passes through is not lost"
