"""The syntax that inference works on: a small tree of our own, made from the parser's.

It keeps what the flow of values needs and drops the rest. Spans are byte offsets **relative to the start of the
unit** (a statement of a module or class body, see `unit.py`), so that a unit whose text did not change keeps its tree
when text above it moves. All nodes are immutable.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..text import Span


@dataclass(frozen=True, slots=True)
class Node:
    span: Span


# --- expressions ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Opaque(Node):
    """An expression without meaning for us; its parts may still hold calls."""

    parts: tuple[Expression, ...] = ()


@dataclass(frozen=True, slots=True)
class Name(Node):
    name: str


@dataclass(frozen=True, slots=True)
class Literal(Node):
    """A string without interpolation, a number, True, False, None or `...`."""

    value: str | bytes | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Attribute(Node):
    value: Expression
    name: str
    name_span: Span


@dataclass(frozen=True, slots=True)
class Subscript(Node):
    value: Expression
    indices: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Argument(Node):
    """`value`, `name=value`, `*value` or `**value`; the span covers all of it."""

    value: Expression
    name: str = ""
    name_span: Span | None = None
    stars: int = 0


@dataclass(frozen=True, slots=True)
class Call(Node):
    function: Expression
    arguments: tuple[Argument, ...]
    arguments_span: Span
    """The parentheses and all between them; where the closing one is missing, up to what was typed."""
    broken: bool = False
    """It did not parse whole: what seems an argument may be the next statement."""


@dataclass(frozen=True, slots=True)
class Sequence(Node):
    """A tuple, list or set display."""

    kind: str
    items: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Starred(Node):
    value: Expression


@dataclass(frozen=True, slots=True)
class Item(Node):
    """`key: value` of a dictionary display; `key` is None for `**value`."""

    key: Expression | None
    value: Expression


@dataclass(frozen=True, slots=True)
class Dict(Node):
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Conditional(Node):
    test: Expression
    body: Expression
    orelse: Expression


@dataclass(frozen=True, slots=True)
class BooleanOperation(Node):
    """`a and b`, `a or b`."""

    operator: str
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class BinaryOperation(Node):
    operator: str
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class Compare(Node):
    operators: tuple[str, ...]
    operands: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Not(Node):
    value: Expression


@dataclass(frozen=True, slots=True)
class Await(Node):
    value: Expression


@dataclass(frozen=True, slots=True)
class NamedExpression(Node):
    """`name := value`."""

    target: Name
    value: Expression


@dataclass(frozen=True, slots=True)
class ComprehensionFor(Node):
    target: Expression
    iterable: Expression
    conditions: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Comprehension(Node):
    """`kind` is list, set, generator or dict; a dict's element is an `Item`."""

    kind: str
    element: Expression
    generators: tuple[ComprehensionFor, ...]


@dataclass(frozen=True, slots=True)
class Lambda(Node):
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
    | NamedExpression
    | Comprehension
    | Lambda
)


# --- statements ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ParameterDef(Node):
    """A parameter as written; `kind` as `inspect.Parameter` names it, in lower case."""

    name: str
    name_span: Span
    kind: str
    annotation: Expression | None = None
    default: Expression | None = None


@dataclass(frozen=True, slots=True)
class ExpressionStatement(Node):
    value: Expression


@dataclass(frozen=True, slots=True)
class Assign(Node):
    """`a = b = value` (several targets), `a: annotation = value`, `a: annotation` (no value)."""

    targets: tuple[Expression, ...]
    value: Expression | None
    annotation: Expression | None = None


@dataclass(frozen=True, slots=True)
class AugmentedAssign(Node):
    target: Expression
    operator: str
    value: Expression


@dataclass(frozen=True, slots=True)
class Delete(Node):
    targets: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Return(Node):
    value: Expression | None


@dataclass(frozen=True, slots=True)
class Raise(Node):
    value: Expression | None


@dataclass(frozen=True, slots=True)
class Alias(Node):
    """One name of an import: `name as asname`."""

    name: str
    name_span: Span
    asname: str = ""
    asname_span: Span | None = None

    @property
    def bound(self) -> str:
        return self.asname or self.name


@dataclass(frozen=True, slots=True)
class Import(Node):
    """`import a.b as c, d`."""

    names: tuple[Alias, ...]


@dataclass(frozen=True, slots=True)
class ImportFrom(Node):
    """`from ..module import a, b as c`, `from module import *` (`star`)."""

    module: str
    level: int
    names: tuple[Alias, ...]
    star: bool = False


@dataclass(frozen=True, slots=True)
class If(Node):
    test: Expression
    body: Block
    orelse: Block


@dataclass(frozen=True, slots=True)
class For(Node):
    target: Expression
    iterable: Expression
    body: Block
    orelse: Block


@dataclass(frozen=True, slots=True)
class While(Node):
    test: Expression
    body: Block
    orelse: Block


@dataclass(frozen=True, slots=True)
class WithItem(Node):
    value: Expression
    target: Expression | None


@dataclass(frozen=True, slots=True)
class With(Node):
    items: tuple[WithItem, ...]
    body: Block


@dataclass(frozen=True, slots=True)
class ExceptHandler(Node):
    types: tuple[Expression, ...]
    """Empty: catches all."""
    name: str
    body: Block


@dataclass(frozen=True, slots=True)
class Try(Node):
    body: Block
    handlers: tuple[ExceptHandler, ...]
    orelse: Block
    final: Block


@dataclass(frozen=True, slots=True)
class Case(Node):
    bound: tuple[str, ...]
    """Names that the pattern binds."""
    irrefutable: bool
    body: Block


@dataclass(frozen=True, slots=True)
class Match(Node):
    subject: Expression
    cases: tuple[Case, ...]


@dataclass(frozen=True, slots=True)
class FunctionDef(Node):
    name: str
    name_span: Span
    parameters: tuple[ParameterDef, ...]
    parameters_span: Span
    returns: Expression | None
    decorators: tuple[Expression, ...]
    body: Block
    is_async: bool = False
    is_generator: bool = False


@dataclass(frozen=True, slots=True)
class ClassDef(Node):
    """`body` holds the whole class where it is nested in a function; of a class in a module or class body each member
    is a unit of its own, and `body` is empty (see `unit.py`)."""

    name: str
    name_span: Span
    bases: tuple[Argument, ...]
    decorators: tuple[Expression, ...]
    body: Block


@dataclass(frozen=True, slots=True)
class Scope(Node):
    """`global a, b` (`kind` "global") or `nonlocal a, b`."""

    kind: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Jump(Node):
    """`break`, `continue` or `pass`."""

    kind: str


@dataclass(frozen=True, slots=True)
class Broken(Node):
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
