"""Statements that decide what runs next: conditions, loops, contexts, exceptions."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable

from ..source import syntax as s
from ..source.tree import Source
from ..source.unit import Unit
from ..source.walk import walk
from .annotations import Annotations
from .classes import dotted
from .containers import is_fresh
from .guards import GATED, asks_for_script, exceptions, expects
from .libraries import ENTERED
from .program import Program
from .state import State, is_dull, is_vaguer, joined, loose, merged, truthiness
from .values import FRESH, Collection, Instance, Module, UserClass, Value, join, only, unknown, why_unknown

_MOST_ROUNDS = 3
"""So often a loop is gone through until nothing changes any more."""


class Branching(Annotations):
    """Goes through blocks of statements."""

    def __init__(self, program: Program, source: Source, unit: Unit, level: int) -> None:
        super().__init__(program, source, unit, level)
        self.as_script = source is program.main
        """Whether the file is run itself; it is only imported else."""
        self.missed: set[str] = set()
        """Names that were looked up while no path had bound them."""
        self._breaks: list[State] = []
        self._continues: list[State] = []

    @abstractmethod
    def execute(self, statement: s.Statement) -> None:
        """Goes through a statement."""

    def block(self, statements: s.Block) -> None:
        for statement in statements:
            if not self.state.reached:
                return
            self.execute(statement)

    # --- what happened in between -----------------------------------------------------------------------------------

    def anywhere(self, before: State, trail: dict[str, Value]) -> State:
        """The state at any point between `before` and now."""
        names = dict(before.names)
        for name, value in trail.items():
            known = names.get(name)
            known = self.outer_binding(name) if known is None else known
            names[name] = value if known is None else merged(known, value)
        return State(names, {}, before.reached, before.tested)

    # --- conditions -------------------------------------------------------------------------------------------------

    def if_(self, node: s.If) -> None:
        if asks_for_script(node.test) and not self.as_script:
            self.block(node.orelse)
            return
        truth = truthiness(self.evaluate(node.test))
        guards, around = self.guards, self.around
        self.around = (*around, node.test)
        if self.is_gate(node.test) or self._asks_module(node.test):
            self.guards = (*guards, "*", GATED)
        self.branches(node.test, truth, node.body, node.orelse)
        leaves = any(block and isinstance(block[-1], s.Return | s.Raise) for block in (node.body, node.orelse))
        if not (leaves and self.is_for_absence(node.test)):
            self.around = around  # else what follows is the other branch
        if not (leaves and self.is_settled(node.test)):
            self.guards = guards

    def _asks_module(self, test: s.Expression) -> bool:
        """Whether a condition asks what a module has: that depends on its version."""
        return self.asks and any(
            isinstance(atom, Module)
            for subject in self.program.per_node("hasattr", test, _asked_for_attributes)
            for atom in self.values.get(subject.span, ())
        )

    def match(self, node: s.Match) -> None:
        self.evaluate(node.subject)
        self.escape(node.subject)
        before = self.state
        ends: list[State] = []
        for case in node.cases:
            self.state = before.copy()
            self.state.tested = True
            with self.masks():
                self.mask(node.subject)
                for name in case.bound:
                    self.bind(name, unknown("bound by a pattern"))
                self.block(case.body)
            ends.append(self.state)
        if not any(case.irrefutable for case in node.cases):
            ends.append(before)
        self.state = joined(ends, self.outer_binding)
        self.state.tested = before.tested or not all(state.reached for state in ends)

    # --- loops ------------------------------------------------------------------------------------------------------

    def for_(self, node: s.For) -> None:
        iterable = self.evaluate(node.iterable)
        element = self.element_of(iterable) if is_fresh(iterable) else loose(self.element_of(iterable))
        self.escape_elements(node.iterable)
        self.loop(lambda: self.bind_target(node.target, element), node.body, node.orelse, endless=False)

    def while_(self, node: s.While) -> None:
        def test() -> None:
            self.evaluate(node.test)
            self.narrow(node.test, True)

        endless = isinstance(node.test, s.Literal) and bool(node.test.value)
        self.loop(test, node.body, node.orelse, endless)

    def loop(self, start: Callable[[], None], body: s.Block, orelse: s.Block, endless: bool) -> None:
        """Goes through the body until the next round finds nothing new. What keeps changing has a value that depends on
        the number of rounds: unknown."""
        breaks, continues = self._breaks, self._continues
        entry, tested = self.state, self.state.tested
        for name in self.program.bound_in(body):
            value = entry.names.get(name)
            if value is not None and is_dull(value):  # a counter, a flag: it will be another, and nothing else follows
                entry.names[name] = value | unknown(f"`{name}` changes in a loop")
        for round_ in range(_MOST_ROUNDS):
            self._breaks, self._continues = [], []
            self.state = entry.copy()
            start()
            self.block(body)
            again = joined((entry, self.state, *self._continues), self.outer_binding)
            again.tested = tested
            changed = [name for name, value in again.names.items() if self._is_news(entry, name, value)]
            settled = not changed and again.attributes == entry.attributes
            entry = again.copy()
            if settled:
                break
            if round_ == _MOST_ROUNDS - 2:
                for name in changed:
                    entry.names[name] = entry.names[name] | unknown(f"`{name}` changes in a loop")
        self.state = entry
        if endless:
            self.state.reached = False
        self.block(orelse)
        self.state = joined((self.state, *self._breaks), self.outer_binding)
        self.state.tested = tested
        self._breaks, self._continues = breaks, continues

    def _is_news(self, entry: State, name: str, value: Value) -> bool:
        """Whether the next round finds something else under a name. One that the loop itself binds first matters if it
        was looked up elsewhere before."""
        known = entry.names.get(name)
        if known is None:
            return name in self.missed
        if known == value or is_vaguer(value, known):
            return False
        return not (why_unknown(known) and is_dull(known) and is_dull(value))

    def jump(self, node: s.Jump) -> None:
        if node.kind in ("break", "continue"):
            (self._breaks if node.kind == "break" else self._continues).append(self.state.copy())
            self.state.reached = False

    # --- contexts and exceptions ------------------------------------------------------------------------------------

    def with_(self, node: s.With) -> None:
        guards, before = self.guards, self.state.copy()
        for item in node.items:
            value = self.evaluate(item.value)
            self.guards = (*self.guards, *expects(item.value, self.source.text))
            if item.target is not None:
                self.bind_target(item.target, self._entered(value))
        if self.guards == guards:
            self.block(node.body)
            return
        with self.trail() as trail:
            self.block(node.body)
        # what was expected is swallowed, wherever it came up
        self.state = joined((self.state, self.anywhere(before, trail)), self.outer_binding)
        self.guards = guards

    def _entered(self, value: Value) -> Value:
        """What `with value as target` binds."""
        found: list[Value] = []
        for atom in value:
            if isinstance(atom, Collection) and atom.kind == FRESH:
                found.append(only(atom))  # a progress bar
            if not isinstance(atom, Instance):
                continue
            entered = next((value for part, value in atom.parts if part == ENTERED), None)
            if entered is not None:
                found.append(entered)
                continue
            own = self.program.method_of(atom.cls, "__enter__") if isinstance(atom.cls, UserClass) else None
            if isinstance(atom.cls, UserClass) and self.program.method_of(atom.cls, "__aenter__") is not None:
                return unknown("an asynchronous context manager")
            found.append(only(atom) if own is None else self.program.returned(*own, self.level))
        return join(found) if len(found) == len(value) else unknown("a context manager")

    def try_(self, node: s.Try) -> None:
        around, self.around = self.around, (*self.around, node)
        with self.trail() as whole:
            start = self.state.copy()
            self._body_and_handlers(node)
        self.around = around
        if node.final:
            self._final(node.final, self.anywhere(start, whole))

    def _body_and_handlers(self, node: s.Try) -> None:
        guards = self.guards
        expected: list[str] = []
        for handler in node.handlers:
            names = exceptions(handler.types) or ["*"]
            raises = any(isinstance(statement, s.Raise) for statement in handler.body)
            expected += [] if raises and set(names) & {"*"} else names
        before = self.state.copy()
        self.guards = (*guards, *expected)
        with self.trail() as trail:
            self.block(node.body)
        self.guards = guards
        ended = self.state
        ends: list[State] = []
        for handler in node.handlers:
            self.state = self.anywhere(before, trail)
            self.state.tested = True
            if handler.name:
                self.bind(handler.name, unknown("an exception"))
            self.block(handler.body)
            ends.append(self.state)
        self.state = ended
        self.block(node.orelse)
        self.state = joined((self.state, *ends), self.outer_binding)
        self.state.tested = before.tested

    def _final(self, block: s.Block, anywhere: State) -> None:
        """Goes through a `finally`, which runs wherever the statement was left; what it does not touch is afterwards as
        it was before."""
        ended = self.state
        self.state = joined((ended, anywhere), self.outer_binding)
        with self.trail() as trail:
            self.block(block)
        if not ended.reached:
            self.state.reached = False
            return
        for name, value in ended.names.items():
            if name not in trail:
                self.state.names[name] = value


def _asked_for_attributes(test: s.Expression) -> list[s.Expression]:
    """What a condition hands to `hasattr`."""
    return [
        call.arguments[0].value
        for call in walk(test)
        if isinstance(call, s.Call) and dotted(call.function) == "hasattr" and call.arguments
    ]
