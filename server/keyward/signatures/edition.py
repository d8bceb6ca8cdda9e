"""One version of one distribution with its public names, each thing once: what comparisons and counts work on."""

from __future__ import annotations

from collections.abc import Callable

from .model import Entry, Frozen
from .store import Signatures

_STEP = 64
"""Names between two reports of progress."""


class Edition(Frozen, frozen=True, eq=False):
    """One version of one distribution."""

    distribution: str
    version: str
    names: dict[str, Entry | None]
    """Public names, each entry under its shortest one; None: the name is known and nothing about it."""
    find: Callable[[str], Entry | None]
    """The entry of any qualified name."""
    aliases: dict[str, tuple[str, ...]] = {}
    """Public name -> the others of the same entry."""
    successor: Callable[[str], str] = lambda name: ""
    """What is there in place of a public name that is gone, "" where that is not known."""
    successor_of_keyword: Callable[[str, str, str], str] = lambda name, keyword, place: ""
    """What is taken in place of a keyword; `place` is "call", "init" or "method:NAME"."""


def edition(
    signatures: Signatures,
    distribution: str,
    version: str,
    step: Callable[[int, int], None] = lambda done, total: None,
) -> Edition:
    """What a snapshot says of one distribution, of which it holds this version.

    `step` is told how many public names of how many are looked up.
    """

    def find(qualified: str) -> Entry | None:
        found = signatures.find(qualified)
        return None if found is None else found.entry

    exported: dict[str, list[str]] = {}
    for module in signatures.modules_of(distribution):
        for name, origin in signatures.origins(module).items():
            exported.setdefault(f"{origin}.{name}", []).append(f"{module}.{name}")
    names: dict[str, Entry | None] = {}
    aliases: dict[str, tuple[str, ...]] = {}
    # In the order of the alphabet neighbours are of one family, which is read once.
    for done, qualified in enumerate(sorted(exported)):
        if done % _STEP == 0:
            step(done, len(exported))
        shortest, *others = sorted(exported[qualified], key=lambda name: (name.count("."), len(name), name))
        found = signatures.find(qualified)
        if found is None:
            names.update((name, None) for name in exported[qualified])
        elif found.library.distribution == distribution:
            names[shortest] = found.entry
            if others:
                aliases[shortest] = tuple(others)

    def successor(name: str) -> str:
        found = signatures.replacement(name)
        return found.name if found is not None else ""

    def successor_of_keyword(name: str, keyword: str, place: str) -> str:
        found = signatures.keyword_replacement(name, keyword, place)
        return found.name if found is not None else ""

    ordered = {name: names[name] for name in sorted(names)}
    return Edition(distribution, version, ordered, find, aliases, successor, successor_of_keyword)
