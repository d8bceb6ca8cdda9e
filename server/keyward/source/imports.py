"""The imports of a file: which names they bind, and the edits that add to or replace them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass

from ..text import Edit, Span
from . import syntax
from .tree import Source
from .walk import statements


@dataclass(frozen=True, slots=True)
class Imported:
    """A name that an import binds."""

    bound: str
    """The name in the file; of `import a.b` that is "a", of `from a import *` it is "*"."""
    target: str
    """Absolute dotted name of what is imported; relative imports keep their leading dots."""
    statement: syntax.Import | syntax.ImportFrom
    alias: syntax.Alias | None
    """None for a star."""
    base: int
    """Offset of the unit in the file: spans of `statement` and `alias` are relative to it."""


def imported(source: Source) -> tuple[Imported, ...]:
    """All imports, wherever they stand, in the order of the file."""
    found: list[Imported] = []
    for unit in source.units:
        if b"import" not in unit.key[1]:
            continue
        for node in statements((unit.node,)):
            if isinstance(node, syntax.Import):
                for alias in node.names:
                    root = alias.name.partition(".")[0]
                    target = alias.name if alias.asname else root
                    found.append(Imported(alias.asname or root, target, node, alias, unit.start))
            elif isinstance(node, syntax.ImportFrom):
                module = "." * node.level + node.module
                if node.star:
                    found.append(Imported("*", module, node, None, unit.start))
                for alias in node.names:
                    joint = "" if module.endswith(".") else "."
                    found.append(Imported(alias.bound, f"{module}{joint}{alias.name}", node, alias, unit.start))
    return tuple(found)


def replaced(source: Source, old: Imported, name: str) -> list[Edit]:
    """Edits that make `from module import old` import `name` instead, under the same alias.

    A list of names that was sorted stays sorted: names change places, and what stands between them stays.
    """
    aliases = old.statement.names
    if old.alias is None:
        return []
    texts = [_text(source, alias.span, old.base) for alias in aliases]
    order = next((key for key in _ORDERS if texts == sorted(texts, key=key)), None)
    texts[aliases.index(old.alias)] = name + (f" as {old.alias.asname}" if old.alias.asname else "")
    if order is not None:
        texts.sort(key=order)
    return [
        Edit(alias.span.shifted(old.base), text)
        for alias, text in zip(aliases, texts, strict=True)
        if text != _text(source, alias.span, old.base)
    ]


def removed(source: Source, old: Imported) -> Edit:
    """The edit that takes one name out of an import; the whole line when it is the only one."""
    names, statement = old.statement.names, old.statement.span.shifted(old.base)
    if old.alias is None or len(names) == 1:
        return Edit(Span(statement.start, _line_end(source.text, statement.end)), "")
    at = names.index(old.alias)
    if at + 1 < len(names):
        return Edit(Span(names[at].span.start, names[at + 1].span.start).shifted(old.base), "")
    return Edit(Span(names[at - 1].span.end, names[at].span.end).shifted(old.base), "")


def added(source: Source, statement: str) -> Edit:
    """The edit that adds an import statement, on a line of its own, sorted in among those at the top of the file."""
    line_end = "\r\n" if b"\r\n" in source.text else "\n"
    head: list[tuple[tuple[int, int, str], Span]] = []
    after_docstring = 0
    for unit in source.units:
        node = unit.node
        if isinstance(node, syntax.Import | syntax.ImportFrom):
            head.append((_order(node), Span(unit.start, _line_end(source.text, unit.end))))
        elif head or not _is_docstring(node):
            break
        else:
            after_docstring = _line_end(source.text, unit.end)
    new = _order_of_text(statement)
    neighbours = [at for at in head if at[0][0] == new[0]]
    before = [span for order, span in neighbours if order <= new]
    if before:
        at, text = before[-1].end, statement + line_end
    elif neighbours:
        at, text = neighbours[0][1].start, statement + line_end
    elif earlier := [span for order, span in head if order < new]:
        at, text = earlier[-1].end, line_end + statement + line_end
    elif head:
        at, text = head[0][1].start, statement + line_end * 2
    elif after_docstring:
        at, text = after_docstring, line_end + statement + line_end
    else:
        at, text = _after_leading_comments(source.text), statement + line_end * 2
    if at and source.text[at - 1 : at] not in (b"\n", b"\r", b"\xbf"):
        text = line_end + text.removesuffix(line_end)
    return Edit(Span(at, at), text)


def _plain(text: str) -> tuple[object, ...]:
    return (text,)


def _folded(text: str) -> tuple[object, ...]:
    return (text.casefold(), text)


def _by_kind(text: str) -> tuple[object, ...]:
    """Constants, classes, the rest: as isort and ruff have it."""
    name = text.split()[0] if text.split() else text
    return (0 if name.isupper() and len(name) > 1 else 1 if name[:1].isupper() else 2, text)


_ORDERS: tuple[Callable[[str], tuple[object, ...]], ...] = (_plain, _by_kind, _folded)


def _text(source: Source, span: Span, base: int) -> str:
    return source.text[span.start + base : span.end + base].decode(errors="replace")


def _line_end(text: bytes, offset: int) -> int:
    """Offset of the line after the one that holds `offset`."""
    at = text.find(b"\n", offset)
    return len(text) if at < 0 else at + 1


def _is_docstring(node: syntax.Statement) -> bool:
    return isinstance(node, syntax.ExpressionStatement) and isinstance(node.value, syntax.Literal)


def _after_leading_comments(text: bytes) -> int:
    """Past a byte order mark, a `#!` line and an encoding declaration."""
    at = 3 if text.startswith(b"\xef\xbb\xbf") else 0
    while text.startswith(b"#", at):
        at = _line_end(text, at)
    return at


def _order(node: syntax.Import | syntax.ImportFrom) -> tuple[int, int, str]:
    if isinstance(node, syntax.ImportFrom):
        return _rank(True, node.level, node.module)
    return _rank(False, 0, node.names[0].name if node.names else "")


def _order_of_text(statement: str) -> tuple[int, int, str]:
    words = statement.split()
    return _rank(words[0] == "from", 0, words[1])


def _rank(is_from: bool, level: int, module: str) -> tuple[int, int, str]:
    """`__future__`, the standard library, the rest, relative ones; `import x` before `from x` in each."""
    root = module.partition(".")[0]
    section = 0 if root == "__future__" else 3 if level else 1 if root in sys.stdlib_module_names else 2
    return (section, int(is_from), module.casefold())
