"""The import system and what modules hold: whatever the worker asks of either, it asks here.

Nothing here calls what a module holds, a lazy package's own `__getattr__` aside, by which it finds what it announces.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import os
import sys
import types
from typing import Any, Dict, List, Tuple

MISSING = object()
"""Stands for a name that a module does not have."""

reader: Any = None
"""The facade of `reader` where modules are read instead of imported."""


def load(name: str) -> Any:
    """Import a module, or read it; whatever an import raises comes through."""
    return importlib.import_module(name) if reader is None else reader.load(name)


def settle(value: Any) -> Tuple[bool, Any]:
    """(whether it is known, value) of something found in a namespace: where modules are read, not all is known."""
    return (True, value) if reader is None else reader.settle(value)


def loaded(name: str) -> Any:
    """The module of that name, or None where it has not been imported."""
    return sys.modules.get(name)


def known(name: str) -> Any:
    """The module of that name if it is imported already, or could be read now; else None."""
    if reader is not None:
        try:
            return reader.load(name)
        except ModuleNotFoundError:
            return None
    return loaded(name)


def problems() -> List[str]:
    """One sentence for each module that could not be read."""
    return [] if reader is None else list(reader.problems())


def is_missing_base(cls: Any) -> bool:
    """Whether a class merely stands for a base that could not be found: anything may be defined there."""
    return False if reader is None else bool(reader.is_missing_base(cls))


def lacks_backends(cls: Any) -> bool:
    """Whether a class is there to be read and could not be imported: what it builds on is not installed."""
    return False if reader is None else bool(reader.lacks_backends(cls))


def is_filled_elsewhere(table: Any) -> bool:
    """Whether a dictionary is only partly known: functions fill it, not all of whose calls have been gone through."""
    return False if reader is None else bool(reader.is_filled_elsewhere(table))


def is_compiled(value: Any) -> bool:
    """Whether a value is a compiled function."""
    return inspect.isbuiltin(value) if reader is None else reader.is_compiled(value)


def documentation(value: Any) -> str:
    """The documentation of a compiled function."""
    return (value.__doc__ if reader is None else value.documentation) or ""


def loaded_below(package: str) -> Dict[str, Any]:
    """The modules below a package that have been imported, by name."""
    prefix = package + "."
    return {
        name: module
        for name, module in sorted(sys.modules.items())
        if name.startswith(prefix) and isinstance(module, types.ModuleType)
    }


def file_of(name: str) -> str:
    """The file that a module was loaded from, "" where there is none."""
    return getattr(loaded(name), "__file__", None) or ""


def contents(module: Any) -> Dict[str, Any]:
    """A copy of a module's own names, not those that it would only find on request."""
    return dict(vars(module)) if reader is None else reader.contents(module)


def get(module: Any, name: str) -> Any:
    """What a module, lazy or not, gives under a name; `MISSING` where it gives nothing or fails."""
    try:
        found = MISSING if module is None else getattr(module, name) if reader is None else reader.member(module, name)
    except Exception:
        return MISSING
    is_known, found = settle(found)
    return found if is_known else MISSING


def names(module: Any, value: Any) -> bool:
    """Whether a module, if there is one, has a class or function under its own name."""
    return get(module, value.__name__) is value


def announced(package: Any) -> Dict[str, str]:
    """name -> module, as a lazy package of Hugging Face's kind announces its names before anything is imported."""
    known = getattr(package, "_class_to_module", None)
    if not isinstance(known, dict):
        return {}
    own = str(package.__name__)
    return {
        name: "{}.{}".format(own, module)
        for name, module in sorted(known.items())
        if isinstance(name, str) and not name.startswith("_") and "dummy_" not in module
    }


def listed(package: Any) -> List[str]:
    """The names that `dir()` gives of a package, lazy or not, without those that start with an underscore."""
    return sorted(name for name in dir(package) if name.isidentifier() and not name.startswith("_"))


def public_names(package: Any) -> List[str]:
    """The names that a package exports: those in its `__all__`, or else all that it lists."""
    declared = get(package, "__all__")
    if isinstance(declared, (list, tuple)) and declared:
        names_of_all = {name for name in declared if isinstance(name, str)}
        return sorted(name for name in names_of_all if name.isidentifier() and not name.startswith("_"))
    return [] if package is None else listed(package)


def package_folder(name: str) -> str:
    """The folder of a package, without importing it or the packages around it; "" where there is none."""
    top, _, inner = name.partition(".")
    folder = os.path.join(_top_folder(top), *inner.split(".")) if inner else _top_folder(top)
    return folder if os.path.isdir(folder) else ""


def _top_folder(name: str) -> str:
    places: Any = getattr(loaded(name), "__path__", None)
    if places is None:
        try:
            places = getattr(importlib.util.find_spec(name), "submodule_search_locations", None)
        except Exception:
            return ""
    return next(iter(places or ()), "")


def _listing(package: str) -> List[Tuple[str, bool]]:
    """(name, whether it is a folder) of what a package's folder holds, itself aside, sorted."""
    if reader is not None:
        return list(reader.folder_listing(package))
    folder = package_folder(package)
    found = []
    for name in sorted(os.listdir(folder)) if folder else ():
        is_folder = os.path.isdir(os.path.join(folder, name))
        if is_folder and name.isidentifier() and name != "__pycache__":
            found.append((name, True))
        elif name.endswith(".py") and name != "__init__.py" and not is_folder:
            found.append((name[:-3], False))
    return found


def submodules(package: str) -> List[str]:
    """Dotted names of a package's modules, without the packages in it."""
    return [package + "." + name for name, is_folder in _listing(package) if not is_folder]


def subpackages(package: str) -> List[str]:
    """Dotted names of the folders directly in a package's folder."""
    return [package + "." + name for name, is_folder in _listing(package) if is_folder]


def packages_below(package: str) -> List[str]:
    """Dotted names of all packages in a package's folder and in those below."""
    found = []
    for inner in subpackages(package):
        found += [inner, *packages_below(inner)]
    return found


def modules_below(package: str) -> List[str]:
    """Dotted names of all modules in a package's folder and in those below, packages themselves aside."""
    found = submodules(package)
    for inner in subpackages(package):
        found += modules_below(inner)
    return found
