"""Finds the source of a module on an import path of folders and zip files, and reads it instead of importing it."""

from __future__ import annotations

import codecs
import importlib.util
import os
import sys
import zipfile
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple

from . import calls, modules


class Source(NamedTuple):
    """Where the text of a module is; `path` is "" for a package without a file of its own."""

    path: str
    is_package: bool
    folders: Tuple[str, ...] = ()
    """Of a package: where its submodules are."""


def _is_folder(item: Any) -> bool:
    try:
        return bool(item.is_dir())
    except OSError:  # a link to itself
        return False


class ImportPath:
    """Folders and zip files, in the order in which they are searched."""

    def __init__(
        self, entries: Sequence[str], packages: Mapping[str, str], namespaces: Mapping[str, Sequence[str]]
    ) -> None:
        self.entries = list(entries)
        self.packages = packages
        """Dotted name -> folder of a package or file of a module, for editable installs that go beside the path."""
        self.namespaces = namespaces
        """Namespace package -> the folders that it spans, for such installs too."""
        self._zips: Dict[str, Any] = {}
        self._listings: Dict[str, Dict[str, bool]] = {}

    def listing(self, folder: str) -> Dict[str, bool]:
        """Name -> whether it is a folder, of what a folder holds, be it in a zip file."""
        found = self._listings.get(folder)
        if found is None:
            found = self._listings[folder] = self._list(folder)
        return found

    def _list(self, folder: str) -> Dict[str, bool]:
        archive, inside = self._archive(folder)
        if archive is not None:
            return _folders(archive).get(inside, {})
        try:
            with os.scandir(folder) as items:
                return {item.name: _is_folder(item) for item in items}
        except OSError:
            return {}

    def _archive(self, path: str) -> Tuple[Any, str]:
        """The zip file that a path leads into, and the path inside."""
        for entry in self.entries:
            if path == entry or path.startswith(entry + "/"):
                if entry not in self._zips:
                    try:
                        self._zips[entry] = zipfile.ZipFile(entry) if os.path.isfile(entry) else None
                    except (OSError, zipfile.BadZipFile):
                        self._zips[entry] = None
                if self._zips[entry] is not None:
                    return self._zips[entry], path[len(entry) + 1 :]
        return None, ""

    def text(self, path: str) -> str:
        """The text of a file.

        Raises OSError, SyntaxError, UnicodeError or KeyError where it cannot be had.
        """
        archive, inside = self._archive(path)
        if archive is not None:
            data = archive.read(inside)
        else:
            with open(path, "rb") as file:
                data = file.read()
        return _decoded(data)

    def find(self, name: str) -> Optional[Source]:
        """Where a top-level module is."""
        return self.find_in(self.entries, name) or self.find_beside(name)

    def find_beside(self, dotted: str) -> Optional[Source]:
        """Where the finder of an editable install says that a module is."""
        if dotted in self.packages:
            place = self.packages[dotted]
            return Source(place, False) if place.endswith(".py") else Source(place + "/__init__.py", True, (place,))
        spanned = self.namespaces.get(dotted)
        return Source("", True, tuple(spanned)) if spanned else None

    def find_in(self, folders: Sequence[str], name: str) -> Optional[Source]:
        """Where a module of these folders is."""
        spaces = []
        for folder in folders:
            here = self.listing(folder)
            if here.get(name):
                below = "{}/{}".format(folder, name)
                if "__init__.py" in self.listing(below):
                    return Source(below + "/__init__.py", True, (below,))
                spaces.append(below)
            if here.get(name + ".py") is False:
                return Source("{}/{}.py".format(folder, name), False)
        has_python = [below for below in spaces if self._has_python(below)]
        return Source("", True, tuple(has_python)) if has_python else None

    def _has_python(self, folder: str) -> bool:
        here = self.listing(folder)
        return any(name.endswith(".py") or (is_folder and name.isidentifier()) for name, is_folder in here.items())


def _folders(archive: Any) -> Dict[str, Dict[str, bool]]:
    """Folder -> what it holds, of a zip file; found out once and remembered there."""
    known: Optional[Dict[str, Dict[str, bool]]] = getattr(archive, "folders", None)
    if known is None:
        known = {}
        for path in archive.namelist():
            is_folder = False
            while path:
                parent, _, name = path.rpartition("/")
                if name:
                    here = known.setdefault(parent, {})
                    here[name] = here.get(name, False) or is_folder
                path, is_folder = parent, True
        archive.folders = known
    return known


# Large packages of which models take nothing but arrays and helpers: that they are there is all that matters.
_ONLY_PRESENT = {
    *("numpy", "scipy", "pandas", "sympy", "networkx", "matplotlib", "sklearn", "jax", "jaxlib", "flax", "regex"),
    *("requests", "urllib3", "tqdm", "yaml", "packaging", "filelock", "fsspec", "httpx", "datasets", "triton", "numba"),
    *("IPython", "ipywidgets", "psutil", "pydantic", "rich", "wandb", "tensorboard", "mlflow", "onnx", "librosa"),
}
# What the compiler puts around functions leaves their signatures alone, and takes half of torch to follow.
_COMPILER = ("torch._dynamo", "torch._inductor", "torch.compiler")
_NOT_READ = {*_ONLY_PRESENT, *sys.stdlib_module_names, "__main__", __name__.partition(".")[0]}
"""Not to be put in the place of modules that this process itself is made of."""
PATH = ImportPath((), {}, {})
IS_BARE = False
_SOURCES: Dict[str, Optional[Source]] = {}
PROBLEMS: Dict[str, str] = {}
"""Module -> why it could not be read, or not wholly."""


def install(
    entries: Sequence[str],
    packages: Mapping[str, str],
    namespaces: Mapping[str, Sequence[str]],
    is_bare: bool = False,
) -> None:
    """From now on read modules on this path, and import nothing but the standard library."""
    global PATH, IS_BARE
    PATH = ImportPath(entries, packages, namespaces)
    IS_BARE = is_bare
    _SOURCES.clear()


def source(dotted: str) -> Optional[Source]:
    """Where a module's text is; None where there is none."""
    if dotted not in _SOURCES:
        parent, _, name = dotted.rpartition(".")
        if not parent:
            _SOURCES[dotted] = PATH.find(name)
        else:
            holder = source(parent)
            inside = PATH.find_in(holder.folders, name) if holder is not None and holder.folders else None
            _SOURCES[dotted] = inside or PATH.find_beside(dotted)
    return _SOURCES[dotted]


def is_there(dotted: str) -> bool:
    """Whether there is a module of that name, compiled ones included."""
    if source(dotted) is not None:
        return True
    parent, _, name = dotted.rpartition(".")
    holder = source(parent) if parent else None
    folders = PATH.entries if not parent else holder.folders if holder is not None else ()
    return any(_is_compiled(file, name) for folder in folders for file in PATH.listing(folder))


def _is_compiled(file: str, name: str) -> bool:
    return file.startswith(name + ".") and file.endswith((".so", ".pyd", ".pyc"))


def note_without_source(dotted: str) -> None:
    """Note a problem where a module is there, but in compiled files or stubs alone."""
    parent, _, name = dotted.rpartition(".")
    holder = source(parent) if parent else None
    for folder in PATH.entries if not parent else holder.folders if holder is not None else ():
        here = PATH.listing(folder)
        inside = PATH.listing("{}/{}".format(folder, name)) if here.get(name) else ()
        if any(_is_compiled(file, name) or file == name + ".pyi" for file in here) or any(
            _is_compiled(file, "__init__") or file == "__init__.pyi" for file in inside
        ):
            PROBLEMS[dotted] = "{} has no source that could be read.".format(dotted)


def is_read(dotted: str) -> bool:
    """Whether a module was read, and may be asked what it lacks."""
    return isinstance(sys.modules.get(dotted), modules.ReadModule)


def module(dotted: str) -> Any:
    """The module of a dotted name, read now unless it was before; None where there is none."""
    known = sys.modules.get(dotted)
    if isinstance(known, modules.ReadModule):
        return known
    is_opaque = dotted.partition(".")[0] in _NOT_READ or dotted.startswith(_COMPILER)
    found = source(dotted) if not is_opaque else None
    if found is None:
        moved = _moved(dotted) if not is_opaque else ""
        if moved:
            sys.modules[dotted] = module(moved)
        return sys.modules.get(dotted) if moved else None
    made = modules.ReadModule(dotted, found.path, found.is_package)
    sys.modules[dotted] = made
    if found.path:
        try:
            text = PATH.text(found.path)
        except (OSError, SyntaxError, UnicodeError, KeyError, zipfile.BadZipFile, NotImplementedError) as error:
            PROBLEMS[dotted] = "{} cannot be read ({}).".format(dotted, type(error).__name__)
            return made
        calls.afresh(lambda: made.read(text))
    return made


def _moved(dotted: str) -> str:
    """Where a library that goes on answering to old module names has put one, "" where it says nothing of it."""
    top, _, inner = dotted.partition(".")
    root = sys.modules.get(top)
    aliases = root.names.get("_LEGACY_MODULE_ALIASES") if isinstance(root, modules.ReadModule) else None
    if isinstance(aliases, dict) and isinstance(aliases.get(inner), str):
        return "{}.{}".format(top, aliases[inner])
    table = "{}.util.deprecated_import".format(top)
    if not inner or dotted.startswith(table) or source(table) is None:
        return ""
    paths = module(table).names.get("DEPRECATED_MODULE_PATHS")
    new = paths.get(dotted) if isinstance(paths, dict) else None
    return new if isinstance(new, str) and new != dotted else ""


def submodules(package: str) -> List[Tuple[str, bool]]:
    """(name, whether it is a package) of the modules directly below a package, sorted."""
    found = source(package)
    names: Dict[str, bool] = {}
    for folder in found.folders if found is not None else ():
        for name, is_folder in PATH.listing(folder).items():
            if is_folder and name.isidentifier() and name != "__pycache__":
                names.setdefault(name, True)
            elif not is_folder and name.endswith(".py") and name[:-3].isidentifier() and name != "__init__.py":
                names[name[:-3]] = False
    return sorted(names.items())


def _decoded(data: bytes) -> str:
    """What `importlib` makes of a file's bytes; most are plain UTF-8 whose first lines say nothing of an encoding."""
    if data.startswith(codecs.BOM_UTF8) or any(b"coding" in line for line in data.split(b"\n", 2)[:2]):
        return importlib.util.decode_source(data)
    return data.decode("utf-8").replace("\r\n", "\n").replace("\r", "\n")
