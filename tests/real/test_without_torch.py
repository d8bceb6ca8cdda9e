"""What is read of an environment that has no torch."""

from __future__ import annotations

from pathlib import Path

import pytest

from environments import interpreter
from keyward.cli.environments import bring_up_to_date
from keyward.environment.fingerprint import installed
from keyward.environment.interpreter import find_interpreter
from keyward.signatures.store import open_signatures

pytestmark = pytest.mark.real


def test_keras_is_read_without_torch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    found = find_interpreter(interpreter("tensorflow"))
    wanted = ("keras", "torch", "numpy")
    read: set[str] = set()
    cache, problems = bring_up_to_date(found, wanted, lambda text, done, total: read.add(text.removeprefix("Reading ")))
    assert (read, problems) == ({"keras"}, ())
    assert open_signatures(installed(found), cache).find("keras.layers.Dense") is not None
