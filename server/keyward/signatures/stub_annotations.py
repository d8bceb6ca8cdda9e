"""Annotations and defaults as a library's source has them, made fit for a stub file.

An annotation is there to be read, not to be held against what people pass: `torch.LongTensor | None` is what the
libraries write for any tensor. So each is joined with `Any`, which accepts all and lets the rest be shown.
"""

from __future__ import annotations

import ast
from functools import lru_cache

_PLAIN = frozenset(("bool", "int", "float", "str", "bytes", "list", "tuple", "dict", "set"))
_ALIASES = {"List": "list", "Tuple": "tuple", "Dict": "dict", "Set": "set"}
_TENSORS = frozenset(
    ("Tensor", "FloatTensor", "LongTensor", "IntTensor", "BoolTensor", "HalfTensor", "ByteTensor", "dtype", "device")
)
_LONGEST_DEFAULT = 40
"""Characters of a default that are written."""


@lru_cache(maxsize=1024)
def shown(annotation: str) -> str:
    """An annotation that shows and accepts everything; `Any` where it names what a stub file could not resolve.

    It needs `Any` and, where it holds "torch.", `torch` imported.
    """
    try:
        members = _members(ast.parse(annotation, mode="eval").body)
    except (SyntaxError, ValueError):
        return "Any"
    if members is None or "Any" in members:
        return "Any"
    rest = [member for member in members if member != "None"]
    return " | ".join((*rest, "Any", *(("None",) if "None" in members else ()))) if rest else "Any"


def _members(node: ast.expr) -> tuple[str, ...] | None:
    """The members of a union, each once; None if one of them cannot be written."""
    if isinstance(node, ast.Constant) and node.value is None:
        return ("None",)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        return _joined((node.left, node.right))
    if isinstance(node, ast.Subscript):
        name = _last(node.value)
        inner = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        if name == "Union":
            return _joined(inner)
        if name == "Optional":
            members = _joined(inner)
            return None if members is None else tuple(dict.fromkeys((*members, "None")))
    one = _one(node)
    return None if one is None else (one,)


def _joined(nodes: list[ast.expr] | tuple[ast.expr, ...]) -> tuple[str, ...] | None:
    found: dict[str, None] = {}
    for node in nodes:
        members = _members(node)
        if members is None:
            return None
        found.update(dict.fromkeys(members))
    return tuple(found)


def _one(node: ast.expr) -> str | None:
    """A type that is no union; None if it cannot be written."""
    if isinstance(node, ast.Constant) and node.value is Ellipsis:
        return "..."
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "torch":
        return f"torch.{node.attr}" if node.attr in _TENSORS else None
    if isinstance(node, ast.Subscript):
        base = _one(node.value)
        inner = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        parts = [_members(item) for item in inner]
        if base is None or not base.isidentifier() or base == "Any" or None in parts:
            return None
        return f"{base}[{', '.join(' | '.join(part) for part in parts if part is not None)}]"
    if isinstance(node, (ast.Name, ast.Attribute)):
        name = _last(node)
        if name == "Any":
            return "Any"
        if isinstance(node, ast.Name) and (name := _ALIASES.get(name, name)) in _PLAIN:
            return name
    return None


def _last(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


@lru_cache(maxsize=1024)
def plain_default(default: str) -> str:
    """A default that is a plain constant as it is, `...` for any other."""
    try:
        value = ast.literal_eval(default)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return "..."
    plain = value is None or isinstance(value, (bool, int, float, str))
    return default if plain and len(default) <= _LONGEST_DEFAULT and "\n" not in default else "..."
