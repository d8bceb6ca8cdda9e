"""The syntax that inference works on: a small tree of our own, made from the parser's.

It keeps what the flow of values needs and drops the rest. Spans are byte offsets **relative to the start of the
unit** (a statement of a module or class body, see `unit.py`), so that a unit whose text did not change keeps its tree
when text above it moves. All nodes are immutable.
"""

from __future__ import annotations

import msgspec

from ..text import Span


class Node(msgspec.Struct, frozen=True, gc=False):
    span: Span


# --- expressions ---------------------------------------------------------------------------------------------------


class Opaque(Node, frozen=True):
    """An expression without meaning for us; its parts may still hold calls."""

    parts: tuple[Expression, ...] = ()


class Name(Node, frozen=True):
    name: str


class Literal(Node, frozen=True):
    """A string without interpolation, a number, True, False, None or `...`."""

    value: str | bytes | int | float | bool | None


class Attribute(Node, frozen=True):
    value: Expression
    name: str
    name_span: Span


class Subscript(Node, frozen=True):
    value: Expression
    indices: tuple[Expression, ...]


class Argument(Node, frozen=True):
    """`value`, `name=value`, `*value` or `**value`; the span covers all of it."""

    value: Expression
    name: str = ""
    name_span: Span | None = None
    stars: int = 0


class Call(Node, frozen=True):
    function: Expression
    arguments: tuple[Argument, ...]
    arguments_span: Span
    """The parentheses and all between them; where the closing one is missing, up to what was typed."""
    broken: bool = False
    """It did not parse whole: what seems an argument may be the next statement."""


class Sequence(Node, frozen=True):
    """A tuple, list or set display."""

    kind: str
    items: tuple[Expression, ...]


class Starred(Node, frozen=True):
    value: Expression


class Item(Node, frozen=True):
    """`key: value` of a dictionary display; `key` is None for `**value`."""

    key: Expression | None
    value: Expression


class Dict(Node, frozen=True):
    items: tuple[Item, ...]


class Conditional(Node, frozen=True):
    test: Expression
    body: Expression
    orelse: Expression


class BooleanOperation(Node, frozen=True):
    """`a and b`, `a or b`."""

    operator: str
    left: Expression
    right: Expression


class BinaryOperation(Node, frozen=True):
    operator: str
    left: Expression
    right: Expression


class Compare(Node, frozen=True):
    operators: tuple[str, ...]
    operands: tuple[Expression, ...]


class Not(Node, frozen=True):
    value: Expression


class Await(Node, frozen=True):
    value: Expression


class Yield(Node, frozen=True):
    """`yield value`, `yield from value` (`delegates`), `yield` (no value)."""

    value: Expression | None
    delegates: bool = False


class NamedExpression(Node, frozen=True):
    """`name := value`."""

    target: Name
    value: Expression


class ComprehensionFor(Node, frozen=True):
    target: Expression
    iterable: Expression
    conditions: tuple[Expression, ...]


class Comprehension(Node, frozen=True):
    """`kind` is list, set, generator or dict; a dict's element is an `Item`."""

    kind: str
    element: Expression
    generators: tuple[ComprehensionFor, ...]


class Lambda(Node, frozen=True):
    parameters: tuple[ParameterDef, ...]
    body: Expression


Expression = (
    Opaque
    | Name
    | Literal
    | Attribute
    | Subscript
    | Call
    | Sequence
    | Starred
    | Item
    | Dict
    | Conditional
    | BooleanOperation
    | BinaryOperation
    | Compare
    | Not
    | Await
    | Yield
    | NamedExpression
    | Comprehension
    | Lambda
)


# --- statements ----------------------------------------------------------------------------------------------------


class ParameterDef(Node, frozen=True):
    """A parameter as written; `kind` as `inspect.Parameter` names it, in lower case."""

    name: str
    name_span: Span
    kind: str
    annotation: Expression | None = None
    default: Expression | None = None


class ExpressionStatement(Node, frozen=True):
    value: Expression


class Assign(Node, frozen=True):
    """`a = b = value` (several targets), `a: annotation = value`, `a: annotation` (no value)."""

    targets: tuple[Expression, ...]
    value: Expression | None
    annotation: Expression | None = None


class AugmentedAssign(Node, frozen=True):
    target: Expression
    operator: str
    value: Expression


class Delete(Node, frozen=True):
    targets: tuple[Expression, ...]


class Return(Node, frozen=True):
    value: Expression | None


class Raise(Node, frozen=True):
    value: Expression | None


class Alias(Node, frozen=True):
    """One name of an import: `name as asname`."""

    name: str
    name_span: Span
    asname: str = ""
    asname_span: Span | None = None

    @property
    def bound(self) -> str:
        return self.asname or self.name


class Import(Node, frozen=True):
    """`import a.b as c, d`."""

    names: tuple[Alias, ...]


class ImportFrom(Node, frozen=True):
    """`from ..module import a, b as c`, `from module import *` (`star`)."""

    module: str
    level: int
    names: tuple[Alias, ...]
    star: bool = False


class If(Node, frozen=True):
    test: Expression
    body: Block
    orelse: Block


class For(Node, frozen=True):
    target: Expression
    iterable: Expression
    body: Block
    orelse: Block


class While(Node, frozen=True):
    test: Expression
    body: Block
    orelse: Block


class WithItem(Node, frozen=True):
    value: Expression
    target: Expression | None


class With(Node, frozen=True):
    items: tuple[WithItem, ...]
    body: Block


class ExceptHandler(Node, frozen=True):
    types: tuple[Expression, ...]
    """Empty: catches all."""
    name: str
    body: Block


class Try(Node, frozen=True):
    body: Block
    handlers: tuple[ExceptHandler, ...]
    orelse: Block
    final: Block


class Case(Node, frozen=True):
    bound: tuple[str, ...]
    """Names that the pattern binds."""
    irrefutable: bool
    body: Block


class Match(Node, frozen=True):
    subject: Expression
    cases: tuple[Case, ...]


class FunctionDef(Node, frozen=True):
    name: str
    name_span: Span
    parameters: tuple[ParameterDef, ...]
    parameters_span: Span
    returns: Expression | None
    decorators: tuple[Expression, ...]
    body: Block
    is_async: bool = False
    is_generator: bool = False


class ClassDef(Node, frozen=True):
    """`body` holds the whole class where it is nested in a function; of a class in a module or class body each member
    is a unit of its own, and `body` is empty (see `unit.py`)."""

    name: str
    name_span: Span
    bases: tuple[Argument, ...]
    decorators: tuple[Expression, ...]
    body: Block


class Scope(Node, frozen=True):
    """`global a, b` (`kind` "global") or `nonlocal a, b`."""

    kind: str
    names: tuple[str, ...]


class Jump(Node, frozen=True):
    """`break`, `continue` or `pass`."""

    kind: str


class Broken(Node, frozen=True):
    """Text that did not parse: any name in it may have got any value."""

    names: tuple[str, ...] = ()


Statement = (
    ExpressionStatement
    | Assign
    | AugmentedAssign
    | Delete
    | Return
    | Raise
    | Import
    | ImportFrom
    | If
    | For
    | While
    | With
    | Try
    | Match
    | FunctionDef
    | ClassDef
    | Scope
    | Jump
    | Broken
)
Block = tuple[Statement, ...]
