"""Where an interpreter imports from, by its files; held against what an interpreter itself says."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from keyward.environment.import_path import import_path
from keyward.environment.interpreter import Interpreter, find_interpreter

from .layout import lay_out, site

pytestmark = pytest.mark.skipif(os.name == "nt", reason="lays out environments as on Unix")


@pytest.fixture
def interpreter(tmp_path: Path) -> Interpreter:
    return lay_out(tmp_path / ".venv")


def zipped(path: Path, *names: str) -> Path:
    with zipfile.ZipFile(path, "w") as file:
        for name in names:
            file.writestr(name, "")
    return path


def test_it_is_what_python_says(tmp_path: Path) -> None:
    """With path files that add folders, an egg as a zip, things that are not there, and the same folder twice."""
    import venv

    folder = tmp_path / ".venv"
    venv.EnvBuilder(symlinks=True, with_pip=False).create(folder)
    found = find_interpreter(folder)
    here = site(found)
    for name in ("one", "two", "three", "on_path"):
        (tmp_path / name).mkdir()
    zipped(here / "old-1.0-py3.egg", "old/__init__.py")
    (here / "b.pth").write_text(f"# a comment\n\n{tmp_path}/two\n{tmp_path}/missing\n./old-1.0-py3.egg\n")
    (here / "a.pth").write_text(f"{tmp_path}/one\n{tmp_path}/two\n")
    (here / "not-a-path-file.txt").write_text(f"{tmp_path}/three\n")
    environment = {"PYTHONPATH": str(tmp_path / "on_path")}
    code = "import sys; print(*sys.path[1:], sep='\\n')"
    said = subprocess.run([found.path or "", "-c", code], capture_output=True, text=True, check=True, env=environment)
    expected = [place for place in said.stdout.split() if not place.startswith(sys.base_prefix)]
    assert [str(entry) for entry in import_path(found, environment).entries] == expected
    assert len(expected) == 5


def test_code_in_path_files_is_not_run(interpreter: Interpreter, tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    (site(interpreter) / "evil.py").write_text(f"open({str(mark)!r}, 'w')\nMAPPING = dict(evil='/')\n")
    (site(interpreter) / "evil.pth").write_text(f"import evil; open({str(mark)!r}, 'w')\nimport\tevil\n")
    assert import_path(interpreter, {}).packages == {}
    assert not mark.exists()


SETUPTOOLS = """\
from __future__ import annotations
import sys
raise SystemExit("executed")
MAPPING: dict[str, str] = {mapping}
NAMESPACES: dict[str, list[str]] = {namespaces}
PATH_PLACEHOLDER = '__editable__.mine-0.1.finder' + ".__path_hook__"


def install():
    sys.meta_path.append(_EditableFinder)
"""


def test_the_finder_of_an_editable_install_is_read_and_not_run(interpreter: Interpreter, tmp_path: Path) -> None:
    (tmp_path / "src" / "mine").mkdir(parents=True)
    (tmp_path / "src" / "single.py").write_text("")
    mapping = {"mine": f"{tmp_path}/src/mine", "single": f"{tmp_path}/src/single", "gone": f"{tmp_path}/gone"}
    text = SETUPTOOLS.replace("{mapping}", repr(mapping))
    text = text.replace("{namespaces}", repr({"wide": [f"{tmp_path}/src/wide"]}))
    (site(interpreter) / "__editable___mine_0_1_finder.py").write_text(text)
    (site(interpreter) / "__editable__.mine-0.1.pth").write_text(
        "import __editable___mine_0_1_finder; __editable___mine_0_1_finder.install()"
    )
    found = import_path(interpreter, {})
    assert found.packages == {"mine": tmp_path / "src" / "mine", "single": tmp_path / "src" / "single.py"}
    assert found.namespaces == {"wide": (tmp_path / "src" / "wide",)}


def test_finders_of_other_tools_are_read_too(interpreter: Interpreter, tmp_path: Path) -> None:
    for name in ("mine", "yours"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("")
    (site(interpreter) / "_editable_impl_mine.py").write_text(
        "from editables.redirector import RedirectingFinder as F\nF.install()\n"
        f"F.map_module('mine', {str(tmp_path / 'mine' / '__init__.py')!r})\n"
    )
    (site(interpreter) / "mine.pth").write_text("import _editable_impl_mine\n")
    (site(interpreter) / "_yours_editable.py").write_text(
        f"install({{'yours': {str(tmp_path / 'yours' / '__init__.py')!r}, 'yours.part': '/x.py'}}, {{}}, None)\n"
    )
    (site(interpreter) / "_yours_editable.pth").write_text("import _yours_editable\n")
    assert import_path(interpreter, {}).packages == {"mine": tmp_path / "mine", "yours": tmp_path / "yours"}


@pytest.mark.parametrize(
    "text", ["MAPPING = {", "MAPPING = " + "(" * 5000, "\0", "MAPPING = {1: 2, 'a': 3}", "MAPPING = open('x')", "\xff"]
)
def test_a_finder_that_is_damaged_adds_nothing(interpreter: Interpreter, text: str) -> None:
    (site(interpreter) / "finder.py").write_text(text, encoding="latin-1")
    (site(interpreter) / "x.pth").write_text("import finder\n")
    found = import_path(interpreter, {})
    assert (found.packages, found.entries) == ({}, (site(interpreter),))


@pytest.mark.parametrize("content", [b"\0\n", b"\xff\xfe\xff", b"x" * 70000, b"/" + b"y" * 5000 + b"\n"])
def test_a_path_file_that_is_damaged_adds_nothing(interpreter: Interpreter, content: bytes) -> None:
    (site(interpreter) / "x.pth").write_bytes(content)
    assert import_path(interpreter, {}).entries == (site(interpreter),)


def test_a_file_that_is_no_zip_is_no_entry(interpreter: Interpreter, tmp_path: Path) -> None:
    (tmp_path / "broken.egg").write_bytes(b"PK but no more")
    (site(interpreter) / "easy-install.pth").write_text(f"{tmp_path}/broken.egg\n")
    assert import_path(interpreter, {}).entries == (site(interpreter),)


def test_libraries_of_another_version_of_python_do_not_count(tmp_path: Path) -> None:
    for version in ("python3.9", "python3.11", "python3.12"):
        (tmp_path / "lib" / version / "site-packages").mkdir(parents=True)
    (tmp_path / "bin").mkdir()
    expected = {
        "python3.11": ("python3.11",),
        "python3": ("python3.12", "python3.11", "python3.9"),
    }
    for name, versions in expected.items():
        found = import_path(Interpreter(tmp_path / "bin" / name, "test"), {"PYTHONNOUSERSITE": "1"})
        assert tuple(entry.parent.name for entry in found.entries) == versions


def test_an_environment_comes_before_what_it_is_based_on(tmp_path: Path) -> None:
    interpreter = lay_out(tmp_path / ".venv")
    base = tmp_path / "base"
    for folder in (base / "lib", tmp_path / "users" / "lib"):
        (folder / "python3.11" / "site-packages").mkdir(parents=True)
    (base / "bin").mkdir()
    (tmp_path / ".venv" / "pyvenv.cfg").write_text(
        f"home = {base}/bin\ninclude-system-site-packages = true\nversion = 3.11.7\n"
    )
    found = import_path(interpreter, {"PYTHONUSERBASE": str(tmp_path / "users")})
    order = [entry.relative_to(tmp_path).parts[0] for entry in found.entries]
    assert order == [".venv", "users", "base"]
