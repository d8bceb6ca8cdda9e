"""Fixes, made only when somebody asks. Each function gives those of one kind of finding, the best first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from ...inference.analysis import Callee, CallSite, FieldRead, LibraryName, Override, Unpacking
from ...source import syntax
from ...source.walk import walk
from ...text import Edit, Span
from ..finding import Fix, Safety
from ..rule import Place
from ..sisters import output_fields, returning, takes, taking
from ..words import is_labels, suggestion
from .add_parameter import add_parameter, insertion
from .argument import removed, renamed
from .field import rename_field
from .loss import loss_outside, producing_call
from .purity import is_pure
from .successor import successor
from .swap import swap_class


def of_keyword(place: Place) -> Iterator[Fix]:
    """Fixes for a keyword that is refused or ignored."""
    call, passed = place.call, place.keyword
    if call is None or passed is None:
        return
    near = suggestion(passed.name, call.accepted())
    rename = None
    if near is not None and not passed.spread:
        sure = near.misspelt and not call.site.open_keywords
        rename = renamed(place, passed, near.name, Safety.SAFE if sure else Safety.UNSAFE)
    found: list[Fix] = []
    if rename is not None and near is not None and near.misspelt:
        found.append(replace(rename, preferred=True))
        rename = None
    else:
        sisters = taking(passed.name, call.callees, place.signatures)
        found += swap_class(place, call.callees, sisters, lambda entry: takes(entry, passed.name))
    if rename is not None:
        found.append(rename)
    if any(binding.missing for _, binding in call.bindings):
        # A parameter has no value: the argument is misnamed, and nothing but another name mends the call.
        yield from found
        return
    # A model that takes labels under almost this name computes the loss itself.
    computes = near is not None and near.misspelt and is_labels(near.name)
    if is_labels(passed.name) and not computes and (outside := loss_outside(place, call.site, passed)) is not None:
        found.append(outside)
    if (parameter := add_parameter(place, passed.name)) is not None:
        found.append(parameter)
    yield from found
    if not passed.spread:
        harmless = place.finding.rule == "ignored-keyword" and is_pure(passed.node.value)
        alone = not found and not is_labels(passed.name)
        safety = Safety.SAFE if harmless and alone else Safety.UNSAFE
        yield removed(place, call.site, (passed,), f"Remove the argument `{passed.name}`", safety)


def of_repeated(place: Place) -> Iterator[Fix]:
    """Fixes for a keyword whose parameter has a value already."""
    call, passed = place.call, place.keyword
    if call is not None and passed is not None and not passed.spread:
        yield removed(place, call.site, (passed,), f"Remove the argument `{passed.name}`", Safety.UNSAFE)


def of_surplus(place: Place) -> Iterator[Fix]:
    """Fixes for positional arguments that no parameter is left for."""
    call = place.call
    if call is None:
        return
    surplus = min((binding.surplus for _, binding in call.bindings), key=len)
    if any(passed.spread for passed in surplus) or any(b.missing for _, b in call.bindings):
        return
    title = "Remove the surplus argument" if len(surplus) == 1 else f"Remove the {len(surplus)} surplus arguments"
    yield removed(place, call.site, surplus, title, Safety.UNSAFE)


def of_unpacking(place: Place) -> Iterator[Fix]:
    """Fixes for an output object that is unpacked like a tuple."""
    unpacking = place.finding.site
    if not isinstance(unpacking, Unpacking):
        return
    for node in walk(place.unit.node):
        match node:
            case syntax.Assign(targets=(target,), value=syntax.Call() | syntax.Name() as value):
                if target is unpacking.node:
                    at = value.span.end + place.base
                    edit = Edit(Span(at, at), ".to_tuple()")
                    yield Fix("Unpack `.to_tuple()`", Safety.UNSAFE, (edit,), preferred=True)


def of_field(place: Place) -> Iterator[Fix]:
    """Fixes for a field that its object does not have."""
    read = place.finding.site
    if not isinstance(read, FieldRead):
        return
    first, *rest = read.owners
    fields = [name for name in first.fields if all(name in other.fields for other in rest)]
    near = suggestion(read.field, fields)
    rename = rename_field(place, read, near) if near is not None else None
    if rename is not None and rename.safety is Safety.SAFE:
        yield replace(rename, preferred=True)
        return
    makers = [owner.producer for owner in read.owners if owner.producer is not None]
    if len(makers) == len(read.owners):
        sisters = returning(read.field, makers, place.signatures)
        yield from swap_class(place, makers, sisters, lambda e: read.field in output_fields(e, place.signatures))
    if rename is not None:
        yield rename
    if read.field == "loss" and (made := producing_call(place, read)) is not None:
        outside = loss_outside(*made)
        if outside is not None:
            yield outside


def of_name(place: Place) -> Iterator[Fix]:
    """Fixes for a name of a library that is gone or deprecated."""
    name = place.finding.site
    if isinstance(name, LibraryName) and (fix := successor(place, name)) is not None:
        yield replace(fix, preferred=True)


def of_renamed(place: Place) -> Iterator[Fix]:
    """The fix for a keyword that is to be called differently."""
    passed, name = place.keyword, place.finding.instead
    if passed is None or passed.spread or not name:
        return
    rename = renamed(place, passed, name, Safety.SAFE)
    if rename is not None:
        yield replace(rename, preferred=True)


def of_override(place: Place) -> Iterator[Fix]:
    """The fix for a method that does not take what the library calls it with."""
    override, name = place.finding.site, place.finding.instead
    if isinstance(override, Override):
        edit = insertion(place.analysis.source.text, place.base, override.node, name)
        if edit is not None:
            title = f"Add the parameter `{name}` to {override.node.name}"
            yield Fix(title, Safety.SAFE, (edit,), preferred=True)


def of_headless(place: Place, models: Sequence[Callee]) -> Iterator[Fix]:
    """Fixes for models that give no loss."""
    if isinstance(place.finding.site, CallSite):
        sisters = returning("loss", models, place.signatures)
        yield from swap_class(place, models, sisters, lambda e: "loss" in output_fields(e, place.signatures))
