"""Which files may import a file."""

from __future__ import annotations

from pathlib import Path

from keyward.session.importers import Importers
from keyward.session.oracle import read_file


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")


def names(found: tuple[str, ...], folder: Path) -> list[str]:
    return [str(Path(path).relative_to(folder)) for path in found]


def test_import_statements_of_all_kinds(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "engine.py": "",
            "a.py": "import engine\n",
            "b.py": "from engine import train\n",
            "c.py": "from . import (\n    other,\n    engine,\n)\n",
            "d.py": "def f():\n    import os, package.engine as e\n",
            "e.py": "engine = 1  # import engine\nprint('import engine')\n",
            "package/f.py": "from ..engine import *\n",
            "package/__init__.py": "",
            "g.py": "from package import thing\n",
            ".hidden/h.py": "import engine\n",
            "site-packages/i.py": "import engine\n",
        },
    )
    importers = Importers(read_file)
    found = importers.of(str(tmp_path / "engine.py"), str(tmp_path))
    assert names(found, tmp_path) == ["a.py", "b.py", "c.py", "package/f.py"]
    found = importers.of(str(tmp_path / "package" / "__init__.py"), str(tmp_path))
    assert names(found, tmp_path) == ["g.py"]


def test_files_that_change_come_and_go(tmp_path: Path) -> None:
    write(tmp_path, {"engine.py": "", "a.py": "import engine\n", "b.py": ""})
    importers = Importers(read_file)
    engine = str(tmp_path / "engine.py")
    assert names(importers.of(engine, str(tmp_path)), tmp_path) == ["a.py"]
    write(tmp_path, {"a.py": "", "b.py": "import engine\n", "c.py": "import engine\n"})
    importers.changed([str(tmp_path / name) for name in ("a.py", "b.py", "c.py", "notes.txt")])
    assert names(importers.of(engine, str(tmp_path)), tmp_path) == ["b.py", "c.py"]
    (tmp_path / "b.py").unlink()
    importers.changed([str(tmp_path / "b.py")])
    assert names(importers.of(engine, str(tmp_path)), tmp_path) == ["c.py"]


def test_what_everybody_imports_is_not_followed(tmp_path: Path) -> None:
    write(tmp_path, {"common.py": "", **{f"m{number}.py": "import common\n" for number in range(60)}})
    assert Importers(read_file).of(str(tmp_path / "common.py"), str(tmp_path)) == ()
