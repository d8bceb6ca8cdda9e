"""What rules say: findings, and the fixes that go with them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import Enum

from ..inference.analysis import Site
from ..source.suppressions import Suppression
from ..text import Edit, Span


class Severity(str, Enum):
    """By consequence: raises at run time; runs and does something else; deprecated."""

    ERROR = "error"
    WARNING = "warning"
    INFORMATION = "information"


class Safety(str, Enum):
    """Safe: does what was plainly meant, so "fix all" may apply it. Unsafe: changes what the program does."""

    SAFE = "safe"
    UNSAFE = "unsafe"


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment that a finding is about; it stands in no unit."""

    suppression: Suppression
    instead: str = ""
    """The rule that was probably meant."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One diagnostic. `span` is what gets underlined: relative to its unit as rules make it, to the file after `at`."""

    rule: str
    severity: Severity
    message: str
    span: Span
    site: Site | Comment = field(compare=False)
    subject: str = ""
    """The keyword, parameter, field or name that it is about."""
    instead: str = ""
    """The keyword to write in place of that one, where it takes the same value."""
    base: int = 0
    """Offset of the unit in the file: spans inside `site` are relative to it."""
    unnecessary: bool = False
    """The underlined text has no effect (editors fade it)."""
    deprecated: bool = False
    """The underlined text names what is deprecated (editors strike it through)."""

    def at(self, base: int) -> Finding:
        return replace(self, span=self.span.shifted(base - self.base), base=base)


@dataclass(frozen=True, slots=True)
class Fix:
    """A change of one file that mends a finding."""

    title: str
    safety: Safety
    edits: tuple[Edit, ...]
    preferred: bool = False
    """The one obvious fix. Never set where several are equally good."""
