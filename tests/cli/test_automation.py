"""What hooks, workflows and editors use: exit codes, statistics, lists of files, standard input, `keyward rule`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from keyward.cli.rule import shown
from keyward.rules import RULES
from keyward.rules.manual import page

from .conftest import Command
from .test_check import CLEAN, TYPO, WRONG, write

MENDED = WRONG.replace("labels=y", "target=y")


def test_findings_may_be_told_without_failing(keyward: Command, project: Path) -> None:
    write(project, wrong=WRONG)
    result = keyward("check", "--exit-zero")
    assert (result.exit_code, result.stdout.splitlines()[-1]) == (0, "1 error in 1 file.")
    assert keyward("check", "--exit-zero", "gone.py").exit_code == 2, "what could not be checked still counts"


def test_statistics_count_by_rule(keyward: Command, project: Path) -> None:
    note = "import torch.nn.functional as F\n\nF.relu  # keyward: ignore\n"
    write(project, wrong=WRONG + WRONG, typo=TYPO, note=note)
    result = keyward("check", "--statistics")
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        "3 unexpected-keyword (error, 1 with a safe fix)",
        "1 unused-ignore (information, 1 with a safe fix)",
        "3 errors, 1 note in 3 files.",
    ]
    report = json.loads(keyward("check", "--statistics", "--output-format", "json").stdout)
    assert report["statistics"][0] == {"rule": "unexpected-keyword", "severity": "error", "count": 3, "fixable": 1}
    assert len(report["diagnostics"]) == 4
    write(project, wrong=CLEAN, typo=CLEAN, note=CLEAN)
    assert keyward("check", "--statistics").stdout == "Nothing found in 3 files.\n"


# --- lists of files and standard input -----------------------------------------------------------------------------


def test_a_list_of_files(keyward: Command, project: Path) -> None:
    write(project, a=WRONG, b=WRONG, c=WRONG)
    (project / "with space.py").write_text(WRONG)
    (project / "list").write_text("a.py\r\n\nwith space.py\n")
    assert keyward("check", "--files-from", "list").stdout.endswith("\n2 errors in 2 files.\n")
    assert keyward("check", "--files-from", "list", "b.py", "a.py").stdout.endswith("\n3 errors in 3 files.\n")
    result = keyward("check", "--files-from", "-", input=b"b.py\0with space.py\0")
    assert result.stdout.endswith("\n2 errors in 2 files.\n")
    (project / "list").write_text("\n")
    result = keyward("check", "--files-from", "list")
    assert (result.exit_code, result.stderr) == (0, "No Python files were found.\n"), "and not the whole folder"


def test_standard_input(keyward: Command, project: Path) -> None:
    result = keyward("check", "-", "--stdin-filename", "src/train.py", "--output-format", "json", input=WRONG)
    assert result.exit_code == 1
    assert [item["path"] for item in json.loads(result.stdout)["diagnostics"]] == ["src/train.py"]
    assert keyward("check", "-", input=CLEAN).stdout == "Nothing found in 1 file.\n"
    (project / "keyward.toml").write_text("[per-file]\n'train.py' = ['all']\n")
    assert keyward("check", "-", "--stdin-filename", "train.py", input=WRONG).exit_code == 0


def test_mended_standard_input_is_what_is_printed(keyward: Command, project: Path) -> None:
    write(project, train=CLEAN)
    arguments = ("check", "-", "--stdin-filename", "train.py", "--fix", "--unsafe-fixes")
    text = WRONG.replace("\n", "\r\n").encode() + b"# \xff"
    result = keyward(*arguments, input=text)
    assert result.exit_code == 0
    assert result.stdout_bytes == text.replace(b"labels=y", b"target=y")
    assert result.stderr == "Nothing found in 1 file, 1 fix applied.\n"
    assert (project / "train.py").read_text() == CLEAN
    assert keyward(*arguments, input=CLEAN).stdout == CLEAN
    result = keyward("check", "-", "--diff", "--unsafe-fixes", input=WRONG)
    assert "+    return F.cross_entropy(logits, target=y)\n" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--files-from", "gone"], "The list of files gone could not be read: no such file or directory."),
        (["--files-from", "-", "-"], "Standard input cannot be a list of files and a file at once."),
        (["--stdin-filename", "x.py"], "--stdin-filename names what comes by standard input: give the path - with it."),
    ],
)
def test_input_that_makes_no_sense(keyward: Command, project: Path, arguments: list[str], sentence: str) -> None:
    result = keyward("check", *arguments)
    assert (result.exit_code, result.stdout, result.stderr) == (2, "", f"{sentence}\n")


# --- the manual ------------------------------------------------------------------------------------------------------


def test_the_page_of_a_rule(keyward: Command) -> None:
    result = keyward("rule", "ignored-keyword")
    assert (result.exit_code, result.stderr) == (0, "")
    (rule,) = (rule for rule in RULES if rule.name == "ignored-keyword")
    assert result.stdout == page(rule)
    set_for_a_terminal = shown(rule, color=True)
    assert "\x1b[" in set_for_a_terminal
    assert "```" not in set_for_a_terminal


def test_all_pages_and_the_list(keyward: Command) -> None:
    assert keyward("rule", "--all").stdout == "\n".join(map(page, RULES))
    lines = keyward("rule").stdout.splitlines()
    assert [line.split()[:2] for line in lines] == [[rule.name, rule.severity.value] for rule in RULES]


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("ignored-keywords", "did you mean ignored-keyword"),
        ("unusd-ignore", "did you mean unused-ignore"),
        ("output", "missing-output-field"),
        ("zzz", "`keyward rule` lists all."),
    ],
)
def test_a_rule_that_does_not_exist(keyward: Command, name: str, hint: str) -> None:
    result = keyward("rule", name)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"There is no rule {name}: ")
    assert hint in result.stderr
