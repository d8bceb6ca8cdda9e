"""Which files of a project may import a file, by the names in their import statements."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from itertools import islice
from pathlib import Path

from .python_files import python_files_below

_IMPORT = re.compile(
    rb"^[ \t]*(?:from[ \t]+([\w.]+)[ \t]+import[ \t]*(\([^)]*\)|[^\n#;]*)|import[ \t]+([^\n#;]*))", re.MULTILINE
)
_NAME = re.compile(rb"[\w.]+")
_MOST_FILES, _MOST_FOLDERS = 5000, 2000
"""Of a larger project only so many are looked at: somebody's home folder may be taken for one."""
_MOST = 40
"""A file that more than this import is used in too many ways to follow."""


class Importers:
    """Reads the files below a folder once, and again those that are told to have changed."""

    def __init__(self, read: Callable[[str], bytes | None]) -> None:
        self._read = read
        self._imports: dict[str, dict[str, frozenset[bytes]]] = {}
        """Folder -> path -> dotted names that its import statements may stand for, without leading dots."""

    def of(self, path: str, folder: str) -> tuple[str, ...]:
        """The files below the folder that may import the file; () where they are too many."""
        place = Path(path)
        parts = place.parent.parts if place.name == "__init__.py" else (*place.parent.parts, place.stem)
        names = {os.fsencode(".".join(parts[-n:])) for n in range(1, len(parts))}
        found = [
            other for other, imports in self._in(folder).items() if other != path and not names.isdisjoint(imports)
        ]
        return tuple(sorted(found)) if len(found) <= _MOST else ()

    def changed(self, paths: Iterable[str]) -> None:
        """These files have changed, come or gone."""
        for path in paths:
            for folder, known in self._imports.items():
                if path.endswith(".py") and path.startswith(folder.rstrip(os.sep) + os.sep):
                    known[path] = self._imported(path)

    def _in(self, folder: str) -> dict[str, frozenset[bytes]]:
        if folder not in self._imports:
            files = islice(python_files_below(folder, _MOST_FOLDERS), _MOST_FILES)
            self._imports[folder] = {path: self._imported(path) for path in files}
        return self._imports[folder]

    def _imported(self, path: str) -> frozenset[bytes]:
        found: set[bytes] = set()
        for module, names, modules in _IMPORT.findall(self._read(path) or b""):
            imported = _NAME.findall(modules)
            if module:
                imported = [module, *(module.rstrip(b".") + b"." + name for name in _NAME.findall(names))]
            found.update(name.lstrip(b".") for name in imported)
        return frozenset(found)
