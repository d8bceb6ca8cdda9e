"""The import system and what modules hold: whatever the worker asks of either, it asks here.

Nothing here calls what a module holds, a lazy package's own `__getattr__` aside, by which it finds what it announces.
"""

from __future__ import annotations

import importlib.util
import os
import pkgutil
import sys
import types
from typing import Any, Dict, List

MISSING = object()
"""Stands for a name that a module does not have."""


def loaded(name: str) -> Any:
    """The module of that name, or None where it has not been imported."""
    return sys.modules.get(name)


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
    return dict(vars(module))


def get(module: Any, name: str) -> Any:
    """What a module, lazy or not, gives under a name; `MISSING` where it gives nothing or fails."""
    try:
        return MISSING if module is None else getattr(module, name)
    except Exception:
        return MISSING


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


def public_names(package: Any) -> List[str]:
    """The names that a package lists, lazily or not, without those that start with an underscore."""
    return sorted(name for name in dir(package) if name.isidentifier() and not name.startswith("_"))


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


def submodules(package: str) -> List[str]:
    """Dotted names of a package's modules, without the packages in it."""
    folder = package_folder(package)
    return [package + "." + item.name for item in pkgutil.iter_modules([folder]) if not item.ispkg] if folder else []


def subpackages(package: str) -> List[str]:
    """Dotted names of the folders directly in a package's folder."""
    folder = package_folder(package)
    return [
        package + "." + name
        for name in (sorted(os.listdir(folder)) if folder else ())
        if name.isidentifier() and name != "__pycache__" and os.path.isdir(os.path.join(folder, name))
    ]


def modules_below(package: str) -> List[str]:
    """Dotted names of all modules in a package's folder and in those below, packages themselves aside."""
    folder = package_folder(package)
    found = []
    for root, folders, files in os.walk(folder) if folder else ():
        folders[:] = sorted(inner for inner in folders if inner.isidentifier() and inner != "__pycache__")
        inside = os.path.relpath(root, folder)
        dotted = package if inside == "." else package + "." + inside.replace(os.sep, ".")
        found += [dotted + "." + file[:-3] for file in sorted(files) if file.endswith(".py") and file != "__init__.py"]
    return found
