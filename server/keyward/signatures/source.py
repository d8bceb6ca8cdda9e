"""One distribution in one folder, seen as of one version."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cached_property, lru_cache, partial
from pathlib import Path
from typing import Literal, TypeVar

from .folders import Histories, family_path, index_path, open_family
from .model import Dated, Entry, Exported, Frozen, Index
from .packed_index import Exports, PackedIndex
from .sealed import Unusable
from .versions import at_version, order

_FAMILIES_KEPT = 48
"""Families held for each distribution; one takes some 150 KiB."""
_MALFORMED = (ValueError, LookupError, TypeError, RecursionError)
"""What reading a file whose checksum is right can still raise, where no Keyward has written it."""

Origin = Literal["indexed", "shipped", "history"]


class Library(Frozen, frozen=True):
    """Where a finding's knowledge comes from."""

    distribution: str
    version: str
    origin: Origin
    place: str = ""
    asked: str = ""
    """The version that was asked for, where another one of the same minor release speaks for it."""
    assumed: bool = False
    """It is not installed, and the newest version that is known stands for it."""

    @property
    def label(self) -> str:
        """For messages: "transformers 5.23.0 in .venv", "transformers 5.23.0 (shipped signatures)",
        "transformers 4.57.6 (history, for 4.57.3)"."""
        if self.place:
            return f"{self.distribution} {self.version} in {self.place}"
        because = {"indexed": "", "shipped": "shipped signatures", "history": "history"}[self.origin]
        if self.asked:
            because += f", for {self.asked}"
        return f"{self.distribution} {self.version} ({because})" if because else f"{self.distribution} {self.version}"


_T = TypeVar("_T")


class Source:
    """What the files in `folder` say of a distribution. None of its methods raises."""

    def __init__(self, folder: Path, index: Index | PackedIndex, library: Library) -> None:
        self.folder = folder
        self.index = index
        self.library = library
        self.problems: list[str] = []
        self._models: dict[tuple[str, str], tuple[Entry, ...] | None] = {}
        # Not over a method: a snapshot that holds itself would wait for the collector of cycles, families and all.
        self._family = lru_cache(maxsize=_FAMILIES_KEPT)(partial(_family, folder, library, self.problems))

    @cached_property
    def packages(self) -> frozenset[str]:
        """Top-level names that its modules begin with."""
        if isinstance(self.index, PackedIndex):
            return self.index.packages
        return frozenset(module.partition(".")[0] for module in (*self.index.exports, *self.index.modules))

    @cached_property
    def exports(self) -> Exports:
        """Public module -> public name -> history of where it is defined."""
        return self._guarded(lambda: self.index.exports, {})

    @cached_property
    def defining(self) -> Mapping[str, str]:
        """Defining module -> family."""
        return self._guarded(lambda: self.index.modules, {})

    def is_module(self, name: str) -> bool:
        """Whether that is a module that it exports from or that defines something, or a package above one."""
        index = self.index
        if isinstance(index, PackedIndex):
            return self._guarded(lambda: index.is_module(name), False)
        return name in self._with_parents

    @cached_property
    def _with_parents(self) -> frozenset[str]:
        return frozenset(_with_parents((*self.exports, *self.defining)))

    def _guarded(self, read: Callable[[], _T], otherwise: _T) -> _T:
        try:
            return read()
        except _MALFORMED:
            self._note(f"{index_path(self.folder)} is left aside: it is damaged.")
            return otherwise

    def _note(self, problem: str) -> None:
        if problem not in self.problems:
            self.problems.append(problem)

    def names(self, module: str) -> Mapping[str, Sequence[Exported]]:
        """Public names of a module with the histories of where they are defined. To get one, ask `origins`."""
        return self._guarded(lambda: self.exports.get(module, {}), {})

    def origins(self, module: str, name: str) -> Sequence[Exported]:
        """Where a public name is defined, over all versions; () where there never was one."""
        return self._guarded(lambda: self.names(module).get(name, ()), ())

    def exported(self, module: str, name: str) -> str:
        """The module that defines a public name; "" where this version has no such name."""
        item = at_version(self.origins(module, name), self.library.version)
        return item.module if item else ""

    def family(self, family: str) -> Histories:
        """The entries of a family; of one that cannot be read none."""
        return self._family(family)

    def entry(self, module: str, name: str) -> Entry | None:
        item = self._item(self.defining.get(module, ""), f"{module}.{name}")
        return item.entry if item else None

    def entries(self, family: str) -> Iterator[Entry]:
        """The entries of a family as of this version."""
        for qualified in self.family(family):
            item = self._item(family, qualified)
            if item is not None and item.entry is not None:
                yield item.entry

    def models(self, module: str, family: str) -> tuple[Entry, ...] | None:
        """The models of a model family that are exported at the top level; None where the file says nothing."""
        top = module.partition(".")[0]
        if (found := self._models.get((module, family))) is None:
            entries = list(self.entries(self.defining.get(module, "")))
            found = self._models[module, family] = (
                tuple(
                    entry
                    for entry in entries
                    if entry.role == "model"
                    and entry.family == family
                    and self.exported(top, entry.name) == entry.module
                )
                if entries
                else None
            )
        return found

    def moved(self, name: str, exported: Sequence[Exported]) -> tuple[Dated, ...]:
        """What a public name stands for over all versions, given where it was defined."""
        found: list[Dated] = []
        for place, item in enumerate(exported):
            end = exported[place + 1].since if place + 1 < len(exported) else ""
            history = self.history(item.module, name) if item.module else ()
            start = at_version(history, item.since)
            run = [Dated(item.since, start.entry if start else None)]
            run += [later for later in history if order(later.since) > order(item.since)]
            found += [later for later in run if not end or order(later.since) < order(end)]
        return tuple(item for place, item in enumerate(found) if not place or item.entry != found[place - 1].entry)

    def history(self, module: str, name: str) -> tuple[Dated, ...]:
        """What is defined as `name` in `module` over all versions."""
        family = self.defining.get(module, "")
        try:
            return tuple(self.family(family).get(f"{module}.{name}", ())) if family else ()
        except _MALFORMED:
            self._note(f"The signatures of {family} are damaged.")
            return ()

    def _item(self, family: str, qualified: str) -> Dated | None:
        if not family:
            return None
        try:
            history = self.family(family).get(qualified)
            return at_version(history, self.library.version) if history else None
        except _MALFORMED:
            self._note(f"The signatures of {family} are damaged.")
            return None


def _family(folder: Path, library: Library, problems: list[str], family: str) -> Histories:
    """The entries of a family; of one that cannot be read none, with a sentence in `problems`."""
    try:
        return open_family(folder, family)
    except FileNotFoundError:
        return {}
    except (OSError, *_MALFORMED) as error:
        why = str(error) if isinstance(error, Unusable) else "it is damaged"
    if library.origin != "indexed":
        problems.append(f"The signatures of {family} in {folder} are left aside: {why}.")
        return {}
    path = family_path(folder, family)
    problems.append(f"The signatures of {family} are left aside and will be built anew: {why} ({path}).")
    # The next refresh sees that it is missing; a folder that cannot be written to keeps its damage.
    with suppress(OSError):
        path.unlink()
    return {}


def _with_parents(modules: Iterable[str]) -> Iterator[str]:
    for module in modules:
        yield module
        while "." in module:
            module = module.rpartition(".")[0]
            yield module
