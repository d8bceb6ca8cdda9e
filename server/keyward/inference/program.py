"""Everything known while one file is analysed: its scopes, its classes, and what it takes from other files.

`Program.ask` answers queries, remembers the answers together with the queries that they were made from, and so carries
them over from one version of a file to the next: an answer holds as long as those it rests on are the same. What a
function does is one such answer, so after an edit only the functions that it touches are gone through again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ..source import syntax as s
from ..source.tree import Source
from ..source.unit import Unit
from .analysis import UnitResult
from .answers import Answer, Question
from .classes import ClassInfo
from .state import State
from .values import NEVER, Value, unknown
from .world import World

Query = tuple[Any, ...]
"""Kind, then its arguments: ("name", path, "model"), ("returns", path, "build_model"), ..."""

_INPUTS = frozenset(("answer", "unit", "members", "name", "outside"))
"""Queries that are looked up afresh in each version: all others rest on these."""

_MOST_NESTED = 60
"""Queries may ask queries this deep; what lies deeper is unknown. It keeps clear of Python's own recursion limit."""


@dataclass(slots=True)
class Memo:
    answer: Any
    rests_on: dict[Query, Any]
    version: int
    circular: bool
    """It met itself on the way, so part of it is unknown that may be known when asked another way round."""


@dataclass(slots=True)
class Outcome:
    """What going through a unit gave."""

    result: UnitResult
    binds: dict[str, Value] = field(default_factory=dict)
    """Names that the statement binds in its scope."""
    stars: tuple[s.ImportFrom, ...] = ()
    returned: Value = NEVER


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


class Program:
    """One version of one file (`main`) in one world, with the files that its answers lead to."""

    def __init__(self, main: Source, world: World, previous: Program | None = None) -> None:
        self.main = main
        self.world = world
        self.questions: set[Question] = set()
        self._version = 0
        self._memos: dict[Query, Memo] = {}
        self._statements: dict[tuple[str, tuple[str, bytes, int]], Statement] = {}
        self._old = previous if previous is not None and previous.world.signatures is world.signatures else None
        self._per_unit: dict[tuple[str, tuple[str, bytes, int]], frozenset[str]] = {}
        self._scopes: dict[str, Scope] = {}
        self._asking: list[tuple[Query, dict[Query, Any]]] = []
        self._circular: set[Query] = set()
        self._computers: dict[str, Callable[..., Any]] = {}
        self.origins: dict[Value, Question] = {} if previous is None else previous.origins
        """The question whose answer a value was."""

    def forget_previous(self) -> None:
        """Lets go of the version before, which would else be kept alive by a chain of versions."""
        self._old = None

    def register(self, kind: str, compute: Callable[..., Any]) -> None:
        self._computers[kind] = compute

    def source(self, path: str) -> Source | None:
        return self.main if path == self.main.path else self.world.answers.source(path)

    # --- queries ----------------------------------------------------------------------------------------------------

    def ask(self, *query: Any) -> Any:
        """The answer to a query. None where it goes in a circle or too deep: callers take that for unknown."""
        answer, circular = self._answer(query)
        if self._asking:
            self._asking[-1][1][query] = answer
            if circular:
                self._circular.add(self._asking[-1][0])
        return answer

    def _answer(self, query: Query) -> tuple[Any, bool]:
        memo = self._memos.get(query)
        if memo is not None and memo.version == self._version:
            return memo.answer, memo.circular
        if query[0] in _INPUTS:
            answer = self._computers[query[0]](*query[1:])
            self._memos[query] = Memo(answer, {}, self._version, False)
            return answer, False
        if any(asked == query for asked, _ in self._asking) or len(self._asking) >= _MOST_NESTED:
            return None, True
        if memo is None and self._old is not None:
            memo = self._old._memos.get(query)
            if memo is not None and memo.circular:
                memo = None
        rests_on: dict[Query, Any] = {}
        self._asking.append((query, rests_on))
        try:
            if memo is not None and self._holds(memo):
                answer, rests_on = memo.answer, memo.rests_on
            else:
                rests_on.clear()
                answer = self._computers[query[0]](*query[1:])
        finally:
            self._asking.pop()
        circular = query in self._circular
        self._circular.discard(query)
        self._memos[query] = Memo(answer, rests_on, self._version, circular)
        return answer, circular

    def _holds(self, memo: Memo) -> bool:
        return all(self._answer(query)[0] == answer for query, answer in memo.rests_on.items())

    def answer(self, question: Question) -> Value:
        """What jedi answered; the question is noted where it has not yet."""
        answer: Answer | None = self.ask("answer", question)
        if answer is None:
            return unknown("not looked up yet")
        self.origins[answer.value] = question
        return answer.value

    # --- modules ----------------------------------------------------------------------------------------------------

    def scope(self, path: str) -> Scope | None:
        """The module's names, all of its statements gone through (unless that is what is being done)."""
        scope = self._scopes.get(path)
        if scope is None:
            source = self.source(path)
            if source is None:
                return None
            scope = self._scopes[path] = Scope(elsewhere=_rebound(source))
            self._run_module(source, scope)
        return scope

    def _run_module(self, source: Source, scope: Scope) -> None:
        run: Callable[[Source, Unit, Scope, dict[str, Value | None]], Outcome] = self._computers["statement"]
        asking, self._asking = self._asking, []
        try:
            for unit in source.members.get("", ()):
                if isinstance(unit.node, s.FunctionDef):
                    self._bind(scope, self._computers["define"](source, unit))
                    continue
                outcome = self._statement(source, unit, scope, run)
                scope.outcomes[unit.key] = outcome
                scope.stars += outcome.stars
                self._bind(scope, outcome.binds)
        finally:
            self._asking = asking
        scope.complete = True
        self._version += 1

    def _bind(self, scope: Scope, binds: dict[str, Value]) -> None:
        for name, value in binds.items():
            before = scope.ever.get(name)
            if before is not None and not value <= before:
                self._version += 1
            scope.now.names[name] = value
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
            and all(scope.now.names.get(name) == value for name, value in old.read.items())
            and all(self._answer(query)[0] == answer for query, answer in old.rests_on.items())
        ):
            statement = old
        else:
            read: dict[str, Value | None] = {}
            rests_on: dict[Query, Any] = {}
            self._asking.append((("statement", *key), rests_on))
            try:
                outcome = run(source, unit, scope, read)
            finally:
                self._asking.pop()
            statement = Statement(read, rests_on, outcome)
            self._circular.discard(("statement", *key))
        self._statements[key] = statement
        return statement.outcome

    # --- shorthands -------------------------------------------------------------------------------------------------

    def value(self, *query: Any) -> Value:
        """The answer to a query for a value."""
        answer: Value | None = self.ask(*query)
        return unknown("it depends on itself") if answer is None else answer

    def per_unit(self, what: str, unit: Unit, compute: Callable[[Unit], frozenset[str]]) -> frozenset[str]:
        """What depends on a unit's text alone, computed once for as long as the unit stays."""
        key = (what, unit.key)
        known = self._per_unit.get(key)
        if known is None:
            known = None if self._old is None else self._old._per_unit.get(key)
            known = self._per_unit[key] = compute(unit) if known is None else known
        return known

    def class_info(self, path: str, qualname: str) -> ClassInfo | None:
        info: ClassInfo | None = self.ask("class", path, qualname)
        return info


def _rebound(source: Source) -> frozenset[str]:
    """Names that some function of the file declares `global`."""
    if b"global " not in source.text:
        return frozenset()
    found: set[str] = set()
    pending: list[s.Statement] = [unit.node for unit in source.units]
    while pending:
        statement = pending.pop()
        if isinstance(statement, s.Scope) and statement.kind == "global":
            found.update(statement.names)
        pending += blocks(statement)
    return frozenset(found)


def blocks(statement: s.Statement) -> list[s.Statement]:
    """The statements directly inside a statement."""
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
