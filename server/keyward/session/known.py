"""Which versions of which libraries are known, shipped or read on this machine, and how one of them is opened."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ..environment.fingerprint import canonical
from ..signatures.cached import Cached, cached
from ..signatures.model import Index
from ..signatures.store import Installed, Signatures, open_signatures, order, read_index, same_version, shipped_folder
from ..signatures.versions import nearest

N_LISTED = 8
"""Versions that a sentence names; of more it names the ends."""


class UnknownVersionError(Exception):
    """A version or distribution that nothing is known of; the text says so in one sentence, and what there is."""


@dataclass(frozen=True)
class Known:
    """A version that can be opened."""

    distribution: str
    version: str
    read: Cached | None = None
    """Where it lies in the user's cache; None: it is shipped."""
    asked: str = ""
    """The version that was asked for, where another one of the same minor release speaks for it."""

    @property
    def note(self) -> str:
        """A sentence about that, "" where there is nothing to say."""
        if not self.asked:
            return ""
        return f"{self.distribution} {self.asked} is not known itself: {self.version} speaks for it."

    @property
    def item(self) -> Installed:
        """What `open_signatures` takes for it."""
        if self.read is not None:
            return Installed(self.distribution, self.version, self.read.installed.fingerprint)
        return Installed(self.distribution, self.version, "none")


class Library:
    """What is known on this machine. Reads index files, and starts nothing."""

    def __init__(self, cache: Path, installed: Sequence[Installed] = ()) -> None:
        """`installed` is what "installed" stands for as a version."""
        self.cache = cache
        self.indexes = {index.distribution: index for index in shipped_indexes()}
        self.shipped = {name: index.versions for name, index in self.indexes.items()}
        self.cached = cached(cache)
        self._installed = {item.distribution: item for item in installed}

    @property
    def distributions(self) -> tuple[str, ...]:
        return tuple(sorted({*self.shipped, *(item.installed.distribution for item in self.cached)}))

    def versions(self, distribution: str) -> tuple[Known, ...]:
        """Each version once, oldest first; a shipped one before one that was read, as two shipped ones compare best."""
        found = {version: Known(distribution, version) for version in self.shipped.get(distribution, ())}
        for item in self.cached:
            version = item.installed.version
            if item.installed.distribution != distribution or not item.complete:
                continue
            if not any(same_version(version, other) for other in found):
                found[version] = Known(distribution, version, item)
        return tuple(found[version] for version in sorted(found, key=order))

    def exporting(self, name: str) -> dict[str, str]:
        """Distributions some version of which has a public name (a qualified one, or the last part of one) -> the
        shortest qualified name."""
        module, _, last = name.rpartition(".")
        found: dict[str, list[str]] = {}
        for index in (*self.indexes.values(), *(item.index for item in self.cached if item.complete)):
            for at, names in index.exports.items():
                if last in names and module in ("", at):
                    found.setdefault(index.distribution, []).append(f"{at}.{last}")
            if module in index.modules:
                found.setdefault(index.distribution, []).append(name)
        return {
            distribution: min(names, key=lambda name: (name.count("."), len(name), name))
            for distribution, names in found.items()
        }

    def choose(self, distribution: str, wanted: str) -> Known:
        """The version that is meant: exactly, the last patch of `5.23`, the next one of the same minor release,
        "newest", or "installed".

        Raises:
            UnknownVersionError: there is none.
        """
        name = canonical(distribution)
        versions = self.versions(name)
        if not versions:
            there = ", ".join(known for known in self.distributions if self.versions(known)) or "none"
            raise UnknownVersionError(f"No version of {distribution} is known; libraries that are known: {there}.")
        if wanted == "newest":
            return versions[-1]
        if wanted == "installed":
            if name not in self._installed:
                raise UnknownVersionError(f"{distribution} is not installed here.")
            wanted = self._installed[name].version
        for known in versions:
            if same_version(known.version, wanted) or order(known.version) == order(wanted):
                return known
        patches = [known for known in versions if known.version.startswith(f"{wanted}.")]
        if patches:
            return patches[-1]
        near = nearest(wanted, [known.version for known in versions])
        if near:
            return replace(next(known for known in versions if known.version == near), asked=wanted)
        raise UnknownVersionError(f"{distribution} {wanted} is not known; {self._there(name, versions)}.")

    def open(self, known: Known, others: Iterable[Installed] = ()) -> Signatures:
        """The signatures of one version, beside those of other distributions."""
        rest = [item for item in others if item.distribution != known.distribution]
        return open_signatures([*rest, known.item], self.cache)

    def _there(self, distribution: str, versions: Sequence[Known]) -> str:
        names = [known.version for known in versions]
        if len(names) <= N_LISTED:
            return f"known: {', '.join(names)}"
        return (
            f"known are {len(names)} versions from {names[0]} to {names[-1]}"
            f" (`keyward signatures list {distribution}` lists them)"
        )


def shipped_indexes() -> list[Index]:
    """The index of each shipped history that can be read."""
    found = []
    for folder in sorted(path for path in shipped_folder().iterdir() if path.is_dir()):
        try:
            index = read_index(folder)
        except ValueError:
            continue
        if index is not None and index.versions:
            found.append(index)
    return found
