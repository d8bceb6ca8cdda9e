"""Rename the field that is read."""

from __future__ import annotations

from ...inference.analysis import FieldRead
from ...text import Edit
from ..finding import Fix, Safety
from ..rule import Place
from ..words import Suggestion


def rename_field(place: Place, read: FieldRead, near: Suggestion) -> Fix:
    """The read of another field; a string keeps its quotes."""
    old = place.code(read.field_span)
    quote = old[:1] if old[:1] in ("'", '"') else ""
    edit = Edit(read.field_span.shifted(place.base), f"{quote}{near.name}{quote}")
    safety = Safety.SAFE if near.misspelt else Safety.UNSAFE
    return Fix(f"Rename `{read.field}` to `{near.name}`", safety, (edit,))
