"""What a distribution provides: the names that can be imported from it, where they lie, and whether as source."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlparse

import msgspec

from .import_path import ImportPath, is_zip, members

_SOURCE = (".py",)
_COMPILED = (".so", ".pyd", ".pyc")
_LARGEST_LIST = 64 * 2**20


class Provided(msgspec.Struct, frozen=True):
    """What a distribution provides."""

    places: dict[str, Path] = {}
    """Top-level name -> its folder or file; in a zip file, a path inside of that. Namespace packages are among them,
    which other distributions provide too."""
    source: bool = False
    """Whether there is any Python source; without, there are compiled files alone."""

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(sorted(self.places))


def provided(info: Path, entry: Path, editable: Path | None, path: ImportPath) -> Provided:
    """What the distribution provides that the record `info` in the path's `entry` is of; never raises.

    By its list of files, else its list of names, else by what lies under its own name.
    """
    if editable is not None:
        return _editable(info, editable, path)
    if not entry.is_dir():
        return _listed(entry, members(entry))
    if info.name == "EGG-INFO":
        return _listed(entry, _files_below(entry))
    found = _listed(entry, _recorded(info))
    if found.places:
        return found
    names = _lines(info / "top_level.txt") or [info.name.partition("-")[0].partition(".")[0]]
    places = {name: place for name in names if (place := _find(entry, name)) is not None}
    return Provided(places, any(_has_source(place) for place in places.values()))


def editable_root(info: Path) -> Path | None:
    """The folder that an editable install was made from, by its `direct_url.json`; None: it is none."""
    try:
        told = msgspec.json.decode((info / "direct_url.json").read_bytes(), type=_DirectUrl)
    except (OSError, ValueError, msgspec.DecodeError):
        return None
    try:
        url = urlparse(told.url)
        if not told.dir_info.editable or url.scheme != "file":
            return None
        path = unquote(url.path)
        return Path(path[1:] if os.name == "nt" else path)  # `/C:/folder` there
    except ValueError:
        return None


class _DirInfo(msgspec.Struct):
    editable: bool = False


class _DirectUrl(msgspec.Struct):
    """As PEP 610 has it."""

    url: str = ""
    dir_info: _DirInfo = msgspec.field(default_factory=_DirInfo)


def _editable(info: Path, root: Path, path: ImportPath) -> Provided:
    """What finders map into the folder of the source, and what is importable from the entries in it."""
    places = {name: place for name, place in path.packages.items() if "." not in name and place.is_relative_to(root)}
    for entry in path.entries:
        if entry.is_relative_to(root):
            for name in _lines(info / "top_level.txt") or _importable(entry):
                if (place := _find(entry, name)) is not None:
                    places.setdefault(name, place)
    for name, folders in path.namespaces.items():
        for folder in folders:
            if "." not in name and folder.is_relative_to(root):
                places.setdefault(name, folder)
    return Provided(places, any(_has_source(place) for place in places.values()))


def _listed(entry: Path, files: Iterable[str]) -> Provided:
    """By a list of files, relative to the entry, with slashes."""
    places: dict[str, Path] = {}
    source = False
    for file in files:
        pure = PurePosixPath(file)
        top = pure.parts[0] if pure.parts else ""
        if not file.endswith(_SOURCE + _COMPILED) or "__pycache__" in pure.parts:
            continue
        name = top if len(pure.parts) > 1 else top.partition(".")[0]
        if name.isidentifier():
            places.setdefault(name, entry / top)
            source = source or file.endswith(_SOURCE)
    return Provided(places, source)


def _recorded(info: Path) -> Iterator[str]:
    """The files that a record lists, relative to the entry; nothing where there is no list, or none that is one."""
    for name, column in (("RECORD", True), ("installed-files.txt", False)):
        text = _text(info / name)
        if not text:
            continue
        if not column:  # relative to the record itself
            for line in text.splitlines():
                yield os.path.normpath(f"{info.name}/{line}").replace(os.sep, "/")
            return
        try:
            yield from (row[0] for row in csv.reader(text.splitlines()) if row)
        except csv.Error:
            continue
        return


def _files_below(entry: Path) -> Iterator[str]:
    for folder, _, names in os.walk(entry):
        relative = os.path.relpath(folder, entry)
        for name in names:
            yield os.path.normpath(os.path.join(relative, name)).replace(os.sep, "/")


def _importable(entry: Path) -> list[str]:
    """Packages and modules of a folder, which are not its tests or its set-up."""
    try:
        names = sorted(os.listdir(entry))
    except OSError:
        return []
    packages = [name for name in names if (entry / name / "__init__.py").is_file()]
    modules = [name[: -len(".py")] for name in names if name.endswith(".py")]
    return [name for name in packages + modules if name.isidentifier() and name not in ("setup", "conftest", "tests")]


def _find(entry: Path, name: str) -> Path | None:
    """The folder or file of a top-level name in a folder."""
    if not name.isidentifier():
        return None
    if (entry / name).is_dir():
        return entry / name
    try:
        files = [file for file in os.listdir(entry) if file.partition(".")[0] == name]
    except OSError:
        return None
    files = [file for file in files if file.endswith(_SOURCE + _COMPILED)]
    return entry / min(files, key=lambda file: (not file.endswith(_SOURCE), file)) if files else None


def _has_source(place: Path) -> bool:
    if place.is_file():
        return place.suffix in _SOURCE or is_zip(place)
    return any(name.endswith(_SOURCE) for _, _, names in os.walk(place) for name in names)


def _lines(path: Path) -> list[str]:
    return [line.strip() for line in _text(path).splitlines() if line.strip()]


def _text(path: Path) -> str:
    try:
        with open(path, "rb") as file:
            return file.read(_LARGEST_LIST).decode("utf-8", "replace")
    except (OSError, ValueError):
        return ""
