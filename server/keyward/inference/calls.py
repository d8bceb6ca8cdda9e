"""Calls: what they reach, what they hand over, and what they change."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, TypeGuard

from ..source import syntax as s
from .analysis import CallSite, Passed
from .comprehensions import Comprehensions
from .containers import BUILTINS, REGISTERING
from .exchanges import is_exchanged
from .expressions import OTHER, updated
from .guards import EXPECTS, expects
from .libraries import COPIES, DATA_LOADER, PLACE_OF_COLLATE
from .losses import without_loss
from .making import Passing
from .sharing import MUTATORS, READERS
from .state import changed, holds_more
from .values import (
    APPENDED,
    MODULE_LIST,
    NEVER,
    Atom,
    BoundMethod,
    Collection,
    Constant,
    Followed,
    Inner,
    Instance,
    Key,
    LibraryClass,
    LibraryFunction,
    Mapping,
    Partial,
    Super,
    Unknown,
    UserClass,
    Value,
    Wrapped,
    join,
    known_string,
    only,
    ordered,
    passed_on,
    unknown,
    why_unknown,
)


class Calls(Comprehensions):
    """Evaluates calls."""

    def call(self, node: s.Call, wanted: bool = True) -> Value:
        """The value of a call; where it is not `wanted`, what the callee returns is not looked for."""
        special = self.special_call(node)
        if special is not None:
            return special
        if self.guards and isinstance(node.function, s.Name):
            self.called_guarded(node.function.name)
        if isinstance(node.function, s.Name | s.Attribute) and node.function.name in EXPECTS:
            return self.expecting_call(node)
        function = self.evaluate(node.function)
        site = self.passed(node)
        callees: list[Any] = []
        reasons: list[str] = []
        for atom in ordered(function):
            callee = atom.reason if isinstance(atom, Unknown) else self.program.ask("callee", atom)
            if atom == Constant(None) and len(function) > 1:
                continue  # calling None is another mistake than ours
            if callee is None or isinstance(callee, str):
                reasons.append(callee or "it depends on itself")
            else:
                callees.append(callee)
        if node.broken:
            site.guards = ("*",)
        reason = reasons[0] if reasons else ""
        preset = _preset(node, function, site)
        self.calls[node.span] = CallSite(
            node,
            () if reason else tuple(callees),
            reason if callees or reason else "never reached",
            tuple(site.positional),
            (*site.keywords, *preset),
            site.open_positional,
            site.open_keywords,
            frozenset((*self.guards, *site.guards)),
            self.state.tested,
        )
        self.after_call(node, function)
        if not wanted:
            return OTHER
        same = passed_on(function)
        result = self.result_of(function, site) if same is None else same
        if not reason:
            result = without_loss(result, callees, site, (passed.name for passed in preset))
        self.values[node.span] = result
        return result

    def result_of(self, function: Value, site: Arguments) -> Value:
        """What calling a value gives."""
        passing = site.frozen()
        return join(
            self.inner_result(atom, passing)
            if self.is_inside(atom)
            else self.program.value("result", atom, self.collating(atom, passing), self.level)
            for atom in function
        )

    def is_inside(self, atom: Atom) -> TypeGuard[Inner]:
        """Whether a value is a function inside this one."""
        return isinstance(atom, Inner) and (atom.path, atom.key) == (self.source.path, self.unit.key)

    def collating(self, callee: Atom, passing: Passing) -> Passing:
        """The arguments of a call, where functions inside this one that a data loader is to call are followed."""
        if not isinstance(callee, LibraryClass) or callee.qualified != DATA_LOADER:
            return passing
        positional, keywords, is_open = passing
        examples: Passing = ((only(Collection("list", None, unknown("an example"))),), (), False)

        def followed(collators: Value) -> Value:
            return join(self.called_later(atom, examples) for atom in collators)

        return (
            tuple(followed(v) if place == PLACE_OF_COLLATE else v for place, v in enumerate(positional)),
            tuple((name, followed(v) if name == "collate_fn" else v) for name, v in keywords),
            is_open,
        )

    def called_later(self, atom: Atom, passing: Passing) -> Value:
        """What is handed over to be called; a function inside this one is followed, with the arguments that it will
        get."""
        if isinstance(atom, Partial) and all(map(self.is_inside, atom.function)):
            more: Passing = ((*atom.positional, *passing[0]), (*atom.keywords, *passing[1]), passing[2])
            return join(self.called_later(inner, more) for inner in atom.function)
        if self.is_inside(atom):
            return only(Followed(atom.reason, self.inner_result(atom, passing, later=True)))
        return only(atom)

    @abstractmethod
    def inner_result(self, inner: Inner, passing: Passing, later: bool = False) -> Value:
        """What calling a function inside this one gives, now or `later`."""

    def special_call(self, node: s.Call) -> Value | None:
        """Calls that change what a name holds: methods of dictionaries, and `super()`."""
        if isinstance(node.function, s.Name) and node.function.name == "super" and "super" not in self.state.names:
            for argument in node.arguments:
                self.evaluate(argument.value)
            if node.arguments or self.self_class is None:
                return unknown("super()")
            return only(Super(UserClass(self.source.path, self.unit.owner)))
        if not isinstance(node.function, s.Attribute):
            return None
        if node.function.name in MUTATORS and not isinstance(node.function.value, s.Name):
            self.evaluate(node.function.value)
            self.contents_changed(node.function.value)
            self.escape_into(node)
        if isinstance(node.function.value, s.Attribute) and node.function.name == "append":
            return self.append_to_attribute(node, node.function.value)
        if not isinstance(node.function.value, s.Name):
            return None
        self.escape_into(node)
        target = node.function.value
        if target.name == self.self_name and node.function.name in REGISTERING:
            return self.register(node)
        value = self.state.names.get(target.name) or self.outer_binding(target.name)
        if value is None or len(value) != 1:
            return None
        (mapping,) = value
        if node.function.name not in MUTATORS:
            return None
        if isinstance(mapping, Collection) or (isinstance(mapping, Instance) and mapping.parts):
            self.evaluate(target)
            site = self.passed(node)
            if isinstance(mapping, Collection) and node.function.name == "append" and len(site.positional) == 1:
                mapping = Collection(mapping.kind, None, mapping.item | site.positional[0].value)
                self.change(target.name, only(mapping))
            else:
                self.change(target.name, changed(value))
            return unknown(f"what `{node.function.name}` returns")
        if not isinstance(mapping, Mapping):
            return None
        self.evaluate(target)
        site = self.passed(node)
        first = known_string(site.positional[0].value) if site.positional else None
        result = unknown("an entry of a dictionary")
        match node.function.name:
            case "update":
                other = Mapping(tuple(Key(p.name, p.value, p.certain) for p in site.keywords), site.open_keywords)
                for passed in site.positional:
                    other = updated(self.mapping_of(passed.value), other)
                mapping = updated(mapping, other)
                result = only(Constant(None))
            case "pop" if first is not None:
                known = next((key for key in mapping.keys if key.name == first), None)
                if known is not None:
                    others = [passed.value for passed in site.positional[1:]] or [unknown("a key that may be missing")]
                    result = known.value if known.certain else join((known.value, *others))
                keys = tuple(key for key in mapping.keys if key.name != first)
                mapping = Mapping(keys, mapping.open, mapping.cls)
            case "clear":
                mapping = Mapping()
            case "setdefault" if first is not None and len(site.positional) == 2:
                known = next((key for key in mapping.keys if key.name == first), None)
                certain = known is not None and known.certain
                result = known.value if known is not None and certain else site.positional[1].value
                if not certain:
                    result |= NEVER if known is None and not mapping.open else unknown("an entry of a dictionary")
                    rest = (key for key in mapping.keys if key.name != first)
                    mapping = Mapping((*rest, Key(first, result)), mapping.open, mapping.cls)
            case _:
                (mapping,) = (atom for atom in changed(only(mapping)) if isinstance(atom, Mapping))
        self.change(target.name, only(mapping))
        return result

    def escape_into(self, node: s.Call) -> None:
        """Notes that a method of a container may keep what it is given."""
        if isinstance(node.function, s.Attribute) and node.function.name in MUTATORS:
            takes_elements = node.function.name in ("update", "extend")
            for argument in node.arguments:
                if argument.stars or (takes_elements and not argument.name):
                    self.escape_elements(argument.value)
                else:
                    self.escape(argument.value)

    @abstractmethod
    def called_guarded(self, name: str) -> None:
        """Notes that a function is called where something is expected to fail."""

    def expecting_call(self, node: s.Call) -> Value:
        """`pytest.raises(TypeError, lambda: model(labels=1))`."""
        guards = self.guards
        self.evaluate(node.function)
        self.guards = (*guards, *expects(node, b""))
        self.passed(node)
        self.guards = guards
        return unknown("what expects a failure")

    def register(self, node: s.Call) -> Value:
        """`self.add_module("head", Head())`, and `self.register_modules(unet=unet)` of diffusers: sets attributes."""
        site = self.passed(node)
        given = {keyword.name: keyword.value for keyword in site.keywords}
        if len(site.positional) == 2 and (name := known_string(site.positional[0].value)) is not None:
            given[name] = site.positional[1].value
        for name, value in given.items():
            self.store_attribute(self.self_name, name, value)
        return unknown("what registering returns")

    def append_to_attribute(self, node: s.Call, target: s.Attribute) -> Value | None:
        """`self.blocks.append(Block())`: one more element of the list that the attribute holds."""
        if not isinstance(target.value, s.Name) or target.value.name != self.self_name or len(node.arguments) != 1:
            return None
        held = self.evaluate(target)
        value = self.evaluate(node.arguments[0].value)
        kinds = {atom.kind if isinstance(atom, Collection) else APPENDED for atom in held}
        kind = MODULE_LIST if kinds == {MODULE_LIST} else APPENDED
        self.store_attribute(target.value.name, target.name, only(Collection(kind, None, value)))
        return unknown("what `append` returns")

    @abstractmethod
    def store_attribute(self, owner: str, name: str, value: Value) -> None:
        """Notes what an attribute can hold after this function."""

    def passed(self, node: s.Call) -> Arguments:
        site = Arguments()
        for argument in node.arguments:
            value = self.evaluate(argument.value)
            if argument.stars == 1:
                items = self.items_of(value)
                if items is None:
                    site.open_positional = True
                else:
                    site.positional += [Passed("", argument.span, item, argument, spread=True) for item in items]
            elif argument.stars == 2:
                mapping = self.mapping_of(value)
                site.open_keywords |= mapping.open
                site.open_labels |= mapping.open and not mapping.unlabelled
                site.keywords += [
                    Passed(key.name, argument.span, key.value, argument, spread=True, certain=key.certain)
                    for key in mapping.keys
                ]
            elif argument.name:
                site.keywords.append(Passed(argument.name, argument.span, value, argument))
            else:
                site.positional.append(Passed("", argument.span, value, argument))
        return site

    def after_call(self, node: s.Call, function: Value) -> None:
        """Forgets what the callee may have changed: dictionaries handed over, attributes of objects it gets hold of."""
        harmless = bool(function) and all(_leaves_arguments(atom) for atom in function)
        if isinstance(node.function, s.Name) and node.function.name in READERS and why_unknown(function):
            harmless = True
        for argument in node.arguments:
            if not harmless and argument.stars:
                self.escape_elements(argument.value)
            elif not harmless:
                self.escape(argument.value)
                self.hand_over(argument.value)
            if isinstance(argument.value, s.Name) and not argument.stars:
                self._forget_attributes(argument.value.name)
        if not harmless and self.state.attributes:
            outside = self.program.ask("outside", self.source.path)
            for key in [key for key in self.state.attributes if is_exchanged(key[1], outside)]:
                del self.state.attributes[key]
        if isinstance(node.function, s.Attribute):
            owner = node.function.value
            while isinstance(owner, s.Attribute | s.Call):
                owner = owner.value if isinstance(owner, s.Attribute) else owner.function
            if isinstance(owner, s.Name) and owner is node.function.value:
                self._forget_attributes(owner.name)

    def hand_over(self, node: s.Expression) -> None:
        """Notes that somebody unseen may set fields of an object, or change what a list of modules holds."""
        match node:
            case s.Name(name=name):
                held = self.held(name)
                if held is not None and any(isinstance(atom, Instance) for atom in held):
                    self.extended.add(name)
            case s.Attribute(value=s.Name(name=name)) if name == self.self_name:
                held = self.values.get(node.span, NEVER)
                if holds_more(held):
                    self.store_attribute(name, node.name, changed(held))

    def _forget_attributes(self, name: str) -> None:
        for key in [key for key in self.state.attributes if key[0] == name]:
            del self.state.attributes[key]


class Arguments:
    """The arguments of one call while they are collected."""

    def __init__(self) -> None:
        self.positional: list[Passed] = []
        self.keywords: list[Passed] = []
        self.open_positional = False
        self.open_keywords = False
        self.open_labels = False
        """Whether there may be labels among the keywords that cannot be seen."""
        self.guards: tuple[str, ...] = ()

    def frozen(self) -> tuple[tuple[Value, ...], tuple[tuple[str, Value], ...], bool]:
        """What a result can depend on: values by position, values by keyword, and whether there may be others."""
        return (
            tuple(passed.value for passed in self.positional),
            tuple((passed.name, passed.value) for passed in self.keywords if passed.certain),
            self.open_positional or self.open_keywords or not all(passed.certain for passed in self.keywords),
        )


def _preset(node: s.Call, function: Value, site: Arguments) -> list[Passed]:
    """The keyword arguments that a partial call brings along, where the call itself does not give them again. They
    stand where the partial call is named."""
    (atom,) = function if len(function) == 1 else (None,)
    given: dict[str, Value] = {}
    while isinstance(atom, Partial):
        given = {**dict(atom.keywords), **given}
        (atom,) = atom.function if len(atom.function) == 1 else (None,)
    again = {passed.name for passed in site.keywords}
    written = s.Argument(node.function.span, node.function)
    return [
        Passed(name, written.span, value, written, spread=True) for name, value in given.items() if name not in again
    ]


def _leaves_arguments(atom: Any) -> bool:
    """Whether calling something leaves the contents of what it is given as they are."""
    match atom:
        case LibraryClass() | Instance(cls=LibraryClass()) | Wrapped():
            return True
        case LibraryFunction():
            return atom.qualified in BUILTINS or atom.qualified in COPIES
        case BoundMethod():
            return not isinstance(atom.owner, UserClass) and _leaves_arguments(atom.owner)
        case Mapping():
            return True
    return False
