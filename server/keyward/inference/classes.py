"""What a class of the user's own is: bases, fields, methods, and the signature of its `forward`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..signatures.model import Kind, Parameter, Signature
from ..source import syntax as s
from ..source.unit import Unit
from .libraries import DATACLASS_DECORATORS, TRANSPARENT_DECORATORS
from .values import Class, Value

_KINDS = frozenset(("staticmethod", "classmethod", "property", "cached_property"))


@dataclass(frozen=True, slots=True)
class ClassInfo:
    """A class of the user's own, as its file says. Compares by content: an edit in a method's body changes nothing
    here."""

    path: str
    qualname: str
    resolution_order: tuple[Class, ...]
    """The class itself, then its bases in order as far as they are known."""
    complete: bool
    """Whether all bases are known."""
    made_otherwise: str
    """Why making one may give something else: its `__new__`, its metaclass, a decorator; "" where nothing does."""
    decorated: bool
    """Whether it has decorators that may add to it."""
    is_dataclass: bool
    fields: tuple[str, ...]
    """Annotated names of the class body in order."""
    methods: tuple[str, ...]
    """Names of functions defined in the class body."""
    variables: tuple[tuple[str, Value], ...]
    """Names assigned in the class body."""


def dotted(expression: s.Expression) -> str:
    """`a.b.c` as text, "" for anything else. Of a call, what is called."""
    if isinstance(expression, s.Call):
        expression = expression.function
    if isinstance(expression, s.Name):
        return expression.name
    if isinstance(expression, s.Attribute):
        value = dotted(expression.value)
        return f"{value}.{expression.name}" if value else ""
    return ""


def is_dataclass(definition: s.ClassDef) -> bool:
    return any(dotted(decorator) in DATACLASS_DECORATORS for decorator in definition.decorators)


def method_kind(function: s.FunctionDef) -> str:
    """ "method", "staticmethod", "classmethod" or "property"; "" where a decorator may have changed the signature."""
    kind = "method"
    for decorator in function.decorators:
        if not is_transparent(decorator):
            return ""
        last = dotted(decorator).rpartition(".")[2]
        if last in _KINDS:
            kind = "property" if last == "cached_property" else last
    return kind


def is_transparent(decorator: s.Expression) -> bool:
    """Whether it is known by its name what a function is after the decorator."""
    last = dotted(decorator).rpartition(".")[2]
    return last in _KINDS or last in TRANSPARENT_DECORATORS


def is_abstract(function: s.FunctionDef) -> bool:
    """Whether a method is there to be overridden: it says so, or does nothing."""
    if any(dotted(decorator).rpartition(".")[2] == "abstractmethod" for decorator in function.decorators):
        return True
    return _does_nothing(function)


def _does_nothing(function: s.FunctionDef) -> bool:
    return all(isinstance(node, s.Raise | s.Jump | s.ExpressionStatement) for node in function.body)


def is_bound(function: s.FunctionDef) -> bool:
    """Whether calling a function of a class body by way of an object fills its first parameter with that object or its
    class. Under a decorator that is not known the parameter's name says so."""
    kind = method_kind(function)
    if not kind:
        return bool(function.parameters) and function.parameters[0].name == "self"
    return kind != "staticmethod"


def signature_of(unit: Unit, function: s.FunctionDef, skip_first: bool) -> Signature:
    """The signature as written. What its own `**kwargs` takes is lost if the body never mentions it, else "open"."""
    parameters: list[Parameter] = []
    for parameter in function.parameters[1:] if skip_first else function.parameters:
        kind = Kind(parameter.kind)
        default = None if parameter.default is None else _text(unit, parameter.default)
        annotation = "" if parameter.annotation is None else _text(unit, parameter.annotation)
        parameters.append(Parameter(parameter.name, kind, default, annotation))
    rest = next((parameter.name for parameter in parameters if parameter.kind is Kind.VAR_KEYWORD), "")
    if not rest:
        return Signature(tuple(parameters))
    if _is_dropped(unit, function, rest):
        return Signature(tuple(parameters), extra="ignored")
    return Signature(tuple(parameters), extra="open", reason="its own **kwargs")


def _is_dropped(unit: Unit, function: s.FunctionDef, name: str) -> bool:
    """Whether the text of a function never speaks of a parameter again. A body that does nothing is there to be
    overridden, and says nothing about what is."""
    return not _does_nothing(function) and mentions(unit, name) == 1


def mentions(unit: Unit, name: str) -> int:
    """How often the text of a function speaks of a parameter, or of all its names."""
    words = rb"\b(?:locals|vars|inspect|eval|exec|" + re.escape(name.encode()) + rb")\b"
    return len(re.findall(words, unit.key[1]))


def _text(unit: Unit, node: s.Expression) -> str:
    """The source text of a node; the key holds the unit's text."""
    return unit.key[1][node.span.start : node.span.end].decode("utf-8", "replace")
