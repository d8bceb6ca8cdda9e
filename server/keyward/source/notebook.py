"""Notebooks: one source of all code cells, in their order, and the way back from it to the cells.

What is no Python (`%magic`, `!shell`, `help?`, cells in other languages) is blanked to something that means nothing and
is as long, so that offsets stay what they are. Cells are parted by an empty line that belongs to none of them: a place
is never in two cells. Nothing here knows how notebooks are stored: an editor hands over cells, `ipynb` reads files.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from itertools import accumulate

from ..text import Edit, LineIndex, Span, apply_edits

_PYTHON_BODIES = frozenset((b"time", b"capture", b"prun"))
"""Cell magics that run what follows as Python, in the notebook's own names. `%%timeit` keeps none of the names."""

_CELL_MAGIC = re.compile(rb"\s*?^[ \t]*%%(\w*)[^\n]*", re.MULTILINE)
_INSTALLING = rb"(?:pip|conda|mamba|uv)[ \t]+(?:pip[ \t]+)?(?:install|uninstall|update)\b"
"""What people write without a `%`, which IPython allows."""
_MAGIC = re.compile(rb"[ \t]*(?=[%!?]|" + _INSTALLING + rb")|[ \t]*(?=%{0,2}[\w.*]+\?{1,2}[ \t\r]*(?:\n|\Z))")
_ASSIGNED = re.compile(rb"[ \t]*[A-Za-z_][\w., \t\[\]*]*=[ \t]*(?=[%!])")
_TO_END = re.compile(rb"(?:[^\n\\]|\\\r?\n|\\)*")
"""The rest of a line, and the lines that a backslash continues it by."""
_TOKEN = re.compile(
    rb"""(?P<string>[A-Za-z]{0,2}(?P<quotes>\"{3}|'{3}|\"|'))|(?P<comment>\#[^\n]*)"""
    rb"""|(?P<open>[(\[{])|(?P<close>[)\]}])|(?P<on>\\\r?\n)|(?P<end>\n)|[A-Za-z_]\w*|[^\w"'\#()\[\]{}\\\n]+|.""",
    re.DOTALL,
)


@dataclass(frozen=True)
class Cell:
    """A code cell."""

    number: int
    """Among all cells, from 1."""
    text: bytes
    """In UTF-8, as it is."""
    is_python: bool = True

    @cached_property
    def lines(self) -> LineIndex:
        return LineIndex(self.text)


@dataclass(frozen=True)
class Notebook:
    """The code cells of a notebook as one source."""

    cells: tuple[Cell, ...]

    @cached_property
    def text(self) -> bytes:
        """The source: each cell with a line end, and an empty line."""
        return b"".join(_padded(_blanked(cell.text, cell.is_python)[0]) + b"\n" for cell in self.cells)

    @cached_property
    def _starts(self) -> Sequence[int]:
        lengths = (len(_padded(cell.text)) + 1 for cell in self.cells)
        return [0, *accumulate(lengths)][: len(self.cells)]

    def place(self, offset: int) -> tuple[int, int] | None:
        """The cell (by index) that an offset of the source is in, and the offset there; None: there are no cells.

        The end of a cell is its last place, be it after the line end that the source adds.
        """
        if not self.cells:
            return None
        index = max(0, bisect_right(self._starts, offset) - 1)
        return index, max(0, min(offset - self._starts[index], len(self.cells[index].text)))

    def offset(self, index: int, at: int) -> int:
        """The offset in the source of one in a cell."""
        return self._starts[index] + max(0, min(at, len(self.cells[index].text)))

    def span(self, span: Span) -> tuple[int, Span] | None:
        """The cell that a span of the source begins in, and the part of the span that is there."""
        found = self.place(span.start)
        if found is None:
            return None
        index, start = found
        end = min(span.end - self._starts[index], len(self.cells[index].text))
        return index, Span(start, max(start, end))

    def edited(self, edits: Iterable[Edit]) -> Notebook | None:
        """The notebook after edits of the source; None where one of them does not stay within the Python of a cell.

        Raises ValueError when two edits overlap.
        """
        by_cell: dict[int, list[Edit]] = {}
        for edit in set(edits):
            index = max(0, bisect_right(self._starts, edit.span.start) - 1)
            if not self.cells or not self._allows(index, edit):
                return None
            by_cell.setdefault(index, []).append(Edit(edit.span.shifted(-self._starts[index]), edit.text))
        cells = list(self.cells)
        for index, inside in by_cell.items():
            text = cells[index].text
            new = apply_edits(_padded(text), inside)
            if not text.endswith(b"\n") and new.endswith(b"\n"):
                new = new[:-1]
            cells[index] = replace(cells[index], text=new)
        return Notebook(tuple(cells))

    def _allows(self, index: int, edit: Edit) -> bool:
        cell, base = self.cells[index], self._starts[index]
        start, end = edit.span.start - base, edit.span.end - base
        _, blanks, first = _blanked(cell.text, cell.is_python)
        if start < first or end > len(_padded(cell.text)):
            return False
        if start == end and edit.text.endswith("\n"):  # a line of its own may come before a blanked one
            return not any(blank.start < start < blank.end for blank in blanks)
        return not any(start < blank.end and blank.start < max(end, start + 1) for blank in blanks)


def _padded(text: bytes) -> bytes:
    return text if text.endswith(b"\n") else text + b"\n"


@lru_cache(maxsize=1024)
def _blanked(text: bytes, is_python: bool) -> tuple[bytes, tuple[Span, ...], int]:
    """A cell's text with blanks for what is no Python, where those are, and the offset from which there is Python."""
    first = 0
    if (magic := _CELL_MAGIC.match(text)) is not None or not is_python:
        if magic is None or magic[1] not in _PYTHON_BODIES:
            return re.sub(rb"[^\r\n]", b" ", text), (Span(0, len(text)),), len(text) + 1
        first = magic.end()
    out = bytearray(text)
    out[:first] = re.sub(rb"[^\r\n]", b" ", text[:first])
    spans = [Span(0, first)] if first else []
    at, depth, fresh = first, 0, True
    while at < len(text):
        if fresh and depth == 0:
            if (assigned := _ASSIGNED.match(text, at)) is not None:
                spans.append(_blank(out, text, assigned.end(), b"__"))  # a name that nobody gives a value
                at, fresh = spans[-1].end, False
                continue
            if (magic := _MAGIC.match(text, at)) is not None:
                spans.append(_blank(out, text, magic.end(), b"0"))  # a statement, lest a block be empty
                at, fresh = spans[-1].end, False
                continue
        token = _TOKEN.match(text, at)
        assert token is not None
        at, fresh = token.end(), False
        if token["string"]:
            at = _end_of_string(text, at, token["quotes"], token["string"])
        elif token["open"]:
            depth += 1
        elif token["close"]:
            depth = max(0, depth - 1)
        elif token["end"]:
            fresh = True
    return bytes(out), tuple(spans), first


def _blank(out: bytearray, text: bytes, start: int, instead: bytes) -> Span:
    """Blanks the rest of a line, and the lines that continue it; what is written `instead` is no longer than it."""
    rest = _TO_END.match(text, start)
    assert rest is not None
    end = start + len(rest[0].rstrip(b"\r"))
    # A line that goes on by a backslash goes on as blanks.
    out[start:end] = re.sub(rb"[^\r\n]", b" ", text[start:end])
    written = instead[: end - start]
    out[start : start + len(written)] = written
    return Span(start, end)


def _end_of_string(text: bytes, at: int, quotes: bytes, opening: bytes) -> int:
    """The offset after a string whose text begins at `at`; of one without end, where its line ends."""
    stop = re.escape(quotes) if len(quotes) == 3 else re.escape(quotes) + rb"|(?=\n)"
    found = re.compile(rb"(?:\\.|(?!" + stop + rb").)*(?:" + stop + rb"|\Z)", re.DOTALL).match(text, at)
    assert found is not None
    return found.end()
