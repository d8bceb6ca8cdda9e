"""A file cut into units: the statements of its module body and of its class bodies.

A unit is the grain of incremental work: its syntax has spans relative to its start, so an edit elsewhere leaves it as
it is, and what was found in it can be kept while what it reads from outside stays the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from . import syntax


@dataclass(frozen=True, slots=True)
class Unit:
    """A statement of a module or class body. Of a class, the unit is its head (`class A(B):`); the members follow as
    units of their own whose `owner` is the class."""

    key: tuple[str, bytes, int]
    """Owner, text, and how many equal ones stand before it: stays the same while the statement does."""
    node: syntax.Statement
    owner: str = ""
    """Qualified name of the class whose body it stands in; "" for the module."""
    qualname: str = ""
    """Of a function or class: its qualified name."""
    called: frozenset[str] = field(default=frozenset(), compare=False)
    """Last names of what it calls."""
    start: int = field(default=0, compare=False)
    end: int = field(default=0, compare=False)
    facts: dict[str, frozenset[str]] = field(default_factory=dict, compare=False, repr=False)
    """What has been found out of its text alone, by what was asked; kept for as long as the text stays."""

    def fact(self, what: str, compute: Callable[[Unit], frozenset[str]]) -> frozenset[str]:
        """What depends on the unit's text alone, computed once."""
        known = self.facts.get(what)
        if known is None:
            known = self.facts[what] = compute(self)
        return known
