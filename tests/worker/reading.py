"""Small packages, written into a folder and read from there: by the reader, and by the worker that imports them."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

from keyward.environment.import_path import ImportPath
from keyward.environment.source_reading import run_readers
from keyward.environment.worker_client import Ending, Message, run_worker
from keyward.worker import protocol
from standin.environment import SITE_PACKAGES

LIMIT = 15.0
"""Seconds after which a reader that says nothing is taken to hang."""


@dataclass
class Outcome:
    """What came of it."""

    ending: Ending = field(default_factory=lambda: Ending("not started"))
    entries: dict[str, Any] = field(default_factory=dict)
    exports: dict[str, dict[str, str]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def hear(self, message: Message) -> None:
        if message["type"] == "family":
            self.entries.update(message["entries"])
        elif message["type"] == "index":
            self.exports = message["exports"]
        elif message["type"] == "problem" and message["text"] not in self.problems:  # each reader tells of it
            self.problems.append(message["text"])

    def keywords(self, name: str, part: str = "call") -> list[str]:
        """Names of the parameters of an entry's call."""
        return [parameter["name"] for parameter in self.entries[name][part]["parameters"]]


def write(folder: Path, files: dict[str, str | bytes]) -> None:
    """Write files with the folders that they lie in."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)


def read(*entries: Path, modules: list[str], path: ImportPath | None = None) -> Outcome:
    """Read modules from source: folders or zip files `entries` come before the stand-in libraries on the path."""
    outcome = Outcome()
    searched = path or ImportPath((*entries, SITE_PACKAGES))
    request = protocol.index_request("anything", modules=modules)
    outcome.ending = run_readers(searched, request, outcome.hear, silence_limit=LIMIT)
    return outcome


def imported(*entries: Path, modules: list[str]) -> Outcome:
    """Import them instead, in a process of this Python, which is right by definition."""
    outcome = Outcome()
    request = protocol.index_request("anything", modules=modules)
    places = os.pathsep.join(map(str, (*entries, SITE_PACKAGES)))
    with mock.patch.dict(os.environ, {"PYTHONPATH": places, "PYTHONDONTWRITEBYTECODE": "1"}):
        outcome.ending = run_worker(Path(sys.executable), request, outcome.hear, silence_limit=LIMIT)
    return outcome


def differences(read: Outcome, imported: Outcome) -> list[str]:
    """One line for each thing that the two say differently.

    The words of a reason may differ; of a class in a function only the reader knows the line; and the bases of an
    enumeration's members are no matter.
    """
    found = []
    for name in sorted({*read.entries, *imported.entries}):
        if name not in read.entries or name not in imported.entries:
            found.append(f"{name}: only {'imported' if name in imported.entries else 'read'}")
            continue
        one, other = ({**outcome.entries[name]} for outcome in (read, imported))
        if "line" not in other:
            one.pop("line", None)
        if any(base.startswith("enum.") for base in other.get("mro", ())):
            one.pop("mro", None), other.pop("mro")
        found += _differences(name, one, other)
    return found + _differences("exports", read.exports, imported.exports)


def _differences(place: str, read: Any, imported: Any) -> list[str]:
    if isinstance(read, dict) and isinstance(imported, dict):
        keys = sorted({*read, *imported})
        keys.remove("reason") if "reason" in read and "reason" in imported else None
        return [line for key in keys for line in _differences(f"{place}.{key}", read.get(key), imported.get(key))]
    return [] if read == imported else [f"{place}: read {read!r}, imported {imported!r}"]
