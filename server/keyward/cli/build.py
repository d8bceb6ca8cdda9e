"""`keyward signatures build`: adds an installed version of a library to a folder of shipped signatures."""

from __future__ import annotations

from pathlib import Path

import click

from ..environment.build import BuildError, build_history
from ..environment.index import Progress
from .files import why
from .progress import progress_bar


def run(python: str, distribution: str, output: str) -> int:
    """Builds it, and gives the exit code."""
    with progress_bar() as step:

        def tell(progress: Progress) -> None:
            step(f"Reading {progress.distribution}", progress.done, progress.total)

        try:
            version = build_history(python, distribution, Path(output), tell)
        except (BuildError, ValueError) as error:
            click.echo(str(error), err=True)
            return 2
        except OSError as error:
            click.echo(f"{output} cannot be written: {why(error)}.", err=True)
            return 2
    click.echo(f"{distribution} {version} is in {output}.")
    return 0
