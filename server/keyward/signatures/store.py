"""Looks signatures up: the user's cache and the shipped history as one immutable snapshot.

Opening reads the index files alone; a family is read when one of its entries is asked for. Files that are damaged or of
another format count as absent, and a sentence in `Signatures.problems` says so.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache, partial
from pathlib import Path

import msgspec

from .auto import Given, given
from .folders import (
    Installed,
    cache_folder,
    family_path,
    open_index,
    read_family,
    read_index,
    recipe,
    shipped_folder,
)
from .model import Dated, Entry, Frozen, Index, Signature
from .packed_index import PackedIndex
from .periods import Period, fate_of_field, fate_of_keyword, periods_of, presence
from .replacements import Curated, Replacement, keywords_after, names_after, read_curated
from .source import Library, Origin, Source
from .texts import METHOD, signature_at
from .versions import at_version, nearest, order, same_version

__all__ = [
    "Found",
    "Installed",
    "Library",
    "Origin",
    "Period",
    "Replacement",
    "Signatures",
    "at_version",
    "cache_folder",
    "family_path",
    "open_signatures",
    "order",
    "read_family",
    "read_index",
    "recipe",
    "same_version",
    "shipped_folder",
]

_MOST_RENAMINGS = 5
"""How often what took a name's place may itself have been replaced."""

_generations = itertools.count(1)


class Found(Frozen, frozen=True):
    """An entry and the library that has it."""

    entry: Entry
    library: Library


class Signatures:
    """An immutable snapshot of all that is known; `generation` grows with every snapshot."""

    def __init__(
        self,
        sources: Iterable[Source] = (),
        history: Iterable[Source] = (),
        problems: Iterable[str] = (),
        shipped: Path | None = None,
    ) -> None:
        """`sources` are asked one after the other; `history` covers all versions; `shipped` has the curated table."""
        self.generation = next(_generations)
        self._sources = tuple(sources)
        self._history = tuple(history)
        self._problems = list(problems)
        self._shipped = shipped
        self._find = lru_cache(maxsize=4096)(partial(_search, self._sources))
        self._past = lru_cache(maxsize=64)(partial(_past, self._history))
        self._gone = lru_cache(maxsize=4096)(self._gone_since)
        self._given = lru_cache(maxsize=64)(self._given_by)
        self._public_name = lru_cache(maxsize=4096)(partial(_public_name, self._sources))

    @property
    def libraries(self) -> tuple[Library, ...]:
        """Each distribution once, as findings name it."""
        by_name: dict[str, Library] = {}
        for source in self._sources:
            by_name.setdefault(source.library.distribution, source.library)
        return tuple(by_name.values())

    def library(self, package: str) -> Library | None:
        """The one that answers for a top-level package."""
        return next((source.library for source in _of(self._sources, package)), None)

    @property
    def problems(self) -> tuple[str, ...]:
        """One sentence each: what could not be read, by the worker or from the cache."""
        read = [problem for source in self._sources for problem in (*source.index.problems, *source.problems)]
        past = [problem for source in self._history for problem in source.problems]
        return tuple(dict.fromkeys((*self._problems, *read, *past)))

    def find(self, qualified: str) -> Found | None:
        """The class or function of a qualified name, public ("torch.nn.Linear") or where it is defined."""
        return self._find(qualified)

    def is_module(self, qualified: str) -> bool:
        """Whether a dotted name is a module that some library exports from, or a package above one."""
        return any(source.is_module(qualified) for source in _of(self._sources, qualified))

    @property
    def modules(self) -> tuple[str, ...]:
        """The modules that libraries export from, those nearest to the top first."""
        names = {module for source in self._sources for module in source.exports}
        return tuple(sorted(names, key=lambda name: (name.count("."), name)))

    def modules_of(self, distribution: str) -> tuple[str, ...]:
        """The modules that a library exports from."""
        sources = (source for source in self._sources if source.library.distribution == distribution)
        return tuple(dict.fromkeys(module for source in sources for module in source.exports))

    def exports(self, module: str) -> tuple[str, ...]:
        """The public names of a module, sorted."""
        return tuple(sorted(self.origins(module)))

    def origins(self, module: str) -> dict[str, str]:
        """The public names of a module with the modules that define them."""
        found: dict[str, str] = {}
        for source in _of(self._sources, module):
            for name in source.names(module):
                if name not in found and (origin := source.exported(module, name)):
                    found[name] = origin
        return found

    def sisters(self, entry: Entry) -> tuple[Entry, ...]:
        """The models of an entry's family that its library exports at the top level, itself among them."""
        if not entry.family:
            return ()
        for source in _of(self._sources, entry.module):
            if entry.module in source.defining and (found := source.models(entry.module, entry.family)) is not None:
                return found
        return ()

    def given(self, qualified: str) -> Given | None:
        """What all the classes have in common that an auto class can give; None where it is no auto class.

        The first question about an auto class reads all of its families: for the largest, half a second.
        """
        return self._given(qualified)

    def _given_by(self, qualified: str) -> Given | None:
        auto = self.find(qualified)
        if auto is None or auto.entry.role != "auto":
            return None
        package = auto.entry.module.partition(".")[0]
        names = dict.fromkeys(name for names in auto.entry.mapping.values() for name in names)
        found = [self.find(f"{package}.{name}") for name in names]
        return given([None if f is None else f.entry for f in found])

    def public_name(self, entry: Entry) -> str:
        """The shortest qualified name under which a library exports an entry, else where it is defined."""
        return self._public_name(entry.module, entry.name) or entry.qualified

    def gone(self, qualified: str) -> str | None:
        """The version as of which a once exported name is no more, if the history knows; None while it is there."""
        return self._gone(qualified)

    def library_of(self, qualified: str) -> Library | None:
        """The library that a qualified name belongs to by its top-level package."""
        return next((source.library for source in _of(self._sources, qualified)), None)

    def _gone_since(self, qualified: str) -> str | None:
        module, _, name = qualified.rpartition(".")
        if self.find(qualified) is not None:
            return None
        for source in _of(self._history, qualified):
            history = source.origins(module, name)
            version = self._version_of(source.library.distribution)
            item = at_version(history, version) if history and version else None
            if item is not None and not item.module:
                return item.since
        return None

    # --- over versions ------------------------------------------------------------------------------------------------

    def versions(self, distribution: str) -> tuple[str, ...]:
        """The versions of a distribution that the history covers, oldest first."""
        for source in self._history:
            if source.library.distribution == distribution:
                return source.index.versions
        return ()

    def history(self, qualified: str) -> tuple[Dated, ...]:
        """What a qualified name stands for from version to version, wherever it was defined then; () if unknown.

        An entry of None says that there is none as of that version.
        """
        return self._past(qualified)[1]

    def lifetime(self, qualified: str) -> tuple[Period, ...]:
        """When there was a class or function of that name: a period for each run of covered versions; () if unknown."""
        source, history = self._past(qualified)
        return tuple(periods_of(history, source.index.versions, presence)) if source else ()

    def keyword_lifetime(self, qualified: str, keyword: str, place: str = "call") -> tuple[Period, ...]:
        """What became of a keyword, oldest versions first; () if the name is unknown.

        Args:
            qualified: the class or function.
            keyword: its keyword.
            place: "call" for a function and for calling an instance, "init" for a constructor, or "method:NAME" for a
                method of a class or of one of its bases.
        """
        source, history = self._past(qualified)
        if source is None:
            return ()
        versions = source.index.versions
        if place.startswith(METHOD):
            history = self._with_inherited(place, history, versions)
        return tuple(periods_of(history, versions, fate_of_keyword(keyword, place)))

    def field_lifetime(self, qualified: str, field: str) -> tuple[Period, ...]:
        """When an output class had a field, or another attribute, of that name."""
        source, history = self._past(qualified)
        return tuple(periods_of(history, source.index.versions, fate_of_field(field))) if source else ()

    def replacement(self, qualified: str) -> Replacement | None:
        """What took the place of a name and is there now; None if that is not known."""
        seen = {qualified}
        for _ in range(_MOST_RENAMINGS):
            source, history = self._past(qualified)
            distribution = source.library.distribution if source else ""
            if not history and (found := self.find(qualified)) is not None:
                distribution = found.library.distribution
                history = (Dated(found.library.version, found.entry),)
            later: Replacement | None = None
            for later in names_after(qualified, history, distribution, self._curated):
                if later.name not in seen and self.find(later.name) is not None:
                    return later
            if later is None or later.name in seen:
                return None
            qualified = later.name  # which has itself been replaced
            seen.add(qualified)
        return None

    def keyword_replacement(self, qualified: str, keyword: str, place: str = "call") -> Replacement | None:
        """The keyword that took another one's place and is accepted now; None if that is not known.

        Args as of `keyword_lifetime`.
        """
        found = self.find(qualified)
        if found is None:
            return None
        now = found.entry if signature_at(found.entry, place) else self._inheriting(found.entry, place, self._entry_now)
        if (signature := signature_at(now, place)) is None:
            return None
        past = (*self.history(qualified), Dated(found.library.version, now))
        distribution = found.library.distribution
        candidates = keywords_after(qualified, keyword, place, past, distribution, self._curated)
        return next((later for later in candidates if signature.takes(later.name)), None)

    @cached_property
    def renamed_keywords(self) -> frozenset[str]:
        """Keywords of which the curated table, and not a library's code, says what took their place."""
        return frozenset(line.keyword for line in self._curated if line.kind == "keyword")

    def method(self, entry: Entry, name: str) -> Signature | None:
        """The signature of a public method, of the class's own or inherited; None where it is not known."""
        for owner in (entry, *map(self._entry_now, entry.mro)):
            if owner is not None and name in owner.methods:
                return owner.methods[name]
        return None

    def _entry_now(self, qualified: str) -> Entry | None:
        found = self.find(qualified)
        return found.entry if found else None

    @staticmethod
    def _inheriting(entry: Entry, place: str, base_of: Callable[[str], Entry | None]) -> Entry:
        """An entry with the method of the first base that has it."""
        for base in map(base_of, entry.mro):
            if base is not None and (signature := signature_at(base, place)) is not None:
                return msgspec.structs.replace(entry, methods={place.removeprefix(METHOD): signature})
        return entry

    def _with_inherited(self, place: str, history: Sequence[Dated], versions: Sequence[str]) -> tuple[Dated, ...]:
        """A history in which an entry has a method that it inherits, an item for each version."""
        pasts: dict[str, tuple[Dated, ...]] = {}

        def at(version: str, qualified: str) -> Entry | None:
            if qualified not in pasts:
                pasts[qualified] = self.history(qualified)
            item = at_version(pasts[qualified], version)
            return item.entry if item else None

        found: list[Dated] = []
        for version in versions:
            item = at_version(history, version)
            entry = item.entry if item else None
            if entry is not None and signature_at(entry, place) is None:
                entry = self._inheriting(entry, place, partial(at, version))
            found.append(Dated(version, entry))
        return tuple(found)

    @cached_property
    def _curated(self) -> tuple[Curated, ...]:
        try:
            return read_curated(self._shipped) if self._shipped is not None else ()
        except ValueError as error:
            self._problems.append(str(error))
            return ()

    def _version_of(self, distribution: str) -> str:
        for source in self._sources:
            if source.library.distribution == distribution:
                return source.library.version
        return ""


def _of(sources: Iterable[Source], qualified: str) -> Iterator[Source]:
    """The sources that can know a qualified name."""
    top = qualified.partition(".")[0]
    return (source for source in sources if top in source.packages)


def _search(sources: tuple[Source, ...], qualified: str) -> Found | None:
    candidates = tuple(_of(sources, qualified))
    parts = qualified.split(".")
    for cut in range(len(parts) - 1, 0, -1):
        module, name = ".".join(parts[:cut]), ".".join(parts[cut:])
        for source in candidates:
            entry = source.entry(source.exported(module, name) or module, name)
            if entry is not None:
                return Found(entry, source.library)
    return None


def _public_name(sources: tuple[Source, ...], defined_in: str, name: str) -> str:
    """The shortest qualified name under which what a module defines is exported, "" where it is not."""
    names = [
        f"{module}.{name}"
        for source in _of(sources, defined_in)
        for module in source.exports
        if name in source.names(module) and source.exported(module, name) == defined_in
    ]
    return min(names, key=lambda name: (name.count("."), len(name), name), default="")


def _past(sources: tuple[Source, ...], qualified: str) -> tuple[Source | None, tuple[Dated, ...]]:
    parts = qualified.split(".")
    for source in _of(sources, qualified):
        for cut in range(len(parts) - 1, 0, -1):
            module, name = ".".join(parts[:cut]), ".".join(parts[cut:])
            exported = source.origins(module, name)
            history = source.moved(name, exported) if exported else source.history(module, name)
            if history:
                return source, history
    return None, ()


def open_signatures(
    installed: Iterable[Installed] | None = None,
    cache: Path | None = None,
    shipped: Path | None = None,
    against: Mapping[str, str] | None = None,
) -> Signatures:
    """A snapshot of what is known of the distributions that are installed.

    Of each, what the cache has indexed comes first, then the shipped history if that covers the very version. What is
    not installed, or everything where `installed` is None, is answered from the newest version shipped.

    Args:
        installed: the environment's distributions, None where there is no environment.
        cache: the user's cache folder.
        shipped: the shipped history; default: that of this package.
        against: distributions that are to be seen as of a version of the history, whatever is installed. A version that
            is not covered is answered by one of the same minor release, and the library's label says so.

    Raises:
        ValueError: the history does not cover what `against` names; the text lists what it covers.
    """
    problems: list[str] = []
    sources: list[Source] = []
    here: dict[str, Installed] = {}
    against = against or {}
    for item in installed or ():
        here[item.distribution] = item
        if cache is None or item.distribution in against:
            continue
        folder = cache_folder(cache, item)
        if (index := _opened(folder, problems)) is not None:
            sources.append(Source(folder, index, Library(item.distribution, item.version, "indexed", item.place)))
    history: list[Source] = []
    shipped = shipped or shipped_folder()
    for folder in _folders(shipped):
        index = _opened(folder, problems)
        if index is None or not index.versions:
            continue
        name, newest = index.distribution, index.versions[-1]
        known = here.get(name)
        if name in against:
            library = _pinned(name, against[name], index.versions)
        elif known is None:
            library = Library(name, newest, "shipped", assumed=True)
        elif any(same_version(known.version, version) for version in index.versions):
            library = Library(name, known.version, "shipped", known.place)
        else:
            history.append(Source(folder, index, Library(name, newest, "history")))
            continue
        history.append(Source(folder, index, library))
        sources.append(history[-1])
    unknown = sorted(set(against) - {source.library.distribution for source in history})
    if unknown:
        there = ", ".join(source.library.distribution for source in history) or "nothing"
        raise ValueError(f"There is no history of {unknown[0]}; it covers {there}.")
    return Signatures(sources, history, problems, shipped)


def _pinned(distribution: str, version: str, covered: Sequence[str]) -> Library:
    chosen = nearest(version, covered)
    if not chosen:
        listed = f"{', '.join(covered[:-1])} and {covered[-1]}" if len(covered) > 1 else covered[0]
        raise ValueError(f"The history of {distribution} does not cover {version}; it covers {listed}.")
    return Library(distribution, chosen, "history", asked="" if same_version(chosen, version) else version)


def _folders(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.is_dir())
    except OSError:
        return []


def _opened(folder: Path, problems: list[str]) -> Index | PackedIndex | None:
    try:
        return open_index(folder)
    except ValueError as error:
        problems.append(str(error))
        return None
