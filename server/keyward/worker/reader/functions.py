"""Functions built from their source: real function objects with the right signature and a body that only raises."""

from __future__ import annotations

import ast
import contextlib
import sys
import types
from typing import Any, Dict, List, NamedTuple, Optional, Set, Tuple

from . import expressions
from .frames import Frame
from .opaque import Opaque, Thunk


class Origin(NamedTuple):
    """What a function was built from."""

    node: Any
    """`ast.FunctionDef`, `ast.AsyncFunctionDef` or `ast.Lambda`."""
    frame: Frame
    """Where it is defined: its defaults, annotations and free names are looked up there."""


_ORIGINS: Dict[Any, Origin] = {}
_INCOMPLETE: Set[Any] = set()
_DISTRUSTED: Dict[Any, str] = {}


def origin(function: Any) -> Optional[Origin]:
    """What a function was built from; None for anything else."""
    return _ORIGINS.get(function) if isinstance(function, types.FunctionType) else None


def mentions(function: Any, attribute: str) -> bool:
    """Whether a function that was read has to do with an attribute."""
    made_from = origin(function)
    if made_from is None:
        return False
    return any(isinstance(node, ast.Attribute) and node.attr == attribute for node in ast.walk(made_from.node))


def _inert() -> Any:
    # The error that whoever looks at objects from outside is prepared for, raised without looking any name up.
    return ().not_executed  # type: ignore[attr-defined]


_CODE = _inert.__code__
_VARARGS, _VARKEYWORDS = 4, 8


def build(node: Any, frame: Frame, cell: Optional[types.CellType] = None) -> Any:
    """The function of a definition or lambda, without its decorators; `cell` holds the class around it.

    Its defaults and annotations are worked out by `complete`, since most functions are never asked for theirs.
    """
    name = getattr(node, "name", "<lambda>")
    arguments = node.args
    positional = [argument.arg for argument in arguments.posonlyargs + arguments.args]
    keyword_only = [argument.arg for argument in arguments.kwonlyargs]
    variables = positional + keyword_only
    flags = _CODE.co_flags
    if arguments.vararg is not None:
        variables.append(arguments.vararg.arg)
        flags |= _VARARGS
    if arguments.kwarg is not None:
        variables.append(arguments.kwarg.arg)
        flags |= _VARKEYWORDS
    free, cells = _closure(node, frame, cell)
    qualname = _qualname(name, frame)
    changes: Dict[str, Any] = {
        "co_argcount": len(positional),
        "co_posonlyargcount": len(arguments.posonlyargs),
        "co_kwonlyargcount": len(keyword_only),
        "co_nlocals": len(variables),
        "co_varnames": tuple(variables),
        "co_flags": flags,
        "co_name": name,
        "co_filename": frame.module.path,
        "co_firstlineno": _first_line(node),
        "co_freevars": free,
    }
    if sys.version_info >= (3, 11):
        changes["co_qualname"] = qualname
    function = types.FunctionType(_CODE.replace(**changes), frame.module.names, name, None, cells)
    function.__qualname__ = qualname
    function.__module__ = frame.module.__name__
    if not isinstance(node, ast.Lambda):
        function.__doc__ = docstring(node.body)
    _ORIGINS[function] = Origin(node, frame)
    _INCOMPLETE.add(function)
    return function


def complete(function: Any) -> None:
    """Work out defaults and annotations of a function that was built here; does nothing for any other."""
    if function in _INCOMPLETE:
        _INCOMPLETE.discard(function)
        with contextlib.suppress(RecursionError):
            _complete(function)


def _complete(function: Any) -> None:
    node, frame = _ORIGINS[function]
    arguments = node.args
    if arguments.defaults:
        function.__defaults__ = tuple(expressions.evaluate(default, frame) for default in arguments.defaults)
    keyword_only = {
        argument.arg: expressions.evaluate(default, frame)
        for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults)
        if default is not None
    }
    if keyword_only:
        function.__kwdefaults__ = keyword_only
    if isinstance(node, ast.Lambda):
        return
    every = arguments.posonlyargs + arguments.args + arguments.kwonlyargs + [arguments.vararg, arguments.kwarg]
    annotations = {
        argument.arg: expressions.annotation(argument.annotation, frame)
        for argument in every
        if argument is not None and argument.annotation is not None
    }
    if node.returns is not None:
        annotations["return"] = expressions.annotation(node.returns, frame)
    function.__annotations__ = annotations


def distrust(function: Any, decorator: Any) -> None:
    """Note that a decorator around a function could not be followed: it may change what the function accepts."""
    if isinstance(function, types.FunctionType):
        _DISTRUSTED[function] = ast.unparse(decorator)


def unknown_decorator(function: Any) -> str:
    """The decorator around a function that could not be followed, "" where there is none."""
    return _DISTRUSTED.get(function, "")


def bound_arguments(function: Any, positional: List[Any], keywords: Dict[str, Any]) -> Dict[str, Any]:
    """What a call gives each parameter; those that it does not fill have their default or are opaque."""
    node, frame = _ORIGINS[function]
    arguments = node.args
    names = [argument.arg for argument in arguments.posonlyargs + arguments.args]
    bound: Dict[str, Any] = {}
    for name, default in zip(reversed(names), reversed(arguments.defaults)):
        bound[name] = _later(default, frame)
    for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults):
        if default is not None:
            bound[argument.arg] = _later(default, frame)
    bound.update(zip(names, positional))
    if arguments.vararg is not None:
        bound[arguments.vararg.arg] = tuple(positional[len(names) :])
    known = set(names) | {argument.arg for argument in arguments.kwonlyargs}
    bound.update((name, value) for name, value in keywords.items() if name in known)
    if arguments.kwarg is not None:
        bound[arguments.kwarg.arg] = {name: value for name, value in keywords.items() if name not in known}
    for name in known:
        bound.setdefault(name, Opaque(name))
    return bound


def _later(node: Any, frame: Frame) -> Thunk:
    return Thunk(lambda: expressions.evaluate(node, frame))


def _first_line(node: Any) -> int:
    lines = [node.lineno] + [decorator.lineno for decorator in getattr(node, "decorator_list", ())]
    return int(min(lines))


def docstring(body: List[Any]) -> Optional[str]:
    """The text that a body starts with."""
    first = body[0]
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
        return first.value.value
    return None


def _qualname(name: str, frame: Frame) -> str:
    if not frame.qualname:
        return name
    return "{}.{}".format(frame.qualname, name) if frame.is_class else "{}.<locals>.{}".format(frame.qualname, name)


def _closure(
    node: Any, frame: Frame, cell: Optional[types.CellType]
) -> Tuple[Tuple[str, ...], Optional[Tuple[types.CellType, ...]]]:
    """Names and cells of what a function takes from the functions around it."""
    found: Dict[str, types.CellType] = {}
    if cell is not None:
        found["__class__"] = cell
    around: Optional[Frame] = frame
    while around is not None and around.is_class:
        around = around.parent
    if around is not None and not around.is_top_level:
        for name in _names_in(node):
            if name not in found and frame.is_bound(name):
                found[name] = types.CellType(_looked_up(name, frame))
    return tuple(found), tuple(found.values()) or None


def _names_in(node: Any) -> Dict[str, None]:
    """The names in a definition, in the order of `ast.walk`; remembered there: a decorator's is built for each use."""
    found: Dict[str, None]
    try:
        found = node._names
    except AttributeError:
        found = node._names = {child.id: None for child in ast.walk(node) if isinstance(child, ast.Name)}
    return found


def _looked_up(name: str, frame: Frame) -> Thunk:
    return Thunk(lambda: frame.lookup(name))
