"""What instances of a class have: fields and attributes of outputs and configurations, public methods."""

from __future__ import annotations

import dataclasses
import inspect
import types
from typing import Any, Dict, Iterator, List, Set, Tuple

from . import documentation, members, parameters, source
from .parameters import Entry
from .roles import is_torch_module, role_of


def fields(cls: type) -> List[Entry]:
    """The fields of a dataclass, in their order."""
    if not dataclasses.is_dataclass(cls):
        return []
    live = dataclasses.fields(cls)
    names = {field.name for field in live}
    docs: Dict[str, str] = {}
    for base in inspect.getmro(cls):
        for name, line in documentation.items(base.__dict__.get("__doc__"), names).items():
            docs.setdefault(name, line)
    found = []
    for field in live:
        entry = {"name": field.name, "annotation": parameters.annotation(field.type), "doc": docs.get(field.name, "")}
        found.append({key: value for key, value in entry.items() if value})
    return found


def of_output(cls: Any) -> List[str]:
    """Attribute names that come neither from a field nor from a base that has an entry of its own."""
    own = {field.name for field in dataclasses.fields(cls)} if dataclasses.is_dataclass(cls) else set()
    inherited: Set[str] = set()
    for base in cls.__mro__[1:]:
        if base is not object and role_of(base) == "output":
            inherited.update(dir(base))
    return sorted(name for name in set(dir(cls)) - inherited - own if not name.startswith("_"))


def of_configuration(cls: Any, known: Set[str]) -> List[str]:
    """Attributes of a configuration's instances beyond `known` (what its constructor takes) and its bases' own."""
    bases = [base for base in cls.__mro__[1:] if role_of(base) == "config"]
    told = {base for configuration in bases for base in configuration.__mro__}
    inherited = {name for base in told for name in _attributes(base)}
    found = {name for base in cls.__mro__ if base not in told for name in _attributes(base)}
    return sorted(name for name in found - inherited - known if not name.startswith("_"))


def _attributes(cls: Any) -> Iterator[str]:
    """Names of what a class and its methods assign, of its properties, and of its other names for attributes."""
    if cls is object:
        return
    for name, value in vars(cls).items():
        if not isinstance(value, (types.FunctionType, classmethod, staticmethod, type)):
            yield name
    for name, _, _ in members.attribute_table(cls):
        if isinstance(name, str):
            yield name
    others = vars(cls).get("attribute_map")
    if isinstance(others, dict):
        yield from (name for name in others if isinstance(name, str))


_TRIVIAL = ("get_input_embeddings", "set_input_embeddings", "get_output_embeddings", "set_output_embeddings")


def methods(cls: Any) -> Iterator[Tuple[str, Any, bool]]:
    """(name, function, whether it takes `self` or the class) of the public methods that a class itself defines.

    What calling an instance runs is told of by itself, and is not among them.
    """
    called = ("forward",) if is_torch_module(cls) else ("call",) if role_of(cls) == "module" else ()
    for name, value in vars(cls).items():
        if name.startswith("_") or name in called or name in _TRIVIAL:
            continue
        function = source.plain(value)
        if isinstance(function, types.FunctionType):
            yield name, function, not isinstance(value, staticmethod)
