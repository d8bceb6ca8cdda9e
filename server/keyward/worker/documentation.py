"""Reads docstrings: the first sentence, and one line for each parameter."""

from __future__ import annotations

import inspect
import re
from typing import Dict, Iterable

# "name (`type` of shape `(a, b)`, *optional*): text" at any depth, as Hugging Face, Google and torch write it.
_ITEM = re.compile(r"^(\s*)[-*]?\s*`{0,2}\*{0,2}(\w+)`{0,2}\s*\((.*)\)\s*:?(?:\s+(.*))?$")
_ITEM_END = re.compile(r"\)\s*:")
_SHAPE = re.compile(r"of\s+shape\s+`{0,2}(\([^`]*?\)|\[[^`]*?\])`{0,2}")
_LONGEST = 160


def first_sentence(text: object) -> str:
    """The first sentence of a docstring, on one line, without markup."""
    if not isinstance(text, str):
        return ""
    paragraph = inspect.cleandoc(text).split("\n\n")[0]
    return shorten(paragraph)


def shorten(text: str) -> str:
    """One sentence of at most `_LONGEST` characters."""
    line = " ".join(text.split())
    line = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", line)
    line = re.sub(r":(?:class|meth|func|attr|math|ref|mod):`~?([^`]*)`", r"`\1`", line)
    line = line.replace("[`", "`").replace("`]", "`")
    end = re.search(r"(?<=[^.\s][^.A-Z\s])[.](?=\s|$)", line)
    if end:
        line = line[: end.end()]
    if len(line) > _LONGEST:
        line = line[:_LONGEST].rsplit(" ", 1)[0] + " ..."
    return line


def items(text: object, names: Iterable[str]) -> Dict[str, str]:
    """{name: one line} for those of `names` that the docstring describes, the shape first where it says one."""
    found: Dict[str, str] = {}
    if not isinstance(text, str) or not names:
        return found
    lines = text.expandtabs().splitlines()
    index = 0
    while index < len(lines):
        match = _ITEM.match(lines[index])
        index += 1
        if not match or match.group(2) not in names or match.group(2) in found:
            continue
        indent, name, kind, rest = len(match.group(1)), match.group(2), match.group(3), match.group(4) or ""
        end = _ITEM_END.search(kind)
        if end:  # the greedy group ran on into the text
            rest = kind[end.end() :] + ") " + rest
            kind = kind[: end.start()]
        said = [rest]
        while index < len(lines) and lines[index].strip():
            if len(lines[index]) - len(lines[index].lstrip()) <= indent:
                break
            said.append(lines[index].strip())
            index += 1
        found[name] = _one_line(kind, " ".join(said))
    return found


def _one_line(kind: str, said: str) -> str:
    text = shorten(said)
    shape = _SHAPE.search(" ".join(kind.split()))
    if shape:
        return "`{}`: {}".format(shape.group(1), text) if text else "`{}`".format(shape.group(1))
    return text
