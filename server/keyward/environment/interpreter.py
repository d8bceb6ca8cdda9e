"""Finds the Python interpreter whose libraries count for a file, without starting it."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

import msgspec

_ENVIRONMENT_NAMES = (".venv", "venv", "env", ".env")
_EXECUTABLES = ("bin/python", "bin/python3", "Scripts/python.exe", "python.exe")


class Interpreter(msgspec.Struct, frozen=True):
    """An interpreter, how it was found, and what is wrong with it ("" if nothing is)."""

    path: Path | None
    found_by: str
    """For people: "--python", "VIRTUAL_ENV", ".venv in /home/me/project", "python3 on PATH"."""
    problem: str = ""

    @property
    def prefix(self) -> Path | None:
        """The environment's folder."""
        if self.path is None:
            return None
        folder = self.path.parent
        return folder.parent if folder.name in ("bin", "Scripts") else folder

    @property
    def place(self) -> str:
        """How messages name the environment: ".venv", or "" for an interpreter that is no environment."""
        prefix = self.prefix
        return prefix.name if prefix is not None and (prefix / "pyvenv.cfg").is_file() else ""


def find_interpreter(
    python: str | os.PathLike[str] | None = None,
    *,
    chosen_by: str = "--python",
    start: Path | None = None,
    workspace: Path | None = None,
    variables: Mapping[str, str] | None = None,
) -> Interpreter:
    """The interpreter to look at; never raises.

    An explicit choice comes first, then an activated environment, then the nearest `.venv` from `start` upwards (not
    beyond `workspace`), then `python3` on PATH.

    Args:
        python: an interpreter or the folder of an environment, as the user gave it.
        chosen_by: how the user gave it, for messages.
        start: the file or folder that is looked at.
        workspace: its workspace folder.
        variables: the process's environment by default.
    """
    variables = os.environ if variables is None else variables
    if python is not None and str(python):
        return _explicit(Path(python).expanduser(), chosen_by)
    variables = _outside_of_hooks(variables)
    for name in ("VIRTUAL_ENV", "CONDA_PREFIX"):
        folder = variables.get(name)
        executable = _executable(Path(folder)) if folder else None
        if executable is not None:
            return Interpreter(executable, name)
    if start is not None:
        nearest = _nearest(start, workspace)
        if nearest is not None:
            return nearest
    for name in ("python3", "python"):
        on_path = shutil.which(name, path=variables.get("PATH"))
        if on_path:
            return Interpreter(_behind_shim(Path(on_path), start), f"{name} on PATH")
    return Interpreter(None, "nothing", "No Python interpreter was found; give one with --python.")


def _outside_of_hooks(variables: Mapping[str, str]) -> Mapping[str, str]:
    """The variables without the environment that pre-commit made for Keyward alone, without anybody's libraries."""
    if "PRE_COMMIT" not in variables:
        return variables
    own = os.path.realpath(sys.prefix)
    path = variables.get("PATH", "").split(os.pathsep)
    outside = [entry for entry in path if os.path.realpath(os.path.dirname(entry)) != own]
    kept = {name: value for name, value in variables.items() if name != "VIRTUAL_ENV" or os.path.realpath(value) != own}
    return {**kept, "PATH": os.pathsep.join(outside)}


def _explicit(path: Path, chosen_by: str) -> Interpreter:
    absolute = Path(os.path.abspath(path))
    if absolute.is_dir():
        executable = _executable(absolute)
        if executable is None:
            return Interpreter(None, chosen_by, f"{absolute} holds no Python interpreter.")
        return Interpreter(executable, chosen_by)
    on_path = None if os.sep in str(path) else shutil.which(str(path))
    if on_path:
        return Interpreter(Path(on_path), chosen_by)
    if not absolute.exists():
        return Interpreter(None, chosen_by, f"The interpreter {absolute} does not exist.")
    if not os.access(absolute, os.X_OK):
        return Interpreter(None, chosen_by, f"The interpreter {absolute} cannot be run.")
    return Interpreter(absolute, chosen_by)


def _executable(folder: Path) -> Path | None:
    """The interpreter of an environment's folder. Links are not followed: an environment's Python is one."""
    for relative in _EXECUTABLES:
        path = folder / relative
        try:
            if path.is_file() and os.access(path, os.X_OK):
                return Path(os.path.abspath(path))
        except OSError:
            continue
    return None


def _behind_shim(path: Path, start: Path | None) -> Path:
    """The interpreter that a shim of pyenv would start, by the files that pyenv itself goes by; others as they are."""
    if path.parent.name != "shims":
        return path
    root = path.parent.parent
    folder = Path(os.path.abspath(start)) if start is not None else root
    choices = [candidate / ".python-version" for candidate in (folder, *folder.parents)]
    for choice in (*choices, root / "version"):
        try:
            versions = choice.read_text(encoding="utf-8", errors="replace").split()
        except OSError:
            continue
        for version in versions:
            executable = _executable(root / "versions" / version)
            if executable is not None:
                return executable
    return path


def _nearest(start: Path, workspace: Path | None) -> Interpreter | None:
    folder = Path(os.path.abspath(start))
    limit = Path(os.path.abspath(workspace)) if workspace is not None else None
    for candidate in (folder, *folder.parents):
        for name in _ENVIRONMENT_NAMES:
            if not (candidate / name / "pyvenv.cfg").is_file():
                continue
            if (executable := _executable(candidate / name)) is not None:
                return Interpreter(executable, f"{name} in {candidate}")
        if candidate == limit:
            break
    return None
