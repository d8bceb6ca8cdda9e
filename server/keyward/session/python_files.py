"""The Python files below a folder that are a user's own."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from itertools import islice

_SKIPPED = frozenset(("node_modules", "__pycache__", "site-packages"))


def python_files_below(
    folder: str,
    most_folders: int | None = None,
    excluded: Callable[[str], bool] = lambda _: False,
    suffixes: tuple[str, ...] = (".py",),
) -> Iterator[str]:
    """In a stable order, without those in hidden folders, virtual environments and folders of installed packages; of so
    many folders at most. `excluded` says of a file (or, with a separator at its end, a folder) that it is out."""
    for at, folders, names in islice(os.walk(folder), most_folders):
        folders[:] = sorted(
            name for name in folders if not _left_out(at, name) and not excluded(os.path.join(at, name, ""))
        )
        for name in sorted(names):
            path = os.path.normpath(os.path.join(at, name))
            if name.endswith(suffixes) and not excluded(path):
                yield path


def _left_out(at: str, name: str) -> bool:
    return name.startswith(".") or name in _SKIPPED or os.path.exists(os.path.join(at, name, "pyvenv.cfg"))
