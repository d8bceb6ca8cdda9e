"""Use a sister class: everywhere that the file names this one, and in its import.

The class can be named directly (`DeiTModel`, `transformers.DeiTModel`) or through an auto class (`AutoModel`), which is
swapped for one that gives the sister. A sister is offered only if every other use of the class in the file still holds.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from ...inference.analysis import Callee
from ...signatures.model import Entry
from ..evidence import Evidence
from ..finding import Fix, Safety
from ..rule import Place
from ..sisters import n_own_inputs
from .naming import Naming

_MOST = 8
"""Fixes offered at once."""
_SAMPLE = 6
"""Of the many models that an auto class can give, so many are looked at."""


def swap_class(
    place: Place, callees: Sequence[Callee], sisters: Sequence[Entry], wanted: Callable[[Entry], bool]
) -> Iterator[Fix]:
    """A fix for each sister that will do; `wanted` says whether a class would mend the finding."""
    models = _models(callees)
    evidence = Evidence.gathered(place, models[0]) if len(models) == 1 else None
    naming = Naming(place.analysis.source, place.signatures)
    fixes: list[Fix] = []
    if evidence is not None and naming.names(models[0]):
        for sister in sorted(filter(evidence.allows, sisters), key=evidence.rank):
            fixes += _swap(naming, models[0], sister)
    elif models:
        for auto in _autos(place, naming):
            for other in _other_autos(place, auto, models, wanted, evidence):
                fixes += _swap(naming, auto, other)
    for fix in fixes[:_MOST]:
        yield replace(fix, preferred=len(fixes) == 1)


def _models(callees: Sequence[Callee]) -> list[Entry]:
    """The library's models that the call may reach; none if it may reach anything else."""
    if any(callee.entry is None or callee.entry.role != "model" or callee.kind != "forward" for callee in callees):
        return []
    return list({callee.entry.qualified: callee.entry for callee in callees if callee.entry is not None}.values())


def _swap(naming: Naming, old: Entry, new: Entry) -> Iterator[Fix]:
    edits = naming.swapped(old, new)
    if edits:
        yield Fix(f"Use {new.name} instead of {old.name}", Safety.UNSAFE, tuple(edits))


def _autos(place: Place, naming: Naming) -> list[Entry]:
    """Auto classes that the file names."""
    names = {match.decode() for match in re.findall(rb"\bAuto\w+", place.analysis.source.text)}
    found = (place.signatures.find(f"{module}.{name}") for name in sorted(names) for module in naming.libraries)
    entries = {
        f.entry.qualified: f.entry for f in found if f is not None and f.entry.role == "auto" and f.entry.mapping
    }
    return [entry for entry in entries.values() if naming.names(entry)]


def _other_autos(
    place: Place, auto: Entry, models: Sequence[Entry], wanted: Callable[[Entry], bool], evidence: Evidence | None
) -> list[Entry]:
    """Auto classes of the same library that give, for the same model types, classes that are wanted."""
    models = [model for model in models if model.name in auto.mapping.get(model.model_type, ())][:_SAMPLE]
    module = place.signatures.public_name(auto).rpartition(".")[0]
    ranked: list[tuple[tuple[object, ...], Entry]] = []
    for name in place.signatures.exports(module):
        found = place.signatures.find(f"{module}.{name}") if name.startswith("Auto") and name != auto.name else None
        if found is None or found.entry.role != "auto":
            continue
        given = [(model, _given(place, module, found.entry, model)) for model in models]
        given = [(model, entries) for model, entries in given if entries]
        good = [
            (model, entry)
            for model, entries in given
            for entry in entries
            if wanted(entry) and (evidence is None or evidence.allows(entry))
        ]
        if not good or {model.name for model, _ in good} != {model.name for model, _ in given}:
            continue
        if evidence is not None:
            rank: tuple[object, ...] = min(evidence.rank(entry) for _, entry in good)
        else:
            needs = min(n_own_inputs(entry, model) for model, entry in good)
            rank = (-len(given), needs, not name.endswith("Classification"), name)
        ranked.append((rank, found.entry))
    return [entry for _, entry in sorted(ranked, key=lambda pair: (pair[0], pair[1].name))]


def _given(place: Place, module: str, auto: Entry, model: Entry) -> list[Entry]:
    """The classes that an auto class gives for the type of a model."""
    found = (place.signatures.find(f"{module}.{name}") for name in auto.mapping.get(model.model_type, ()))
    return [f.entry for f in found if f is not None]
