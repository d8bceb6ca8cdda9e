"""Going through syntax trees; what is found is remembered at the nodes: the same functions are asked for often."""

from __future__ import annotations

import ast
from typing import Any, Dict, Iterator, List, Optional, Tuple

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
DEFINITIONS = (*_FUNCTIONS, ast.ClassDef)
"""What has a body of its own."""


def children(node: Any) -> List[Any]:
    """The nodes directly below one, which then know their parent."""
    found: List[Any]
    try:
        found = node._children
    except AttributeError:
        found = []
        for field in node._fields:
            value = getattr(node, field, None)
            if isinstance(value, list):
                found.extend(item for item in value if isinstance(item, ast.AST))
            elif isinstance(value, ast.AST) and not isinstance(value, ast.expr_context):
                found.append(value)
        for child in found:
            child._parent = node
        node._children = found
    return found


def parent_of(node: Any) -> Any:
    """The node above one that was reached through `children`; None for others."""
    return getattr(node, "_parent", None)


def nodes_below(statements: Any) -> Iterator[Any]:
    """Statements and all nodes below them, without the bodies of nested functions and classes."""
    stack = list(reversed(statements))
    while stack:
        node = stack.pop()
        yield node
        if not isinstance(node, DEFINITIONS):
            stack.extend(reversed(children(node)))


def own_nodes(definition: Any) -> List[Any]:
    """All nodes in the body of a function, lambda or class, without the bodies of nested functions and classes."""
    found: List[Any]
    try:
        found = definition._own_nodes
    except AttributeError:
        body = definition.body
        found = definition._own_nodes = list(nodes_below(body if isinstance(body, list) else [body]))
    return found


def visible_nodes(function: Any, name: str) -> List[Any]:
    """All nodes in a function's body in which `name` is the same variable: functions with such a parameter hide it."""
    known: Dict[str, List[Any]] = vars(function).setdefault("_visible_nodes", {})
    if name not in known:
        known[name] = list(_visible_nodes(function, name))
    return known[name]


def _visible_nodes(function: Any, name: str) -> Iterator[Any]:
    stack = list(reversed(function.body)) if isinstance(function.body, list) else [function.body]
    while stack:
        node = stack.pop()
        yield node
        if isinstance(node, _FUNCTIONS) and _has_parameter(node, name):
            continue
        stack.extend(reversed(children(node)))


def _has_parameter(function: Any, name: str) -> bool:
    return any(isinstance(child, ast.arg) and child.arg == name for child in ast.walk(function.args))


_ADDING = ("append", "insert", "appendleft")


def addition(node: Any) -> Optional[Tuple[Any, Any]]:
    """(container, what it holds from then on, as a container) of `x.append(y)`, `x.extend(y)` and `x[key] = y`."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
        if node.func.attr in _ADDING:
            return node.func.value, ast.List([node.args[-1]], ast.Load())
        if node.func.attr == "extend":
            return node.func.value, node.args[0]
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Subscript):
        return node.targets[0].value, ast.List([node.value], ast.Load())
    return None


def is_name(node: Any, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def calls_method(node: Any, name: str) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == name
