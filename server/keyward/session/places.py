"""Where a place that a feature names lies on this machine."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from ..features.definition import InFile, InLibrary, Place
from ..source import syntax
from ..source.tree import Source
from ..text import LineIndex, Span
from .oracle import read_file


@dataclass(frozen=True, slots=True)
class Located:
    path: str
    span: Span
    lines: LineIndex
    """Of the file's text."""


def locate(place: Place, folders: Iterable[Path], text_of: Callable[[str], bytes | None]) -> Located | None:
    """The file and span of a place; None where it is not there. `folders` hold the interpreter's libraries."""
    if isinstance(place, InFile):
        text = text_of(place.path)
        return None if text is None else _in_file(place, text)
    for folder in folders:
        path = str(folder / place.file)
        if (text := read_file(path)) is not None:
            lines = LineIndex(text)
            return Located(path, _name_span(text, lines, place), lines)
    return None


def _in_file(place: InFile, text: bytes) -> Located:
    source = Source.parse(place.path, text)
    unit = source.by_qualname.get(place.qualname)
    if unit is None or not isinstance(unit.node, syntax.FunctionDef | syntax.ClassDef):
        return Located(place.path, Span(0, 0), source.lines)
    return Located(place.path, unit.node.name_span.shifted(unit.start), source.lines)


def _name_span(text: bytes, lines: LineIndex, place: InLibrary) -> Span:
    """The name in `class Name` or `def name`, or that of the method in the class's own body where it has one."""
    if place.line > lines.n_lines:
        return Span(0, 0)
    # An entry's line may be that of its first decorator.
    start = lines.line_span(place.line - 1).start
    head = re.compile(rb"^([ \t]*)(?:async[ \t]+)?(?:class|def)[ \t]+(\w+)", re.MULTILINE).search(text, start)
    if head is None:
        return Span(start, start)
    if place.method:
        end = re.compile(rb"^%b[^\s#)\]}]" % head[1], re.MULTILINE).search(text, head.end())
        method = re.compile(rb"^[ \t]+(?:async[ \t]+)?def[ \t]+(%b)\b" % place.method.encode(), re.MULTILINE)
        found = method.search(text, head.end(), end.start() if end is not None else len(text))
        if found is not None:
            return Span(*found.span(1))
    return Span(*head.span(2))
