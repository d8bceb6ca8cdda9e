"""What is known of things beyond the file: questions about imported names, and a snapshot of their answers.

A question names what is asked (a name, as one file imports it) and no position, so that it survives edits. Whoever
analyses a file looks answers up in an `Answers` snapshot and collects the questions that have none yet;
`session.oracle` has jedi answer those in a process of its own, and hands out the next snapshot. Nothing here reads
files or waits.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from ..source.tree import Source
from .values import Unknown, Value, unknown


@dataclass(frozen=True, slots=True, order=True)
class Question:
    """What is `name`, imported from `module` by the file at `path`? With the kind "result": what does calling it give?

    Some kinds ask about something else: "checkpoint" for the model type of the checkpoint called `name`, "importers"
    for the files that may import the one at `path`, and "hidden" for whether the project has a module called `module`,
    which hides a library of that name from the file (then the answer is known).

    `level` counts the leading dots of a relative import. `name` may be dotted (`Net.build`), and is "" for the module
    itself (`import a.b`). A name that comes through `from module import *` is asked for like one that is imported by
    name; the asker knows whether a star would have brought it.
    """

    path: str
    module: str
    level: int
    name: str
    kind: Literal["object", "result", "checkpoint", "importers", "hidden"] = "object"


@dataclass(frozen=True, slots=True)
class Definition:
    """Where a name is bound in a source file of the user's: re-exports and imports are already followed."""

    kind: Literal["class", "function", "module", "variable"]
    path: str
    qualname: str
    """Within the file; "" for a module."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What was found.

    `value` holds the alternatives: classes, functions, modules (by absolute dotted name), instances; `Unknown` with its
    reason where jedi does not know. `definition` says where to look closer, where that is in a file of the user's.
    """

    value: Value
    definition: Definition | None = None
    missing: bool = False
    """The module is there and binds no such name."""
    files: frozenset[str] = frozenset()
    """Files that the answer rests on: when one changes, the question is open again."""
    importers: tuple[str, ...] = ()
    """Paths of the files that may import the one asked about."""

    @property
    def known(self) -> bool:
        return bool(self.value) and not any(isinstance(atom, Unknown) for atom in self.value)

    @staticmethod
    def unknown(reason: str) -> Answer:
        return Answer(unknown(reason))


@dataclass(frozen=True, slots=True)
class Answers:
    """Immutable snapshot of all answers, with the files that they lead to, parsed."""

    generation: int = 0
    """Grows with each snapshot of one oracle; equal generations mean equal content."""
    _answers: Mapping[Question, Answer] = field(default_factory=dict)
    _sources: Mapping[str, Source] = field(default_factory=dict)

    def get(self, question: Question) -> Answer | None:
        """The answer; None where it has not been asked yet."""
        return self._answers.get(question)

    def source(self, path: str) -> Source | None:
        """The parsed file that a `Definition` of one of these answers points into."""
        return self._sources.get(path)

    def __len__(self) -> int:
        return len(self._answers)

    @property
    def questions(self) -> frozenset[Question]:
        """All questions that have an answer here."""
        return frozenset(self._answers)

    def resting_on(self, paths: Iterable[str]) -> frozenset[Question]:
        """The questions whose answers may be others once these files have changed."""
        changed = frozenset(paths)
        return frozenset(q for q, a in self._answers.items() if a.files & changed or not a.known)

    def with_answers(self, new: Mapping[Question, Answer], sources: Iterable[Source] = ()) -> Answers:
        """The next snapshot, with these answers and files added or replaced."""
        parsed = {**self._sources, **{source.path: source for source in sources}}
        return Answers(self.generation + 1, {**self._answers, **new}, parsed)

    def only(self, questions: Iterable[Question]) -> Answers:
        """The next snapshot, without other questions and the files that those lead to; itself if there are none."""
        kept = {q: self._answers[q] for q in questions if q in self._answers}
        if len(kept) == len(self._answers):
            return self
        paths = {path for answer in kept.values() for path in answer.files}
        sources = {path: source for path, source in self._sources.items() if path in paths}
        return Answers(self.generation + 1, kept, sources)
