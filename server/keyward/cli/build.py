"""`keyward signatures build`: adds an installed version of a library to a folder of shipped signatures."""

from __future__ import annotations

from pathlib import Path

from ..signatures.history import build_history
from .progress import progress_bar


def run(python: str, distribution: str, output: str) -> None:
    with progress_bar() as step:
        build_history(Path(python), distribution, Path(output), step)
