"""Which distributions an interpreter has, read from its files: nothing is started."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

from ..signatures.store import Installed
from .interpreter import Interpreter

_INFO = re.compile(r"^(?P<name>.+?)-(?P<version>[^-]+)\.dist-info$")
_LARGEST_PTH = 64 * 1024


def site_folders(interpreter: Interpreter) -> tuple[Path, ...]:
    """The folders that an interpreter imports distributions from, in its order, as far as files tell."""
    prefix = interpreter.prefix
    if prefix is None or interpreter.path is None:
        return ()
    prefixes = [prefix]
    configuration = _pyvenv(prefix)
    if not configuration:
        # Not an environment: a link such as /usr/bin/python3 may lead to where its libraries are.
        real = Path(os.path.realpath(interpreter.path)).parent
        prefixes.append(real.parent if real.name in ("bin", "Scripts") else real)
    elif configuration.get("include-system-site-packages", "").lower() == "true":
        home = Path(configuration.get("home", ""))
        prefixes.append(home.parent if home.name in ("bin", "Scripts") else home)
    sites = [folder for root in prefixes for folder in _site_packages(root)]
    if not configuration or len(prefixes) > 1:
        versions = {folder.parent.name for folder in sites}
        users = _site_packages(Path.home() / ".local")
        sites = [folder for folder in users if folder.parent.name in versions] + sites
    found = (added for folder in sites for added in (folder, *_from_pth(folder)))
    return tuple(dict.fromkeys(found))


def _pyvenv(prefix: Path) -> dict[str, str]:
    try:
        text = (prefix / "pyvenv.cfg").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return {}
    pairs = (line.partition("=") for line in text.splitlines())
    return {key.strip().lower(): value.strip() for key, separator, value in pairs if separator}


def _site_packages(root: Path) -> Iterator[Path]:
    windows = root / "Lib" / "site-packages"
    if os.name == "nt" and windows.is_dir():
        yield windows
    for library in ("lib", "lib64", "local/lib"):
        try:
            versions = sorted((root / library).glob("python3*"), reverse=True)
        except OSError:
            continue
        for version in versions:
            for name in ("site-packages", "dist-packages"):
                folder = version / name
                if folder.is_dir() and not (library == "lib64" and (root / "lib64").is_symlink()):
                    yield folder
    # Debian keeps what its packages install beside the versions.
    distribution = root / "lib" / "python3" / "dist-packages"
    if distribution.is_dir():
        yield distribution


def _from_pth(folder: Path) -> Iterator[Path]:
    """Folders that `.pth` files add (editable installs); their `import` lines are not run."""
    try:
        files = sorted(path for path in folder.glob("*.pth") if path.stat().st_size < _LARGEST_PTH)
    except OSError:
        return
    for path in files:
        try:
            lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            continue
        for line in lines:
            if line.strip() and not line.startswith(("#", "import ", "import\t")):
                added = folder / line.strip()
                if added.is_dir():
                    yield added


def installed(interpreter: Interpreter) -> tuple[Installed, ...]:
    """Every distribution of an interpreter, by name; of two with one name the one that is imported."""
    found: dict[str, Installed] = {}
    for folder in site_folders(interpreter):
        try:
            names = sorted(os.listdir(folder))
        except OSError:
            continue
        for name in names:
            match = _INFO.match(name)
            if match is None:
                continue
            distribution = canonical(match["name"])
            if distribution not in found:
                digest = _fingerprint(folder / name, interpreter)
                found[distribution] = Installed(distribution, match["version"], digest, interpreter.place)
    return tuple(found[name] for name in sorted(found))


def canonical(name: str) -> str:
    """The normal form of a distribution's name."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _fingerprint(info: Path, interpreter: Interpreter) -> str:
    """From where a distribution lies and when its record of files was written."""
    digest = hashlib.sha256(f"{info}\0{interpreter.path}".encode("utf-8", "surrogateescape"))
    for name in ("RECORD", "METADATA", "direct_url.json"):
        try:
            status = (info / name).stat()
        except OSError:
            continue
        digest.update(f"\0{name}\0{status.st_size}\0{status.st_mtime_ns}".encode())
    return digest.hexdigest()[:12]
