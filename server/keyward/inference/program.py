"""Everything known while one file is analysed: its scopes, its classes, and what it takes from other files.

`Program.ask` answers queries, remembers the answers together with the queries that they were made from, and so carries
them over from one version of a file to the next: an answer holds as long as those it rests on are the same. What a
function does is one such answer, so after an edit only the functions that it touches are gone through again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

from ..source import syntax as s
from ..source.tree import Source
from ..source.unit import Unit
from ..source.walk import bound_names, rebound_names
from .analysis import UnitResult
from .answers import Answer, Question
from .classes import ClassInfo
from .state import State
from .values import NEVER, Class, Imported, UserClass, Value, join, only, unknown
from .world import World

_N = TypeVar("_N")
_T = TypeVar("_T")

Query = tuple[Any, ...]
"""Kind, then its arguments: ("name", path, "model"), ("returns", path, "build_model", (), 1), ..."""

_INPUTS = frozenset(
    (
        *("answer", "unit", "outline", "storing", "outside", "shared", "mentioned", "beside", "body", "derived"),
        *("name", "callers", "gates"),
    )
)
"""Queries that are looked up afresh in each version: all others rest on these."""

_OF_TEXT = _INPUTS - {"answer", "name"}
"""Those that rest on nothing but the text of files: while one version is analysed they stay the same."""

MOST_LEVELS = 2
"""How far calls of the user's own functions are followed. A function that is gone through for its own sake is at level
0; what a call in it returns is found out by going through the callee at level 1, and so on. What methods set on `self`
is found out at level 1, and at level 2 neither attributes nor further calls are followed: so no query rests on
itself."""

_LEVELLED = frozenset(("attribute", "inside", "result", "returns", "argument"))
"""Queries of a flow that depend on its level: it is the last of their arguments."""

_FEWEST = 1000
"""So many memos are never too many."""

_MOST_NESTED = 60
"""Queries may ask queries this deep; what lies deeper is unknown. It keeps clear of Python's own recursion limit."""


@dataclass(slots=True)
class Memo:
    answer: Any
    rests_on: dict[Query, Any]
    version: int
    """Of the module's names, when it was made or last found to hold."""


@dataclass(slots=True)
class Outcome:
    """What going through a unit gave."""

    result: UnitResult
    binds: dict[str, Value] = field(default_factory=dict)
    """Names that the statement binds in its scope, as it leaves them."""
    ever: dict[str, Value] = field(default_factory=dict)
    """All values that those names get on the way."""
    stars: tuple[s.ImportFrom, ...] = ()
    returned: Value = NEVER
    yielded: Value = NEVER


@dataclass(slots=True)
class Statement:
    """Memory of a module statement: it gives the same again while the names that it read hold the same."""

    read: dict[str, Value | None]
    rests_on: dict[Query, Any]
    outcome: Outcome


@dataclass
class Scope:
    """The names of a module."""

    now: State = field(default_factory=State.empty)
    """At the point that has been reached."""
    ever: dict[str, Value] = field(default_factory=dict)
    """All values that a name gets: what a function sees, which may run at any time."""
    stars: list[s.ImportFrom] = field(default_factory=list)
    elsewhere: frozenset[str] = frozenset()
    """Names that functions re-bind by `global`."""
    outcomes: dict[tuple[str, bytes, int], Outcome] = field(default_factory=dict)
    complete: bool = False

    def at_this_point(self, name: str) -> Value | None:
        """What a statement that runs now finds under the name; None: it is not bound (yet)."""
        return unknown(f"functions re-bind `{name}`") if name in self.elsewhere else self.now.names.get(name)


class Program:
    """One version of one file (`main`) in one world, with the files that its answers lead to."""

    def __init__(self, main: Source, world: World, previous: Program | None = None) -> None:
        if previous is not None and previous.world.signatures is not world.signatures:
            previous = None
        self.main = main
        self.world: World = world
        self.origins: dict[Value, Question] = {} if previous is None else previous.origins
        """The question whose answer a value was."""
        self._version = 0
        self._memos: dict[Query, Memo] = {}
        self._inputs: set[Query] = set()
        """Those of the queries that are inputs."""
        self._most: int = _FEWEST if previous is None else previous._most
        """Memos that may be kept before those that nothing rests on any more are looked for."""
        self._dependents: dict[Query, set[Query]] = {} if previous is None else dict(previous._dependents)
        """Query -> those that rest on it (or did in an earlier version). The sets are shared and never changed in
        place."""
        self._new_dependents: dict[Query, set[Query]] = {}
        self._statements: dict[tuple[str, tuple[str, bytes, int]], Statement] = {}
        self._per_node: dict[tuple[str, int], tuple[object, Any]] = {}
        self._old = previous
        self._settled = False
        """Whether it is known what may have changed since the version before: old memos of all else hold then."""
        self._suspects: set[Query] = set()
        """Queries that rest on something that has changed."""
        self._finished = False
        self._scopes: dict[str, Scope] = {}
        self._asking: list[dict[Query, Any]] = []
        self._pending: set[Query] = set()
        self._computers: dict[str, Callable[..., Any]] = {}

    def register(self, kind: str, compute: Callable[..., Any]) -> None:
        self._computers[kind] = compute

    def retire(self) -> None:
        """Lets go of the functions that compute answers: they hold the program, and the program them."""
        self._computers.clear()

    def source(self, path: str) -> Source | None:
        return self.main if path == self.main.path else self.world.answers.source(path)

    # --- queries ----------------------------------------------------------------------------------------------------

    def ask(self, *query: Any) -> Any:
        """The answer to a query. None where it goes in a circle or too deep: callers take that for unknown.

        Queries are laid out so that sound code never goes in a circle (see `MOST_LEVELS`); classes that inherit from
        one another do.
        """
        answer = self._answer(query)
        if self._asking:
            self._asking[-1][query] = answer
        return answer

    def _answer(self, query: Query) -> Any:
        memo = self._memos.get(query)
        if memo is not None and (memo.version == self._version or self._finished or query[0] in _OF_TEXT):
            return memo.answer
        if query[0] in _INPUTS:
            answer = self._computers[query[0]](*query[1:])
            self._memos[query] = Memo(answer, {}, self._version)
            self._inputs.add(query)
            return answer
        if memo is None and self._old is not None:
            memo = self._old._memos.get(query)
            if memo is not None and self._settled and query not in self._suspects:
                return memo.answer
        if query in self._pending or len(self._pending) >= _MOST_NESTED:
            return None
        self._pending.add(query)
        try:
            if memo is None or not self._holds(memo):
                memo = self._compute(query)
            else:
                memo = Memo(memo.answer, memo.rests_on, self._version)
        finally:
            self._pending.discard(query)
        self._memos[query] = memo
        return memo.answer

    def _compute(self, query: Query) -> Memo:
        rests_on: dict[Query, Any] = {}
        self._asking.append(rests_on)
        try:
            answer = self._computers[query[0]](*query[1:])
        finally:
            self._asking.pop()
        for other in rests_on:
            self._new_dependents.setdefault(other, set()).add(query)
        return Memo(answer, rests_on, self._version)

    def at_other_level(self, *query: Any) -> Any:
        """The answer to a query that ends with a level, 0 or 1, if it has been asked at the other one of them and all
        that it then rested on is the same at this level; None otherwise."""
        step = 2 * query[-1] - 1
        other = self._memos.get((*query[:-1], query[-1] - step))
        if other is None or other.version != self._version:
            return None
        for asked, answer in other.rests_on.items():
            here = (*asked[:-1], asked[-1] + step) if asked[0] in _LEVELLED else asked
            if self.ask(*here) != answer:
                return None
        return other.answer

    def _holds(self, memo: Memo) -> bool:
        return all(self._answer(query) == answer for query, answer in memo.rests_on.items())

    def settle(self) -> None:
        """Once the module has been gone through: looks again at all that rests, at however many removes, on something
        that has changed, and computes anew what does not hold, each once. All other old memos hold."""
        if self._old is None:
            return
        old = self._old._memos
        same_answers = self.world.answers is self._old.world.answers
        changed = [
            query
            for query in self._old._inputs
            if not (same_answers and query[0] == "answer") and self._answer(query) != old[query].answer
        ]
        # what going through the module has already computed anew
        changed += [query for query, memo in self._memos.items() if query in old and memo.answer != old[query].answer]
        gone = self._gone()
        while changed:
            cause = changed.pop()
            for query in (*self._dependents.get(cause, ()), *self._new_dependents.get(cause, ())):
                if query not in self._suspects and query not in gone and (query in old or query in self._memos):
                    self._suspects.add(query)
                    changed.append(query)
        self._settled = True
        for query in self._suspects:
            self._answer(query)

    def _gone(self) -> set[Query]:
        """Queries about units that are no more."""
        keys = self.main.by_key
        before = () if self._old is None else self._old.main.by_key
        return {query for key in before if key not in keys for query in _of_unit(self.main.path, key)}

    def finish(self) -> None:
        """Takes over what still holds of the version before, and lets go of that version."""
        for other, queries in self._new_dependents.items():
            known = self._dependents.get(other, set())
            if not queries <= known:
                self._dependents[other] = known | queries
        self._new_dependents = {}
        if self._old is not None:
            self._memos = {**self._old._memos, **self._memos}
            self._inputs |= self._old._inputs
            for query in self._gone():
                self._memos.pop(query, None)
        if len(self._memos) > self._most:
            self._sweep()
        self._finished = True
        self._old = None

    def _sweep(self) -> None:
        """Drops the memos that no unit of this version rests on: each edit may leave some behind."""
        path = self.main.path
        waiting: list[Query] = [query for statement in self._statements.values() for query in statement.rests_on]
        for unit in self.main.units:
            waiting += (("function", path, unit.key, 0), ("anytime", path, unit.key, MOST_LEVELS))
        kept: dict[Query, Memo] = {}
        while waiting:
            query = waiting.pop()
            memo = self._memos.get(query)
            if memo is not None and query not in kept:
                kept[query] = memo
                waiting += memo.rests_on
        self._memos = kept
        self._inputs &= kept.keys()
        self._dependents = {}
        for query, memo in kept.items():
            for other in memo.rests_on:
                self._dependents.setdefault(other, set()).add(query)
        self._most = 2 * len(kept) + _FEWEST

    def ground(self, query: Query) -> Iterator[tuple[Query, Any]]:
        """All queries that a query rests on, itself first, each with its answer; to be asked once this is finished."""
        waiting, seen = [query], {query}
        while waiting:
            query = waiting.pop()
            memo = self._memos.get(query)
            if memo is not None:
                yield query, memo.answer
                new = memo.rests_on.keys() - seen
                seen |= new
                waiting += new

    @property
    def n_memos(self) -> int:
        """How much is remembered."""
        return len(self._memos)

    @property
    def questions(self) -> frozenset[Question]:
        """All that other files were asked, or would have to be."""
        return frozenset(query[1] for query in self._inputs if query[0] == "answer")

    def answer(self, question: Question) -> Value:
        """What jedi answered; the question is noted where it has not yet. A variable is followed in the file it is
        of."""
        answer: Answer | None = self.ask("answer", question)
        if answer is None:
            return unknown("not looked up yet")
        place = answer.definition
        if place is not None and place.kind == "variable" and not answer.known and "." not in place.qualname:
            return self.value("name", place.path, place.qualname)
        self.origins[answer.value] = question
        return answer.value

    def importers(self, path: str) -> tuple[str, ...]:
        """The files that may import the main one; of others, what imports them is not followed."""
        if path != self.main.path:
            return ()
        answer: Answer | None = self.ask("answer", Question(path, "", 0, "", "importers"))
        return () if answer is None else answer.importers

    def looked_up(self, value: Value) -> Value:
        """The value, with what it has of imports looked up."""
        for atom in value:
            if type(atom) is Imported:
                break
        else:
            return value
        return join(
            self.value("import", atom.path, atom.module, atom.level, atom.name)
            if isinstance(atom, Imported)
            else only(atom)
            for atom in value
        )

    # --- modules ----------------------------------------------------------------------------------------------------

    def scope(self, path: str) -> Scope | None:
        """The module's names, all of its statements gone through (unless that is what is being done)."""
        scope = self._scopes.get(path)
        if scope is None:
            source = self.source(path)
            if source is None:
                return None
            scope = self._scopes[path] = Scope(elsewhere=self.union("rebound", source, rebound))
            self._run_module(source, scope)
        return scope

    def _run_module(self, source: Source, scope: Scope) -> None:
        run: Callable[[Source, Unit, Scope, dict[str, Value | None]], Outcome] = self._computers["statement"]
        asking, self._asking = self._asking, []
        try:
            for unit in source.members.get("", ()):
                if isinstance(unit.node, s.FunctionDef):
                    defined = self._computers["define"](source, unit)
                    self._bind(scope, defined, defined)
                    continue
                outcome = self._statement(source, unit, scope, run)
                scope.outcomes[unit.key] = outcome
                scope.stars += outcome.stars
                self._bind(scope, outcome.binds, outcome.ever)
        finally:
            self._asking = asking
        scope.complete = True
        self._version += 1
        if source is self.main:
            self.settle()

    def _bind(self, scope: Scope, binds: dict[str, Value], ever: dict[str, Value]) -> None:
        scope.now.names.update(binds)
        for name, value in (*binds.items(), *ever.items()):
            before = scope.ever.get(name)
            if before is not None and not value <= before:
                self._version += 1
            scope.ever[name] = value if before is None else before | value

    def _statement(
        self,
        source: Source,
        unit: Unit,
        scope: Scope,
        run: Callable[[Source, Unit, Scope, dict[str, Value | None]], Outcome],
    ) -> Outcome:
        key = (source.path, unit.key)
        old = None if self._old is None else self._old._statements.get(key)
        if (
            old is not None
            and all(scope.at_this_point(name) == value for name, value in old.read.items())
            and all(self._answer(query) == answer for query, answer in old.rests_on.items())
        ):
            statement = old
        else:
            read: dict[str, Value | None] = {}
            rests_on: dict[Query, Any] = {}
            self._asking.append(rests_on)
            try:
                outcome = run(source, unit, scope, read)
            finally:
                self._asking.pop()
            statement = Statement(read, rests_on, outcome)
        self._statements[key] = statement
        return statement.outcome

    # --- shorthands -------------------------------------------------------------------------------------------------

    def value(self, *query: Any) -> Value:
        """The answer to a query for a value."""
        answer: Value | None = self.ask(*query)
        return unknown("it depends on itself") if answer is None else answer

    def returned(self, path: str, qualname: str, level: int, given: tuple[tuple[str, Value], ...] = ()) -> Value:
        """What a call at some level of a function of the user's gives: any call, or one that is `given` this."""
        if level >= MOST_LEVELS:
            return unknown(f"what {qualname} returns, too many calls away")
        return self.value("returns", path, qualname, given, level + 1)

    def per_node(self, what: str, node: _N, compute: Callable[[_N], _T]) -> _T:
        """What depends on a piece of syntax alone, computed once."""
        known = self._per_node.get((what, id(node)))
        if known is None:  # with the node kept, no other one gets its id
            known = self._per_node[what, id(node)] = (node, compute(node))
        result: _T = known[1]
        return result

    def bound_in(self, block: s.Block) -> frozenset[str]:
        """Names that the statements of a block bind."""
        return self.per_node("bound", block, lambda block: frozenset(bound_names(block)))

    def union(self, what: str, source: Source, compute: Callable[[Unit], frozenset[str]]) -> frozenset[str]:
        """What all units of a file give together."""
        return frozenset().union(*(unit.fact(what, compute) for unit in source.units))

    def method_of(self, cls: UserClass, name: str) -> tuple[str, str] | None:
        """Path and qualified name of the method that a class of the user's has by a name, of its own or inherited from
        another one of the user's."""
        info = self.class_info(cls.path, cls.qualname)
        return None if info is None else self._method_in(info.resolution_order, name)

    def method_above(self, cls: UserClass, name: str) -> tuple[str, str] | None:
        """The same for what `super()` gives in that class."""
        info = self.class_info(cls.path, cls.qualname)
        return None if info is None else self._method_in(info.resolution_order[1:], name)

    def _method_in(self, order: Iterable[Class], name: str) -> tuple[str, str] | None:
        for base in order:
            known = self.class_info(base.path, base.qualname) if isinstance(base, UserClass) else None
            if known is not None and name in known.methods:
                return known.path, f"{known.qualname}.{name}"
        return None

    def class_info(self, path: str, qualname: str) -> ClassInfo | None:
        info: ClassInfo | None = self.ask("class", path, qualname)
        return info


def _of_unit(path: str, key: tuple[str, bytes, int]) -> Iterator[Query]:
    """The queries that are about one unit: they go with it."""
    for level in range(MOST_LEVELS + 1):
        yield ("function", path, key, level)
        yield ("anytime", path, key, level)
        yield ("stores", path, key, level, None)


def rebound(unit: Unit) -> frozenset[str]:
    """Names of the module that functions of the unit bind."""
    return frozenset(rebound_names((unit.node,), "global")) if b"global " in unit.key[1] else frozenset()


_COMPOUND = frozenset((s.If, s.For, s.While, s.With, s.FunctionDef, s.ClassDef, s.Try, s.Match))


def blocks(statement: s.Statement) -> list[s.Statement]:
    """The statements directly inside a statement."""
    if type(statement) not in _COMPOUND:
        return []
    match statement:
        case s.If() | s.For() | s.While():
            return [*statement.body, *statement.orelse]
        case s.With() | s.FunctionDef() | s.ClassDef():
            return list(statement.body)
        case s.Try():
            handlers = [inner for handler in statement.handlers for inner in handler.body]
            return [*statement.body, *handlers, *statement.orelse, *statement.final]
        case s.Match():
            return [inner for case in statement.cases for inner in case.body]
        case _:
            return []
