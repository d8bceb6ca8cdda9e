"""What files say: their names, classes and functions, as answers to the queries of a `Program`."""

from __future__ import annotations

import builtins
from collections.abc import Iterator

from ..source import syntax as s
from ..source.tree import Source
from ..source.unit import Unit
from ..source.walk import bound_names
from .analysis import UnitResult
from .answers import Answer, Question
from .callers import Callers
from .class_facts import ClassFacts
from .classes import dotted
from .containers import BUILTINS, REGISTERING
from .decorators import Decorators
from .exchanges import exchanged_by, is_exchanged
from .flow import Flow
from .guards import gates
from .handing import Given
from .libraries import CACHING_DECORATORS, CONTEXT_OF_GENERATOR, ENTERED, TORCH_MODULE
from .program import MOST_LEVELS, Outcome, Program, Scope, blocks, rebound
from .semantics import Semantics
from .sharing import shared_names
from .state import loose
from .values import (
    GENERATOR,
    Collection,
    Constant,
    Instance,
    LibraryClass,
    LibraryFunction,
    UserClass,
    UserFunction,
    Value,
    join,
    only,
    unknown,
    why_unknown,
)

_ATTRIBUTES_LEVEL = MOST_LEVELS - 1


class FileFacts:
    """Answers the queries of a `Program` about files: their names, classes and functions."""

    def __init__(self, program: Program, callers: bool) -> None:
        self.program = program
        self.semantics = Semantics(program)
        self.callers = Callers(program)
        if not callers:
            program.register("argument", lambda path, qualname, name, *_: unknown(f"parameter `{name}`"))
        self.decorators = Decorators(program)
        self.classes = ClassFacts(program, self.decorators)
        for kind in (
            "answer",
            "attributes",
            "beside",
            "body",
            "default",
            "define",
            "function",
            "gates",
            "import",
            "outline",
            "mentioned",
            "name",
            "outside",
            "returns",
            "setting",
            "statement",
            "stored",
            "stores",
            "shared",
            "storing",
            "unit",
        ):
            program.register(kind, getattr(self, f"_{kind}"))

    def results(self, source: Source) -> Iterator[tuple[Unit, UnitResult]]:
        scope = self.program.scope(source.path)
        for unit in source.units:
            outcome: Outcome | None
            if isinstance(unit.node, s.FunctionDef):
                outcome = self.program.ask("function", source.path, unit.key, 0)
            elif unit.owner:
                outcome = self.program.ask("anytime", source.path, unit.key, MOST_LEVELS)
            else:
                outcome = None if scope is None else scope.outcomes.get(unit.key)
            if outcome is not None:
                yield unit, outcome.result

    # --- files ------------------------------------------------------------------------------------------------------

    def _answer(self, question: Question) -> Answer | None:
        return self.program.world.answers.get(question)

    def _unit(self, path: str, qualname: str) -> Unit | None:
        source = self.program.source(path)
        return None if source is None else source.by_qualname.get(qualname)

    def _outline(self, path: str, owner: str) -> tuple[str | tuple[str, bytes, int], ...]:
        """What stands in a class body: names of methods, keys of other statements. Bodies of methods are left out, so
        that an edit in one leaves the class as it was."""
        source = self.program.source(path)
        units = () if source is None else source.members.get(owner, ())
        return tuple(unit.node.name if isinstance(unit.node, s.FunctionDef) else unit.key for unit in units)

    def _storing(self, path: str, owner: str) -> tuple[tuple[str, bytes, int], ...]:
        """Keys of the methods of a class that set attributes."""
        source = self.program.source(path)
        return tuple(
            unit.key
            for unit in (() if source is None else source.members.get(owner, ()))
            if isinstance(unit.node, s.FunctionDef) and unit.fact("stores", _sets_attributes)
        )

    def _outside(self, path: str) -> frozenset[str]:
        """What the file exchanges, as `exchanges.py` tells it."""
        source = self.program.source(path)
        return frozenset() if source is None else self.program.union("outside", source, exchanged_by)

    def _gates(self, path: str) -> frozenset[str]:
        """Names of the file that hold what a test of versions gave."""
        source = self.program.source(path)
        return frozenset() if source is None else self.program.union("gates", source, gates)

    def _shared(self, path: str, by: str, name: str) -> bool:
        """Whether code of the file may change what a name of the module holds: that of its functions, or any."""
        source = self.program.source(path)
        word = name.encode()
        units = (unit for unit in source.units if word in unit.key[1]) if source is not None else ()
        return any(
            name in unit.fact("shared", shared_names)
            for unit in units
            if by == "any" or isinstance(unit.node, s.FunctionDef)
        )

    def _mentioned(self, path: str, name: str) -> bool:
        """Whether the text of a function of the file holds a name: it may change what is held by what that names."""
        source = self.program.source(path)
        word = name.encode()
        return source is not None and any(
            word in unit.key[1] and isinstance(unit.node, s.FunctionDef) for unit in source.units
        )

    def _beside(self, path: str, key: tuple[str, bytes, int]) -> frozenset[str]:
        """Names of the module that functions of other units than this one bind."""
        source = self.program.source(path)
        others = (unit for unit in source.units if unit.key != key) if source is not None else ()
        return frozenset().union(*(unit.fact("rebound", rebound) for unit in others))

    def _body(self, path: str, owner: str) -> frozenset[str]:
        """Names that the statements of a class body bind."""
        source = self.program.source(path)
        units = source.members.get(owner, ()) if source is not None else ()
        return frozenset().union(*(unit.fact("bound", _bound) for unit in units))

    # --- names ------------------------------------------------------------------------------------------------------

    def _statement(self, source: Source, unit: Unit, scope: Scope, read: dict[str, Value | None]) -> Outcome:
        return Flow(self.program, source, unit, 0, scope, read).run_statement()

    def _define(self, source: Source, unit: Unit) -> dict[str, Value]:
        assert isinstance(unit.node, s.FunctionDef)
        if not self.program.ask("kind", source.path, unit.key):
            return {unit.node.name: unknown(f"a decorator may change {unit.node.name}")}
        if source.by_qualname[unit.qualname].key != unit.key:
            return {unit.node.name: unknown(f"{unit.node.name} is defined again")}
        return {unit.node.name: only(UserFunction(source.path, unit.qualname))}

    def _name(self, path: str, name: str) -> Value:
        """All values that a name of a module can have, for a reader who may run at any time."""
        scope = self.program.scope(path)
        if scope is None:
            return unknown(f"{path} was not read")
        if name in scope.elsewhere:
            return unknown(f"functions re-bind `{name}`")
        value = scope.ever.get(name)
        if value is not None:
            if any(isinstance(atom, Instance) for atom in value) and self._is_set_by_importers(path, name):
                return unknown(f"`{name}` is set by another file")
            return self.program.looked_up(value)
        if name in BUILTINS:
            return only(LibraryFunction(name))
        if hasattr(builtins, name) or name.startswith("_"):
            return unknown(f"`{name}` is not followed")
        for star in reversed(scope.stars):
            if star.level == 0 and self.program.world.signatures.is_module(star.module):
                if name in self.program.world.signatures.exports(star.module):
                    return self.semantics.member(star.module, name)
            elif star.module.partition(".")[0] != "__future__":
                found = self.program.answer(Question(path, star.module, star.level, name))
                if not why_unknown(found):
                    return found
        return unknown(f"`{name}` is not followed")

    def _is_set_by_importers(self, path: str, name: str) -> bool:
        return any(name in self.program.ask("outside", file) for file in self.program.importers(path))

    def _import(self, path: str, module: str, level: int, name: str) -> Value:
        if level == 0:
            return self.semantics.member(module, name, path)
        return self.program.answer(Question(path, module, level, name))

    # --- functions --------------------------------------------------------------------------------------------------

    def _function(self, path: str, key: tuple[str, bytes, int], level: int) -> Outcome | None:
        source = self.program.source(path)
        unit = None if source is None else source.by_key.get(key)
        if source is None or unit is None or not isinstance(unit.node, s.FunctionDef):
            return None
        if level < MOST_LEVELS and (same := self.program.at_other_level("function", path, key, level)) is not None:
            outcome: Outcome = same
            return outcome
        return Flow(self.program, source, unit, level).run_function(unit.node)

    def _returns(self, path: str, qualname: str, given: Given, level: int) -> Value:
        """What calling a function or method of the user's gives, itself gone through at `level`: with what one call
        gives it, or all that any call does."""
        source = self.program.source(path)
        unit: Unit | None = self.program.ask("unit", path, qualname)
        if source is None or unit is None or not isinstance(unit.node, s.FunctionDef):
            return unknown(f"{qualname} is not known")
        kind = self.program.ask("kind", path, unit.key)
        if not kind:
            return unknown(f"a decorator may change {qualname}")
        if unit.node.is_async or (kind == "context" and not unit.node.is_generator):
            return unknown(f"{qualname} returns its result later")
        outcome: Outcome | None
        if given:
            outcome = Flow(self.program, source, unit, level, given=given).run_function(unit.node)
        else:
            outcome = self.program.ask("function", path, unit.key, level)
        if outcome is not None and unit.node.is_generator:
            if kind == "context":
                return only(Instance(LibraryClass(CONTEXT_OF_GENERATOR), parts=((ENTERED, loose(outcome.yielded)),)))
            return only(Collection(GENERATOR, None, outcome.yielded))
        value = unknown("it depends on itself") if outcome is None else outcome.returned
        if any(dotted(decorator).rpartition(".")[2] in CACHING_DECORATORS for decorator in unit.node.decorators):
            value = loose(value)  # every call gives the same object
        if why_unknown(value) and unit.node.returns is not None:
            declared = Flow(self.program, source, unit, level).annotated(unit.node.returns)
            if not why_unknown(declared):
                return declared
        return value

    # --- attributes -------------------------------------------------------------------------------------------------

    def _attributes(self, path: str, qualname: str, of: UserClass | None) -> dict[str, Value]:
        """What the methods of a class set on `self`; the initialisers on instances of `of`, a class that derives from
        it, where one is given."""
        table: dict[str, Value] = {}
        for key in self.program.ask("storing", path, qualname):
            first = _is_initialiser(key)
            stores = self.program.ask("stores", path, key, int(not first), of if first else None)
            for name, value in (stores or {}).items():
                table[name] = table[name] | value if name in table else value
        return table

    def _stores(self, path: str, key: tuple[str, bytes, int], later: int, of: UserClass | None) -> dict[str, Value]:
        """What one method sets on `self`, an instance of `of`; of the attributes it knows those that it set before
        and, if it runs later than the initialisers, what those set."""
        source = self.program.source(path)
        unit = None if source is None else source.by_key.get(key)
        if source is None or unit is None or not isinstance(unit.node, s.FunctionDef):
            return {}
        known: dict[str, Value] = {}
        if later:
            for other in self.program.ask("storing", path, unit.owner):
                if _is_initialiser(other):
                    known.update(self.program.ask("stores", path, other, 0, None) or {})
        flow = Flow(self.program, source, unit, _ATTRIBUTES_LEVEL, attributes=known, of=of)
        flow.run_function(unit.node)
        return flow.stored

    def _stored(self, path: str, qualname: str, name: str) -> Value | None:
        """What an attribute of an instance can hold, None where nobody sets it."""
        info = self.program.class_info(path, qualname)
        if info is None:
            return None
        values: list[Value] = []
        this = UserClass(path, qualname)
        classes = [base for base in info.resolution_order if isinstance(base, UserClass)]
        for cls in (*classes, *(self.program.ask("subclasses", path, qualname) or ())):
            table = self.program.ask("attributes", cls.path, cls.qualname, None)
            if table is None:
                values.append(unknown("it depends on itself"))
            elif name in table:
                value = table[name]
                if cls != this and cls in classes and (len(value) > 1 or why_unknown(value)):
                    table = self.program.ask("attributes", cls.path, cls.qualname, this)
                    value = value if table is None else table.get(name, value)
                values.append(value)
        if self._is_set_outside(path, classes, name):
            values.append(unknown(f"`{name}` is set from outside, too"))
        found = join((*values, self.program.value("default", path, qualname, name)))
        above = [base for base in info.resolution_order if base != LibraryClass(TORCH_MODULE)]
        unread = not info.complete or any(isinstance(base, LibraryClass) for base in above) or name == "training"
        if unread and found and all(isinstance(atom, Constant) for atom in found):
            found |= unknown(f"`{name}` may be set by a base class")
        if len(found) > 1:
            found = frozenset(atom for atom in found if atom != Constant(None))
        return found or None

    def _default(self, path: str, qualname: str, name: str) -> Value:
        """What the bodies of a class, of its bases, and of those that derive from it, say that an attribute holds:
        what the class or the first base says, and those below. Never reached: none says anything."""
        info = self.program.class_info(path, qualname)
        found: list[Value] = []
        for cls in () if info is None else info.resolution_order:
            if isinstance(cls, UserClass):
                found += self._variable(cls, name)
                if found and self._is_assigned(cls, name):
                    break
        for cls in self.program.ask("subclasses", path, qualname) or ():
            found += self._variable(cls, name)
        return join(found)

    def _variable(self, cls: UserClass, name: str) -> list[Value]:
        info = self.program.class_info(cls.path, cls.qualname)
        return [] if info is None else [value for variable, value in info.variables if variable == name]

    def _is_assigned(self, cls: UserClass, name: str) -> bool:
        """Whether the body of a class gives a name a value, whatever happens."""
        source = self.program.source(cls.path)
        for member in self.program.ask("outline", cls.path, cls.qualname):
            node = source.by_key[member].node if source is not None and not isinstance(member, str) else None
            if isinstance(node, s.Assign) and node.value is not None and name in bound_names((node,)):
                return True
        return False

    def _setting(self, path: str, qualname: str, name: str) -> bool:
        """Whether anything may set an attribute of a class's instances: an unknown base or decorator, too."""
        info = self.program.class_info(path, qualname)
        if info is None or not info.complete:
            return True
        classes = [base for base in info.resolution_order if isinstance(base, UserClass)]
        known = [self.program.class_info(cls.path, cls.qualname) for cls in classes]
        if any(base is None or base.decorated for base in known) or self._is_set_outside(path, classes, name):
            return True
        for cls in (*classes, *(self.program.ask("subclasses", path, qualname) or ())):
            source = self.program.source(cls.path)
            keys = self.program.ask("storing", cls.path, cls.qualname)
            for unit in (source.by_key[key] for key in keys) if source is not None else ():
                if not unit.fact("stores", _sets_attributes).isdisjoint((name, *REGISTERING)):
                    return True
        return False

    def _is_set_outside(self, path: str, classes: list[UserClass], name: str) -> bool:
        """Whether somebody sets an attribute of a class's instances who is no method of it."""
        files = dict.fromkeys((path, self.program.main.path, *self.program.importers(path)))
        owners = [cls.qualname for cls in classes]
        return any(is_exchanged(name, self.program.ask("outside", file), owner) for file in files for owner in owners)


def _targets(statement: s.Statement) -> list[s.Expression]:
    match statement:
        case s.Assign():
            targets = list(statement.targets)
        case s.AugmentedAssign():
            targets = [statement.target]
        case s.For():
            targets = [statement.target]
        case s.With():
            targets = [item.target for item in statement.items if item.target is not None]
        case s.Delete():
            targets = list(statement.targets)
        case _:
            return []
    flat: list[s.Expression] = []
    while targets:
        target = targets.pop()
        if isinstance(target, s.Sequence):
            targets += target.items
        else:
            flat.append(target)
    return flat


def _attribute_targets(unit: Unit) -> Iterator[s.Attribute]:
    pending: list[s.Statement] = [unit.node]
    while pending:
        statement = pending.pop()
        for target in _targets(statement):
            if isinstance(target, s.Attribute):
                yield target
        pending += blocks(statement)


def _is_initialiser(key: tuple[str, bytes, int]) -> bool:
    return b"def __init__(" in key[1][:200] or b"def __post_init__(" in key[1][:200]


def _bound(unit: Unit) -> frozenset[str]:
    return frozenset(bound_names((unit.node,)))


def _sets_attributes(unit: Unit) -> frozenset[str]:
    names = {target.name for target in _attribute_targets(unit) if isinstance(target.value, s.Name)}
    return frozenset(names | {name for name in REGISTERING if f".{name}(".encode() in unit.key[1]})
