"""What inference found out about a file: the interface between inference and everything above it.

Spans of sites are relative to their unit, as the syntax is; `Unit.start` turns them into offsets of the file.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from ..signatures.model import Entry, Signature
from ..source import syntax
from ..text import Span
from .values import Class, Value


@dataclass(frozen=True, slots=True)
class Callee:
    """One thing that a call may reach."""

    name: str
    """As a person would say it: "DeiTModel.forward", "F.cross_entropy" -> "torch.nn.functional.cross_entropy",
    "CrossEntropyLoss()", "Net.forward"."""
    signature: Signature
    kind: Literal["forward", "construct", "function"]
    """Calling a module (or its `forward` by name); calling a class; calling a function or method."""
    cls: Class | None = None
    """The class whose forward or constructor it is."""
    entry: Entry | None = None
    """Of a library's class or function; None: the user's own."""
    library: str = ""
    """The library as messages name it ("transformers 5.23.0 in .venv"), "" for the user's own."""
    definition: tuple[str, str] | None = None
    """Of the user's own: path of the file and qualified name of the function in it ("Net.forward");
    `Source.by_qualname` of that file gives the unit, whose node is the `FunctionDef` (no offsets here: they would age
    with every edit)."""
    unimplemented: str = ""
    """The method ("forward", or "call" of a Keras layer) that `cls` lacks, so that calling it raises
    `NotImplementedError`; "" where it lacks none."""
    filled: frozenset[str] = frozenset()
    """Parameters, left out of the signature, that a partial call has filled by position: by keyword they are given
    twice."""


@dataclass(frozen=True, slots=True)
class Passed:
    """One argument that a call hands over, spreads already taken apart."""

    name: str
    """Keyword; "" for one by position."""
    span: Span
    """The whole argument as written; for a key out of `**spread`, the spread."""
    value: Value
    node: syntax.Argument
    spread: bool = False
    certain: bool = True
    """False where it may be absent at run time (a key that only some paths add)."""


@dataclass(frozen=True, slots=True)
class CallSite:
    """A call, with what it may reach and what it hands over."""

    node: syntax.Call
    callees: tuple[Callee, ...]
    """Every candidate; empty where the callee is not known for sure, and `unknown` says why."""
    unknown: str
    positional: tuple[Passed, ...]
    keywords: tuple[Passed, ...]
    open_positional: bool = False
    """`*spread` of unknown length: there may be more positional arguments."""
    open_keywords: bool = False
    """`**spread` with keys that cannot be seen: there may be more keywords."""
    guarded: frozenset[str] = frozenset()
    """Exceptions that the code around expects ("TypeError"; "*" for any): the call is meant to fail, or may."""
    tested: bool = False
    """Whether it is reached only if some test comes out in a certain way."""

    @property
    def span(self) -> Span:
        return self.node.span


@dataclass(frozen=True, slots=True)
class FieldRead:
    """`outputs.loss` or `outputs["loss"]` on an output object or another instance whose attributes are known."""

    node: syntax.Attribute | syntax.Subscript
    field: str
    field_span: Span
    owners: tuple[Owner, ...]
    """Every candidate; never empty."""
    guarded: frozenset[str] = frozenset()
    of_self: bool = False
    """Read from `self`: a class that derives from this one may have more."""
    is_none: bool = False
    """Whether the field is None for sure: the loss where no labels were passed."""
    tested: bool = False
    """Whether it is reached only if some test comes out in a certain way."""


@dataclass(frozen=True, slots=True)
class Unpacking:
    """`logits, past = outputs` of what a call of a model returned."""

    node: syntax.Sequence
    """The targets."""
    owners: tuple[Owner, ...]
    """Every candidate, each with its producer; never empty."""
    guarded: frozenset[str] = frozenset()
    tested: bool = False
    """Whether it is reached only if some test comes out in a certain way."""


@dataclass(frozen=True, slots=True)
class LibraryName:
    """A name that is imported or read from a module of a library which has no such name, or calls it deprecated; all
    other names of libraries are left out."""

    node: syntax.Alias | syntax.Attribute
    module: str
    name: str
    entry: Entry | None
    """What it is; None: nothing is known by that name."""
    gone: str = ""
    """The version as of which there is no such name any more; "" where none is known to have had it."""
    prepared: bool = False
    """Whether the code is prepared for its absence, or written for other versions."""
    hidden: bool = False
    """Whether a module of the project is known to hide the library."""

    @property
    def span(self) -> Span:
        return self.node.name_span

    @property
    def qualified(self) -> str:
        return f"{self.module}.{self.name}"


@dataclass(frozen=True, slots=True)
class Override:
    """A method of a class of the user's own which the library's class that it derives from calls by itself."""

    node: syntax.FunctionDef
    signature: Signature
    """As written, `self` left out."""
    entry: Entry
    """The library's class."""
    library: str
    """The library as messages name it."""

    @property
    def span(self) -> Span:
        return self.node.name_span


Site = CallSite | FieldRead | Unpacking | LibraryName | Override
"""What rules look at."""


@dataclass(frozen=True, slots=True)
class Owner:
    """One class that a field may be read from."""

    name: str
    cls: Class
    fields: tuple[str, ...]
    """All attributes it has: the fields first, then methods and properties. A name outside it is an AttributeError."""
    entry: Entry | None = None
    library: str = ""
    producer: Callee | None = None
    """The call that returns it, where known ("DeiTModel.forward")."""


@dataclass(frozen=True, slots=True)
class UnitResult:
    """What one unit (a function, or a statement of a module or class body) holds. It stays the same object while
    nothing that it rests on changes, wherever in the file the unit moves: where it stands, its `Unit` says."""

    calls: tuple[CallSite, ...] = ()
    reads: tuple[FieldRead, ...] = ()
    unpackings: tuple[Unpacking, ...] = ()
    names: tuple[LibraryName, ...] = ()
    overrides: tuple[Override, ...] = ()
    """One at most: of the method that the unit is."""
    values: dict[Span, Value] = field(default_factory=dict, compare=False)
    """Value of each name and attribute expression, for hover and completion."""

    @property
    def sites(self) -> tuple[tuple[Site, ...], ...]:
        """What rules look at, by kind."""
        return self.calls, self.reads, self.unpackings, self.names, self.overrides
