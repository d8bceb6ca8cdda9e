"""Progress of long work on standard error, where that is a terminal; silence elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Step = Callable[[str, int, int], None]
"""Told what is being done, and how many steps of how many are made."""


@contextmanager
def progress_bar() -> Iterator[Step]:
    """A bar that is drawn at the first step and wiped away at the end."""
    if not sys.stderr.isatty():
        yield lambda label, done, total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", visible=False)
        yield lambda label, done, total: bar.update(
            task, description=label, completed=done, total=max(total, 1), visible=True
        )
