"""`keyward stubs`: what it writes and says."""

from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import Command


def test_stubs_of_what_is_installed(keyward: Command, project: Path) -> None:
    result = keyward("stubs", "typings")
    assert result.exit_code == 0, result.output
    package = Path("typings", "transformers-stubs")
    assert result.stdout == f"{package}: {len(list(package.rglob('*.*')))} files, from transformers 5.0.9 in .venv.\n"
    assert (package / "py.typed").read_text() == "partial\n"
    assert (package / "__init__.pyi").read_text().startswith("# Written by `keyward stubs` from transformers 5.0.9")
    again = keyward("stubs", "typings")
    assert (again.exit_code, again.stdout) == (0, result.stdout)


def test_stubs_of_libraries_that_are_named(keyward: Command, project: Path) -> None:
    assert keyward("stubs", "out", "--library", "Torch", "--library", "transformers").exit_code == 0
    assert sorted(path.name for path in Path("out").iterdir()) == ["torch-stubs", "transformers-stubs"]
    assert Path("out", "torch-stubs", "nn", "modules", "loss.pyi").exists()
    assert not Path("out", "torch-stubs", "__init__.pyi").exists()


@pytest.mark.parametrize(("names", "said"), [(["keras"], "keras is"), (["keras", "jax"], "keras and jax are")])
def test_a_library_that_is_not_known(keyward: Command, project: Path, names: list[str], said: str) -> None:
    result = keyward("stubs", "out", *(argument for name in names for argument in ("--library", name)))
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"{said} not known here: signatures are there of ")
    assert len(result.stderr.splitlines()) == 1
    assert not Path("out").exists()


def test_an_interpreter_that_is_not_there(keyward: Command, project: Path) -> None:
    result = keyward("stubs", "out", "--python", "nowhere/python")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "does not exist" in result.stderr
    assert not Path("out").exists()


def test_a_folder_that_cannot_be_written(keyward: Command, project: Path) -> None:
    Path("file").touch()
    result = keyward("stubs", "file")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "file cannot be written: not a directory.\n"


def test_a_package_of_somebody_else(keyward: Command, project: Path) -> None:
    theirs = Path("out", "transformers-stubs", "__init__.pyi")
    theirs.parent.mkdir(parents=True)
    theirs.write_text("x: int\n")
    result = keyward("stubs", "out")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == f"{theirs.parent} was not written by Keyward and is left as it is.\n"
    assert [path.name for path in theirs.parent.iterdir()] == ["__init__.pyi"]
