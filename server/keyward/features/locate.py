"""What stands at an offset, for the features."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..inference.analysis import CallSite, FieldRead
from ..source import syntax
from ..text import Span
from .snapshot import Snapshot

_TOKEN = re.compile(
    rb"""[rbfuRBFU]{0,2}(?:\"\"\".*?(?:\"\"\"|\Z)|'''.*?(?:'''|\Z)|"(?:\\.|[^"\\\n])*"?|'(?:\\.|[^'\\\n])*'?)"""
    rb"""|\#[^\n]*|[\[({]|[\])}]|,|\w+|\s+|.""",
    re.DOTALL,
)


def argument_at(snapshot: Snapshot, offset: int) -> tuple[CallSite, int, syntax.Argument] | None:
    """The `name=value` argument whose name the cursor is on, with its call and the base of its spans."""
    found = snapshot.analysis.call_at(offset)
    if found is None:
        return None
    site, base = found
    for argument in site.node.arguments:
        if argument.name and argument.name_span is not None and argument.name_span.covers(offset - base):
            return site, base, argument
    return None


def read_at(snapshot: Snapshot, offset: int) -> tuple[FieldRead, int] | None:
    """The read of an output's field that the cursor is on, with the base of its spans."""
    for unit, result in snapshot.analysis.results:
        if unit.start <= offset <= unit.end:
            for read in result.reads:
                if read.field_span.covers(offset - unit.start):
                    return read, unit.start
    return None


def tokens(text: bytes, start: int, end: int) -> Iterator[tuple[bytes, int]]:
    """Brackets, commas, words, strings, comments, white space and other characters, with their offsets."""
    return ((match[0], match.start()) for match in _TOKEN.finditer(text, start, end))


def argument_start(text: bytes, opening: int, offset: int) -> Span | None:
    """The span of the identifier, empty or begun, that ends at the cursor and could become an argument of the call
    whose parenthesis opens at `opening`; None where the cursor is in a value, a string, a comment or other brackets.
    """
    depth = 0
    fresh = False
    word: Span | None = None
    for token, at in tokens(text, opening, offset):
        word = None
        if token in (b"(", b"[", b"{"):
            depth += 1
            fresh = depth == 1
        elif token in (b")", b"]", b"}"):
            depth -= 1
            fresh = False
            if depth == 0:
                return None
        elif token == b",":
            fresh = depth == 1
        elif token.startswith(b"#"):
            if at + len(token) == offset:
                return None
        elif token.isspace():
            continue
        elif fresh and (token[:1].isalpha() or token[:1] == b"_") and token[-1:] not in (b'"', b"'"):
            word = Span(at, at + len(token))
            fresh = False
        else:
            fresh = False
    if word is not None and word.end == offset:
        return word
    return Span(offset, offset) if fresh and depth == 1 else None
