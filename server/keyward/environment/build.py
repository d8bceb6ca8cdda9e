"""Adds versions of libraries, installed or released ones, to a history folder such as the one that is shipped."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from ..signatures.history import Book, Release, exports_of, merge, published
from ..signatures.store import Installed, cache_folder, read_family, read_index
from .fingerprint import installed
from .import_path import import_path
from .index import Progress, update_index
from .interpreter import Interpreter, find_interpreter
from .releases import download, read_release


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
        release = read_installed(interpreter, item, Path(cache), trusted=True, progress=progress)
    merge(output / distribution, published(release))
    return release.version


def read_installed(
    interpreter: Interpreter,
    item: Installed,
    cache: Path,
    *,
    trusted: bool,
    progress: Callable[[Progress], None] | None = None,
) -> Release:
    """What an installed distribution says: to the worker, or to the source reader where `trusted` is False.

    Raises BuildError where it could not be read to its end.
    """
    report = update_index(interpreter, cache, only=(item.distribution,), trusted=trusted, progress=progress)
    folder = cache_folder(report.cache, item)
    index = read_index(folder)
    if index is None or not index.complete:
        raise BuildError(" ".join(report.problems) or f"{item.distribution} could not be read.")
    families = {
        family: {name: history[-1].entry for name, history in read_family(folder, family).items()}
        for family in sorted(set(index.modules.values()))
    }
    return Release(
        item.distribution,
        item.version.partition("+")[0],
        dict(exports_of(index)),
        {
            family: {name: entry for name, entry in members.items() if entry is not None}
            for family, members in families.items()
        },
    )


def build_releases(
    wanted: Mapping[str, Iterable[str]],
    python: str | os.PathLike[str],
    output: Path,
    progress: Callable[[Progress], None] = lambda _: None,
) -> Iterator[str]:
    """Merge releases, read from their wheels, into a history; gives a line for each as it is there.

    Args:
        wanted: distribution -> versions.
        python: an environment with what the libraries build on (torch), to be read beside them.
        output: the folder with the history of all distributions.
        progress: called before each module.

    Raises:
        BuildError: there is no such interpreter.
        ReleaseError: a release could not be had; those before it are in the history.
        OSError: the folder cannot be written.
        ValueError: the history that lies there cannot be read.
    """
    interpreter = find_interpreter(python)
    if interpreter.path is None:
        raise BuildError(interpreter.problem)
    beside = import_path(interpreter)
    for distribution, versions in wanted.items():
        book = Book(output / distribution)
        for version in versions:
            with tempfile.TemporaryDirectory(prefix="keyward-") as folder:
                wheel = download(distribution, version, Path(folder))
                book.add(published(read_release(distribution, version, wheel, beside, progress)))
            book.save()
            yield f"{distribution} {version} is in {output}."
