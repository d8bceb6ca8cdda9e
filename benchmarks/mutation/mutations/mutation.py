"""What a mutation is given, and what it makes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from calls import Target

from keyward.features.snapshot import Snapshot
from keyward.inference.analysis import CallSite, FieldRead
from keyward.source import syntax
from keyward.source.unit import Unit
from keyward.text import Edit, Span

Sort = Literal["keyword", "missing", "surplus", "repeated", "field"]
"""What is broken: a keyword has no effect or is refused, a parameter has no value, there are too many arguments by
position, a parameter has two values, an attribute is not there."""


@dataclass(frozen=True)
class Aim:
    """What a mutant is meant to break. Whether it does, the library says."""

    sort: Sort
    subject: str = ""
    """The keyword or field; of a missing parameter, its name where the mutation knows it."""


@dataclass(frozen=True)
class Mutant:
    """A change of one call, or of one read of its result."""

    kind: str
    edits: tuple[Edit, ...]
    aim: Aim
    at: Span
    """Where a finding has to stand, in the changed text."""
    call: int = -1
    """Where the call begins in the changed text; -1: it is about a read."""
    targets: tuple[Target, ...] | None = None
    """What is called instead; None: what was called before."""


@dataclass(frozen=True)
class Spot:
    """A resolved call, or a read of a field of its result, in its file."""

    snapshot: Snapshot
    unit: Unit

    @property
    def text(self) -> bytes:
        return self.snapshot.text

    def place(self, span: Span) -> Span:
        """A span of the unit's syntax, in the file."""
        return span.shifted(self.unit.start)

    def code(self, span: Span) -> str:
        place = self.place(span)
        return self.text[place.start : place.end].decode("utf-8", "replace")


@dataclass(frozen=True)
class CallSpot(Spot):
    site: CallSite

    @property
    def start(self) -> int:
        return self.site.span.start + self.unit.start

    @property
    def function(self) -> Span:
        return self.place(self.site.node.function.span)

    @property
    def arguments(self) -> tuple[syntax.Argument, ...]:
        return self.site.node.arguments

    @property
    def passed(self) -> frozenset[str]:
        return frozenset(argument.name for argument in self.arguments if argument.name)

    def positional(self) -> list[syntax.Argument]:
        return [argument for argument in self.arguments if not argument.name and argument.stars != 2]

    def named(self) -> Iterator[syntax.Argument]:
        return (argument for argument in self.arguments if argument.name)

    def with_keyword(self, text: str) -> tuple[Edit, Span]:
        """The edit that adds an argument at the end, and where the argument then stands."""
        if self.arguments:
            at = self.place(self.arguments[-1].span).end
            return Edit(Span(at, at), f", {text}"), Span(at + 2, at + 2 + len(text))
        at = self.place(self.site.node.arguments_span).start + 1
        return Edit(Span(at, at), text), Span(at, at + len(text))

    def with_positional(self, text: str) -> tuple[Edit, Span]:
        """The edit that adds arguments behind the last one by position, and where they then stand."""
        before = self.positional()
        if before:
            at = self.place(before[-1].span).end
            return Edit(Span(at, at), f", {text}"), Span(at + 2, at + 2 + len(text))
        at = self.place(self.site.node.arguments_span).start + 1
        rest = ", " if self.arguments else ""
        return Edit(Span(at, at), f"{text}{rest}"), Span(at, at + len(text))

    def without(self, argument: syntax.Argument) -> Edit:
        """The edit that takes an argument out with a comma."""
        index = self.arguments.index(argument)
        span = self.place(argument.span)
        if index + 1 < len(self.arguments):
            return Edit(Span(span.start, self.place(self.arguments[index + 1].span).start), "")
        if index:
            return Edit(Span(self.place(self.arguments[index - 1].span).end, span.end), "")
        comma = self.text[span.end : self.place(self.site.node.arguments_span).end].lstrip().startswith(b",")
        return Edit(Span(span.start, self.text.index(b",", span.end) + 1 if comma else span.end), "")


@dataclass(frozen=True)
class ReadSpot(Spot):
    read: FieldRead


def moved(offset: int, edits: tuple[Edit, ...]) -> int:
    """Where a place that no edit touches is afterwards."""
    return offset + sum(
        len(edit.text.encode()) - (edit.span.end - edit.span.start) for edit in edits if edit.span.end <= offset
    )
