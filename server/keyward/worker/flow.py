"""Follows the variable that holds `**kwargs` through one function: what is read, where it goes, what may refuse.

Refusal of an unknown keyword has three grades: `NO`, `MAY` (on some path) and `MUST` (on every path that returns).
"""

from __future__ import annotations

import ast
from typing import Any, Iterator, List, Optional, Tuple

from . import candidates, values
from .nodes import children, is_name, parent_of, visible_nodes
from .scope import Scope

NO, MAY, MUST = 0, 1, 2

_READERS = ("get", "pop", "setdefault", "__getitem__", "__contains__")
RUNNERS = ("checkpoint", "_gradient_checkpointing_func")
"""Functions that call their first argument with the others."""

_HARMLESS = ("update", "clear")
COMPUTED_KEY = "a computed key is read"
"""The reason for which even a keyword that all callees refuse may be taken out before they see it."""


def union(refusals: Any) -> int:
    """The refusal of a call that one of several candidates gets."""
    if refusals and all(refusal == MUST for refusal in refusals):
        return MUST
    return MAY if any(refusals) else NO


class Rest:
    """What a function does with the dictionary in its parameter `start`, be that `**kwargs` or a plain one.

    `names` and `prefixes` are read from it, `sinks` are calls that it is spread into, `wholes` are calls that get it as
    one argument (call, position or keyword), `reasons` say what is not understood.
    """

    def __init__(self, node: Any, scope: Scope, start: str) -> None:
        self.names: List[str] = []
        self.prefixes: List[str] = []
        self.sinks: List[Any] = []
        self.wholes: List[Tuple[Any, Any]] = []
        self.reasons: List[str] = []
        self._scope = scope
        self._aliases = {start}
        self._filtered_at: Any = None
        body = node.body if isinstance(node.body, list) else [node.body]
        nodes = visible_nodes(node, start)
        self._find_aliases(nodes)
        self._find_filter(body)
        for child in nodes:
            if isinstance(child, ast.Name) and child.id in self._aliases:
                if isinstance(child.ctx, ast.Load):
                    self._use(child)
                elif isinstance(child.ctx, ast.Store) and not self._is_alias_store(child):
                    self._open("`{}` is re-bound".format(child.id))

    def _find_aliases(self, nodes: Any) -> None:
        before = 0
        while before != len(self._aliases):
            before = len(self._aliases)
            for child in nodes:
                target = child.targets[0] if isinstance(child, ast.Assign) and len(child.targets) == 1 else None
                if isinstance(target, ast.Name) and self._carries(child.value):
                    self._aliases.add(target.id)
                elif isinstance(child, ast.For) and self._key_of_loop(child) is not None:
                    self._aliases.update(_filled_in(child))

    def _carries(self, node: Any) -> bool:
        """Whether an expression is the rest itself, or a copy of all of it."""
        if isinstance(node, ast.Name):
            return node.id in self._aliases
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Attribute) and node.func.attr == "copy" and not node.args:
                return self._carries(node.func.value)
            if isinstance(node.func, ast.Name) and node.func.id == "dict":
                return any(map(self._carries, node.args)) or any(
                    keyword.arg is None and self._carries(keyword.value) for keyword in node.keywords
                )
            if isinstance(node.func, ast.Attribute) and node.func.attr in ("copy", "deepcopy") and len(node.args) == 1:
                return self._carries(node.args[0])
        if isinstance(node, ast.Dict):
            return any(key is None and self._carries(value) for key, value in zip(node.keys, node.values))
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
            return self._carries(node.left) or self._carries(node.right)
        if isinstance(node, ast.DictComp) and len(node.generators) == 1:
            # All but some names: an unknown one stays.
            key = self._key_of_loop(node.generators[0])
            return key is not None and is_name(node.key, key) and all(_drops(test) for test in node.generators[0].ifs)
        return False

    def _key_of_loop(self, loop: Any) -> Optional[str]:
        """The variable that runs over the keys in `for k, v in rest.items()`, of a statement or comprehension."""
        called = loop.iter
        if not (
            isinstance(called, ast.Call) and isinstance(called.func, ast.Attribute) and called.func.attr == "items"
        ):
            return None
        pair = loop.target.elts if isinstance(loop.target, ast.Tuple) else ()
        if len(pair) == 2 and isinstance(pair[0], ast.Name) and self._carries(called.func.value):
            return pair[0].id
        return None

    def _find_filter(self, body: Any) -> None:
        """Note `kwargs = {k: v for k, v in kwargs.items() if k in known}` as a statement of the function itself.

        From there on the rest holds known names only, and an unknown keyword is gone.
        """
        for statement in body:
            if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
                target = statement.targets[0]
                kept = self._kept_names(statement.value)
                if isinstance(target, ast.Name) and target.id in self._aliases and kept is not None:
                    self._filtered_at = statement
                    self.names.extend(name for name in kept if name not in self.names)
                    return

    def _kept_names(self, node: Any) -> Optional[List[str]]:
        """The names that a comprehension over the rest lets through; None if it is no such comprehension."""
        if not isinstance(node, ast.DictComp) or len(node.generators) != 1:
            return None
        generator = node.generators[0]
        key = self._key_of_loop(generator)
        if key is None or not is_name(node.key, key):
            return None
        for test in generator.ifs:
            if isinstance(test, ast.Compare) and is_name(test.left, key) and isinstance(test.ops[0], ast.In):
                return self._known_names(test.comparators[0])
        return None

    def _known_names(self, node: Any) -> Optional[List[str]]:
        names = []
        for value in values.evaluate(node, self._scope):
            is_text = isinstance(value, candidates.Live) and isinstance(value.value, str)
            for element in [value] if is_text else candidates.elements(value):
                if not (isinstance(element, candidates.Live) and isinstance(element.value, str)):
                    return None
                names.append(element.value)
        return names or None

    def _is_filtered(self, node: Any) -> bool:
        """Whether a node is in, or comes after, the statement that drops unknown names."""
        return self._filtered_at is not None and node.lineno >= self._filtered_at.lineno

    def _is_alias_store(self, name: Any) -> bool:
        parent = parent_of(name)
        if parent is self._filtered_at:
            return True
        if not (isinstance(parent, ast.Assign) and len(parent.targets) == 1):
            return False
        starts_empty = isinstance(parent.value, ast.Dict) and not parent.value.keys
        return starts_empty or self._carries(parent.value)

    def is_checkpointed(self, node: Any) -> bool:
        """Whether a node is an argument of the call that runs it: `checkpoint(partial(f, **kwargs), ...)`."""
        call = parent_of(node)
        name = getattr(getattr(call, "func", None), "attr", getattr(getattr(call, "func", None), "id", ""))
        return isinstance(call, ast.Call) and name in RUNNERS

    def _open(self, reason: str) -> None:
        if reason not in self.reasons:
            self.reasons.append(reason)

    def _use(self, name: Any) -> None:
        if self._is_filtered(name):
            return
        held = self._widest_copy(name)
        parent = parent_of(held)
        if isinstance(parent, ast.keyword) and parent.arg is None:
            self.sinks.append(parent_of(parent))
        elif isinstance(parent, ast.Attribute):
            self._method(parent)
        elif isinstance(parent, ast.Subscript) and parent.value is held:
            index = parent.slice if isinstance(parent.slice, ast.expr) else getattr(parent.slice, "value", None)
            # Writing under a computed key adds to the rest and reads nothing.
            self._read(index, silent=isinstance(parent.ctx, ast.Store))
        elif isinstance(parent, ast.Compare) and held in parent.comparators:
            if all(isinstance(operator, (ast.In, ast.NotIn)) for operator in parent.ops):
                self._read(parent.left)
            else:
                self._open("`{}` is compared".format(name.id))
        elif isinstance(parent, ast.Compare) and isinstance(parent.ops[0], (ast.Is, ast.IsNot)):
            return
        elif isinstance(parent, ast.Call) and held in parent.args:
            self.wholes.append((parent, parent.args.index(held)))
        elif isinstance(parent, ast.keyword):
            self.wholes.append((parent_of(parent), parent.arg))
        elif not _is_named(held):
            self._open(_REASONS.get(type(parent), "`{}` is used as a whole").format(name.id))

    def _widest_copy(self, name: Any) -> Any:
        """The expression around a name of the rest that still carries all of it: `{**defaults, **kwargs}`."""
        widest = name
        while True:
            around = parent_of(widest)
            if isinstance(around, ast.Attribute) or (isinstance(around, ast.keyword) and around.arg is None):
                around = parent_of(around)  # `kwargs.copy()`, `dict(**kwargs)`
            if isinstance(around, ast.Call) and isinstance(parent_of(around), ast.comprehension):
                around = parent_of(parent_of(around))  # `{k: v for k, v in kwargs.items() if k not in used}`
            if not isinstance(around, ast.expr) or not self._carries(around):
                return widest
            widest = around

    def _method(self, attribute: ast.Attribute) -> None:
        call = parent_of(attribute)
        if not isinstance(call, ast.Call) or call.func is not attribute:
            self._open("a method of the rest is not followed")
        elif attribute.attr in _READERS and call.args:
            self._read(call.args[0])
        elif attribute.attr in _HARMLESS:
            return
        elif attribute.attr == "items" and isinstance(parent_of(call), ast.For):
            self._loop(parent_of(call))
        else:
            self._open("`{}.{}()` is not followed".format(getattr(attribute.value, "id", ""), attribute.attr))

    def _loop(self, loop: Any) -> None:
        """Take in `for k, v in rest.items()`: the tests on `k` say which names matter."""
        key = self._key_of_loop(loop)
        if key is None:
            self._open("the rest is iterated over")
            return
        for name in [node for part in loop.body for node in ast.walk(part) if is_name(node, key)]:
            parent = parent_of(name)
            if isinstance(parent, ast.Compare) and parent.left is name:
                known = self._known_names(parent.comparators[0])
                if known is None:
                    self._open("names are compared with others that are not known")
                else:
                    self.names.extend(item for item in known if item not in self.names)
            elif isinstance(parent, ast.Attribute) and parent.attr in ("startswith", "removeprefix"):
                call = parent_of(parent)
                known = self._known_names(call.args[0]) if isinstance(call, ast.Call) and call.args else None
                if known is None:
                    self._open("names are compared with others that are not known")
                else:
                    self.prefixes.extend(item for item in known if item not in self.prefixes)
            elif not (isinstance(parent, ast.Subscript) and isinstance(parent.ctx, ast.Store)):
                self._open("the rest is iterated over")

    def _read(self, key: Any, silent: bool = False) -> None:
        names = self._key(key)
        if names is None:
            if not silent:
                self._open(COMPUTED_KEY)
            return
        for name, is_prefix in names:
            into = self.prefixes if is_prefix else self.names
            if name not in into:
                into.append(name)

    def _key(self, node: Any) -> Optional[List[Tuple[str, bool]]]:
        """[(name, whether it is only a prefix)] of a key, None if it may be anything."""
        if isinstance(node, ast.Constant):
            return [(str(node.value), False)] if isinstance(node.value, str) else []
        if isinstance(node, ast.JoinedStr):
            first = node.values[0] if node.values else None
            text = str(first.value) if isinstance(first, ast.Constant) else ""
            return [(text, len(node.values) > 1)] if text else None
        names = []
        for value in self._values_of_key(node) if node is not None else [candidates.Unknown("")]:
            if not (isinstance(value, candidates.Live) and isinstance(value.value, str)):
                return None
            names.append((value.value, False))
        return names

    def _values_of_key(self, node: Any) -> candidates.Candidates:
        """The candidates of a key; a name that a comprehension around it binds is that one's, whatever others bind."""
        around = parent_of(node)
        while isinstance(node, ast.Name) and around is not None and not isinstance(around, ast.stmt):
            for generator in getattr(around, "generators", ()):
                if is_name(generator.target, node.id):
                    iterated = values.evaluate(generator.iter, self._scope)
                    return candidates.taken_from(iterated)
            around = parent_of(around)
        return values.evaluate(node, self._scope)


def _is_named(node: Any) -> bool:
    """Whether an expression is all that is assigned to a variable."""
    parent = parent_of(node)
    return isinstance(parent, ast.Assign) and len(parent.targets) == 1 and isinstance(parent.targets[0], ast.Name)


def _drops(test: Any) -> bool:
    """Whether a condition of a comprehension leaves out known names only."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return isinstance(test.operand, ast.Call)
    return isinstance(test, ast.Compare) and isinstance(test.ops[0], (ast.NotIn, ast.IsNot))


def _filled_in(loop: Any) -> Iterator[str]:
    """The dictionaries that a loop fills: `d[...] = v`."""
    value = loop.target.elts[1]
    for node in ast.walk(loop):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Subscript):
            target = node.targets[0].value
            if isinstance(target, ast.Name) and isinstance(value, ast.Name) and is_name(node.value, value.id):
                yield target.id


_REASONS = {
    ast.Return: "`{}` is returned",
    ast.Assign: "`{}` is stored",
    ast.If: "`{}` is tested as a whole",
    ast.For: "`{}` is iterated over",
}


def refusal(function: Any, refusals: Any) -> int:
    """The refusal of a function, from that of its calls ({call node: refusal}) and the paths that they are on."""
    if not any(refusals.values()):
        return NO
    if not isinstance(function.body, list):
        return _expression(function.body, refusals)
    return _block(function.body, refusals)


def _block(statements: Any, refusals: Any) -> int:
    result = NO
    for index, statement in enumerate(statements):
        if isinstance(statement, ast.If):
            result = max(result, _expression(statement.test, refusals))
            rest = statements[index + 1 :]
            if _leaves(statement.body) or _leaves(statement.orelse):
                body = statement.body if _leaves(statement.body) else statement.body + rest
                orelse = statement.orelse if _leaves(statement.orelse) else statement.orelse + rest
                return max(result, _branch(body, orelse, refusals))
            result = max(result, _branch(statement.body, statement.orelse, refusals))
        elif isinstance(statement, (ast.For, ast.AsyncFor)):
            body = _block(statement.body, refusals)
            if not _over_own_parts(statement.iter):
                body = min(body, MAY)
            result = max(result, _expression(statement.iter, refusals), body)
        elif isinstance(statement, ast.While):
            result = max(result, min(_block(statement.body, refusals), MAY))
        elif isinstance(statement, (ast.With, ast.AsyncWith)):
            entered = [_expression(item.context_expr, refusals) for item in statement.items]
            result = max([result, _block(statement.body, refusals)] + entered)
        elif isinstance(statement, ast.Try):
            inner = _tried(statement, refusals)
            result = max(result, inner, _block(statement.finalbody, refusals))
        elif isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            result = max(result, min(max(map(refusals.get, _calls(statement, refusals)), default=NO), MAY))
        else:
            result = max(result, _expression(statement, refusals))
            if isinstance(statement, (ast.Return, ast.Raise)):
                break
    return result


def _tried(statement: Any, refusals: Any) -> int:
    """The refusal of what is tried: a handler that raises again changes nothing about it, another may catch it."""
    result = _block(statement.body + statement.orelse, refusals)
    for handler in statement.handlers:
        if not isinstance(handler.body[-1], ast.Raise):
            handled = _block(handler.body, refusals)
            result = max(min(result, handled if handled == MUST else MAY), min(handled, MAY))
    return result


def _calls(node: Any, refusals: Any) -> List[Any]:
    return [child for child in ast.walk(node) if child in refusals]


def _leaves(statements: Any) -> bool:
    return bool(statements) and isinstance(statements[-1], (ast.Return, ast.Raise, ast.Continue, ast.Break))


def _branch(body: Any, orelse: Any, refusals: Any) -> int:
    # A branch that raises anyway says nothing about the keyword.
    results = [_block(part, refusals) for part in (body, orelse) if not (part and isinstance(part[-1], ast.Raise))]
    return union(results) if results else NO


def _over_own_parts(node: Any) -> bool:
    """Whether a loop runs over modules of `self`, of which there is at least one."""
    for child in ast.walk(node):
        if isinstance(child, ast.Attribute) and isinstance(child.value, ast.Name) and child.value.id == "self":
            return True
    return False


def _expression(node: Any, refusals: Any) -> int:
    if node is None:
        return NO
    result: int = refusals.get(node, NO)
    if isinstance(node, ast.IfExp):
        branches = union([_expression(node.body, refusals), _expression(node.orelse, refusals)])
        return max(result, _expression(node.test, refusals), branches)
    if isinstance(node, ast.BoolOp):
        later = max(_expression(value, refusals) for value in node.values[1:])
        return max(result, _expression(node.values[0], refusals), min(later, MAY))
    weak = isinstance(node, (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp))
    for child in children(node):
        below = _expression(child, refusals)
        result = max(result, min(below, MAY) if weak else below)
    return result
