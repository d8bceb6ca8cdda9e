"""Settings in files: `keyward.toml`, or `[tool.keyward]` in `pyproject.toml`.

For a file that is checked the nearest one counts, from its folder upwards; of two in one folder `keyward.toml`. A
`pyproject.toml` without that table is none. Files do not add up.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .settings import KEYS, Problem, read, unknown

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

OWN, SHARED = "keyward.toml", "pyproject.toml"
NAMES = (OWN, SHARED)
"""The first one found in a folder counts."""
TABLE = ("tool", "keyward")

_PART = r"""(?:[\w-]+|"[^"\n]*"|'[^'\n]*')"""
_DOTTED = rf"{_PART}(?:[ \t]*\.[ \t]*{_PART})*"
_HEADER = re.compile(rf"[ \t]*\[\[?[ \t]*({_DOTTED})[ \t]*\]")
_ASSIGNED = re.compile(rf"[ \t]*({_DOTTED})[ \t]*=")
_AT_LINE = re.compile(r"\s*\(at line (\d+), column \d+\)|\s*\(at end of document\)")


@dataclass(frozen=True, slots=True)
class SettingsFile:
    """What one file sets."""

    path: str
    values: Mapping[str, Any] = field(default_factory=dict)
    """By field of `Settings`; what makes no sense is left out."""
    problems: tuple[str, ...] = ()
    """A sentence about each, with file and line."""


def nearest(folder: str) -> SettingsFile | None:
    """The settings that count in a folder, None where no file sets any. Never raises."""
    if not os.path.isabs(folder):
        return None
    place = Path(folder)
    for parent in (place, *place.parents):
        for name in NAMES:
            if (found := opened(str(parent / name))) is not None:
                return found
    return None


def opened(path: str) -> SettingsFile | None:
    """What a file sets; None: it is not there, or it is a `pyproject.toml` that has other tools' settings alone."""
    own = os.path.basename(path) != SHARED
    try:
        data = Path(path).read_bytes()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None
    except OSError as error:
        problem = f"{path} could not be read: {(error.strerror or type(error).__name__).lower()}."
        return SettingsFile(path, problems=(problem,)) if own else None
    if not own and b"keyward" not in data:
        return None
    try:
        text = data.decode("utf-8-sig").replace("\r\n", "\n")
        raw: object = tomllib.loads(text)
    except UnicodeDecodeError:
        return SettingsFile(path, problems=(f"{path} is not UTF-8, which TOML has to be.",))
    except tomllib.TOMLDecodeError as error:
        return SettingsFile(path, problems=(_undecodable(path, str(error)),))
    table = () if own else TABLE
    for name in table:
        raw = raw.get(name) if isinstance(raw, Mapping) else None
    if raw is None:
        return None
    if not isinstance(raw, Mapping):
        at = line_of(text, table)
        return SettingsFile(path, problems=(f"{path}:{at}: `{'.'.join(table)}` has to be a table.",))
    values, problems = read(raw, os.path.dirname(path), [key for key in KEYS if key.in_files])
    told = sorted((line_of(text, (*table, *problem.key)), problem.text) for problem in (*unknown(raw), *problems))
    return SettingsFile(path, values, tuple(f"{path}:{line}: {_sentence(text)}" for line, text in told))


def said(problem: Problem, name: str) -> str:
    """A problem of settings that stand in no file, as a sentence; `name` says who set them."""
    return f"{name}: {_sentence(problem.text)}"


def _sentence(text: str) -> str:
    return text if text.endswith("?") else f"{text}."


def _undecodable(path: str, message: str) -> str:
    at = _AT_LINE.search(message)
    place = f"{path}:{at[1]}" if at is not None and at[1] else path
    reason = _AT_LINE.sub("", message).rstrip(".")
    return f"{place}: this is no TOML ({reason[:1].lower()}{reason[1:]})."


def line_of(text: str, key: tuple[str, ...]) -> int:
    """The line (from 1) where a key is set, or a text below it is mentioned; failing that, the one of what holds it.

    Read off the text by its shape, since parsers do not tell.
    """
    lines = text.split("\n")
    table: tuple[str, ...] = ()
    best, depth = 1, 0
    for number, line in enumerate(lines, 1):
        if (header := _HEADER.match(line)) is not None:
            found = table = _parts(header[1])
        elif (assigned := _ASSIGNED.match(line)) is not None:
            found = (*table, *_parts(assigned[1]))
        else:
            continue
        n = len(found) if found == key[: len(found)] else len(key) if found[: len(key)] == key else 0
        if n > depth:
            best, depth = number, n
    for inner in key[depth:]:
        marks = (f'"{inner}"', f"'{inner}'", inner)
        best = next((at for at in range(best, len(lines) + 1) if any(mark in lines[at - 1] for mark in marks)), best)
    return best


def _parts(dotted: str) -> tuple[str, ...]:
    return tuple(part.strip("\"'") for part in re.findall(_PART, dotted))
