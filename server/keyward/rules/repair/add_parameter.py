"""Add the keyword to the parameters of one's own function."""

from __future__ import annotations

from ...source import syntax
from ...text import Edit, Span
from ..finding import Fix, Safety
from ..rule import Place


def add_parameter(place: Place, name: str) -> Fix | None:
    """`name=None` where it disturbs no other argument. None: the function is not the user's, or in another file."""
    call = place.call
    if call is None or len(call.callees) != 1 or not name.isidentifier():
        return None
    callee = call.callees[0]
    if callee.definition is None or callee.definition[0] != place.analysis.source.path:
        return None
    source = place.analysis.source
    unit = source.by_qualname.get(callee.definition[1])
    if unit is None or not isinstance(unit.node, syntax.FunctionDef):
        return None
    edit = insertion(source.text, unit.start, unit.node, name)
    return Fix(f"Add the parameter `{name}` to {callee.name}", Safety.UNSAFE, (edit,)) if edit is not None else None


def insertion(text: bytes, base: int, function: syntax.FunctionDef, name: str) -> Edit | None:
    """`name=None` behind the last parameter that is neither `**kwargs` nor before a `*args` or `*`: those in front of
    `*args` are filled by position, so a new one there would take what was meant for `*args`. None: there is no place.
    """
    span = function.parameters_span.shifted(base)
    if text[span.end - 1 : span.end] != b")":
        return None
    parameters = function.parameters
    named = [p for p in parameters if p.kind != "var_keyword"]
    if not named:
        if parameters:
            at = parameters[0].span.start + base
            return Edit(Span(at, at), f"{name}=None, ")
        return Edit(Span(span.start + 1, span.start + 1), f"{name}=None")
    last = named[-1].span.shifted(base)
    line_start = text.rfind(b"\n", 0, last.start) + 1
    indent = text[line_start : last.start]
    if not indent.strip() and line_start > span.start:
        line_end = "\r\n" if text[line_start - 2 : line_start] == b"\r\n" else "\n"
        return Edit(Span(last.end, last.end), f",{line_end}{indent.decode()}{name}=None")
    return Edit(Span(last.end, last.end), f", {name}=None")
