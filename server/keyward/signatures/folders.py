"""Reads what lies in a folder of signatures: the user's cache (plain JSON, one version) or a shipped history (packed).

Both are read by the same functions; a family of a history makes its entries when they are asked for.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

import msgspec

from .model import FORMAT, Dated, Family, Frozen, Index
from .packed import PackedFamily
from .packed_index import Exports, PackedIndex
from .sealed import NewerFormat, Unusable, unseal

INDEX = "index.json"
PACKED_INDEX = "index.keyward"

Histories = Mapping[str, Sequence[Dated]]
"""What an entry is over the versions, by qualified name."""


class Installed(Frozen, frozen=True):
    """A distribution as an environment has it."""

    distribution: str
    version: str
    fingerprint: str
    """Changes when the installed files do."""
    place: str = ""
    """Where the user knows it from, such as ".venv"."""


def shipped_folder() -> Path:
    """The history that came with this package, or with this checkout."""
    package = Path(__file__).resolve().parent.parent
    inside = package / "_signatures_cache"
    return inside if inside.is_dir() else package.parent.parent / "signatures_cache"


@lru_cache(maxsize=1)
def recipe() -> str:
    """Identifies what the worker would write: entries that another worker wrote are built anew."""
    digest = hashlib.sha256(str(FORMAT).encode())
    for path in sorted((Path(__file__).resolve().parent.parent / "worker").glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:8]


def cache_folder(cache: Path, installed: Installed) -> Path:
    """Where the user's cache holds a distribution."""
    return cache / recipe() / f"{installed.distribution}-{installed.version}-{installed.fingerprint}"


def family_path(folder: Path, family: str) -> Path:
    """The file of a family in the user's cache."""
    return folder / "families" / f"{family}.json"


def packed_path(folder: Path, family: str) -> Path:
    """The file of a family in a history."""
    return folder / "families" / f"{family}.keyward"


def index_path(folder: Path) -> Path:
    """The index file of a folder, which need not be there."""
    packed = folder / PACKED_INDEX
    return packed if packed.exists() else folder / INDEX


def open_index(folder: Path) -> Index | PackedIndex | None:
    """The index of a folder; None if there is none. The names of a history are read when one is asked for.

    Raises:
        ValueError: it is damaged or of another format.
    """
    path = index_path(folder)
    try:
        content = path.read_bytes()
        return PackedIndex(content) if path.name == PACKED_INDEX else _plain(content, Index)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ValueError(f"{path} cannot be read and is left aside ({error.strerror or error}).") from error
    except ValueError as error:
        raise ValueError(
            f"{path} is left aside: {error if isinstance(error, Unusable) else 'it is damaged'}."
        ) from error


def read_index(folder: Path) -> Index | None:
    """The whole index of a folder; None if there is none.

    Raises:
        ValueError: it is damaged or of another format.
    """
    index = open_index(folder)
    if not isinstance(index, PackedIndex):
        return index
    try:
        exports: Exports = index.exports
        return Index(
            format=FORMAT,
            distribution=index.distribution,
            versions=index.versions,
            exports={
                module: {name: list(history) for name, history in names.items()} for module, names in exports.items()
            },
            modules=dict(index.modules),
        )
    except (ValueError, LookupError) as error:
        raise ValueError(f"{folder / PACKED_INDEX} is left aside: it is damaged.") from error


def open_family(folder: Path, family: str) -> Histories:
    """The entries of a family by qualified name.

    Raises:
        OSError: it cannot be read.
        ValueError: it is damaged or of another format. Entries of a history that is malformed raise when they are made.
    """
    packed = packed_path(folder, family)
    if (folder / PACKED_INDEX).exists():
        return PackedFamily(unseal(packed.read_bytes()).content())
    return _plain(family_path(folder, family).read_bytes(), Family).entries


def read_family(folder: Path, family: str) -> dict[str, list[Dated]]:
    """The entries of a family by qualified name, in all versions.

    Raises:
        OSError: it cannot be read.
        ValueError: it is damaged or of another format.
    """
    try:
        return {name: list(history) for name, history in open_family(folder, family).items()}
    except LookupError as error:
        raise ValueError("it is damaged") from error


class _Format(msgspec.Struct):
    format: int


_Plain = TypeVar("_Plain", Index, Family)


def _plain(content: bytes, kind: type[_Plain]) -> _Plain:
    try:
        found = msgspec.json.decode(content, type=kind)
    except msgspec.DecodeError as error:
        raise _unusable(content) from error
    if found.format != FORMAT:
        raise _unusable(content)
    return found


def _unusable(content: bytes) -> Unusable:
    try:
        written = msgspec.json.decode(content, type=_Format).format
    except msgspec.DecodeError:
        written = FORMAT
    if written > FORMAT:
        return NewerFormat("it was written by a newer Keyward")
    return Unusable("it is damaged" if written == FORMAT else "it was written by an older Keyward")
