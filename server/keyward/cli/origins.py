"""Where the signatures of each library come from, why not from better, and what can be done about that."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from ..environment.index import KNOWN, cannot_be_imported, default_cache
from ..environment.interpreter import Interpreter
from ..signatures.cached import Cached, cached
from ..signatures.store import Installed, Library, Signatures

N_NOTES = 3
"""Sentences about one library that are shown; of more it is said how many there are."""


@dataclass(frozen=True)
class Origin:
    """One library."""

    title: str
    """Its name and installed version."""
    text: str
    """Where its signatures come from."""
    notes: tuple[str, ...] = ()
    """What the worker could not read, and why."""
    advice: str = ""
    """What to do, "" where nothing is amiss."""


def origins(interpreter: Interpreter, here: Sequence[Installed], signatures: Signatures) -> list[Origin]:
    """Of each library that is installed and known, or known and not installed, by name."""
    known = {library.distribution: library for library in signatures.libraries}
    read = {item.installed: item for item in cached(default_cache())}
    mine = {item.distribution: item for item in here}
    found = {item.distribution: read.get(_bare(item)) for item in here}
    names = {*known, *(name for name in KNOWN if name in mine), *(name for name, entry in found.items() if entry)}
    return [_origin(name, interpreter, mine, known, found) for name in sorted(names)]


def _bare(item: Installed) -> Installed:
    """As the cache knows it, which does not say where it lies."""
    return Installed(item.distribution, item.version, item.fingerprint)


def _origin(
    name: str,
    interpreter: Interpreter,
    here: Mapping[str, Installed],
    known: Mapping[str, Library],
    found: Mapping[str, Cached | None],
) -> Origin:
    if name not in here:
        version = known[name].version
        return Origin(f"{name} {version}", "not installed, judged by the shipped signatures")
    title = f"{name} {here[name].version}"
    entry = found.get(name)
    if entry is not None:
        return _read(title, name, interpreter, entry)
    if name in known:
        judged = known[name].version
        other = "" if judged == here[name].version else f" of {judged}"
        return Origin(title, f"signatures{other} came with Keyward")
    if not any(other == "torch" for other in here):
        return Origin(
            title,
            "not read, and its version did not come with Keyward",
            advice=f"Signatures of {name} are read where torch is installed, and it is not: install it beside {name}.",
        )
    return Origin(title, "not read yet, the first `keyward check` or the editor does it")


def _read(title: str, name: str, interpreter: Interpreter, entry: Cached) -> Origin:
    when = datetime.fromtimestamp(entry.modified).strftime("%Y-%m-%d %H:%M")
    notes = tuple(_shortened(entry.index.problems))
    source = "from the installation"
    if entry.index.by_source:
        why = "importing it fails" if cannot_be_imported(entry.index) else "the folder is not trusted"
        source = f"from source, since {why}"
    if not entry.complete:
        advice = f"{name} was not read to its end: `keyward check`, or the editor, goes on with it."
        return Origin(title, f"read {source} in part, {when}", notes, advice)
    advice = ""
    if not entry.index.modules:
        advice = (
            f'Nothing of {name} could be read: `{interpreter.path} -c "import {name.replace("-", "_")}"` shows what is '
            "wrong with it."
        )
    return Origin(title, f"read {source}, {when}", notes, advice)


def _shortened(problems: Sequence[str]) -> Iterator[str]:
    yield from problems[:N_NOTES]
    if len(problems) > N_NOTES:
        yield f"{len(problems) - N_NOTES:,} more of this kind: `keyward signatures list` and its JSON show all."
