"""Versions: their order, and what of a history holds for one of them."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import TypeVar

from packaging.version import InvalidVersion, Version

from .model import Dated, Exported

_DatedT = TypeVar("_DatedT", Dated, Exported)


class Lazy(Sequence[Dated]):
    """A history that makes its items when they are asked for."""

    @abstractmethod
    def at(self, version: str) -> Dated | None:
        """The item that holds for a version; None before the first."""


def same_version(one: str, other: str) -> bool:
    """Whether two versions are the same release; a local build (`2.13.0+cpu`) is that of its release."""
    return one.partition("+")[0] == other.partition("+")[0]


@lru_cache(maxsize=512)
def order(version: str) -> Version:
    """The sort key of a version; a local build counts as its release."""
    try:
        return Version(version.partition("+")[0])
    except InvalidVersion:
        return Version("0")


def at_version(history: Iterable[_DatedT], version: str) -> _DatedT | None:
    """The item of a history that holds for a version."""
    if isinstance(history, Lazy):
        return history.at(version)
    wanted = order(version)
    found = None
    for item in history:
        if order(item.since) <= wanted:
            found = item
    return found


def nearest(version: str, covered: Sequence[str]) -> str:
    """The covered version that speaks for another: itself, else of the same minor release the next one, else the last.

    "" where that minor release is not covered.
    """
    wanted = order(version)
    same_minor = sorted((item for item in covered if _minor(order(item)) == _minor(wanted)), key=order)
    return next((item for item in same_minor if order(item) >= wanted), same_minor[-1] if same_minor else "")


def _minor(version: Version) -> tuple[int, ...]:
    return (version.major, version.minor)
