"""The nodes of a piece of syntax, in the order of the text as far as the fields follow it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from inspect import get_annotations
from typing import Any

from . import syntax
from .syntax import Node

_BLOCKS: dict[type[Node], tuple[str, ...]] = {
    syntax.If: ("orelse", "body"),
    syntax.For: ("orelse", "body"),
    syntax.While: ("orelse", "body"),
    syntax.With: ("body",),
    syntax.Try: ("final", "handlers", "orelse", "body"),
    syntax.ExceptHandler: ("body",),
    syntax.Match: ("cases",),
    syntax.Case: ("body",),
    syntax.FunctionDef: ("body",),
    syntax.ClassDef: ("body",),
}
"""Fields that hold statements, or what holds statements, the last one first."""


def walk(node: Node) -> Iterator[Node]:
    """The node and all nodes below it."""
    waiting: list[Any] = [node]
    while waiting:
        item = waiting.pop()
        if type(item) is tuple:
            waiting += item[::-1]
        elif item is not None:
            yield item
            kind: type[Node] = type(item)
            for name in holders(kind)[::-1]:
                waiting.append(getattr(item, name))


def statements(block: Iterable[Node]) -> Iterator[Node]:
    """The statements of a block and of all blocks in them."""
    waiting = list(block)
    while waiting:
        statement = waiting.pop()
        yield statement
        for name in _BLOCKS.get(type(statement), ()):
            waiting += getattr(statement, name)[::-1]


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
        for name in _BLOCKS.get(type(statement), ()):
            waiting += getattr(statement, name)


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


_PLAIN = frozenset(("str", "int", "bool", "tuple[str, ...]", "str | bytes | int | float | bool | None"))
"""Types of fields, as `syntax` writes them, that hold neither nodes nor spans."""


@cache
def holders(kind: type[Node]) -> tuple[str, ...]:
    """Fields that hold nodes, tuples of nodes or, where there is none, None."""
    types = {name: str(type_) for base in kind.__mro__ for name, type_ in get_annotations(base).items()}
    return tuple(name for name in kind.__struct_fields__ if types[name] not in _PLAIN and "Span" not in types[name])
