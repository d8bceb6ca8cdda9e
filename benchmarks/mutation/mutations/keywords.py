"""Keywords that the callee does not know: made up, of a sister class, misspelt, labels."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from keyward.text import Edit, Span

from .mutation import Aim, CallSpot, Mutant
from .words import misspelt

MADE_UP = "zz_nonsense"
COMMON = ("token_type_ids", "attention_mask", "labels", "head_mask", "mask", "pixel_values")
"""What models at large take, for calls of modules that have no sisters."""


def made_up(spot: CallSpot, random: Random) -> Iterator[Mutant]:
    """`model(x, zz_nonsense=1)`"""
    yield _added(spot, "made-up keyword", MADE_UP, "1")


def of_a_sister(spot: CallSpot, random: Random) -> Iterator[Mutant]:
    """`model(x, token_type_ids=1)`, where another class of the family takes it."""
    names: set[str] = set()
    entry = spot.site.callees[0].entry
    if entry is not None and entry.role == "model":
        for sister in spot.snapshot.world.signatures.sisters(entry):
            names.update(() if sister.call is None else sister.call.keywords)
    for callee in spot.site.callees:
        names.difference_update(callee.signature.keywords)
    choice = sorted(names - spot.passed) or [name for name in COMMON if name not in spot.passed]
    yield _added(spot, "keyword of a sister", random.choice(choice), "1")


def misspelt_keyword(spot: CallSpot, random: Random) -> Iterator[Mutant]:
    """`model(input_idz=x)`: one letter of one keyword."""
    named = list(spot.named())
    if not named:
        return
    argument = random.choice(named)
    name = misspelt(argument.name, random)
    if argument.name_span is None or name in spot.passed:
        return
    span = spot.place(argument.name_span)
    whole = spot.place(argument.span)
    at = Span(whole.start, whole.end + len(name) - len(argument.name))
    yield Mutant("misspelt keyword", (Edit(span, name),), Aim("keyword", name), at, spot.start)


def labels(spot: CallSpot, random: Random) -> Iterator[Mutant]:
    """`model(x, labels=labels)`; where the model takes them, nothing is to be said."""
    entry = spot.site.callees[0].entry
    if entry is not None and entry.role in ("model", "auto") and "labels" not in spot.passed:
        yield _added(spot, "labels for a model without a head", "labels", "labels")


def _added(spot: CallSpot, kind: str, name: str, value: str) -> Mutant:
    edit, at = spot.with_keyword(f"{name}={value}")
    return Mutant(kind, (edit,), Aim("keyword", name), at, spot.start)
