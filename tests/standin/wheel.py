"""Other versions of the stand-ins, as wheels that a real pip installs."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

from .environment import SITE_PACKAGES

Edit = Callable[[str, str], str]
"""File and text -> other text."""


def make_wheel(folder: Path, version: str, edit: Edit = lambda _, text: text) -> Path:
    """A wheel of the stand-in transformers with this version, each of its files edited."""
    info = f"transformers-{version}.dist-info"
    files = {
        str(path.relative_to(SITE_PACKAGES)): path.read_text()
        for path in sorted((SITE_PACKAGES / "transformers").rglob("*.py"))
    }
    files = {name: edit(name, text) for name, text in files.items()}
    files[f"{info}/METADATA"] = f"Metadata-Version: 2.1\nName: transformers\nVersion: {version}\n"
    files[f"{info}/WHEEL"] = "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    files[f"{info}/RECORD"] = "".join(f"{name},,\n" for name in (*files, f"{info}/RECORD"))
    path = folder / f"transformers-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        for name, text in files.items():
            wheel.writestr(name, text)
    return path


def with_labels(file: str, text: str) -> str:
    """An edit that makes `DeiTModel.forward` accept `labels`."""
    if file.endswith("modeling_deit.py"):
        return text.replace("pixel_values: torch.Tensor | None = None,", "labels=None, pixel_values=None,", 1)
    return text


def pip(python: Path, *arguments: str) -> None:
    """Runs pip for an environment, without the network."""
    command = [sys.executable, "-m", "pip", "--python", str(python), "--disable-pip-version-check", "-q", *arguments]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def pip_install(python: Path, wheel: Path) -> None:
    pip(python, "install", "--no-index", "--no-deps", "--no-compile", str(wheel))
