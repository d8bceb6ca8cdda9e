"""What an interpreter has installed, read from files alone."""

from __future__ import annotations

import os
import shutil
import time
import zipfile
from pathlib import Path

import pytest

from keyward.environment.fingerprint import QUIET, Survey, installed, still_installing, survey
from keyward.environment.import_path import import_path
from keyward.environment.interpreter import Interpreter

from .layout import install, lay_out, site

pytestmark = pytest.mark.skipif(os.name == "nt", reason="lays out environments as on Unix")


@pytest.fixture
def interpreter(tmp_path: Path) -> Interpreter:
    return lay_out(tmp_path / ".venv")


def versions(interpreter: Interpreter) -> dict[str, str]:
    return {item.distribution: item.version for item in installed(interpreter)}


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


def test_the_version_that_comes_first_on_the_path_counts(interpreter: Interpreter, tmp_path: Path) -> None:
    install(site(interpreter), "torch", "2.0.0")
    install(tmp_path / "checkout", "torch", "3.0.0")
    (site(interpreter) / "x.pth").write_text(f"{tmp_path}/checkout\n")
    seen = survey(interpreter)
    assert [item.version for item in seen.installed] == ["2.0.0"]
    assert [placed.installed.version for placed in seen.shadowed] == ["3.0.0"]


def test_of_two_records_in_one_folder_the_one_written_last_counts(interpreter: Interpreter) -> None:
    """An interrupted upgrade leaves the record of the old version; its files are those of the new one."""
    for version, age in (("9.0", 200), ("10.0", 100), ("8.0", 300)):
        info = install(site(interpreter), "torch", version)
        then = time.time() - age
        os.utime(info / "RECORD", (then, then))
        os.utime(info / "METADATA", (then, then))
    shutil.rmtree(site(interpreter) / "torch-8.0.dist-info")
    (site(interpreter) / "torch-11.0.dist-info").mkdir()
    assert versions(interpreter) == {"torch": "10.0"}


def test_records_without_version_are_read(interpreter: Interpreter) -> None:
    for name, text in (("told", "Metadata-Version: 2.1\nName: told\nVersion: 1.5\n"), ("silent", "Name: silent\n")):
        (site(interpreter) / f"{name}.dist-info").mkdir()
        (site(interpreter) / f"{name}.dist-info" / "METADATA").write_text(text)
    (site(interpreter) / "empty.dist-info").mkdir()
    (site(interpreter) / "evil.dist-info").mkdir()
    (site(interpreter) / "evil.dist-info" / "METADATA").write_text("Version: ../../../1.0\n")
    assert versions(interpreter) == {"told": "1.5", "silent": "unknown", "empty": "unknown", "evil": "unknown"}


@pytest.mark.parametrize("file", ["METADATA", "RECORD", "direct_url.json"])
@pytest.mark.parametrize("damage", [None, b"", b"\xff\xfe\0", b'"unclosed\n' * 3, b"{"])
def test_a_record_that_is_damaged_is_seen_all_the_same(
    interpreter: Interpreter, file: str, damage: bytes | None
) -> None:
    info = install(site(interpreter), "nets", "1.0", "nets/__init__.py")
    (info / file).unlink(missing_ok=True)
    if damage is not None:
        (info / file).write_bytes(damage)
    assert versions(interpreter) == {"nets": "1.0"}
    provided = survey(interpreter).provided("nets")
    assert provided is not None
    assert (provided.names, provided.source) == (("nets",), True)


def test_what_pip_puts_aside_is_no_distribution(interpreter: Interpreter) -> None:
    install(site(interpreter), "~orch", "2.0")
    install(site(interpreter), "-orch", "2.0")
    assert versions(interpreter) == {}


def test_distributions_in_eggs_are_seen(interpreter: Interpreter, tmp_path: Path) -> None:
    folder = site(interpreter)
    with zipfile.ZipFile(folder / "zipped-1.0-py3.11.egg", "w") as egg:
        egg.writestr("EGG-INFO/PKG-INFO", "Name: zipped\nVersion: 1.0\n")
        egg.writestr("zipped/__init__.py", "")
        egg.writestr("zipped/fast.so", "")
    with zipfile.ZipFile(tmp_path / "plain.zip", "w") as plain:
        plain.writestr("plain-2.0.dist-info/METADATA", "Name: plain\nVersion: 2.0\n")
        plain.writestr("plain.pyc", "")
    unpacked = folder / "unpacked-3.0-py3.11-linux-x86_64.egg"
    (unpacked / "EGG-INFO").mkdir(parents=True)
    (unpacked / "EGG-INFO" / "PKG-INFO").write_text("Name: unpacked\nVersion: 3.0\n")
    (unpacked / "unpacked.py").write_text("")
    (folder / "easy-install.pth").write_text(f"./zipped-1.0-py3.11.egg\n{tmp_path}/plain.zip\n./{unpacked.name}\n")
    assert versions(interpreter) == {"zipped": "1.0", "plain": "2.0", "unpacked": "3.0"}
    seen = survey(interpreter)
    found = {name: seen.provided(name) for name in ("zipped", "plain", "unpacked")}
    assert {name: (it.names, it.source) for name, it in found.items() if it is not None} == {
        "zipped": (("zipped",), True),
        "plain": (("plain",), False),
        "unpacked": (("unpacked",), True),
    }
    assert all(import_path(interpreter).finds(name) for name in ("zipped", "plain", "unpacked"))
    before = installed(interpreter)
    with zipfile.ZipFile(tmp_path / "plain.zip", "a") as plain:
        plain.writestr("plain-2.0.dist-info/more", "")
    assert not seen.holds()
    assert {item.distribution for item in set(installed(interpreter)) - set(before)} == {"plain"}


def test_an_editable_install_follows_its_source(interpreter: Interpreter, tmp_path: Path) -> None:
    """By a path file and by a finder; both with the `direct_url.json` that pip writes."""
    for name in ("by_path", "by_finder"):
        package = tmp_path / name / "src" / name
        package.mkdir(parents=True)
        (package / "__init__.py").write_text("")
        info = install(site(interpreter), name, "0.1")
        url = (tmp_path / name).as_uri()
        (info / "direct_url.json").write_text(f'{{"dir_info": {{"editable": true}}, "url": "{url}"}}')
    (site(interpreter) / "by_path.pth").write_text(f"{tmp_path}/by_path/src\n")
    (site(interpreter) / "finder.py").write_text(f"MAPPING = {{'by_finder': '{tmp_path}/by_finder/src/by_finder'}}\n")
    (site(interpreter) / "by_finder.pth").write_text("import finder; finder.install()\n")
    for name in ("by_path", "by_finder"):
        seen = survey(interpreter)
        provided = seen.provided(name.replace("_", "-"))
        assert provided is not None
        assert provided.places == {name: tmp_path / name / "src" / name}
        assert provided.source
        (tmp_path / name / "src" / name / "net.py").write_text("x = 1\n")
        after = survey(interpreter)
        changed = set(after.installed) - set(seen.installed)
        assert {item.distribution for item in changed} == {name.replace("_", "-")}


def test_a_development_install_of_old_is_an_editable_one(interpreter: Interpreter, tmp_path: Path) -> None:
    source = tmp_path / "source"
    (source / "mine").mkdir(parents=True)
    (source / "mine" / "__init__.py").write_text("")
    (source / "mine.egg-info").mkdir()
    (source / "mine.egg-info" / "PKG-INFO").write_text("Name: mine\nVersion: 0.2\n")
    (source / "mine.egg-info" / "top_level.txt").write_text("mine\n")
    (site(interpreter) / "mine.egg-link").write_text(f"{source}\n.")
    (site(interpreter) / "easy-install.pth").write_text(f"{source}\n")
    (placed,) = survey(interpreter).found
    assert (placed.installed.version, placed.editable) == ("0.2", source)


PROVIDES = {
    "namespace": (("google/cloud/nets/net.py",), ("google",), True),
    "compiled": (("nets/__init__.cpython-311-x86_64-linux-gnu.so", "fast.abi3.so"), ("fast", "nets"), False),
    "bytecode": (("nets/__init__.pyc", "nets/__pycache__/x.cpython-311.pyc"), ("nets",), False),
    "cached only": (("nets/__pycache__/x.cpython-311.pyc", "nets/data.txt"), (), False),
    "scripts": (("../../../bin/tool.py", "nets.py"), ("nets",), True),
}


@pytest.mark.parametrize("case", PROVIDES)
def test_what_a_distribution_provides(interpreter: Interpreter, case: str) -> None:
    files, names, source = PROVIDES[case]
    install(site(interpreter), "thing", "1.0", *files)
    provided = survey(interpreter).provided("thing")
    assert provided is not None
    assert (provided.names, provided.source) == (names, source)


def settle(interpreter: Interpreter, seconds: float = 3600) -> None:
    then = time.time() - seconds
    for path in (*site(interpreter).rglob("*"), site(interpreter)):
        os.utime(path, (then, then))


def test_a_survey_holds_until_something_is_installed_or_removed(interpreter: Interpreter, tmp_path: Path) -> None:
    install(site(interpreter), "torch", "2.0")
    info = install(site(interpreter), "nets", "1.0")
    settle(interpreter)
    seen = survey(interpreter)
    assert seen.holds()
    assert len(seen.states) < 12, "a look costs as much with few as with many distributions"
    (site(interpreter) / "x.pth").write_text(str(tmp_path))
    assert not seen.holds()
    seen = survey(interpreter)
    shutil.rmtree(info)
    assert not seen.holds()


def test_an_installation_is_taken_to_go_on_while_it_looks_unfinished(interpreter: Interpreter) -> None:
    install(site(interpreter), "torch", "2.0", "torch/__init__.py")
    assert 0 < still_installing(survey(interpreter), None) <= QUIET, "something has changed just now"
    settle(interpreter)
    before = survey(interpreter)
    assert still_installing(before, None) == 0
    (site(interpreter) / "torch-2.0.dist-info").rename(site(interpreter) / "~orch-2.0.dist-info")
    settle(interpreter)
    assert still_installing(survey(interpreter), before) > 0, "pip has put the old version aside"
    shutil.rmtree(site(interpreter) / "~orch-2.0.dist-info")
    settle(interpreter, 10)
    assert still_installing(survey(interpreter), before) > 0, "the files are there, the record is not"
    settle(interpreter)
    assert still_installing(survey(interpreter), before) == 0, "at some time that is final"
    (install(site(interpreter), "torch", "3.0") / "RECORD").unlink()
    settle(interpreter, 10)
    assert still_installing(survey(interpreter), before) > 0, "the list of files is written last"
    settle(interpreter, -100_000)
    assert still_installing(survey(interpreter), before) == 0, "a clock that is wrong is not waited for"


def test_nothing_is_seen_of_no_interpreter() -> None:
    seen = survey(Interpreter(None, "nothing", "no Python"))
    assert (seen.installed, seen.holds()) == ((), True)
    assert Survey().provided("torch") is None
