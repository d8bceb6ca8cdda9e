"""Sister classes: models of one family that take a keyword, or return a field, which this one does not."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ..inference.analysis import Callee
from ..signatures.model import Entry
from .words import is_labels

if TYPE_CHECKING:
    from ..signatures.store import Signatures


def taking(keyword: str, callees: Iterable[Callee], signatures: Signatures) -> tuple[Entry, ...]:
    """Sisters whose forward takes the keyword, the nearest to this class first."""
    entry = common_model(callees)
    if entry is None:
        return ()
    return _ordered(entry, (s for s in signatures.sisters(entry) if takes(s, keyword)))


def returning(field: str, callees: Iterable[Callee], signatures: Signatures) -> tuple[Entry, ...]:
    """Sisters whose output has the field, the nearest to this class first."""
    entry = common_model(callees)
    if entry is None:
        return ()
    return _ordered(entry, (s for s in signatures.sisters(entry) if field in output_fields(s, signatures)))


def takes(entry: Entry, keyword: str) -> bool:
    """Whether the forward of a class is known to use the keyword."""
    return entry.call is not None and entry.call.takes(keyword)


def common_model(callees: Iterable[Callee]) -> Entry | None:
    """The library's model whose forward the call reaches; None where it is none, or one of several."""
    entries = {callee.entry.qualified: callee.entry for callee in callees if callee.entry is not None}
    if len(entries) != 1 or any(callee.entry is None or callee.kind != "forward" for callee in callees):
        return None
    entry = next(iter(entries.values()))
    return entry if entry.role == "model" else None


def output_fields(entry: Entry, signatures: Signatures) -> tuple[str, ...]:
    """Names of the fields of what a model returns; empty where that is unknown."""
    if entry.call is None or not entry.call.returns:
        return ()
    found = signatures.find(entry.call.returns)
    return tuple(field.name for field in found.entry.fields) if found is not None else ()


def n_own_inputs(sister: Entry, entry: Entry) -> int:
    """How many inputs a sister has that this class lacks, not counting labels: data that the code may not have."""
    here = set(entry.call.keywords) if entry.call is not None else set()
    there = [p.name for p in sister.call.parameters] if sister.call is not None else []
    return sum(1 for name in there if name not in here and not is_labels(name) and name != "kwargs")


def _ordered(entry: Entry, found: Iterable[Entry]) -> tuple[Entry, ...]:
    others = [sister for sister in found if sister.qualified != entry.qualified]
    return tuple(sorted(others, key=lambda s: (n_own_inputs(s, entry), not s.head.endswith("Classification"), s.name)))
