"""What a call hands a function of the user's own, as far as its result depends on it: the function is then gone through
with that, in place of all that any call gives it."""

from __future__ import annotations

from ..source import syntax as s
from ..source.unit import Unit
from ..source.walk import statements, walk
from .making import Passing
from .values import (
    Constant,
    Instance,
    LibraryClass,
    LibraryFunction,
    Partial,
    UserClass,
    UserFunction,
    Value,
    Wrapped,
    only,
)

Given = tuple[tuple[str, Value], ...]
"""Parameters by name, with what a call gives them."""

_HANDED = (Instance, LibraryClass, LibraryFunction, Partial, UserClass, UserFunction, Wrapped)
"""What is told apart by call: models, and what makes them."""


def reaching(unit: Unit) -> frozenset[str]:
    """The parameters of a function on which what it returns or yields may depend."""
    function = unit.node
    if not isinstance(function, s.FunctionDef):
        return frozenset()
    reached = {name for node in walk(function) if isinstance(node, s.Return | s.Yield) for name in _names(node)}
    bindings = [binding for node in statements(function.body) for binding in _bindings(node)]
    while True:
        more = {name for targets, names in bindings if targets & reached for name in names} - reached
        if not more:
            return frozenset(p.name for p in function.parameters if p.name in reached)
        reached |= more


def handed(function: s.FunctionDef | s.Lambda, names: frozenset[str], passing: Passing, bound: bool) -> Given:
    """What a call gives the parameters of these names, if there is something to be told apart by call among it: with
    the flags that decide with it. `bound`: the first parameter is filled by looking the method up."""
    positional, keywords, is_open = passing
    if is_open or not names:
        return ()
    parameters = function.parameters[1:] if bound else function.parameters
    given: dict[str, Value] = {}
    for place, parameter in enumerate(parameters):
        if parameter.kind in ("var_positional", "var_keyword"):
            break
        if parameter.kind != "keyword_only" and place < len(positional):
            given[parameter.name] = positional[place]
        elif isinstance(parameter.default, s.Literal):
            given[parameter.name] = only(Constant(parameter.default.value))
    plain = {p.name for p in parameters if p.kind in ("positional_or_keyword", "keyword_only")}
    given.update((name, value) for name, value in keywords if name in plain)
    if not any(name in names and any(isinstance(atom, _HANDED) for atom in value) for name, value in given.items()):
        return ()
    return tuple((n, v) for n, v in given.items() if _decides(v) or (n in names and not _is_plain(v)))


def _decides(value: Value) -> bool:
    """Whether it is a flag, by which a function takes one branch or another."""
    return len(value) == 1 and any(isinstance(atom, Constant) and isinstance(atom.value, bool | None) for atom in value)


def _is_plain(value: Value) -> bool:
    return all(isinstance(atom, Constant) for atom in value)


def _bindings(statement: s.Node) -> list[tuple[set[str], set[str]]]:
    """Names that a statement binds, or whose contents it sets, with those that it takes the values from."""
    match statement:
        case s.Assign(value=s.Node() as value):
            return [(_names(*statement.targets), _names(value))]
        case s.AugmentedAssign():
            return [(_names(statement.target), _names(statement.value))]
        case s.For():
            return [(_names(statement.target), _names(statement.iterable))]
        case s.With():
            return [(_names(item.target), _names(item.value)) for item in statement.items if item.target is not None]
    return []


def _names(*nodes: s.Node) -> set[str]:
    return {part.name for node in nodes for part in walk(node) if isinstance(part, s.Name)}
