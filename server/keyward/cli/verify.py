"""`keyward signatures verify`: reads libraries by the worker and from source, and tells where the two differ."""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from ..environment.build import BuildError, read_installed
from ..environment.fingerprint import canonical, installed
from ..environment.index import Progress
from ..signatures.agreement import Agreement, Difference, agreement
from ..signatures.store import Installed
from . import environments
from .progress import progress_bar

EXPECTED = 0.995
"""The share of public classes and functions that have to be the same."""
N_SHOWN = 12
"""Differences of one kind and cause that are shown."""


def run(names: tuple[str, ...], python: str | None, output_format: str, everything: bool, color: bool | None) -> int:
    """Prints it. The exit code: 0 where all agree, 1 where one does less than it has to, 2 where one is unknown."""
    interpreter = environments.find(python)
    here = {item.distribution: item for item in installed(interpreter)}
    wanted = [canonical(name) for name in names] or [name for name in ("torch", "transformers") if name in here]
    missing = [name for name in wanted if name not in here]
    if missing or not wanted:
        what = f"{', '.join(missing)} is" if missing else "Neither torch nor transformers is"
        click.echo(interpreter.problem or f"{what} not installed for {interpreter.path}.", err=True)
        return 2
    found: list[Agreement] = []
    for name in wanted:
        try:
            found.append(_verified(interpreter, here[name]))
        except BuildError as error:
            click.echo(f"{name} cannot be verified: {error}", err=True)
            return 2
        if output_format == "text":
            click.echo("\n".join(_text(found[-1], everything)), color=color)
    if output_format == "json":
        click.echo(json.dumps([_as_json(item) for item in found], indent=2))
    return 0 if all(item.share >= EXPECTED for item in found) else 1


def _verified(interpreter: Any, item: Installed) -> Agreement:
    with progress_bar() as step, tempfile.TemporaryDirectory(prefix="keyward-") as cache:
        ways = ("Importing", "Reading")

        def tell(way: str) -> Any:
            def said(progress: Progress) -> None:
                step(f"{way} {progress.distribution}", progress.done, progress.total)

            return said

        imported, read = (
            read_installed(interpreter, item, Path(cache, way), trusted=way == ways[0], progress=tell(way))
            for way in ways
        )
    return agreement(imported, read)


def _text(found: Agreement, everything: bool) -> Iterable[str]:
    title = click.style(f"{found.distribution} {found.version}", bold=True)
    same = found.n_public - len(found.names)
    colour = "green" if found.share >= EXPECTED else "red"
    share = click.style(f"{found.share:.2%}", fg=colour)
    yield f"{title}  {same:,} of {found.n_public:,} public classes and functions are the same: {share}"
    yield f"  with effective keywords: {found.share_with_keywords:.2%}"
    if found.n_compiled:
        yield f"  {found.n_compiled:,} more have no source: they are compiled, or made while the library runs"
    groups: Counter[tuple[str, str]] = Counter((item.kind, item.cause) for item in _all(found))
    for (kind, cause), number in groups.most_common():
        yield f"  {number:,} {kind}: {cause}"
        members = [item for item in _all(found) if (item.kind, item.cause) == (kind, cause)]
        for item in members if everything else members[:N_SHOWN]:
            place = f"{item.name} {item.part}".strip()
            yield click.style(f"      {place}: {item.imported} | {item.read}", dim=True)
        if not everything and number > N_SHOWN:
            yield click.style(f"      {number - N_SHOWN:,} more: --all shows them", dim=True)


def _all(found: Agreement) -> tuple[Difference, ...]:
    return (*found.differences, *found.keywords)


def _as_json(found: Agreement) -> dict[str, Any]:
    return {
        "distribution": found.distribution,
        "version": found.version,
        "public": found.n_public,
        "compiled": found.n_compiled,
        "share": round(found.share, 5),
        "share_with_keywords": round(found.share_with_keywords, 5),
        "differences": [vars(item) for item in _all(found)],
    }
