"""The flow of values through the statements of one unit, branches joined."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from ..source import syntax as s
from ..source.tree import Source
from ..source.unit import Unit
from ..source.walk import rebound_names
from .analysis import Override, UnitResult
from .classes import is_bound, method_kind, signature_of
from .exchanges import is_rebound, rebound_by
from .guards import expected_failure
from .handing import Given
from .inner import InnerFunctions
from .libraries import CALLED_BY
from .program import MOST_LEVELS, Outcome, Program, Scope
from .state import changed, holds_more, loose, loose_elements
from .values import (
    Atom,
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
    known_string,
    only,
    unknown,
    why_unknown,
)


class Flow(InnerFunctions):
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
        given: Given = (),
        of: UserClass | None = None,
    ) -> None:
        super().__init__(program, source, unit, level)
        self.scope = scope
        self.read: dict[str, Value | None] = {} if read is None else read
        self.attributes = attributes
        """Attributes of `self` as known so far, while they are being found out; None: ask for them."""
        self.as_script |= as_script
        self.of = of
        """The class that `self` is an instance of, where it is one that derives from the method's; None: any."""
        self.given: dict[str, Value] = dict(given)
        """What one call gives parameters, in place of all that any call gives them."""
        self.rebound: frozenset[str] = frozenset()
        """Names that others may bind while this function runs."""
        self._exchanged: frozenset[str] | None = None
        """Names of the module that are exchanged, once that has been asked."""
        self.stored: dict[str, Value] = {}
        self.stars: list[s.ImportFrom] = []

    # --- units ------------------------------------------------------------------------------------------------------

    def run_statement(self) -> Outcome:
        """Goes through a statement of a module or class body."""
        self.block((self.unit.node,))
        binds, ever = dict(self.state.names), self.ever
        self.inner_functions()
        return Outcome(self.result(), binds, ever, tuple(self.stars))

    def run_function(self, function: s.FunctionDef) -> Outcome:
        """Goes through the body of a function of a module or class body."""
        for decorator in function.decorators:
            self.evaluate(decorator)
        if expected_failure(function):
            self.guards = ("*",)
        self.bound = self.bound_in(function)
        if b"nonlocal" in self.unit.key[1]:
            self.rebound = frozenset(rebound_names(function.body, "nonlocal"))
        if self.bound:
            self.rebound |= self.bound & self.program.ask("beside", self.source.path, self.unit.key)
        self.parameters(function)
        self.block(function.body)
        if self.state.reached:
            self.returned.append(only(Constant(None)))
        self.inner_functions()
        return Outcome(self.result(), returned=join(self.returned), yielded=join(self.yielded))

    def result(self) -> UnitResult:
        return UnitResult(
            tuple(self.calls.values()),
            tuple(self.reads.values()),
            tuple(self.unpackings.values()),
            tuple(self.library_names.values()),
            tuple(self._overriding()),
            self.values,
        )

    def _overriding(self) -> Iterator[Override]:
        """The method that this unit is, where it takes the place of one that a library's class calls by itself."""
        method = self.unit.node
        if not isinstance(method, s.FunctionDef) or method.name not in CALLED_BY or not self.unit.owner:
            return
        info = self.program.class_info(self.source.path, self.unit.owner)
        if info is None or not info.complete or method_kind(method) != "method":
            return
        if self._overrides(UserClass(self.source.path, self.unit.owner), CALLED_BY[method.name]):
            return
        if self._is_bound_again(method.name):
            return
        for base in info.resolution_order:
            if isinstance(base, UserClass):
                if self._overrides(base, CALLED_BY[method.name]):
                    return
            elif (found := self.program.world.signatures.find(base.qualified)) is not None:
                signature = signature_of(self.unit, method, skip_first=True)
                yield Override(method, signature, found.entry, found.library.label)
                return

    def _is_bound_again(self, name: str) -> bool:
        """Whether something else of the class body may bind a method's name, too."""
        members = self.program.ask("outline", self.source.path, self.unit.owner)
        binding = [m for m in members if m == name or (isinstance(m, tuple) and name.encode() in m[1])]
        return len(binding) > 1

    def parameters(self, function: s.FunctionDef) -> None:
        parameters = function.parameters
        if self.unit.owner and is_bound(function) and parameters:
            cls = self.of or UserClass(self.source.path, self.unit.owner)
            below = self.program.ask("subclasses", cls.path, cls.qualname) or ()
            first, parameters = parameters[0], parameters[1:]
            name = s.Name(first.name_span, first.name)
            if method_kind(function) == "classmethod":
                self.bind_name(name, frozenset((cls, *below)))
            else:
                self.self_name, self.self_class = first.name, cls
                called_otherwise = (sub for sub in below if self._overrides(sub, "forward", "__call__"))
                self.bind_name(name, frozenset((Instance(cls), *map(Instance, called_otherwise))))
        for parameter in parameters:
            if parameter.default is not None:
                self.evaluate(parameter.default)
            value = self.given.get(parameter.name) or self.parameter(parameter)
            if why_unknown(value) and self.level < MOST_LEVELS and parameter.name not in self.given:
                value = self.program.value(
                    "argument", self.source.path, self.unit.qualname, parameter.name, self.of, self.level + 1
                )
            self.bind_name(s.Name(parameter.name_span, parameter.name), loose(value))

    def _overrides(self, cls: UserClass, *names: str) -> bool:
        info = self.program.class_info(cls.path, cls.qualname)
        return info is None or any(name in info.methods for name in names)

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

    # --- names ------------------------------------------------------------------------------------------------------

    def lookup(self, name: str) -> Value:
        self.missed.add(name)
        if name in self.enclosing:
            return loose(self.enclosing[name])
        in_class_body = bool(self.unit.owner) and not isinstance(self.unit.node, s.FunctionDef)
        if in_class_body and name in self.program.ask("body", self.source.path, self.unit.owner):
            return unknown(f"`{name}` of the class body")
        if self._exchanged is None:
            self._exchanged = rebound_by(self.program.ask("outside", self.source.path))
        if self._exchanged and is_rebound(name, self._exchanged):
            return unknown(f"`{name}` is exchanged")
        if self.scope is not None:
            value = self.read[name] = self.scope.at_this_point(name)
            if value is not None:
                return self._shared(name, value, "functions")
        return self._shared(name, self.program.value("name", self.source.path, name), "any")

    def _shared(self, name: str, value: Value, by: str) -> Value:
        """The value of a name of the module, whose contents code elsewhere in the file may have changed."""
        if not holds_more(value):
            return value
        if self.program.ask("shared", self.source.path, by, name):
            return loose(value)
        inside = loose_elements(value)
        return inside if inside != value and self.program.ask("mentioned", self.source.path, name) else value

    def outer_binding(self, name: str) -> Value | None:
        if self.scope is None or name in self.enclosing:
            return None
        value = self.read[name] = self.scope.at_this_point(name)
        return value

    def attributes_of_self(self, name: str) -> Iterator[Value]:
        cls = self.self_class
        assert cls is not None
        known = None if self.attributes is None else self.attributes.get(name)
        if known is not None:
            yield loose(known)
            return
        level = self.level if self.attributes is None else MOST_LEVELS
        yield loose(self.program.value("attribute", Instance(cls), name, level))
        for sub in self.program.ask("subclasses", cls.path, cls.qualname) or ():
            if self._overrides(sub, name):
                yield loose(self.program.value("attribute", Instance(sub), name, level))

    def bind(self, name: str, value: Value) -> None:
        if name in self.rebound:
            value = value | unknown(f"others re-bind `{name}`")
        if name in self.captured:
            value = loose(value)
        self.extended.discard(name)
        super().bind(name, value)
        self._note(name, value)

    def change(self, name: str, value: Value) -> None:
        super().change(name, value)
        self._note(name, value)

    def _note(self, name: str, value: Value) -> None:
        if not self.in_comprehension:
            known = self.ever.get(name)
            self.ever[name] = value if known is None else known | value

    def bind_target(self, target: s.Expression, value: Value) -> None:
        match target:
            case s.Name():
                self.bind_name(target, value)
            case s.Attribute():
                self.evaluate(target.value)
                if isinstance(target.value, s.Name):
                    for key in [key for key in self.state.attributes if key[1] == target.name]:
                        del self.state.attributes[key]  # another name may be one for the same object
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
        self.record_unpacking(target, value)
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
            self.contents_changed(target.value)
            return
        name = target.value.name
        held = self.evaluate(target.value)
        key = known_string(index[0]) if len(index) == 1 else None
        mappings = [atom for atom in held if isinstance(atom, Mapping)]
        if key is None or len(mappings) < len(held):
            self.change(name, changed(held))
        else:
            self.change(name, frozenset(_with_item(mapping, Key(key, value)) for mapping in mappings))

    # --- statements -------------------------------------------------------------------------------------------------

    def execute(self, statement: s.Statement) -> None:
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
        # two names for one dictionary: what is done to it by one is not seen by the other
        if not _gives_itself(node):
            self.escape(node.value)
        value = self.evaluate(node.value)
        if isinstance(node.value, s.Attribute) or len(node.targets) > 1:
            value = loose(value)
        for subject in self.asked_by_flag(node.value):
            if isinstance(subject, s.Name) and any(map(_is_told, self.evaluate(subject))):
                self.bind(subject.name, self.evaluate(subject) | unknown("its class, attributes or keys are tested"))
        if node.annotation is not None:
            declared = self.annotated(node.annotation)
            if why_unknown(value) and not why_unknown(declared):
                value = declared
        for target in node.targets:
            self.bind_target(target, value)

    def augmented(self, node: s.AugmentedAssign) -> None:
        target = node.target
        self.escape_elements(node.value)
        if isinstance(target, s.Name):
            operation = s.BinaryOperation(node.span, node.operator, target, node.value)
            self.bind_name(target, self.evaluate(operation))
        else:
            self.evaluate(node.value)
            self.bind_target(target, unknown("an augmented assignment"))

    def delete(self, node: s.Delete) -> None:
        for target in node.targets:
            match target:
                case s.Name():
                    self.bind(target.name, unknown("deleted"))
                case s.Subscript(value=s.Name(name=name)):
                    held = self.evaluate(target.value)
                    key = known_string(self.evaluate(target.indices[0]))
                    atoms = [atom for atom in held if isinstance(atom, Mapping)]
                    if len(held) == 1 and atoms and key is not None:
                        keys = tuple(known for known in atoms[0].keys if known.name != key)
                        self.change(name, only(Mapping(keys, atoms[0].open, atoms[0].cls)))
                    else:
                        self.change(name, changed(held))
                case s.Subscript():
                    self.evaluate(target)
                    self.contents_changed(target.value)
                case s.Attribute(value=s.Name(name=name)):
                    self.state.attributes[name, target.name] = unknown("deleted")
                case _:
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
            if node.level == 0:
                self.record_name(alias, node.module, value)
            self.bind_name(s.Name(alias.asname_span or alias.name_span, alias.bound), value)

    def function(self, node: s.FunctionDef) -> None:
        for decorator in node.decorators:
            self.evaluate(decorator)
        for parameter in node.parameters:
            if parameter.default is not None:
                self.evaluate(parameter.default)
        self.bind_name(s.Name(node.name_span, node.name), self.enter_function(node))

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
                self.bind(name, unknown(f"`{name}` is {node.kind}"))

    def broken(self, node: s.Broken) -> None:
        for name in node.names:
            self.bind(name, unknown("it stands in text that does not parse"))


def _is_told(atom: Atom) -> bool:
    """Whether a flag may tell what becomes of a value: an object, or None in place of one."""
    return isinstance(atom, Instance) or atom == Constant(None)


def _gives_itself(node: s.Assign) -> bool:
    """Whether it is `batch = batch.to(...)`: the object has no other name afterwards than before."""
    match node:
        case s.Assign(targets=(s.Name(name=target),), value=s.Call(function=s.Attribute(value=s.Name(name=owner)))):
            return target == owner
    return False


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
