"""Rename or remove an argument of a call."""

from __future__ import annotations

from collections.abc import Sequence

from ...inference.analysis import CallSite, Passed
from ...source import syntax
from ...text import Edit, Span
from ..finding import Fix, Safety
from ..rule import Place


def renamed(place: Place, passed: Passed, name: str, safety: Safety) -> Fix | None:
    """The keyword under another name."""
    span = passed.node.name_span
    if span is None:
        return None
    return Fix(f"Rename `{passed.name}` to `{name}`", safety, (Edit(span.shifted(place.base), name),))


def removed(place: Place, call: CallSite, arguments: Sequence[Passed], title: str, safety: Safety) -> Fix:
    """The call without arguments that stand next to each other."""
    return Fix(title, safety, (removal(place, call.node, [passed.node for passed in arguments]),))


def removal(place: Place, call: syntax.Call, arguments: Sequence[syntax.Argument]) -> Edit:
    """Takes neighbouring arguments out with their comma, and with their lines if those hold nothing else."""
    text, base = place.analysis.source.text, place.base
    start, end = arguments[0].span.start + base, arguments[-1].span.end + base
    first, last = call.arguments.index(arguments[0]), call.arguments.index(arguments[-1])
    line_start = text.rfind(b"\n", 0, start) + 1
    line_end = text.find(b"\n", end)
    behind = text[end : line_end if line_end >= 0 else len(text)].strip()
    alone_before = not text[line_start:start].strip() and line_start > call.span.start + base
    if alone_before and line_end >= 0 and (behind in (b"", b",") or behind.startswith((b"#", b",#", b", #"))):
        return Edit(Span(line_start, line_end + 1), "")
    if last + 1 < len(call.arguments):
        return Edit(Span(start, call.arguments[last + 1].span.start + base), "")
    if first:
        return Edit(Span(call.arguments[first - 1].span.end + base, end), "")
    comma = text[end : call.arguments_span.end + base].lstrip()
    if comma.startswith(b","):
        end = text.index(b",", end) + 1
    return Edit(Span(start, end), "")
