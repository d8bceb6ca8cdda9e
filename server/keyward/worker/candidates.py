"""What an expression can be: live objects, instances of live classes, bound methods, containers, or unknown."""

from __future__ import annotations

import collections.abc
from typing import Any, Dict, Iterable, List, NamedTuple, Optional, Union

from . import imports


class Live(NamedTuple):
    """A live object itself."""

    value: Any


class Instance(NamedTuple):
    """Some instance of a live class."""

    cls: Any


class Method(NamedTuple):
    """A function bound to some instance of `cls`."""

    function: Any
    cls: Any


class Super(NamedTuple):
    """`super()` of an instance of `cls`, looking behind `after`."""

    cls: Any
    after: Any


class Container(NamedTuple):
    """`items` is whatever may be in it; `parts`, of a tuple that is written out, the candidates at each position."""

    items: List[Any]
    parts: Any = None


class Alike(NamedTuple):
    """Whatever else may stand beside the other candidates and takes what they take: the model of a user's choice."""


class Unknown(NamedTuple):
    """Not to be known, and why."""

    reason: str


Candidate = Union[Live, Instance, Method, Super, Container, Alike, Unknown]
Candidates = List[Candidate]

ANY_ELEMENT = "any element"


def module_class() -> Any:
    """`torch.nn.Module`, or None where torch is not imported."""
    found = imports.get(imports.loaded("torch.nn"), "Module")
    return None if found is imports.MISSING else found


def union(lists: Iterable[Candidates]) -> Candidates:
    united: Candidates = []
    for values in lists:
        for value in values:
            if not any(_same(value, other) for other in united):
                united.append(value)
    return united


def _same(one: Any, other: Any) -> bool:
    if type(one) is not type(other):
        return False
    if isinstance(one, Container):
        if one.parts is not None or other.parts is not None:
            return False
        return len(one.items) == len(other.items) and all(map(_same, one.items, other.items))
    if isinstance(one, Unknown):
        return bool(one.reason == other.reason)
    return all(part is matching for part, matching in zip(one, other))


def step(value: Any, taken: Any) -> Candidates:
    """The part of a value that a target takes: position and number of targets, or any element."""
    if taken is not ANY_ELEMENT and isinstance(value, Container) and value.parts is not None:
        index, size = taken
        if len(value.parts) == size:
            return list(value.parts[index])
    return elements(value)


def elements(value: Any) -> Candidates:
    """What iterating over a value, or indexing it, gives."""
    if isinstance(value, Container):
        return list(value.items)
    if isinstance(value, Live):
        held = value.value
        if holds(held):
            return registry(held)
        if isinstance(held, (list, tuple, set, frozenset)) and type(held).__module__ in _PLAIN:
            return union([Live(item)] for item in held if item is not None)
    if isinstance(value, (Alike, Unknown)):
        return [value]
    return [Unknown("an element of {}".format(describe(value)))]


_PLAIN = ("builtins", "collections")
"""Modules whose containers do nothing of their own when they are gone through."""

_GLOBAL, _LOCAL = "_global_mapping", "_local_mapping"


def holds(value: Any) -> bool:
    """Whether a live object holds others under keys."""
    return isinstance(value, collections.abc.Mapping) or _held(value) is not None


def _held(mapping: Any) -> Optional[Dict[Any, Any]]:
    """What a mapping holds, without asking it where it is a library's own; None where that cannot be seen.

    transformers' registries keep what they hold in a dictionary of the class and one of the instance.
    """
    if isinstance(mapping, dict) and type(mapping).__module__ in _PLAIN:
        return dict(mapping)
    parts = [getattr(type(mapping), _GLOBAL, None), getattr(mapping, "__dict__", {}).get(_LOCAL, {})]
    if not all(type(part) is dict for part in parts):
        return None
    return {key: value for part in parts for key, value in part.items()}


def registry(mapping: Any) -> Candidates:
    """The values of a mapping of functions or classes; `(class, keywords)` pairs stand for the class."""
    held = _held(mapping)
    if held is None:
        return [Unknown("an element of {}".format(describe(Live(mapping))))]
    found: List[Candidates] = []
    for item in held.values():
        if isinstance(item, tuple) and item and isinstance(item[0], type):
            item = item[0]
        if item is not None:
            found.append([Live(item)])
    return union(found)


def describe(value: Any) -> str:
    """A few words for a reason."""
    if isinstance(value, Unknown):
        return value.reason
    held = value.cls if isinstance(value, (Instance, Super)) else getattr(value, "value", value)
    if isinstance(value, Method):
        held = value.function
    return "`{}`".format(getattr(held, "__qualname__", type(held).__name__))
