"""Finds the syntax tree of a live function or class; a file is parsed once while it is in use."""

from __future__ import annotations

import ast
import collections
import types
from typing import Any, Dict, Iterator, NamedTuple, Tuple

from . import imports

_KEPT = 64
_MOST_WRAPPERS = 100
"""Decorators around one function; more go around in a circle."""
_FILES: "collections.OrderedDict[str, File]" = collections.OrderedDict()


class File(NamedTuple):
    """Nodes of functions by (first line, name), of classes by qualified name."""

    functions: Dict[Tuple[int, str], Any]
    classes: Dict[str, Any]


_NOTHING = File({}, {})


def plain(function: Any) -> Any:
    """The function behind a method, static method or class method."""
    while isinstance(function, (types.MethodType, staticmethod, classmethod)):
        function = function.__func__
    return function


def wraps_bound(function: Any) -> bool:
    """Whether a wrapper stands around a bound method: a signature that follows it has no `self` any more."""
    while hasattr(function, "__wrapped__"):
        function = function.__wrapped__
        if isinstance(function, types.MethodType):
            return True
    return False


def innermost(function: Any) -> Any:
    """The function that decorators have been put around."""
    return list(wrappers(function))[-1]


def wrappers(function: Any) -> Iterator[Any]:
    """A function and those that it is wrapped around, outermost first."""
    for _ in range(_MOST_WRAPPERS):
        function = plain(function)
        yield function
        if not hasattr(function, "__wrapped__"):
            break
        function = function.__wrapped__


def node_of(function: Any) -> Any:
    """The `ast.FunctionDef` or `ast.Lambda` of a live function, or None (no source, generated, compiled)."""
    if imports.reader is not None:
        return imports.reader.node_of(function)
    code = getattr(function, "__code__", None)
    if code is None:
        return None
    return _file(code.co_filename).functions.get((code.co_firstlineno, code.co_name))


def class_node(cls: Any) -> Any:
    """The `ast.ClassDef` of a class, or None."""
    if imports.reader is not None:
        return imports.reader.class_node(cls)
    path = imports.file_of(cls.__module__)
    return _file(path).classes.get(cls.__qualname__) if path.endswith(".py") else None


def line_of(value: Any) -> int:
    """The line of the definition of a class or function, from 1; 0 where it cannot be had."""
    node = class_node(value) if isinstance(value, type) else node_of(innermost(value))
    return node.lineno if node is not None else 0


def _file(path: str) -> File:
    found = _FILES.get(path)
    if found is None:
        found = _FILES[path] = _parse(path)
        if len(_FILES) > _KEPT:
            _FILES.popitem(last=False)
    else:
        _FILES.move_to_end(path)
    return found


def _parse(path: str) -> File:
    try:
        with open(path, "rb") as file:
            tree = ast.parse(file.read())
    except (OSError, SyntaxError, ValueError, RecursionError):
        return _NOTHING
    functions: Dict[Tuple[int, str], Any] = {}
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            # A code object starts at its first decorator, in every Python that we meet.
            first = min([node.lineno] + [decorator.lineno for decorator in node.decorator_list])
            functions[(first, node.name)] = node
        elif isinstance(node, ast.Lambda):
            # Two on one line cannot be told apart: then neither is known.
            key = (node.lineno, "<lambda>")
            functions[key] = None if key in functions else node
    classes: Dict[str, Any] = {}
    _collect_classes(tree, "", classes)
    return File(functions, classes)


def _collect_classes(node: Any, prefix: str, found: Any) -> None:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef):
            name = prefix + child.name
            found.setdefault(name, child)
            _collect_classes(child, name + ".", found)
        elif isinstance(child, (ast.If, ast.Try, ast.With)):
            _collect_classes(child, prefix, found)
