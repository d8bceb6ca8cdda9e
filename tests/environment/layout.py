"""Environments laid out by hand, whose interpreter must not be started."""

from __future__ import annotations

from pathlib import Path

from keyward.environment.interpreter import Interpreter


def lay_out(folder: Path, version: str = "python3.11") -> Interpreter:
    """An environment in `folder` with empty site-packages."""
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "python").write_text("not to be started")
    (folder / "pyvenv.cfg").write_text("home = /nowhere/bin\ninclude-system-site-packages = false\n")
    (folder / "lib" / version / "site-packages").mkdir(parents=True)
    return Interpreter(folder / "bin" / "python", "test")


def site(interpreter: Interpreter) -> Path:
    assert interpreter.prefix is not None
    (folder,) = interpreter.prefix.glob("lib/python3*/site-packages")
    return folder


def install(folder: Path, name: str, version: str, *files: str) -> Path:
    """Write the record of a distribution with these files, and the files; returns the record's folder."""
    info = folder / f"{name}-{version}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    for file in files:
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_text("")
    (info / "RECORD").write_text("".join(f"{file},,\n" for file in files))
    return info
