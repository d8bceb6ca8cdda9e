"""Notebook files (`.ipynb`, nbformat 4): reading the code cells, and writing changed ones back into the text as it was.

The file is JSON. Where each cell's source stands in it is noted, and a changed source takes the place of the old one
and of nothing else: indentation, outputs, order and escapes stay. The format: https://nbformat.readthedocs.io.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ..text import Span
from .notebook import Cell, Notebook

SUFFIX = ".ipynb"

_SPACE = re.compile(r"[ \t\r\n]*")
_SURROGATE = re.compile("[\ud800-\udfff]")
_LINES = re.compile(r"[^\n]*\n|[^\n]+")
_DECODER = json.JSONDecoder(strict=False)
_LANGUAGES = ("python", "ipython")


class NotebookError(Exception):
    """A file is no notebook that can be read; the text says why, and goes on after the file's name."""


@dataclass(frozen=True, slots=True)
class _Source:
    """Where the source of a code cell stands in the file's text, in characters."""

    span: Span
    """The value: a string or a list."""
    items: tuple[tuple[Span, str], ...]
    """Each string and what it stands for."""
    is_list: bool


@dataclass(frozen=True, slots=True)
class NotebookFile:
    """A notebook file."""

    raw: str
    notebook: Notebook
    _sources: tuple[_Source, ...]

    def written(self, notebook: Notebook) -> bytes:
        """The file with the cells of a notebook that was made from its own by edits."""
        parts, at = [], 0
        for source, old, new in zip(self._sources, self.notebook.cells, notebook.cells, strict=True):
            if old.text != new.text:
                parts += [self.raw[at : source.span.start], self._literal(source, _decoded(new.text))]
                at = source.span.end
        return _encoded("".join((*parts, self.raw[at:])))

    def line(self, index: int, at: int) -> int:
        """The line of the file (from 1) that has an offset of a cell (by index)."""
        source, left = self._sources[index], at
        place = source.span
        for span, text in source.items:
            place = span
            left -= len(_encoded(text))
            if left < 0:
                break
        return self.raw.count("\n", 0, place.start) + 1

    def _literal(self, source: _Source, text: str) -> str:
        """The JSON of a source, in the form of the old one."""
        known = {value: self.raw[span.start : span.end] for span, value in source.items}
        ascii_only = self.raw.isascii()

        def literal(value: str) -> str:
            escaped = ascii_only or _SURROGATE.search(value) is not None
            return known.get(value) or json.dumps(value, ensure_ascii=escaped)

        if not source.is_list:
            return literal(text)
        lines = [literal(line) for line in _LINES.findall(text)]
        if not source.items:
            return f"[{', '.join(lines)}]"
        first, last = source.items[0][0], source.items[-1][0]
        head = self.raw[source.span.start : first.start]
        tail = self.raw[last.end : source.span.end]
        between = "," + head[1:]
        if len(source.items) > 1:
            between = self.raw[first.end : source.items[1][0].start]
        return f"{head}{between.join(lines)}{tail}"


def read(data: bytes) -> NotebookFile:
    """The notebook that the bytes of a file are. One in another language has no cells.

    Raises:
        NotebookError: they are none.
    """
    try:
        raw = data.decode("utf-8")
    except UnicodeDecodeError:
        raise NotebookError("is no notebook: it is not UTF-8") from None
    body = 1 if raw.startswith("\ufeff") else 0
    try:
        content = _DECODER.decode(raw[body:])
    except json.JSONDecodeError as error:
        message = f"is no notebook: it is not JSON (line {error.lineno}, column {error.colno})"
        raise NotebookError(message) from None
    except RecursionError:
        raise NotebookError("is no notebook: its JSON is nested too deep") from None
    if not isinstance(content, dict):
        raise NotebookError("is no notebook: it has no cells")
    version = content.get("nbformat")
    if isinstance(version, int) and version < 4:
        raise NotebookError(
            f"has the notebook format {version}, and 4 is what can be read: `jupyter nbconvert --to notebook` converts"
        )
    if not isinstance(content.get("cells"), list):
        raise NotebookError("is no notebook: it has no cells")
    foreign = not _is_python(content.get("metadata"))
    start = _skip(raw, body)
    cells, sources = [], []
    at = dict(_members(raw, start))["cells"]
    for number, (cell, span) in enumerate(zip(content["cells"], _items(raw, at.start), strict=True), 1):
        if not isinstance(cell, dict):
            raise NotebookError(f"is no notebook: cell {number} is none")
        if cell.get("cell_type") != "code":
            continue
        if "source" not in cell:
            raise NotebookError(f"is no notebook: cell {number} has no source")
        source = _source(raw, dict(_members(raw, span.start))["source"], number)
        text = "".join(value for _, value in source.items)
        cells.append(Cell(number, _encoded(text), not foreign and _is_python_cell(cell)))
        sources.append(source)
    return NotebookFile(raw, Notebook(tuple(cells)), tuple(sources))


def _source(raw: str, span: Span, number: int) -> _Source:
    value = _DECODER.raw_decode(raw, span.start)[0]
    if isinstance(value, str):
        return _Source(span, ((span, value),), is_list=False)
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return _Source(span, tuple(zip(_items(raw, span.start), value, strict=True)), is_list=True)
    raise NotebookError(f"is no notebook: the source of cell {number} is no text")


def _members(raw: str, at: int) -> Iterator[tuple[str, Span]]:
    """Keys of the object that begins at `at`, and where their values stand. The JSON is known to be right."""
    at = _skip(raw, at + 1)
    while raw[at] != "}":
        key, at = _DECODER.raw_decode(raw, at)
        start = _skip(raw, _skip(raw, at) + 1)
        _, at = _DECODER.raw_decode(raw, start)
        yield key, Span(start, at)
        at = _skip(raw, at)
        at = _skip(raw, at + 1) if raw[at] == "," else at


def _items(raw: str, at: int) -> Iterator[Span]:
    """Where the items of the array stand that begins at `at`."""
    at = _skip(raw, at + 1)
    while raw[at] != "]":
        _, end = _DECODER.raw_decode(raw, at)
        yield Span(at, end)
        at = _skip(raw, end)
        at = _skip(raw, at + 1) if raw[at] == "," else at


def _skip(raw: str, at: int) -> int:
    found = _SPACE.match(raw, at)
    assert found is not None
    return found.end()


def _is_python(metadata: Any) -> bool:
    """Whether a notebook's metadata say that it is in Python, or do not say."""
    if not isinstance(metadata, dict):
        return True
    information, kernel = metadata.get("language_info"), metadata.get("kernelspec")
    name = information.get("name") if isinstance(information, dict) else None
    name = name or (kernel.get("language") if isinstance(kernel, dict) else None)
    return not isinstance(name, str) or name.lower() in _LANGUAGES


def _is_python_cell(cell: dict[str, Any]) -> bool:
    """Whether a cell is in the notebook's language; editors note another one in its metadata."""
    metadata = cell.get("metadata")
    editor = metadata.get("vscode") if isinstance(metadata, dict) else None
    name = editor.get("languageId") if isinstance(editor, dict) else None
    return not isinstance(name, str) or name.lower() in _LANGUAGES


def _encoded(text: str) -> bytes:
    """UTF-8; a lone surrogate, which JSON can carry, makes its way there and back."""
    return text.encode("utf-8", "surrogatepass")


def _decoded(text: bytes) -> str:
    return text.decode("utf-8", "surrogatepass")
