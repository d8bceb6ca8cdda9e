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

from ..inference.analysis import Callee, CallSite, FieldRead, LibraryName, Override, Passed, UnitResult, Unpacking
from ..inference.values import NEVER, BoundMethod, Constant, Instance, LibraryClass, Value, ordered
from ..signatures.binding import Binding, bind
from ..signatures.model import Entry, Signature
from ..source import syntax
from ..source.unit import Unit
from ..text import Span
from .finding import Finding, Fix, Severity
from .words import is_misspelt_of_prefix

if TYPE_CHECKING:
    from ..inference.engine import Analysis
    from ..inference.world import World
    from ..signatures.replacements import Replacement
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
        return tuple((callee, self._bound_to(callee)) for callee in self.site.callees)

    def _bound_to(self, callee: Callee) -> Binding[Passed]:
        site, signature = self.site, callee.signature
        binding = bind(signature, site.positional, site.keywords, site.open_positional, site.open_keywords)
        if callee.filled:
            binding = _with_filled(binding, callee.filled)
        if signature.extra != "ignored" or not signature.prefixes:
            return binding
        lost = (p for p in site.keywords if p.certain and is_misspelt_of_prefix(p.name, signature))
        return replace(binding, ignored=(*binding.ignored, *lost))

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

    @cached_property
    def renamed(self) -> dict[int, Replacement]:
        """Of keywords without effect, by identity: what took their place, where no argument is passed for that."""
        lost = (*self.refused(), *self.dropped())
        accepted = self.accepted() if lost else ()
        later = ((id(passed), self.replacement(passed)) for passed in lost)
        return {key: found for key, found in later if found is not None and found.name in accepted}

    def replacement(self, passed: Passed) -> Replacement | None:
        """What took the place of a keyword, where all candidates agree on it."""
        found: Replacement | None = None
        for callee in self.callees:
            if callee.entry is None:
                return None
            place = "init" if callee.kind == "construct" else "call"
            public = self.signatures.public_name(callee.entry)
            later = self.signatures.keyword_replacement(public, passed.name, place)
            if later is None or (found is not None and found.name != later.name):
                return None
            found = later
        return found

    def fits(self, passed: Passed, later: Replacement) -> bool:
        """Whether what took a keyword's place takes its value, as far as the parameter's default tells:
        `reduction="mean"` does not take what `size_average` took."""
        parameters = (callee.signature.parameter(later.name) for callee in self.callees)
        defaults = [parameter.default or "" for parameter in parameters if parameter is not None]
        if any(default[:1] in ("'", '"') for default in defaults):
            return all(isinstance(atom, Constant) and isinstance(atom.value, str) for atom in passed.value)
        return later.same_values

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


def _with_filled(binding: Binding[Passed], filled: frozenset[str]) -> Binding[Passed]:
    """What is wrong with the call of a partial call that has filled parameters by position."""
    again = tuple(p for p in (*binding.unexpected, *binding.ignored) if p.name in filled)
    return replace(
        binding,
        unexpected=tuple(p for p in binding.unexpected if p.name not in filled),
        ignored=tuple(p for p in binding.ignored if p.name not in filled),
        repeated=(*binding.repeated, *again),
    )


@dataclass(frozen=True, slots=True)
class Method:
    """A public method of a library's class."""

    entry: Entry
    """Of the class that it is looked up on."""
    name: str
    signature: Signature
    library: str
    """The library as messages name it."""
    parts: tuple[tuple[str, Value], ...] = ()
    """Of the object that it is called on, as `Instance.parts`."""


@dataclass(frozen=True, slots=True)
class MethodCall:
    """A call of methods of libraries' classes, of which there is at least one and all are known."""

    site: CallSite
    methods: tuple[Method, ...]
    signatures: Signatures
    made: Entry | None = None
    """The library's class that the call gives an instance of, where that is known."""

    @staticmethod
    def of(site: CallSite, result: UnitResult, signatures: Signatures) -> MethodCall | None:
        """The methods that a call reaches; None where that is not known for sure."""
        found: list[Method] = []
        for atom in ordered(result.values.get(site.node.function.span, NEVER)):
            owner = atom.owner if isinstance(atom, BoundMethod) else None
            cls = owner.cls if isinstance(owner, Instance) else owner
            known = signatures.find(cls.qualified) if isinstance(cls, LibraryClass) else None
            if known is None or not isinstance(atom, BoundMethod):
                return None
            signature = signatures.method(known.entry, atom.name)
            if signature is None:
                return None
            parts = owner.parts if isinstance(owner, Instance) else ()
            found.append(Method(known.entry, atom.name, signature, known.library.label, parts))
        return MethodCall(site, tuple(found), signatures, _made(site, result, signatures)) if found else None

    def replacement(self, method: Method, keyword: str) -> Replacement | None:
        """What took the place of a keyword of the method and is taken now."""
        known = keyword in self.signatures.renamed_keywords or keyword in method.signature.renamed
        public = self.signatures.public_name(method.entry) if known else ""
        return self.signatures.keyword_replacement(public, keyword, f"method:{method.name}") if known else None


def _made(site: CallSite, result: UnitResult, signatures: Signatures) -> Entry | None:
    values = result.values.get(site.node.span, frozenset())
    for atom in values if len(values) == 1 else ():
        if isinstance(atom, Instance) and isinstance(atom.cls, LibraryClass):
            found = signatures.find(atom.cls.qualified)
            return None if found is None else found.entry
    return None


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


@dataclass(frozen=True, slots=True)
class BoundOverride:
    """A method of the user's own that a library calls."""

    override: Override
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

    def check_method(self, call: MethodCall) -> Iterable[Finding]:
        """Findings about a call of a library's method, with spans relative to its unit."""
        return ()

    def check_read(self, read: BoundRead) -> Iterable[Finding]:
        """Findings about a read of a field, with spans relative to its unit."""
        return ()

    def check_unpacking(self, unpacking: Unpacking) -> Iterable[Finding]:
        """Findings about the unpacking of what a model returned, with spans relative to its unit."""
        return ()

    def check_name(self, name: BoundName) -> Iterable[Finding]:
        """Findings about a name of a library, with spans relative to its unit."""
        return ()

    def check_override(self, bound: BoundOverride) -> Iterable[Finding]:
        """Findings about a method that a library calls, with spans relative to its unit."""
        return ()

    def in_file(self, finding: Finding, analysis: Analysis, world: World) -> Finding | None:
        """The finding in the light of the whole file, which may have changed since it was made; None: the file speaks
        against it."""
        return finding

    @abstractmethod
    def fixes(self, place: Place) -> Iterable[Fix]:
        """Fixes of one of its findings, the best first, with offsets of the file."""

    @property
    def documentation(self) -> str:
        """The page about the rule, in Markdown."""
        return inspect.getdoc(sys.modules[type(self).__module__]) or ""
