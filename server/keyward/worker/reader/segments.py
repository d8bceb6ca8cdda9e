"""Cuts the text of a module into its top-level statements, so that only those are parsed that somebody asks for."""

from __future__ import annotations

import ast
import re
from typing import Any, Iterator, List, NamedTuple, Optional

_START = re.compile(r"^(?=[^\s#)\]}])", re.MULTILINE)
_DEFINITION = re.compile(r"(?:async\s+def|def|class)\s+(\w+)")
_GOES_ON = re.compile(r"(?:else|elif|except|finally)\b")


class Segment(NamedTuple):
    """One top-level statement: `line` of its first character from 1, and the name that it defines, "" for others."""

    text: str
    line: int
    name: str
    is_class: bool

    def parse(self) -> List[Any]:
        """Its nodes, with the line numbers of the file.

        Raises SyntaxError or ValueError where the text is no Python.
        """
        return ast.parse("\n" * (self.line - 1) + self.text).body


def cut(text: str) -> Iterator[Segment]:
    """The top-level statements of a module's text, in order.

    A piece between two lines that start in the first column can end within a string or a bracket, or be continued by
    `else`; it is then joined with what follows until it parses.
    """
    pieces = _START.split(text)
    line = 1
    pending = ""
    for index, piece in enumerate(pieces):
        following = pieces[index + 1] if index + 1 < len(pieces) else ""
        pending += piece
        if following and (_GOES_ON.match(following) or _is_open(pending)):
            continue
        if pending.strip():
            yield _segment(pending, line)
        line += pending.count("\n")
        pending = ""


def _segment(text: str, line: int) -> Segment:
    head = text
    while head.startswith("@"):
        found = re.search(r"^(?:async\s+def|def|class)\b", head, re.MULTILINE)
        if not found:
            break
        head = head[found.start() :]
    match = _DEFINITION.match(head)
    return Segment(text, line, match.group(1) if match else "", head.startswith("class"))


_TOKENS = re.compile(
    r"""#[^\n]*|(?P<long>\"{3}|'{3})|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|[()\[\]{}]|\\\n""",
)


def _is_open(text: str) -> bool:
    """Whether a piece ends within brackets, a long string, or before the definition that its decorators belong to."""
    if text.startswith("@") and not re.search(r"^(?:async\s+def|def|class)\b", text, re.MULTILINE):
        return True
    depth = 0
    position = 0
    while True:
        match = _TOKENS.search(text, position)
        if match is None:
            return depth > 0
        position = match.end()
        token = match.group()
        if match.group("long"):
            end = _end_of_string(text, token, position)
            if end is None:
                return True
            position = end
        elif token in "([{":
            depth += 1
        elif token in ")]}":
            depth -= 1
        elif token == "\\\n" and position >= len(text):
            return True


def _end_of_string(text: str, quotes: str, start: int) -> Optional[int]:
    while True:
        found = text.find(quotes, start)
        if found < 0:
            return None
        backslashes = 0
        while text[found - 1 - backslashes] == "\\":
            backslashes += 1
        if backslashes % 2 == 0:
            return found + len(quotes)
        start = found + 1
