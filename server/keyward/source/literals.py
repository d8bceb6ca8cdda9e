"""The values of literals, from their text."""

from __future__ import annotations

import ast


def number(text: str) -> object:
    """The value of a number as written; most are plain, and Python's own parser takes its time."""
    if "_" in text or (text[:1] == "0" and text[1:2] != "."):
        return constant(text)
    try:
        return int(text) if text.isdecimal() else float(text)
    except ValueError:
        return constant(text)


def constant(text: str) -> object:
    """The value of a literal. `ast.literal_eval` of a text leaves cyclic garbage behind: it is for the rest."""
    node = ast.parse(text, mode="eval").body
    return node.value if isinstance(node, ast.Constant) else ast.literal_eval(node)
