"""Reads a release of a library from its wheel, which need not be installed: nothing of it is executed."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from ..signatures.history import Release
from ..signatures.model import Entry
from ..worker import protocol
from .import_path import ImportPath
from .index import Progress
from .source_reading import run_readers
from .worker_client import Message

_LONGEST_DOWNLOAD = 1800


class ReleaseError(Exception):
    """A release cannot be had or read; the text says why in one sentence."""


def download(distribution: str, version: str, folder: Path) -> Path:
    """The wheel of a release, fetched by pip into a folder.

    Raises ReleaseError where pip cannot give it.
    """
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command += ["--only-binary", ":all:", "--dest", str(folder), f"{distribution}=={version}"]
    try:
        ended = subprocess.run(command, capture_output=True, text=True, timeout=_LONGEST_DOWNLOAD, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ReleaseError(f"pip could not be run for {distribution} {version} ({type(error).__name__}).") from error
    wheels = sorted(folder.glob("*.whl"))
    if ended.returncode or not wheels:
        said = next((line for line in reversed(ended.stderr.splitlines()) if line.strip()), "pip says nothing")
        raise ReleaseError(f"{distribution} {version} could not be downloaded: {said.strip()[:300]}")
    return wheels[-1]


def read_release(
    distribution: str,
    version: str,
    wheel: Path,
    beside: ImportPath,
    progress: Callable[[Progress], None] = lambda _: None,
) -> Release:
    """What a wheel says.

    Args:
        distribution: its name in the normal form.
        version: its version.
        wheel: the file.
        beside: where the libraries that it builds on (torch) are read from; the wheel's own packages come first.
        progress: called before each module.

    Raises ReleaseError where it cannot be read to its end.
    """
    exports: dict[str, dict[str, str]] = {}
    families: dict[str, dict[str, Entry]] = {}
    problems: list[str] = []

    def hear(message: Message) -> None:
        kind: Any = message["type"]
        if kind == "index":
            exports.clear()
            exports.update(message["exports"])
        elif kind == "family":
            families[message["family"]] = msgspec.convert(message["entries"], dict[str, Entry])
        elif kind == "problem":
            problems.append(str(message["text"]))
        elif kind == "progress":
            label = f"{distribution} {version}"
            progress(Progress(label, message["done"], message["total"], message["label"]))

    path = msgspec.structs.replace(beside, entries=(wheel, *beside.entries))
    ending = run_readers(path, protocol.index_request(distribution), hear, is_bare=True)
    if ending.kind != "done":
        raise ReleaseError(f"{distribution} {version} could not be read: the reader {ending.kind} ({ending.detail}).")
    if not families:
        raise ReleaseError(" ".join((f"Nothing is to be read in {wheel.name}.", *problems[:1])))
    return Release(distribution, version, exports, families)
