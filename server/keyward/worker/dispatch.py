"""Sees through functions that only choose which other function runs."""

from __future__ import annotations

from typing import Any

from . import imports


def chosen(function: Any) -> Any:
    """The function whose parameters a call has to fit.

    torch's `boolean_dispatch` gives `fn(*args, **kwargs)`, which runs one of two functions with the same parameters,
    depending on one of its arguments.
    """
    code = getattr(function, "__code__", None)
    if code is None or not {"if_true", "if_false"} <= set(code.co_freevars):
        return function
    try:
        _, target = imports.settle(function.__closure__[code.co_freevars.index("if_false")].cell_contents)
    except (TypeError, ValueError):
        return function
    return target if hasattr(target, "__code__") else function
