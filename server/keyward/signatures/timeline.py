"""One class or function over the versions of its library: since when, until when, and what became of each keyword.

Pure functions of a history. Unlike `periods.py`, which answers for one keyword, this puts everything together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from .difference import meant
from .model import Dated, Entry, Frozen, Signature
from .periods import Fate, Period, fate_of_field, fate_of_keyword, periods_of, presence
from .texts import signatures_of


class Row(Frozen, frozen=True):
    """What became of one keyword or field. Versions without the class are left out."""

    name: str
    periods: tuple[Period, ...]

    @property
    def throughout(self) -> bool:
        """Whether it was the same all the time."""
        return len(self.periods) == 1


class Table(Frozen, frozen=True):
    """One callable ("forward", "__call__", "" for a function, "__init__", a method) or, under "fields", what a call
    returns."""

    within: str
    rows: tuple[Row, ...]
    others: tuple[Period, ...] = ()
    """Fates of keywords that nothing names."""


class Timeline(Frozen, frozen=True):
    """All that is known of one name."""

    lifetime: tuple[Period, ...]
    """Periods that are "present" or "absent"."""
    modules: tuple[tuple[str, Period], ...]
    """Where it is defined, and when."""
    tables: tuple[Table, ...]

    @property
    def known(self) -> bool:
        """Whether some version has it."""
        return any(period.fate == "present" for period in self.lifetime)


def timeline(
    history: Sequence[Dated], versions: Sequence[str], returned: Callable[[str, str], Entry | None]
) -> Timeline:
    """All that a history tells of a class or function.

    Args:
        history: what the name stands for, oldest version first.
        versions: all that the history covers, oldest first.
        returned: gives the entry of a qualified name in a version, for the classes that calls return.
    """
    modules = dict.fromkeys(item.entry.module for item in history if item.entry is not None)
    return Timeline(
        tuple(periods_of(history, versions, presence)),
        tuple(
            (module, period)
            for module in modules
            for period in periods_of(history, versions, partial(_there, module))
            if period.fate == "present"
        ),
        tuple(_tables(history, versions, returned)),
    )


def _there(module: str, entry: Entry | None) -> Fate:
    return "present" if entry is not None and entry.module == module else "absent"


def _tables(
    history: Sequence[Dated], versions: Sequence[str], returned: Callable[[str, str], Entry | None]
) -> Iterator[Table]:
    signatures: dict[str, list[Signature]] = {}
    within: dict[str, str] = {}
    for item in history:
        for place, signature in signatures_of(item.entry) if item.entry is not None else ():
            if item.entry is not None and not (place == "init" and item.entry.role in ("auto", "output")):
                signatures.setdefault(place, []).append(signature)
                within[place] = _within(place, item.entry)
    for place, known in signatures.items():
        keywords = dict.fromkeys(
            name
            for signature in reversed(known)
            for name in signature.keywords
            if signature.parameter(name) is not None or meant(name, signature.accepts[name]) or _refused(name, known)
        )
        rows = tuple(Row(name, _fates(history, versions, name, place)) for name in keywords)
        yield Table(within[place], rows, _fates(history, versions, _NO_NAME, place))
    yield from _fields(history, versions, returned)


def _refused(keyword: str, known: Sequence[Signature]) -> bool:
    """Whether a keyword that had an effect, however it got it, raises TypeError in a later version."""
    first = next((at for at, signature in enumerate(known) if signature.takes(keyword)), len(known))
    return any(not signature.takes(keyword) and signature.extra == "refused" for signature in known[first:])


_NO_NAME = " "
"""A keyword that nothing can name."""


def _fates(history: Sequence[Dated], versions: Sequence[str], keyword: str, place: str) -> tuple[Period, ...]:
    found = periods_of(history, versions, fate_of_keyword(keyword, place))
    return tuple(period for period in found if period.fate != "absent")


def _within(place: str, entry: Entry) -> str:
    if place == "init":
        return "__init__"
    if place != "call":
        return place.partition(":")[2]
    return "" if entry.role == "function" else "forward" if entry.role in ("model", "module") else "__call__"


def _fields(
    history: Sequence[Dated], versions: Sequence[str], returned: Callable[[str, str], Entry | None]
) -> Iterator[Table]:
    """The fields of what a call returns, or of the output class itself."""
    outputs: list[Dated] = []
    by_version = {item.since: item.entry for item in history}
    entry = None
    for version in versions:
        entry = by_version.get(version, entry)
        holder = entry
        if entry is not None and not entry.fields:
            holder = returned(version, entry.call.returns) if entry.call is not None and entry.call.returns else None
        outputs.append(Dated(version, holder if holder is not None and holder.fields else None))
    names = dict.fromkeys(field.name for item in outputs if item.entry is not None for field in item.entry.fields)
    covered = [item.since for item in outputs if item.entry is not None]
    if names:
        rows = (Row(name, tuple(periods_of(outputs, covered, fate_of_field(name)))) for name in names)
        yield Table("fields", tuple(rows))
