"""Keywords that fit into the call under the cursor, and fields of the output before the dot."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from ..inference.analysis import Callee, CallSite
from ..inference.values import Instance, LibraryClass
from ..signatures.model import Kind
from ..text import Span
from . import describe
from .locate import argument_start
from .repair import call_at, repaired
from .snapshot import Snapshot

_FIELD = re.compile(rb"\.[ \t]*(\w*)\Z")
_NAMED = re.compile(rb"\w*(?=[ \t]*=(?!=))")
LONGEST_PREFIX = 200
"""Bytes before the cursor that are looked at to find the dot."""


@dataclass(frozen=True, slots=True)
class Completion:
    label: str
    """What is shown: `labels=`, `logits`."""
    text: str
    """What is inserted; without the `=` where one stands there already."""
    kind: Literal["keyword", "field"]
    detail: str
    doc: str
    replace: Span
    """What the text takes the place of."""


def completions(snapshot: Snapshot, offset: int) -> tuple[Completion, ...]:
    """Sorted as they are to be shown: what the call still requires first."""
    field = _FIELD.search(snapshot.text, max(0, offset - LONGEST_PREFIX), offset)
    if field is not None:
        return _fields(repaired(snapshot, offset), field.start(), Span(field.start(1), offset))
    snapshot, found = call_at(snapshot, offset)
    if found is None:
        return ()
    site, base = found
    word = argument_start(snapshot.text, site.node.arguments_span.start + base, offset)
    if word is None:
        return ()
    rest = _NAMED.match(snapshot.text, offset)
    return _keywords(site, base, word, "=") if rest is None else _keywords(site, base, Span(word.start, rest.end()), "")


def _keywords(site: CallSite, base: int, word: Span, equals: str) -> tuple[Completion, ...]:
    if not site.callees:
        return ()
    passed = {
        argument.name
        for argument in site.keywords
        if argument.certain and not argument.span.shifted(base).covers(word.end)
    }
    before = sum(1 for argument in site.positional if argument.span.shifted(base).end < word.start)
    ranked: dict[str, tuple[int, Completion]] = {}
    for callee in site.callees:
        for rank, completion in _of_callee(callee, before, word, equals):
            name = completion.label[:-1]
            # A keyword that only some of the candidates take would be wrong for the others.
            if name not in passed and all(other.signature.takes(name) for other in site.callees):
                ranked.setdefault(name, (rank, completion))
    return tuple(completion for _, completion in sorted(ranked.values(), key=lambda pair: pair[0]))


def _of_callee(callee: Callee, before: int, word: Span, equals: str) -> list[tuple[int, Completion]]:
    """Completions with their rank: required parameters, other parameters, effective keywords."""
    found: list[tuple[int, Completion]] = []

    def add(rank: int, name: str, detail: str, doc: str) -> None:
        found.append((rank, Completion(f"{name}=", name + equals, "keyword", detail, doc, word)))

    for index, parameter in enumerate(callee.signature.parameters):
        by_position = parameter.kind is Kind.POSITIONAL_OR_KEYWORD and index >= before
        if by_position or parameter.kind is Kind.KEYWORD_ONLY:
            add(0 if parameter.required else 1, parameter.name, describe.parameter_label(parameter), parameter.doc)
    for name in describe.effective_keywords(callee.signature):
        add(2, name, callee.signature.accepts[name], "")
    return found


def _fields(snapshot: Snapshot, dot: int, word: Span) -> tuple[Completion, ...]:
    valued = snapshot.analysis.value_at(dot)
    if valued is None:
        return ()
    _, value = valued
    common: dict[str, Completion] | None = None
    for atom in value:
        if not (isinstance(atom, Instance) and isinstance(atom.cls, LibraryClass)):
            return ()
        found = snapshot.world.signatures.find(atom.cls.qualified)
        if found is None:
            return ()
        here = {
            field.name: Completion(field.name, field.name, "field", field.annotation, field.doc, word)
            for field in found.entry.fields
        }
        common = here if common is None else {name: common[name] for name in common if name in here}
    return tuple((common or {}).values())
