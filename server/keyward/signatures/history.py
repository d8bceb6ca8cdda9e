"""The history of a distribution over its versions: how one more version is merged in.

A history is a list of (version, value), where a value holds until the next item. Merging keeps what every other version
says, and a name that a version did not change gets no new item.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import msgspec

from .folders import PACKED_INDEX, packed_path
from .model import Dated, Entry, Exported, Index
from .packed import Chronicle, History, PackedFamily, pack_family
from .packed_index import PackedIndex, family_of, pack_index
from .sealed import seal, unseal
from .texts import Key, Words, places, signatures_of, split
from .versions import at_version, order
from .writer import write_atomically


class Release(msgspec.Struct, frozen=True):
    """What one version of a distribution says."""

    distribution: str
    version: str
    exports: dict[str, dict[str, str]]
    """Public module -> public name -> defining module."""
    families: dict[str, dict[str, Entry]]
    """Family -> qualified name -> entry."""


def published(version: Release) -> Release:
    """The part of a version that is shipped: exported names, what they return and their bases, without bulk."""
    entries = {name: entry for family in version.families.values() for name, entry in family.items()}
    wanted: set[str] = set()
    queue = [f"{module}.{name}" for names in version.exports.values() for name, module in names.items()]
    while queue:
        name = queue.pop()
        if name in wanted or name not in entries:
            continue
        wanted.add(name)
        entry = entries[name]
        queue.extend(entry.mro)
        queue.extend(signature.returns for _, signature in signatures_of(entry))
    families = {
        family: {name: _slim(entry, entries) for name, entry in members.items() if name in wanted}
        for family, members in version.families.items()
    }
    return msgspec.structs.replace(version, families={name: members for name, members in families.items() if members})


def _slim(entry: Entry, entries: Mapping[str, Entry]) -> Entry:
    """An entry without what can be had elsewhere or changes with every version.

    Lines shift all the time, and a file that is not installed cannot be opened. The constructor of an output repeats
    its fields, and what a configuration takes beyond its parameters stands with its bases. Mixins say nothing.
    """
    mro = tuple(base for base in entry.mro if base in entries or base.startswith("torch."))
    entry = msgspec.structs.replace(entry, line=0, file="", mro=mro)
    if entry.role == "output":
        return msgspec.structs.replace(entry, init=None)
    if entry.role in ("config", "tokenizer", "processor") and entry.init is not None:
        named = tuple(msgspec.structs.replace(item, doc="", annotation="") for item in entry.init.parameters)
        init = msgspec.structs.replace(entry.init, parameters=named, accepts={})
        return msgspec.structs.replace(entry, init=init)
    return entry


def merge(folder: Path, added: Release) -> None:
    """Add a version to the history in a folder, or replace it there. Files of which nothing changes stay as they are.

    Raises:
        OSError: the folder cannot be read or written.
        ValueError: what lies there cannot be read, or the release is of another distribution.
    """
    merge_all(folder, (added,))


def merge_all(folder: Path, releases: Iterable[Release]) -> None:
    """Add versions as `merge` does, but read and write each file once. Nothing is written before the last is read.

    Raises:
        OSError: the folder cannot be read or written.
        ValueError: what lies there cannot be read, or a release is of another distribution.
    """
    book = Book(folder)
    for release in releases:
        book.add(release)
    book.save()


class Book:
    """The history in a folder, to be added to in memory and saved."""

    def __init__(self, folder: Path) -> None:
        """Raises OSError and ValueError as `merge` does."""
        self._folder = folder
        self.distribution = ""
        self.versions: tuple[str, ...] = ()
        self._exports: dict[tuple[str, str], Sequence[Exported]] = {}
        """Public module and name -> history."""
        self._families: dict[str, dict[tuple[str, str], Chronicle]] = {}
        self._changed: set[str] = set()
        if (folder / PACKED_INDEX).exists():
            self._load()

    def _load(self) -> None:
        path = self._folder / PACKED_INDEX
        try:
            index = PackedIndex(path.read_bytes())
            self.distribution, self.versions = index.distribution, index.versions
            for module, names in index.exports.items():
                self._exports.update(((module, name), history) for name, history in names.items())
            for family in sorted(set(index.modules.values())):
                path = packed_path(self._folder, family)
                chronicles = PackedFamily(unseal(path.read_bytes()).content()).chronicles()
                self._families[family] = {key: _only(item, self.versions) for key, item in chronicles.items()}
        except (ValueError, FileNotFoundError) as error:
            raise ValueError(f"{path} cannot be added to: {error}.") from error

    def add(self, added: Release) -> None:
        """Add a version, or replace it.

        Raises:
            ValueError: it is of another distribution.
        """
        if self.distribution not in ("", added.distribution):
            raise ValueError(f"{self._folder} is the history of {self.distribution}, not of {added.distribution}.")
        self.distribution = added.distribution
        before = self.versions
        after = tuple(sorted({*before, added.version}, key=order))
        self.versions = after
        self._add_exports(added, after)
        arrived: dict[str, dict[tuple[str, str], Entry]] = {}
        for members in added.families.values():
            for entry in members.values():
                arrived.setdefault(family_of(entry.module), {})[entry.module, entry.name] = entry
        for family in {*self._families, *arrived}:
            known = self._families.setdefault(family, {})
            new = arrived.get(family, {})
            for key in {*known, *new}:
                chronicle = known.get(key, _NEVER)
                extended = _extended(chronicle, new.get(key), added.version, before, after)
                if extended is chronicle or _same(extended, chronicle):
                    continue
                self._changed.add(family)
                known[key] = extended
                if not extended.dated:
                    del known[key]

    def _add_exports(self, added: Release, versions: Sequence[str]) -> None:
        now = {(module, name): origin for module, names in added.exports.items() for name, origin in names.items()}
        for key in {*self._exports, *now}:
            said = [(item.since, item.module) for item in self._exports.get(key, ())]
            changes = _changes(said, versions, added.version, now.get(key, ""), "")
            self._exports[key] = [Exported(since, origin) for since, origin in changes]
            if not changes:
                del self._exports[key]

    def save(self) -> None:
        """Write what has changed; the index last, so that it never speaks of what is not there.

        Raises:
            OSError: the folder cannot be written.
        """
        for family in sorted(self._changed):
            if self._families[family]:
                _write(packed_path(self._folder, family), pack_family(self._families[family]))
        exports: dict[str, dict[str, Sequence[Exported]]] = {}
        for (module, name), history in self._exports.items():
            exports.setdefault(module, {})[name] = history
        defining = sorted({module for members in self._families.values() for module, _ in members})
        index = pack_index(self.distribution, self.versions, defining, exports)
        write_atomically(self._folder / PACKED_INDEX, index)
        for family in self._changed:
            if not self._families[family]:
                packed_path(self._folder, family).unlink(missing_ok=True)
        self._changed.clear()


def _write(path: Path, content: bytes) -> None:
    """Write a family unless that is what it says: what is the same when unpacked need not be so when packed."""
    try:
        if unseal(path.read_bytes()).content() == content:
            return
    except (OSError, ValueError):
        pass
    write_atomically(path, seal(content))


def _only(chronicle: Chronicle, versions: Sequence[str]) -> Chronicle:
    """A chronicle without what it says of other versions: those of an addition that did not come to its end."""
    if isinstance(chronicle.dated, History) and {*chronicle.dated.sinces} <= {*versions}:
        return chronicle
    dated: list[Dated] = []
    for version in versions:
        item = at_version(chronicle.dated, version)
        entry = item.entry if item else None
        if entry != (dated[-1].entry if dated else None):
            dated.append(Dated(version, entry))
    return Chronicle(dated, chronicle.texts)


_NEVER = Chronicle((), {})


def _extended(
    chronicle: Chronicle, entry: Entry | None, version: str, before: Sequence[str], after: Sequence[str]
) -> Chronicle:
    """A chronicle with what a version says; the same object where that is nothing new."""
    bare, texts = (None, {}) if entry is None else split(entry)
    last = chronicle.dated[-1].entry if chronicle.dated else None
    is_newest = version == after[-1] and version not in before
    if is_newest and bare == last and (bare is None or _say_the_same(chronicle, bare, texts)):
        return chronicle
    said = [(item.since, item.entry) for item in chronicle.dated]
    dated = [Dated(since, value) for since, value in _changes(said, after, version, bare, None)]
    ends = _last_versions(chronicle.dated, before)
    new_ends = _last_versions(dated, after)
    merged: dict[Key, Words] = {}
    for place, end in new_ends.items():
        old = chronicle.texts.get(place, Words())
        new = texts.get(place, Words())
        annotation = _newer(old.annotation, old.annotation_from or ends.get(place, ""), new.annotation, version)
        doc = _newer(old.doc, old.doc_from or ends.get(place, ""), new.doc, version)
        if annotation[0] or doc[0]:
            merged[place] = Words(annotation[0], doc[0], _unless(end, *annotation), _unless(end, *doc))
    return Chronicle(dated, merged)


def _same(one: Chronicle, other: Chronicle) -> bool:
    return one.texts == other.texts and list(one.dated) == list(other.dated)


def _say_the_same(chronicle: Chronicle, bare: Entry, texts: Mapping[Key, Words]) -> bool:
    """Whether texts of the newest version are those that are kept."""
    none = Words()
    return all(chronicle.texts.get(place, none) == texts.get(place, none) for place in places(bare))


def _newer(old: str, old_from: str, new: str, new_from: str) -> tuple[str, str]:
    """The text to keep of two, and the version that it is from. What a version said before is replaced."""
    if old and old_from != new_from and (not new or order(old_from) > order(new_from)):
        return old, old_from
    return new, new_from


def _unless(end: str, text: str, version: str) -> str:
    return "" if not text or version == end else version


def _last_versions(dated: Sequence[Dated], versions: Sequence[str]) -> dict[Key, str]:
    """Each place that can have texts -> the last version in which it is there."""
    places_of = {version: place for place, version in enumerate(versions)}
    found: dict[Key, str] = {}
    end = len(versions)
    for item in reversed(dated):
        if item.entry is not None:
            for place in places(item.entry):
                found.setdefault(place, versions[end - 1])
        end = places_of[item.since]
    return found


_T = TypeVar("_T")


def _changes(
    said: Sequence[tuple[str, _T]], versions: Sequence[str], added: str, value: _T, absent: _T
) -> list[tuple[str, _T]]:
    """A history with what one version says, which is among `versions`: an item where the value changes."""
    found: list[tuple[str, _T]] = []
    last = current = absent
    coming = iter(said)
    following = next(coming, None)
    for version in versions:
        if following is not None and following[0] == version:
            current = following[1]
            following = next(coming, None)
        here = value if version == added else current
        if here is not last and here != last:
            found.append((version, here))
            last = here
    return found


def exports_of(index: Index) -> Mapping[str, dict[str, str]]:
    """The exports of an index of one version."""
    return {
        module: {name: history[-1].module for name, history in names.items()} for module, names in index.exports.items()
    }
