"""Holds two readings of one library against each other: that of the worker, and that of the source reader."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from .history import Release
from .model import Entry, Signature


@dataclass(frozen=True)
class Difference:
    """Where two entries of one name differ."""

    name: str
    """Qualified name of the class or function."""
    part: str
    """"call", "init", "method:NAME", or "" for the entry as a whole."""
    kind: str
    """"missing", "parameters", "default", "returns", "fields", "keys", "keywords" or "rest"."""
    imported: str
    """What the worker says, in a few words."""
    read: str
    """What the source reader says."""
    cause: str


@dataclass(frozen=True)
class Agreement:
    """The outcome for one library."""

    distribution: str
    version: str
    n_public: int
    """Public classes and functions that the worker tells of."""
    differences: tuple[Difference, ...] = ()
    """Of parameters, kinds, defaults, keys, fields and return classes."""
    keywords: tuple[Difference, ...] = ()
    """Of effective keywords, and of what becomes of others."""
    n_compiled: int = 0
    """Public classes and functions without source, which are not counted: compiled, or made while the library runs."""
    names: frozenset[str] = field(default_factory=frozenset)
    """Those that differ in `differences`."""

    @property
    def share(self) -> float:
        """How many of the public classes and functions are the same, from 0 to 1."""
        return 1 - len(self.names) / self.n_public if self.n_public else 1.0

    @property
    def share_with_keywords(self) -> float:
        """The same with their effective keywords."""
        different = self.names | {difference.name for difference in self.keywords}
        return 1 - len(different) / self.n_public if self.n_public else 1.0


def agreement(imported: Release, read: Release) -> Agreement:
    """How far two readings of one version agree."""
    live, source = _entries(imported), _entries(read)
    public = sorted(
        {f"{module}.{name}" for names in imported.exports.values() for name, module in names.items()} & live.keys()
    )
    compiled = {name for name in public if _is_compiled(live[name]) or not (live[name].line or name in source)}
    counted = [name for name in public if name not in compiled]
    found = [difference for name in counted for difference in _differences(live[name], source.get(name))]
    plain = tuple(difference for difference in found if difference.kind not in ("keywords", "rest"))
    return Agreement(
        imported.distribution,
        imported.version,
        len(counted),
        plain,
        tuple(difference for difference in found if difference.kind in ("keywords", "rest")),
        len(compiled),
        frozenset(difference.name for difference in plain),
    )


def _entries(release: Release) -> dict[str, Entry]:
    return {name: entry for family in release.families.values() for name, entry in family.items()}


def _is_compiled(entry: Entry) -> bool:
    """Whether nothing of a class is written in Python: it has no line and nothing that could be called."""
    return entry.role != "function" and not (entry.line or entry.init or entry.call or entry.methods or entry.fields)


def _differences(live: Entry, read: Entry | None) -> Iterator[Difference]:
    if read is None:
        yield Difference(live.qualified, "", "missing", "there", "not there", "the source reader does not find it")
        return
    if live.keys != read.keys:
        cause = "depends on a back end that is not installed"
        yield Difference(live.qualified, "", "keys", _listed(live.keys), _listed(read.keys), cause)
    fields = [[item.name for item in entry.fields] for entry in (live, read)]
    if fields[0] != fields[1]:
        yield Difference(live.qualified, "", "fields", _listed(fields[0]), _listed(fields[1]), "unexplained")
    parts: list[tuple[str, Signature | None, Signature | None]] = [
        ("init", live.init, read.init),
        ("call", live.call, read.call),
    ]
    parts += [
        (f"method:{name}", live.methods.get(name), read.methods.get(name))
        for name in sorted({*live.methods, *read.methods})
    ]
    for part, one, other in parts:
        yield from _signature(live.qualified, part, one, other)


def _signature(name: str, part: str, live: Signature | None, read: Signature | None) -> Iterator[Difference]:
    if live is None or read is None:
        if live is not read:
            there = ("not known", "known") if live is None else ("known", "not known")
            cause = "compiled, which an import cannot see into" if live is None else "added while the library runs"
            yield Difference(name, part, "missing", *there, cause)
        return
    kinds = [[(item.name, item.kind) for item in signature.parameters] for signature in (live, read)]
    if kinds[0] != kinds[1]:
        shown = (_listed(item for item, _ in kinds[0]), _listed(item for item, _ in kinds[1]))
        yield Difference(name, part, "parameters", *shown, _cause(read))
    else:
        for one, other in zip(live.parameters, read.parameters, strict=True):
            if not _is_same(one.default, other.default):
                said = (f"{one.name}={one.default}", f"{other.name}={other.default}")
                yield Difference(name, part, "default", *said, "a value that only running the library gives")
    if live.returns != read.returns:
        yield Difference(name, part, "returns", live.returns or "unknown", read.returns or "unknown", _cause(read))
    if live.accepts.keys() != read.accepts.keys():
        only = (_only(live.accepts, read.accepts), _only(read.accepts, live.accepts))
        yield Difference(name, part, "keywords", *only, _cause(read))
    if live.extra != read.extra:
        yield Difference(name, part, "rest", live.extra, read.extra, read.reason or live.reason or "unexplained")


def _is_same(live: str | None, read: str | None) -> bool:
    """Whether two defaults are the same; a function of another library goes by its name, or by where that was found."""
    return live == read or (live is not None and live.isidentifier() and (read or "").rpartition(".")[2] == live)


def _only(one: Mapping[str, str], other: Mapping[str, str]) -> str:
    """The keywords that one has and the other has not."""
    return _listed(sorted(one.keys() - other.keys()))


def _cause(read: Signature) -> str:
    """Why the reader may say something else, by what it says itself."""
    return read.reason or "depends on what is installed beside the library"


def _listed(names: Iterable[object]) -> str:
    found = list(names)
    shown = ", ".join(map(str, found[:6]))
    return f"{shown}, ... ({len(found)})" if len(found) > 6 else shown or "none"
