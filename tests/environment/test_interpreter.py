"""Which interpreter is found, from a folder, a choice or the process's environment."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest

from keyward.environment.interpreter import find_interpreter

pytestmark = pytest.mark.skipif(os.name == "nt", reason="lays out environments as on Unix")


def environment(folder: Path) -> Path:
    python = folder / "bin" / "python"
    python.parent.mkdir(parents=True)
    (folder / "pyvenv.cfg").write_text("home = /usr/bin\n")
    return program(python)


def program(path: Path) -> Path:
    path.write_text("#!/bin/sh\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def test_an_explicit_interpreter_comes_before_everything(tmp_path: Path) -> None:
    chosen = environment(tmp_path / "chosen")
    active = environment(tmp_path / "active")
    found = find_interpreter(chosen, variables={"VIRTUAL_ENV": str(active.parent.parent)})
    assert (found.path, found.found_by, found.problem) == (chosen, "--python", "")


def test_the_folder_of_an_environment_stands_for_its_interpreter(tmp_path: Path) -> None:
    python = environment(tmp_path / "chosen")
    assert find_interpreter(tmp_path / "chosen", variables={}).path == python


def test_a_choice_that_does_not_exist_is_a_problem_and_nothing_else_is_taken(tmp_path: Path) -> None:
    environment(tmp_path / ".venv")
    found = find_interpreter(tmp_path / "nowhere" / "python", start=tmp_path, variables={})
    assert found.path is None
    assert "does not exist" in found.problem


def test_a_choice_that_cannot_be_run_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "python").write_text("")
    found = find_interpreter(tmp_path / "python", variables={})
    assert found.path is None
    assert "cannot be run" in found.problem


def test_an_active_environment_comes_before_the_nearest(tmp_path: Path) -> None:
    environment(tmp_path / ".venv")
    active = environment(tmp_path / "active")
    found = find_interpreter(start=tmp_path, variables={"VIRTUAL_ENV": str(tmp_path / "active")})
    assert (found.path, found.found_by) == (active, "VIRTUAL_ENV")


def test_an_active_environment_that_is_gone_is_passed_over(tmp_path: Path) -> None:
    nearest = environment(tmp_path / ".venv")
    found = find_interpreter(start=tmp_path, variables={"VIRTUAL_ENV": str(tmp_path / "gone")})
    assert found.path == nearest


def test_the_nearest_environment_upwards_is_found(tmp_path: Path) -> None:
    environment(tmp_path / ".venv")
    nearest = environment(tmp_path / "project" / "venv")
    start = tmp_path / "project" / "src" / "train.py"
    start.parent.mkdir()
    found = find_interpreter(start=start, variables={})
    assert (found.path, found.place) == (nearest, "venv")


def test_nothing_above_the_workspace_is_looked_at(tmp_path: Path) -> None:
    environment(tmp_path / ".venv")
    (tmp_path / "project").mkdir()
    found = find_interpreter(start=tmp_path / "project", workspace=tmp_path / "project", variables={"PATH": ""})
    assert found.path is None


def test_a_folder_named_env_that_is_no_environment_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "env" / "bin").mkdir(parents=True)
    program(tmp_path / "env" / "bin" / "python")
    assert find_interpreter(start=tmp_path, workspace=tmp_path, variables={"PATH": ""}).path is None


def test_python3_on_the_path_is_the_last_resort(tmp_path: Path) -> None:
    on_path = program(tmp_path / "python3")
    found = find_interpreter(start=tmp_path, workspace=tmp_path, variables={"PATH": str(tmp_path)})
    assert (found.path, found.found_by, found.place) == (on_path, "python3 on PATH", "")
    nothing = find_interpreter(variables={"PATH": ""})
    assert nothing.path is None
    assert nothing.problem


def test_a_shim_of_pyenv_stands_for_the_version_that_it_would_start(tmp_path: Path) -> None:
    root = tmp_path / "pyenv"
    for version in ("3.10.1", "3.12.1"):
        (root / "versions" / version / "bin").mkdir(parents=True)
        program(root / "versions" / version / "bin" / "python")
    (root / "shims").mkdir()
    program(root / "shims" / "python3")
    (root / "version").write_text("3.12.1\n")
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / ".python-version").write_text("gone\n3.10.1\n")
    variables = {"PATH": str(root / "shims")}
    found = [
        find_interpreter(start=start, workspace=start, variables=variables).path
        for start in (tmp_path / "project", tmp_path)
    ]
    assert found == [root / "versions" / version / "bin" / "python" for version in ("3.10.1", "3.12.1")]


def test_the_environment_of_a_hook_is_nobodys(tmp_path: Path) -> None:
    """pre-commit activates an environment that it made for Keyward alone."""
    own = str(Path(sys.prefix))
    hook = {"VIRTUAL_ENV": own, "PATH": str(Path(sys.prefix) / "bin")}
    assert find_interpreter(start=tmp_path, workspace=tmp_path, variables=hook).found_by == "VIRTUAL_ENV"
    found = find_interpreter(start=tmp_path, workspace=tmp_path, variables={**hook, "PRE_COMMIT": "1"})
    assert found.path is None
    another = {**hook, "PRE_COMMIT": "1", "VIRTUAL_ENV": str(tmp_path / "another")}
    python = tmp_path / "another" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.symlink_to(sys.executable)
    assert find_interpreter(start=tmp_path, workspace=tmp_path, variables=another).path == python
