"""Whether all that stands on a line is known so well that the silence of rules means something."""

from __future__ import annotations

import sys

from ..inference.analysis import CallSite, UnitResult
from ..inference.engine import Analysis
from ..inference.values import UserClass, UserFunction, Value, why_unknown
from ..inference.world import World
from ..source import syntax
from ..source.imports import imported
from ..source.unit import Unit
from ..source.walk import walk
from ..text import Span


def is_judged(analysis: Analysis, world: World, line: int | None) -> bool:
    """Whether each call and read on a line (from 0; None: of the whole file) is known and the file's libraries are
    installed, so that more cannot come to light here or elsewhere."""
    source = analysis.source
    if source.broken or any(world.answers.get(question) is None for question in analysis.questions):
        return False
    if not _installed(analysis, world):
        return False
    span = Span(0, len(source.text)) if line is None else source.lines.whole_line(line)
    return all(
        _known(unit, result, span.shifted(-unit.start))
        for unit, result in analysis.results
        if unit.start < span.end and span.start <= unit.end
    )


def _installed(analysis: Analysis, world: World) -> bool:
    """Whether no library that the file imports is judged by a version that merely stands for the one in use."""
    packages = {found.target.partition(".")[0] for found in imported(analysis.source)}
    libraries = (world.signatures.library(name) for name in packages - {"", *sys.stdlib_module_names})
    return all(library is None or not library.assumed for library in libraries)


def _is_open(site: CallSite | None) -> bool:
    """Whether not all of a call and of what it reaches is known."""
    if site is None or not site.callees or site.guarded or site.open_positional or site.open_keywords:
        return True
    return any(callee.signature.extra == "open" for callee in site.callees)


def _is_own(value: Value | None) -> bool:
    """Whether it is a function or class of the user's, whose calls no rule looks at."""
    return bool(value) and all(isinstance(atom, UserFunction | UserClass) for atom in value or ())


def _known(unit: Unit, result: UnitResult, span: Span) -> bool:
    """Whether nothing in a span, which is relative to the unit, is open."""
    calls = {id(site.node): site for site in result.calls}
    reads = {id(site.node): site for site in result.reads}
    for node in walk(unit.node):
        if node.span.end <= span.start or span.end <= node.span.start:
            continue
        if isinstance(node, syntax.Broken):
            return False
        if isinstance(node, syntax.Call):
            if not _is_open(calls.get(id(node))) or _is_own(result.values.get(node.function.span)):
                continue
            return False
        elif isinstance(node, syntax.Attribute | syntax.Subscript):
            if (read := reads.get(id(node))) is not None:
                if read.guarded:
                    return False
            elif not (owner := result.values.get(node.value.span)) or why_unknown(owner):
                return False
    return True
