"""A project whose environment has the stand-in libraries, and the command line run in it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from keyward.cli.app import main

Command = Callable[..., Result]


@pytest.fixture(scope="session")
def cli_cache(standin_cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for XDG_CACHE_HOME that holds the index of the stand-ins."""
    folder = tmp_path_factory.mktemp("xdg")
    shutil.copytree(standin_cache, folder / "keyward")
    return folder


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, the current one."""
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def keyward(cli_cache: Path, standin_python: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Runs a command with the stand-ins as its environment."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(cli_cache))
    monkeypatch.setenv("VIRTUAL_ENV", str(standin_python.parent.parent))

    def run(*arguments: str, **options: Any) -> Result:
        return CliRunner().invoke(main, arguments, **options)

    return run


@pytest.fixture
def diagnostics(keyward: Command) -> Callable[..., list[dict[str, Any]]]:
    """The diagnostics that `check` prints as JSON."""

    def run(*paths: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(keyward("check", "--output-format", "json", *paths).stdout)[
            "diagnostics"
        ]
        return found

    return run
