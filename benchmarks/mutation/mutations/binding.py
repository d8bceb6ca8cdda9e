"""Calls that cannot bind: an argument too many by position, a required one dropped, a value twice."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from keyward.signatures.model import Kind
from keyward.text import Span

from .mutation import Aim, CallSpot, Mutant

N_DROPPED = 2
"""Arguments of one call that are dropped, each in a mutant of its own."""
_PLACES = (Kind.POSITIONAL_ONLY, Kind.POSITIONAL_OR_KEYWORD)


def surplus(spot: CallSpot, random: Random) -> Iterator[Mutant]:
    """As many values by position as there are places, and one more. What has a keyword already gets a second value."""
    n_places = max(sum(p.kind in _PLACES for p in callee.signature.parameters) for callee in spot.site.callees)
    n_more = max(n_places - len(spot.positional()), 0) + 1
    edit, at = spot.with_positional(", ".join(["None"] * n_more))
    yield Mutant("positional too many", (edit,), Aim("surplus"), Span(at.end - len("None"), at.end), spot.start)


def dropped(spot: CallSpot, random: Random) -> Iterator[Mutant]:
    """The call without an argument: the last by position, or any by keyword. Where it was optional, nothing is to be
    said."""
    by_position = [argument for argument in spot.positional()[-1:] if not argument.stars]
    candidates = [*by_position, *spot.named()]
    for argument in random.sample(candidates, min(N_DROPPED, len(candidates))):
        yield Mutant("argument dropped", (spot.without(argument),), Aim("missing"), spot.function, spot.start)


def repeated(spot: CallSpot, random: Random) -> Iterator[Mutant]:
    """`model(x, input_ids=x)`"""
    by_position = spot.positional()
    if not by_position or by_position[0].stars:
        return
    first = next((p.name for p in spot.site.callees[0].signature.parameters), "")
    if not first or first in spot.passed:
        return
    edit, at = spot.with_keyword(f"{first}=None")
    yield Mutant("value given twice", (edit,), Aim("repeated", first), at, spot.start)
