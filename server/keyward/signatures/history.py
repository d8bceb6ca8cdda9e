"""The history of a distribution over its versions: how one more version is merged in.

A history is a list of (version, value), where a value holds until the next item. Merging keeps what every other version
says, and a name that a version did not change gets no new item.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import msgspec

from .model import FORMAT, Dated, Entry, Exported, Index
from .store import at_version, order, read_family, read_index
from .writer import write_family, write_index

_DatedT = TypeVar("_DatedT", Dated, Exported)


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
        queue.extend(signature.returns for signature in (entry.call, entry.init) if signature is not None)
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
    """Add a version to the history in a folder, or replace it there.

    Raises:
        OSError: the folder cannot be written.
        ValueError: what lies there cannot be read.
    """
    index = read_index(folder) or Index(format=FORMAT, distribution=added.distribution, versions=())
    others = [version for version in index.versions if version != added.version]
    versions = sorted([*others, added.version], key=order)
    exports = {
        module: {
            name: _exported(index.exports.get(module, {}).get(name, ()), versions, added, module, name)
            for name in {**index.exports.get(module, {}), **added.exports.get(module, {})}
        }
        for module in {**index.exports, **added.exports}
    }
    modules = dict(index.modules)
    for family in sorted({*index.modules.values(), *added.families}):
        known = read_family(folder, family) if family in index.modules.values() else {}
        new = added.families.get(family, {})
        histories = {
            name: _dated(known.get(name, ()), versions, added.version, new.get(name)) for name in {**known, **new}
        }
        write_family(folder, family, {name: history for name, history in histories.items() if history})
        modules.update({entry.module: family for entry in new.values()})
    write_index(
        folder,
        Index(
            format=FORMAT,
            distribution=added.distribution,
            versions=tuple(versions),
            exports={
                module: {name: history for name, history in names.items() if history}
                for module, names in exports.items()
            },
            modules=modules,
        ),
    )


def _exported(
    history: Sequence[Exported], versions: Iterable[str], added: Release, module: str, name: str
) -> list[Exported]:
    def value(version: str) -> str:
        if version == added.version:
            return added.exports.get(module, {}).get(name, "")
        item = at_version(history, version)
        return item.module if item else ""

    return [Exported(since, origin) for since, origin in _changes(versions, value, "")]


def _dated(history: Sequence[Dated], versions: Iterable[str], added: str, new: Entry | None) -> list[Dated]:
    def value(version: str) -> Entry | None:
        if version == added:
            return new
        item = at_version(history, version)
        return item.entry if item else None

    return [Dated(since, entry) for since, entry in _changes(versions, value, None)]


_T = TypeVar("_T")


def _changes(versions: Iterable[str], value: Callable[[str], _T], absent: _T) -> list[tuple[str, _T]]:
    """(version, value) wherever the value is another than in the version before."""
    found: list[tuple[str, _T]] = []
    last = absent
    for version in versions:
        current = value(version)
        if current != last:
            found.append((version, current))
            last = current
    return found


def exports_of(index: Index) -> Mapping[str, dict[str, str]]:
    """The exports of an index of one version."""
    return {
        module: {name: history[-1].module for name, history in names.items()} for module, names in index.exports.items()
    }
