"""Whether an expression can be dropped."""

from __future__ import annotations

from ...source import syntax
from ...source.walk import walk


def is_pure(expression: syntax.Expression) -> bool:
    """Whether evaluating it does nothing. Attributes and subscripts count as mere reads, as they are on tensors."""
    acting = (syntax.Call, syntax.Await, syntax.NamedExpression, syntax.Opaque, syntax.Comprehension)
    return not any(isinstance(node, acting) for node in walk(expression))
