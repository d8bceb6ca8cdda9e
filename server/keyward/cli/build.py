"""`keyward signatures build`: adds versions of libraries to a folder of shipped signatures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import click
import msgspec

from ..environment.build import BuildError, build_history, build_releases
from ..environment.index import Progress
from ..environment.releases import ReleaseError
from .files import why
from .progress import progress_bar


class Releases(msgspec.Struct, frozen=True):
    """What a history is made from, as `releases.json` beside it says."""

    released: dict[str, list[str]]
    """Distribution -> versions that are read from their wheels."""
    installed: list[str] = []
    """Distributions whose installed version is read by importing it: their wheels are too large to be fetched."""


def run(python: str, distribution: str | None, versions: tuple[str, ...], everything: bool, output: str) -> int:
    """Builds them, and gives the exit code."""
    folder = Path(output)
    try:
        if everything:
            releases = msgspec.json.decode((folder / "releases.json").read_bytes(), type=Releases)
            _read(releases.released, python, folder)
            for name in releases.installed:
                _import(name, python, folder)
        elif distribution is None:
            raise click.UsageError("Say which library with --distribution NAME, or --all.")
        elif versions:
            _read({distribution: versions}, python, folder)
        else:
            _import(distribution, python, folder)
    except (BuildError, ReleaseError, ValueError) as error:
        click.echo(str(error), err=True)
        return 2
    except OSError as error:
        click.echo(f"{output} cannot be read or written: {why(error)}.", err=True)
        return 2
    return 0


def _read(wanted: Mapping[str, Iterable[str]], python: str, folder: Path) -> None:
    with progress_bar() as step:

        def tell(progress: Progress) -> None:
            step(f"Reading {progress.distribution}", progress.done, progress.total)

        for line in build_releases(wanted, python, folder, tell):
            click.echo(line)


def _import(distribution: str, python: str, folder: Path) -> None:
    with progress_bar() as step:

        def tell(progress: Progress) -> None:
            step(f"Reading {progress.distribution}", progress.done, progress.total)

        version = build_history(python, distribution, folder, tell)
    click.echo(f"{distribution} {version} is in {folder}.")
