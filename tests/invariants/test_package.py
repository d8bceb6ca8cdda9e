"""The package that users install carries all it needs, and nothing else."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.real
def test_the_wheel_holds_the_code_and_the_shipped_signatures(tmp_path: Path) -> None:
    """Marked as real because building fetches the build backend."""
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", tmp_path, ROOT]
    subprocess.run(pip, check=True, timeout=300)
    [wheel] = tmp_path.glob("keyward-*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    code = {f"keyward/{path.relative_to(ROOT / 'server' / 'keyward').as_posix()}" for path in tracked("server/keyward")}
    shipped = {
        f"keyward/_signatures_cache/{path.relative_to(ROOT / 'signatures_cache').as_posix()}"
        for path in tracked("signatures_cache")
    }
    assert any(name.endswith("/transformers/index.keyward") for name in shipped)
    assert code | shipped <= names
    assert {name.split("/")[0].partition("-")[0] for name in names} == {"keyward"}


def tracked(folder: str) -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z", folder], cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / name for name in listed.stdout.split("\0") if name]
