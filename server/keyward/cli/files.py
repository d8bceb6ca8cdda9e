"""Which files a command is about."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from ..session.python_files import python_files_below
from ..source import ipynb


def python_files(
    paths: Iterable[str], excluded: Callable[[str], bool] = lambda _: False, *, everywhere: bool = False
) -> Iterator[str]:
    """The Python files and notebooks that `paths` name or hold, each once, in a stable order.

    What is named is taken as it is: a file with any suffix, a folder that would be left out below another, and a path
    that does not exist (whoever reads it says so). What is not named and `excluded` is left out; with `everywhere` what
    is named, too.
    """
    seen: set[str] = set()
    for path in paths:
        folder = Path(path).is_dir()
        if everywhere and excluded(os.path.join(path, "") if folder else path):
            continue
        for file in python_files_below(path, excluded=excluded, suffixes=SUFFIXES) if folder else (path,):
            identity = os.path.abspath(file)
            if identity not in seen:
                seen.add(identity)
                yield file


SUFFIXES = (".py", ipynb.SUFFIX)


class CannotReadError(Exception):
    """A list of files cannot be read; the text says why in one sentence."""


def listed(name: str) -> list[str]:
    """The paths that a file lists, or standard input for "-": a path a line, or separated by null characters.

    Raises:
        CannotReadError: it cannot be read.
    """
    try:
        data = standard_input() if name == "-" else Path(name).read_bytes()
    except OSError as error:
        raise CannotReadError(f"The list of files {name} could not be read: {why(error)}.") from None
    paths = data.split(b"\0") if b"\0" in data else data.splitlines()
    return [os.fsdecode(path) for path in paths if path.strip()]


def standard_input() -> bytes:
    """All that comes by standard input."""
    return sys.stdin.buffer.read()


def why(error: OSError) -> str:
    """The reason of a failure, as part of a sentence: "no such file or directory"."""
    text = error.strerror or str(error) or type(error).__name__
    return text[:1].lower() + text[1:]
