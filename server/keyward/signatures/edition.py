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

    exported: dict[str, Entry | None] = {}
    tops: set[str] = set()
    wanted = [(module, name) for module in signatures.modules for name in signatures.exports(module)]
    for done, (module, name) in enumerate(wanted):
        if done % _STEP == 0:
            step(done, len(wanted))
        found = signatures.find(f"{module}.{name}")
        if found is None:
            exported[f"{module}.{name}"] = None
        elif found.library.distribution == distribution:
            exported[f"{module}.{name}"] = found.entry
            tops.add(module.partition(".")[0])
    names: dict[str, Entry | None] = {}
    first: dict[str, str] = {}
    aliases: dict[str, list[str]] = {}
    for name in sorted(exported, key=lambda name: (name.count("."), len(name), name)):
        entry = exported[name]
        if entry is None:
            if name.partition(".")[0] in tops:
                names[name] = None
        elif entry.qualified in first:
            aliases.setdefault(first[entry.qualified], []).append(name)
        else:
            first[entry.qualified] = name
            names[name] = entry

    def successor(name: str) -> str:
        found = signatures.replacement(name)
        return found.name if found is not None else ""

    def successor_of_keyword(name: str, keyword: str, place: str) -> str:
        found = signatures.keyword_replacement(name, keyword, place)
        return found.name if found is not None else ""

    # In the order of the alphabet neighbours are of one family, which is read once.
    ordered = {name: names[name] for name in sorted(names)}
    others = {name: tuple(known) for name, known in aliases.items()}
    return Edition(distribution, version, ordered, find, others, successor, successor_of_keyword)
