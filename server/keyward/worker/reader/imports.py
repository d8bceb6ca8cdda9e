"""Import statements, and modules that are replaced by lazy ones."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from typing import Any, Dict, Optional

from . import expressions, finder, modules, statements
from .frames import Frame
from .opaque import Opaque, Thunk

# What can be taken from these without any effect; every other module of the standard library counts as unknown.
_STANDARD = {
    *("abc", "argparse", "array", "ast", "asyncio", "base64", "bisect", "collections", "contextlib", "contextvars"),
    *("copy", "csv", "dataclasses", "datetime", "decimal", "enum", "fractions", "functools", "gc", "glob", "hashlib"),
    *("heapq", "importlib", "inspect", "io", "itertools", "json", "keyword", "logging", "math", "numbers", "operator"),
    *("os", "pathlib", "pickle", "pprint", "queue", "random", "re", "shutil", "statistics", "string", "struct"),
    *("sys", "tempfile", "textwrap", "threading", "time", "tokenize", "traceback", "types", "typing", "unicodedata"),
    *("uuid", "warnings", "weakref", "zipfile", "__future__", "builtins"),
}


def run_import(node: Any, frame: Frame) -> Any:
    """`import a.b as c`."""
    for alias in node.names:
        if frame.tries and not _is_there(alias.name):
            return statements.Ending("raise", "ModuleNotFoundError")
        name = alias.name if alias.asname else alias.name.partition(".")[0]
        _bind(alias.asname or name, _later(name), frame)
    return None


def run_import_from(node: Any, frame: Frame) -> Any:
    """`from a import b as c`, also with a star."""
    dotted = _absolute(node, frame)
    if frame.tries and not _is_there(dotted):
        return statements.Ending("raise", "ModuleNotFoundError")
    if dotted == "__future__":
        frame.module.has_text_annotations |= any(alias.name == "annotations" for alias in node.names)
        return None
    for alias in node.names:
        if alias.name == "*":
            _bind_all(dotted, frame)
            continue
        if frame.tries and isinstance(taken(dotted, alias.name), Opaque) and finder.is_read(dotted):
            return statements.Ending("raise", "ImportError")
        _bind(alias.asname or alias.name, _taken_later(dotted, alias.name, frame), frame)
    return None


def _bind(name: str, value: Thunk, frame: Frame) -> None:
    frame.bind(name, value)
    if frame.is_top_level:
        frame.module.imported.add(name)


def _later(dotted: str) -> Thunk:
    return Thunk(lambda: module(dotted))


def _taken_later(dotted: str, name: str, frame: Frame) -> Thunk:
    if dotted == frame.module.__name__ and finder.is_there("{}.{}".format(dotted, name)):
        return _later("{}.{}".format(dotted, name))  # `from . import part`: not the name that this very line binds
    return Thunk(lambda: taken(dotted, name))


def _absolute(node: Any, frame: Frame) -> str:
    dotted = str("." * node.level + (node.module or ""))
    if not node.level:
        return dotted
    try:
        return importlib.util.resolve_name(dotted, str(frame.module.__package__))
    except ImportError:
        return dotted.lstrip(".")


def _is_there(dotted: str) -> bool:
    return is_standard(dotted) or finder.is_there(dotted)


def is_standard(dotted: str) -> bool:
    """Whether a module belongs to the standard library."""
    return dotted.partition(".")[0] in sys.stdlib_module_names


def module(dotted: str) -> Any:
    """The module of a dotted name, read or of the standard library; opaque where there is none to be had."""
    top = dotted.partition(".")[0]
    if is_standard(top):
        if top not in _STANDARD or "__main__" in dotted:
            return Opaque(dotted)
        try:
            return importlib.import_module(dotted)
        except ImportError:
            return Opaque(dotted)
    return finder.module(dotted) or Opaque(dotted)


def taken(dotted: str, name: str) -> Any:
    """What `from dotted import name` gives."""
    holder = module(dotted)
    if isinstance(holder, Opaque):
        known = modules.known_elsewhere(dotted, name)
        return Opaque("{}.{}".format(dotted, name)) if known is None else known
    found = expressions.attribute(holder, name)
    if isinstance(found, Opaque) and not is_standard(dotted):
        known = modules.known_elsewhere(dotted, name)
        return found if known is None else known
    return found


def _bind_all(dotted: str, frame: Frame) -> None:
    holder = module(dotted)
    for name in modules.public_names(holder) if not isinstance(holder, Opaque) else ():
        _bind(name, _taken_later(dotted, name, frame), frame)


MODULE_TABLE: Dict[str, Any] = {}
"""Stands for `sys.modules` where a library asks for it."""


def is_module_table(value: Any) -> bool:
    """Whether a value stands for `sys.modules`."""
    return value is MODULE_TABLE


def is_read(value: Any) -> bool:
    """Whether a module was read."""
    return isinstance(value, modules.ReadModule)


def read_module(name: Any) -> Any:
    """What `sys.modules[name]` gives, as long as that was read."""
    found = sys.modules.get(name) if isinstance(name, str) else None
    return found if is_read(found) else Opaque("sys.modules[...]")


def replace_module(holder: Any, key: Any, value: Optional[Any]) -> None:
    """`sys.modules[__name__] = value`: the lazy modules of several libraries put themselves in place that way."""
    if key == holder.__name__ and isinstance(value, modules.Announced):
        holder.announce(value)
