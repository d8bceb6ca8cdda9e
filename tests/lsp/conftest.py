"""A server for each test, in a folder whose `.venv` has the stand-in libraries, indexed already."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from .editor import Editor, capabilities, editing

Start = Callable[..., AbstractAsyncContextManager[Editor]]


@pytest.fixture(scope="session")
def cache_home(standin_cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the platform's cache folder is for a server."""
    home = tmp_path_factory.mktemp("cache-home")
    (home / "keyward").symlink_to(standin_cache)
    return home


@pytest.fixture
def start(cache_home: Path, standin_python: Path, tmp_path: Path) -> Start:
    """Starts a server for a folder of its own: `async with start(pull=True) as editor`."""

    def begin(
        options: dict[str, Any] | None = None,
        folders: tuple[Path, ...] = (),
        settings: dict[str, dict[str, Any]] | None = None,
        cache: Path | None = None,
        **declared: Any,
    ) -> AbstractAsyncContextManager[Editor]:
        python = {"python": str(standin_python)}
        return editing(
            tmp_path,
            cache or cache_home,
            capabilities(**declared),
            python if options is None else options,
            folders,
            {"": {"keyward": python}} if settings is None else settings,
        )

    return partial(begin)
