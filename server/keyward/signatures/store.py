"""Looks signatures up: the user's cache and the shipped history as one immutable snapshot.

Opening reads the index files alone; a family is read when one of its entries is asked for. Files that are damaged or of
another format count as absent, and a sentence in `Signatures.problems` says so.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import lru_cache, partial
from pathlib import Path
from typing import Literal, TypeVar

import msgspec
from packaging.version import InvalidVersion, Version

from .model import FORMAT, Dated, Entry, Exported, Family, Frozen, Index

_FAMILIES_KEPT = 48
"""Decoded families held for each distribution; one takes some 150 KiB."""

_generations = itertools.count(1)

Origin = Literal["indexed", "shipped"]


class Installed(Frozen, frozen=True):
    """A distribution as an environment has it."""

    distribution: str
    version: str
    fingerprint: str
    """Changes when the installed files do."""
    place: str = ""
    """Where the user knows it from, such as ".venv"."""


class Library(Frozen, frozen=True):
    """Where a finding's knowledge comes from."""

    distribution: str
    version: str
    origin: Origin
    place: str = ""

    @property
    def label(self) -> str:
        """For messages: "transformers 5.23.0 in .venv", "transformers 5.23.0 (shipped signatures)"."""
        if self.place:
            return f"{self.distribution} {self.version} in {self.place}"
        suffix = " (shipped signatures)" if self.origin == "shipped" else ""
        return f"{self.distribution} {self.version}{suffix}"


class Found(Frozen, frozen=True):
    """An entry and the library that has it."""

    entry: Entry
    library: Library


def shipped_folder() -> Path:
    """The history that came with this package, or with this checkout."""
    package = Path(__file__).resolve().parent.parent
    inside = package / "_signatures_cache"
    return inside if inside.is_dir() else package.parent.parent / "signatures_cache"


@lru_cache(maxsize=1)
def recipe() -> str:
    """Identifies what the worker would write: entries that another worker wrote are built anew."""
    digest = hashlib.sha256(str(FORMAT).encode())
    for path in sorted((Path(__file__).resolve().parent.parent / "worker").glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:8]


def cache_folder(cache: Path, installed: Installed) -> Path:
    """Where the user's cache holds a distribution."""
    return cache / recipe() / f"{installed.distribution}-{installed.version}-{installed.fingerprint}"


def family_path(folder: Path, family: str) -> Path:
    return folder / "families" / f"{family}.json"


def same_version(one: str, other: str) -> bool:
    """Whether two versions are the same release; a local build (`2.13.0+cpu`) is that of its release."""
    return one.partition("+")[0] == other.partition("+")[0]


@lru_cache(maxsize=512)
def order(version: str) -> Version:
    """The sort key of a version; a local build counts as its release."""
    try:
        return Version(version.partition("+")[0])
    except InvalidVersion:
        return Version("0")


_DatedT = TypeVar("_DatedT", Dated, Exported)


def at_version(history: Iterable[_DatedT], version: str) -> _DatedT | None:
    """The item of a history that holds for a version."""
    wanted = order(version)
    found = None
    for item in history:
        if order(item.since) <= wanted:
            found = item
    return found


class _Source:
    """One distribution in one folder, seen as of one version."""

    def __init__(self, folder: Path, index: Index, library: Library) -> None:
        self.folder = folder
        self.index = index
        self.library = library
        self.problems: list[str] = []
        # Not over a method: a snapshot that holds itself would wait for the collector of cycles, families and all.
        self.family = lru_cache(maxsize=_FAMILIES_KEPT)(partial(_family, folder, library, self.problems))

    def exported(self, module: str, name: str) -> str:
        """The module that defines a public name; "" where this version has no such name."""
        history = self.index.exports.get(module, {}).get(name)
        item = at_version(history, self.library.version) if history else None
        return item.module if item else ""

    def entry(self, module: str, name: str) -> Entry | None:
        family = self.index.modules.get(module)
        history = self.family(family).get(f"{module}.{name}") if family else None
        item = at_version(history, self.library.version) if history else None
        return item.entry if item else None


def _family(folder: Path, library: Library, problems: list[str], family: str) -> dict[str, list[Dated]]:
    """The entries of a family; of one that cannot be read none, with a sentence in `problems`."""
    try:
        return read_family(folder, family)
    except FileNotFoundError:
        return {}
    except (OSError, ValueError):
        path = family_path(folder, family)
    problems.append(f"The signatures of {family} are damaged and will be built anew ({path}).")
    if library.origin == "indexed":
        # The next refresh sees that it is missing; a folder that cannot be written to keeps its damage.
        with suppress(OSError):
            path.unlink()
    return {}


class Signatures:
    """An immutable snapshot of all that is known; `generation` grows with every snapshot."""

    def __init__(self, sources: Iterable[_Source] = (), history: Iterable[Index] = (), problems: Iterable[str] = ()):
        self.generation = next(_generations)
        self._sources = tuple(sources)
        self._history = tuple(history)
        self._problems = tuple(problems)
        self._modules = frozenset(_with_parents(self._sources))
        self._find = lru_cache(maxsize=4096)(partial(_search, self._sources, self._modules))

    @property
    def libraries(self) -> tuple[Library, ...]:
        """Each distribution once, as findings name it."""
        by_name: dict[str, Library] = {}
        for source in self._sources:
            by_name.setdefault(source.library.distribution, source.library)
        return tuple(by_name.values())

    @property
    def problems(self) -> tuple[str, ...]:
        """One sentence each: what could not be read, by the worker or from the cache."""
        read = [problem for source in self._sources for problem in (*source.index.problems, *source.problems)]
        return tuple(dict.fromkeys((*self._problems, *read)))

    def find(self, qualified: str) -> Found | None:
        """The class or function of a qualified name, public ("torch.nn.Linear") or where it is defined."""
        return self._find(qualified)

    def is_module(self, qualified: str) -> bool:
        """Whether a dotted name is a module that some library exports from, or a package above one."""
        return qualified in self._modules

    @property
    def modules(self) -> tuple[str, ...]:
        """The modules that libraries export from, those nearest to the top first."""
        names = {module for source in self._sources for module in source.index.exports}
        return tuple(sorted(names, key=lambda name: (name.count("."), name)))

    def exports(self, module: str) -> tuple[str, ...]:
        """The public names of a module, sorted."""
        names: set[str] = set()
        for source in self._sources:
            names.update(name for name in source.index.exports.get(module, {}) if source.exported(module, name))
        return tuple(sorted(names))

    def sisters(self, entry: Entry) -> tuple[Entry, ...]:
        """The models of an entry's family that its library exports at the top level, itself among them."""
        if not entry.family:
            return ()
        top = entry.module.partition(".")[0]
        for source in self._sources:
            family = source.index.modules.get(entry.module)
            if family is None:
                continue
            found = (at_version(history, source.library.version) for history in source.family(family).values())
            entries = [item.entry for item in found if item is not None and item.entry is not None]
            if entries:
                return tuple(
                    sister
                    for sister in entries
                    if sister.role == "model"
                    and sister.family == entry.family
                    and source.exported(top, sister.name) == sister.module
                )
        return ()

    def public_name(self, entry: Entry) -> str:
        """The shortest qualified name under which a library exports an entry, else where it is defined."""
        names = [
            f"{module}.{entry.name}"
            for source in self._sources
            for module, exported in source.index.exports.items()
            if entry.name in exported and source.exported(module, entry.name) == entry.module
        ]
        return min(names, key=lambda name: (name.count("."), len(name), name), default=entry.qualified)

    def gone(self, qualified: str) -> str | None:
        """The version as of which a once exported name is no more, if the history knows; None while it is there."""
        module, _, name = qualified.rpartition(".")
        if self.find(qualified) is not None:
            return None
        for index in self._history:
            history = index.exports.get(module, {}).get(name)
            version = self._version_of(index.distribution)
            item = at_version(history, version) if history and version else None
            if item is not None and not item.module:
                return item.since
        return None

    def _version_of(self, distribution: str) -> str:
        for source in self._sources:
            if source.library.distribution == distribution:
                return source.library.version
        return ""


def _search(sources: tuple[_Source, ...], modules: frozenset[str], qualified: str) -> Found | None:
    parts = qualified.split(".")
    for cut in range(len(parts) - 1, 0, -1):
        module, name = ".".join(parts[:cut]), ".".join(parts[cut:])
        if module not in modules:
            continue
        for source in sources:
            entry = source.entry(source.exported(module, name) or module, name)
            if entry is not None:
                return Found(entry, source.library)
    return None


def _with_parents(sources: Iterable[_Source]) -> Iterator[str]:
    for source in sources:
        for module in (*source.index.exports, *source.index.modules):
            yield module
            while "." in module:
                module = module.rpartition(".")[0]
                yield module


def read_index(folder: Path) -> Index | None:
    """The index of a folder; None if there is none.

    Raises:
        ValueError: it is damaged or of another format.
    """
    path = folder / "index.json"
    try:
        index = msgspec.json.decode(path.read_bytes(), type=Index)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError) as error:
        raise ValueError(f"{path} cannot be read and is left aside ({type(error).__name__}).") from error
    if index.format != FORMAT:
        raise ValueError(f"{path} is of format {index.format}, not {FORMAT}, and is left aside.")
    return index


def read_family(folder: Path, family: str) -> dict[str, list[Dated]]:
    """The entries of a family file by qualified name.

    Raises:
        OSError: it cannot be read.
        ValueError: it is damaged or of another format.
    """
    decoded = msgspec.json.decode(family_path(folder, family).read_bytes(), type=Family)
    if decoded.format != FORMAT:
        raise ValueError(f"{family} is of format {decoded.format}, not {FORMAT}.")
    return decoded.entries


def open_signatures(
    installed: Iterable[Installed] | None = None, cache: Path | None = None, shipped: Path | None = None
) -> Signatures:
    """A snapshot of what is known of the distributions that are installed.

    Of each, what the cache has indexed comes first, then the shipped history if that covers the very version. What is
    not installed, or everything where `installed` is None, is answered from the newest version shipped.

    Args:
        installed: the environment's distributions, None where there is no environment.
        cache: the user's cache folder.
        shipped: the shipped history; default: that of this package.
    """
    problems: list[str] = []
    sources: list[_Source] = []
    here: dict[str, Installed] = {}
    for item in installed or ():
        here[item.distribution] = item
        index = _read(cache_folder(cache, item), problems) if cache is not None else None
        if cache is not None and index is not None:
            library = Library(item.distribution, item.version, "indexed", item.place)
            sources.append(_Source(cache_folder(cache, item), index, library))
    history = []
    shipped = shipped or shipped_folder()
    for folder in _folders(shipped):
        index = _read(folder, problems)
        if index is None or not index.versions:
            continue
        history.append(index)
        known = here.get(index.distribution)
        if known is None:
            sources.append(_Source(folder, index, Library(index.distribution, index.versions[-1], "shipped")))
        elif any(same_version(known.version, version) for version in index.versions):
            sources.append(_Source(folder, index, Library(index.distribution, known.version, "shipped", known.place)))
    return Signatures(sources, history, problems)


def _folders(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.is_dir())
    except OSError:
        return []


def _read(folder: Path, problems: list[str]) -> Index | None:
    try:
        return read_index(folder)
    except ValueError as error:
        problems.append(str(error))
        return None
