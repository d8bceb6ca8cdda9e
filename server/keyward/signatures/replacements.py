"""What took the place of a name or keyword that is gone: as the libraries say themselves, else from a curated table.

The table is `curated.json` beside the shipped history: what libraries renamed without saying so in their code, each
with its source.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal

import msgspec

from .model import Dated, Frozen
from .texts import signature_at

CURATED = "curated.json"


class Replacement(Frozen, frozen=True):
    """What took something's place."""

    name: str
    """A qualified public name, or a keyword."""
    source: str
    """The version whose code says so ("transformers 4.57.6"), or the address where it can be read."""
    derived: bool
    """Whether the library's code says so."""
    same_values: bool = True
    """Of a keyword: whether it takes the values that the old one took."""


class Curated(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line of the table."""

    names: str
    """The qualified public name that it is about; `*` stands for any part of a name: "transformers.*Extractor"."""
    replacement: str
    """The qualified name, or the keyword. A `*` is what the one in `names` stood for."""
    kind: Literal["name", "keyword"]
    source: str
    """Address where it can be read."""
    versions: str
    """First version that has the replacement, "" where it is not known."""
    keyword: str = ""
    """The keyword that was replaced."""
    place: str = "call"
    """Where that is passed: "init", "call" or "method:NAME"."""
    same_values: bool = True
    """Whether the replacement of a keyword takes the values that the keyword took."""

    def of(self, name: str) -> str:
        """What it says took the place of something about that name; "" if it is not about that name."""
        pattern = re.escape(self.names).replace(r"\*", r"(\w*)")
        match = re.fullmatch(pattern, name)
        if match is None:
            return ""
        return self.replacement.replace("*", match[1]) if match.groups() else self.replacement


def read_curated(folder: Path) -> tuple[Curated, ...]:
    """The table in a folder, empty where there is none.

    Raises:
        ValueError: it is damaged.
    """
    path = folder / CURATED
    try:
        return msgspec.json.decode(path.read_bytes(), type=tuple[Curated, ...])
    except FileNotFoundError:
        return ()
    except (OSError, msgspec.DecodeError) as error:
        raise ValueError(f"{path} is left aside: it is damaged.") from error


def names_after(
    name: str, history: Iterable[Dated], distribution: str, table: Iterable[Curated]
) -> Iterator[Replacement]:
    """What may have taken a name's place, newest first, what code says before what the table says."""
    module = name.rpartition(".")[0]
    for item in reversed(list(history)):
        if item.entry is not None and (new := item.entry.replaced_by):
            yield Replacement(new if "." in new else f"{module}.{new}", f"{distribution} {item.since}", derived=True)
    for line in table:
        if line.kind == "name" and (new := line.of(name)):
            yield Replacement(new, line.source, derived=False)


def keywords_after(
    name: str, keyword: str, place: str, history: Iterable[Dated], distribution: str, table: Iterable[Curated]
) -> Iterator[Replacement]:
    """What may have taken a keyword's place, as `names_after`."""
    for item in reversed(list(history)):
        signature = None if item.entry is None else signature_at(item.entry, place)
        if signature is not None and (new := signature.renamed.get(keyword)):
            yield Replacement(new, f"{distribution} {item.since}", derived=True)
    for line in table:
        about = line.kind == "keyword" and (line.keyword, line.place) == (keyword, place)
        if about and (new := line.of(name)):
            yield Replacement(new, line.source, derived=False, same_values=line.same_values)
