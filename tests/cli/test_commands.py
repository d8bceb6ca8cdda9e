"""The other commands: `signature`, `doctor`, `serve`'s options, and help."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from keyward import __version__
from standin.environment import make_environment

from .conftest import Command


def test_version(keyward: Command) -> None:
    assert keyward("--version").stdout == f"keyward {__version__}\n"


@pytest.mark.parametrize(
    "command",
    [
        [],
        ["check"],
        ["signature"],
        ["doctor"],
        ["serve"],
        ["signatures", "build"],
        ["signatures", "list"],
        ["signatures", "diff"],
    ],
)
def test_help(keyward: Command, command: list[str]) -> None:
    result = keyward(*command, "--help")
    assert result.exit_code == 0
    assert result.stdout.startswith("Usage: ")


# --- signature -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["DeiTModel", "transformers.DeiTModel", "transformers.models.deit.modeling_deit.DeiTModel"]
)
def test_signature_of_a_model(keyward: Command, name: str) -> None:
    result = keyward("signature", name)
    assert (result.exit_code, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    assert lines[0] == "transformers.DeiTModel  transformers 5.0.9 in .venv"
    assert "DeiTModel.forward(" in lines
    assert any(line.startswith("    pixel_values: ") for line in lines)
    assert "Any other keyword is ignored." in lines
    assert "Returns transformers.modeling_outputs.BaseModelOutputWithPooling" in lines
    assert any(line.startswith("    last_hidden_state") for line in lines)
    assert "    DeiTForImageClassification: also takes labels" in lines


def test_signature_tells_by_which_way_a_keyword_is_taken(keyward: Command) -> None:
    stdout = keyward("signature", "DeiTModel").stdout
    also = stdout[stdout.index("Also takes, by way of") : stdout.index("Any other keyword")]
    assert "output_hidden_states" in also


def test_signature_of_a_function(keyward: Command) -> None:
    result = keyward("signature", "cross_entropy")
    assert result.exit_code == 0
    assert result.stdout.startswith("torch.nn.functional.cross_entropy  torch 2.0.0 in .venv\n")
    assert "\n    target" in result.stdout


def test_signature_of_a_loss(keyward: Command) -> None:
    stdout = keyward("signature", "CrossEntropyLoss").stdout
    assert "CrossEntropyLoss.forward(\n    input" in stdout
    assert "CrossEntropyLoss(\n" in stdout


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("DeitModel", "did you mean DeiTModel"),
        ("cross_entorpy", "did you mean cross_entropy"),
        ("Zzzzzzzz", "it is none of the names of torch 2.0.0 in .venv, transformers 5.0.9 in .venv"),
    ],
)
def test_signature_of_something_unknown(keyward: Command, name: str, advice: str) -> None:
    result = keyward("signature", name)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"{name} is not known: {advice}")


# --- doctor ----------------------------------------------------------------------------------------------------------


def test_doctor(keyward: Command, project: Path, standin_python: Path, cli_cache: Path) -> None:
    result = keyward("doctor")
    assert result.exit_code == 0
    assert str(standin_python) in result.stdout
    assert "found by VIRTUAL_ENV" in result.stdout
    assert "torch 2.0.0: read from the installation" in result.stdout
    assert str(cli_cache / "keyward") in result.stdout
    assert result.stdout.endswith("All is well.\n")


def test_doctor_with_an_interpreter_that_is_not_there(keyward: Command, project: Path) -> None:
    result = keyward("doctor", "--python", "nowhere/python")
    assert result.exit_code == 1
    assert f"- The interpreter {project / 'nowhere/python'} does not exist." in result.stdout


def test_doctor_with_an_interpreter_that_does_not_run(keyward: Command, tmp_path: Path) -> None:
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\necho 'it is broken' >&2\nexit 3\n", "utf-8")
    broken.chmod(0o755)
    result = keyward("doctor", "--python", str(broken))
    assert result.exit_code == 1
    assert f"- {broken} does not run (it is broken): give another" in result.stdout


def test_doctor_with_a_cache_that_cannot_be_written(
    keyward: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked = tmp_path / "blocked"
    blocked.write_text("", "utf-8")
    monkeypatch.setenv("XDG_CACHE_HOME", str(blocked))
    result = keyward("doctor")
    assert result.exit_code == 1
    assert "- The cache folder cannot be written" in result.stdout


def test_doctor_before_anything_was_read(keyward: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert "transformers 5.0.9: not read yet" in keyward("doctor").stdout


def test_doctor_with_several_versions_on_the_path(keyward: Command, tmp_path: Path) -> None:
    python = make_environment(tmp_path / "twice")
    (site,) = (tmp_path / "twice" / "lib").glob("python3*/site-packages")
    for folder, version in ((tmp_path / "checkout", "1.0.0"), (site, "1.5.0")):
        info = folder / f"torch-{version}.dist-info"
        info.mkdir(parents=True)
        os.utime(info, (0, 0))
    (site / "checkout.pth").write_text(f"{tmp_path / 'checkout'}\n", "utf-8")
    result = keyward("doctor", "--python", str(python))
    assert result.exit_code == 1
    assert f"torch 1.0.0 in {tmp_path / 'checkout'}: not imported, 2.0.0 in {site} is\n" in result.stdout
    assert f"- {site} has records of torch 1.5.0 and of 2.0.0, which was written last and counts" in result.stdout


# --- serve -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", ["7777", "host:port", "host:", "host:99999"])
def test_serve_refuses_what_is_no_address(keyward: Command, address: str) -> None:
    result = keyward("serve", "--tcp", address)
    assert result.exit_code == 2
    assert "is not HOST:PORT" in result.stderr


# --- signatures build ------------------------------------------------------------------------------------------------


def test_build_adds_a_version(keyward: Command, standin_python: Path, tmp_path: Path) -> None:
    output = tmp_path / "history"
    arguments = ("signatures", "build", "--python", str(standin_python), "--output", str(output), "--distribution")
    result = keyward(*arguments, "transformers")
    assert (result.exit_code, result.stdout) == (0, f"transformers 5.0.9 is in {output}.\n")
    before = {path: path.read_bytes() for path in output.rglob("*.keyward")}
    assert output / "transformers" / "index.keyward" in before
    assert keyward(*arguments, "transformers").exit_code == 0
    assert {path: path.read_bytes() for path in output.rglob("*.keyward")} == before


@pytest.mark.parametrize(
    ("python", "distribution", "reason"),
    [("", "keras", "keras is not installed"), ("no/python", "torch", "does not exist")],
)
def test_build_says_why_it_cannot(
    keyward: Command, standin_python: Path, project: Path, python: str, distribution: str, reason: str
) -> None:
    chosen = python or str(standin_python)
    result = keyward("signatures", "build", "--python", chosen, "--distribution", distribution, "--output", "history")
    assert (result.exit_code, result.stdout) == (2, "")
    assert reason in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert list(project.iterdir()) == []
