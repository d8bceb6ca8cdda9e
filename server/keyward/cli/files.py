"""Which files a command is about."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

SKIPPED = frozenset(("node_modules", "__pycache__", "site-packages"))
"""Folders that hold no code of the user's; hidden folders and virtual environments are left out as well."""


def python_files(paths: Iterable[str]) -> Iterator[str]:
    """The Python files that `paths` name or hold, each once, in a stable order.

    What is named is taken as it is: a file with any suffix, a folder that would be left out below another, and a path
    that does not exist (whoever reads it says so).
    """
    seen: set[str] = set()
    for path in paths:
        for file in _below(path) if Path(path).is_dir() else (path,):
            identity = os.path.abspath(file)
            if identity not in seen:
                seen.add(identity)
                yield file


def _below(folder: str) -> Iterator[str]:
    for at, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not _left_out(at, name))
        for name in sorted(names):
            if name.endswith(".py"):
                yield os.path.normpath(os.path.join(at, name))


def _left_out(at: str, name: str) -> bool:
    return name.startswith(".") or name in SKIPPED or os.path.exists(os.path.join(at, name, "pyvenv.cfg"))


def why(error: OSError) -> str:
    """The reason of a failure, as part of a sentence: "no such file or directory"."""
    text = error.strerror or str(error) or type(error).__name__
    return text[:1].lower() + text[1:]
