"""`keyward signature NAME --version V` and `--history`: what other versions of its library say of a name."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

import click

from ..environment.fingerprint import canonical, installed
from ..environment.index import default_cache
from ..environment.interpreter import Interpreter
from ..session.known import Known, Library, UnknownVersionError
from ..signatures.model import Dated, Entry
from ..signatures.periods import Period
from ..signatures.store import Found, Signatures, at_version, open_signatures
from ..signatures.timeline import Table, Timeline, timeline
from . import signature
from .progress import Step, progress_bar


def run(name: str, version: str | None, history: bool, interpreter: Interpreter, color: bool | None) -> int:
    """Prints it, and gives the exit code."""
    library = Library(default_cache(), installed(interpreter) if interpreter.path else ())
    distributions = _distributions(name, library)
    if not distributions:
        click.echo(f"{name} is a public name of no version that is known of {_listed(library)}.", err=True)
        return 2
    if history:
        return _history(name, distributions, library, color)
    assert version is not None
    return _version(name, version, distributions, library, color)


def _distributions(name: str, library: Library) -> dict[str, str]:
    """Those that may have the name, in any version -> its qualified name."""
    top = canonical(name.partition(".")[0])
    found = library.exporting(name)
    if not found and "." in name and library.versions(top):
        return {top: name}
    return found


def _listed(library: Library) -> str:
    return ", ".join(name for name in library.distributions if library.versions(name)) or "any library"


# --- one version ----------------------------------------------------------------------------------------------------


def _version(name: str, version: str, distributions: Mapping[str, str], library: Library, color: bool | None) -> int:
    shown, problems = [], []
    for distribution, qualified in distributions.items():
        try:
            known = library.choose(distribution, version)
        except UnknownVersionError as error:
            problems.append(str(error))
            continue
        if known.note:
            click.echo(known.note, err=True)
        opened = library.open(known)
        found = _found(name, known, opened)
        shown += [signature.text(item, opened) for item in found]
        if not found:
            problems.append(
                f"{name} is not in {distribution} {known.version}: {_when(qualified, distribution, library)}"
            )
    if not shown:
        click.echo("\n".join(problems), err=True)
        return 2
    click.echo("\n\n".join(shown), color=color)
    return 0


def _found(name: str, known: Known, opened: Signatures) -> list[Found]:
    """What the name means in this version of this distribution."""
    return [item for item in signature.resolve(name, opened) if item.library.distribution == known.distribution]


def _when(name: str, distribution: str, library: Library) -> str:
    with progress_bar() as step:
        told = _timeline(name, distribution, library, step)
    present = [period for period in told.lifetime if period.fate == "present"]
    if not present:
        return "nor in any other version that is known."
    later = open_signatures().replacement(name)
    instead = f"; {later.name} took its place" if later is not None else ""
    return f"it is in {', '.join(_span(period) for period in present)}{instead}."


# --- all versions ---------------------------------------------------------------------------------------------------


def _history(name: str, distributions: Mapping[str, str], library: Library, color: bool | None) -> int:
    shown = []
    for distribution, qualified in distributions.items():
        with progress_bar() as step:
            told = _timeline(qualified, distribution, library, step)
        if told.known:
            shown.append("\n".join(_text(qualified, distribution, told, library)))
    if not shown:
        click.echo(f"{name} is in no version that is known of {', '.join(distributions)}.", err=True)
        return 2
    click.echo("\n\n".join(shown), color=color)
    return 0


def _timeline(name: str, distribution: str, library: Library, step: Step) -> Timeline:
    """Shipped versions are told by the history at once; those that were read on this machine are opened."""
    past = open_signatures()
    history = past.history(name)
    opened: dict[str, Signatures] = {}
    entries: list[Dated] = []
    versions = library.versions(distribution)
    for done, known in enumerate(versions):
        if known.read is None:
            item = at_version(history, known.version)
            entries.append(Dated(known.version, item.entry if item is not None else None))
            continue
        step(f"Opening {distribution} {known.version}", done, len(versions))
        opened[known.version] = library.open(known)
        found = opened[known.version].find(name)
        entries.append(Dated(known.version, found.entry if found is not None else None))
    past_of = lru_cache(maxsize=None)(past.history)

    def returned(version: str, qualified: str) -> Entry | None:
        if version in opened:
            found = opened[version].find(qualified)
            return found.entry if found is not None else None
        item = at_version(past_of(qualified), version)
        return item.entry if item is not None else None

    return timeline(entries, [known.version for known in versions], returned)


def _text(name: str, distribution: str, told: Timeline, library: Library) -> Iterator[str]:
    versions = library.versions(distribution)
    first, last = versions[0].version, versions[-1].version
    known = f"{distribution}, {len(versions)} versions from {first} to {last}" if len(versions) > 1 else distribution
    yield f"{click.style(name, bold=True)}  {click.style(f'({known})', dim=True)}"
    present = [period for period in told.lifetime if period.fate == "present"]
    for period in present:
        yield f"  there {_dated(period, first, last)}"
    past = open_signatures()
    if (later := past.replacement(name)) is not None:
        yield f"  replaced by {click.style(later.name, fg='cyan')}, says {later.source}"
    for module, period in told.modules:
        where = "" if len(told.modules) == 1 else f"  {_span(period)}"
        yield f"  defined in {module}{where}"
    for table in told.tables:
        yield ""
        place = {"__init__": "init", "forward": "call", "__call__": "call", "": "call"}.get(table.within)
        place = place or f"method:{table.within}"
        instead = {
            row.name: found.name
            for row in table.rows
            if table.within != "fields" and not row.throughout and row.periods[-1].fate != "accepted"
            if (found := past.keyword_replacement(name, row.name, place)) is not None
        }
        yield from _table(name, table, instead, present[0].since, present[-1].until)


def _table(name: str, table: Table, instead: Mapping[str, str], first: str, last: str) -> Iterator[str]:
    title = {"": name, "__init__": f"{_last(name)}()", "fields": "Fields of what it returns"}
    yield click.style(title.get(table.within, f"{_last(name)}.{table.within}"), bold=True)
    constant = [row.name for row in table.rows if row.throughout and row.periods[0].fate in ("accepted", "present")]
    changing = [row for row in table.rows if not row.throughout]
    left = min(max((len(row.name) for row in changing), default=0), 34)
    left = max(left, len("other keywords"))
    if constant:
        yield from _wrapped("throughout", left, ", ".join(constant))
    for row in changing:
        later = f"; {instead[row.name]} took its place" if row.name in instead else ""
        yield from _wrapped(row.name, left, _told(row.periods, first, last) + later, "cyan")
    if table.others:
        yield from _wrapped("other keywords", left, _told(table.others, first, last))


def _wrapped(label: str, left: int, told: str, colour: str | None = None) -> Iterator[str]:
    lines = textwrap.wrap(told, max(20, signature.width() - left - 4), break_on_hyphens=False)
    yield f"  {click.style(f'{label:<{left}}', fg=colour, dim=colour is None)}  {lines[0]}"
    yield from (f"  {'':<{left}}  {line}" for line in lines[1:])


def _told(periods: Sequence[Period], first: str, last: str) -> str:
    words = {"present": "there", "absent": "not there", "open": "not known"}
    return ", ".join(f"{words.get(period.fate, period.fate)} {_dated(period, first, last)}" for period in periods)


def _dated(period: Period, first: str, last: str) -> str:
    """ "since 4.40.0", "until 4.57.6", "4.40.0 to 4.57.6"; ends beyond which nothing is known are left out."""
    if period.since == first and period.until == last:
        return "throughout"
    if period.since == first:
        return f"until {period.until}"
    return f"since {period.since}" if period.until == last else _span(period)


def _span(period: Period) -> str:
    return period.since if period.since == period.until else f"{period.since} to {period.until}"


def _last(name: str) -> str:
    return name.rpartition(".")[2]
