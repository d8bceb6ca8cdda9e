"""What names hold while a flow goes on, and how it changes: by a new value, by new contents, by another name for the
same object."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ..source import syntax as s
from .sharing import GIVES_ARGUMENTS, GIVES_ELEMENTS, GIVES_HELD
from .state import State, changed, holds_more, loose, loose_elements, merged
from .values import Mapping, Partial, Value, unknown


class Bindings(ABC):
    """The names of one unit at the point that has been reached."""

    def __init__(self) -> None:
        self.state = State.empty()
        self.trails: list[dict[str, Value]] = []
        """What names got since some points that are still of interest."""

    @abstractmethod
    def outer_binding(self, name: str) -> Value | None:
        """The value that a name has where a path of this flow did not bind it; None: it is unbound there."""

    def held(self, name: str) -> Value | None:
        """The value of a name that this flow may change: a local one, or the module's in a statement of the module."""
        value = self.state.names.get(name)
        return self.outer_binding(name) if value is None else value

    def local_attribute(self, node: s.Attribute) -> Value | None:
        """What was stored in, or found out about, an attribute of a local name earlier on this path."""
        if isinstance(node.value, s.Name):
            return self.state.attributes.get((node.value.name, node.name))
        return None

    def bind(self, name: str, value: Value) -> None:
        """Gives a value to a name."""
        self.state.bind(name, value)
        self._leave_trail(name, value)

    def change(self, name: str, value: Value) -> None:
        """Notes what a name that this flow may change holds now: the same object as before, with other contents."""
        self.state.names[name] = value
        self._leave_trail(name, value)

    def _leave_trail(self, name: str, value: Value) -> None:
        for trail in self.trails:
            known = trail.get(name)
            trail[name] = value if known is None else merged(known, value)

    @contextmanager
    def trail(self) -> Iterator[dict[str, Value]]:
        """Gives all values that names get inside."""
        trail: dict[str, Value] = {}
        self.trails.append(trail)
        yield trail
        self.trails.pop()

    def escape(self, node: s.Expression) -> None:
        """Notes that the value of an expression gets another name too, by which its contents may be changed."""
        match node:
            case s.Name() | s.Attribute():
                self._replace(node, loose)
            case s.Subscript() | s.Starred():
                self.escape_elements(node.value)
            case s.Sequence():
                for item in node.items:
                    self.escape(item)
            case s.Dict():
                for entry in node.items:
                    if entry.key is None:
                        self.escape_elements(entry.value)
                    else:
                        self.escape(entry.value)
            case s.Conditional():
                self.escape(node.body)
                self.escape(node.orelse)
            case s.BooleanOperation():
                self.escape(node.left)
                self.escape(node.right)
            case s.BinaryOperation():
                self.escape_elements(node.left)
                self.escape_elements(node.right)
            case s.NamedExpression() | s.Item() | s.Await():
                self.escape(node.value)
            case s.Comprehension():
                self.escape(node.element)
                for generator in node.generators:
                    self.escape_elements(generator.iterable)
            case s.Call():
                self._escape_from(node)
            case s.Yield() if node.value is not None:
                self.escape(node.value)

    def escape_elements(self, node: s.Expression) -> None:
        """Notes that what a container holds gets another name too, while the container itself does not."""
        match node:
            case s.Name() | s.Attribute():
                self._replace(node, loose_elements)
            case s.Subscript() | s.NamedExpression() | s.Starred():
                self.escape_elements(node.value)
            case s.Conditional():
                self.escape_elements(node.body)
                self.escape_elements(node.orelse)
            case s.BooleanOperation():
                self.escape_elements(node.left)
                self.escape_elements(node.right)
            case _:
                self.escape(node)

    def _escape_from(self, node: s.Call) -> None:
        """Notes that the result of a call may be, or hold, what the call is given, or what that holds."""
        function = node.function
        name = function.name if isinstance(function, s.Name | s.Attribute) else ""
        if isinstance(function, s.Attribute):
            if name in GIVES_HELD:
                self.escape_elements(function.value)
            else:
                self.escape(function.value)
        if name not in GIVES_ELEMENTS and name not in GIVES_ARGUMENTS:
            return
        for number, argument in enumerate(node.arguments):
            held = name in GIVES_ELEMENTS and not argument.name and number < GIVES_ELEMENTS[name]
            if argument.stars or held:
                self.escape_elements(argument.value)
            else:
                self.escape(argument.value)

    def _replace(self, node: s.Name | s.Attribute, change: Callable[[Value], Value]) -> None:
        """Notes that what a name, or an attribute of a local name, holds is less sure now."""
        if isinstance(node, s.Name):
            held = self.held(node.name)
            if held is not None and holds_more(held) and (now := change(held)) != held:
                self.change(node.name, now)
        elif isinstance(node.value, s.Name) and (held := self.local_attribute(node)) is not None:
            self.state.attributes[node.value.name, node.name] = change(held)

    def contents_changed(self, node: s.Expression) -> None:
        """Notes that what an expression gives has other contents now."""
        match node:
            case s.Name():
                held = self.held(node.name)
                if held is not None:
                    self.change(node.name, changed(held))
            case s.Attribute(value=s.Name(name=owner)):
                held = self.local_attribute(node)
                if held is not None:
                    self.state.attributes[owner, node.name] = changed(held)
                holder = self.held(owner)
                if holder is not None and any(isinstance(atom, Partial) for atom in holder):
                    self.change(owner, unknown("a partial call whose arguments are changed"))
                elif holder is not None and node.name == "data" and any(isinstance(atom, Mapping) for atom in holder):
                    self.change(owner, changed(holder))  # the dictionary in a batch
            case s.Subscript():
                self.escape(node.value)
