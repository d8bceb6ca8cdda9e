"""The nodes of a piece of syntax, in the order of the text as far as the fields follow it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from .syntax import Node


def walk(node: Node) -> Iterator[Node]:
    """The node and all nodes below it."""
    waiting: list[object] = [node]
    while waiting:
        item = waiting.pop()
        if isinstance(item, Node):
            yield item
            waiting += [getattr(item, name) for name in reversed(_holders(type(item)))]
        elif isinstance(item, tuple):
            waiting += reversed(item)


def statements(block: Iterable[Node]) -> Iterator[Node]:
    """The statements of a block and of all blocks in them."""
    waiting = list(block)
    while waiting:
        statement = waiting.pop()
        yield statement
        for name in ("cases", "final", "handlers", "orelse", "body"):
            inner = getattr(statement, name, ())
            if isinstance(inner, tuple):
                waiting += reversed(inner)


_HOLDERS: dict[str, tuple[str, ...]] = {}


def _holders(kind: type[Node]) -> tuple[str, ...]:
    """Fields that can hold nodes."""
    known = _HOLDERS.get(kind.__name__)
    if known is None:
        known = tuple(n for n in kind.__struct_fields__ if n != "span" and not n.endswith("_span"))
        _HOLDERS[kind.__name__] = known
    return known
