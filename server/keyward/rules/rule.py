"""What a rule is, and what it is given.

A rule is one file: its documentation (the docstring of the module, in fixed sections), its check and its fixes. It is
listed in `rules/__init__.py`; its manual page is made from the docstring, and the examples in it run as tests.
"""

from __future__ import annotations

import inspect
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from ..inference.analysis import Callee, CallSite, FieldRead, LibraryName, Passed, UnitResult
from ..signatures.binding import Binding, bind
from ..source import syntax
from ..source.unit import Unit
from ..text import Span
from .finding import Finding, Fix, Severity

if TYPE_CHECKING:
    from ..inference.engine import Analysis
    from ..inference.world import World
    from ..signatures.store import Signatures


@dataclass(frozen=True)
class BoundCall:
    """A call and how it binds to each of its candidates, of which there is at least one."""

    site: CallSite
    result: UnitResult
    """The unit that the call stands in."""
    signatures: Signatures

    @cached_property
    def bindings(self) -> tuple[tuple[Callee, Binding[Passed]], ...]:
        site = self.site
        return tuple(
            (
                callee,
                bind(callee.signature, site.positional, site.keywords, site.open_positional, site.open_keywords),
            )
            for callee in site.callees
        )

    @property
    def callees(self) -> tuple[Callee, ...]:
        return self.site.callees

    def refused(self) -> tuple[Passed, ...]:
        """Keywords that every candidate refuses."""
        return self._rejected(lambda binding: binding.unexpected)

    def dropped(self) -> tuple[Passed, ...]:
        """Keywords without effect in every candidate, be they refused or ignored, and ignored in at least one."""
        refused = {id(passed) for passed in self.refused()}
        dropped = self._rejected(lambda binding: (*binding.unexpected, *binding.ignored))
        return tuple(passed for passed in dropped if id(passed) not in refused)

    def repeated(self) -> tuple[Passed, ...]:
        """Keywords that are a second value in every candidate."""
        return self._rejected(lambda binding: binding.repeated)

    def accepted(self) -> tuple[str, ...]:
        """Keywords that every candidate takes and the call does not pass, in the order of the first candidate."""
        passed = {keyword.name for keyword in self.site.keywords}
        for _, binding in self.bindings:
            passed.update(parameter.name for _, parameter in binding.filled)
        first, *rest = (callee.signature for callee in self.callees)
        return tuple(k for k in first.keywords if k not in passed and all(other.takes(k) for other in rest))

    def _rejected(self, problems: Callable[[Binding[Passed]], tuple[Passed, ...]]) -> tuple[Passed, ...]:
        common: set[int] | None = None
        for _, binding in self.bindings:
            found = {id(passed) for passed in problems(binding)}
            common = found if common is None else common & found
            if not common:
                return ()
        return tuple(passed for passed in self.site.keywords if common and id(passed) in common)


@dataclass(frozen=True, slots=True)
class BoundRead:
    """A read of a field, on an object of which every candidate class is known."""

    read: FieldRead
    signatures: Signatures


@dataclass(frozen=True, slots=True)
class BoundName:
    """A name of a library that the library does not have, or calls deprecated."""

    name: LibraryName
    signatures: Signatures


@dataclass(frozen=True)
class Place:
    """A finding in its file, for making fixes."""

    finding: Finding
    analysis: Analysis
    world: World
    unit: Unit
    result: UnitResult

    @property
    def signatures(self) -> Signatures:
        return self.world.signatures

    @property
    def base(self) -> int:
        """Offset of the unit: spans in the syntax are relative to it."""
        return self.unit.start

    @cached_property
    def call(self) -> BoundCall | None:
        """The call that the finding is about, if it is about one."""
        site = self.finding.site
        return BoundCall(site, self.result, self.signatures) if isinstance(site, CallSite) else None

    @cached_property
    def keyword(self) -> Passed | None:
        """The keyword argument that the finding is about."""
        site = self.finding.site
        if not isinstance(site, CallSite):
            return None
        span = self.finding.span.shifted(-self.base)
        return next((p for p in site.keywords if p.name == self.finding.subject and p.span == span), None)

    def scope(self) -> tuple[Place, ...]:
        """The pieces of the function that the finding is in: one for a function, all statements of a module or class
        body, which are units of their own."""
        if isinstance(self.unit.node, syntax.FunctionDef):
            return (self,)
        return tuple(
            replace(self, unit=unit, result=result)
            for unit, result in self.analysis.results
            if unit.owner == self.unit.owner and not isinstance(unit.node, syntax.FunctionDef | syntax.ClassDef)
        )

    def code(self, span: Span) -> str:
        """Text of a span that is relative to the unit."""
        return self.analysis.source.text[self.base + span.start : self.base + span.end].decode("utf-8", "replace")


class Rule(ABC):
    """A kind of mistake. Stateless: one instance serves all files."""

    name: str
    """Public and stable: used in settings, comments and output."""
    severity: Severity
    summary: str
    """One line for lists of rules."""

    def check_call(self, call: BoundCall) -> Iterable[Finding]:
        """Findings about a call, with spans relative to its unit."""
        return ()

    def check_read(self, read: BoundRead) -> Iterable[Finding]:
        """Findings about a read of a field, with spans relative to its unit."""
        return ()

    def check_name(self, name: BoundName) -> Iterable[Finding]:
        """Findings about a name of a library, with spans relative to its unit."""
        return ()

    @abstractmethod
    def fixes(self, place: Place) -> Iterable[Fix]:
        """Fixes of one of its findings, the best first, with offsets of the file."""

    @property
    def documentation(self) -> str:
        """The page about the rule, in Markdown."""
        return inspect.getdoc(sys.modules[type(self).__module__]) or ""
