"""Reads a library's source: the worker in this process's own interpreter, with an importer that runs nothing."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from ..worker import protocol
from .import_path import ImportPath
from .worker_client import SILENCE_LIMIT, Ending, Message, run_worker

_MOST_PARTS = 4
_ISOLATED = ("-I", "-S")
"""Options under which Python takes nothing from the folder or its own site packages, and runs no `.pth` file."""


def as_message(path: ImportPath, is_bare: bool = False) -> Message:
    """An import path in the words of the protocol; see `reader.finder.install`."""
    return {
        "is_bare": is_bare,
        "entries": [str(entry) for entry in path.entries],
        "packages": {name: str(place) for name, place in path.packages.items()},
        "namespaces": {name: [str(place) for place in places] for name, places in path.namespaces.items()},
    }


def run_readers(
    path: ImportPath,
    request: Message,
    hear: Callable[[Message], None],
    *,
    cancelled: threading.Event | None = None,
    silence_limit: float = SILENCE_LIMIT,
    is_bare: bool = False,
) -> Ending:
    """Do what `run_worker` does, from the source on `path`: nothing of the user's is started or imported.

    The work is shared among as many processes as pay off. Blocks until all have ended. `is_bare`: the path holds less
    than the libraries on it can use, and what is not there counts as there.
    """
    parts = min(_MOST_PARTS, os.cpu_count() or 1) if request["command"] == protocol.INDEX else 1
    united = _United(hear, parts)

    def run(part: int) -> Ending:
        own = {**request, "path": as_message(path, is_bare), "part": [part, parts]}
        return run_worker(
            Path(sys.executable),
            own,
            lambda message: united.hear(part, message),
            cancelled=cancelled,
            silence_limit=silence_limit,
            options=_ISOLATED,
        )

    with ThreadPoolExecutor(parts) as pool:
        endings = list(pool.map(run, range(parts)))
    return next((ending for ending in endings if ending.kind != "done"), endings[0])


class _United:
    """Makes one stream of what several readers say."""

    def __init__(self, hear: Callable[[Message], None], parts: int) -> None:
        self._hear = hear
        self._lock = threading.Lock()
        self._exports: list[dict[str, dict[str, str]]] = [{} for _ in range(parts)]
        self._done = [0] * parts
        self._families: dict[str, dict[str, Any]] = {}

    def hear(self, part: int, message: Message) -> None:
        with self._lock:
            self._hear(self._united(part, message))

    def _united(self, part: int, message: Message) -> Message:
        kind = message["type"]
        if kind == "index":
            self._exports[part] = message["exports"]
            exports: dict[str, dict[str, str]] = {}
            for said in self._exports:
                for module, names in said.items():
                    exports.setdefault(module, {}).update(names)
            return {**message, "exports": exports}
        if kind == "family":
            # Some families, such as that of all aliases, come from every reader in part.
            entries = self._families.setdefault(message["family"], {})
            entries.update(message["entries"])
            return {**message, "entries": entries}
        if kind == "progress":
            self._done[part] = message["done"]
            return {**message, "done": max(self._done)}
        return message
