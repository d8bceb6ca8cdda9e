"""Fixtures of all tests. The stand-in libraries are indexed once in a session, by the real worker."""

from __future__ import annotations

from pathlib import Path

import pytest

from keyward.environment.fingerprint import installed
from keyward.environment.index import update_index
from keyward.environment.interpreter import Interpreter, find_interpreter
from keyward.signatures.store import Signatures, open_signatures
from standin.environment import make_environment


@pytest.fixture(scope="session")
def standin_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An interpreter in an environment `.venv` that has the stand-ins for torch 2.0.0 and transformers 5.0.9."""
    return make_environment(tmp_path_factory.mktemp("standin") / ".venv")


@pytest.fixture(scope="session")
def standin_interpreter(standin_python: Path) -> Interpreter:
    return find_interpreter(standin_python)


@pytest.fixture(scope="session")
def standin_cache(standin_interpreter: Interpreter, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache folder that holds the index of the stand-ins."""
    report = update_index(standin_interpreter, tmp_path_factory.mktemp("cache"))
    assert report.problems == ()
    assert set(report.indexed) == {"torch", "transformers"}
    return report.cache


@pytest.fixture(scope="session")
def standin(
    standin_interpreter: Interpreter, standin_cache: Path, tmp_path_factory: pytest.TempPathFactory
) -> Signatures:
    """What is known of the stand-ins, and of nothing else (no shipped signatures)."""
    return open_signatures(installed(standin_interpreter), standin_cache, tmp_path_factory.mktemp("nothing-shipped"))
