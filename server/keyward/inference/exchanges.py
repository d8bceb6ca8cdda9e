"""What a piece of code exchanges where those who use it cannot see it: attributes of objects, names of the module.

All is told by names: `encoder` that is set on any object may be the one of any object. A set of them holds attribute
names, "*" for any attribute, "*Net" for any attribute of the class `Net`, "=build" for the name `build` of the module,
and "=*" for any of its names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..source import syntax as s
from ..source.unit import Unit
from ..source.walk import statements, walk
from .classes import dotted
from .containers import REGISTERING
from .sharing import MUTATORS

ANY = "*"
_CALLS = frozenset(("setattr", "exec", "patch", "object", "set_submodule", "__setattr__")) | MUTATORS | REGISTERING
"""Names of what may exchange something when it is called."""
SETTINGS = re.compile(r"arg|cfg|conf|namespace|opt|param|pars|setting", re.IGNORECASE)
"""Names of objects that hold no models."""


def is_exchanged(name: str, exchanged: frozenset[str], owner: str = "") -> bool:
    """Whether an attribute of a name, of an instance of the class `owner`, is among what is exchanged."""
    return name in exchanged or ANY in exchanged or (bool(owner) and ANY + owner in exchanged)


def is_rebound(name: str, exchanged: frozenset[str]) -> bool:
    """Whether a name of the module is among what is exchanged."""
    return f"={name}" in exchanged or "=*" in exchanged


def rebound_by(exchanged: frozenset[str]) -> frozenset[str]:
    """The names of the module among what is exchanged."""
    return frozenset(item for item in exchanged if item.startswith("="))


def exchanged_by(unit: Unit) -> frozenset[str]:
    """What a unit exchanges, `self.name = ...` apart: that is what the class itself says."""
    return frozenset(_exchanged(unit))


def _exchanged(unit: Unit) -> Iterator[str]:
    aliases: dict[str, str] = {}
    """Names for what is an attribute: `blocks = self.blocks`."""
    for statement in statements((unit.node,)):
        match statement:
            case s.Assign(targets=targets):
                if isinstance(statement.value, s.Attribute):
                    aliases |= {name.name: statement.value.name for name in targets if isinstance(name, s.Name)}
                for target in targets:
                    yield from _set(target, unit, aliases)
            case s.AugmentedAssign(target=target) | s.For(target=target):
                yield from _set(target, unit, aliases)
            case s.Delete(targets=targets):
                for target in targets:
                    yield from _set(target, unit, aliases)
            case s.With(items=items):
                for item in items:
                    if item.target is not None:
                        yield from _set(item.target, unit, aliases)
    if not _CALLS.isdisjoint(unit.called):
        for node in walk(unit.node):
            if isinstance(node, s.Call):
                yield from _by_call(node, unit, aliases)


def _set(target: s.Expression, unit: Unit, aliases: dict[str, str]) -> Iterator[str]:
    """What setting a target exchanges."""
    match target:
        case s.Sequence():
            for item in target.items:
                yield from _set(item, unit, aliases)
        case s.Attribute():
            if not _is_self(target.value, unit):
                yield target.name
        case s.Subscript(value=s.Name(name=name)) if name in aliases:
            yield aliases[name]
        case s.Subscript(value=s.Attribute(value=owner, name="_modules" | "__dict__")):
            yield from _named(target.indices[0], owner, unit)
        case s.Subscript(value=s.Call(function=s.Name(name="vars"), arguments=(argument,))):
            yield from _named(target.indices[0], argument.value, unit)
        case s.Subscript(value=s.Call(function=s.Name(name="globals"))):
            index = target.indices[0]
            yield f"={index.value}" if isinstance(index, s.Literal) and isinstance(index.value, str) else "=*"
        case s.Subscript(value=s.Attribute(name=name)):
            yield name


def _by_call(node: s.Call, unit: Unit, aliases: dict[str, str]) -> Iterator[str]:
    arguments = [argument.value for argument in node.arguments]
    match node.function:
        case s.Name(name="setattr") if len(arguments) == 3:
            yield from _named(arguments[1], arguments[0], unit)
        case s.Name(name="exec"):
            yield "=*"
        case s.Name(name="patch") | s.Attribute(name="patch" | "object" | "setattr"):
            # of tests: `mock.patch("module.name")`, `mock.patch.object(thing, "name")`, `monkeypatch.setattr(...)`
            for argument in arguments[:2]:
                if isinstance(argument, s.Literal) and isinstance(argument.value, str):
                    name = argument.value.rpartition(".")[2]
                    yield from (name, f"={name}")
        case s.Attribute(value=owner, name="__setattr__") if len(arguments) > 1:
            is_super = dotted(owner) in ("object", "super")
            yield from _named(arguments[-2], arguments[0] if is_super and len(arguments) == 3 else owner, unit)
        case s.Attribute(value=owner, name=method) if method in REGISTERING and arguments:
            if not _is_self(owner, unit):
                yield from (argument.name for argument in node.arguments if argument.name)
                if isinstance(arguments[0], s.Literal) and isinstance(arguments[0].value, str):
                    yield arguments[0].value
                elif isinstance(owner, s.Attribute):
                    yield owner.name  # a container gets one more, under a name that is computed
        case s.Attribute(name="set_submodule") if arguments:
            match arguments[0]:
                case s.Literal(value=str() as path):
                    yield path.rpartition(".")[2]
                case _:
                    yield ANY
        case s.Attribute(value=held, name=method) if method in MUTATORS:
            yield from _by_mutator(held, method, unit, aliases)


def _by_mutator(held: s.Expression, method: str, unit: Unit, aliases: dict[str, str]) -> Iterator[str]:
    """What a method exchanges that changes the contents of what an expression gives."""
    match held:
        case s.Attribute(value=owner, name="__dict__" | "_modules"):
            yield from _any(owner, unit)
        case s.Call(function=s.Name(name="vars"), arguments=(argument,)):
            yield from _any(argument.value, unit)
        case s.Attribute(value=owner, name=name):
            if method != "append" or not _is_self(owner, unit):
                yield name
        case s.Name(name=name) if name in aliases:
            yield aliases[name]


def _named(name: s.Expression, owner: s.Expression, unit: Unit) -> Iterator[str]:
    """What is exchanged where an attribute is set under a name that is computed."""
    if isinstance(name, s.Literal) and isinstance(name.value, str):
        yield name.value
    else:
        yield from _any(owner, unit)


def _any(owner: s.Expression, unit: Unit) -> Iterator[str]:
    if _is_self(owner, unit):
        yield f"{ANY}{unit.owner}"
    elif not SETTINGS.search(dotted(owner)):
        yield ANY


def _is_self(node: s.Expression, unit: Unit) -> bool:
    return bool(unit.owner) and isinstance(node, s.Name) and node.name == "self"
