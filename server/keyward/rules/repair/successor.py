"""Use what took the place of a class or function that is gone or deprecated, in its import and wherever it is named."""

from __future__ import annotations

from collections.abc import Iterator

from ...inference.analysis import CallSite, LibraryName, Passed
from ...signatures.binding import Binding, bind
from ...signatures.model import Entry, Kind, Signature
from ...source import syntax
from ...text import Span
from ..finding import Fix, Safety
from ..rule import Place
from .naming import Naming


def successor(place: Place, name: LibraryName) -> Fix | None:
    """The new name in place of the old one, if the file's calls mean the same by it."""
    later = place.signatures.replacement(name.qualified)
    found = place.signatures.find(later.name) if later is not None else None
    if later is None or found is None:
        return None
    naming = Naming(place.analysis.source, place.signatures)
    old = name.entry or name.qualified
    before = name.entry or _last(place, name.qualified)
    uses = frozenset(naming.uses(old))
    if not all(_alike(site, before, found.entry) for site in _calls(place, uses)):
        return None
    edits = naming.swapped(old, found.entry)
    same = later.name.partition(".")[0] == name.module.partition(".")[0]
    title = f"Use {later.name if found.entry.name == name.name else found.entry.name} instead of {name.name}"
    return Fix(title, Safety.SAFE if same else Safety.UNSAFE, tuple(edits)) if edits else None


def _last(place: Place, qualified: str) -> Entry | None:
    """What a name was when it was last there."""
    return next((item.entry for item in reversed(place.signatures.history(qualified)) if item.entry is not None), None)


def _calls(place: Place, uses: frozenset[Span]) -> Iterator[CallSite]:
    """Calls of what is named at those places."""
    for unit, result in place.analysis.results:
        for site in result.calls:
            function = site.node.function
            span = function.name_span if isinstance(function, syntax.Attribute) else function.span
            if span.shifted(unit.start) in uses:
                yield site


def _alike(site: CallSite, old: Entry | None, new: Entry) -> bool:
    """Whether a call reaches the same parameters of the new one, as far as names tell."""
    before, after = (None if entry is None else entry.init or entry.call for entry in (old, new))
    if after is None:
        return False
    binding: Binding[Passed] = bind(after, site.positional, site.keywords, site.open_positional, site.open_keywords)
    if binding.raises or binding.ignored:
        return False
    n = len(site.positional)
    return not n or (before is not None and _placed(before)[:n] == _placed(after)[:n])


def _placed(signature: Signature) -> list[str]:
    return [p.name for p in signature.parameters if p.kind in (Kind.POSITIONAL_ONLY, Kind.POSITIONAL_OR_KEYWORD)]
