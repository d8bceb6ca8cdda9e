"""Which files a command is about."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from ..session.python_files import python_files_below


def python_files(paths: Iterable[str]) -> Iterator[str]:
    """The Python files that `paths` name or hold, each once, in a stable order.

    What is named is taken as it is: a file with any suffix, a folder that would be left out below another, and a path
    that does not exist (whoever reads it says so).
    """
    seen: set[str] = set()
    for path in paths:
        for file in python_files_below(path) if Path(path).is_dir() else (path,):
            identity = os.path.abspath(file)
            if identity not in seen:
                seen.add(identity)
                yield file


def why(error: OSError) -> str:
    """The reason of a failure, as part of a sentence: "no such file or directory"."""
    text = error.strerror or str(error) or type(error).__name__
    return text[:1].lower() + text[1:]
