"""Attributes of instances: from the class, and from what its methods assign to `self`."""

from __future__ import annotations

import ast
import inspect
import types
from typing import Any, Dict, Iterator, List, Optional, Sequence, Tuple

from . import imports, source, values
from .candidates import (
    Alike,
    Candidate,
    Candidates,
    Container,
    Instance,
    Live,
    Method,
    Super,
    Unknown,
    describe,
    elements,
    module_class,
    union,
)
from .nodes import addition, calls_method, is_name, own_nodes
from .scope import Scope


def attribute(value: Any, name: str, depth: int = 0) -> Candidates:
    """The candidates of `value.name`."""
    if isinstance(value, (Alike, Unknown)):
        return [value]
    if isinstance(value, Instance):
        return _of_instance(value.cls, value.cls.__mro__, name, depth)
    if isinstance(value, Super):
        mro = value.cls.__mro__
        after = mro[mro.index(value.after) + 1 :] if value.after in mro else ()
        return _of_instance(value.cls, after, name, depth)
    if isinstance(value, Live):
        try:
            if isinstance(value.value, type):
                found = _defined(value.value, name)
                if isinstance(found, classmethod):
                    return [Method(found.__func__, value.value)]
                return [Live(source.plain(found))]
            if isinstance(value.value, types.ModuleType):
                found = imports.get(value.value, name)
                is_known = found is not imports.MISSING
            else:
                is_known, found = imports.settle(getattr(value.value, name))
            if not is_known:
                return [Unknown("`{}`".format(name))]
            return [] if found is None else [Live(found)]
        except Exception:
            return [Unknown("`{}`".format(name))]
    if isinstance(value, Container) and name in ("values", "items"):
        return [value]
    return [Unknown("`{}` of {}".format(name, describe(value) if not isinstance(value, Container) else "a container"))]


def _defined(cls: Any, name: str) -> Any:
    """What a class or its bases define under a name.

    Raises AttributeError where nothing does, or a base that could not be found may.
    """
    for base in cls.__mro__:
        if imports.is_missing_base(base):
            break
        if name in vars(base):
            return vars(base)[name]
    else:
        return inspect.getattr_static(cls, name)
    raise AttributeError(name)


def _of_instance(cls: Any, mro: Sequence[Any], name: str, depth: int) -> Candidates:
    module = module_class()
    if name == "__call__":
        return [called(cls, mro)]
    for base in mro:
        if imports.is_missing_base(base):
            return [Unknown("`{}`, a base of `{}`,".format(base.__name__, cls.__name__))]
        if name in vars(base):
            found = vars(base)[name]
            if isinstance(found, property):
                getter = found.fget
                return values.returned(getter, cls, None, depth + 1) if getter is not None else [Unknown(name)]
            if isinstance(found, staticmethod):
                return [Live(found.__func__)]
            if isinstance(found, (types.FunctionType, classmethod)):
                return [Method(source.plain(found), cls)]
            if found is None:
                break
            return [Live(found)]
    for base in mro:
        if base is module:
            break
        found = [_assigned_attribute(item, cls, depth) for item in attribute_table(base) if _names(item, name, cls)]
        assigned = union(found)
        if assigned:
            return assigned
    if any(_names(item, name, cls) for base in mro if base is not module for item in attribute_table(base)):
        return []
    return [Unknown("`self.{}` is not assigned in sight".format(name))]


def called(cls: Any, mro: Optional[Sequence[Any]] = None) -> Candidate:
    """What calling an instance runs: its own `__call__`, or `forward` where that is torch's."""
    module = module_class()
    for base in cls.__mro__ if mro is None else mro:
        if imports.is_missing_base(base):
            return Unknown("`{}`, a base of `{}`,".format(base.__name__, cls.__name__))
        if "__call__" in vars(base):
            if base is not module:
                return Method(source.plain(vars(base)["__call__"]), cls)
            break
    try:
        forward = _defined(cls, "forward")
    except AttributeError:
        forward = None
    if forward is None or module is None or not issubclass(cls, module):
        return Unknown("`{}` cannot be called".format(cls.__name__))
    return Live(forward.__func__) if isinstance(forward, staticmethod) else Method(source.plain(forward), cls)


def deciding_new(cls: Any) -> Any:
    """The `__new__` of a class that may make something else than an instance of it, None where there is none."""
    for base in cls.__mro__:
        # Within the wrapper that `@deprecated` puts around it.
        function = source.innermost(vars(base).get("__new__"))
        node = source.node_of(function) if isinstance(function, types.FunctionType) else None
        if isinstance(node, ast.FunctionDef):
            results = [child.value for child in own_nodes(node) if isinstance(child, ast.Return)]
            return None if all(_is_plainly_made(result, node) for result in results) else function
    return None


def _is_plainly_made(result: Any, node: Any) -> bool:
    """Whether a `return` in a `__new__` gives what that of a base makes."""
    given = [result]
    if isinstance(result, ast.Name):
        assigned = [child for child in own_nodes(node) if isinstance(child, ast.Assign)]
        given = [child.value for child in assigned if any(is_name(target, result.id) for target in child.targets)]
    return bool(given) and all(calls_method(value, "__new__") for value in given)


_TABLES: Dict[Any, List[Tuple[Any, Any, Any]]] = {}


def attribute_table(cls: Any) -> List[Tuple[Any, Any, Any]]:
    """[(name expression or text, value, function)] of `self.name = value` and `setattr(self, name, value)`.

    What `__init__` assigns counts before what setters and other methods assign.
    """
    if cls in _TABLES:
        return _TABLES[cls]
    first: List[Tuple[Any, Any, Any]] = []
    later: List[Tuple[Any, Any, Any]] = []
    for member in list(vars(cls).values()):
        function = source.innermost(member)
        if not isinstance(function, types.FunctionType) or function.__name__ == "<lambda>":
            continue
        node = source.node_of(function)
        if node is None or not isinstance(node, ast.FunctionDef) or not node.args.args:
            continue
        into = first if function.__name__ == "__init__" else later
        into.extend(_assignments(node, node.args.args[0].arg, function))
    named = {item[0] for item in first}
    _TABLES[cls] = first + [item for item in later if item[0] not in named and not _is_argument(item)]
    return _TABLES[cls]


def _is_argument(item: Any) -> bool:
    _, value, function = item
    code = function.__code__
    return isinstance(value, ast.Name) and value.id in code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]


def _assignments(node: Any, self_name: str, function: Any) -> Iterator[Tuple[Any, Any, Any]]:
    for child in own_nodes(node):
        targets = child.targets if isinstance(child, ast.Assign) else [getattr(child, "target", None)]
        if isinstance(child, (ast.Assign, ast.AnnAssign)) and child.value is not None:
            for target in targets:
                if isinstance(target, ast.Attribute) and is_name(target.value, self_name):
                    yield target.attr, child.value, function
        added = addition(child)
        if added is not None and isinstance(added[0], ast.Attribute) and is_name(added[0].value, self_name):
            yield added[0].attr, added[1], function
        elif isinstance(child, ast.Call) and len(child.args) == 3 and is_name(child.func, "setattr"):
            if is_name(child.args[0], self_name):
                yield child.args[1], child.args[2], function
        elif calls_method(child, "add_module") and len(child.args) == 2 and is_name(child.func.value, self_name):
            yield child.args[0], child.args[1], function


def _names(item: Any, name: str, cls: Any) -> bool:
    key = item[0]
    if isinstance(key, str):
        return key == name
    scope = _method_scope(item[2], cls)
    return any(
        isinstance(value, Live) and value.value == name for value in values.evaluate(key, scope, values.DEEPEST - 3)
    )


def _assigned_attribute(item: Any, cls: Any, depth: int) -> Candidates:
    return values.evaluate(item[1], _method_scope(item[2], cls), depth + 1)


def _method_scope(function: Any, cls: Any) -> Scope:
    return Scope(function, source.node_of(function), cls)


def losses(mapping: Any, cls: Any) -> Candidates:
    """The loss functions that a model can have: transformers finds them by their names within the class's name."""
    if not (isinstance(mapping, Live) and isinstance(mapping.value, dict)):
        return elements(mapping)
    wanted = {name for name in mapping.value if name in cls.__name__}
    for base in cls.__mro__:
        for name, value, _ in attribute_table(base) if base is not module_class() else ():
            if name == "loss_type" and isinstance(value, ast.Constant):
                wanted.add(value.value)
    default = mapping.value.get("ForCausalLM")
    found = [mapping.value[name] for name in sorted(wanted & set(mapping.value))] or [
        default or next(iter(mapping.value))
    ]
    return union([Live(loss)] for loss in found)
