"""`keyward check`: what it reads, what it ends with, and that nothing makes it fall over."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from keyward.cli import inspection

from .conftest import Command

CLEAN = "import torch.nn.functional as F\n\n\ndef loss(logits, y):\n    return F.cross_entropy(logits, y)\n"
WRONG = "import torch.nn.functional as F\n\n\ndef loss(logits, y):\n    return F.cross_entropy(logits, labels=y)\n"
TYPO = """\
from transformers import BertForSequenceClassification

model = BertForSequenceClassification.from_pretrained("x")
outputs = model(input_ids=None, lables=None)
"""

Diagnostics = Callable[..., list[dict[str, Any]]]


def write(folder: Path, **texts: str | bytes) -> None:
    for name, text in texts.items():
        data = text.encode() if isinstance(text, str) else text
        (folder / f"{name}.py").write_bytes(data)


# --- exit codes ------------------------------------------------------------------------------------------------------


def test_clean(keyward: Command, project: Path) -> None:
    write(project, clean=CLEAN)
    result = keyward("check")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "Nothing found in 1 file.\n", "")


def test_findings(keyward: Command, project: Path) -> None:
    write(project, clean=CLEAN, wrong=WRONG)
    result = keyward("check", ".")
    assert result.exit_code == 1
    assert result.stdout.endswith("\n1 error in 2 files.\n")
    assert result.stderr == ""


def test_a_path_that_is_not_there(keyward: Command, project: Path) -> None:
    write(project, clean=CLEAN)
    result = keyward("check", "clean.py", "gone.py")
    assert result.exit_code == 2
    assert result.stdout == "Nothing found in 1 file.\n"
    assert result.stderr == "gone.py could not be read or written: no such file or directory.\n"


def test_an_interpreter_that_is_not_there(keyward: Command, project: Path) -> None:
    write(project, wrong=WRONG)
    result = keyward("check", "--python", "no/such/python")
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr == f"The interpreter {project / 'no/such/python'} does not exist.\n"


def test_nothing_to_check(keyward: Command, project: Path) -> None:
    result = keyward("check")
    assert (result.exit_code, result.stderr) == (0, "No Python files were found.\n")


def test_an_option_that_does_not_exist(keyward: Command, project: Path) -> None:
    result = keyward("check", "--no-such-option")
    assert result.exit_code == 2
    assert "No such option" in result.stderr


# --- files -----------------------------------------------------------------------------------------------------------


def test_folders_that_are_left_out(diagnostics: Diagnostics, project: Path) -> None:
    for folder in ("src/deep", ".hidden", "node_modules/m", "__pycache__", "env/lib/site-packages/x", "my-venv/lib"):
        (project / folder).mkdir(parents=True)
        write(project / folder, wrong=WRONG)
    (project / "my-venv" / "pyvenv.cfg").touch()
    (project / "notes.txt").write_text(WRONG, "utf-8")
    assert [found["path"] for found in diagnostics()] == [os.path.join("src", "deep", "wrong.py")]


def test_a_path_that_is_named_is_taken(diagnostics: Diagnostics, project: Path) -> None:
    (project / ".hidden").mkdir()
    write(project / ".hidden", wrong=WRONG)
    (project / "script").write_text(WRONG, "utf-8")
    found = diagnostics(".hidden", "script", "script", os.path.join(".", "script"))
    assert [item["path"] for item in found] == [os.path.join(".hidden", "wrong.py"), "script"]


def test_an_unreadable_file_does_not_stop_the_rest(keyward: Command, project: Path) -> None:
    (project / "a.py").symlink_to("nowhere.py")
    write(project, b=WRONG)
    result = keyward("check", "--output-format", "json")
    assert result.exit_code == 1
    assert result.stderr == "a.py could not be read or written: no such file or directory.\n"
    report = json.loads(result.stdout)
    assert report["summary"] == {"files": 1, "errors": 1, "warnings": 0, "information": 0}


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(WRONG.encode().replace(b"\n", b"\r\n"), id="CRLF"),
        pytest.param(b"\xef\xbb\xbf" + WRONG.encode(), id="BOM"),
        pytest.param(WRONG.encode() + b"\n# \xff\xfe \x80\n", id="invalid UTF-8"),
        pytest.param(WRONG.encode() + b"\n\x00\x00\n", id="null bytes"),
        pytest.param(WRONG.encode() + b"\ndef half(\n", id="half-written"),
        pytest.param(WRONG.encode().replace(b"    ", b"\t"), id="tabs"),
        pytest.param(WRONG.encode() + b"x = " + b"(" * 3000 + b")" * 3000 + b"\n", id="deep"),
        pytest.param(b"x = 1\n" * 5000 + WRONG.encode(), id="long"),
    ],
)
def test_bad_text_keeps_its_findings(keyward: Command, project: Path, text: bytes) -> None:
    write(project, bad=text)
    result = keyward("check", "--output-format", "json")
    assert [item["rule"] for item in json.loads(result.stdout)["diagnostics"]] == ["unexpected-keyword"]
    assert (result.exit_code, result.stderr) == (1, "")


@pytest.mark.parametrize("text", [b"", b"\n", b"\xff", b"\x00", b"def", b"\xef\xbb\xbf", b"'''", b"f(" * 2000])
def test_text_that_is_no_python_is_silent(keyward: Command, project: Path, text: bytes) -> None:
    write(project, bad=text)
    result = keyward("check")
    assert (result.exit_code, result.stderr) == (0, "")


# --- what may go wrong -----------------------------------------------------------------------------------------------


def test_an_error_of_ours_is_one_sentence(keyward: Command, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(project, a=WRONG, b=WRONG)
    take = inspection.take

    def failing(path: str, *arguments: Any) -> Any:
        if path.endswith("a.py"):
            raise ZeroDivisionError("a mistake of ours")
        return take(path, *arguments)

    monkeypatch.setattr(inspection, "take", failing)
    result = keyward("check")
    sentence = "a.py could not be checked because of an error in Keyward (run with --verbose for details).\n"
    assert (result.exit_code, result.stderr) == (1, sentence)
    assert "b.py:5" in result.stdout
    assert "a mistake of ours" in keyward("check", "--verbose").stderr
    assert "a mistake of ours" in keyward("--verbose", "check").stderr


def test_an_error_outside_of_files_is_one_sentence(
    keyward: Command, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*arguments: Any) -> Any:
        raise ZeroDivisionError("a mistake of ours\nwith more lines")

    monkeypatch.setattr(inspection, "inspect", failing)
    write(project, a=WRONG)
    result = keyward("check")
    sentence = "keyward could not go on: a mistake of ours (run with --verbose for details)\n"
    assert (result.exit_code, result.stdout, result.stderr) == (2, "", sentence)
    assert "Traceback" in keyward("check", "--verbose").stderr


def test_a_cache_that_cannot_be_written(
    keyward: Command, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked = tmp_path / "blocked"
    blocked.write_text("a file where a folder should be", "utf-8")
    monkeypatch.setenv("XDG_CACHE_HOME", str(blocked))
    write(project, wrong=WRONG)
    result = keyward("check")
    assert result.exit_code == 1
    assert "unexpected-keyword" in result.stdout
    assert len(result.stderr.splitlines()) == 1
    assert "cannot be written" in result.stderr


def test_a_damaged_cache_is_built_anew(
    keyward: Command, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    write(project, wrong=WRONG)
    assert keyward("check").exit_code == 1
    files = list((tmp_path / "cache").rglob("*.json"))
    assert files
    for path in files:
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    result = keyward("check")
    assert result.exit_code == 1
    assert "unexpected-keyword" in result.stdout


def test_an_interpreter_that_does_not_run(keyward: Command, project: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.write_text("#!/bin/sh\nexit 3\n", "utf-8")
    broken.chmod(0o755)
    write(project, clean=CLEAN)
    result = keyward("check", "--python", str(broken))
    assert result.exit_code in (0, 1, 2)
    assert "Traceback" not in result.output


def test_several_processes_say_the_same(diagnostics: Diagnostics, project: Path) -> None:
    write(project, **{f"m{number}": WRONG if number % 3 else CLEAN for number in range(12)})
    one = diagnostics("--jobs", "1")
    assert len(one) == 8
    assert diagnostics("--jobs", "3") == one


def test_a_model_of_another_file(diagnostics: Diagnostics, project: Path) -> None:
    net = "from torch import nn\n\n\nclass Net(nn.Module):\n    def forward(self, x):\n        return x\n"
    write(
        project,
        net=net,
        train="from net import Net\n\nNet()(x=1, labels=2)\n",
        fine="from net import Net\n\nNet()(x=1)\n",
    )
    assert [(item["path"], item["rule"]) for item in diagnostics()] == [("train.py", "unexpected-keyword")]


@pytest.mark.parametrize("arguments", [["check", "wrong.py"], ["check", "clean.py"], ["--version"]])
def test_as_a_process(
    project: Path, standin_python: Path, cli_cache: Path, arguments: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It needs nothing that only this test's process has, and output is plain where there is no terminal."""
    write(project, wrong=WRONG, clean=CLEAN)
    monkeypatch.setenv("XDG_CACHE_HOME", str(cli_cache))
    monkeypatch.setenv("VIRTUAL_ENV", str(standin_python.parent.parent))
    command = [sys.executable, "-m", "keyward", *arguments]
    environment = os.environ | {"PYTHONPATH": str(Path(inspection.__file__).parents[2])}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120)
    assert done.returncode == ("wrong.py" in arguments)
    assert done.stdout
    assert "\x1b" not in done.stdout
    assert done.stderr == ""


def test_a_terminal_that_lacks_characters(
    project: Path, standin_python: Path, cli_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(project, wrong=WRONG.replace("labels=y)", "labels=y)  # 😀"))
    (project / os.fsdecode(b"\xff.py")).write_text(WRONG, "utf-8")
    monkeypatch.setenv("XDG_CACHE_HOME", str(cli_cache))
    environment = os.environ | {
        "VIRTUAL_ENV": str(standin_python.parent.parent),
        "PYTHONPATH": str(Path(inspection.__file__).parents[2]),
        "PYTHONIOENCODING": "ascii",
    }
    for form in ("text", "json", "github", "sarif"):
        command = [sys.executable, "-m", "keyward", "check", "--output-format", form]
        done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120)
        assert (done.returncode, done.stderr) == (1, "")
        assert done.stdout.count("unexpected-keyword") >= 2


@pytest.mark.slow
def test_output_that_nobody_reads_to_its_end(
    project: Path, standin_python: Path, cli_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(project, **{f"m{number}": WRONG * 200 for number in range(20)})
    monkeypatch.setenv("XDG_CACHE_HOME", str(cli_cache))
    environment = os.environ | {
        "VIRTUAL_ENV": str(standin_python.parent.parent),
        "PYTHONPATH": str(Path(inspection.__file__).parents[2]),
    }
    command = [sys.executable, "-m", "keyward", "check"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""


def test_libraries_are_never_imported(
    project: Path, standin_python: Path, cli_cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Libraries that end the process at import, where the server's own Python would find them."""
    bait = tmp_path / "bait"
    bait.mkdir()
    for name in ("torch", "transformers", "numpy", "PIL"):
        (bait / f"{name}.py").write_text(f"import os\nos.write(2, b'{name} was imported')\nos._exit(9)\n", "utf-8")
    write(project, wrong=WRONG, typo=TYPO)
    monkeypatch.setenv("XDG_CACHE_HOME", str(cli_cache))
    environment = os.environ | {
        "VIRTUAL_ENV": str(standin_python.parent.parent),
        "PYTHONPATH": os.pathsep.join((str(Path(inspection.__file__).parents[2]), str(bait))),
    }
    command = [sys.executable, "-m", "keyward", "check"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120)
    assert done.stderr == ""
    assert done.stdout.endswith("2 errors in 2 files.\n")
