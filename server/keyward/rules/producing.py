"""Which call an expression's value came from."""

from __future__ import annotations

from ..source import syntax
from ..source.walk import walk
from .rule import Place


def producing_call(place: Place, value: syntax.Expression, before: int) -> tuple[Place, syntax.Call] | None:
    """The call that an expression is, or the last one that the name was given the result of; `before` is an offset of
    the file. With it the piece of the function that it stands in."""
    if isinstance(value, syntax.Call):
        return place, value
    if not isinstance(value, syntax.Name):
        return None
    found: tuple[Place, syntax.Call] | None = None
    for where in place.scope():
        for node in walk(where.unit.node):
            match node:
                case syntax.Assign(targets=(syntax.Name(name=name),), value=syntax.Call() as call):
                    if name == value.name and call.span.end + where.base <= before:
                        found = where, call
    return found
