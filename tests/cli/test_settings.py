"""`keyward check` by what files and options set."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from .conftest import Command
from .test_check import CLEAN, TYPO, WRONG, write

MODEL = """\
from transformers import DeiTModel

def step(x, y):
    model = DeiTModel.from_pretrained("x")
    return model(pixel_values=x, {0}=y)
"""


def found(keyward: Command, *arguments: str) -> list[tuple[str, str, str]]:
    result = keyward("check", "--output-format", "json", *arguments)
    assert result.stderr == ""
    told: list[dict[str, Any]] = json.loads(result.stdout)["diagnostics"]
    return [(item["path"].replace(os.sep, "/"), item["rule"], item["severity"]) for item in told]


def test_each_file_goes_by_its_nearest_settings(keyward: Command, project: Path) -> None:
    for folder in ("a", "a/deep", "b"):
        (project / folder).mkdir()
        write(project / folder, wrong=WRONG)
    (project / "pyproject.toml").write_text("[tool.keyward]\nseverity = { unexpected-keyword = 'warning' }\n")
    (project / "a" / "keyward.toml").write_text("ignore = ['unexpected-keyword']\n")
    assert found(keyward) == [("b/wrong.py", "unexpected-keyword", "warning")]
    assert found(keyward, "--config", "a/keyward.toml") == []


def test_options_go_before_files(keyward: Command, project: Path) -> None:
    write(project, wrong=WRONG, model=MODEL.format("labels"))
    (project / "keyward.toml").write_text("select = ['unexpected-keyword']\n[severity]\nignored-keyword = 'error'\n")
    assert [rule for _, rule, _ in found(keyward)] == ["unexpected-keyword"]
    assert found(keyward, "--select", "ignored-keyword,missing-argument") == [("model.py", "ignored-keyword", "error")]
    assert [rule for _, rule, _ in found(keyward, "--select", "all")] == ["ignored-keyword", "unexpected-keyword"]
    assert found(keyward, "--ignore", "all") == []


def test_what_is_excluded_is_left_out_below_folders(keyward: Command, project: Path) -> None:
    for folder in ("src", "third_party/deep"):
        (project / folder).mkdir(parents=True)
        write(project / folder, wrong=WRONG, old_wrong=WRONG)
    (project / "keyward.toml").write_text("exclude = ['third_party/']\n[per-file]\n'old_*.py' = ['all']\n")
    assert [path for path, *_ in found(keyward)] == ["src/wrong.py"]
    assert [path for path, *_ in found(keyward, "src", "third_party")] == ["src/wrong.py"]
    assert [path for path, *_ in found(keyward, "third_party/deep/wrong.py")] == ["third_party/deep/wrong.py"]
    result = keyward("check", "--force-exclude", "third_party/deep/wrong.py", "third_party")
    assert (result.exit_code, result.stderr) == (0, "No Python files were found.\n")
    assert [path for path, *_ in found(keyward, "--exclude", "src")] == ["third_party/deep/wrong.py"]


def test_settings_that_make_no_sense_are_told_and_count_as_not_checked(keyward: Command, project: Path) -> None:
    write(project, clean=CLEAN)
    (project / "pyproject.toml").write_text("[tool.keyward]\nselct = ['all']\n")
    result = keyward("check")
    assert (result.exit_code, result.stdout) == (2, "Nothing found in 1 file.\n")
    assert result.stderr == "pyproject.toml:2: there is no setting `selct`; did you mean `select`?\n"
    write(project, wrong=WRONG)
    result = keyward("check", "--jobs", "2")
    assert (result.exit_code, len(result.stderr.splitlines())) == (1, 1)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--select", "ignored-keywords"], "The command line: `select` names a rule `ignored-keywords` that does not"),
        (["--config", "gone.toml"], "gone.toml does not exist."),
        (["--config", "pyproject.toml"], "pyproject.toml sets nothing."),
    ],
)
def test_options_that_make_no_sense(keyward: Command, project: Path, arguments: list[str], sentence: str) -> None:
    write(project, wrong=WRONG)
    (project / "pyproject.toml").write_text("[tool.ruff]\n")
    result = keyward("check", *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(sentence)


def test_another_version_that_settings_name(keyward: Command, project: Path) -> None:
    write(project, model=MODEL.format("attention_mask"))
    assert found(keyward) == []
    (project / "keyward.toml").write_text("against = ['transformers==4.57.6']\n")
    result = keyward("check")
    assert result.stdout.endswith("1 warning in 1 file. 1 of them is new with the upgrade.\n")
    fixing = keyward("check", "--diff")
    assert (fixing.exit_code, fixing.stdout) == (0, ""), "fixes are for the installed version"
    (project / "keyward.toml").write_text("against = ['transformers==1.0']\n")
    result = keyward("check")
    assert result.exit_code == 2
    assert result.stderr.startswith("The setting `against`: transformers 1.0 is not known; known are ")


def test_an_interpreter_that_settings_name(keyward: Command, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    environment = Path(os.environ["VIRTUAL_ENV"])
    monkeypatch.delenv("VIRTUAL_ENV")
    (project / "env").symlink_to(environment)
    (project / "sub").mkdir()
    write(project / "sub", typo=TYPO)
    (project / "keyward.toml").write_text("python = 'env/bin/python'\n")
    result = keyward("check", "sub")
    assert "(transformers 5.0.9 in env)" in result.stdout


def test_extra_libraries_are_read(keyward: Command, project: Path, tmp_path: Path, standin_python: Path) -> None:
    """One whose name is not that of its package, and that defines no module."""
    from standin.environment import make_environment

    python = make_environment(tmp_path / "more" / ".venv")
    (site,) = (python.parent.parent / "lib").glob("python3*/site-packages")
    (site / "acme_losses.py").write_text("def focal(input, target, gamma=2.0):\n    return input\n")
    info = site / "acme_toolkit-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-toolkit\nVersion: 1.0\n")
    (info / "RECORD").write_text("acme_losses.py,,\nacme_toolkit-1.0.dist-info/METADATA,,\n")
    write(project, train="from acme_losses import focal\n\nfocal(1, 2, gama=3.0)\n")
    assert found(keyward, "--python", str(python)) == []
    (project / "keyward.toml").write_text("extra-libraries = ['Acme_Toolkit']\n")
    assert found(keyward, "--python", str(python)) == [("train.py", "unexpected-keyword", "error")]
