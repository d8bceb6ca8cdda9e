"""What is in a file that is checked: its source, where a place of that is in the file, and how it is written back."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

from ..source import ipynb
from ..source.ipynb import NotebookFile
from ..source.notebook import Notebook
from ..text import LineIndex, Span
from .fixing import Editable, Plain


@dataclass(frozen=True, slots=True)
class Located:
    """A span as people are shown it: in a file, or in a cell of a notebook."""

    lines: LineIndex
    span: Span
    """In the text that `lines` is of."""
    cell: int = 0
    """Number of the cell, 0 where there is none."""
    file_line: int = 0
    """Of a cell: the line of the file that it begins in."""


class Content(ABC):
    data: bytes
    """The file as it is."""

    @property
    @abstractmethod
    def source(self) -> Editable:
        """What is checked."""

    @abstractmethod
    def written(self, source: Editable) -> bytes:
        """The file with another source, which edits made of its own."""


@dataclass(frozen=True, slots=True)
class Script(Content):
    data: bytes

    @property
    def source(self) -> Plain:
        return Plain(self.data)

    def written(self, source: Editable) -> bytes:
        return source.text


@dataclass(frozen=True, slots=True)
class Cells(Content):
    data: bytes
    file: NotebookFile

    @property
    def source(self) -> Notebook:
        return self.file.notebook

    def written(self, source: Editable) -> bytes:
        assert isinstance(source, Notebook)
        return self.file.written(source)


def content(name: str, data: bytes) -> Content:
    """What a file of that name holds.

    Raises:
        NotebookError: it should be a notebook, and is none.
    """
    return Cells(data, ipynb.read(data)) if name.endswith(ipynb.SUFFIX) else Script(data)


def located(content: Content, lines: LineIndex, span: Span) -> Located:
    """Where a span of the source is; `lines` are those of the source."""
    if not isinstance(content, Cells) or (found := content.source.span(span)) is None:
        return Located(lines, span)
    index, inside = found
    cell = content.source.cells[index]
    return Located(cell.lines, inside, cell.number, content.file.line(index, inside.start))
