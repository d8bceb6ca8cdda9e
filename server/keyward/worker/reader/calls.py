"""What a call gives: functions that were read are gone through; of others only those known to be harmless run."""

from __future__ import annotations

import abc
import ast
import builtins
import collections
import contextlib
import dataclasses
import datetime
import enum
import functools
import importlib.util
import inspect
import itertools
import math
import os
import pathlib
import re
import types
import typing
from typing import Any, Callable, Dict, List, NamedTuple

from ..sizes import is_modest
from . import classes, expressions, functions, hooks, imports, inert, statements
from .frames import Frame
from .opaque import Opaque, force

_DEEPEST = 24
_MOST_STEPS = 4000
"""Statements that one call, with all that it calls, may take."""

_going: List[Any] = []
"""The functions that are being gone through, outermost first."""
_left = [0]


class Bound(NamedTuple):
    """A function together with the class or instance that it is called on."""

    function: Any
    owner: Any


def is_read(value: Any) -> bool:
    """Whether a class was built from source."""
    return isinstance(value, type) and value in classes.BUILT


def is_instance(value: Any) -> bool:
    """Whether a value is an instance of a class that was built from source."""
    return type(value) in classes.BUILT


def plain_items(value: Any) -> Dict[Any, Any]:
    """What an instance of a dictionary class holds, without asking methods of its own."""
    return dict(dict.items(value)) if isinstance(value, dict) else {}


def call_expression(node: Any, frame: Frame) -> Any:
    """The value of an `ast.Call`."""
    if isinstance(node.func, ast.Name) and node.func.id in ("globals", "locals", "super") and not node.args:
        return frame.module.names if node.func.id == "globals" else Opaque("...")
    callee = expressions.evaluate(node.func, frame)
    positional: List[Any] = []
    for argument in node.args:
        if isinstance(argument, ast.Starred):
            positional.extend(expressions.elements(expressions.evaluate(argument.value, frame)))
        else:
            positional.append(expressions.evaluate(argument, frame))
    keywords: Dict[str, Any] = {}
    for keyword in node.keywords:
        value = expressions.evaluate(keyword.value, frame)
        if keyword.arg is not None:
            keywords[keyword.arg] = value
        elif isinstance(value, dict):
            keywords.update(value)
    return call(callee, positional, keywords, frame)


def call(callee: Any, positional: List[Any], keywords: Dict[str, Any], frame: Frame) -> Any:
    """What calling a value with these arguments gives, opaque where that cannot be known."""
    callee = force(callee)
    if isinstance(callee, types.GenericAlias):
        callee = callee.__origin__  # `OrderedDict[str, str](...)`
    if isinstance(callee, Opaque):
        known = hooks.opaque_call(callee, positional)
        return Opaque("{}(...)".format(callee.path)) if known is None else known
    if isinstance(callee, Bound):
        return call(callee.function, [callee.owner, *positional], keywords, frame)
    if isinstance(callee, types.FunctionType) and functions.origin(callee) is not None:
        known = hooks.read_call(callee, positional, keywords, frame)
        return _go_through(callee, positional, keywords, frame) if known is hooks.UNKNOWN else known
    if is_read(callee):
        return _instance(callee, positional, keywords, frame)
    if isinstance(callee, types.BuiltinMethodType) and type(callee.__self__) in _METHODS:
        if imports.is_module_table(callee.__self__):
            return imports.read_module(positional[0]) if callee.__name__ == "get" else Opaque("...")
        if callee.__name__ in _METHODS[type(callee.__self__)] and _is_modest(callee, positional):
            return callee(*[_plain(value) for value in positional], **keywords)
        return Opaque("...")
    if isinstance(callee, functools.partial):
        if callee.func is functools.update_wrapper:
            return _wrapped(positional[0], callee.keywords.get("wrapped"))
        if callee.func is _dataclass:
            return classes.make_dataclass(positional[0], callee.args[0]) if is_read(positional[0]) else Opaque("...")
        return call(callee.func, [*callee.args, *positional], {**callee.keywords, **keywords}, frame)
    if is_instance(callee):
        known = hooks.instance_call(callee, positional)
        if known is not None:
            return known
        own = inspect.getattr_static(type(callee), "__call__", None)
        if isinstance(own, types.FunctionType):
            return call(own, [callee, *positional], keywords, frame)
    return _harmless(callee, positional, keywords, frame)


def _go_through(function: Any, positional: List[Any], keywords: Dict[str, Any], frame: Frame) -> Any:
    made_from = functions.origin(function)
    if made_from is None or len(_going) > _DEEPEST or function in _going:
        return Opaque("...")
    if not _going:
        _left[0] = _MOST_STEPS
    elif is_spent():
        return Opaque("...")
    node = made_from.node
    inner = Frame(made_from.frame.module, made_from.frame, function.__qualname__)
    inner.is_eager = frame.is_eager
    inner.names.update(functions.bound_arguments(function, positional, keywords))
    _going.append(function)
    try:
        if isinstance(node, ast.Lambda):
            return expressions.evaluate(node.body, inner)
        return statements.returned(node, inner)
    finally:
        _going.pop()


def afresh(make: Callable[[], Any]) -> Any:
    """What `make` gives, with a count of its own: what is found on the way must not depend on who asks first."""
    going, left = _going[:], _left[0]
    _going.clear()
    try:
        return make()
    finally:
        _going[:] = going
        _left[0] = left


def is_spent() -> bool:
    """Counts a step of the call that is being gone through; True when it has taken too many."""
    if not _going:
        return False
    _left[0] -= 1
    return _left[0] < 0


def _instance(cls: Any, positional: List[Any], keywords: Dict[str, Any], frame: Frame) -> Any:
    if vars(cls).get("_is_enumeration"):
        return _member(cls, positional)
    if issubclass(cls, types.ModuleType):
        return hooks.lazy_module(positional, keywords)
    base = next(item for item in cls.__mro__ if item not in classes.BUILT and "__new__" in vars(item))
    has_own = any("__new__" in vars(item) for item in cls.__mro__ if item in classes.BUILT)
    if has_own or issubclass(cls, enum.Enum) or not inert.is_plain(cls):
        return Opaque("{}(...)".format(cls.__name__))
    made = base.__new__(cls)
    if isinstance(made, dict) and positional and isinstance(positional[0], dict):
        dict.update(made, positional[0])
    if len(_going) <= _DEEPEST:
        _initialize(made, cls.__mro__, positional, keywords, frame)
    return made


def _member(cls: Any, positional: List[Any]) -> Any:
    """The member of an enumeration that has a value."""
    for item in vars(cls).values() if positional and isinstance(positional[0], (str, int)) else ():
        if isinstance(item, classes.Member) and type(item.value) is type(positional[0]) and item.value == positional[0]:
            return item
    return Opaque("{}(...)".format(cls.__name__))


def _initialize(made: Any, mro: Any, positional: List[Any], keywords: Dict[str, Any], frame: Frame) -> None:
    """Set the attributes that `__init__` assigns plainly."""
    for index, cls in enumerate(mro):
        init = vars(cls).get("__init__")
        if init is None:
            continue
        made_from = functions.origin(init)
        if made_from is None or isinstance(made_from.node, ast.Lambda):
            return
        inner = Frame(made_from.frame.module, made_from.frame, init.__qualname__)
        inner.names.update(functions.bound_arguments(init, [made, *positional], keywords))
        for statement in made_from.node.body:
            called = getattr(statement, "value", None)
            if isinstance(statement, ast.Expr) and isinstance(called, ast.Call) and _is_super_init(called):
                arguments = [expressions.evaluate(argument, inner) for argument in called.args]
                _initialize(made, mro[index + 1 :], arguments, {}, inner)
            elif isinstance(statement, (ast.Assign, ast.AnnAssign)) and hasattr(made, "__dict__"):
                targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
                for target in targets:
                    if isinstance(target, ast.Attribute) and _is_name(target.value, "self") and statement.value:
                        made.__dict__[target.attr] = expressions.evaluate(statement.value, inner)
        return


def _is_super_init(node: ast.Call) -> bool:
    return (
        isinstance(node.func, ast.Attribute)
        and node.func.attr == "__init__"
        and isinstance(node.func.value, ast.Call)
        and _is_name(node.func.value.func, "super")
    )


def _is_name(node: Any, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


_METHODS: Dict[type, Any] = {
    str: {
        *("split", "rsplit", "splitlines", "strip", "lstrip", "rstrip", "lower", "upper", "startswith", "endswith"),
        *("replace", "join", "removeprefix", "removesuffix", "partition", "rpartition", "find", "rfind", "format"),
    },
    list: {"append", "extend", "insert", "pop", "remove", "copy", "index", "count", "reverse"},
    dict: {"get", "items", "keys", "values", "update", "setdefault", "pop", "copy", "fromkeys"},
    set: {"add", "update", "union", "difference", "intersection", "copy", "discard", "remove"},
    frozenset: {"union", "difference", "intersection", "copy"},
    tuple: {"index", "count"},
}
_METHODS[collections.OrderedDict] = _METHODS[dict] | {"move_to_end"}
_METHODS[collections.defaultdict] = _METHODS[dict]
_METHODS[types.MappingProxyType] = {"get", "items", "keys", "values"}
_METHODS[property] = {"getter", "setter", "deleter"}
CHANGING = {
    *("append", "extend", "insert", "pop", "remove", "reverse", "update", "setdefault", "add", "discard"),
    "move_to_end",
}
"""Methods that change what they are called on."""

_MODEST = 100000
_FORMATS = re.compile(r"\{[^{}]*[:!.\[]")
"""Fields of a format that say more than which value stands there."""


def _is_modest(method: Any, positional: List[Any]) -> bool:
    """Whether the result of a text's method cannot be huge."""
    text = method.__self__
    if isinstance(text, list) and method.__name__ in ("extend", "index", "count", "remove"):
        return len(text) <= _MODEST and is_modest([text, *positional])
    if not isinstance(text, str):
        return True
    if method.__name__ == "format":
        return _FORMATS.search(text) is None and len(text) < _MODEST
    if method.__name__ == "join":
        parts = expressions.elements(positional[0])
        return sum(len(part) + len(text) for part in parts if isinstance(part, str)) <= _MODEST * 10
    sizes = [len(value) for value in positional if isinstance(value, (str, list, tuple))]
    return len(text) * (max(sizes, default=1) + 1) <= _MODEST * 10


def _plain(value: Any) -> Any:
    return plain_items(value) if is_instance(value) and isinstance(value, dict) else value


# Of these the result depends on the arguments alone, and none calls what it gets.
_PURE = (
    *(len, isinstance, issubclass, int, float, bool, range, abs, callable, property, staticmethod, classmethod),
    *(object, type, slice, id, ord, chr, round, hash),
    *(typing.TypeVar, typing.NewType, typing.cast, typing.overload, typing.final, typing.get_args, typing.get_origin),
    *(typing.NamedTuple, typing.runtime_checkable, typing.ForwardRef),
    *(dataclasses.field, dataclasses.is_dataclass, dataclasses.fields),
    *(functools.partial, functools.partialmethod, functools.lru_cache, functools.cached_property),
    *(contextlib.contextmanager, contextlib.asynccontextmanager),
    *(collections.namedtuple, collections.OrderedDict, collections.defaultdict),
    *(inspect.isclass, inspect.isfunction, inspect.ismethod, inspect.unwrap, inspect.cleandoc),
    *(math.sqrt, math.log, math.log2, math.ceil, math.floor, math.exp, types.MappingProxyType, enum.auto),
    *(types.SimpleNamespace, pathlib.Path, pathlib.PurePath, abc.abstractmethod, datetime.timedelta),
)
_CACHES = tuple(filter(None, (functools.lru_cache, getattr(functools, "cache", None))))
_PURE_IDS = {id(function) for function in (*_PURE, *_CACHES)}
# Of these the results call the arguments, or have them called by Python.
_HOLDING = {
    id(function)
    for function in (
        *(property, staticmethod, classmethod, functools.partialmethod, functools.cached_property, *_CACHES),
        *(contextlib.contextmanager, contextlib.asynccontextmanager, collections.defaultdict, dataclasses.field),
        *(inspect.unwrap, abc.abstractmethod, typing.final, typing.overload, typing.runtime_checkable),
    )
}
# Of these the arguments are iterated over.
_SEQUENCES: Dict[int, Any] = {
    id(function): function
    for function in (list, tuple, set, frozenset, dict, zip, enumerate, reversed, min, max, sum, any, all, sorted)
}
_SEQUENCES[id(itertools.chain)] = itertools.chain


def _harmless(callee: Any, positional: List[Any], keywords: Dict[str, Any], frame: Frame) -> Any:
    kind = id(callee)
    if callee is getattr:
        return _getattr(positional)
    if callee is hasattr:
        found = _getattr(positional)
        return Opaque("...") if isinstance(positional[0], Opaque) else not isinstance(found, Opaque)
    if callee is dir and isinstance(positional[0] if positional else None, types.ModuleType):
        return dir(positional[0])
    if callee is str:
        value = positional[0] if positional else ""
        return str(value) if isinstance(value, (str, int, float, bool)) else Opaque("...")
    if callee is importlib.import_module and positional and isinstance(positional[0], str):
        package = positional[1] if len(positional) > 1 else keywords.get("package")
        return imports.module(importlib.util.resolve_name(positional[0], package))
    if callee is os.getenv:  # whoever reads what is shown may not be who runs it
        return positional[1] if len(positional) > 1 else keywords.get("default")
    if callee is inspect.get_annotations and is_read(positional[0]):
        return dict(vars(positional[0]).get("__annotations__", {}))
    if callee is typing.get_type_hints and is_read(positional[0]):
        return classes.hints(positional[0])
    if callee is inspect.signature:
        for function in _chain(positional[0]):
            functions.complete(function)
        if not all(map(inert.is_inert, positional)) or keywords:
            return Opaque("...")
        return inspect.signature(positional[0])
    if callee is dataclasses.dataclass:
        if positional and is_read(positional[0]):
            return classes.make_dataclass(positional[0], keywords)
        return functools.partial(_dataclass, keywords)
    if kind in _SEQUENCES:
        if callee is dict and is_instance(positional[0] if positional else None):
            return plain_items(positional[0])
        if callee in (min, max) and len(positional) > 1:
            return callee(*positional)
        arguments: List[Any] = [
            value if isinstance(value, (int, dict)) else expressions.elements(value) for value in positional
        ]
        if callee in (min, max, sum, sorted) and (keywords or any(map(_is_unknown, arguments[0]))):
            return Opaque("...")
        made = _SEQUENCES[kind](*arguments, **keywords)
        return made if isinstance(made, (list, tuple, set, frozenset, dict, int, float, str, bool)) else list(made)
    if callee is functools.update_wrapper or callee is functools.wraps:
        return _wrapped(*positional[:2]) if len(positional) > 1 else functools.wraps(*positional[:1])
    if callee in _CACHES and not (positional and callable(positional[0])):
        return functools.partial(callee)  # `lru_cache(maxsize=...)`: the decorator
    if kind in _HOLDING and not all(map(inert.is_inert, (*positional, *keywords.values()))):
        return Opaque("...")
    if kind in _PURE_IDS or (isinstance(callee, type) and callee.__module__ == "typing"):
        if callee in (isinstance, issubclass, len, bool, int, float, hash, id) and any(map(_is_unknown, positional)):
            return Opaque("...")
        if callee is type and len(positional) != 1:
            return Opaque("...")
        return callee(*positional, **keywords)
    if isinstance(callee, type) and issubclass(callee, BaseException):
        return Opaque("{}(...)".format(callee.__name__))
    if type(callee).__name__ in ("_TupleType", "_TypedDictMeta") or callee is typing.TypedDict:
        return callee(*positional, **keywords)
    if isinstance(getattr(callee, "__wrapped__", None), types.FunctionType):
        return call(callee.__wrapped__, positional, keywords, frame)  # lru_cache and its like
    if callee is builtins.print:
        return None
    return Opaque("{}(...)".format(getattr(callee, "__name__", "...")))


def _wrapped(wrapper: Any, wrapped: Any) -> Any:
    """What `functools.update_wrapper` does to a function, class or instance that was read."""
    for value in (wrapper, wrapped):
        if not isinstance(value, types.FunctionType) and not is_read(value) and not is_instance(value):
            return wrapper if callable(wrapper) else Opaque("...")
    return functools.update_wrapper(wrapper, wrapped)


def _dataclass(keywords: Any, cls: Any) -> Any:
    return classes.make_dataclass(cls, keywords)


def _is_unknown(value: Any) -> bool:
    return isinstance(value, Opaque)


def _getattr(positional: List[Any]) -> Any:
    value, name = positional[0], positional[1]
    if not isinstance(name, str):
        return Opaque("...")
    try:
        found = expressions.attribute(value, name)
    except AttributeError:
        found = Opaque(name)
    if isinstance(found, Opaque) and len(positional) > 2 and not isinstance(value, Opaque):
        return positional[2]
    return found


def _chain(function: Any) -> List[Any]:
    found: List[Any] = []
    while function is not None and len(found) < 50:
        found.append(function)
        function = getattr(function, "__wrapped__", None)
    return found
