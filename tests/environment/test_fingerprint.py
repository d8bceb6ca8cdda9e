"""What an interpreter has installed, read from files alone."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from keyward.environment.fingerprint import installed, site_folders
from keyward.environment.interpreter import Interpreter

pytestmark = pytest.mark.skipif(os.name == "nt", reason="lays out environments as on Unix")


@pytest.fixture
def interpreter(tmp_path: Path) -> Interpreter:
    folder = tmp_path / ".venv"
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "python").write_text("not to be started")
    (folder / "pyvenv.cfg").write_text("home = /nowhere/bin\ninclude-system-site-packages = false\n")
    (folder / "lib" / "python3.11" / "site-packages").mkdir(parents=True)
    return Interpreter(folder / "bin" / "python", "test")


def site(interpreter: Interpreter) -> Path:
    return site_folders(interpreter)[0]


def install(folder: Path, name: str, version: str) -> Path:
    info = folder / f"{name}-{version}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Name: {name}\nVersion: {version}\n")
    (info / "RECORD").write_text("")
    return info


def test_names_are_normal_and_versions_as_installed(interpreter: Interpreter) -> None:
    install(site(interpreter), "My_Package.Thing", "1.0")
    install(site(interpreter), "torch", "2.13.0+cpu")
    found = {item.distribution: (item.version, item.place) for item in installed(interpreter)}
    assert found == {"my-package-thing": ("1.0", ".venv"), "torch": ("2.13.0+cpu", ".venv")}


def test_the_fingerprint_is_stable_and_follows_the_record(interpreter: Interpreter) -> None:
    info = install(site(interpreter), "torch", "2.13.0")
    (first,) = installed(interpreter)
    assert installed(interpreter) == (first,)
    (info / "RECORD").write_text("torch/__init__.py,,\n")
    (second,) = installed(interpreter)
    assert second.fingerprint != first.fingerprint


def test_folders_that_pth_files_add_are_looked_at_and_their_code_is_not_run(
    interpreter: Interpreter, tmp_path: Path
) -> None:
    editable = tmp_path / "checkout"
    install(editable, "mine", "0.1")
    (site(interpreter) / "mine.pth").write_text(f"import os; os.abort()\n{editable}\n{tmp_path}/missing\n")
    assert [item.distribution for item in installed(interpreter)] == ["mine"]


def test_nothing_is_found_where_nothing_is(tmp_path: Path) -> None:
    assert installed(Interpreter(None, "nothing", "no Python")) == ()
    assert installed(Interpreter(tmp_path / "bin" / "python", "test")) == ()


def test_a_user_s_own_packages_count_for_interpreters_of_that_version_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for version in ("python3.11", "python3.9"):
        install(tmp_path / "home" / ".local" / "lib" / version / "site-packages", f"for-{version[6:]}", "1.0")
    install(tmp_path / "usr" / "lib" / "python3.11" / "site-packages", "torch", "2.0")
    found = installed(Interpreter(tmp_path / "usr" / "bin" / "python3", "test"))
    assert [item.distribution for item in found] == ["for-3-11", "torch"]
