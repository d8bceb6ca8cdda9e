"""Analysis of one file: the entry point of inference."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from ..source import syntax as s
from ..source.tree import Source
from ..source.unit import Unit
from ..text import Span
from .analysis import Callee, CallSite, Passed, Site, UnitResult
from .answers import Question
from .file_facts import FileFacts
from .libraries import TORCH_MODULE
from .program import Program
from .values import (
    NEVER,
    Constant,
    LibraryClass,
    UserClass,
    Value,
    why_unknown,
)
from .world import World


class Analysis:
    """What is known of one version of a file in one world. Made by `analyse`; what it says never changes."""

    def __init__(self, source: Source, world: World, previous: Analysis | None, callers: bool = True) -> None:
        """Without `callers` nothing is known of a parameter but what its own function says."""
        self.source = source
        self.world = world
        self._facts: FileFacts = FileFacts(
            Program(source, world, None if previous is None else previous._facts.program), callers
        )
        self._alone: Analysis | None = None if previous is None else previous._alone
        """The one without callers of this version or, until somebody asks for it, of an earlier one."""
        self.results: tuple[tuple[Unit, UnitResult], ...] = tuple(self._facts.results(source))
        """Each unit with what it holds; the spans inside are relative to `Unit.start`."""
        self._facts.program.finish()

    @property
    def n_memos(self) -> int:
        """How much is remembered for the next version."""
        return self._facts.program.n_memos

    @property
    def questions(self) -> frozenset[Question]:
        """What other files would have to be asked about to know more."""
        return self._facts.program.questions

    def _at(self, offset: int) -> Iterator[tuple[Unit, UnitResult]]:
        for unit, result in self.results:
            if unit.start <= offset <= unit.end:
                yield unit, result

    def call_at(self, offset: int) -> tuple[CallSite, int] | None:
        """The innermost call between whose parentheses the offset lies, and the base of its spans."""
        best: tuple[CallSite, int] | None = None
        for unit, result in self._at(offset):
            for site in result.calls:
                span = site.node.arguments_span.shifted(unit.start)
                inside = span.start < offset < span.end or (offset == span.end and site.node.broken)
                if inside and (best is None or span.start > best[0].node.arguments_span.start + best[1]):
                    best = site, unit.start
        return best

    def value_at(self, offset: int) -> tuple[Span, Value] | None:
        """The smallest name or attribute that the offset touches, and its value."""
        best: tuple[Span, Value] | None = None
        for unit, result in self._at(offset):
            for relative, value in result.values.items():
                span = relative.shifted(unit.start)
                if span.covers(offset) and (best is None or span.end - span.start < best[0].end - best[0].start):
                    best = span, value
        return best

    def callees_of(self, value: Value) -> tuple[Callee, ...]:
        """What calling the value reaches; () where that is not known for sure."""
        found = [self._facts.program.ask("callee", atom) for atom in sorted(value, key=repr) if atom != Constant(None)]
        callees = tuple(callee for callee in found if isinstance(callee, Callee))
        return callees if len(callees) == len(found) else ()

    def rests_on_callers(self, unit: Unit, site: Site) -> bool:
        """Whether what is known of a place in a function rests on what calls pass to functions: others may pass
        something else."""
        ground = self._facts.program.ground(("function", self.source.path, unit.key, 0))
        if not any(query[0] == "argument" and not why_unknown(answer) for query, answer in ground):
            return False
        if self._alone is None or self._alone.source is not self.source or self._alone.world is not self.world:
            self._alone = Analysis(self.source, self.world, self._alone, callers=False)
        result = next(result for other, result in self.results if other.key == unit.key)
        for other, alone in self._alone.results:
            if other.key == unit.key:
                return not any(
                    _is_same(site, place) and _called(site, result) == _called(place, alone)
                    for place in chain.from_iterable(alone.sites)
                )
        return True

    def in_sight(self, unit: Unit) -> bool:
        """Whether something in this file, or in those that import it, calls a function or method of that name; what a
        library's base class calls is not in sight, and counts as called."""
        name = unit.node.name if isinstance(unit.node, s.FunctionDef) else ""
        if not unit.owner or name == "forward" or name.startswith("__"):
            return True
        program = self._facts.program
        info = program.class_info(self.source.path, unit.owner)
        bases = info.resolution_order if info is not None and info.complete else (None,)
        if any(not isinstance(base, UserClass) and base != LibraryClass(TORCH_MODULE) for base in bases):
            return True
        return any(
            program.ask("callers", file, name) for file in (self.source.path, *program.importers(self.source.path))
        )

    def retire(self) -> None:
        """There is a newer analysis. This one answers nothing more that it has not answered yet; in return it is freed
        with its last reference and does not wait for Python's collector."""
        self._facts.program.retire()
        if self._alone is not None:
            self._alone.retire()


def _is_same(site: Site, other: Site) -> bool:
    """Whether as much is known of a place in two analyses of one text, as far as rules look at it."""
    if not isinstance(site, CallSite) or not isinstance(other, CallSite):
        return site == other
    return (
        (site.span, site.callees, site.open_positional, site.open_keywords, site.guarded)
        == (other.span, other.callees, other.open_positional, other.open_keywords, other.guarded)
        and _names(site.positional) == _names(other.positional)
        and _names(site.keywords) == _names(other.keywords)
    )


def _called(site: Site, result: UnitResult) -> Value:
    """What a call calls."""
    return result.values.get(site.node.function.span, NEVER) if isinstance(site, CallSite) else NEVER


def _names(passed: tuple[Passed, ...]) -> list[tuple[str, bool]]:
    return [(argument.name, argument.certain) for argument in passed]


def analyse(source: Source, world: World, previous: Analysis | None = None) -> Analysis:
    """What is known of the file. With the analysis of an earlier version only what changed is gone through again."""
    return Analysis(source, world, previous)
