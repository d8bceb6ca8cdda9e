"""Values of expressions."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

from ..source import syntax as s
from ..source.tree import Source
from ..source.unit import Unit
from ..text import Span
from . import containers
from .analysis import CallSite, FieldRead, LibraryName, Unpacking
from .answers import Answer, Question
from .bindings import Bindings
from .exchanges import is_exchanged
from .guards import GATED, expects_absence, is_for_absence, is_gate, is_settled
from .losses import is_absent
from .program import Program
from .sharing import MUTATORS
from .state import joined, loose, merged, truthiness
from .values import (
    NEVER,
    Collection,
    Constant,
    Instance,
    Key,
    LibraryClass,
    LibraryFunction,
    Mapping,
    Module,
    Unknown,
    UserClass,
    Value,
    join,
    only,
    ordered,
    passed_on,
    unknown,
)

OTHER = unknown("an expression that is not followed")
_MOST_ALTERNATIVES = 12
"""A value with more alternatives than this is taken for unknown: no message could name them."""


class Expressions(Bindings):
    """Evaluates the expressions of one unit and records the calls and field reads in them.

    `calls`, `reads` and `values` hold what was seen last at each place: a loop's body is gone through twice, the second
    time with all that the first one may have left.
    """

    def __init__(self, program: Program, source: Source, unit: Unit, level: int) -> None:
        super().__init__()
        self.program = program
        self.source = source
        self.unit = unit
        self.level = level
        self.guards: tuple[str, ...] = ()
        self.around: tuple[s.Try | s.Expression, ...] = ()
        """The `try` statements and the conditions around, and those of branches that left before."""
        self._for_absence: dict[int, bool] = {}
        self._settled: dict[int, bool] = {}
        """Both by identity of the node."""
        self.calls: dict[Span, CallSite] = {}
        self.reads: dict[Span, FieldRead] = {}
        self.unpackings: dict[Span, Unpacking] = {}
        self.library_names: dict[Span, LibraryName] = {}
        self.values: dict[Span, Value] = {}
        self.yielded: list[Value] = []
        """What the function being gone through has yielded."""
        self.in_comprehension = False
        self.extended: set[str] = set()
        """Names of objects that were handed over to somebody who may have set fields of theirs."""
        self.self_name = ""
        self.self_class: UserClass | None = None

    # --- to be given by the flow --------------------------------------------------------------------------------

    @abstractmethod
    def lookup(self, name: str) -> Value:
        """The value of a name that is not local."""

    @abstractmethod
    def call(self, node: s.Call) -> Value:
        """The value of a call."""

    @abstractmethod
    def comprehension(self, node: s.Comprehension) -> Value:
        """The value of a comprehension."""

    @abstractmethod
    def bind_target(self, target: s.Expression, value: Value) -> None:
        """Gives a value to a name, an attribute, an item, or the parts of an unpacking."""

    @abstractmethod
    def assuming(self, test: s.Expression, truth: bool) -> AbstractContextManager[None]:
        """What is evaluated inside may rely on `test` being true, or false; what comes after may not."""

    @abstractmethod
    def narrow(self, test: s.Expression, truth: bool) -> None:
        """Takes into account that `test` was true, or false."""

    @abstractmethod
    def attributes_of_self(self, name: str) -> Iterator[Value]:
        """The values of an attribute of `self`, as all methods leave it: in this class, and in those that derive from
        it."""

    @abstractmethod
    def enter_function(self, node: s.Lambda) -> Value:
        """Notes a function inside this one, to be gone through at the end; what it is until then."""

    # --- expressions ------------------------------------------------------------------------------------------------

    def evaluate(self, node: s.Expression) -> Value:
        value = _EVALUATE[type(node)](self, node)
        return value if len(value) <= _MOST_ALTERNATIVES else unknown("too many alternatives")

    def opaque(self, node: s.Opaque) -> Value:
        for part in node.parts:
            self.evaluate(part)
            self.escape(part)
        return OTHER

    def name(self, node: s.Name) -> Value:
        value = self.state.names.get(node.name)
        if value is None:
            value = self.lookup(node.name)
        value = self.program.looked_up(value)
        self.values[node.span] = value
        return value

    def literal(self, node: s.Literal) -> Value:
        return only(Constant(node.value))

    def attribute(self, node: s.Attribute) -> Value:
        owner = self.evaluate(node.value)
        value = self.local_attribute(node)
        if value is None:
            value = self.attribute_of(node, owner)
        self.values[node.span] = value
        if node.name in MUTATORS:
            self.escape(node.value)
        return value

    def attribute_of(self, node: s.Attribute, owner: Value) -> Value:
        if (same := passed_on(owner)) is not None:  # by far the most common: not worth a query
            return same
        is_self = isinstance(node.value, s.Name) and node.value.name == self.self_name
        found: list[Value] = []
        for atom in owner:
            if isinstance(atom, Unknown):
                found.append(unknown(atom.reason))
            elif is_self and isinstance(atom, Instance):
                if atom.cls == self.self_class:
                    found += self.attributes_of_self(node.name)
            else:
                found.append(self.program.value("attribute", atom, node.name, self.level))
        self.record_read(node, owner, node.name, node.name_span, of_self=is_self)
        if len(owner) == 1 and isinstance(atom, Module):
            self.record_name(node, atom.name, found[0])
        return join(found)

    def record_name(self, node: s.Alias | s.Attribute, module: str, value: Value) -> None:
        """Notes a name of a library's module that is not there, or is deprecated."""
        signatures, path = self.program.world.signatures, self.source.path
        top = module.partition(".")[0]
        if self.source is not self.program.main or path.endswith(".pyi") or not signatures.is_module(top):
            return
        (atom,) = value if len(value) == 1 else (None,)
        if not isinstance(atom, LibraryClass | LibraryFunction | Unknown):
            return
        known = signatures.find(f"{module}.{node.name}")
        gone = signatures.gone(f"{module}.{node.name}") or "" if known is None else ""
        if known is not None and not known.entry.replaced_by:
            return
        if isinstance(node, s.Attribute) and node.name in self.program.ask("outside", path):
            return
        answer: Answer | None = None
        if gone or known is not None:
            answer = self.program.ask("answer", Question(path, top, 0, "", "hidden"))
        self.library_names[node.name_span] = LibraryName(
            node,
            module,
            node.name,
            None if known is None else known.entry,
            gone,
            expects_absence(self.guards) or any(map(self.is_for_absence, self.around)),
            answer is not None and answer.known,
        )

    def is_for_absence(self, node: s.Try | s.Expression) -> bool:
        """Whether code in a `try` statement, or under a condition, is prepared for modules that lack names."""
        known = self._for_absence.get(id(node))
        if known is None:
            known = is_for_absence(node, self.program.ask("gates", self.source.path))
            self._for_absence[id(node)] = known
        return known

    def is_gate(self, test: s.Expression) -> bool:
        """Whether what a condition decides on is written for different versions, or for what may not be installed."""
        return self.program.per_node("gate", test, is_gate) or self.is_settled(test)

    def is_settled(self, test: s.Expression) -> bool:
        """Whether a condition is what a test of versions gave."""
        known = self._settled.get(id(test))
        if known is None:
            known = self._settled[id(test)] = is_settled(test, self.program.ask("gates", self.source.path))
        return known

    def record_read(
        self, node: s.Attribute | s.Subscript, owner: Value, name: str, span: Span, of_self: bool = False
    ) -> None:
        if not all(isinstance(atom, Instance) for atom in owner):
            return
        if isinstance(node.value, s.Name) and node.value.name in self.extended:
            return
        if is_exchanged(name, self.program.ask("outside", self.source.path)):
            return
        owners = tuple(o for o in (self.program.ask("owner", atom) for atom in ordered(owner)) if o is not None)
        if owners and len(owners) == len(owner):
            is_none = all(is_absent(atom, name) for atom in owner)
            self.reads[node.span] = FieldRead(
                node, name, span, owners, frozenset(self.guards), of_self, is_none, self.state.tested
            )

    def record_unpacking(self, node: s.Sequence, value: Value) -> None:
        if not value or not all(isinstance(atom, Instance) and atom.producer is not None for atom in value):
            return
        owners = tuple(o for o in (self.program.ask("owner", atom) for atom in ordered(value)) if o is not None)
        if len(owners) == len(value) and all(owner.producer is not None for owner in owners):
            guarded = frozenset(self.guards)
            self.unpackings[node.span] = Unpacking(node, owners, guarded, self.state.tested)

    def subscript(self, node: s.Subscript) -> Value:
        owner = self.evaluate(node.value)
        index = [self.evaluate(part) for part in node.indices]
        (key,) = index[0] if len(index) == 1 and len(index[0]) == 1 else (None,)
        if not isinstance(key, Constant):
            if len(index) != 1:
                return unknown("several indices")
            if isinstance(node.indices[0], s.Opaque):  # a slice
                span = node.indices[0].span
                which = containers.slice_of(self.unit.key[1][span.start : span.end].decode("utf-8", "replace"))
                return join(containers.some_items(atom, which) for atom in owner)
            return join(containers.any_item(atom) for atom in owner)
        if isinstance(key.value, str) and all(
            isinstance(atom, Instance) and isinstance(atom.cls, LibraryClass) for atom in owner
        ):
            self.record_read(node, owner, key.value, node.indices[0].span)
        return join(containers.item(atom, key.value) for atom in owner) or unknown("an item of an empty list")

    def sequence(self, node: s.Sequence) -> Value:
        items: list[Value] = []
        known = True
        for item in node.items:
            if isinstance(item, s.Starred):
                value = self.evaluate(item.value)
                spread = self.items_of(value)
                if spread is None:
                    known = False
                    items.append(self.element_of(value))
                else:
                    items += spread
            else:
                items.append(self.evaluate(item))
        return only(Collection(node.kind, tuple(items) if known else None, join(items)))

    def starred(self, node: s.Starred) -> Value:
        self.evaluate(node.value)
        return OTHER

    def dictionary(self, node: s.Dict) -> Value:
        keys: dict[str, Key] = {}
        is_open = False
        for item in node.items:
            value = self.evaluate(item.value)
            if item.key is None:
                part = self.mapping_of(value)
                is_open |= part.open
                if part.open:
                    keys = {name: maybe_again(key) for name, key in keys.items()}
                for key in part.keys:
                    before = keys.get(key.name)
                    certain = key.certain or (before is not None and before.certain)
                    keys[key.name] = Key(key.name, key.value, certain)
                continue
            (name, *others) = self.evaluate(item.key) or (Unknown(""),)
            if others or not isinstance(name, Constant) or not isinstance(name.value, str):
                if not isinstance(name, Constant) or others:
                    is_open = True
                    keys = {known: maybe_again(key) for known, key in keys.items()}
                continue
            keys[name.value] = Key(name.value, value)
        return only(Mapping(tuple(keys.values()), is_open))

    def item(self, node: s.Item) -> Value:
        if node.key is not None:
            self.evaluate(node.key)
        return self.evaluate(node.value)

    def conditional(self, node: s.Conditional) -> Value:
        truth = truthiness(self.evaluate(node.test))
        before, around, guards = self.state, self.around, self.guards
        self.state, self.around = before.copy(), (*around, node.test)
        if self.is_gate(node.test):
            self.guards = (*guards, "*", GATED)
        with self.assuming(node.test, True):
            body = self.evaluate(node.body)
        after_body, self.state = self.state, before.copy()
        with self.assuming(node.test, False):
            orelse = self.evaluate(node.orelse)
        self.around, self.guards = around, guards
        self.state = joined((after_body, self.state), self.outer_binding)
        if truth is not None:
            return body if truth else orelse
        return merged(body, orelse)

    def boolean(self, node: s.BooleanOperation) -> Value:
        left = self.evaluate(node.left)
        before, around = self.state, self.around
        self.state, self.around = before.copy(), (*around, node.left)
        with self.assuming(node.left, node.operator == "and"):
            right = self.evaluate(node.right)
        self.around = around
        self.state = joined((before, self.state), self.outer_binding)
        truth = truthiness(left)
        if truth is not None:
            return right if truth == (node.operator == "and") else left
        if node.operator == "or":
            left = frozenset(atom for atom in left if atom not in (Constant(None), Constant(False)))
        return merged(left, right)

    def binary(self, node: s.BinaryOperation) -> Value:
        left, right = self.evaluate(node.left), self.evaluate(node.right)
        if node.operator == "|" and len(left) == len(right) == 1:
            (one,), (other,) = left, right
            if isinstance(one, Mapping) and isinstance(other, Mapping):
                return only(updated(one, other))
        if node.operator == "+" and len(left) == len(right) == 1:
            (one,), (other,) = left, right
            if isinstance(one, Collection) and isinstance(other, Collection):
                items = None if one.items is None or other.items is None else (*one.items, *other.items)
                return only(Collection(one.kind, items, one.item | other.item))
        return OTHER

    def compare(self, node: s.Compare) -> Value:
        for operand in node.operands:
            self.evaluate(operand)
        return unknown("a comparison")

    def negation(self, node: s.Not) -> Value:
        truth = truthiness(self.evaluate(node.value))
        return unknown("a negation") if truth is None else only(Constant(not truth))

    def awaited(self, node: s.Await) -> Value:
        self.evaluate(node.value)
        self.state.attributes.clear()  # others run meanwhile
        return unknown("awaited")

    def yield_(self, node: s.Yield) -> Value:
        value = only(Constant(None))
        if node.value is not None:
            self.escape(node.value)  # first: whatever has another name may be changed while the function waits
            value = self.evaluate(node.value)
        if node.delegates:
            element = self.element_of(value)
            value = element if containers.is_fresh(value) else loose(element)
        self.yielded.append(value)
        return OTHER

    def named_expression(self, node: s.NamedExpression) -> Value:
        self.escape(node.value)
        value = self.evaluate(node.value)
        self.bind_name(node.target, value)
        return value

    def bind_name(self, target: s.Name, value: Value) -> None:
        self.bind(target.name, value)
        self.values[target.span] = value

    def lambda_(self, node: s.Lambda) -> Value:
        return self.enter_function(node)

    # --- what values hold -------------------------------------------------------------------------------------------

    def element_of(self, value: Value) -> Value:
        """What iterating over the value gives."""
        return join(containers.element(atom) for atom in value) or unknown("an element of an empty list")

    def items_of(self, value: Value) -> tuple[Value, ...] | None:
        """The items of a tuple or list, where their number is known."""
        held = containers.collection(value)
        return None if held is None else containers.placed(held)

    def mapping_of(self, value: Value) -> Mapping:
        """The keys that `**value` gives."""
        result: Value = NEVER
        for atom in value:
            result = (
                merged(result, only(atom if isinstance(atom, Mapping) else Mapping((), True)))
                if result
                else (only(atom) if isinstance(atom, Mapping) else only(Mapping((), True)))
            )
        for atom in result:
            if isinstance(atom, Mapping):
                return atom
        return Mapping((), True)


def updated(mapping: Mapping, other: Mapping) -> Mapping:
    """The dictionary after `.update(other)`."""
    keys = {key.name: maybe_again(key) if other.open else key for key in mapping.keys}
    for key in other.keys:
        before = keys.get(key.name)
        certain = key.certain or (before is not None and before.certain)
        keys[key.name] = Key(key.name, key.value, certain)
    return Mapping(tuple(keys.values()), mapping.open or other.open, mapping.cls)


def maybe_again(key: Key) -> Key:
    """A key that may have been set again, unseen."""
    return Key(key.name, key.value | unknown("an entry that may have been set again"), key.certain)


_EVALUATE: dict[type, Callable[[Any, Any], Value]] = {
    s.Opaque: Expressions.opaque,
    s.Name: Expressions.name,
    s.Literal: Expressions.literal,
    s.Attribute: Expressions.attribute,
    s.Subscript: Expressions.subscript,
    s.Call: lambda self, node: self.call(node),
    s.Sequence: Expressions.sequence,
    s.Starred: Expressions.starred,
    s.Item: Expressions.item,
    s.Dict: Expressions.dictionary,
    s.Conditional: Expressions.conditional,
    s.BooleanOperation: Expressions.boolean,
    s.BinaryOperation: Expressions.binary,
    s.Compare: Expressions.compare,
    s.Not: Expressions.negation,
    s.Await: Expressions.awaited,
    s.Yield: Expressions.yield_,
    s.NamedExpression: Expressions.named_expression,
    s.Comprehension: lambda self, node: self.comprehension(node),
    s.Lambda: Expressions.lambda_,
}
