"""What is known of a mutant once Keyward has looked at it: plain data, which one process hands to another."""

from __future__ import annotations

from dataclasses import dataclass

from calls import FieldQuestion, Question, Target
from mutations.mutation import Aim

RULES = {
    "unexpected-keyword": "keyword",
    "ignored-keyword": "keyword",
    "missing-argument": "missing",
    "too-many-positional": "surplus",
    "multiple-values": "repeated",
    "missing-output-field": "field",
}
"""The rules that are measured, and what each speaks of. Findings of others are none of this command's."""

OPEN = "open: "
HELD_BACK = ("guarded by ", "only callers tell", "nobody can miss ")
"""How the reasons for silence begin that are no fault of a rule's."""


@dataclass(frozen=True)
class Said:
    """A finding that the unchanged file does not have."""

    rule: str
    subject: str
    where: str
    message: str
    here: bool
    """It is about the call or read that was changed."""
    aimed: bool
    """It stands at what was changed there, and is about that."""
    question: Question | FieldQuestion | None
    """What to ask to know whether it is right."""


@dataclass(frozen=True)
class Mended:
    """What came of a finding's first fix."""

    rule: str
    title: str
    """Without the names in it."""
    problem: str
    """"": the text parses, the finding is gone and no new one is there."""
    where: str
    call: Target | None
    """What the mended call reaches, if it is a class that can be run."""
    question: Question | None
    """The mended call."""
    changed: tuple[str, ...]
    """Keywords of the mended call that the call with the mistake did not have, or that now reach another class."""


@dataclass(frozen=True)
class Outcome:
    kind: str
    aim: Aim
    where: str
    """File, line and what the line says after the change."""
    question: Question | FieldQuestion
    before: Question | FieldQuestion
    """The same about the unchanged text."""
    said: tuple[Said, ...]
    silence: str
    """Why nothing was said, as far as the analysis tells; "" where something was."""
    mended: tuple[Mended, ...] = ()
