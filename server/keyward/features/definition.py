"""Where the thing that is called is defined."""

from __future__ import annotations

from dataclasses import dataclass

from ..inference.analysis import Callee
from .locate import argument_at
from .snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class InFile:
    """A function or class of the user's."""

    path: str
    qualname: str


@dataclass(frozen=True, slots=True)
class InLibrary:
    """A class or function of a library, as its signatures place it."""

    file: str
    """Relative to the folder that holds the top-level package."""
    line: int
    """Of the class or function, from 1."""
    method: str
    """The method of the class that is meant; "" for the class or function itself."""


Place = InFile | InLibrary


def definitions(snapshot: Snapshot, offset: int) -> tuple[Place, ...]:
    """What the call that the cursor's name or keyword belongs to reaches: a model's forward, a function, a class."""
    if (found := argument_at(snapshot, offset)) is not None:
        callees = found[0].callees
    elif (valued := snapshot.analysis.value_at(offset)) is not None:
        callees = snapshot.analysis.callees_of(valued[1])
    else:
        return ()
    return tuple(dict.fromkeys(place for callee in callees if (place := _place(callee)) is not None))


def _place(callee: Callee) -> Place | None:
    if callee.definition is not None:
        return InFile(*callee.definition)
    entry = callee.entry
    if entry is None or not entry.file or not entry.line:
        return None
    method = {"forward": "forward", "construct": "__init__", "function": ""}[callee.kind]
    return InLibrary(entry.file, entry.line, method)
