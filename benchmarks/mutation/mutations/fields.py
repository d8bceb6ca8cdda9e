"""Fields that the result of a call does not have."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from keyward.source import syntax
from keyward.text import Edit, Span

from .mutation import Aim, Mutant, ReadSpot
from .words import misspelt


def loss(spot: ReadSpot, random: Random) -> Iterator[Mutant]:
    """`outputs.loss` in the place of another field; where there is one, nothing is to be said."""
    if spot.read.field != "loss":
        yield _read(spot, "loss of a result", "loss")


def misspelt_field(spot: ReadSpot, random: Random) -> Iterator[Mutant]:
    """`outputs.last_hiden_state`"""
    yield _read(spot, "misspelt field", misspelt(spot.read.field, random))


def _read(spot: ReadSpot, kind: str, field: str) -> Mutant:
    span = spot.place(spot.read.field_span)
    old = spot.code(spot.read.field_span)
    quoted = not isinstance(spot.read.node, syntax.Attribute)
    text = old.replace(spot.read.field, field) if quoted else field
    at = Span(span.start, span.start + len(text.encode()))
    return Mutant(kind, (Edit(span, text),), Aim("field", field), at)
