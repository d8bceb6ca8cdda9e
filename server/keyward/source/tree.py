"""A parsed file: text, units and suppression comments, re-parsed incrementally."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import tree_sitter
import tree_sitter_python

from ..text import LineIndex, Span
from ..text import Unit as Columns
from . import syntax
from .lower import Lowering
from .suppressions import Suppression, suppressions
from .unit import Unit

_LANGUAGE = tree_sitter.Language(tree_sitter_python.language())
_PARSER = tree_sitter.Parser(_LANGUAGE)
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Source:
    """What a file says. Made by `Source.parse`, which never fails: what is not Python becomes `syntax.Broken`."""

    path: str
    text: bytes
    units: tuple[Unit, ...]
    _tree: tree_sitter.Tree = field(repr=False)
    _known: dict[tuple[str, bytes], list[Unit]] = field(repr=False)

    @staticmethod
    def parse(path: str, text: bytes) -> Source:
        return _source(path, text, _PARSER.parse(_parsed(text)), {})

    def edited(self, text: bytes) -> Source:
        """The source of a changed text: only what changed is parsed again."""
        before, now = _parsed(self.text), _parsed(text)
        span, length = _difference(before, now)
        tree = self._tree.copy()
        start, end = _point(before, span.start), _point(before, span.end)
        tree.edit(span.start, span.end, span.start + length, start, end, _point(now, span.start + length))
        return _source(self.path, text, _PARSER.parse(now, tree), self._known)

    @property
    def root(self) -> tree_sitter.Node:
        """The parser's own tree, for what the syntax leaves out."""
        return self._tree.root_node

    @property
    def broken(self) -> bool:
        """Whether some of the text did not parse."""
        return self.root.has_error

    @cached_property
    def lines(self) -> LineIndex:
        return LineIndex(self.text)

    @cached_property
    def by_qualname(self) -> dict[str, Unit]:
        """Functions and classes by qualified name; of several with one name the last, as at run time."""
        return {unit.qualname: unit for unit in self.units if unit.qualname}

    @cached_property
    def by_key(self) -> dict[tuple[str, bytes, int], Unit]:
        return {unit.key: unit for unit in self.units}

    @cached_property
    def members(self) -> dict[str, tuple[Unit, ...]]:
        """Units of each class body by the class's qualified name, "" for the module."""
        found: dict[str, list[Unit]] = {}
        for unit in self.units:
            found.setdefault(unit.owner, []).append(unit)
        return {owner: tuple(units) for owner, units in found.items()}

    @cached_property
    def suppressions(self) -> tuple[Suppression, ...]:
        """The comments that silence rules."""
        return suppressions(self.text, self.lines, self.root)

    def ignored(self, line: int, rule: str, *, by_name: bool = False) -> bool:
        """Whether a comment on `line` (from 0), or one for the whole file, silences `rule`; with `by_name` one that
        names it counts."""
        return any(
            comment.covers(line, rule) and (not by_name or comment.mentions(rule)) for comment in self.suppressions
        )

    def ends(self, span: Span) -> frozenset[int]:
        """The lines (from 0) where a span begins and ends: where a comment can silence what is said of it."""
        return frozenset(self.lines.position(offset, Columns.UTF8).line for offset in (span.start, span.end))


def _parsed(text: bytes) -> bytes:
    """The text as the parser gets it, same length: a byte order mark is not Python, and a lone CR ends no line for
    it."""
    if text.startswith(_BOM):
        text = b"\f\f\f" + text[len(_BOM) :]
    if b"\r" in text:
        text = text.replace(b"\r\n", b" \n").replace(b"\r", b"\n")
    return text


def _difference(old: bytes, new: bytes) -> tuple[Span, int]:
    """The span of `old` that has to be replaced to give `new`, and by how many bytes."""
    shorter = min(len(old), len(new))
    prefix = _longest(shorter, lambda n: old[:n] == new[:n])
    suffix = _longest(shorter - prefix, lambda n: not n or old[-n:] == new[-n:])
    return Span(prefix, len(old) - suffix), len(new) - prefix - suffix


def _longest(most: int, holds: Callable[[int], bool]) -> int:
    """The largest n up to `most` for which `holds`, which holds up to some n and not beyond."""
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if holds(middle) else (low, middle - 1)
    return low


def _point(text: bytes, offset: int) -> tuple[int, int]:
    """Row and column in bytes."""
    start = text.rfind(b"\n", 0, offset) + 1
    return text.count(b"\n", 0, offset), offset - start


def _source(path: str, text: bytes, tree: tree_sitter.Tree, known: dict[tuple[str, bytes], list[Unit]]) -> Source:
    units: list[Unit] = []
    now: dict[tuple[str, bytes], list[Unit]] = {}
    _cut(text, tree.root_node, "", units, known, now)
    return Source(path, text, tuple(units), tree, now)


def _cut(
    text: bytes,
    body: tree_sitter.Node,
    owner: str,
    units: list[Unit],
    known: dict[tuple[str, bytes], list[Unit]],
    now: dict[tuple[str, bytes], list[Unit]],
) -> None:
    """Appends the units of a module or class body."""
    for node in body.named_children:
        kind = node.type
        if kind == "comment":
            continue
        start, end = node.start_byte, node.end_byte
        inner = node.child_by_field_name("definition") if kind == "decorated_definition" else node
        members = None
        if inner is not None and inner.type == "class_definition":
            members = inner.child_by_field_name("body")
            if members is not None:
                end = members.start_byte
        # The same text can parse, or not, by what is around it.
        content = text[start:end] + (b"\0" if node.has_error else b"")
        same = now.setdefault((owner, content), [])
        before = known.get((owner, content), ())
        if len(same) < len(before):
            old = before[len(same)]
            unit = Unit(old.key, old.node, owner, old.qualname, old.called, start, end, old.facts)
        else:
            lowering = Lowering(start)
            statement = _lowered(lowering, node, end - start, members is not None and inner is not None)
            name = statement.name if isinstance(statement, syntax.FunctionDef | syntax.ClassDef) else ""
            qualname = f"{owner}.{name}" if owner and name else name
            unit = Unit((owner, content, len(same)), statement, owner, qualname, frozenset(lowering.called), start, end)
        same.append(unit)
        units.append(unit)
        if members is not None and isinstance(unit.node, syntax.ClassDef):
            _cut(text, members, unit.qualname, units, known, now)


def _lowered(lowering: Lowering, node: tree_sitter.Node, length: int, head_only: bool) -> syntax.Statement:
    """The syntax of a statement; of a class whose members are units of their own, that of its head."""
    try:
        if not head_only:
            return lowering.statement(node)
        if node.type == "decorated_definition":
            return lowering.decorated_definition(node, head_only=True)
        return lowering.class_definition(node, head_only=True)
    except RecursionError:  # nested deeper than Python itself would take
        return syntax.Broken(Span(0, length))
