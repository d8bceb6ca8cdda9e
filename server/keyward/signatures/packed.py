"""The format of the shipped history: what a family says over all versions, each thing once, in a few kilobytes.

The content of a family's file (`_Family`, as JSON) holds tables of the distinct parameters, texts and other values, and
for each entry the versions at which it changed, with what is different from then on. A single entry at a single version
is made without the rest, so that a look-up takes less than a millisecond.

What is written depends on what is said alone, not on the order in which versions were added.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, Generic, TypeVar, overload

import msgspec

from .columns import Values, columns, entry_of
from .model import Dated, Kind, Parameter
from .texts import Key, Texts, Words, join
from .versions import Lazy, order

_GONE = -1
_USUAL = Kind.POSITIONAL_OR_KEYWORD.value


class Chronicle(msgspec.Struct, frozen=True):
    """One entry over all versions: its bare entries, oldest first, and its texts."""

    dated: Sequence[Dated]
    texts: Texts


# --- a family as JSON -------------------------------------------------------------------------------------------------


class _Parameter(msgspec.Struct, frozen=True, array_like=True):
    name: str
    default: str | None = None
    kind: Kind = Kind.POSITIONAL_OR_KEYWORD


class _Text(msgspec.Struct, frozen=True, array_like=True):
    name: str
    annotation: str = ""
    doc: str = ""
    annotation_from: str = ""
    doc_from: str = ""


class _Row(msgspec.Struct, frozen=True, array_like=True):
    """One entry. A change is (place in `versions`, column -> place in `values`, -1 for the default), None: gone."""

    changes: list[tuple[int, dict[str, int] | None]]
    texts: dict[str, list[int]] = {}
    """Place of texts -> places in the table of texts."""


class _Family(msgspec.Struct, frozen=True, array_like=True):
    versions: list[str]
    """Those at which something changes, oldest first."""
    parameters: list[_Parameter]
    texts: list[_Text]
    values: list[msgspec.Raw]
    modules: dict[str, dict[str, msgspec.Raw]]
    """Module -> name -> `_Row`."""


_T = TypeVar("_T")


class _Table(Generic[_T]):
    """Values numbered by first use."""

    def __init__(self) -> None:
        self.numbers: dict[_T, int] = {}

    def number(self, value: _T) -> int:
        return self.numbers.setdefault(value, len(self.numbers))


_families = msgspec.json.Decoder(_Family)
_rows = msgspec.json.Decoder(_Row)
_encode = msgspec.json.Encoder(order="sorted").encode


def pack_family(chronicles: Mapping[tuple[str, str], Chronicle]) -> bytes:
    """The content of a family's file, from chronicles by module and name."""
    dated = {key: list(chronicle.dated) for key, chronicle in chronicles.items()}
    versions = sorted({item.since for items in dated.values() for item in items}, key=order)
    places = {version: place for place, version in enumerate(versions)}
    parameters: _Table[Parameter] = _Table()
    texts: _Table[_Text] = _Table()
    values: _Table[bytes] = _Table()
    modules: dict[str, dict[str, _Row]] = {}
    for (module, name), chronicle in sorted(chronicles.items()):
        changes: list[tuple[int, dict[str, int] | None]] = []
        last: dict[str, int] = {}
        for item in dated[module, name]:
            if item.entry is None:
                changes.append((places[item.since], None))
                continue
            found = columns(item.entry, parameters.number)
            now = {column: values.number(_encode(value)) for column, value in sorted(found.items())}
            difference = {column: value for column, value in now.items() if last.get(column) != value}
            difference.update((column, _GONE) for column in last if column not in now)
            changes.append((places[item.since], difference))
            last = now
        by_place: dict[str, list[int]] = {}
        for (place, what), words in sorted(chronicle.texts.items()):
            text = _Text(what, words.annotation, words.doc, words.annotation_from, words.doc_from)
            by_place.setdefault(place, []).append(texts.number(text))
        modules.setdefault(module, {})[name] = _Row(changes, by_place)
    return _encode(
        (
            versions,
            [_short([item.name, item.default, item.kind.value], [None, _USUAL]) for item in parameters.numbers],
            [_short(list(msgspec.structs.astuple(text)), ["", "", "", ""]) for text in texts.numbers],
            [msgspec.Raw(value) for value in values.numbers],
            modules,
        )
    )


def _short(row: list[Any], defaults: list[Any]) -> list[Any]:
    """A row without what is at its end the default."""
    while len(row) > 1 and row[-1] == defaults[len(row) - 2]:
        row.pop()
    return row


class PackedFamily(Mapping[str, Sequence[Dated]]):
    """The histories of a family by qualified name; each is made when it is asked for."""

    def __init__(self, content: bytes) -> None:
        """Raises ValueError where the content is none of a family."""
        self._family = _families.decode(content)
        self.versions = self._family.versions
        self.texts = self._family.texts
        parameters = [Parameter(item.name, item.kind, item.default) for item in self._family.parameters]
        self.table = Values(self._family.values, parameters)

    @cached_property
    def _names(self) -> dict[str, tuple[str, str]]:
        return {f"{module}.{name}": (module, name) for module, names in self._family.modules.items() for name in names}

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def __getitem__(self, qualified: str) -> History:
        module, name = self._names[qualified]
        return self.history(module, name)

    def history(self, module: str, name: str) -> History:
        """Raises KeyError where there is none."""
        return History(self, module, name, _rows.decode(self._family.modules[module][name]))

    def chronicles(self) -> dict[tuple[str, str], Chronicle]:
        """All of it, as `pack_family` takes it. Bare entries are made when they are asked for."""
        return {
            (module, name): Chronicle(history.bare(), history.texts)
            for module, name in self._names.values()
            for history in (self.history(module, name),)
        }


class History(Lazy):
    """What one entry is over the versions; an item is made when it is asked for."""

    def __init__(self, family: PackedFamily, module: str, name: str, row: _Row, dressed: bool = True) -> None:
        """`dressed`: whether entries come with their texts."""
        self._family = family
        self._dressed = dressed
        self._module = module
        self._name = name
        self._row = row

    @cached_property
    def texts(self) -> dict[Key, Words]:
        table = self._family.texts
        return {
            (place, text.name): Words(text.annotation, text.doc, text.annotation_from, text.doc_from)
            for place, numbers in self._row.texts.items()
            for text in (table[number] for number in numbers)
        }

    def at(self, version: str) -> Dated | None:
        """The item that holds for a version; None before the first."""
        wanted = order(version)
        versions = self._family.versions
        count = sum(order(versions[place]) <= wanted for place, _ in self._row.changes)
        return self[count - 1] if count else None

    def __len__(self) -> int:
        return len(self._row.changes)

    @overload
    def __getitem__(self, index: int) -> Dated: ...
    @overload
    def __getitem__(self, index: slice) -> list[Dated]: ...
    def __getitem__(self, index: int | slice) -> Dated | list[Dated]:
        places = range(len(self))[index]
        if isinstance(places, range):
            return [self[place] for place in places]
        item = self._bare(places)
        return item if item.entry is None or not self._dressed else Dated(item.since, join(item.entry, self.texts))

    @property
    def sinces(self) -> list[str]:
        """The versions of the items."""
        return [self._family.versions[place] for place, _ in self._row.changes]

    def bare(self) -> History:
        """The same without texts."""
        return History(self._family, self._module, self._name, self._row, dressed=False)

    def _bare(self, place: int) -> Dated:
        state: dict[str, int] = {}
        changes = self._row.changes
        since = self._family.versions[changes[place][0]]
        if changes[place][1] is None:
            return Dated(since, None)
        for _, difference in changes[: place + 1]:
            state.update(difference or {})
        there = {column: value for column, value in state.items() if value != _GONE}
        return Dated(since, entry_of(self._module, self._name, there, self._family.table))
