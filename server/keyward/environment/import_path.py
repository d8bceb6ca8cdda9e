"""Where an interpreter imports from, as far as files tell. Nothing is executed: no line of a `.pth` file, no finder."""

from __future__ import annotations

import ast
import os
import re
import zipfile
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path

import msgspec

from .interpreter import Interpreter

_LARGEST_PTH = 64 * 1024
_LARGEST_FINDER = 1024 * 1024
_IMPORT_LINE = ("import ", "import\t")
_IMPORTED = re.compile(r"\bimport[ \t]+([A-Za-z_]\w*)")
_PYTHON = re.compile(r"^(?:python|pypy)3\.(?P<minor>\d+)")


class ImportPath(msgspec.Struct, frozen=True):
    """What `sys.path` and the finders of editable installs would be, without the standard library."""

    entries: tuple[Path, ...] = ()
    """Folders and zip files, in the order in which they are searched; each is there."""
    packages: dict[str, Path] = {}
    """Of finders that editable installs put beside the path: dotted name -> the folder of the package (with its
    `__init__.py`), or the file of the module. `entries` come first."""
    namespaces: dict[str, tuple[Path, ...]] = {}
    """Of such finders, too: a namespace package -> the folders that it spans."""
    read: tuple[Path, ...] = ()
    """The files and folders that this rests on, whether there or not: while none changes, it holds."""

    def finds(self, name: str) -> bool:
        """Whether a module is there, by its dotted name; what a package would do to find more is not known."""
        top, *below = name.split(".")
        if top in self.packages and (not below or _has(self.packages[top], "/".join(below))):
            return True
        return name in self.packages or any(_has(entry, "/".join((top, *below))) for entry in self.entries)


def import_path(interpreter: Interpreter, variables: Mapping[str, str] | None = None) -> ImportPath:
    """Where an interpreter imports from. Files that cannot be read or understood add nothing; never raises.

    Args:
        interpreter: its files are looked at, it is not started.
        variables: the environment that it would run in; the process's own by default.
    """
    if interpreter.path is None or interpreter.prefix is None:
        return ImportPath()
    reading = _Reading()
    for place in (os.environ if variables is None else variables).get("PYTHONPATH", "").split(os.pathsep):
        if os.path.isabs(place):  # a relative one means another folder wherever Python is started
            reading.add(Path(place))
    for folder in _site_folders(interpreter, os.environ if variables is None else variables, reading.read):
        reading.add_site(folder)
    return ImportPath(tuple(reading.entries), reading.packages, reading.namespaces, tuple(dict.fromkeys(reading.read)))


class _Reading:
    """Goes through site folders the way Python's `site` does."""

    def __init__(self) -> None:
        self.entries: dict[Path, None] = {}
        self.packages: dict[str, Path] = {}
        self.namespaces: dict[str, tuple[Path, ...]] = {}
        self.read: list[Path] = []

    def add(self, place: Path) -> None:
        """Add a folder or a zip file."""
        place = Path(os.path.normpath(place))
        self.read.append(place)
        if place not in self.entries and (place.is_dir() or is_zip(place)):
            self.entries[place] = None

    def add_site(self, folder: Path) -> None:
        """Add a folder with all that its `.pth` files name."""
        self.add(folder)
        try:
            names = sorted(name for name in os.listdir(folder) if name.endswith(".pth") and not name.startswith("."))
        except OSError:
            return
        for name in names:
            self.read.append(folder / name)
            for line in _text(folder / name, _LARGEST_PTH).splitlines():
                if line.startswith(_IMPORT_LINE):
                    for module in _IMPORTED.findall(line):
                        self._add_finder(folder / f"{module}.py")
                elif line.strip() and not line.startswith("#"):
                    self._add_line(folder, line.strip())

    def _add_line(self, folder: Path, line: str) -> None:
        try:
            self.add(folder / line)
        except (OSError, ValueError):  # no path: too long, or a null byte in it
            return

    def _add_finder(self, path: Path) -> None:
        try:
            status = path.stat()
        except OSError:
            return  # a module of the standard library, say
        self.read.append(path)
        mapping, namespaces = _finder(path, status.st_mtime_ns, status.st_size)
        for name, place in mapping.items():
            if (there := _package(Path(place))) is not None:
                self.packages.setdefault(name, there)
        for name, places in namespaces.items():
            self.namespaces.setdefault(name, tuple(Path(place) for place in places))


def _has(entry: Path, inner: str) -> bool:
    """Whether an entry of the path, or a package's folder, has a module; its name with slashes."""
    if not entry.is_dir():
        return any(name.startswith((f"{inner}/", f"{inner}.py")) for name in members(entry))
    place = entry / inner
    if place.is_dir() or place.with_name(f"{place.name}.py").is_file():
        return True
    return any(path.suffix in (".so", ".pyd", ".pyc") for path in place.parent.glob(f"{place.name}.*"))


def _package(place: Path) -> Path | None:
    """A package's folder or a module's file, of what a finder names: either, the module without its suffix too."""
    try:
        if place.name == "__init__.py" and place.is_file():
            return place.parent
        if place.is_dir() or place.is_file():
            return place
        module = place.with_name(f"{place.name}.py")
        return module if module.is_file() else None
    except (OSError, ValueError):
        return None


@lru_cache(maxsize=64)
def _finder(path: Path, modified: int, size: int) -> tuple[dict[str, str], dict[str, tuple[str, ...]]]:
    """The names that the finder module of an editable install maps to places, and its namespaces.

    Read out of the text of what setuptools, `editables` (hatchling, pdm) and scikit-build-core write.
    """
    mapping: dict[str, str] = {}
    namespaces: dict[str, tuple[str, ...]] = {}
    try:
        tree = ast.parse(_text(path, _LARGEST_FINDER))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return mapping, namespaces
    for statement in tree.body:
        if isinstance(statement, ast.Assign | ast.AnnAssign):
            target = statement.target if isinstance(statement, ast.AnnAssign) else statement.targets[0]
            name = target.id if isinstance(target, ast.Name) else ""
            if name == "MAPPING":
                mapping.update(_pairs(statement.value))
            elif name == "NAMESPACES":
                for key, value in _literals(statement.value):
                    if isinstance(value, list):
                        namespaces[key] = tuple(item for item in value if isinstance(item, str))
        elif isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
            call = statement.value
            arguments = [item.value for item in call.args if isinstance(item, ast.Constant)]
            if isinstance(call.func, ast.Attribute) and call.func.attr == "map_module" and len(arguments) == 2:
                mapping[str(arguments[0])] = str(arguments[1])
            elif isinstance(call.func, ast.Name) and call.func.id == "install" and call.args:
                mapping.update((name, place) for name, place in _pairs(call.args[0]) if "." not in name)
    return mapping, namespaces


def _pairs(node: ast.expr | None) -> Iterator[tuple[str, str]]:
    return ((key, value) for key, value in _literals(node) if isinstance(value, str))


def _literals(node: ast.expr | None) -> Iterator[tuple[str, object]]:
    try:
        value = ast.literal_eval(node) if node is not None else None
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return
    if isinstance(value, dict):
        yield from ((key, item) for key, item in value.items() if isinstance(key, str))


def is_zip(path: Path) -> bool:
    """Whether a path is a zip file that Python could import from."""
    try:
        return path.is_file() and zipfile.is_zipfile(path)
    except (OSError, ValueError):
        return False


def members(archive: Path) -> tuple[str, ...]:
    """The names of the files in a zip file, with slashes; none where it cannot be read."""
    try:
        with zipfile.ZipFile(archive) as file:
            return tuple(file.namelist())
    except (OSError, ValueError, NotImplementedError, zipfile.BadZipFile):
        return ()


def _text(path: Path, largest: int) -> str:
    """The text of a small file; "" for one that is large or cannot be read."""
    try:
        with open(path, "rb") as file:
            content = file.read(largest + 1)
    except (OSError, ValueError):
        return ""
    return content.decode("utf-8-sig", "replace") if len(content) <= largest else ""


# --- site folders ---------------------------------------------------------------------------------------------------


def _site_folders(interpreter: Interpreter, variables: Mapping[str, str], read: list[Path]) -> Iterator[Path]:
    """The folders that an interpreter's `site` would go through, in its order; what that rests on goes into `read`."""
    assert interpreter.path is not None
    prefix = interpreter.prefix
    assert prefix is not None
    read.append(prefix / "pyvenv.cfg")
    configuration = _pyvenv(prefix)
    minor = _minor(interpreter.path, configuration)
    own = list(_site_packages(prefix, minor, read))
    if configuration:
        yield from own
        if configuration.get("include-system-site-packages", "").lower() != "true":
            return
        prefix = _above_programs(Path(configuration.get("home", "")))
        own = []
    # Not an environment: a link such as /usr/bin/python3 may lead to where its libraries are.
    real = _above_programs(Path(os.path.realpath(interpreter.path)).parent)
    base = own + [folder for root in dict.fromkeys((prefix, real)) for folder in _site_packages(root, minor, read)]
    if not variables.get("PYTHONNOUSERSITE"):
        users = Path(variables.get("PYTHONUSERBASE") or Path.home() / ".local")
        versions = {folder.parent.name for folder in base}
        yield from (folder for folder in _site_packages(users, minor, read) if folder.parent.name in versions)
    yield from base


def _above_programs(folder: Path) -> Path:
    return folder.parent if folder.name in ("bin", "Scripts") else folder


def _pyvenv(prefix: Path) -> dict[str, str]:
    pairs = (line.partition("=") for line in _text(prefix / "pyvenv.cfg", _LARGEST_PTH).splitlines())
    return {key.strip().lower(): value.strip() for key, separator, value in pairs if separator}


def _minor(interpreter: Path, configuration: Mapping[str, str]) -> int | None:
    """The minor version of an interpreter, by its environment or its file's name; None where neither tells."""
    said = configuration.get("version_info") or configuration.get("version") or ""
    numbers = said.split(".")
    if len(numbers) > 1 and numbers[0] == "3" and numbers[1].isdigit():
        return int(numbers[1])
    for name in (interpreter.name, os.path.basename(os.path.realpath(interpreter))):
        if (match := _PYTHON.match(name)) is not None:
            return int(match["minor"])
    return None


def _site_packages(root: Path, minor: int | None, read: list[Path]) -> Iterator[Path]:
    windows = root / "Lib" / "site-packages"
    if os.name == "nt" and windows.is_dir():
        yield windows
    for library in ("local/lib64", "local/lib", "lib64", "lib"):
        folder = root / library
        if library.endswith("64") and folder.is_symlink():
            continue
        try:
            found = [(int(match["minor"]), name) for name in os.listdir(folder) if (match := _PYTHON.match(name))]
        except OSError:
            continue
        read.append(folder)
        versions = [name for number, name in sorted(found, reverse=True) if minor in (None, number)]
        # Debian keeps what its packages install beside the versions.
        for version in ("python3", *versions) if library == "lib" else versions:
            for name in ("site-packages", "dist-packages"):
                site = folder / version / name
                read.append(site)
                if site.is_dir():
                    yield site
