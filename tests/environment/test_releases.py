"""A release is read from its wheel as if it were installed, and added to a history; nothing else of that changes."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from keyward.environment.build import read_installed
from keyward.environment.fingerprint import installed
from keyward.environment.import_path import import_path
from keyward.environment.interpreter import Interpreter, find_interpreter
from keyward.environment.releases import ReleaseError, read_release
from keyward.signatures.history import Release, merge, published
from keyward.signatures.store import open_signatures
from standin.environment import make_environment
from standin.wheel import make_wheel, with_labels


@pytest.fixture
def interpreter(tmp_path: Path) -> Interpreter:
    return find_interpreter(make_environment(tmp_path / ".venv"))


def read(interpreter: Interpreter, wheel: Path, version: str) -> Release:
    return read_release("transformers", version, wheel, import_path(interpreter))


def public(release: Release) -> dict[str, object]:
    return {
        name: (entry.call, entry.init, entry.methods, entry.fields)
        for family in published(release).families.values()
        for name, entry in family.items()
    }


def test_a_wheel_says_what_the_installed_library_says(interpreter: Interpreter, tmp_path: Path) -> None:
    item = next(item for item in installed(interpreter) if item.distribution == "transformers")
    wheel = make_wheel(tmp_path, item.version)
    imported = read_installed(interpreter, item, tmp_path / "cache", trusted=True)
    assert public(read(interpreter, wheel, item.version)) == public(imported)


def test_another_release_is_told_apart_and_the_first_stays(interpreter: Interpreter, tmp_path: Path) -> None:
    history = tmp_path / "history"
    old = make_wheel(tmp_path, "1.0")
    merge(history / "transformers", published(read(interpreter, old, "1.0")))
    before = {path.name: path.read_bytes() for path in (history / "transformers" / "families").iterdir()}
    new = make_wheel(tmp_path, "2.0", with_labels)
    merge(history / "transformers", published(read(interpreter, new, "2.0")))
    after = {path.name: path.read_bytes() for path in (history / "transformers" / "families").iterdir()}
    assert {name for name in after if after[name] != before.get(name)} == {"deit.keyward"}
    takes = {}
    for version in ("1.0", "2.0"):
        found = open_signatures(shipped=history, against={"transformers": version}).find("transformers.DeiTModel")
        assert found is not None
        assert found.entry.call is not None
        takes[version] = found.entry.call.takes("labels")
    assert takes == {"1.0": False, "2.0": True}


def test_a_wheel_with_nothing_to_read_is_one_sentence(interpreter: Interpreter, tmp_path: Path) -> None:
    wheel = tmp_path / "transformers-3.0-py3-none-any.whl"
    wheel.write_bytes(b"no zip file")
    site = next(path for path in import_path(interpreter).entries if (path / "transformers").is_dir())
    shutil.rmtree(site / "transformers")
    with pytest.raises(ReleaseError) as error:
        read(interpreter, wheel, "3.0")
    assert "\n" not in str(error.value)
