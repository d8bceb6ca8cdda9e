"""Whether going through a nested value ends in time: `x = [x, x]`, a hundred times, is small and endless to print."""

from __future__ import annotations

from typing import Any

_CONTAINERS = (tuple, list, set, frozenset)
_MOST = 10000
"""Containers in one value, counted as often as they would be printed."""


def is_modest(value: Any) -> bool:
    """Whether a value can be printed, compared and hashed."""
    stack = [value]
    left = _MOST
    while stack:
        item = stack.pop()
        inner: Any = ()
        if type(item) is dict:
            inner = item.values()
        elif type(item) in _CONTAINERS:
            inner = item
        elif type(item).__module__ in ("typing", "types") and type(getattr(item, "__args__", None)) is tuple:
            inner = item.__args__
        if inner:
            left -= 1
            if left < 0:
                return False
            stack.extend(part for part in inner if not isinstance(part, (str, int, type)))
    return True
