"""Text and positions: the one place where position units are converted.

Inside Keyward a position is a *byte offset* into the UTF-8 text and a range is a `Span` of two of them, because that is
what the parser counts in. Editors count lines and UTF-16 units (or UTF-8 bytes, or code points, as negotiated), people
and the command line count code points from 1. `LineIndex` converts; nothing else does.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from enum import Enum
from itertools import accumulate

import msgspec


class Unit(Enum):
    """What a column counts. The values are the names of the LSP's position encodings."""

    UTF8 = "utf-8"
    UTF16 = "utf-16"
    CODE_POINT = "utf-32"


class Span(msgspec.Struct, frozen=True, order=True, gc=False):
    """Half-open range of byte offsets."""

    start: int
    end: int

    def shifted(self, by: int) -> Span:
        return Span(self.start + by, self.end + by) if by else self

    def covers(self, offset: int) -> bool:
        """Whether a cursor at `offset` touches the range; its end counts."""
        return self.start <= offset <= self.end


class Edit(msgspec.Struct, frozen=True, order=True, gc=False):
    """Replace `span` by `text`."""

    span: Span
    text: str


class Position(msgspec.Struct, frozen=True, order=True, gc=False):
    """Line and column, both from 0; the column in a unit that the holder knows."""

    line: int
    column: int


class LineIndex:
    """Converts between byte offsets and lines with columns, for one text.

    A line ends after LF, CR or CRLF, as the LSP has it. Positions outside the text are clamped into it.
    """

    def __init__(self, text: bytes) -> None:
        self._text = text
        # Lines of bytes end as the LSP's do; those of `str` would end at form feeds and the like too.
        self._starts = [0, *accumulate(map(len, text.splitlines(keepends=True)))]
        if text and not text.endswith((b"\n", b"\r")):
            self._starts.pop()

    @property
    def n_lines(self) -> int:
        return len(self._starts)

    def line_span(self, line: int) -> Span:
        """The line's text without its line end."""
        start = self._starts[line]
        end = self._starts[line + 1] if line + 1 < len(self._starts) else len(self._text)
        while end > start and self._text[end - 1] in (0x0A, 0x0D):
            end -= 1
        return Span(start, end)

    def whole_line(self, line: int) -> Span:
        """The line's text with its line end."""
        end = self._starts[line + 1] if line + 1 < len(self._starts) else len(self._text)
        return Span(self._starts[line], end)

    def position(self, offset: int, unit: Unit) -> Position:
        offset = max(0, min(offset, len(self._text)))
        line = bisect_right(self._starts, offset) - 1
        before = self._text[self._starts[line] : offset]
        return Position(line, _width(before, unit))

    def offset(self, position: Position, unit: Unit) -> int:
        if position.line < 0:
            return 0
        if position.line >= len(self._starts):
            return len(self._text)
        span = self.line_span(position.line)
        line = self._text[span.start : span.end]
        if unit is Unit.UTF8 or line.isascii():
            return span.start + max(0, min(position.column, len(line)))
        text = line.decode("utf-8", "surrogateescape")
        width = 0
        for at, character in enumerate(text):
            if width >= position.column:
                return span.start + len(text[:at].encode("utf-8", "surrogateescape"))
            width += 2 if unit is Unit.UTF16 and ord(character) > 0xFFFF else 1
        return span.end


def _width(text: bytes, unit: Unit) -> int:
    if unit is Unit.UTF8 or text.isascii():
        return len(text)
    decoded = text.decode("utf-8", "surrogateescape")
    if unit is Unit.CODE_POINT:
        return len(decoded)
    return len(decoded) + sum(ord(character) > 0xFFFF for character in decoded)


def apply_edits(text: bytes, edits: Iterable[Edit]) -> bytes:
    """The text with all edits applied.

    Raises ValueError when two edits overlap: the caller has to leave one out.
    """
    ordered: Sequence[Edit] = sorted(set(edits))
    parts: list[bytes] = []
    at = 0
    for edit in ordered:
        if edit.span.start < at:
            raise ValueError("two edits overlap")
        parts += (text[at : edit.span.start], edit.text.encode("utf-8", "surrogateescape"))
        at = edit.span.end
    return b"".join((*parts, text[at:]))
