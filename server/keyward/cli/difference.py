"""`keyward signatures diff`: what is different between two versions of a library."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Sequence
from functools import partial

import click

from ..environment.fingerprint import canonical, installed
from ..environment.index import default_cache
from ..session.known import Known, Library, UnknownVersionError
from ..signatures.difference import Difference, compare, matches
from ..signatures.edition import Edition, edition
from . import environments
from .progress import Step, progress_bar

N_WHOLE = 40
"""Facts about the names that were asked for that are shown without being asked to shorten nothing."""


def run(
    distribution: str,
    versions: tuple[str, str],
    names: Sequence[str],
    python: str | None,
    output_format: str,
    everything: bool,
    color: bool | None,
) -> int:
    """Prints it, and gives the exit code: 1 where something raises or goes silent."""
    interpreter = environments.find(python)
    if python and interpreter.problem:
        click.echo(interpreter.problem, err=True)
        return 2
    library = Library(default_cache(), installed(interpreter) if interpreter.path else ())
    try:
        old, new = (library.choose(distribution, version) for version in versions)
    except UnknownVersionError as error:
        click.echo(str(error), err=True)
        return 2
    for known in (old, new):
        if known.note:
            click.echo(known.note, err=True)
    with progress_bar() as step:
        before, after = _edition(library, old, step), _edition(library, new, step)
        step("Comparing", 0, 1)
        difference = compare(before, after, names)
    for name in names:
        if not any(matches(public, entry, name) for one in (before, after) for public, entry in one.names.items()):
            click.echo(f"{name} is no name of {canonical(distribution)} {old.version} or {new.version}.", err=True)
            return 2
    if output_format == "json":
        from .formats.difference import plain

        click.echo(json.dumps(plain(difference), indent=2, ensure_ascii=False))
    else:
        _show(difference, everything or (bool(names) and len(difference.facts) <= N_WHOLE), color)
    return 1 if any(fact.consequence.breaks for fact in difference.facts) else 0


def _edition(library: Library, known: Known, step: Step) -> Edition:
    told = partial(step, f"Opening {known.distribution} {known.version}")
    return edition(library.open(known), known.distribution, known.version, told)


def _show(difference: Difference, everything: bool, color: bool | None) -> None:
    """On a terminal that is too small through the pager."""
    from .formats.difference import text

    size = shutil.get_terminal_size((120, 24))
    shown = text(difference, min(160, size.columns), everything)
    if sys.stdout.isatty() and shown.count("\n") >= size.lines:
        click.echo_via_pager(shown, color=color)
    else:
        click.echo(shown, color=color)
