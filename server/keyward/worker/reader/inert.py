"""What may be handed to real code: nothing that would do something if that code called it.

Values of the standard library are seen as they are, `os.system` for one. Nobody calls them; but Python itself calls
what it finds under special names (`__repr__`, `__del__`), in properties, in default factories and in `__signature__`.
"""

from __future__ import annotations

import collections
import contextlib
import functools
import inspect
import keyword
import types
import typing
from typing import Any

from . import classes, functions
from .opaque import Opaque

_PLAIN = {
    *(object, type(None), bool, int, float, complex, str, bytes, tuple, list, dict, set, frozenset),
    *(collections.OrderedDict, collections.UserDict, typing.Generic, typing.Protocol),
}
_PLAIN_MODULES = ("abc", "collections.abc", "_collections_abc", "typing", "enum")


_CALLS_WRAPPED = contextlib.contextmanager(lambda: iter(())).__code__
"""What the functions run that `contextmanager` makes: they call what they wrap and nothing else."""


def is_plain(cls: type) -> bool:
    """Whether making an instance of a class has no effect: it was read, and its bases are read or plain containers."""
    return all(
        base in classes.BUILT
        or base in _PLAIN
        or classes.is_placeholder(base)
        or issubclass(base, BaseException)
        or base.__module__ in _PLAIN_MODULES
        for base in cls.__mro__
    )


def is_inert(value: Any) -> bool:
    """Whether real code may call a value: it raises or makes a plain container, whatever it is given."""
    if isinstance(value, types.FunctionType):
        if value.__code__ is _CALLS_WRAPPED:
            return is_inert(getattr(value, "__wrapped__", None))
        return functions.origin(value) is not None
    if isinstance(value, type):
        return is_plain(value)
    if isinstance(value, (functools.partial, functools.partialmethod)):
        return is_inert(value.func)
    if isinstance(value, (staticmethod, classmethod)):
        return is_inert(value.__func__)
    if isinstance(value, property):
        return is_inert(value.fget) and is_inert(value.fset) and is_inert(value.fdel)
    wrapped = getattr(value, "__wrapped__", None) if type(value).__module__ == "functools" else None
    if wrapped is not None:
        return is_inert(wrapped)
    if isinstance(value, (Opaque, types.WrapperDescriptorType)) or type(value) in classes.BUILT:
        return True
    return not callable(value)


def may_be_set(name: str, value: Any) -> bool:
    """Whether a class or function may have a value under a name, which Python may look for by itself."""
    if name in ("__signature__", "__text_signature__"):
        return isinstance(value, inspect.Signature)
    return not name.startswith("__") or is_inert(value)


def has_plain_fields(cls: type) -> bool:
    """Whether `dataclasses` may make code of the names of a class's fields."""
    for base in cls.__mro__:
        own = vars(base)
        for table in (own.get("__annotations__") or {}, own.get("__dataclass_fields__") or {}):
            if type(table) is not dict or not all(map(_is_identifier, table)):
                return False
            if base in classes.BUILT and not all(
                _is_identifier(getattr(field, "name", "x")) for field in table.values() if not isinstance(field, type)
            ):
                return False
    return True


def _is_identifier(name: Any) -> bool:
    return type(name) is str and name.isidentifier() and not keyword.iskeyword(name)
