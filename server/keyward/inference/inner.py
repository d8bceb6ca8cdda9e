"""Functions and lambdas inside the function, or the statement of the module, that is gone through."""

from __future__ import annotations

from abc import abstractmethod
from collections import Counter
from collections.abc import Iterator

from ..source import syntax as s
from ..source.tree import Source
from ..source.unit import Unit
from ..source.walk import bound_names, holders, statements, walk
from ..text import Span
from .branching import Branching
from .handing import handed
from .making import Passing
from .program import Program
from .sharing import names_shared_by
from .state import State
from .values import GENERATOR, Collection, Constant, Inner, Value, join, only, unknown

_MOST_NESTED_CALLS = 2
"""So far calls of functions inside a function are followed."""

Function = s.FunctionDef | s.Lambda


class InnerFunctions(Branching):
    """Goes through them twice over: where they are called, with the names as they are at that point; and at the end for
    what is in them, with all values that names ever get, as they may run at any time."""

    def __init__(self, program: Program, source: Source, unit: Unit, level: int) -> None:
        super().__init__(program, source, unit, level)
        self.captured: set[str] = set()
        """Names whose contents functions inside this one may change."""
        self.bound: frozenset[str] = frozenset()
        """Names of others that the function being gone through binds."""
        self.returned: list[Value] = []
        self.ever: dict[str, Value] = {}
        """All values that names get in the function being gone through."""
        self.enclosing: dict[str, Value] = {}
        """The names of the functions around it."""
        self._inner: list[tuple[Function, tuple[str, ...], tuple[s.Try | s.Expression, ...]]] = []
        """Functions inside it, and what is expected to fail and stands around them where they stand."""
        self._guarded: dict[str, set[str]] = {}
        """What is expected to fail where the names of functions inside are called."""
        self._functions: dict[Span, Function] = {}
        """All of them that have been come across."""
        self._around: dict[Span, dict[str, Value]] = {}
        """The names around functions that stand further out, or in the function whose call is followed."""
        self._results: dict[tuple[object, ...], Value] = {}
        """What calls of functions inside gave, by all that it rests on."""
        self._n_calls = 0
        """Calls of functions inside that are being followed."""

    @abstractmethod
    def parameter(self, parameter: s.ParameterDef) -> Value:
        """What a parameter holds, as far as its kind and annotation say it."""

    # --- all of them, at the end ------------------------------------------------------------------------------------

    def inner_functions(self) -> None:
        """Goes through the functions inside this one, which may run at any time: names have all values they ever
        get."""
        inner, self._inner = self._inner, []
        names = {**self.enclosing, **self.ever}
        self._around |= {function.span: names for function, *_ in inner}
        guards, around = self.guards, self.around
        for function, outer_guards, self.around in inner:
            self.guards = outer_guards
            if isinstance(function, s.FunctionDef):
                self.guards = (*outer_guards, *self._guarded.get(function.name, ()))
            self._go_through(function, names, {})
        self.guards, self.around = guards, around

    def _go_through(self, function: Function, around: dict[str, Value], given: dict[str, Value]) -> Value:
        """What a function returns, or yields, with these names around it."""
        outer = self.state, self.ever, self.enclosing, self.bound, self.captured
        gave = self.returned, self.yielded, self.around
        self.state, self.ever, self.enclosing, self.bound, self.captured = State.empty(), {}, around, frozenset(), set()
        self.returned, self.yielded = [], []
        if isinstance(function, s.FunctionDef):
            self.bound = self.bound_in(function)
        for parameter in function.parameters:
            value = given.get(parameter.name) or self.parameter(parameter)
            self.bind_name(s.Name(parameter.name_span, parameter.name), value)
        if isinstance(function, s.Lambda):
            self.returned.append(self.evaluate(function.body))
        else:
            self.block(function.body)
            if self.state.reached:
                self.returned.append(only(Constant(None)))
        if not self._n_calls:
            self.inner_functions()
        result = join(self.returned)
        if isinstance(function, s.FunctionDef) and function.is_generator:
            result = only(Collection(GENERATOR, None, join(self.yielded)))
        self.state, self.ever, self.enclosing, self.bound, self.captured = outer
        self.returned, self.yielded, self.around = gave
        return result

    def bound_in(self, function: s.FunctionDef) -> frozenset[str]:
        """Names that a function declares global or nonlocal, and binds."""
        if b"global " not in self.unit.key[1] and b"nonlocal " not in self.unit.key[1]:
            return frozenset()
        declared = {name for node in statements(function.body) if isinstance(node, s.Scope) for name in node.names}
        return frozenset(declared.intersection(bound_names(function.body))) if declared else frozenset()

    def called_guarded(self, name: str) -> None:
        self._guarded.setdefault(name, set()).update(self.guards)

    def enter_function(self, node: Function) -> Value:
        self._functions[node.span] = node
        if all(known.span != node.span for known, *_ in self._inner):
            self._inner.append((node, self.guards, self.around))
        own = {parameter.name for parameter in node.parameters}
        if isinstance(node, s.FunctionDef):
            own |= set(bound_names(node.body)) - self.bound_in(node)
        for name in set(names_shared_by(node)) - own:
            self.captured.add(name)
            self.escape(s.Name(node.span, name))
        if self.in_comprehension or (isinstance(node, s.FunctionDef) and (node.decorators or node.is_async)):
            return unknown("a function inside a function")
        return only(Inner("a function inside a function", self.source.path, self.unit.key, node.span))

    # --- one of them, where it is called ----------------------------------------------------------------------------

    def inner_result(self, inner: Inner, passing: Passing, later: bool = False) -> Value:
        """What a function of this unit returns that is called here, or `later` by somebody who gets it here."""
        function = self._functions.get(inner.span)
        around = self._around.get(inner.span)
        if function is not None and around is None:
            # names that a comprehension binds are its own
            around = {**self.enclosing, **(self.ever if self.in_comprehension else self.state.names)}
            if later:
                around |= {name: unknown("it may be bound again") for name in self._bound_again()}
        if function is None or around is None or self._n_calls >= _MOST_NESTED_CALLS:
            return unknown(inner.reason)
        names = frozenset(parameter.name for parameter in function.parameters)
        given = handed(function, names, passing, bound=False)
        outer = [(name, around.get(name)) for name in self.program.per_node("names", function, _names)]
        key = (inner.span, given, tuple(outer), self._n_calls)
        if (known_result := self._results.get(key)) is not None:
            return known_result
        seen = self.calls, self.reads, self.library_names, self.values, self.trails
        known = self._inner, self._around, self.in_comprehension
        # what is found inside is told at the end, for all that may call it
        self.calls, self.reads, self.library_names, self.values, self.trails = {}, {}, {}, {}, []
        self._inner, self.in_comprehension = list(self._inner), False
        self._around = {**{node.span: around for node, *_ in self._inner}, **self._around}
        self._n_calls += 1
        result = self._results[key] = self._go_through(function, around, dict(given))
        self._n_calls -= 1
        self.calls, self.reads, self.library_names, self.values, self.trails = seen
        self._inner, self._around, self.in_comprehension = known
        return result

    def _bound_again(self) -> frozenset[str]:
        """Names of functions of this unit that may hold something else by the time that what is handed over here is
        called: those that one of them binds in several places, and those that are not bound yet."""
        once, again = self.program.per_node("bindings", self.unit.node, _bindings)
        return again | (once - self.state.names.keys() - self.enclosing.keys())

    def run_inner(self, span: Span, passing: Passing) -> Value:
        """What a function returns that stands in this statement of the module and is called from somewhere else."""
        function = next((node for node in _outermost(self.unit.node) if node.span == span), None)
        if function is None:
            return unknown("a function inside a function")
        names = frozenset(parameter.name for parameter in function.parameters)
        return self._go_through(function, {}, dict(handed(function, names, passing, bound=False)))


def _bindings(unit: s.Statement) -> tuple[frozenset[str], frozenset[str]]:
    """Names that functions in a statement bind: those of one place, and those of several or of an expression."""
    once: set[str] = set()
    again: set[str] = set()
    for node in walk(unit):
        if isinstance(node, s.FunctionDef):
            places = Counter(parameter.name for parameter in node.parameters)
            places.update(bound_names(node.body))
            once.update(places)
            again.update(name for name, number in places.items() if number > 1)
        elif isinstance(node, s.NamedExpression):
            again.add(node.target.name)
    return frozenset(once), frozenset(again)


def _names(function: Function) -> list[str]:
    """The names in a function, in a fixed order."""
    return sorted({node.name for node in walk(function) if isinstance(node, s.Name)})


def _outermost(node: s.Node) -> Iterator[Function]:
    """The functions of a statement that see no names but their own and those of the module."""
    waiting: list[object] = [node]
    while waiting:
        item = waiting.pop()
        match item:
            case tuple():
                waiting += item
            case s.FunctionDef() | s.Lambda():
                yield item
            case s.ClassDef() | s.Comprehension():
                continue
            case s.Node():
                waiting += [getattr(item, name) for name in holders(type(item))]
