"""The interpreters that a command is about, and their index."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

from ..environment.fingerprint import canonical, installed
from ..environment.import_path import import_path
from ..environment.index import FRAMEWORKS, Progress, default_cache, is_current, update_index
from ..environment.interpreter import Interpreter, find_interpreter
from ..signatures.store import Installed, Signatures, open_signatures
from ..source.ipynb import NotebookError
from .content import content
from .progress import Step

_IMPORT = re.compile(rb"^[ \t]*(?:from|import)[ \t]+(\w+)", re.MULTILINE)
_NOTHING: Mapping[str, bytes] = MappingProxyType({})


def find(python: str | None) -> Interpreter:
    """The interpreter for what is asked in the current folder."""
    return find_interpreter(python, start=Path.cwd())


def open_for(interpreter: Interpreter) -> Signatures:
    """The signatures of an interpreter as they are now: nothing is started."""
    return open_signatures(installed(interpreter) if interpreter.path else None, default_cache())


def imported(files: Iterable[str], texts: Mapping[str, bytes] = _NOTHING) -> frozenset[str]:
    """Top-level names that files import, in the form of distribution names. Files that cannot be read give none;
    `texts` holds those that need not be read."""
    names: set[str] = set()
    for file in files:
        try:
            text = content(file, texts[file] if file in texts else Path(file).read_bytes()).source.text
        except (OSError, NotebookError):
            continue
        names.update(match.decode("ascii", "ignore") for match in _IMPORT.findall(text))
    return frozenset(map(canonical, names))


def bring_up_to_date(
    interpreter: Interpreter, wanted: Iterable[str], step: Step, extra: Iterable[str] = ()
) -> tuple[Path, tuple[str, ...]]:
    """Indexes what has no signatures yet of the distributions wanted; of `extra` ones whatever they hold.

    Returns:
        the cache folder that holds them now, and a sentence for each thing that went wrong.
    """
    cache = default_cache()
    extra = frozenset(map(canonical, extra))
    missing = sorted(_missing(interpreter, extra.union(wanted), cache))
    if not missing:
        return cache, ()

    def tell(progress: Progress) -> None:
        step(f"Reading {progress.distribution}", progress.done, progress.total)

    step(f"Reading {', '.join(missing)}", 0, 1)
    report = update_index(interpreter, cache, only=missing, extra=extra, progress=tell)
    # What one module of a library lacks is for `keyward doctor` to tell: mostly it concerns nobody.
    notes = open_signatures(installed(interpreter), report.cache).problems
    return report.cache, tuple(problem for problem in report.problems if problem not in notes)


def _missing(interpreter: Interpreter, wanted: frozenset[str], cache: Path) -> Iterator[str]:
    here = [item for item in installed(interpreter) if item.distribution in wanted]
    if not any(item.distribution == "torch" for item in installed(interpreter)):
        here = [item for item in here if item.distribution in FRAMEWORKS]  # the others rest on torch
    shipped = _shipped(here)
    path = import_path(interpreter)
    for item in here:
        if item.distribution not in shipped and not is_current(cache, item, path):
            yield item.distribution


def _shipped(here: list[Installed]) -> set[str]:
    """Distributions whose very version came with Keyward."""
    return {library.distribution for library in open_signatures(here).libraries if library.origin == "shipped"}
