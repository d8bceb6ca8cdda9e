"""The index of a shipped history: which versions it covers, what they export, and where that is defined.

A file as `sealed` describes them. What opening needs stands in its first line; names are read when one is asked for.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property, partial
from typing import Generic, TypeVar

import msgspec

from .model import Exported
from .sealed import Sealed, Unusable, seal, unseal

_NOWHERE = -1


class About(msgspec.Struct, frozen=True):
    """What the first line says."""

    distribution: str
    versions: tuple[str, ...]
    """Oldest first."""
    packages: tuple[str, ...]
    """Top-level names that the distribution's modules and those that it exports from begin with."""


class _Names(msgspec.Struct, frozen=True, array_like=True):
    names: list[str]
    """All modules, sorted; others refer to their places here."""
    defining: list[int]
    """Modules with entries."""
    exports: dict[str, msgspec.Raw]
    """Public module -> public name -> "version module version module ...", module -1 for none. As text, since thousands
    of lists would take their time."""


_names = msgspec.json.Decoder(_Names)
_exported = msgspec.json.Decoder(dict[str, str])

Exports = Mapping[str, Mapping[str, Sequence[Exported]]]


def family_of(module: str) -> str:
    """The family whose file holds a module: its model family where its path names one, else the module alone.

    A matter of the path alone, so that it is the same for all versions.
    """
    parts = module.split(".")
    if len(parts) > 3 and parts[1] == "models":
        return parts[3] if parts[2] == "deprecated" and len(parts) > 4 else parts[2]
    return module


def pack_index(distribution: str, versions: Sequence[str], defining: Sequence[str], exports: Exports) -> bytes:
    """The bytes of an index file."""
    origins = {
        item.module for names in exports.values() for history in names.values() for item in history if item.module
    }
    names = sorted({*defining, *origins})
    places = {"": _NOWHERE, **{name: place for place, name in enumerate(names)}}
    dates = {version: place for place, version in enumerate(versions)}
    packed = {
        module: {
            name: " ".join(f"{dates[item.since]} {places[item.module]}" for item in history)
            for name, history in sorted(exported.items())
        }
        for module, exported in sorted(exports.items())
    }
    packages = sorted({name.partition(".")[0] for name in (*names, *exports)})
    content = msgspec.json.encode((names, sorted(places[module] for module in defining), packed))
    return seal(content, About(distribution, tuple(versions), tuple(packages)))


class PackedIndex:
    """An index file, with the attributes of `Index`. Its names are decoded when they are first asked for."""

    problems: tuple[str, ...] = ()
    complete = True

    def __init__(self, content: bytes) -> None:
        """Raises Unusable: it is damaged or of another format."""
        self._sealed: Sealed = unseal(content)
        try:
            about = msgspec.json.decode(self._sealed.about, type=About)
        except msgspec.DecodeError as error:
            raise Unusable("it is damaged") from error
        self.distribution = about.distribution
        self.versions = about.versions
        self.packages = frozenset(about.packages)

    @cached_property
    def _content(self) -> _Names:
        return _names.decode(self._sealed.content())

    @cached_property
    def modules(self) -> Mapping[str, str]:
        """Defining module -> family."""
        return _Modules(self._content.names, self._content.defining)

    def is_module(self, name: str) -> bool:
        """Whether there is a module of that name, or one below it."""
        return (
            name in self._content.exports
            or _has(self._content.names, name)
            or any(module.startswith(f"{name}.") for module in self._content.exports)
        )

    @cached_property
    def exports(self) -> Exports:
        """Public module -> public name -> history of where it is defined."""
        make_names = partial(_make_names, partial(_make_history, self.versions, self._content.names))
        return _Lazy(self._content.exports, make_names)


# Functions of no object: an index that holds itself would wait for the collector of cycles.
def _make_names(
    make_history: Callable[[str], Sequence[Exported]], packed: msgspec.Raw
) -> Mapping[str, Sequence[Exported]]:
    return _Lazy(_exported.decode(packed), make_history)


def _make_history(versions: Sequence[str], names: Sequence[str], packed: str) -> Sequence[Exported]:
    numbers = list(map(int, packed.split()))
    return [
        Exported(versions[since], "" if place == _NOWHERE else names[place])
        for since, place in zip(numbers[::2], numbers[1::2], strict=True)
    ]


def _has(names: Sequence[str], name: str) -> bool:
    """Whether sorted names have one, or one below it."""
    place = bisect_left(names, name)
    if place < len(names) and names[place] == name:
        return True
    place = bisect_left(names, f"{name}.")
    return place < len(names) and names[place].startswith(f"{name}.")


class _Modules(Mapping[str, str]):
    """Which family a module belongs to, without a table of all."""

    def __init__(self, names: Sequence[str], defining: Sequence[int]) -> None:
        """`names` are sorted, and so are the places in `defining`."""
        self._names = names
        self._defining = defining

    def __getitem__(self, module: str) -> str:
        place = bisect_left(self._names, module)
        if place == len(self._names) or self._names[place] != module:
            raise KeyError(module)
        at = bisect_left(self._defining, place)
        if at == len(self._defining) or self._defining[at] != place:
            raise KeyError(module)
        return family_of(module)

    def __iter__(self) -> Iterator[str]:
        return (self._names[place] for place in self._defining)

    def __len__(self) -> int:
        return len(self._defining)


_P = TypeVar("_P")
_V = TypeVar("_V")


class _Lazy(Mapping[str, _V], Generic[_P, _V]):
    """A mapping whose values are made when they are asked for; those that are mappings are kept."""

    def __init__(self, packed: Mapping[str, _P], make: Callable[[_P], _V]) -> None:
        self._packed = packed
        self._make = make
        self._kept: dict[str, _V] = {}

    def __getitem__(self, name: str) -> _V:
        if name in self._kept:
            return self._kept[name]
        value = self._make(self._packed[name])
        if isinstance(value, Mapping):
            self._kept[name] = value
        return value

    def __contains__(self, name: object) -> bool:
        return name in self._packed

    def __iter__(self) -> Iterator[str]:
        return iter(self._packed)

    def __len__(self) -> int:
        return len(self._packed)
