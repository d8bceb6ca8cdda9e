"""One class or function over the versions of its library: since when, until when, and what became of each keyword.

Pure functions over (version, entry) pairs, oldest first, one for each version that is known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from .difference import Fate, fate, meant
from .model import Entry, Frozen, Signature

Version = tuple[str, Entry | None]
"""A version, and how it has the class or function; None: it has none."""


class Run(Frozen, frozen=True):
    """Consecutive known versions in which something is the same."""

    value: str
    since: str
    until: str


class Row(Frozen, frozen=True):
    """What became of one keyword or field. Versions without the class are left out of it."""

    name: str
    runs: tuple[Run, ...]

    @property
    def throughout(self) -> bool:
        """Whether it was the same all the time."""
        return len(self.runs) == 1


class Table(Frozen, frozen=True):
    """One callable ("forward", "__init__", a method) or, under "fields", what a call returns."""

    within: str
    rows: tuple[Row, ...]
    others: tuple[Run, ...] = ()
    """Fates of keywords that nothing names."""


class Timeline(Frozen, frozen=True):
    presence: tuple[Run, ...]
    """Runs of "present" and "absent"."""
    modules: tuple[Run, ...]
    """Where it is defined."""
    replaced_by: str
    """What took its place, as the library says."""
    tables: tuple[Table, ...]

    @property
    def known(self) -> bool:
        """Whether some version has it."""
        return any(run.value == "present" for run in self.presence)


def timeline(versions: Sequence[Version], returned: Callable[[str, str], Entry | None]) -> Timeline:
    """All that the versions tell of a class or function.

    Args:
        versions: every known version.
        returned: gives the entry of a qualified name in a version, for the classes that calls return.
    """
    present = [(version, entry) for version, entry in versions if entry is not None]
    replaced = [entry.replaced_by for _, entry in present if entry.replaced_by]
    return Timeline(
        runs((version, "absent" if entry is None else "present") for version, entry in versions),
        runs((version, entry.module) for version, entry in present),
        replaced[-1] if replaced else "",
        tuple(_tables(present, returned)),
    )


def runs(values: Iterator[tuple[str, str]] | Sequence[tuple[str, str]]) -> tuple[Run, ...]:
    """Equal neighbours taken together."""
    found: list[Run] = []
    for version, value in values:
        if found and found[-1].value == value:
            found[-1] = Run(value, found[-1].since, version)
        else:
            found.append(Run(value, version, version))
    return tuple(found)


def _tables(present: Sequence[tuple[str, Entry]], returned: Callable[[str, str], Entry | None]) -> Iterator[Table]:
    places: dict[str, list[tuple[str, Signature]]] = {}
    fields: list[tuple[str, frozenset[str]]] = []
    order: dict[str, None] = {}
    for version, entry in present:
        for within, signature in signatures(entry):
            places.setdefault(within, []).append((version, signature))
        holder = entry if entry.fields else returned(version, entry.call.returns) if entry.call is not None else None
        if holder is not None and holder.fields:
            names = [field.name for field in holder.fields]
            fields.append((version, frozenset(names)))
            order.update(dict.fromkeys(names))
    for within, known in places.items():
        keywords = dict.fromkeys(
            name
            for _, signature in reversed(known)
            for name in signature.keywords
            if signature.parameter(name) is not None or meant(name, signature.accepts[name])
        )
        rows = tuple(Row(name, runs([(v, _fate(signature, name)) for v, signature in known])) for name in keywords)
        yield Table(within, rows, runs([(version, signature.extra) for version, signature in known]))
    if fields:
        yield Table(
            "fields",
            tuple(Row(n, runs([(v, "there" if n in names else "gone") for v, names in fields])) for n in order),
        )


def signatures(entry: Entry) -> Iterator[tuple[str, Signature]]:
    """The callables of an entry by name: "" for a function, "forward" or "__call__", "__init__", methods."""
    if entry.call is not None:
        named = "" if entry.role == "function" else "forward" if entry.role in ("model", "module") else "__call__"
        yield named, entry.call
    if entry.init is not None and entry.role not in ("auto", "output"):
        yield "__init__", entry.init
    yield from entry.methods.items()


def _fate(signature: Signature, keyword: str) -> Fate | str:
    parameter = signature.parameter(keyword)
    if parameter is not None and parameter.required:
        return "required"
    return fate(signature, keyword)
