"""Names whose contents a piece of code may change, or hand to somebody who may."""

from __future__ import annotations

from collections.abc import Iterator

from ..source import syntax as s
from ..source.unit import Unit
from ..source.walk import bound_names, holders, walk

MUTATORS = frozenset(
    (
        *("pop", "popitem", "clear", "update", "setdefault", "move_to_end", "__setitem__", "__delitem__"),
        *("append", "extend", "insert", "remove", "reverse", "sort", "add", "discard"),
        *("add_module", "register_module"),
    )
)
"""Methods of dictionaries, lists and containers of modules that change what these hold."""

READERS = frozenset(
    (
        *("all", "any", "bool", "callable", "dict", "dir", "enumerate", "format", "getattr", "hasattr", "hash", "id"),
        *("isinstance", "issubclass", "iter", "len", "list", "max", "min", "next", "print", "range", "repr"),
        *("reversed", "set", "sorted", "str", "sum", "tuple", "type", "vars", "zip"),
    )
)
"""Built-in functions that leave their arguments as they are."""

GIVES_HELD = MUTATORS | {"copy", "get", "items", "keys", "values", "fromkeys"}
"""Methods of dictionaries and lists that give, at most, what these hold; others may give the object itself."""

_ALL = 99
GIVES_ELEMENTS = {
    **dict.fromkeys(("copy", "dict", "OrderedDict", "enumerate", "iter", "next", "reversed", "sorted"), 1),
    **dict.fromkeys(("frozenset", "islice", "list", "set", "tuple", "tqdm"), 1),
    **dict.fromkeys(("chain", "cycle", "filter", "zip"), _ALL),
}
"""Functions whose result holds what so many of their first arguments hold, and any other argument itself."""

GIVES_ARGUMENTS = frozenset(("defaultdict", "fromkeys", "map", "max", "min", "prepare", "partial", "repeat"))
"""Functions whose result may be one of their arguments, or hold it."""


def shared_names(unit: Unit) -> frozenset[str]:
    """The names of that kind in a unit that are not a function's own."""
    names = set(names_shared_by(unit.node))
    if isinstance(unit.node, s.FunctionDef) and names:
        names -= {parameter.name for parameter in unit.node.parameters}
        names -= set(bound_names(unit.node.body))
    return frozenset(names)


def names_shared_by(node: s.Node) -> Iterator[str]:
    """The names of that kind in a statement or expression. What is read by key, iterated over, spread, compared, or
    asked for by a method that changes nothing is not among them."""
    waiting: list[object] = [node]
    while waiting:
        item = waiting.pop()
        match item:
            case tuple():
                waiting += item
            case s.Name():
                yield item.name
            case s.Attribute(value=s.Name(name=name), name=method):
                if method in MUTATORS:
                    yield name
            case s.Subscript(value=s.Name()):
                waiting.append(item.indices)
            case s.Call():
                waiting += _read(item.function)
                reads = isinstance(item.function, s.Name) and item.function.name in READERS
                for argument in item.arguments:
                    waiting += _read(argument.value) if reads or argument.stars else (argument.value,)
            case s.Compare():
                waiting += [part for operand in item.operands for part in _read(operand)]
            case s.ComprehensionFor():
                waiting += (*_read(item.iterable), item.conditions)
            case s.For():
                yield from _changed_by(item.target)
                waiting += (*_read(item.iterable), item.body, item.orelse)
            case s.If() | s.While():
                waiting += (*_read(item.test), item.body, item.orelse)
            case s.Assign() | s.Delete():
                for target in item.targets:
                    yield from _changed_by(target)
                waiting += [item.value] if isinstance(item, s.Assign) and item.value is not None else []
            case s.AugmentedAssign():
                yield from _changed_by(item.target)
                if isinstance(item.target, s.Name):
                    yield item.target.name
                waiting.append(item.value)
            case s.Node():
                waiting += [getattr(item, name) for name in holders(type(item))]


def _read(node: s.Expression) -> tuple[s.Expression, ...]:
    """What is left to look at of an expression that is only read."""
    return () if isinstance(node, s.Name) else (node,)


def _changed_by(target: s.Expression) -> Iterator[str]:
    """The names whose contents an assignment to a target changes."""
    for node in walk(target):
        if isinstance(node, s.Subscript):
            base: s.Expression = node
            while isinstance(base, s.Subscript):
                base = base.value
            if isinstance(base, s.Name):
                yield base.name
