"""What the calls in its own file, and in those that import it, give a parameter of a function, where no annotation says
it.

Other projects may call it with something else. That is no harm: what a rule finds fault with is wrong for the calls
that are in sight.
"""

from __future__ import annotations

import re

from ..source import syntax as s
from ..source.unit import Unit
from ..source.walk import walk
from .analysis import CallSite
from .classes import is_bound, method_kind
from .exchanges import SETTINGS
from .flow import Flow
from .program import Outcome, Program
from .values import NEVER, BoundMethod, Constant, Instance, Super, UserClass, UserFunction, Value, unknown

UnitKey = tuple[str, bytes, int]

_OWN = (UserClass, UserFunction, BoundMethod)
"""What is called where a function of the user's own is reached."""


class Callers:
    """Answers the queries about calls for one `Program`."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self._callers: dict[str, dict[str, tuple[UnitKey, ...]]] = {}
        self._own_calls: dict[tuple[str, UnitKey, int], tuple[Outcome, list[tuple[CallSite, Value]]]] = {}
        program.register("argument", self.argument)
        program.register("callers", self.callers)
        program.register("anytime", self.anytime)

    def callers(self, path: str, name: str) -> tuple[UnitKey, ...]:
        """Keys of the units of a file that call something of this name, or what is imported under it."""
        if path not in self._callers:
            found: dict[str, list[UnitKey]] = {}
            source = self.program.source(path)
            units = () if source is None else source.units
            aliases: dict[str, str] = {}
            for unit in units:
                for alias in unit.fact("alias", _aliases):
                    name_there, _, name_here = alias.partition("=")
                    aliases[name_here] = name_there
            for unit in units:
                names = unit.called
                for called in {*names, *(aliases[name] for name in names & aliases.keys())}:
                    found.setdefault(called, []).append(unit.key)
            self._callers[path] = {called: tuple(keys) for called, keys in found.items()}
        return self._callers[path].get(name, ())

    def anytime(self, path: str, key: UnitKey, level: int) -> Outcome | None:
        """What a statement of a module or class body holds if names have any value that they ever get, and the file is
        run as a script."""
        source = self.program.source(path)
        unit = None if source is None else source.by_key.get(key)
        if source is None or unit is None:
            return None
        return Flow(self.program, source, unit, level, as_script=True).run_statement()

    def argument(self, path: str, qualname: str, name: str, of: UserClass | None, level: int) -> Value:
        """All that the calls in sight, themselves gone through at `level`, give a parameter of a function or method;
        unknown where there is none, or one that is not plain. With `of`, what they give it on instances of that class
        and of those that derive from it."""
        source = self.program.source(path)
        unit: Unit | None = self.program.ask("unit", path, qualname)
        if source is None or unit is None or not isinstance(unit.node, s.FunctionDef):
            return unknown(f"parameter `{name}`")
        parameters = unit.node.parameters[1:] if unit.owner and is_bound(unit.node) else unit.node.parameters
        place = next((number for number, parameter in enumerate(parameters) if parameter.name == name), None)
        if place is None:
            return unknown(f"parameter `{name}`")
        names = [unit.node.name]
        if unit.node.name == "__init__":
            below = self.program.ask("subclasses", path, unit.owner) or ()
            names += [name.rpartition(".")[2] for name in (unit.owner, *(cls.qualname for cls in below))]
        found: Value = NEVER
        files = (path, *self.program.importers(path)) if _may_be_called(unit, name) else (path,)
        files = files if of is None else (*files, of.path)
        called = ((file, key) for file in files for name in names for key in self.program.ask("callers", file, name))
        units = dict.fromkeys(called)
        for file, key in units:
            for site, function in self._calls(file, key, level):
                if any(self._reaches(atom, path, unit) and self._concerns(atom, key[0], file, of) for atom in function):
                    given = _given(site, parameters[place], place + int(_passes_self(function, unit.node)))
                    if "TypeError" in site.guarded or "*" in site.guarded:
                        given = unknown("a call that is meant to fail")
                    if given is None:
                        default = parameters[place].default
                        given = NEVER if default is None else Flow(self.program, source, unit, level).evaluate(default)
                    found |= given
        if unit.owner and found and self._is_called_by_others(path, unit.owner, unit.node.name, of):
            found |= unknown("a class that stands between may hand over something else")
        return _settled(found) or unknown(f"parameter `{name}`")

    def _reaches(self, atom: object, path: str, unit: Unit) -> bool:
        """Whether calling a value runs the function of a unit."""
        match atom:
            case UserFunction():
                return (atom.path, atom.qualname) == (path, unit.qualname)
            case UserClass():
                return self.program.method_of(atom, "__init__") == (path, unit.qualname)
            case BoundMethod(owner=Instance(cls=UserClass() as cls)) | BoundMethod(owner=UserClass() as cls):
                return self.program.method_of(cls, atom.name) == (path, unit.qualname)
            case BoundMethod(owner=Super(cls=cls)):
                return self.program.method_above(cls, atom.name) == (path, unit.qualname)
        return False

    def _concerns(self, atom: object, owner: str, path: str, of: UserClass | None) -> bool:
        """Whether calling a value, in the body of a class or a method of the class `owner`, may run a method on an
        instance of a class or of one that derives from it."""
        match atom:
            case UserClass() if of is not None:
                return self._derives(atom, of)
            case BoundMethod(owner=Instance(cls=UserClass() as cls)) | BoundMethod(owner=Super(cls=cls)):
                return of is None or self._derives(cls, of) or self._derives(of, cls)
            case BoundMethod(owner=UserClass()) if owner and of is not None:
                calling = UserClass(path, owner)
                return self._derives(calling, of) or self._derives(of, calling)
        return True

    def _derives(self, cls: UserClass, base: UserClass) -> bool:
        info = self.program.class_info(cls.path, cls.qualname)
        return info is None or base in info.resolution_order

    def _is_called_by_others(self, path: str, owner: str, name: str, of: UserClass | None) -> bool:
        """Whether classes that derive from a method's have another one before it, which derives from something else
        and whose `super().name(...)` runs the method then."""
        base = UserClass(path, owner)
        top = base if of is None else of
        for cls in (top, *(self.program.ask("subclasses", top.path, top.qualname) or ())):
            info = self.program.class_info(cls.path, cls.qualname)
            order = info.resolution_order if info is not None else ()
            for other in order[: order.index(base)] if base in order else ():
                known = self.program.class_info(other.path, other.qualname) if isinstance(other, UserClass) else None
                if known is None or (name in known.methods and base not in known.resolution_order):
                    return True
        return False

    def _calls(self, path: str, key: UnitKey, level: int) -> list[tuple[CallSite, Value]]:
        """The calls in a unit that reach something of the user's own, with the values of what they call."""
        source = self.program.source(path)
        unit = None if source is None else source.by_key.get(key)
        if unit is None:
            return []
        kind = "function" if isinstance(unit.node, s.FunctionDef) else "anytime"
        outcome: Outcome | None = self.program.ask(kind, path, key, level)
        if outcome is None:
            return []
        known = self._own_calls.get((path, key, level))
        if known is None or known[0] is not outcome:
            values = outcome.result.values
            calls = [(site, values.get(site.node.function.span, NEVER)) for site in outcome.result.calls]
            own = [(site, function) for site, function in calls if any(isinstance(atom, _OWN) for atom in function)]
            known = self._own_calls[path, key, level] = (outcome, own)
        return known[1]


def _passes_self(function: Value, method: s.FunctionDef) -> bool:
    """Whether a method is looked up on its class and gets its object as an argument: `Base.__init__(self, encoder)`."""
    on_class = any(isinstance(atom, BoundMethod) and isinstance(atom.owner, UserClass) for atom in function)
    return on_class and is_bound(method) and method_kind(method) != "classmethod"


def _may_be_called(unit: Unit, name: str) -> bool:
    """Whether a function calls a parameter or something of it, or is a constructor that keeps it: only then is it
    worth the while to look into other files."""
    if SETTINGS.search(name):
        return False
    word = re.escape(name.encode())
    keeps = isinstance(unit.node, s.FunctionDef) and unit.node.name == "__init__"
    pattern = rb"\b%s(?:\.\w+)*\s*\(%s" % (word, rb"|=\s*%s\b" % word if keeps else b"")
    return re.search(pattern, unit.key[1]) is not None


def _given(site: CallSite, parameter: s.ParameterDef, place: int) -> Value | None:
    """What a call gives a parameter; None where it leaves that to the default."""
    for passed in site.keywords:
        if passed.name == parameter.name:
            return passed.value if passed.certain else passed.value | unknown("an argument that may be missing")
    if site.open_positional or site.open_keywords:
        return unknown("an argument that may be among others")
    if parameter.kind != "keyword_only" and place < len(site.positional):
        return site.positional[place].value
    return None


def _settled(value: Value) -> Value:
    """The value, if it may decide nothing: with another flag or number the function takes another branch."""
    constants = {atom for atom in value if isinstance(atom, Constant)}
    if len(constants) == len(value) or constants - {Constant(None)}:
        return NEVER
    return value


def _aliases(unit: Unit) -> frozenset[str]:
    """Names that a unit imports under another, as "name=other"."""
    if b" as " not in unit.key[1] or b"import" not in unit.key[1]:
        return frozenset()
    imports = (node for node in walk(unit.node) if isinstance(node, s.ImportFrom))
    return frozenset(f"{alias.name}={alias.asname}" for node in imports for alias in node.names if alias.asname)
