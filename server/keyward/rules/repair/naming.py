"""How a file names the classes and functions of its libraries, and the edits that make it name another.

One that its library does not have any more is told by the qualified name under which the file asks for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ...signatures.model import Entry
from ...source.imports import Imported, added, imported, removed, replaced
from ...source.references import mentions
from ...source.tree import Source
from ...text import Edit, Span

if TYPE_CHECKING:
    from ...signatures.store import Signatures


class Naming:
    """The imports of a file, and what they name in its libraries."""

    def __init__(self, source: Source, signatures: Signatures) -> None:
        self._source = source
        self._signatures = signatures
        self._imports = imported(source)

    @property
    def libraries(self) -> frozenset[str]:
        """Top-level packages that the file imports from."""
        return frozenset(name.target.partition(".")[0] for name in self._imports if not name.target.startswith("."))

    def names(self, entry: Entry) -> bool:
        """Whether the file names the class, in a way that can be changed."""
        return any(True for _ in self._bare(entry)) or any(True for _ in self._dotted(entry))

    def uses(self, old: Entry | str) -> Iterator[Span]:
        """Where the file reads the name, in a way that can be changed; not its import."""
        for _, spans in self._bare(old):
            yield from spans
        for _, span in self._dotted(old):
            yield span

    def swapped(self, old: Entry | str, new: Entry) -> list[Edit]:
        """Edits that put `new` in the place of `old`, imports included; none where that cannot be done."""
        present = next((name.bound for name in self._imports if self._is(name.target, new)), None)
        taken = new.name != _name_of(old) and present is None
        if taken and any(m.use in ("name", "binding") for m in mentions(self._source, new.name)):
            return []  # the name means something else here
        edits: list[Edit] = []
        for name, uses in self._bare(old):
            module = name.target if name.bound == "*" else name.target.rpartition(".")[0]
            exported = self._is(f"{module}.{new.name}", new)
            if name.bound == "*" and not exported:
                return []
            if name.bound != "*":
                edits += self._import(name, new, exported, present)
            if present is not None or name.alias is None or not name.alias.asname or not exported:
                edits += [Edit(span, present or new.name) for span in uses]
        for module, span in self._dotted(old):
            if not self._is(f"{module}.{new.name}", new):
                return []
            edits.append(Edit(span, new.name))
        return edits

    def _import(self, name: Imported, new: Entry, exported: bool, present: str | None) -> list[Edit]:
        if present is not None:
            return [removed(self._source, name)]
        if exported:
            return replaced(self._source, name, new.name)
        public = self._signatures.public_name(new)
        return [removed(self._source, name), added(self._source, f"from {public.rpartition('.')[0]} import {new.name}")]

    def _bare(self, entry: Entry | str) -> Iterator[tuple[Imported, list[Span]]]:
        """Imports that bind the class, with the places that use the name; not if it is bound otherwise too."""
        for name in self._imports:
            bound = name.bound
            if bound == "*":
                if not self._is(f"{name.target}.{_name_of(entry)}", entry):
                    continue
                bound = _name_of(entry)
            elif not self._is(name.target, entry):
                continue
            found = list(mentions(self._source, bound))
            uses = [mention.span for mention in found if mention.use == "name"]
            if uses and all(mention.use != "binding" for mention in found):
                yield name, uses

    def _dotted(self, entry: Entry | str) -> Iterator[tuple[str, Span]]:
        """`DeiTModel` in `transformers.DeiTModel`, with the module that stands before it."""
        roots = {name.bound: name.target for name in self._imports}
        for mention in mentions(self._source, _name_of(entry)):
            root, _, rest = mention.object.partition(".")
            if mention.use == "attribute" and root in roots:
                module = ".".join(filter(None, (roots[root], rest)))
                if self._is(f"{module}.{_name_of(entry)}", entry):
                    yield module, mention.span

    def _is(self, target: str, entry: Entry | str) -> bool:
        if target.startswith(".") or isinstance(entry, str):
            return target == entry
        found = self._signatures.find(target)
        return found is not None and found.entry.qualified == entry.qualified


def _name_of(entry: Entry | str) -> str:
    return entry.rpartition(".")[2] if isinstance(entry, str) else entry.name
