"""Since when and until when: what the history says of a class, of a keyword and of an output's field."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Literal

from .model import Dated, Entry, Frozen
from .texts import signature_at

Fate = Literal[
    "present",  # of a class, a function or a field
    "accepted",  # of a keyword: it has an effect
    "ignored",  # it vanishes into `**kwargs`
    "refused",  # it raises `TypeError`
    "open",  # that cannot be known
    "absent",  # there is no such class, function, method or field
]


class Period(Frozen, frozen=True):
    """What held in a run of covered versions.

    `since` being the oldest version covered does not tell that it began there.
    """

    fate: Fate
    since: str
    """First version of the run."""
    until: str
    """Last version of the run."""


def periods_of(history: Sequence[Dated], versions: Sequence[str], fate: Callable[[Entry | None], Fate]) -> list[Period]:
    """A history over the versions covered (oldest first), told as what becomes of something."""
    runs: list[tuple[Fate, str, str]] = []
    for version, entry in _each(history, versions):
        now = fate(entry)
        if runs and runs[-1][0] == now:
            runs[-1] = (now, runs[-1][1], version)
        else:
            runs.append((now, version, version))
    return [Period(*run) for run in runs]


def _each(history: Sequence[Dated], versions: Sequence[str]) -> Iterator[tuple[str, Entry | None]]:
    by_version = {item.since: item.entry for item in history}
    entry = None
    for version in versions:
        entry = by_version.get(version, entry)
        yield version, entry


def presence(entry: Entry | None) -> Fate:
    """Whether there is a class or function."""
    return "absent" if entry is None else "present"


def fate_of_field(name: str) -> Callable[[Entry | None], Fate]:
    """Whether an output has a field, or a further attribute, of that name."""

    def fate(entry: Entry | None) -> Fate:
        there = entry is not None and (any(field.name == name for field in entry.fields) or name in entry.members)
        return "present" if there else "absent"

    return fate


def fate_of_keyword(name: str, place: str) -> Callable[[Entry | None], Fate]:
    """What becomes of a keyword; `place` is "init", "call" or "method:NAME"."""

    def fate(entry: Entry | None) -> Fate:
        if entry is None:
            return "absent"
        signature = signature_at(entry, place)
        if signature is None:
            return "absent" if place.startswith("method:") else "open"
        return "accepted" if signature.takes(name) else signature.extra

    return fate
