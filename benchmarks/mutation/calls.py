"""Calls as Python's own parser reads them, and what is to be asked about them of the library."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from neighbours import inference

from keyward.features.snapshot import Snapshot
from keyward.inference.analysis import Callee, CallSite
from keyward.inference.values import Class, LibraryClass, UserClass
from keyward.source.unit import Unit

_INSTALLED = frozenset(("site-packages", "dist-packages"))


class Shape(NamedTuple):
    """What a call passes, as written: spreads are not taken apart."""

    n_positional: int
    keywords: tuple[str, ...]
    open_positional: bool
    """It has `*spread`."""
    open_keywords: bool
    """It has `**spread`."""


class Target(NamedTuple):
    """One thing that a call may reach, as the library's interpreter can find it."""

    how: str
    """"class": `name` is a qualified class that can be imported, whose instance is called. "returned": what calling an
    instance of that class gives. "head": `name` is a method of the file at `path`, whose parameters are read off the
    text. "unknown": `name` says why it cannot be asked about."""
    name: str
    path: str = ""
    derived: bool = False
    """Some class of a script's own, derived from that one, is called: what it does with the rest is not known."""


class Question(NamedTuple):
    """What becomes of such a call at run time."""

    targets: tuple[Target, ...]
    """Every candidate."""
    shape: Shape


class FieldQuestion(NamedTuple):
    """Whether an attribute is there at run time."""

    targets: tuple[Target, ...]
    field: str


def shape_of(text: bytes) -> Shape | None:
    """The shape of the call that a text is; None where it is none."""
    try:
        node = ast.parse(b"(" + text + b"\n)", mode="eval").body
    except (SyntaxError, ValueError):
        return None
    if not isinstance(node, ast.Call):
        return None
    starred = [argument for argument in node.args if isinstance(argument, ast.Starred)]
    return Shape(
        len(node.args) - len(starred),
        tuple(keyword.arg for keyword in node.keywords if keyword.arg is not None),
        bool(starred),
        any(keyword.arg is None for keyword in node.keywords),
    )


def question_about(site: CallSite, unit: Unit, snapshot: Snapshot) -> Question | None:
    """What to ask about a call of a snapshot; None where its text is no call."""
    span = site.span.shifted(unit.start)
    shape = shape_of(snapshot.text[span.start : span.end])
    return None if shape is None else Question(targets_of(site.callees, snapshot), shape)


def targets_of(callees: Sequence[Callee], snapshot: Snapshot) -> tuple[Target, ...]:
    return tuple(target for callee in callees for target in _targets(callee, snapshot))


def _targets(callee: Callee, snapshot: Snapshot) -> list[Target]:
    entry = callee.entry
    if callee.kind != "forward":
        return [Target("unknown", "not the call of a module")]
    if "PeftModel" in callee.signature.accepts.values():
        return [Target("unknown", "adapters stand around the model")]
    if callee.definition is not None:
        return [_own(*callee.definition)]
    if entry is None or (entry.call is None and entry.role != "auto"):
        return [target_of(callee.cls)] if callee.cls is not None else [Target("unknown", "a class that is not named")]
    if entry.role == "auto":
        package = entry.module.partition(".")[0]
        names = dict.fromkeys(name for names in entry.mapping.values() for name in names)
        return [Target("class", f"{package}.{name}") for name in names]
    if entry.call is None or callee.signature.parameters != entry.call.parameters:
        return [Target("unknown", "a partial call")]
    return [Target("class", entry.qualified, derived=callee.signature.extra != entry.call.extra)]


def target_of(cls: Class) -> Target:
    """A class, as the interpreter can import it."""
    if isinstance(cls, LibraryClass):
        return Target("class", cls.qualified)
    return _own(cls.path, cls.qualname)


def _own(path: str, qualname: str) -> Target:
    """A class or method of a file: of an installed one as it is imported, else by its text."""
    cls = qualname.removesuffix(".forward")
    if not _INSTALLED.isdisjoint(Path(path).parts):
        return Target("class", inference.qualified(UserClass(path, cls)))
    return Target("head", qualname, path)
