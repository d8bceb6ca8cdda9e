"""Comprehensions: what they hold, entry by entry where that can be told."""

from __future__ import annotations

from abc import abstractmethod

from ..source import syntax as s
from ..source.walk import walk
from . import containers
from .containers import Members
from .expressions import Expressions, maybe_again
from .state import loose, merged, truthiness
from .values import NEVER, Collection, Constant, Key, Mapping, Unknown, Value, join, known_string, only

_MOST_MEMBERS = 32
"""Over more than this a comprehension is gone through once, for any of them."""


class Comprehensions(Expressions):
    """Evaluates comprehensions."""

    @abstractmethod
    def narrow(self, test: s.Expression, truth: bool) -> None:
        """Takes into account that `test` was true, or false."""

    def comprehension(self, node: s.Comprehension) -> Value:
        for generator in node.generators:
            self.escape_elements(generator.iterable)  # its names are others for what is gone through
        outer, in_comprehension = self.state, self.in_comprehension
        self.state, self.in_comprehension = outer.copy(), True
        with self.trail() as trail:
            by_member = self._by_member(node)
            for_any = self._for_any(node)  # last: what is recorded of calls and reads holds for all members
        self.state, self.in_comprehension = outer, in_comprehension
        # what happened inside happened any number of times; names that it binds for itself end with it
        own = {
            part.name for generator in node.generators for part in walk(generator.target) if isinstance(part, s.Name)
        }
        for name, inside in trail.items():
            if name not in own:
                before = self.held(name)
                self.change(name, inside if before is None else loose(merged(before, inside)))
        return for_any if by_member is None else by_member

    def _for_any(self, node: s.Comprehension) -> Value:
        """What it gives if nothing but the kind of its members is known."""
        for generator in node.generators:
            iterable = self.evaluate(generator.iterable)
            self.bind_target(generator.target, self.element_of(iterable))
            for condition in generator.conditions:
                self.evaluate(condition)
                self.narrow(condition, True)
        element = self.evaluate(node.element)
        if node.kind != "dict":
            return only(Collection(_kind(node), None, element))
        key = node.element.key if isinstance(node.element, s.Item) else None
        name = known_string(self.evaluate(key)) if key is not None else None
        return only(Mapping((), True) if name is None else Mapping((Key(name, element, False),)))

    def _by_member(self, node: s.Comprehension) -> Value | None:
        """What it gives for each of its members, None where these are not known."""
        element = node.element
        is_pair = isinstance(element, s.Sequence) and len(element.items) == 2
        if len(node.generators) != 1 or not (is_pair or isinstance(element, s.Item)):
            return None
        (generator,) = node.generators
        key = element.key if isinstance(element, s.Item) else None
        members = self._members(generator.iterable)
        if members is None or len(members.known) > _MOST_MEMBERS:
            return None
        start = self.state
        entries: list[tuple[Value, Value, bool]] = []
        for member, certain in members.known:
            self.state = start.copy()
            self.bind_target(generator.target, member)
            verdicts: list[bool | None] = []
            for condition in generator.conditions:
                verdicts.append(self._verdict(condition))
                self.narrow(condition, True)
            if False not in verdicts:
                name = NEVER if key is None else self.evaluate(key)
                entries.append((name, self.evaluate(element), certain and None not in verdicts))
        self.state = start
        if isinstance(element, s.Item):
            return only(_dictionary(entries, members.open, takes_over=isinstance(key, s.Name)))
        if members.open or not all(certain for _, _, certain in entries):
            return None
        items = tuple(value for _, value, _ in entries)
        return only(Collection(_kind(node), items, join(items)))

    def _members(self, iterable: s.Expression) -> Members | None:
        """What iterating over an expression gives."""
        match iterable:
            case s.Call(function=s.Attribute(value=owner, name="items" | "keys" | "values" as view), arguments=()):
                return containers.members(self.evaluate(owner), view)
        return containers.members(self.evaluate(iterable))

    def _verdict(self, test: s.Expression) -> bool | None:
        """How a test comes out, None where that is not known."""
        match test:
            case s.Not():
                verdict = self._verdict(test.value)
                return None if verdict is None else not verdict
            case s.BooleanOperation():
                decides = test.operator == "or"
                verdicts = (self._verdict(test.left), self._verdict(test.right))
                if decides in verdicts:
                    return decides
                return None if None in verdicts else not decides
            case s.Compare(operators=(operator,), operands=(left, right)):
                return _compared(operator, self.evaluate(left), self.evaluate(right))
        return truthiness(self.evaluate(test))


def _kind(node: s.Comprehension) -> str:
    """`Collection.kind` of what it gives. A generator's elements may be others' too, unlike a generator function's."""
    return "lazy" if node.kind == "generator" else node.kind


def _dictionary(entries: list[tuple[Value, Value, bool]], is_open: bool, takes_over: bool) -> Mapping:
    """The dictionary of entries that come one after the other. Where `takes_over` holds its keys are those that are
    gone through, no two of which are the same."""
    keys: dict[str, Key] = {}
    again = is_open and not takes_over
    for named, value, certain in entries:
        name = known_string(named)
        if name is None:
            is_open = again = True
            continue
        before = keys.get(name)
        if before is not None and not certain:
            value |= before.value
        keys[name] = Key(name, value, certain or (before is not None and before.certain))
    return Mapping(tuple(maybe_again(key) if again else key for key in keys.values()), is_open)


def _compared(operator: str, left: Value, right: Value) -> bool | None:
    """How a comparison comes out, None where that is not known."""
    if operator in ("is not", "!=", "not in"):
        verdict = _compared({"is not": "is", "!=": "==", "not in": "in"}[operator], left, right)
        return None if verdict is None else not verdict
    if len(right) != 1:
        return None
    (other,) = right
    if other == Constant(None) and operator in ("is", "=="):
        if any(isinstance(atom, Unknown) for atom in left) or not left:
            return None
        return True if left == right else None if other in left else False
    (one,) = left if len(left) == 1 else (None,)
    if not isinstance(one, Constant):
        return None
    if operator == "==" and isinstance(other, Constant):
        return one.value == other.value
    return containers.holds(other, one) if operator == "in" else None
