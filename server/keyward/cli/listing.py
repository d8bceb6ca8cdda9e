"""`keyward signatures list`: which libraries and versions are known."""

from __future__ import annotations

import json
import shutil
import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timezone
from functools import partial
from typing import Any

import click

from ..environment.fingerprint import canonical, installed
from ..environment.index import default_cache
from ..session.known import Known, Library, UnknownVersionError
from ..signatures.cached import Cached
from ..signatures.edition import edition
from ..signatures.store import Installed, at_version, open_signatures, order
from . import environments
from .progress import Step, progress_bar

N_BETWEEN = 64
"""Names between two reports of progress."""


def run(distribution: str | None, python: str | None, output_format: str, color: bool | None) -> int:
    """Prints it, and gives the exit code."""
    interpreter = environments.find(python)
    if python and interpreter.problem:
        click.echo(interpreter.problem, err=True)
        return 2
    here = installed(interpreter) if interpreter.path else ()
    library = Library(default_cache(), here)
    if distribution is not None:
        try:
            library.choose(distribution, "newest")
        except UnknownVersionError as error:
            click.echo(str(error), err=True)
            return 2
    chosen = library.distributions if distribution is None else (canonical(distribution),)
    with progress_bar() as step:
        counts = dict(_counts(library, chosen, distribution is not None, step))
    if output_format == "json":
        click.echo(json.dumps(_plain(library, chosen, counts, here), indent=2, ensure_ascii=False))
    else:
        click.echo("\n".join(_text(library, chosen, counts, here)), color=color)
    return 0


def _counts(
    library: Library, distributions: Sequence[str], every: bool, step: Step
) -> Iterator[tuple[tuple[str, str], tuple[int, int]]]:
    """(distribution, version) -> its public classes and functions, of every shipped version or of the newest alone."""
    for name in distributions:
        versions = [known for known in library.versions(name) if known.read is None]
        if every:
            for version, (classes, functions) in _over_versions(library, name, step).items():
                yield (name, version), (classes, functions)
        elif versions:
            newest = versions[-1]
            told_of = partial(step, f"Counting {name} {newest.version}")
            told = edition(library.open(newest), name, newest.version, told_of)
            kinds = Counter(entry.role == "function" for entry in told.names.values() if entry is not None)
            yield (name, newest.version), (kinds[False], kinds[True])


def _over_versions(library: Library, distribution: str, step: Step) -> dict[str, tuple[int, int]]:
    """Classes and functions of each shipped version, each entry once, however many public names it has."""
    index = library.indexes.get(distribution)
    if index is None:
        return {}
    past = open_signatures()
    seen: dict[str, tuple[set[str], set[str]]] = {version: (set(), set()) for version in index.versions}
    names = sorted(f"{module}.{name}" for module, exported in index.exports.items() for name in exported)
    for done, name in enumerate(names):
        if done % N_BETWEEN == 0:
            step(f"Counting {distribution}", done, len(names))
        history = past.history(name)
        for version in index.versions:
            item = at_version(history, version)
            if item is not None and item.entry is not None:
                seen[version][item.entry.role == "function"].add(item.entry.qualified)
    return {version: (len(classes), len(functions)) for version, (classes, functions) in seen.items()}


def _text(
    library: Library,
    distributions: Sequence[str],
    counts: dict[tuple[str, str], tuple[int, int]],
    here: Sequence[Installed],
) -> Iterator[str]:
    shipped = [name for name in distributions if library.shipped.get(name)]
    there = {item.distribution: item for item in here}
    width = min(160, shutil.get_terminal_size((120, 24)).columns)
    left = max((len(name) for name in distributions), default=0)
    yield click.style("Shipped with Keyward", bold=True)
    for name in shipped:
        if len(distributions) == 1:
            yield from _versions(library, name, counts, there)
            continue
        versions = library.shipped[name]
        *_, newest = versions
        classes, functions = counts.get((name, newest), (0, 0))
        note = f"{newest}: {classes:,} classes, {functions:,} functions"
        label = f"{len(versions)} versions, {versions[0]} to {newest}" if len(versions) > 1 else f"1 version, {newest}"
        yield f"  {click.style(f'{name:<{left}}', fg='cyan')}  {label:<34}  {note}"
    if not shipped:
        yield "  none"
    yield ""
    yield click.style(f"Read on this machine ({library.cache})", bold=True)
    read = [item for item in library.cached if item.installed.distribution in distributions]
    for item in read:
        yield from _read(item, left, there, width)
    if not read:
        yield "  nothing yet"


def _versions(
    library: Library, name: str, counts: dict[tuple[str, str], tuple[int, int]], there: dict[str, Installed]
) -> Iterator[str]:
    for known in library.versions(name):
        if known.read is not None:
            continue
        classes, functions = counts[name, known.version]
        here = name in there and order(there[name].version) == order(known.version)
        mark = f"  {click.style('installed here', fg='green')}" if here else ""
        label = click.style(f"{known.version:<10}", fg="cyan")
        yield f"  {label}  {classes:>6,} classes  {functions:>6,} functions{mark}"


def _read(item: Cached, left: int, there: dict[str, Installed], width: int) -> Iterator[str]:
    name = item.installed.distribution
    when = datetime.fromtimestamp(item.modified).strftime("%Y-%m-%d %H:%M")
    parts = [
        "complete" if item.complete else "incomplete",
        f"{item.size / 2**20:.1f} MiB",
        when,
        _where(item, there),
    ]
    label = click.style(f"{name:<{left}}", fg="cyan")
    yield f"  {label}  {item.installed.version:<12}  {'  '.join(filter(None, parts))}"
    for problem in item.index.problems[:3]:
        yield from textwrap.wrap(problem, width, initial_indent=" " * 6, subsequent_indent=" " * 8)
    if len(item.index.problems) > 3:
        yield f"      and {len(item.index.problems) - 3:,} more modules could not be read"


def _where(item: Cached, there: dict[str, Installed]) -> str:
    """Whether it is of the environment that is looked at: the cache does not say where others lie."""
    mine = there.get(item.installed.distribution)
    if mine is None or mine.fingerprint != item.installed.fingerprint:
        return "of another environment"
    return f"of {mine.place}" if mine.place else "of this interpreter"


def _plain(
    library: Library,
    distributions: Sequence[str],
    counts: dict[tuple[str, str], tuple[int, int]],
    here: Sequence[Installed],
) -> dict[str, Any]:
    there = {item.distribution: item for item in here}

    def counted(known: Known) -> dict[str, int]:
        found = counts.get((known.distribution, known.version))
        return {} if found is None else {"classes": found[0], "functions": found[1]}

    return {
        "cache": str(library.cache),
        "shipped": [
            {
                "distribution": name,
                "versions": [
                    {"version": known.version, **counted(known)} for known in library.versions(name) if not known.read
                ],
            }
            for name in distributions
            if library.shipped.get(name)
        ],
        "read": [
            {
                "distribution": item.installed.distribution,
                "version": item.installed.version,
                "complete": item.complete,
                "bytes": item.size,
                "time": datetime.fromtimestamp(item.modified, timezone.utc).isoformat(timespec="seconds"),
                "here": item.installed.distribution in there
                and there[item.installed.distribution].fingerprint == item.installed.fingerprint,
                "problems": list(item.index.problems),
            }
            for item in library.cached
            if item.installed.distribution in distributions
        ],
        "installed": {name: there[name].version for name in distributions if name in there},
    }
