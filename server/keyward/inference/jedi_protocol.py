"""What the server and its jedi process say to each other: JSON, one message a line.

The process says that it is ready. Then each request carries questions of files in one folder, which are answered one by
one, in order, a line each, so that a time limit can be held against a single question.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from .answers import Answer, Definition, Question
from .values import Atom, Instance, LibraryClass, LibraryFunction, Module, Tensor, Unknown, UserClass, UserFunction

READY = b'"ready"'
"""The first line of the process."""


class Request(msgspec.Struct, frozen=True):
    """Questions of files in `folder`; `search` lists the folders that their absolute imports look in."""

    number: int
    folder: str
    questions: tuple[Question, ...]
    search: tuple[str, ...]
    stubs: str = ""
    """Folder of the stub tree; "" without one."""
    cache: str = ""
    """Folder for jedi's parsed files; "": nothing is kept."""


class Candidate(msgspec.Struct, frozen=True, omit_defaults=True):
    """One alternative. `name` is qualified, within the file at `path` or, where that is "", in a library."""

    kind: Literal["class", "function", "module", "instance", "unknown"]
    name: str
    """For "unknown": the reason."""
    path: str = ""

    def atom(self) -> Atom:
        match self.kind:
            case "class":
                return UserClass(self.path, self.name) if self.path else LibraryClass(self.name)
            case "function":
                return UserFunction(self.path, self.name) if self.path else LibraryFunction(self.name)
            case "module":
                return Module(self.name)
            case "instance" if not self.path and self.name in _TENSORS:
                return Tensor()
            case "instance":
                return Instance(UserClass(self.path, self.name) if self.path else LibraryClass(self.name))
            case "unknown":
                return Unknown(self.name)


_TENSORS = frozenset(("torch.Tensor", "torch._tensor.Tensor"))


class Reply(msgspec.Struct, frozen=True, omit_defaults=True):
    """The answer to question `index` of request `number`."""

    number: int
    index: int
    candidates: tuple[Candidate, ...] = ()
    definition: Definition | None = None
    missing: bool = False
    files: tuple[str, ...] = ()

    def answer(self) -> Answer:
        value = frozenset(candidate.atom() for candidate in self.candidates)
        return Answer(value, self.definition, self.missing, frozenset(self.files))
