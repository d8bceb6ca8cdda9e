"""The base model in the place of one with a head."""

from __future__ import annotations

import re
from collections.abc import Iterator
from random import Random

from calls import Target

from keyward.inference.analysis import FieldRead
from keyward.signatures.model import Entry
from keyward.text import Edit, Span

from .mutation import Aim, CallSpot, Mutant, moved

_HEAD = re.compile(r"(.+?)(?:For[A-Z]\w*|LMHeadModel|DoubleHeadsModel)")
_OF_HEADS = ("loss", "logits")


def base_for_head(spot: CallSpot, random: Random) -> Iterator[Mutant]:
    """`BertModel` wherever the file says `BertForMaskedLM`: the labels of the call are lost, and the loss or logits
    that are read from its result."""
    if len(spot.site.callees) != 1 or (head := spot.site.callees[0].entry) is None:
        return
    base = _base(head, spot)
    if base is None or re.search(rb"\bclass %s\b" % head.name.encode(), spot.text):
        return
    names = re.finditer(rb"\b%s\b" % re.escape(head.name.encode()), spot.text)
    edits = tuple(Edit(Span(*match.span()), base.name) for match in names)
    if not edits:
        return
    package = base.module.partition(".")[0]
    if base.role == "auto":
        given = dict.fromkeys(name for names in base.mapping.values() for name in names)
        targets = tuple(Target("class", f"{package}.{name}") for name in given)
    else:
        targets = (Target("class", base.qualified),)
    for argument in spot.named():
        if argument.name == "labels":
            span = spot.place(argument.span)
            at = Span(moved(span.start, edits), moved(span.end, edits))
            yield Mutant(
                "base for head: labels", edits, Aim("keyword", "labels"), at, moved(spot.start, edits), targets
            )
    outputs = tuple(Target("returned", target.name) for target in targets)
    for read in _reads_of(spot):
        span = spot.place(read.field_span)
        at = Span(moved(span.start, edits), moved(span.end, edits))
        yield Mutant("base for head: result", edits, Aim("field", read.field), at, targets=outputs)


def _base(head: Entry, spot: CallSpot) -> Entry | None:
    match = _HEAD.fullmatch(head.name)
    package = head.module.partition(".")[0]
    if match is None or head.role not in ("model", "auto"):
        return None
    name = "AutoModel" if head.role == "auto" else f"{match[1]}Model"
    found = spot.snapshot.world.signatures.find(f"{package}.{name}")
    return None if found is None else found.entry


def _reads_of(spot: CallSpot) -> Iterator[FieldRead]:
    """Reads of what only heads return, from the result of this class, in the unit of the call. Those that fail as they
    are are no use."""
    result = next(result for unit, result in spot.snapshot.analysis.results if unit is spot.unit)
    cls = spot.site.callees[0].cls
    for read in result.reads:
        made_here = all(owner.producer is not None and owner.producer.cls == cls for owner in read.owners)
        if made_here and read.field in _OF_HEADS and all(read.field in owner.fields for owner in read.owners):
            yield read
