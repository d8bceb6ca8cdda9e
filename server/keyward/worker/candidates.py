"""What an expression can be: live objects, instances of live classes, bound methods, containers, or unknown."""

from __future__ import annotations

import collections.abc
from typing import Any, Dict, Iterable, List, NamedTuple, Optional, Set, Union

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
ANY_KEY = "any key"


def module_class() -> Any:
    """`torch.nn.Module`, or None where torch is not imported."""
    found = imports.get(imports.loaded("torch.nn"), "Module")
    return None if found is imports.MISSING else found


def union(lists: Iterable[Candidates]) -> Candidates:
    """All candidates of several lists, each once."""
    united: Candidates = []
    seen: Set[Any] = set()
    for values in lists:
        for value in values:
            key = _key(value)
            if key not in seen:
                seen.add(key)
                united.append(value)
    return united


def _key(value: Any) -> Any:
    """What two candidates have in common if they are the same."""
    if isinstance(value, Unknown):
        return value
    if isinstance(value, Container):
        if value.parts is not None:
            return id(value)
        return (Container, tuple(map(_key, value.items)))
    return (type(value), *map(id, value))


def step(value: Any, taken: Any) -> Candidates:
    """The part of a value that a target takes: position and number of targets, or any element or key."""
    if taken is ANY_KEY:
        held = value.value if isinstance(value, Live) else None
        return [Live(key) for key in held] if isinstance(held, dict) else [Unknown("a key")]
    if taken is not ANY_ELEMENT and isinstance(value, Container) and value.parts is not None:
        index, size = taken
        if len(value.parts) == size:
            return list(value.parts[index])
    return elements(value)


def taken_from(values: Candidates, taken: Any = ANY_ELEMENT) -> Candidates:
    """What a target takes of whichever of these values it is.

    Nothing is not an answer: a container in which nothing was seen may have been filled out of sight.
    """
    found = union(step(value, taken) for value in values)
    if not found and any(isinstance(value, (Container, Live)) for value in values):
        return [Unknown("an element of a container that is filled elsewhere")]
    return found


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
        return None if imports.is_filled_elsewhere(mapping) else dict(mapping)
    parts = [imports.settle(part)[1] for part in (getattr(type(mapping), _GLOBAL, None), _local(mapping))]
    if not all(type(part) is dict for part in parts):
        return None
    return {key: value for part in parts for key, value in part.items()}


def _local(mapping: Any) -> Any:
    try:
        return vars(mapping).get(_LOCAL, {})
    except TypeError:
        return {}


def registry(mapping: Any) -> Candidates:
    """The values of a mapping of functions or classes; `(class, keywords)` pairs stand for the class."""
    held = _held(mapping)
    if held is None:
        return [Unknown("an element of {}".format(describe(Live(mapping))))]
    found: List[Candidates] = []
    for item in held.values():
        is_known, item = imports.settle(item)
        if not is_known:
            return [Unknown("an element of {}".format(describe(Live(mapping))))]
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
