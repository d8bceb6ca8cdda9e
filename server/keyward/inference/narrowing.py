"""Narrowing: what a condition says of the names in it."""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ..source import syntax as s
from ..source.tree import Source
from ..source.unit import Unit
from ..source.walk import walk
from .calls import Calls
from .classes import dotted
from .libraries import MODULE_WRAPPERS, WRAPS
from .program import Program
from .state import State, joined, without_none
from .values import (
    Constant,
    Instance,
    Key,
    LibraryClass,
    LibraryFunction,
    Mapping,
    Value,
    Wrapped,
    join,
    only,
    unknown,
)

_ASKING = frozenset(
    ("isinstance", "issubclass", "hasattr", "getattr", "callable", "type", "signature", "getfullargspec", "vars", "dir")
    + ("is_tensor",)
)
"""Functions whose results tell what an object is or has."""
_ASKS = re.compile(rb"\b(?:%s)\(|\.get\(|__class__|__name__|__dict__" % "|".join(sorted(_ASKING)).encode())
_INSPECTING = ("signature", "getfullargspec")
_OF_LIBRARIES = (LibraryClass, LibraryFunction)
_OF_CALLS = frozenset(("forward", "__call__", "__class__", "__dataclass_fields__", "__dict__", "__init__", "_modules"))
"""Attributes that tell how an object is called, or what it is."""


class Narrowing(Calls):
    """Takes the outcome of conditions into account."""

    def __init__(self, program: Program, source: Source, unit: Unit, level: int) -> None:
        super().__init__(program, source, unit, level)
        asking = unit.fact("asking", _asking)
        self.asks = bool(asking)
        """Whether the text says anything that asks about objects at all."""
        self.inspects = not asking.isdisjoint(_INSPECTING)
        self._masked: dict[str, tuple[Value, Value]] = {}
        """Names that are taken for unknown while a test of theirs holds, with what they hold really."""

    @abstractmethod
    def block(self, statements: s.Block) -> None:
        """Goes through statements."""

    def branches(self, test: s.Expression, truth: bool | None, body: s.Block, orelse: s.Block) -> None:
        """Goes through what runs if `test` is true, and what runs if it is false; `truth` says where that is known.

        What a test of attributes or class hid is seen again where both paths meet; where one of them has ended, the
        test holds on the other.
        """
        before, masked = self.state, self._masked
        ends: list[tuple[State, dict[str, tuple[Value, Value]]]] = []
        for way, block in ((True, body), (False, orelse)):
            self.state, self._masked = before.copy(), {}
            self.narrow(test, way)
            self.state.reached = before.reached and truth is not (not way)
            self.state.tested = True
            self.block(block)
            ends.append((self.state, self._masked))
        if all(state.reached for state, _ in ends):
            for state, hidden in ends:
                _unmask(state, hidden)
            self._masked = masked
        else:
            self._masked = masked | next((hidden for state, hidden in ends if state.reached), {})
        self.state = joined((state for state, _ in ends), self.outer_binding)
        self.state.tested = before.tested or (truth is None and not all(state.reached for state, _ in ends))

    @contextmanager
    def masks(self) -> Iterator[None]:
        """What is taken for unknown inside is seen again afterwards."""
        masked, self._masked = self._masked, {}
        yield
        _unmask(self.state, self._masked)
        self._masked = masked

    @contextmanager
    def assuming(self, test: s.Expression, truth: bool) -> Iterator[None]:
        tested = self.state.tested
        with self.masks():
            self.narrow(test, truth)
            self.state.tested = True
            yield
        self.state.tested = tested

    def narrow(self, test: s.Expression, truth: bool) -> None:
        """Takes into account that `test` was true, or false."""
        match test:
            case s.Not():
                self.narrow(test.value, not truth)
            case s.BooleanOperation() if truth == (test.operator == "and"):
                self.narrow(test.left, truth)
                self.narrow(test.right, truth)
            case s.Name() | s.Attribute() if truth:
                self._narrow_to(test, lambda value: without_none(value))
            case s.Compare(operators=("is",) | ("==",), operands=(subject, s.Literal(value=None))):
                self._narrow_none(subject, truth)
            case s.Compare(operators=("is not",) | ("!=",), operands=(subject, s.Literal(value=None))):
                self._narrow_none(subject, not truth)
            case s.Compare(
                operators=(("in" | "not in") as operator,), operands=(s.Literal(value=str() as key), subject)
            ):
                if isinstance(subject, s.Call) and isinstance(subject.function, s.Attribute):
                    subject = subject.function.value if subject.function.name == "keys" else subject
                self._narrow_key(subject, key, truth == (operator == "in"))
            case s.Call() if self.asks and self._narrow_wrapped(test, truth):
                pass
            case _ if self.asks:
                # what else the object may be then, its class does not tell
                for subject in self.asked_about(test):
                    self.mask(subject)

    def _narrow_to(self, node: s.Expression, change: Callable[[Value], Value]) -> None:
        if isinstance(node, s.Name):
            value = self.state.names.get(node.name)
            if value is None:
                value = self.lookup(node.name)
            changed = change(value)
            if changed != value:
                self.state.bind(node.name, changed)
        elif isinstance(node, s.Attribute) and isinstance(node.value, s.Name):
            value = self.local_attribute(node)
            if value is None:
                owner = self.state.names.get(node.value.name)
                if owner is None:
                    owner = self.lookup(node.value.name)
                value = self.attribute_of(node, owner)
                self.reads.pop(node.span, None)
            self.state.attributes[node.value.name, node.name] = change(value)

    def _narrow_none(self, node: s.Expression, is_none: bool) -> None:
        if isinstance(node, s.Name | s.Attribute):
            self._narrow_to(node, lambda value: only(Constant(None)) if is_none else without_none(value))
        else:
            for subject in self.asked_about(node):
                self.mask(subject)

    def _narrow_key(self, node: s.Expression, key: str, present: bool) -> None:
        def change(value: Value) -> Value:
            return frozenset(_with_key(atom, key, present) if isinstance(atom, Mapping) else atom for atom in value)

        if isinstance(node, s.Name):
            held = self.state.names.get(node.name) or self.lookup(node.name)
            if any(isinstance(atom, Instance) for atom in held):
                self.mask(node)
            else:
                self._narrow_to(node, change)
        else:
            for subject in _objects(node):
                self.mask(subject)

    def asked_about(self, test: s.Expression) -> list[s.Expression]:
        """The names and attributes of names of which an expression asks what class they are of, or what they have."""
        return self.program.per_node("asked about", test, lambda test: list(_asked_about(test)))

    def asked_by_flag(self, value: s.Expression) -> Iterator[s.Expression]:
        """What an expression asks about whose value is kept for later tests: `has_loss = hasattr(outputs, "loss")`."""
        if _is_flag(value):
            yield from self.asked_about(value)
            for node in walk(value):
                if isinstance(node, s.Compare) and node.operators in (("in",), ("not in",)):
                    yield from _objects(node.operands[1])
                elif isinstance(node, s.Compare) and self.values.get(node.operands[0].span) == only(Constant(None)):
                    yield from (name for name in walk(node.operands[0]) if isinstance(name, s.Name))
        elif self.inspects and any(isinstance(node, s.Call) and _last(node) in _INSPECTING for node in walk(value)):
            yield from self.asked_about(value)

    def _narrow_wrapped(self, test: s.Call, truth: bool) -> bool:
        """Takes the outcome of `isinstance(model, DataParallel)` or `hasattr(model, "module")` into account. Whether
        the test is one for wrappers, of something that is known to be one or to have been none: where the test holds,
        that has been wrapped out of sight."""
        wrappers = self._wrappers_tested_for(test)
        if not wrappers:
            return False
        subject = test.arguments[0].value
        narrowed: list[Value] = []
        for atom in self.evaluate(subject):
            if isinstance(atom, Wrapped) and atom.wrapper in MODULE_WRAPPERS:
                narrowed += [only(atom)] if (atom.wrapper in wrappers) == truth else []
            elif self.program.value("inside", atom, "module", self.level) != only(atom):
                return False
            else:
                narrowed.append(only(Wrapped(min(wrappers), only(atom)) if truth else atom))
        self.mask(subject, join(narrowed))
        return True

    def _wrappers_tested_for(self, test: s.Call) -> frozenset[str]:
        """The wrappers for which `isinstance` or `hasattr` asks, of a name or an attribute of one."""
        if len(test.arguments) != 2 or any(argument.stars or argument.name for argument in test.arguments):
            return frozenset()
        subject, asked = (argument.value for argument in test.arguments)
        if isinstance(subject, s.Attribute):
            subject = subject.value
        if not isinstance(subject, s.Name) or not isinstance(test.function, s.Name):
            return frozenset()
        if test.function.name == "hasattr" and isinstance(asked, s.Literal) and asked.value == "module":
            return MODULE_WRAPPERS
        if test.function.name != "isinstance":
            return frozenset()
        parts = asked.items if isinstance(asked, s.Sequence) else (asked,)
        classes = [self.evaluate(part) for part in parts]
        names = {WRAPS.get(atom.qualified, atom.qualified) for atom in join(classes) if isinstance(atom, _OF_LIBRARIES)}
        sure = names <= MODULE_WRAPPERS and all(len(cls) == 1 for cls in classes) and len(names) == len(parts)
        return frozenset(names) if sure else frozenset()

    def mask(self, node: s.Expression, mask: Value | None = None) -> None:
        """Takes an object for something else while a test of its class, attributes or keys holds: for unknown, as the
        code knows more than we do, unless the test says what it is then."""
        mask = unknown("its class, attributes or keys are tested") if mask is None else mask
        if isinstance(node, s.Name):
            self._masked.setdefault(node.name, (mask, self.state.names.get(node.name) or self.lookup(node.name)))
            mask = self._masked[node.name][0]
        self._narrow_to(node, lambda _: mask)


def _asking(unit: Unit) -> frozenset[str]:
    """The words of a unit that ask about objects."""
    return frozenset(found.decode().strip(".(") for found in _ASKS.findall(unit.key[1]))


def _asked_about(test: s.Expression) -> Iterator[s.Expression]:
    for node in walk(test):
        match node:
            case s.Call(arguments=arguments) if _last(node) in _ASKING:
                for argument in arguments:
                    yield from _objects(argument.value)
            case s.Call(function=s.Attribute(value=subject, name="get")):
                yield from _objects(subject)
            case s.Attribute(value=subject, name="__class__" | "__name__" | "__dict__"):
                yield from _objects(subject)


def _is_flag(node: s.Expression) -> bool:
    match node:
        case s.Compare():
            return True
        case s.Not():
            return _is_flag(node.value)
        case s.BooleanOperation():
            return _is_flag(node.left) and _is_flag(node.right)
        case s.Call():
            return _last(node) in ("isinstance", "issubclass", "hasattr", "callable")
    return False


def _last(node: s.Call) -> str:
    return dotted(node.function).rpartition(".")[2]


def _objects(node: s.Expression) -> Iterator[s.Expression]:
    """Names, and attributes of names, that an expression is made of."""
    waiting: list[s.Node] = [node]
    while waiting:
        match waiting.pop():
            case s.Attribute(value=s.Name(), name=name) as attribute if name not in _OF_CALLS:
                yield attribute
            case s.Attribute(value=value):
                waiting.append(value)
            case s.Name() as name:
                yield name
            case s.Call(function=function, arguments=arguments):
                waiting += [function, *(argument.value for argument in arguments)]
            case s.Subscript(value=value):
                waiting.append(value)


def _unmask(state: State, masked: dict[str, tuple[Value, Value]]) -> None:
    for name, (mask, value) in masked.items():
        if state.names.get(name) is mask:
            state.names[name] = value


def _with_key(mapping: Mapping, key: str, present: bool) -> Mapping:
    others = tuple(known for known in mapping.keys if known.name != key)
    if not present:
        return Mapping(others, mapping.open, mapping.cls)
    value = next((known.value for known in mapping.keys if known.name == key), unknown(f"entry `{key}`"))
    return Mapping((*others, Key(key, value)), mapping.open, mapping.cls)
