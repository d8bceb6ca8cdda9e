"""Which files of a project may import a file: those whose import statements mention its name."""

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
_WORD = re.compile(rb"\w+")
_MOST_FILES, _MOST_FOLDERS = 5000, 2000
"""Of a larger project only so many are looked at: somebody's home folder may be taken for one."""
_MOST = 40
"""A file that more than this import is used in too many ways to follow."""


class Importers:
    """Reads the files below a folder once, and again those that are told to have changed."""

    def __init__(self, read: Callable[[str], bytes | None]) -> None:
        self._read = read
        self._words: dict[str, dict[str, frozenset[bytes]]] = {}
        """Folder -> path -> words of its import statements."""

    def of(self, path: str, folder: str) -> tuple[str, ...]:
        """The files below the folder that may import the file; () where they are too many."""
        stem = Path(path).stem if Path(path).name != "__init__.py" else Path(path).parent.name
        word = os.fsencode(stem)
        found = [other for other, words in self._in(folder).items() if word in words and other != path]
        return tuple(sorted(found)) if len(found) <= _MOST else ()

    def changed(self, paths: Iterable[str]) -> None:
        """These files have changed, come or gone."""
        for path in paths:
            for folder, known in self._words.items():
                if path.endswith(".py") and path.startswith(folder.rstrip(os.sep) + os.sep):
                    known[path] = self._imported(path)

    def _in(self, folder: str) -> dict[str, frozenset[bytes]]:
        if folder not in self._words:
            files = islice(python_files_below(folder, _MOST_FOLDERS), _MOST_FILES)
            self._words[folder] = {path: self._imported(path) for path in files}
        return self._words[folder]

    def _imported(self, path: str) -> frozenset[bytes]:
        text = self._read(path) or b""
        return frozenset(word for found in _IMPORT.findall(text) for part in found for word in _WORD.findall(part))
