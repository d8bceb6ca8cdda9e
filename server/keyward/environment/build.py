"""Adds the installed version of a distribution to a history folder, such as the one that is shipped."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from ..signatures.history import Release, exports_of, merge, published
from ..signatures.store import cache_folder, read_family, read_index
from .fingerprint import installed
from .index import Progress, update_index
from .interpreter import find_interpreter


class BuildError(Exception):
    """What was asked for cannot be built; the text says why in one sentence."""


def build_history(
    python: str | os.PathLike[str],
    distribution: str,
    output: Path,
    progress: Callable[[Progress], None] | None = None,
) -> str:
    """Read `distribution` as `python` has it, merge it into `output/<distribution>`, and return its version.

    Raises:
        BuildError: there is no such interpreter or distribution, or it could not be read to its end.
        OSError: the folder cannot be written.
        ValueError: the history that lies there cannot be read.
    """
    interpreter = find_interpreter(python)
    item = next((item for item in installed(interpreter) if item.distribution == distribution), None)
    if item is None:
        raise BuildError(interpreter.problem or f"{distribution} is not installed for {interpreter.path}.")
    with tempfile.TemporaryDirectory(prefix="keyward-") as cache:
        report = update_index(interpreter, Path(cache), only=(distribution,), progress=progress)
        folder = cache_folder(report.cache, item)
        index = read_index(folder)
        if index is None or not index.complete:
            raise BuildError(" ".join(report.problems) or f"{distribution} could not be read.")
        families = {
            family: {name: history[-1].entry for name, history in read_family(folder, family).items()}
            for family in sorted(set(index.modules.values()))
        }
    version = Release(
        distribution,
        item.version.partition("+")[0],
        dict(exports_of(index)),
        {
            family: {name: entry for name, entry in members.items() if entry is not None}
            for family, members in families.items()
        },
    )
    merge(output / distribution, published(version))
    return version.version
