"""What the rest of the worker asks of modules, classes and functions that were read instead of imported."""

from __future__ import annotations

import ast
import sys
from typing import Any, Dict, List, Tuple

from . import classes, expressions, finder, functions, lazy_packages, modules, statements
from .opaque import Opaque, Thunk, force


def load(name: str) -> Any:
    """The module of a dotted name.

    Raises ModuleNotFoundError where there is no source of it.
    """
    found = finder.module(name)
    if found is None:
        finder.note_without_source(name)
        raise ModuleNotFoundError("No module named {!r}".format(name), name=name)
    return found


def contents(module: Any) -> Dict[str, Any]:
    """Name -> value of what a module binds; what a module that is no package imports is left out."""
    if not isinstance(module, modules.ReadModule):
        return dict(vars(module))
    found = {}
    for name in list(module.names):
        if name not in module.deleted and (module.is_package or name not in module.imported):
            value = module.names[name]
            if not isinstance(value, Opaque) or is_compiled(value):
                found[name] = value
    return found


member = modules.member


def node_of(function: Any) -> Any:
    """The syntax of a function, None for one that was not read."""
    made_from = functions.origin(function)
    return made_from.node if made_from is not None else None


def class_node(cls: Any) -> Any:
    """The syntax of a class, None for one that was not read."""
    return classes.NODES.get(cls)


def complete(function: Any) -> None:
    """Give a function, and those that it wraps, their defaults and annotations."""
    seen: List[Any] = []
    while function is not None and function not in seen:
        functions.complete(function)
        seen.append(function)
        function = getattr(function, "__wrapped__", None)


def evaluate(text: str, function: Any) -> Any:
    """The value of an annotation's text where a function is defined, opaque where it is not known.

    Raises SyntaxError where it is no expression.
    """
    made_from = functions.origin(function)
    node = ast.parse(text, mode="eval").body
    return expressions.evaluate(node, made_from.frame) if made_from is not None else Opaque(text)


def settle(value: Any) -> Tuple[bool, Any]:
    """(whether it is known, value) of something that a namespace or an attribute gave."""
    value = force(value)
    return not isinstance(value, (Opaque, Thunk)), value


def unknown_decorator(function: Any) -> str:
    """The decorator around a function that could not be followed, "" where there is none."""
    return functions.unknown_decorator(function)


def folder_listing(package: str) -> List[Tuple[str, bool]]:
    """(name, whether it is a folder) of the modules in a package's folder."""
    return finder.submodules(package)


def problems() -> List[str]:
    """One sentence for each module that could not be read, or not wholly."""
    found = list(finder.PROBLEMS.values())
    for name, module in sorted(sys.modules.items()):
        if isinstance(module, modules.ReadModule) and module.problem:
            found.append("{} could not be read wholly ({}).".format(name, module.problem))
    return found


def is_compiled(value: Any) -> bool:
    """Whether a value stands for a compiled function; `documentation` says what it takes."""
    return hasattr(value, "documentation")


lacks_backends = lazy_packages.lacks_backends
is_filled_elsewhere = statements.is_filled_elsewhere


def is_missing_base(cls: Any) -> bool:
    """Whether a class stands for a base that was not found."""
    return classes.is_placeholder(cls)
