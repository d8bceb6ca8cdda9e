"""The flow of values through the statements of one unit, branches joined."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..source import syntax as s
from ..source.tree import Source
from ..source.unit import Unit
from ..source.walk import bound_names, rebound_names, statements
from .analysis import UnitResult
from .annotations import Annotations
from .classes import dotted, is_bound, method_kind
from .expressions import known_string
from .guards import EXPECTS, asks_for_script, exceptions, is_gate
from .program import MOST_LEVELS, Outcome, Program, Scope
from .state import State, joined, loose, truthiness
from .values import (
    Collection,
    Constant,
    Imported,
    Instance,
    Key,
    Mapping,
    Module,
    UserClass,
    Value,
    join,
    only,
    unknown,
    why_unknown,
)


class Flow(Annotations):
    """Goes through statements. `scope` and `read` are given for a statement of the module: names come from the point
    that the module has reached then, and what is looked up there is noted in `read`."""

    def __init__(
        self,
        program: Program,
        source: Source,
        unit: Unit,
        level: int,
        scope: Scope | None = None,
        read: dict[str, Value | None] | None = None,
        attributes: dict[str, Value] | None = None,
        as_script: bool = False,
    ) -> None:
        super().__init__(program, source, unit, level)
        self.scope = scope
        self.read: dict[str, Value | None] = {} if read is None else read
        self.attributes = attributes
        """Attributes of `self` as known so far, while they are being found out; None: ask for them."""
        self.as_script = as_script or source is program.main
        """Whether the file is run itself; it is only imported else."""
        self.rebound: frozenset[str] = frozenset()
        """Names that functions inside this one bind."""
        self.bound: frozenset[str] = frozenset()
        """Names of others that the function being gone through binds."""
        self.stored: dict[str, Value] = {}
        self.returned: list[Value] = []
        self.stars: list[s.ImportFrom] = []
        self._inner: list[s.FunctionDef | s.Lambda] = []
        self._ever: dict[str, Value] = {}
        self._enclosing: dict[str, Value] = {}
        self._breaks: list[State] = []

    # --- units ------------------------------------------------------------------------------------------------------

    def run_statement(self) -> Outcome:
        """Goes through a statement of a module or class body."""
        self.block((self.unit.node,))
        binds = dict(self.state.names)
        self.inner_functions()
        return Outcome(self.result(), binds, tuple(self.stars))

    def run_function(self, function: s.FunctionDef) -> Outcome:
        """Goes through the body of a function of a module or class body."""
        for decorator in function.decorators:
            self.evaluate(decorator)
        if b"nonlocal" in self.unit.key[1]:
            self.rebound = frozenset(rebound_names(function.body, "nonlocal"))
        self.bound = _bound_in(function)
        self.parameters(function)
        self.block(function.body)
        if self.state.reached:
            self.returned.append(only(Constant(None)))
        self.inner_functions()
        return Outcome(self.result(), returned=join(self.returned))

    def result(self) -> UnitResult:
        return UnitResult(tuple(self.calls.values()), tuple(self.reads.values()), self.values)

    def parameters(self, function: s.FunctionDef) -> None:
        parameters = function.parameters
        if self.unit.owner and is_bound(function) and parameters:
            cls = UserClass(self.source.path, self.unit.owner)
            first, parameters = parameters[0], parameters[1:]
            if method_kind(function) == "classmethod":
                self.bind_name(s.Name(first.name_span, first.name), only(cls))
            else:
                self.self_name, self.self_class = first.name, cls
                self.bind_name(s.Name(first.name_span, first.name), only(Instance(cls)))
        for parameter in parameters:
            if parameter.default is not None:
                self.evaluate(parameter.default)
            value = self.parameter(parameter)
            if why_unknown(value) and self.level < MOST_LEVELS:
                value = loose(
                    self.program.value("argument", self.source.path, self.unit.qualname, parameter.name, self.level + 1)
                )
            self.bind_name(s.Name(parameter.name_span, parameter.name), value)

    def parameter(self, parameter: s.ParameterDef) -> Value:
        if parameter.kind == "var_positional":
            return only(Collection("tuple", None, unknown("an argument")))
        if parameter.kind == "var_keyword":
            return only(Mapping((), True))
        if parameter.annotation is not None:
            value = self.annotated(parameter.annotation)
            if not why_unknown(value):
                return loose(value)
        return unknown(f"parameter `{parameter.name}`")

    def inner_functions(self) -> None:
        """Goes through the functions inside this one, which may run at any time: names have all values they ever
        get."""
        while self._inner:
            inner = self._inner.pop(0)
            outer, self.state = self.state, State.empty()
            self.bound = _bound_in(inner) if isinstance(inner, s.FunctionDef) else frozenset()
            returned, self.returned = self.returned, []
            self._enclosing = {**self._enclosing, **self._ever}
            for parameter in inner.parameters:
                self.bind_name(s.Name(parameter.name_span, parameter.name), self.parameter(parameter))
            if isinstance(inner, s.Lambda):
                self.evaluate(inner.body)
            else:
                self.block(inner.body)
            self.state, self.returned = outer, returned

    def enter_function(self, node: s.Lambda | s.FunctionDef) -> None:
        if all(known.span != node.span for known in self._inner):
            self._inner.append(node)

    # --- names ------------------------------------------------------------------------------------------------------

    def lookup(self, name: str) -> Value:
        if name in self._enclosing:
            return loose(self._enclosing[name])
        if self.scope is not None:
            value = self.read[name] = self.scope.at_this_point(name)
            if value is not None:
                return value
        return loose(self.program.value("name", self.source.path, name))

    def outer_binding(self, name: str) -> Value | None:
        if self.scope is None or name in self._enclosing:
            return None
        value = self.read[name] = self.scope.at_this_point(name)
        return value

    def own_attribute(self, name: str) -> Value:
        cls = self.self_class
        if cls is None:
            return unknown("no class")
        known = None if self.attributes is None else self.attributes.get(name)
        if known is not None:
            return loose(known)
        level = self.level if self.attributes is None else MOST_LEVELS
        return loose(self.program.value("attribute", Instance(cls), name, level))

    def bind_name(self, target: s.Name, value: Value) -> None:
        if target.name in self.rebound:
            value = value | unknown(f"functions inside re-bind `{target.name}`")
        super().bind_name(target, value)
        known = self._ever.get(target.name)
        self._ever[target.name] = value if known is None else known | value

    def bind_target(self, target: s.Expression, value: Value) -> None:
        match target:
            case s.Name():
                self.bind_name(target, value)
            case s.Attribute():
                self.evaluate(target.value)
                if isinstance(target.value, s.Name):
                    self.state.attributes[target.value.name, target.name] = value
                    self.store_attribute(target.value.name, target.name, value)
                self.values[target.span] = value
            case s.Subscript():
                self.store_item(target, value)
            case s.Sequence():
                self.unpack(target, value)
            case s.Starred():
                self.bind_target(target.value, unknown("the rest of an unpacking"))
            case _:
                self.evaluate(target)

    def store_attribute(self, owner: str, name: str, value: Value) -> None:
        """Notes what an attribute of `self` can hold after this method."""
        if owner and owner == self.self_name:
            known = self.stored.get(name)
            self.stored[name] = value if known is None else known | value

    def unpack(self, target: s.Sequence, value: Value) -> None:
        items = self.items_of(value)
        fits = items is not None and len(items) == len(target.items)
        starred = any(isinstance(item, s.Starred) for item in target.items)
        for number, item in enumerate(target.items):
            if fits and items is not None and not starred:
                self.bind_target(item, items[number])
            else:
                self.bind_target(item, unknown("a part of an unpacking") if starred else self.element_of(value))

    def store_item(self, target: s.Subscript, value: Value) -> None:
        index = [self.evaluate(part) for part in target.indices]
        if not isinstance(target.value, s.Name):
            self.evaluate(target.value)
            return
        name = target.value.name
        held = self.evaluate(target.value)
        key = known_string(index[0]) if len(index) == 1 else None
        mappings = [atom for atom in held if isinstance(atom, Mapping)]
        if key is None or len(mappings) < len(held):
            self.state.names[name] = loose(held)
        else:
            self.state.names[name] = frozenset(_with_item(mapping, Key(key, value)) for mapping in mappings)

    # --- statements -------------------------------------------------------------------------------------------------

    def block(self, statements: s.Block) -> None:
        for statement in statements:
            if not self.state.reached:
                return
            _EXECUTE[type(statement)](self, statement)

    def expression_statement(self, node: s.ExpressionStatement) -> None:
        if isinstance(node.value, s.Call):
            self.call(node.value, wanted=False)
        else:
            self.evaluate(node.value)

    def assign(self, node: s.Assign) -> None:
        if node.value is None:
            for target in node.targets:
                if isinstance(target, s.Name) and node.annotation is not None:
                    self.bind_name(target, self.annotated(node.annotation))
            return
        value = self.evaluate(node.value)
        if isinstance(node.value, s.Name | s.Attribute) or len(node.targets) > 1:
            # two names for one dictionary: what is done to it by one is not seen by the other
            value = loose(value)
            if isinstance(node.value, s.Name) and self.held(node.value.name) is not None:
                self.state.names[node.value.name] = value
        if node.annotation is not None:
            declared = self.annotated(node.annotation)
            if why_unknown(value) and not why_unknown(declared):
                value = declared
        for target in node.targets:
            self.bind_target(target, value)

    def augmented(self, node: s.AugmentedAssign) -> None:
        target = node.target
        if isinstance(target, s.Name):
            operation = s.BinaryOperation(node.span, node.operator, target, node.value)
            self.bind_name(target, self.evaluate(operation))
        else:
            self.evaluate(node.value)
            self.bind_target(target, unknown("an augmented assignment"))

    def delete(self, node: s.Delete) -> None:
        for target in node.targets:
            if isinstance(target, s.Name):
                self.state.bind(target.name, unknown("deleted"))
            elif isinstance(target, s.Subscript) and isinstance(target.value, s.Name):
                held = self.evaluate(target.value)
                key = known_string(self.evaluate(target.indices[0]))
                atoms = [atom for atom in held if isinstance(atom, Mapping)]
                if len(held) == 1 and atoms and key is not None:
                    keys = tuple(known for known in atoms[0].keys if known.name != key)
                    self.state.names[target.value.name] = only(Mapping(keys, atoms[0].open, atoms[0].cls))
                else:
                    self.state.names[target.value.name] = loose(held)
            else:
                self.evaluate(target)

    def return_(self, node: s.Return) -> None:
        self.returned.append(only(Constant(None)) if node.value is None else self.evaluate(node.value))
        self.state.reached = False

    def raise_(self, node: s.Raise) -> None:
        if node.value is not None:
            self.evaluate(node.value)
        self.state.reached = False

    def import_(self, node: s.Import) -> None:
        for alias in node.names:
            name = alias.asname or alias.name.partition(".")[0]
            module = alias.name if alias.asname else name
            span = alias.asname_span or alias.name_span
            self.bind_name(s.Name(span, name), only(Module(module)))

    def import_from(self, node: s.ImportFrom) -> None:
        if node.star:
            self.stars.append(node)
            return
        for alias in node.names:
            value = only(Imported(self.source.path, node.module, node.level, alias.name))
            if self.source is self.program.main:
                value = self.program.looked_up(value)
            self.values[alias.name_span] = value
            self.bind_name(s.Name(alias.asname_span or alias.name_span, alias.bound), value)

    def if_(self, node: s.If) -> None:
        if asks_for_script(node.test) and not self.as_script:
            self.block(node.orelse)
            return
        truth = truthiness(self.evaluate(node.test))
        gated = is_gate(node.test)
        guards = self.guards
        if gated:
            self.guards = (*guards, "*")
        self.branches(node.test, truth, node.body, node.orelse)
        self.guards = guards

    def for_(self, node: s.For) -> None:
        element = self.element_of(self.evaluate(node.iterable))
        self.loop(lambda: self.bind_target(node.target, element), node.body, node.orelse, endless=False)

    def while_(self, node: s.While) -> None:
        def test() -> None:
            self.evaluate(node.test)
            self.narrow(node.test, True)

        endless = isinstance(node.test, s.Literal) and bool(node.test.value)
        self.loop(test, node.body, node.orelse, endless)

    def loop(self, start: Callable[[], None], body: s.Block, orelse: s.Block, endless: bool) -> None:
        """Goes through the body twice: what the first round leaves, the second one finds. What still changes then has a
        value that depends on the number of rounds: unknown."""
        breaks, self._breaks = self._breaks, []
        entry = self.state
        for _ in range(2):
            self.state = entry.copy()
            start()
            self.block(body)
            again = joined((entry, self.state), self.outer_binding)
            changed = [name for name, value in again.names.items() if entry.names.get(name, value) != value]
            before, entry = entry, again
        entry = entry.copy()
        for name in changed:
            if name in before.names:
                entry.names[name] = entry.names[name] | unknown(f"`{name}` changes in a loop")
        self.state = entry
        if endless:
            self.state.reached = False
        self.block(orelse)
        self.state = joined((self.state, *self._breaks), self.outer_binding)
        self._breaks = breaks

    def with_(self, node: s.With) -> None:
        guards = self.guards
        for item in node.items:
            value = self.evaluate(item.value)
            if isinstance(item.value, s.Call) and dotted(item.value).rpartition(".")[2] in EXPECTS:
                self.guards = (*self.guards, *exceptions(argument.value for argument in item.value.arguments))
            if item.target is not None:
                entered = value if any(isinstance(atom, Instance) for atom in value) else unknown("a context manager")
                self.bind_target(item.target, entered)
        self.block(node.body)
        if any(guard not in guards for guard in self.guards):
            self.state.reached = True  # what was expected is swallowed
        self.guards = guards

    def try_(self, node: s.Try) -> None:
        guards = self.guards
        expected: list[str] = []
        for handler in node.handlers:
            names = exceptions(handler.types) or ["*"]
            raises = any(isinstance(statement, s.Raise) for statement in handler.body)
            expected += [] if raises and set(names) & {"*"} else names
        before = self.state.copy()
        self.guards = (*guards, *expected)
        self.block(node.body)
        self.guards = guards
        ended = self.state
        # a handler starts from any point of the body
        anywhere = joined((before, State(ended.names, {})), self.outer_binding)
        ends: list[State] = []
        for handler in node.handlers:
            self.state = anywhere.copy()
            if handler.name:
                self.state.bind(handler.name, unknown("an exception"))
            self.block(handler.body)
            ends.append(self.state)
        self.state = ended
        self.block(node.orelse)
        self.state = joined((self.state, *ends), self.outer_binding)
        reached = self.state.reached
        self.state.reached = True
        self.block(node.final)
        self.state.reached = self.state.reached and reached

    def match(self, node: s.Match) -> None:
        self.evaluate(node.subject)
        before = self.state
        ends: list[State] = []
        for case in node.cases:
            self.state = before.copy()
            for name in case.bound:
                self.state.bind(name, unknown("bound by a pattern"))
            self.block(case.body)
            ends.append(self.state)
        if not any(case.irrefutable for case in node.cases):
            ends.append(before)
        self.state = joined(ends, self.outer_binding)

    def function(self, node: s.FunctionDef) -> None:
        for decorator in node.decorators:
            self.evaluate(decorator)
        for parameter in node.parameters:
            if parameter.default is not None:
                self.evaluate(parameter.default)
        self.bind_name(s.Name(node.name_span, node.name), unknown("a function inside a function"))
        self.enter_function(node)

    def class_(self, node: s.ClassDef) -> None:
        for decorator in node.decorators:
            self.evaluate(decorator)
        for base in node.bases:
            self.evaluate(base.value)
        unit = self.program.ask("unit", self.source.path, self.unit.qualname) if self.unit.node is node else None
        name = s.Name(node.name_span, node.name)
        if unit is not None and unit.key == self.unit.key:
            self.bind_name(name, only(UserClass(self.source.path, unit.qualname)))
        else:
            self.bind_name(name, unknown("a class inside a function, or one that is defined again"))
            for statement in node.body:
                if isinstance(statement, s.FunctionDef):
                    self.enter_function(statement)

    def scope_(self, node: s.Scope) -> None:
        for name in node.names:
            if name in self.bound:
                self.state.bind(name, unknown(f"`{name}` is {node.kind}"))

    def jump(self, node: s.Jump) -> None:
        if node.kind == "break":
            self._breaks.append(self.state.copy())
        if node.kind in ("break", "continue"):
            self.state.reached = False

    def broken(self, node: s.Broken) -> None:
        for name in node.names:
            self.state.bind(name, unknown("it stands in text that does not parse"))


def _bound_in(function: s.FunctionDef) -> frozenset[str]:
    """Names that a function declares global or nonlocal, and binds."""
    declared = {name for node in statements(function.body) if isinstance(node, s.Scope) for name in node.names}
    return frozenset(declared.intersection(bound_names(function.body))) if declared else frozenset()


def _with_item(mapping: Mapping, item: Key) -> Mapping:
    keys = {known.name: known for known in mapping.keys} | {item.name: item}
    return Mapping(tuple(keys.values()), mapping.open, mapping.cls)


_EXECUTE: dict[type, Callable[[Any, Any], None]] = {
    s.ExpressionStatement: Flow.expression_statement,
    s.Assign: Flow.assign,
    s.AugmentedAssign: Flow.augmented,
    s.Delete: Flow.delete,
    s.Return: Flow.return_,
    s.Raise: Flow.raise_,
    s.Import: Flow.import_,
    s.ImportFrom: Flow.import_from,
    s.If: Flow.if_,
    s.For: Flow.for_,
    s.While: Flow.while_,
    s.With: Flow.with_,
    s.Try: Flow.try_,
    s.Match: Flow.match,
    s.FunctionDef: Flow.function,
    s.ClassDef: Flow.class_,
    s.Scope: Flow.scope_,
    s.Jump: Flow.jump,
    s.Broken: Flow.broken,
}
