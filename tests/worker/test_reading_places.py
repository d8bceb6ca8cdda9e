"""Where the code is: folders, zip files, editable installs, namespaces; what has no source is named, and costs itself."""

from __future__ import annotations

import os
import py_compile
import zipfile
from pathlib import Path

import pytest

from environment.layout import lay_out, site
from keyward.environment.import_path import ImportPath, import_path
from standin.environment import SITE_PACKAGES
from worker.reading import Outcome, imported, read, write

MODULE = "import torch\n\n\nclass Net(torch.nn.Module):\n    def forward(self, x, scale=1.0):\n        return x\n"
OTHER = MODULE.replace("scale", "other")


def check(outcome: Outcome, name: str = "nets.small.Net", keywords: tuple[str, ...] = ("x", "scale")) -> None:
    assert outcome.ending.kind == "done", outcome.ending
    assert tuple(outcome.keywords(name)) == keywords


def zipped(archive: Path, files: dict[str, str]) -> Path:
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        for name, text in files.items():
            file.writestr(name, text)
    return archive


NETS: dict[str, str] = {"nets/__init__.py": "from .small import Net\n", "nets/small.py": MODULE}


def test_a_folder(tmp_path: Path) -> None:
    write(tmp_path, {**NETS})
    found, live = (way(tmp_path, modules=["nets", "nets.small"]) for way in (read, imported))
    check(found)
    assert (found.entries, found.exports) == (live.entries, live.exports)


def test_a_zip_file(tmp_path: Path) -> None:
    archive = zipped(tmp_path / "nets.zip", NETS)
    outcome = read(archive, modules=["nets", "nets.small"])
    check(outcome)
    assert outcome.exports["nets"] == {"Net": "nets.small"}


def test_an_egg_in_a_path_file_of_an_environment(tmp_path: Path) -> None:
    interpreter = lay_out(tmp_path / "venv")
    egg = zipped(tmp_path / "nets-1.0-py3.egg", {**NETS, "EGG-INFO/PKG-INFO": "Name: nets\nVersion: 1.0\n"})
    mark = tmp_path / "mark"
    (site(interpreter) / "easy-install.pth").write_text(f"import os; open({str(mark)!r}, 'w')\n{egg}\n")
    path = import_path(interpreter, {})
    check(read(modules=["nets", "nets.small"], path=with_torch(path)))
    assert not mark.exists()


def with_torch(path: ImportPath) -> ImportPath:
    return ImportPath((*path.entries, SITE_PACKAGES), path.packages, path.namespaces)


def test_an_editable_install_by_path(tmp_path: Path) -> None:
    interpreter = lay_out(tmp_path / "venv")
    write(tmp_path / "checkout" / "src", {**NETS})
    (site(interpreter) / "__editable__.nets.pth").write_text(f"{tmp_path}/checkout/src\n")
    check(read(modules=["nets", "nets.small"], path=with_torch(import_path(interpreter, {}))))


def test_an_editable_install_by_a_finder(tmp_path: Path) -> None:
    interpreter = lay_out(tmp_path / "venv")
    write(tmp_path / "checkout", {**{f"src_{name}": text for name, text in NETS.items()}, "alone.py": OTHER})
    mapping = {"nets": f"{tmp_path}/checkout/src_nets", "alone": f"{tmp_path}/checkout/alone.py"}
    mark = tmp_path / "mark"
    text = f"open({str(mark)!r}, 'w')\nMAPPING = {mapping!r}\nNAMESPACES = {{}}\n"
    (site(interpreter) / "__editable___nets_finder.py").write_text(text)
    (site(interpreter) / "__editable__.nets.pth").write_text(
        "import __editable___nets_finder; __editable___nets_finder.install()\n"
    )
    outcome = read(modules=["nets", "nets.small", "alone"], path=with_torch(import_path(interpreter, {})))
    check(outcome)
    check(outcome, "alone.Net", ("x", "other"))
    assert not mark.exists()


def test_a_namespace_over_two_folders(tmp_path: Path) -> None:
    write(tmp_path / "one", {"wide/a/__init__.py": MODULE})
    write(tmp_path / "two", {"wide/b.py": OTHER, "wide/a/never.py": ""})
    outcome = read(tmp_path / "one", tmp_path / "two", modules=["wide.a", "wide.b"])
    check(outcome, "wide.a.Net")
    check(outcome, "wide.b.Net", ("x", "other"))
    assert outcome.entries == imported(tmp_path / "one", tmp_path / "two", modules=["wide.a", "wide.b"]).entries


def test_of_two_versions_the_first_on_the_path_counts(tmp_path: Path) -> None:
    write(tmp_path / "one", {**NETS})
    write(tmp_path / "two", {"nets/__init__.py": "", "nets/small.py": OTHER, "nets/more.py": OTHER})
    outcome = read(tmp_path / "one", tmp_path / "two", modules=["nets", "nets.small", "nets.more"])
    check(outcome)
    assert "nets.more.Net" not in outcome.entries


def test_a_module_of_the_standard_librarys_name_does_not_take_its_place(tmp_path: Path) -> None:
    write(tmp_path, {**NETS, "types.py": "1 / 0\n", "ast/__init__.py": "", "_keyward_worker/__init__.py": ""})
    outcome = read(tmp_path, modules=["types", "ast", "_keyward_worker", "nets", "nets.small"])
    check(outcome)


@pytest.mark.parametrize("kind", ["compiled", "bytecode", "stubs"])
def test_what_has_no_source_is_named(tmp_path: Path, kind: str) -> None:
    write(tmp_path, {**NETS})
    folder = tmp_path / "closed"
    if kind == "bytecode":
        write(tmp_path, {"closed/__init__.py": MODULE, "closed/net.py": MODULE})
        for name in ("__init__", "net"):
            py_compile.compile(str(folder / f"{name}.py"), cfile=str(folder / f"{name}.pyc"), doraise=True)
            (folder / f"{name}.py").unlink()
    else:
        ends = ".pyi" if kind == "stubs" else ".cpython-311-x86_64-linux-gnu.so"
        write(tmp_path, {f"closed/__init__{ends}": "", f"closed/net{ends}": ""})
    outcome = read(tmp_path, modules=["closed", "closed.net", "nets", "nets.small"])
    check(outcome)
    assert [problem for problem in outcome.problems if problem.startswith("closed ")]
    assert all("\n" not in problem for problem in outcome.problems)


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="needs a user whom permissions bind")
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    write(tmp_path, {**NETS, "nets/secret.py": MODULE})
    (tmp_path / "nets" / "secret.py").chmod(0)
    outcome = read(tmp_path, modules=["nets", "nets.small", "nets.secret"])
    check(outcome)
    assert outcome.problems == ["nets.secret cannot be read (PermissionError)."]


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_links_in_a_circle(tmp_path: Path) -> None:
    write(tmp_path, {**NETS})
    (tmp_path / "nets" / "again").symlink_to(tmp_path / "nets")
    (tmp_path / "nets" / "self.py").symlink_to(tmp_path / "nets" / "self.py")
    (tmp_path / "nets" / "loop").symlink_to(tmp_path / "nets" / "loop")
    outcome = read(tmp_path, modules=["nets", "nets.small", "nets.self", "nets.loop", "nets.again.small"])
    check(outcome)
    assert all("\n" not in problem for problem in outcome.problems)


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 no zip file", b"PK\x05\x06" + bytes(18)])
def test_a_damaged_zip_file_costs_itself(tmp_path: Path, damage: bytes) -> None:
    write(tmp_path, {**NETS, "broken.zip": damage})
    check(read(tmp_path / "broken.zip", tmp_path, modules=["nets", "nets.small"]))


def test_a_zip_file_that_ends_in_the_middle_of_a_file(tmp_path: Path) -> None:
    archive = zipped(tmp_path / "lib.zip", {"lib/__init__.py": "", "lib/net.py": MODULE * 50})
    content = archive.read_bytes()
    start = content.index(b"lib/net.py") + 40
    archive.write_bytes(content[:start] + bytes(20) + content[start + 20 :])
    write(tmp_path, {**NETS})
    outcome = read(archive, tmp_path, modules=["lib", "lib.net", "nets", "nets.small"])
    check(outcome)
    assert [problem for problem in outcome.problems if problem.startswith("lib.net ")]
