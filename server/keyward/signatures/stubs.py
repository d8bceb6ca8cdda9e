"""The stub tree: what the signatures say, as `.pyi` files that jedi can read in place of the libraries.

One small file per module, so that a name of `transformers` costs its own family and no other. What the files say is the
recipe of `stub_text`.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from .folders import index_path
from .model import FORMAT, Entry
from .store import Signatures, at_version
from .stub_text import Methods, StubSource, Style, module_stub, parents

_RECIPE = 3
"""To be counted up when the same signatures give other stubs."""
_KEPT_SECONDS = 30 * 24 * 3600
_COMPLETE = "complete"
"""Name of the file that says that all others of a tree are there."""


def stub_source(signatures: Signatures, distribution: str = "") -> StubSource:
    """All that a snapshot knows of a distribution, of all of them by default; reads all of its families."""
    modules: dict[str, dict[str, Entry]] = {}
    exports: dict[str, dict[str, str]] = {}
    for source in signatures._sources:
        if distribution and source.library.distribution != distribution:
            continue
        for family in sorted(set(source.index.modules.values())):
            for history in source.family(family).values():
                item = at_version(history, source.library.version)
                if item is not None and item.entry is not None:
                    modules.setdefault(item.entry.module, {}).setdefault(item.entry.name, item.entry)
        for module, names in source.index.exports.items():
            exported = exports.setdefault(module, {})
            for name in names:
                if defined_in := source.exported(module, name):
                    exported.setdefault(name, defined_in)
    entries = {module: tuple(found.values()) for module, found in modules.items()}
    known = {entry.qualified: entry for found in entries.values() for entry in found}

    def find(qualified: str) -> Entry | None:
        if (entry := known.get(qualified)) is None and (found := signatures.find(qualified)) is not None:
            entry = found.entry
        return entry

    return StubSource(entries, exports, find)


def stub_fingerprint(signatures: Signatures) -> str:
    """Names what the stub tree of a snapshot would hold, without reading it."""
    digest = hashlib.sha256(f"{FORMAT} {_RECIPE}".encode())
    for source in signatures._sources:
        index = index_path(source.folder)
        with contextlib.suppress(OSError):
            status = index.stat()
            digest.update(f"{index} {source.library.version} {status.st_mtime_ns} {status.st_size}\n".encode())
    return digest.hexdigest()[:16]


def is_complete(folder: Path) -> bool:
    """Whether a whole stub tree is there."""
    return (folder / _COMPLETE).exists()


def write_stubs(folder: Path, source: Callable[[], StubSource], methods: Methods) -> Path:
    """The folder with the stub tree, written unless it is there. `folder` must name its content (a fingerprint).

    The tree is written aside and renamed, so that nobody sees half of one. Trees beside it that nobody has written for
    long are removed. Raises OSError when it cannot be written.
    """
    if is_complete(folder):
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=f"{folder.name}.", dir=folder.parent))
    try:
        for path, text in stub_files(source(), methods):
            file = aside / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        (aside / _COMPLETE).touch()
        if not is_complete(folder):
            shutil.rmtree(folder, ignore_errors=True)  # somebody has taken parts of it away
        with contextlib.suppress(OSError):  # another process was faster: its tree is as good
            os.replace(aside, folder)
        _remove_old(folder)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return folder


def _remove_old(folder: Path) -> None:
    oldest = time.time() - _KEPT_SECONDS
    for other in folder.parent.iterdir():
        with contextlib.suppress(OSError):
            if other != folder and other.stat().st_mtime < oldest:
                shutil.rmtree(other)


def stub_files(source: StubSource, methods: Methods) -> Iterator[tuple[str, str]]:
    """Path within the tree and text of each file."""
    style = Style(source, methods)
    names = {*source.modules, *source.exports}
    packages = {parent for name in names for parent in parents(name)}
    for name in sorted(names | packages):
        path = name.replace(".", "/") + ("/__init__.pyi" if name in packages else ".pyi")
        yield path, module_stub(name, style)
