"""The nodes of a piece of syntax, in the order of the text as far as the fields follow it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from . import syntax
from .syntax import Node

_BLOCKS = ("cases", "final", "handlers", "orelse", "body")
"""Fields that hold statements, or what holds statements."""


def walk(node: Node) -> Iterator[Node]:
    """The node and all nodes below it."""
    waiting: list[object] = [node]
    while waiting:
        item = waiting.pop()
        if isinstance(item, Node):
            yield item
            waiting += [getattr(item, name) for name in reversed(_holders(type(item)))]
        elif isinstance(item, tuple):
            waiting += reversed(item)


def statements(block: Iterable[Node]) -> Iterator[Node]:
    """The statements of a block and of all blocks in them."""
    waiting = list(block)
    while waiting:
        statement = waiting.pop()
        yield statement
        for name in _BLOCKS:
            inner = getattr(statement, name, ())
            if isinstance(inner, tuple):
                waiting += reversed(inner)


def bound_names(block: Iterable[Node]) -> Iterator[str]:
    """Names that the statements of a block bind, those of functions and classes in it included, and not what is bound
    inside of those, or by `:=`."""
    waiting: list[Node] = list(block)
    while waiting:
        statement = waiting.pop()
        match statement:
            case syntax.FunctionDef() | syntax.ClassDef():
                yield statement.name
                continue
            case syntax.Assign() | syntax.Delete():
                yield from _names_in(statement.targets)
                continue
            case syntax.ExpressionStatement():
                continue
            case syntax.Import():
                yield from (alias.asname or alias.name.partition(".")[0] for alias in statement.names)
            case syntax.ImportFrom():
                yield from (alias.bound for alias in statement.names)
            case syntax.AugmentedAssign() | syntax.For():
                yield from _names_in((statement.target,))
            case syntax.With():
                yield from _names_in(item.target for item in statement.items if item.target is not None)
            case syntax.Match():
                yield from (name for case in statement.cases for name in case.bound)
            case syntax.Try():
                yield from (handler.name for handler in statement.handlers if handler.name)
        for name in _BLOCKS:
            inner = getattr(statement, name, ())
            if isinstance(inner, tuple):
                waiting += inner


def _names_in(targets: Iterable[Node]) -> Iterator[str]:
    """The names among targets, those in unpackings included; not the objects whose attributes or items are set."""
    for target in targets:
        match target:
            case syntax.Name():
                yield target.name
            case syntax.Sequence():
                yield from _names_in(target.items)
            case syntax.Starred():
                yield from _names_in((target.value,))


def rebound_names(block: Iterable[Node], kind: str) -> Iterator[str]:
    """Names that functions inside a block declare "global" or "nonlocal", and bind."""
    for statement in statements(block):
        if isinstance(statement, syntax.FunctionDef):
            declared = {
                name
                for inner in statements(statement.body)
                if isinstance(inner, syntax.Scope) and inner.kind == kind
                for name in inner.names
            }
            if declared:
                yield from declared.intersection(bound_names(statement.body))


_HOLDERS: dict[str, tuple[str, ...]] = {}


def _holders(kind: type[Node]) -> tuple[str, ...]:
    """Fields that can hold nodes."""
    known = _HOLDERS.get(kind.__name__)
    if known is None:
        known = tuple(n for n in kind.__struct_fields__ if n != "span" and not n.endswith("_span"))
        _HOLDERS[kind.__name__] = known
    return known
