"""Comments that silence rules: `# keyward: ignore`, `# keyward: ignore[rule, ...]`, and `ignore-file` likewise.

The one holds for its line, the other for the whole file. Other comments may stand before and after it in the same line.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import tree_sitter

from ..text import LineIndex, Span, Unit

_DIRECTIVE = re.compile(rb"#[ \t]*keyward:[ \t]*ignore(-file)?(?![\w-])(?:[ \t]*\[([^\]#\r\n]*)\]?)?")
_NAME = re.compile(rb"[^\s,]+")


@dataclass(frozen=True, slots=True)
class Suppression:
    """One such comment."""

    line: int
    """Where it stands, from 0."""
    span: Span
    """From its `#` to the last character that is part of it."""
    names: tuple[tuple[str, Span], ...]
    """The rules that it names, and where; none stands for all of them."""
    whole_file: bool

    def covers(self, line: int, rule: str) -> bool:
        """Whether it silences a rule on a line."""
        return (self.whole_file or line == self.line) and (not self.names or self.mentions(rule))

    def mentions(self, rule: str) -> bool:
        """Whether it names the rule."""
        return any(name == rule for name, _ in self.names)


def suppressions(text: bytes, lines: LineIndex, root: tree_sitter.Node) -> tuple[Suppression, ...]:
    """All of a file, in order; what stands in a string is none."""
    if b"keyward:" not in text:
        return ()
    return tuple(
        Suppression(
            lines.position(match.start(), Unit.UTF8).line,
            Span(*match.span()),
            tuple(
                (name[0].decode("utf-8", "replace"), Span(*name.span()))
                for name in (_NAME.finditer(text, *match.span(2)) if match[2] is not None else ())
            ),
            match[1] is not None,
        )
        for match in _DIRECTIVE.finditer(text)
        if _is_comment(root, match.start())
    )


def _is_comment(root: tree_sitter.Node, offset: int) -> bool:
    """Whether a comment stands there, or what does not parse and may be one."""
    node = root.descendant_for_byte_range(offset, offset + 1)
    return node is not None and (node.type in ("comment", "ERROR") or node.is_error)
