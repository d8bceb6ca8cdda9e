"""Classes built from their source: real classes with real bases, whose functions only raise."""

from __future__ import annotations

import ast
import collections
import dataclasses
import enum
import types
import typing
from typing import Any, Dict, List, Set, Tuple

from . import calls, expressions, functions, inert, statements
from .frames import Frame
from .opaque import Opaque, force

BUILT: Set[type] = set()
"""Every class that was built here."""
NODES: Dict[type, Any] = {}
"""The syntax that they were built from."""
FRAMES: Dict[type, Frame] = {}
"""Where the names in their bodies are looked up."""

_NEVER_SET = ("__init_subclass__", "__slots__", "__set_name__", "__class_getitem__", "__dict__", "__weakref__")
_SPECIAL = (typing.Generic, typing.Protocol)


class Member:
    """A member of an enumeration."""

    def __init__(self, owner: str, name: str, value: Any) -> None:
        self._owner = owner
        self.name = name
        self.value = value

    def __repr__(self) -> str:
        try:
            value = repr(self.value)
        except Exception:  # an instance of a class that was read, whose own `__repr__` does not run
            value = "..."
        return "<{}.{}: {}>".format(self._owner, self.name, value)


def build(node: Any, frame: Frame) -> Any:
    """The class of a definition, without its decorators; opaque where it cannot be made."""
    outer = frame.qualname
    qualname = node.name if not outer else "{}.{}".format(outer if frame.is_class else outer + ".<locals>", node.name)
    inner = Frame(frame.module, frame if not frame.is_top_level else None, qualname, is_class=True)
    inner.cell = types.CellType()
    bases = _bases(node, frame)
    is_typed = any(base is TypedDictionary or (isinstance(base, type) and base in _TYPED) for base in bases)
    inner.bind("__module__", frame.module.__name__)
    inner.bind("__qualname__", qualname)
    statements.run(node.body, inner)
    body = {name: force(value) for name, value in inner.names.items()}
    documentation = functions.docstring(node.body)
    if documentation is not None:
        body["__doc__"] = documentation
    if is_typed:
        inherited = [vars(base).get("__annotations__", {}) for base in reversed(bases) if base in _TYPED]
        inner.annotations = {name: kind for table in (*inherited, inner.annotations) for name, kind in table.items()}
        bases = (dict,)
    if inner.annotations:
        body["__annotations__"] = inner.annotations
    if any(isinstance(base, type) and issubclass(base, enum.Enum) for base in bases) or _is_enum(bases):
        _number(body, node.name)
    made = _named_tuple(node.name, body) if NamedFields in bases else _made(node.name, bases, body)
    if isinstance(made, type):
        if is_typed:
            _TYPED.add(made)
        inner.cell.cell_contents = made
        NODES[made] = node
        FRAMES[made] = frame
        made = _told_to_bases(made, frame)
    return made


def _bases(node: Any, frame: Frame) -> Tuple[Any, ...]:
    bases: List[Any] = []
    for written in node.bases:
        if isinstance(written, ast.Starred):
            continue
        base = expressions.evaluate(written, frame)
        if base is typing.NamedTuple:
            base = NamedFields
        elif getattr(base, "__name__", "") == "TypedDict":
            base = TypedDictionary
        elif isinstance(base, Opaque):
            base = _placeholder(base.path)
        elif not isinstance(base, (type, types.GenericAlias)) and type(base).__module__ != "typing":
            base = _placeholder(ast.unparse(written))
        bases.append(base)
    return tuple(bases)


class TypedDictionary:
    """Stands for `typing.TypedDict` among bases: only the annotations of such a class matter."""


class NamedFields:
    """Stands for `typing.NamedTuple` among bases."""


_TYPED: Set[Any] = set()


def _named_tuple(name: str, body: Dict[str, Any]) -> Any:
    """What `class P(NamedTuple)` makes."""
    fields = list(body.get("__annotations__", ()))
    defaults = [body.pop(field) for field in fields if field in body]
    make: Any = collections.namedtuple
    try:
        made = make(name, fields, defaults=defaults)
    except (ValueError, TypeError):
        return Opaque(name)
    for key, value in body.items():
        if key not in _NEVER_SET and inert.may_be_set(key, value):
            setattr(made, key, value)
    BUILT.add(made)
    return made


_PLACEHOLDERS: Dict[str, type] = {}


def _placeholder(path: str) -> type:
    """A class in place of a base that is not there: anything may be in it."""
    if path not in _PLACEHOLDERS:
        module, _, name = path.rpartition(".")
        body = {"__init__": _Anything(), "__module__": module or "unknown", "__doc__": None}
        _PLACEHOLDERS[path] = type(name.partition("(")[0] or "object", (), body)
    return _PLACEHOLDERS[path]


def is_placeholder(cls: Any) -> bool:
    """Whether a class stands for one that could not be found."""
    return isinstance(vars(cls).get("__init__"), _Anything)


class _Anything:
    """Stands for a constructor of which nothing is known."""

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self

    def __call__(self, *_: Any, **__: Any) -> None:
        raise RuntimeError("not there")


def _is_enum(bases: Any) -> bool:
    return any(getattr(base, "_is_enumeration", False) for base in bases)


def _number(body: Dict[str, Any], owner: str) -> None:
    body["_is_enumeration"] = True
    first: Dict[Any, Member] = {}
    for name, value in list(body.items()):
        plain = isinstance(value, (str, int, float, tuple, enum.auto, Opaque)) or value is None
        if (plain or calls.is_instance(value)) and not name.startswith("_"):
            # What has the value of another is that one by a second name.
            key = value if isinstance(value, (str, int, float)) else id(value)
            body[name] = first.setdefault((type(value), key), Member(owner, name, value))


def _made(name: str, bases: Tuple[Any, ...], body: Dict[str, Any]) -> Any:
    kept = {key: value for key, value in body.items() if key not in _NEVER_SET and inert.may_be_set(key, value)}
    if "__init_subclass__" in body:
        kept["_told_of_subclasses"] = body["__init_subclass__"]
    bases = tuple(base for base in bases if not (isinstance(base, type) and issubclass(base, enum.Enum)))
    for attempt in (bases, tuple(base for base in bases if _is_plain(base)), ()):
        try:
            resolved = types.resolve_bases(attempt)
            body_now = dict(kept)
            if resolved is not attempt:
                body_now["__orig_bases__"] = attempt
            metaclass = (
                type if not resolved else max((type(base) for base in resolved), key=lambda kind: len(kind.__mro__))
            )
            made = metaclass(name, resolved, body_now)
        except Exception:
            continue
        BUILT.add(made)
        return made
    return Opaque(name)


def _is_plain(base: Any) -> bool:
    return isinstance(base, type) and base not in _SPECIAL


def _told_to_bases(made: Any, frame: Frame) -> Any:
    """What the nearest base's `__init_subclass__` does to a class."""
    for base in made.__mro__[1:]:
        told = vars(base).get("_told_of_subclasses")
        if told is not None:
            caller = Frame(frame.module, None, frame.qualname)
            caller.is_eager = True
            calls.call(getattr(told, "__func__", told), [made], {}, caller)
            break
    return made


def hints(cls: Any) -> Dict[str, Any]:
    """What a class and its bases annotate, worked out where it is written as text."""
    found: Dict[str, Any] = {}
    for base in reversed(cls.__mro__):
        for name, value in vars(base).get("__annotations__", {}).items() if base in BUILT else ():
            if isinstance(value, str):
                value = expressions.of_text(value, FRAMES[base])
            found[name] = value
    return found


def make_dataclass(cls: Any, options: Dict[str, Any]) -> Any:
    """What `dataclasses.dataclass` makes of a class."""
    if not inert.has_plain_fields(cls):
        return cls
    known = {name: value for name, value in options.items() if isinstance(value, bool) and name != "slots"}
    before = set(vars(cls))
    written = vars(cls).get("__annotations__", {})
    for name, value in written.items():
        # `dataclass` looks for these where a module that was imported would have them.
        if isinstance(value, str) and ("ClassVar" in value or "InitVar" in value):
            written[name] = expressions.of_text(value, FRAMES[cls])
    try:
        dataclasses.dataclass(**known)(cls)
    except Exception:
        # A field of a value that cannot be known, say, after one with a default: the class keeps what it has.
        for name in set(vars(cls)) - before:
            if not name.startswith("__dataclass"):
                delattr(cls, name)
    return cls
