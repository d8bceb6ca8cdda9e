"""Cuts the text of a module into its top-level statements, so that only those are parsed that somebody asks for."""

from __future__ import annotations

import ast
import re
from typing import Any, Iterator, List, NamedTuple, Optional, Tuple

_START = re.compile(r"^(?=[^\s#)\]}])", re.MULTILINE)
_DEFINITION = re.compile(r"(?:async\s+def|def|class)\s+(\w+)")
_DECORATOR = re.compile(r"@(\w+)\s*$", re.MULTILINE)
_GOES_ON = re.compile(r"(?:else|elif|except|finally)\b")


class Segment(NamedTuple):
    """One top-level statement: `line` of its first character from 1, and the name that it defines, "" for others.

    `decorators` are the plain names of those around it; `@wraps(f)` and `@a.b` are not among them.
    """

    text: str
    line: int
    name: str
    is_class: bool
    decorators: Tuple[str, ...] = ()

    def parse(self) -> List[Any]:
        """Its nodes, with the line numbers of the file.

        Raises SyntaxError or ValueError where the text is no Python.
        """
        # Empty lines cost little, and giving each node another number costs as much as parsing.
        if _LINES_FOR_A_CHARACTER * len(self.text) > self.line:
            return ast.parse("\n" * (self.line - 1) + self.text).body
        return ast.increment_lineno(ast.parse(self.text), self.line - 1).body


_LINES_FOR_A_CHARACTER = 5
_MOST_UNCLOSED = 20


def cut(text: str) -> Iterator[Segment]:
    """The top-level statements of a module's text, in order.

    A piece between two lines that start in the first column can end within a string or a bracket, or be continued by
    `else`; it is then joined with what follows until that is closed. What is never closed stands by itself, so that
    one broken definition does not take the rest of the file along.
    """
    pieces = _START.split(text)
    line, index, unclosed = 1, 0, 0
    while index < len(pieces):
        nesting = _Nesting()
        nesting.take(pieces[index])
        end = index + 1
        while end < len(pieces) and (nesting.is_open or _GOES_ON.match(pieces[end])):
            nesting.take(pieces[end])
            end += 1
        if nesting.is_open and unclosed < _MOST_UNCLOSED:
            unclosed += 1
            end = index + 1
        segment = "".join(pieces[index:end])
        if segment.strip():
            yield _segment(segment, line)
        line += segment.count("\n")
        index = end


def _segment(text: str, line: int) -> Segment:
    head = text
    while head.startswith("@"):
        found = re.search(r"^(?:async\s+def|def|class)\b", head, re.MULTILINE)
        if not found:
            break
        head = head[found.start() :]
    match = _DEFINITION.match(head)
    decorators = tuple(_DECORATOR.findall(text[: len(text) - len(head)]))
    return Segment(text, line, match.group(1) if match else "", head.startswith("class"), decorators)


_TOKENS = re.compile(
    r"""#[^\n]*|(?P<long>\"{3}|'{3})|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|[()\[\]{}]|\\\n""",
)


class _Nesting:
    """Whether the pieces so far end within brackets, a string or a line, or before what their decorators are for."""

    def __init__(self) -> None:
        self._depth = 0
        self._quotes = ""
        self._goes_on = False
        self._decorates = False

    @property
    def is_open(self) -> bool:
        return self._depth > 0 or bool(self._quotes) or self._goes_on or self._decorates

    def take(self, text: str) -> None:
        if self._depth <= 0 and not self._quotes:
            self._decorates = text.startswith("@")
        self._goes_on = False
        position = 0
        while True:
            if self._quotes:
                end = _end_of_string(text, self._quotes, position)
                if end is None:
                    return
                self._quotes, position = "", end
            match = _TOKENS.search(text, position)
            if match is None:
                return
            position = match.end()
            token = match.group()
            if match.group("long"):
                self._quotes = token
            elif token in "([{":
                self._depth += 1
            elif token in ")]}":
                self._depth -= 1
            elif token == "\\\n":
                self._goes_on = position >= len(text)


def _end_of_string(text: str, quotes: str, start: int) -> Optional[int]:
    while True:
        found = text.find(quotes, start)
        if found < 0:
            return None
        backslashes = 0
        while found - 1 - backslashes >= 0 and text[found - 1 - backslashes] == "\\":
            backslashes += 1
        if backslashes % 2 == 0:
            return found + len(quotes)
        start = found + 1
