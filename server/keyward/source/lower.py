"""From the parser's tree to our own (`syntax`).

The parser always gives a tree, with ERROR and MISSING nodes where the text is not Python. A statement that holds one
becomes `Broken`, unless the error lies inside a nested block: then only the inner statement does.
"""

from __future__ import annotations

from collections.abc import Callable

import tree_sitter

from ..text import Span
from . import syntax as s
from .literals import constant, number

TsNode = tree_sitter.Node

_KINDS = {"*": "var_positional", "**": "var_keyword"}
_COMPOUND = frozenset(
    (
        "if_statement",
        "for_statement",
        "while_statement",
        "with_statement",
        "try_statement",
        "function_definition",
        "class_definition",
        "decorated_definition",
        "match_statement",
    )
)
_BLOCKS = frozenset(
    ("block", "else_clause", "elif_clause", "except_clause", "except_group_clause", "finally_clause", "case_clause")
)


def _named(node: TsNode) -> list[TsNode]:
    return [child for child in node.named_children if child.type not in ("comment", "line_continuation")]


def _text(node: TsNode) -> str:
    return (node.text or b"").decode("utf-8", "surrogateescape")


class Lowering:
    """Lowers one statement; spans come out relative to `base`."""

    def __init__(self, base: int) -> None:
        self._base = base
        self._yields = False
        self.called: set[str] = set()
        """Last names of what is called."""

    def span(self, node: TsNode) -> Span:
        return Span(node.start_byte - self._base, node.end_byte - self._base)

    # --- statements -------------------------------------------------------------------------------------------------

    def statement(self, node: TsNode) -> s.Statement:
        if node.has_error and not self._sound_head(node):
            return self.broken(node)
        lower = _STATEMENTS.get(node.type)
        if lower is None:
            return s.ExpressionStatement(self.span(node), s.Opaque(self.span(node), self.parts(node)))
        return lower(self, node)

    def _sound_head(self, node: TsNode) -> bool:
        """Whether all that is wrong with a compound statement is inside its blocks."""
        if node.type not in _COMPOUND:
            return False
        for child in node.children:
            if child.type in ("block", "function_definition", "class_definition"):
                continue
            if child.type in _BLOCKS:
                if any(part.has_error and part.type != "block" for part in child.children):
                    return False
            elif child.has_error or child.is_error or child.is_missing:
                return False
        return True

    def broken(self, node: TsNode) -> s.Broken:
        names: dict[str, None] = {}
        pending = [node]
        while pending:
            current = pending.pop()
            if current.type == "identifier":
                names[_text(current)] = None
            pending += current.named_children
        return s.Broken(self.span(node), tuple(names))

    def block(self, node: TsNode | None) -> s.Block:
        if node is None:
            return ()
        return tuple(self.statement(child) for child in _named(node))

    def clause_block(self, clause: TsNode | None) -> s.Block:
        if clause is None:
            return ()
        return self.block(next((child for child in clause.named_children if child.type == "block"), None))

    def expression_statement(self, node: TsNode) -> s.Statement:
        children = _named(node)
        if len(children) == 1:
            child = children[0]
            if child.type == "assignment":
                return self.assignment(child, self.span(node))
            if child.type == "augmented_assignment":
                left, right = child.child_by_field_name("left"), child.child_by_field_name("right")
                operator = child.child_by_field_name("operator")
                if left and right and operator:
                    return s.AugmentedAssign(
                        self.span(node), self.expression(left), _text(operator)[:-1], self.expression(right)
                    )
            return s.ExpressionStatement(self.span(node), self.expression(child))
        items = tuple(self.expression(child) for child in children)
        return s.ExpressionStatement(self.span(node), s.Sequence(self.span(node), "tuple", items))

    def assignment(self, node: TsNode, span: Span) -> s.Assign:
        targets: list[s.Expression] = []
        annotation: s.Expression | None = None
        current: TsNode | None = node
        while current is not None and current.type == "assignment":
            left, kind = current.child_by_field_name("left"), current.child_by_field_name("type")
            if left is not None:
                targets.append(self.expression(left))
            if kind is not None:
                annotation = self.expression(kind)
            current = current.child_by_field_name("right")
        value = None if current is None else self.expression(current)
        return s.Assign(span, tuple(targets), value, annotation)

    def delete_statement(self, node: TsNode) -> s.Statement:
        children = _named(node)
        if len(children) == 1 and children[0].type == "expression_list":
            children = _named(children[0])
        return s.Delete(self.span(node), tuple(self.expression(child) for child in children))

    def return_statement(self, node: TsNode) -> s.Statement:
        children = _named(node)
        return s.Return(self.span(node), self.expression(children[0]) if children else None)

    def raise_statement(self, node: TsNode) -> s.Statement:
        children = _named(node)
        return s.Raise(self.span(node), self.expression(children[0]) if children else None)

    def assert_statement(self, node: TsNode) -> s.Statement:
        """As `if test: pass`, `else: raise message`."""
        test, message = (*_named(node), None, None)[:2]
        said = None if message is None else self.expression(message)
        return s.If(self.span(node), self.optional(test, node), (), (s.Raise(self.span(node), said),))

    def alias(self, node: TsNode) -> s.Alias:
        if node.type == "aliased_import":
            name, alias = node.child_by_field_name("name"), node.child_by_field_name("alias")
            if name is not None and alias is not None:
                return s.Alias(self.span(node), _text(name), self.span(name), _text(alias), self.span(alias))
        return s.Alias(self.span(node), _text(node), self.span(node))

    def import_statement(self, node: TsNode) -> s.Statement:
        return s.Import(self.span(node), tuple(map(self.alias, node.children_by_field_name("name"))))

    def import_from_statement(self, node: TsNode) -> s.Statement:
        names = tuple(map(self.alias, node.children_by_field_name("name")))
        module = node.child_by_field_name("module_name")
        if module is None:  # from __future__ import ...
            return s.ImportFrom(self.span(node), "__future__", 0, names)
        star = any(child.type == "wildcard_import" for child in node.named_children)
        text = "".join(_text(module).split())
        name = text.lstrip(".")
        return s.ImportFrom(self.span(node), name, len(text) - len(name), names, star)

    def if_statement(self, node: TsNode) -> s.Statement:
        orelse: s.Block = ()
        for clause in reversed(node.children_by_field_name("alternative")):
            if clause.type == "else_clause":
                orelse = self.clause_block(clause)
            else:
                test = self.optional(clause.child_by_field_name("condition"), clause)
                body = self.block(clause.child_by_field_name("consequence"))
                orelse = (s.If(self.span(clause), test, body, orelse),)
        test = self.optional(node.child_by_field_name("condition"), node)
        return s.If(self.span(node), test, self.block(node.child_by_field_name("consequence")), orelse)

    def for_statement(self, node: TsNode) -> s.Statement:
        return s.For(
            self.span(node),
            self.optional(node.child_by_field_name("left"), node),
            self.optional(node.child_by_field_name("right"), node),
            self.block(node.child_by_field_name("body")),
            self.clause_block(node.child_by_field_name("alternative")),
        )

    def while_statement(self, node: TsNode) -> s.Statement:
        return s.While(
            self.span(node),
            self.optional(node.child_by_field_name("condition"), node),
            self.block(node.child_by_field_name("body")),
            self.clause_block(node.child_by_field_name("alternative")),
        )

    def with_statement(self, node: TsNode) -> s.Statement:
        items: list[s.WithItem] = []
        for clause in (child for child in node.named_children if child.type == "with_clause"):
            for item in _named(clause):
                value = item.child_by_field_name("value")
                if value is None:
                    continue
                target: s.Expression | None = None
                if value.type == "as_pattern":
                    alias = value.child_by_field_name("alias")
                    target = self.expression(_named(alias)[0]) if alias is not None and _named(alias) else None
                    value = _named(value)[0]
                items.append(s.WithItem(self.span(item), self.expression(value), target))
        return s.With(self.span(node), tuple(items), self.block(node.child_by_field_name("body")))

    def try_statement(self, node: TsNode) -> s.Statement:
        handlers: list[s.ExceptHandler] = []
        orelse: s.Block = ()
        final: s.Block = ()
        for clause in _named(node):
            if clause.type in ("except_clause", "except_group_clause"):
                handlers.append(self.except_clause(clause))
            elif clause.type == "else_clause":
                orelse = self.clause_block(clause)
            elif clause.type == "finally_clause":
                final = self.clause_block(clause)
        body = self.block(node.child_by_field_name("body"))
        return s.Try(self.span(node), body, tuple(handlers), orelse, final)

    def except_clause(self, node: TsNode) -> s.ExceptHandler:
        values = node.children_by_field_name("value")
        name = ""
        if values and values[0].type == "as_pattern":
            alias = values[0].child_by_field_name("alias")
            name = _text(alias) if alias is not None else ""
            values = _named(values[0])[:1]
        types = tuple(self.expression(value) for value in values)
        if len(types) == 1 and isinstance(types[0], s.Sequence):
            types = types[0].items
        return s.ExceptHandler(self.span(node), types, name, self.clause_block(node))

    def match_statement(self, node: TsNode) -> s.Statement:
        cases: list[s.Case] = []
        body = node.child_by_field_name("body")
        for clause in _named(body) if body is not None else ():
            if clause.type != "case_clause":
                continue
            bound: dict[str, None] = {}
            pending = [child for child in clause.named_children if child.type == "case_pattern"]
            irrefutable = len(pending) == 1 and _text(pending[0]) == "_" and not clause.child_by_field_name("guard")
            while pending:
                part = pending.pop()
                if part.type == "identifier":
                    bound[_text(part)] = None
                pending += part.named_children
            block = self.block(clause.child_by_field_name("consequence"))
            cases.append(s.Case(self.span(clause), tuple(bound), irrefutable, block))
        return s.Match(self.span(node), self.optional(node.child_by_field_name("subject"), node), tuple(cases))

    def function_definition(self, node: TsNode, decorators: tuple[s.Expression, ...] = ()) -> s.Statement:
        name, parameters = node.child_by_field_name("name"), node.child_by_field_name("parameters")
        if name is None or parameters is None:
            return self.broken(node)
        returns = node.child_by_field_name("return_type")
        outer, self._yields = self._yields, False
        body = self.block(node.child_by_field_name("body"))
        yields, self._yields = self._yields, outer
        return s.FunctionDef(
            self.span(node),
            _text(name),
            self.span(name),
            self.parameters(parameters),
            self.span(parameters),
            None if returns is None else self.expression(returns),
            decorators,
            body,
            is_async=any(child.type == "async" for child in node.children[:1]),
            is_generator=yields,
        )

    def class_definition(
        self, node: TsNode, decorators: tuple[s.Expression, ...] = (), head_only: bool = False
    ) -> s.Statement:
        name = node.child_by_field_name("name")
        if name is None:
            return self.broken(node)
        bases, body = node.child_by_field_name("superclasses"), node.child_by_field_name("body")
        span = self.span(node)
        return s.ClassDef(
            Span(span.start, body.start_byte - self._base) if head_only and body is not None else span,
            _text(name),
            self.span(name),
            () if bases is None else self.arguments(bases),
            decorators,
            () if head_only else self.block(body),
        )

    def decorated_definition(self, node: TsNode, head_only: bool = False) -> s.Statement:
        decorators = tuple(
            self.expression(_named(child)[0])
            for child in node.named_children
            if child.type == "decorator" and _named(child)
        )
        definition = node.child_by_field_name("definition")
        if definition is None:
            return self.broken(node)
        if definition.type == "class_definition":
            return self.class_definition(definition, decorators, head_only)
        return self.function_definition(definition, decorators)

    def scope_statement(self, node: TsNode) -> s.Statement:
        kind = node.type.removesuffix("_statement")
        return s.Scope(self.span(node), kind, tuple(_text(child) for child in _named(node)))

    def jump_statement(self, node: TsNode) -> s.Statement:
        return s.Jump(self.span(node), node.type.removesuffix("_statement"))

    # --- parameters and arguments -----------------------------------------------------------------------------------

    def parameters(self, node: TsNode) -> tuple[s.ParameterDef, ...]:
        found: list[s.ParameterDef] = []
        kind = "positional_or_keyword"
        for child in _named(node):
            if child.type == "positional_separator":
                found = [_positional_only(parameter) for parameter in found]
                continue
            if child.type == "keyword_separator":
                kind = "keyword_only"
                continue
            parameter = self.parameter(child, kind)
            if parameter is None:
                continue
            found.append(parameter)
            if parameter.kind == "var_positional":
                kind = "keyword_only"
        return tuple(found)

    def parameter(self, node: TsNode, kind: str) -> s.ParameterDef | None:
        annotation = node.child_by_field_name("type")
        default = node.child_by_field_name("value")
        name = node if node.type == "identifier" else node.child_by_field_name("name")
        if name is None and _named(node):
            name = _named(node)[0]
        if name is not None and name.type in ("list_splat_pattern", "dictionary_splat_pattern"):
            node, name = name, next(iter(_named(name)), None)
        if node.type in ("list_splat_pattern", "dictionary_splat_pattern"):
            kind = "var_positional" if node.type == "list_splat_pattern" else "var_keyword"
        if name is None or name.type != "identifier":
            return None
        return s.ParameterDef(
            self.span(node),
            _text(name),
            self.span(name),
            kind,
            None if annotation is None else self.expression(annotation),
            None if default is None else self.expression(default),
        )

    def arguments(self, node: TsNode) -> tuple[s.Argument, ...]:
        if node.type == "generator_expression":
            return (s.Argument(self.span(node), self.expression(node)),)
        found: list[s.Argument] = []
        for child in _named(node):
            if child.type == "keyword_argument":
                name, value = child.child_by_field_name("name"), child.child_by_field_name("value")
                if name is not None and value is not None:
                    found.append(s.Argument(self.span(child), self.expression(value), _text(name), self.span(name)))
            elif child.type in ("list_splat", "dictionary_splat"):
                inner = _named(child)
                if inner:
                    stars = 1 if child.type == "list_splat" else 2
                    found.append(s.Argument(self.span(child), self.expression(inner[0]), stars=stars))
            else:
                found.append(s.Argument(self.span(child), self.expression(child)))
        return tuple(found)

    # --- expressions ------------------------------------------------------------------------------------------------

    def optional(self, node: TsNode | None, around: TsNode) -> s.Expression:
        return s.Opaque(self.span(around)) if node is None else self.expression(node)

    def expression(self, node: TsNode) -> s.Expression:
        lower = _EXPRESSIONS.get(node.type)
        if lower is None:
            return s.Opaque(self.span(node), self.parts(node))
        return lower(self, node)

    def parts(self, node: TsNode) -> tuple[s.Expression, ...]:
        return tuple(self.expression(child) for child in _named(node))

    def name(self, node: TsNode) -> s.Expression:
        return s.Name(self.span(node), _text(node))

    def attribute(self, node: TsNode) -> s.Expression:
        value, name = node.child_by_field_name("object"), node.child_by_field_name("attribute")
        if value is None or name is None:
            return s.Opaque(self.span(node), self.parts(node))
        # `outputs.` and a line break: the name is the next statement's, typed later
        gap = (node.text or b"")[value.end_byte - node.start_byte : name.start_byte - node.start_byte]
        if b"\n" in gap.partition(b".")[2] and b"\\" not in gap:
            return s.Opaque(self.span(node), (self.expression(value),))
        return s.Attribute(self.span(node), self.expression(value), _text(name), self.span(name))

    def subscript(self, node: TsNode) -> s.Expression:
        value = node.child_by_field_name("value")
        if value is None:
            return s.Opaque(self.span(node), self.parts(node))
        indices = tuple(self.expression(child) for child in node.children_by_field_name("subscript"))
        return s.Subscript(self.span(node), self.expression(value), indices)

    def generic_type(self, node: TsNode) -> s.Expression:
        children = _named(node)
        if len(children) != 2:
            return s.Opaque(self.span(node), self.parts(node))
        indices = tuple(self.expression(child) for child in _named(children[1]))
        return s.Subscript(self.span(node), self.expression(children[0]), indices)

    def call(self, node: TsNode) -> s.Expression:
        function, arguments = node.child_by_field_name("function"), node.child_by_field_name("arguments")
        if function is None or arguments is None:
            return s.Opaque(self.span(node), self.parts(node))
        called = self.expression(function)
        if isinstance(called, s.Name | s.Attribute):
            self.called.add(called.name)
        return s.Call(self.span(node), called, self.arguments(arguments), self.span(arguments), node.has_error)

    def string(self, node: TsNode) -> s.Expression:
        interpolations = [child for child in node.named_children if child.type == "interpolation"]
        if interpolations:
            parts = [part for child in interpolations for part in self.parts(child)]
            return s.Opaque(self.span(node), tuple(parts))
        return self.literal(node)

    def concatenated_string(self, node: TsNode) -> s.Expression:
        parts = self.parts(node)
        if any(not isinstance(part, s.Literal) for part in parts):
            return s.Opaque(self.span(node), parts)
        return self.literal(node)

    def literal(self, node: TsNode) -> s.Expression:
        text = _text(node)
        if text[:1] in "\"'" and "\\" not in text and text.count(text[0]) == 2:
            return s.Literal(self.span(node), text[1:-1])
        try:
            value = number(text) if node.type in ("integer", "float") else constant(text)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            return s.Opaque(self.span(node))
        if isinstance(value, str | bytes | int | float | bool) or value is None:
            return s.Literal(self.span(node), value)
        return s.Opaque(self.span(node))

    def unary(self, node: TsNode) -> s.Expression:
        argument = node.child_by_field_name("argument")
        if argument is not None and argument.type in ("integer", "float"):
            return self.literal(node)
        return s.Opaque(self.span(node), self.parts(node))

    def sequence(self, node: TsNode) -> s.Expression:
        kind = {"list": "list", "list_pattern": "list", "set": "set"}.get(node.type, "tuple")
        return s.Sequence(self.span(node), kind, self.parts(node))

    def starred(self, node: TsNode) -> s.Expression:
        return s.Starred(self.span(node), self.optional(next(iter(_named(node)), None), node))

    def dictionary(self, node: TsNode) -> s.Expression:
        items: list[s.Item] = []
        for child in _named(node):
            if child.type == "pair":
                items.append(self.pair(child))
            elif child.type == "dictionary_splat":
                items.append(s.Item(self.span(child), None, self.optional(next(iter(_named(child)), None), child)))
        return s.Dict(self.span(node), tuple(items))

    def pair(self, node: TsNode) -> s.Item:
        key, value = node.child_by_field_name("key"), node.child_by_field_name("value")
        return s.Item(self.span(node), self.optional(key, node), self.optional(value, node))

    def conditional(self, node: TsNode) -> s.Expression:
        children = _named(node)
        if len(children) != 3:
            return s.Opaque(self.span(node), self.parts(node))
        body, test, orelse = (self.expression(child) for child in children)
        return s.Conditional(self.span(node), test, body, orelse)

    def operation(self, node: TsNode) -> s.Expression:
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        operator = node.child_by_field_name("operator")
        if left is None or right is None or operator is None:
            return s.Opaque(self.span(node), self.parts(node))
        make = s.BooleanOperation if node.type == "boolean_operator" else s.BinaryOperation
        return make(self.span(node), _text(operator), self.expression(left), self.expression(right))

    def comparison(self, node: TsNode) -> s.Expression:
        operators = tuple(" ".join(_text(child).split()) for child in node.children_by_field_name("operators"))
        return s.Compare(self.span(node), operators, self.parts(node))

    def negation(self, node: TsNode) -> s.Expression:
        return s.Not(self.span(node), self.optional(node.child_by_field_name("argument"), node))

    def awaited(self, node: TsNode) -> s.Expression:
        return s.Await(self.span(node), self.optional(next(iter(_named(node)), None), node))

    def named_expression(self, node: TsNode) -> s.Expression:
        name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
        if name is None or value is None:
            return s.Opaque(self.span(node), self.parts(node))
        return s.NamedExpression(self.span(node), s.Name(self.span(name), _text(name)), self.expression(value))

    def comprehension(self, node: TsNode) -> s.Expression:
        body = node.child_by_field_name("body")
        if body is None:
            return s.Opaque(self.span(node), self.parts(node))
        generators: list[s.ComprehensionFor] = []
        for child in _named(node):
            if child.type == "for_in_clause":
                target, iterables = child.child_by_field_name("left"), child.children_by_field_name("right")
                iterable = next((part for part in iterables if part.is_named), None)
                generators.append(
                    s.ComprehensionFor(
                        self.span(child), self.optional(target, child), self.optional(iterable, child), ()
                    )
                )
            elif child.type == "if_clause" and generators:
                last = generators[-1]
                conditions = (*last.conditions, *self.parts(child))
                generators[-1] = s.ComprehensionFor(last.span, last.target, last.iterable, conditions)
        kind = {"list_comprehension": "list", "set_comprehension": "set", "dictionary_comprehension": "dict"}
        element = self.pair(body) if body.type == "pair" else self.expression(body)
        return s.Comprehension(self.span(node), kind.get(node.type, "generator"), element, tuple(generators))

    def lambda_(self, node: TsNode) -> s.Expression:
        parameters = node.child_by_field_name("parameters")
        outer = self._yields
        body = self.optional(node.child_by_field_name("body"), node)
        self._yields = outer
        return s.Lambda(self.span(node), () if parameters is None else self.parameters(parameters), body)

    def yielded(self, node: TsNode) -> s.Expression:
        self._yields = True
        value = next(iter(self.parts(node)), None)
        return s.Yield(self.span(node), value, any(child.type == "from" for child in node.children))

    def unwrapped(self, node: TsNode) -> s.Expression:
        children = _named(node)
        if len(children) == 1:
            return self.expression(children[0])
        return s.Opaque(self.span(node), self.parts(node))


def _positional_only(parameter: s.ParameterDef) -> s.ParameterDef:
    p = parameter
    return s.ParameterDef(p.span, p.name, p.name_span, "positional_only", p.annotation, p.default)


_STATEMENTS: dict[str, Callable[[Lowering, TsNode], s.Statement]] = {
    "expression_statement": Lowering.expression_statement,
    "delete_statement": Lowering.delete_statement,
    "return_statement": Lowering.return_statement,
    "raise_statement": Lowering.raise_statement,
    "assert_statement": Lowering.assert_statement,
    "import_statement": Lowering.import_statement,
    "import_from_statement": Lowering.import_from_statement,
    "future_import_statement": Lowering.import_from_statement,
    "if_statement": Lowering.if_statement,
    "for_statement": Lowering.for_statement,
    "while_statement": Lowering.while_statement,
    "with_statement": Lowering.with_statement,
    "try_statement": Lowering.try_statement,
    "match_statement": Lowering.match_statement,
    "function_definition": Lowering.function_definition,
    "class_definition": Lowering.class_definition,
    "decorated_definition": Lowering.decorated_definition,
    "global_statement": Lowering.scope_statement,
    "nonlocal_statement": Lowering.scope_statement,
    "pass_statement": Lowering.jump_statement,
    "break_statement": Lowering.jump_statement,
    "continue_statement": Lowering.jump_statement,
}

_EXPRESSIONS: dict[str, Callable[[Lowering, TsNode], s.Expression]] = {
    "identifier": Lowering.name,
    "attribute": Lowering.attribute,
    "member_type": Lowering.attribute,
    "subscript": Lowering.subscript,
    "generic_type": Lowering.generic_type,
    "call": Lowering.call,
    "string": Lowering.string,
    "concatenated_string": Lowering.concatenated_string,
    "integer": Lowering.literal,
    "float": Lowering.literal,
    "true": Lowering.literal,
    "false": Lowering.literal,
    "none": Lowering.literal,
    "unary_operator": Lowering.unary,
    "list": Lowering.sequence,
    "tuple": Lowering.sequence,
    "set": Lowering.sequence,
    "expression_list": Lowering.sequence,
    "pattern_list": Lowering.sequence,
    "tuple_pattern": Lowering.sequence,
    "list_pattern": Lowering.sequence,
    "list_splat": Lowering.starred,
    "list_splat_pattern": Lowering.starred,
    "dictionary": Lowering.dictionary,
    "pair": Lowering.pair,
    "conditional_expression": Lowering.conditional,
    "boolean_operator": Lowering.operation,
    "binary_operator": Lowering.operation,
    "comparison_operator": Lowering.comparison,
    "not_operator": Lowering.negation,
    "await": Lowering.awaited,
    "named_expression": Lowering.named_expression,
    "list_comprehension": Lowering.comprehension,
    "set_comprehension": Lowering.comprehension,
    "dictionary_comprehension": Lowering.comprehension,
    "generator_expression": Lowering.comprehension,
    "lambda": Lowering.lambda_,
    "yield": Lowering.yielded,
    "parenthesized_expression": Lowering.unwrapped,
    "type": Lowering.unwrapped,
}
