"""Where a file mentions an identifier: found in the text, judged by the parser's tree, so that nothing is missed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from ..text import Span
from .tree import Source

Use = Literal["name", "attribute", "binding", "other"]


@dataclass(frozen=True, slots=True)
class Mention:
    """One identifier in the code; none in strings or comments."""

    span: Span
    use: Use
    """A name that is read; `name` in `object.name`; one bound by an assignment, a definition, a parameter or `for`;
    "other" for keywords of calls and the names within imports."""
    object: str = ""
    """Of an attribute: the text before the dot."""


_IMPORTS = ("import_statement", "import_from_statement", "aliased_import", "future_import_statement")
_DEFINITIONS = ("function_definition", "class_definition", "parameters", "lambda_parameters", "type_parameter")
_PARAMETERS = ("default_parameter", "typed_parameter", "typed_default_parameter", "keyword_argument")
_LOOPS = ("for_statement", "for_in_clause")
_TARGETS = ("assignment", "augmented_assignment", *_LOOPS, "named_expression", "as_pattern_target")
_PATTERNS = ("pattern_list", "tuple_pattern", "list_pattern")


def mentions(source: Source, name: str) -> Iterator[Mention]:
    """All mentions of an identifier, in the order of the text."""
    root, text, wanted = source.root, source.text, name.encode()
    end = 0
    while (start := text.find(wanted, end)) >= 0:
        end = start + len(wanted)
        node = root.descendant_for_byte_range(start, end)
        if node is None or node.type != "identifier" or (node.start_byte, node.end_byte) != (start, end):
            continue
        span = Span(start, end)
        child, parent = node, node.parent
        if parent is not None and parent.type == "attribute" and parent.child_by_field_name("attribute") == node:
            value = parent.child_by_field_name("object")
            owner = source.text[value.start_byte : value.end_byte].decode(errors="replace") if value else ""
            yield Mention(span, "attribute", owner)
            continue
        while parent is not None and parent.type in (*_PATTERNS, "dotted_name"):
            child, parent = parent, parent.parent
        kind = parent.type if parent is not None else ""
        if kind in _IMPORTS:
            yield Mention(span, "other")
        elif kind in _PARAMETERS and parent is not None and child != parent.child_by_field_name("value"):
            yield Mention(span, "other" if kind == "keyword_argument" else "binding")
        elif kind in _DEFINITIONS and parent is not None:
            is_name = kind in ("parameters", "lambda_parameters") or child == parent.child_by_field_name("name")
            yield Mention(span, "binding" if is_name else "name")
        elif kind in _TARGETS and parent is not None:
            left = parent.child_by_field_name("left") or parent.child_by_field_name("name")
            yield Mention(span, "binding" if child == left or kind == "as_pattern_target" else "name")
        else:
            yield Mention(span, "name")
