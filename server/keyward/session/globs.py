"""Patterns of files as `.gitignore` has them, from a folder downwards."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import lru_cache

from pathspec import GitIgnoreSpec


@dataclass(frozen=True, slots=True)
class Globs:
    """A pattern without a slash holds at any depth, one with a slash from `root` on; a later `!pattern` takes back."""

    patterns: tuple[str, ...] = ()
    root: str = ""

    def match(self, path: str) -> bool:
        """Whether a file (or, with a separator at its end, a folder) is one of those that are meant."""
        if not self.patterns:
            return False
        try:
            relative = os.path.relpath(path, self.root or os.curdir)
        except ValueError:  # on another drive
            return False
        if relative.split(os.sep, 1)[0] == os.pardir:
            return False
        folder = "/" if path.endswith(os.sep) else ""
        return _spec(self.patterns).match_file(relative.replace(os.sep, "/") + folder)


NOTHING = Globs()


def problem(pattern: str) -> bool:
    """Whether a pattern makes no sense."""
    try:
        _spec((pattern,))
    except ValueError:
        return True
    return not pattern.strip()


@lru_cache(maxsize=256)
def _spec(patterns: tuple[str, ...]) -> GitIgnoreSpec:
    return GitIgnoreSpec.from_lines(patterns)
