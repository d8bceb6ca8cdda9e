"""Whether an expression can be dropped."""

from __future__ import annotations

from ...source import syntax
from ...source.walk import walk

_ACTING = (
    syntax.Call,
    syntax.Await,
    syntax.Yield,
    syntax.NamedExpression,
    syntax.Opaque,
    syntax.Comprehension,
)


def is_pure(expression: syntax.Expression) -> bool:
    """Whether evaluating it does nothing. Attributes and subscripts count as mere reads, as they are on tensors."""
    return not any(isinstance(node, _ACTING) for node in walk(expression))
