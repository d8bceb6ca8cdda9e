"""Narrowing: what a condition says of the names in it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ..source import syntax as s
from ..source.tree import Source
from ..source.unit import Unit
from .calls import Calls
from .program import Program
from .state import State, joined, without_none
from .values import Constant, Instance, Key, Mapping, Value, only, unknown


class Narrowing(Calls):
    """Takes the outcome of conditions into account."""

    def __init__(self, program: Program, source: Source, unit: Unit, level: int) -> None:
        super().__init__(program, source, unit, level)
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
            self.block(block)
            ends.append((self.state, self._masked))
        if all(state.reached for state, _ in ends):
            for state, hidden in ends:
                _unmask(state, hidden)
            self._masked = masked
        else:
            self._masked = masked | next((hidden for state, hidden in ends if state.reached), {})
        self.state = joined((state for state, _ in ends), self.outer_binding)

    @contextmanager
    def assuming(self, test: s.Expression, truth: bool) -> Iterator[None]:
        masked, self._masked = self._masked, {}
        self.narrow(test, truth)
        yield
        _unmask(self.state, self._masked)
        self._masked = masked

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
                self._narrow_key(subject, key, truth == (operator == "in"))
            case s.Call(function=s.Name(name="isinstance" | "issubclass" | "hasattr"), arguments=(subject, *_)):
                # what else the object may be then, its class does not tell
                self._mask(subject.value)

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

    def _narrow_key(self, node: s.Expression, key: str, present: bool) -> None:
        def change(value: Value) -> Value:
            return frozenset(_with_key(atom, key, present) if isinstance(atom, Mapping) else atom for atom in value)

        if isinstance(node, s.Name):
            held = self.state.names.get(node.name) or self.lookup(node.name)
            if any(isinstance(atom, Instance) for atom in held):
                self._mask(node)
            else:
                self._narrow_to(node, change)

    def _mask(self, node: s.Expression) -> None:
        """Takes an object for unknown whose class, attributes or keys are tested: the code knows more than we do."""
        mask = unknown("its class, attributes or keys are tested")
        if isinstance(node, s.Name):
            self._masked.setdefault(node.name, (mask, self.state.names.get(node.name) or self.lookup(node.name)))
            mask = self._masked[node.name][0]
        self._narrow_to(node, lambda _: mask)


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
