"""Code that is meant to fail, or is written for another world than the one that is looked at."""

from __future__ import annotations

import builtins
import re
from collections.abc import Callable, Iterable, Iterator

from ..source import syntax as s
from ..source.unit import Unit
from ..source.walk import statements, walk
from .classes import dotted

EXPECTS = frozenset(("raises", "assertRaises", "assertRaisesRegex", "suppress"))
"""Functions that say which exception the code below them expects."""

_EXPECTED_TO_FAIL = frozenset(("xfail", "expectedFailure"))

_ABSENCE = frozenset(("*", "ImportError", "ModuleNotFoundError", "AttributeError"))
"""What is raised where a module lacks a name."""

_COMPARES = re.compile(r"(^|_)(lt|le|lte|gt|ge|gte|(greater|less)(_(than|or|equal))*)_?v?\d", re.IGNORECASE)
"""Names such as `transformers_lt_4_56`, `IS_TRANSFORMERS_GE_V5` and `_TORCH_GREATER_EQUAL_2_4`."""

GATED = "?"
"""Stands among the exceptions that are expected where code is written for another version."""

_ANY_FAILURE: frozenset[str] = frozenset(("Exception", "BaseException"))


def exceptions(types: Iterable[s.Expression]) -> list[str]:
    """Last names of the exceptions listed; "*" for those that stand for any."""
    names: list[str] = []
    for kind in types:
        parts = kind.items if isinstance(kind, s.Sequence) else (kind,)
        for part in parts:
            name = dotted(part).rpartition(".")[2]
            names += _standing_for(name) if _is_exception(name) else ["*"]
    return names


def _standing_for(name: str) -> list[str]:
    """An exception's name, and those of the built-in ones that derive from it."""
    base = getattr(builtins, name, None)
    if not isinstance(base, type):
        return [name]
    return [other for other, kind in vars(builtins).items() if isinstance(kind, type) and issubclass(kind, base)]


def _is_exception(name: str) -> bool:
    """Whether a name says which exceptions it stands for; `ERRORS` may be a tuple of any."""
    found = getattr(builtins, name, None)
    if isinstance(found, type) and issubclass(found, BaseException):
        return name not in _ANY_FAILURE
    return name.endswith(("Error", "Exception", "Warning", "Exit", "Interrupt"))


def expects(context: s.Expression, text: bytes) -> list[str]:
    """The exceptions that a context of `with` expects, in a file of this text."""
    if isinstance(context, s.Name | s.Attribute):
        return ["*"] if b"raises(" in text or b"Raises(" in text or b"suppress(" in text else []
    found: list[str] = []
    for node in walk(context):
        if isinstance(node, s.Call) and dotted(node).rpartition(".")[2] in EXPECTS:
            found += exceptions(argument.value for argument in node.arguments)
    return found


def expected_failure(function: s.FunctionDef) -> bool:
    """Whether a test says that it fails."""
    return any(dotted(decorator).rpartition(".")[2] in _EXPECTED_TO_FAIL for decorator in function.decorators)


def asks_for_script(test: s.Expression) -> bool:
    """Whether a condition is `__name__ == "__main__"`."""
    match test:
        case s.Compare(operators=("==",), operands=(s.Name(name="__name__"), s.Literal(value="__main__"))):
            return True
    return False


def is_gate(test: s.Expression) -> bool:
    """Whether a condition asks for versions, for what is installed, or for the type checker: then code under it is
    written for another world than the one that is looked at."""
    return _mentions(test, _asks_world)


def _mentions(test: s.Expression, asks: Callable[[str], bool]) -> bool:
    """Whether one of the names that a condition is made of is such that it `asks`."""
    pending: list[s.Expression] = [test]
    while pending:
        node = pending.pop()
        match node:
            case s.Name(name=name) | s.Attribute(name=name):
                if asks(name):
                    return True
                if isinstance(node, s.Attribute):
                    pending.append(node.value)
            case s.Call():
                pending += [node.function, *(argument.value for argument in node.arguments)]
            case s.Not() | s.Subscript():
                pending.append(node.value)
            case s.BooleanOperation() | s.BinaryOperation():
                pending += [node.left, node.right]
            case s.Compare():
                pending += node.operands
            case s.Opaque():
                pending += node.parts
    return False


def _asks_world(name: str) -> bool:
    return _asks_version(name) or name == "TYPE_CHECKING" or name.lower().endswith("_available")


def _asks_version(name: str) -> bool:
    return "version" in name.lower()


def gates(unit: Unit) -> frozenset[str]:
    """Names that hold, or give when they are called, what a test of versions or of what is installed gave; behind "?"
    those of comparisons of versions."""
    return frozenset(_gates(unit))


def _gates(unit: Unit) -> Iterator[str]:
    for node in statements((unit.node,)):
        match node:
            case s.Assign(value=value, targets=targets) if value is not None and is_gate(value):
                found = [target.name for target in targets if isinstance(target, s.Name)]
                yield from found
                yield from (f"?{name}" for name in found if _compares_versions(value))
            case s.ImportFrom(names=names):
                yield from (alias.asname for alias in names if alias.asname and _asks_world(alias.name))
            case s.FunctionDef(name=name, body=body):
                if any(isinstance(inner, s.Return) and _compares_versions(inner.value) for inner in statements(body)):
                    yield from (name, f"?{name}")


def _compares_versions(value: s.Expression | None) -> bool:
    return isinstance(value, s.Compare | s.Not | s.BooleanOperation) and _mentions(value, _asks_version)


def is_settled(test: s.Expression, gates: frozenset[str]) -> bool:
    """Whether a condition is what a comparison of versions gave: by a name that holds it or says so, or by a function
    that gives it."""
    match test:
        case s.Not(value=value):
            return is_settled(value, gates)
        case s.BooleanOperation(left=left, right=right):
            return is_settled(left, gates) or is_settled(right, gates)
        case s.Call(function=s.Name(name=name)):
            return f"?{name}" in gates
        case s.Name(name=name) | s.Attribute(name=name):
            return f"?{name}" in gates or _COMPARES.search(name) is not None
    return False


def expects_absence(guards: Iterable[str]) -> bool:
    """Whether what is raised where a module lacks a name is among the exceptions that are expected."""
    return not _ABSENCE.isdisjoint(guards)


def is_for_absence(node: s.Try | s.Expression, gates: frozenset[str]) -> bool:
    """Whether code in a `try` statement, or under a condition, is prepared for modules that lack names, or is written
    for other versions of them. `gates` are names that hold what a test of versions gave."""
    return _handles_absence(node) if isinstance(node, s.Try) else _asks(node, gates)


def _handles_absence(node: s.Try) -> bool:
    return any(not handler.types or expects_absence(exceptions(handler.types)) for handler in node.handlers)


def _asks(test: s.Expression, gates: frozenset[str]) -> bool:
    """Whether a condition asks for versions, or whether something is there."""
    if is_gate(test):
        return True
    names = (node.name for node in walk(test) if isinstance(node, s.Name | s.Attribute))
    return any(name in gates or name == "hasattr" or _COMPARES.search(name) for name in names)
