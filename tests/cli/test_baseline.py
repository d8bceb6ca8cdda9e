"""`keyward check --baseline`: what an old code base has is not told, wherever it moves in its file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .conftest import Command
from .test_check import CLEAN, WRONG, write

TWICE = """\
import torch.nn.functional as F


def loss(logits, y):
    if y:
        return F.cross_entropy(logits, labels=y)
    return F.cross_entropy(logits, labels=y)
"""


def known(keyward: Command, text: str) -> None:
    """Has a baseline of one file written."""
    write(Path(), code=text)
    result = keyward("check", "--baseline", "known.json", "--write-baseline")
    assert (result.exit_code, result.stdout) == (0, "")


def last(keyward: Command, *arguments: str) -> tuple[int, str]:
    result = keyward("check", "--baseline", "known.json", *arguments)
    assert result.stderr == ""
    return result.exit_code, result.stdout.splitlines()[-1]


def test_what_is_known_is_not_told(keyward: Command, project: Path) -> None:
    known(keyward, TWICE)
    file = json.loads((project / "known.json").read_text())
    assert file["version"] == 1
    assert [(item["path"], item["rule"], item["within"], item["count"]) for item in file["findings"]] == [
        ("code.py", "unexpected-keyword", "loss", 2)
    ]
    assert last(keyward) == (0, "Nothing new in 1 file. 2 known findings not told.")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("import torch", "# more lines\n\nimport os\nimport torch"),
        ("def loss(", "def other(x):\n    return x\n\n\ndef loss("),
        ("def loss(logits", "def renamed(logits"),
        ("\n    return F", "\n    x = 1\n    return    F"),
    ],
)
def test_lines_may_move_and_functions_be_renamed(keyward: Command, project: Path, old: str, new: str) -> None:
    known(keyward, TWICE)
    write(project, code=TWICE.replace(old, new))
    assert last(keyward) == (0, "Nothing new in 1 file. 2 known findings not told.")


def test_one_more_of_the_same_is_new(keyward: Command, project: Path) -> None:
    known(keyward, TWICE)
    third = TWICE.replace("    if y:", "    if logits:\n        return F.cross_entropy(logits, labels=y)\n    if y:")
    write(project, code=third + "\n\nif F:\n    F.cross_entropy(1, labels=2)\n")
    assert last(keyward)[0] == 1
    found = json.loads(keyward("check", "--baseline", "known.json", "--output-format", "json").stdout)
    assert found["summary"]["known"] == 2
    assert [item["range"]["start"]["line"] for item in found["diagnostics"]] == [9, 13]


def test_another_file_rule_or_subject_is_new(keyward: Command, project: Path) -> None:
    known(keyward, WRONG)
    write(project, other=WRONG)
    assert last(keyward) == (1, "1 error in 2 files. 1 known finding not told.")
    write(project, code=WRONG.replace("labels=y", "lables=y"), other=CLEAN)
    assert last(keyward) == (1, "1 error in 2 files. 1 of the baseline is gone.")


def test_what_went_is_counted_in_files_that_were_checked(keyward: Command, project: Path) -> None:
    known(keyward, TWICE)
    write(project, code=CLEAN, other=CLEAN)
    assert last(keyward, "other.py") == (0, "Nothing found in 1 file.")
    assert last(keyward) == (0, "Nothing found in 2 files. 2 of the baseline are gone.")
    (project / "code.py").unlink()
    assert last(keyward, "other.py") == (0, "Nothing found in 1 file. 2 of the baseline are gone.")


def test_writing_again_keeps_what_was_not_checked(keyward: Command, project: Path) -> None:
    known(keyward, TWICE)
    write(project, other=WRONG, gone=WRONG)
    write_again = ("check", "--baseline", "known.json", "--write-baseline")
    assert keyward(*write_again, "other.py", "gone.py").stderr == "known.json knows 4 findings now.\n"
    (project / "gone.py").unlink()
    assert keyward(*write_again, "other.py").stderr == "known.json knows 3 findings now.\n"
    before = (project / "known.json").read_bytes()
    keyward(*write_again)
    assert (project / "known.json").read_bytes() == before, "the same findings make the same file"


def test_paths_start_at_the_baseline(keyward: Command, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / "src").mkdir()
    write(project / "src", code=WRONG)
    keyward("check", "--baseline", "known.json", "--write-baseline")
    monkeypatch.chdir(project / "src")
    result = keyward("check", "--baseline", "../known.json")
    assert (result.exit_code, result.stdout) == (0, "Nothing new in 1 file. 1 known finding not told.\n")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--baseline", "gone.json"], "The baseline gone.json does not exist: --write-baseline makes it."),
        (["--baseline", "bad.json"], "bad.json is no baseline: once it is removed, --write-baseline makes one."),
        (
            ["--baseline", "bad.json", "--write-baseline"],
            "bad.json is no baseline: once it is removed, --write-baseline",
        ),
        (["--baseline", "later.json"], "The baseline later.json has the format 2, and 1 is what can be read."),
        (["--baseline", "."], "The baseline . could not be read: is a directory."),
        (["--write-baseline"], "--write-baseline wants --baseline FILE, which it writes."),
        (
            ["--baseline", "no/where.json", "--write-baseline"],
            "The baseline no/where.json could not be written: no such",
        ),
    ],
)
def test_a_baseline_that_makes_no_sense(keyward: Command, project: Path, arguments: list[str], sentence: str) -> None:
    write(project, wrong=WRONG)
    (project / "bad.json").write_text('{"version": 1, "findings": [3]}')
    (project / "later.json").write_text('{"version": 2}')
    result = keyward("check", *arguments)
    assert (result.exit_code, result.stdout, len(result.stderr.splitlines())) == (2, "", 1)
    assert result.stderr.startswith(sentence)
