"""What an expression in a library's function can be, worked out from its syntax and from live objects.

The answer of `evaluate` is a list of candidates. None (the constant) has no candidates, since it cannot be called.
"""

from __future__ import annotations

import ast
import functools
import importlib.util
import types
from typing import Any, Dict, List

from . import configurations, imports, members, source
from .candidates import (
    Alike,
    Candidate,
    Candidates,
    Container,
    Instance,
    Live,
    Method,
    Super,
    Unknown,
    describe,
    elements,
    holds,
    module_class,
    taken_from,
    union,
)
from .nodes import is_name, own_nodes
from .scope import Scope, outer

DEEPEST = 16
MOST_STEPS = 4000
"""Expressions looked at for the sake of one; what branches further is not followed."""
_SAME = ("to", "eval", "train", "cuda", "cpu", "half", "float", "bfloat16", "requires_grad_", "values", "items", "copy")


_PASS_THROUGH = ("list", "tuple", "reversed", "iter", "sorted", "copy", "deepcopy", "next", "set")


_CONTAINERS = ("ModuleList", "ModuleDict", "Sequential", "OrderedDict", "dict", "list", "tuple")


def evaluate(node: Any, scope: Scope, depth: int = 0) -> Candidates:
    """The candidates of an expression, see the module's text."""
    if node is None or depth > DEEPEST:
        return [Unknown("too deep to follow")]
    if effort.is_spent(depth):
        return [Unknown("too much to follow")]
    if isinstance(node, ast.Constant):
        return [] if node.value is None else [Live(node.value)]
    if isinstance(node, ast.Name):
        return _name(node.id, scope, depth)
    if isinstance(node, ast.Attribute):
        return union(members.attribute(value, node.attr, depth + 1) for value in evaluate(node.value, scope, depth + 1))
    if isinstance(node, ast.Call):
        return _call(node, scope, depth)
    if isinstance(node, ast.IfExp):
        return union([evaluate(node.body, scope, depth + 1), evaluate(node.orelse, scope, depth + 1)])
    if isinstance(node, ast.BoolOp):
        return union(evaluate(value, scope, depth + 1) for value in node.values)
    if isinstance(node, ast.Subscript):
        values = evaluate(node.value, scope, depth + 1)
        if is_name(node.value, "LOSS_MAPPING") and scope.cls is not None:
            return union(members.losses(value, scope.cls) for value in values)
        if isinstance(node.slice, ast.Slice):
            return values
        return taken_from(values)
    if isinstance(node, ast.Tuple) and not any(isinstance(element, ast.Starred) for element in node.elts):
        parts = [evaluate(element, scope, depth + 1) for element in node.elts]
        return [Container(union(parts), parts)]
    if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
        return [Container(union(_spread(element, scope, depth) for element in node.elts))]
    if isinstance(node, ast.Dict):
        return [Container(union(evaluate(value, scope, depth + 1) for value in node.values))]
    if isinstance(node, (ast.ListComp, ast.GeneratorExp, ast.SetComp)):
        return [Container(evaluate(node.elt, scope, depth + 1))]
    if isinstance(node, ast.DictComp):
        return [Container(evaluate(node.value, scope, depth + 1))]
    if isinstance(node, ast.Starred):
        return _spread(node, scope, depth)
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Mult)):
        sides = [node.left, node.right] if isinstance(node.op, ast.Add) else [node.left]
        parts = [evaluate(side, scope, depth + 1) for side in sides]
        if all(part and all(isinstance(value, Container) for value in part) for part in parts):
            return [Container(union(elements(value) for part in parts for value in part))]
    if isinstance(node, ast.NamedExpr):
        return evaluate(node.value, scope, depth + 1)
    if isinstance(node, ast.Await):
        return [Unknown("an awaited value")]
    return [Unknown("an expression that is not followed")]


class _Effort:
    """How much was looked at for the expression that is being evaluated."""

    def __init__(self) -> None:
        self.steps = 0
        self.most = MOST_STEPS

    def is_spent(self, depth: int) -> bool:
        """Count a step; at depth 0 begins another expression."""
        self.steps = self.steps + 1 if depth else 0
        return self.steps > self.most


effort = _Effort()


def _spread(node: Any, scope: Scope, depth: int) -> Candidates:
    if isinstance(node, ast.Starred):
        return taken_from(evaluate(node.value, scope, depth + 1))
    return evaluate(node, scope, depth + 1)


def _name(name: str, scope: Scope, depth: int) -> Candidates:
    if name == scope.self_name:
        return [Instance(scope.cls)]
    if name in scope.bound:
        return scope.bound[name]
    local = scope.assigned.get(name)
    if local:
        if name in scope.busy:
            return []
        scope.busy.add(name)
        try:
            found = union(_assigned_value(value, how, scope, depth + 1) for value, how in local)
        finally:
            scope.busy.discard(name)
        if any(isinstance(value, Unknown) for value in found):
            return _annotated(name, scope) or found
        return found
    if name in scope.parameters:
        return _annotated(name, scope) or [Unknown("the argument `{}`".format(name))]
    is_there, value = outer(name, scope.function)
    return ([] if value is None else [Live(value)]) if is_there else [Unknown("`{}`".format(name))]


def _annotated(name: str, scope: Scope) -> Candidates:
    """An instance of the class that an annotation names, if no subclass of it could stand there instead."""
    classes = annotated_classes(name, scope)
    return [Instance(classes[0])] if len(classes) == 1 and not classes[0].__subclasses__() else []


def annotated_classes(name: str, scope: Scope) -> List[Any]:
    """The classes that the annotation of a parameter or variable names, those of Python itself left out."""
    annotation = scope.annotations.get(name)
    classes = []
    for node in ast.walk(annotation) if annotation is not None else ():
        text = getattr(node, "id", getattr(node, "value", None))
        value = outer(text, scope.function)[1] if isinstance(text, str) else None
        if isinstance(value, type) and value.__module__ not in ("builtins", "collections.abc", "typing"):
            classes.append(value)
    return classes


def _assigned_value(node: Any, steps: Any, scope: Scope, depth: int) -> Candidates:
    if isinstance(node, ast.ImportFrom):
        return _imported(node, steps, scope.function)
    found = evaluate(node, scope, depth)
    for taken in steps:
        found = taken_from(found, taken)
    return found


def _imported(node: Any, name: str, function: Any) -> Candidates:
    """What an import inside a function gives, if its module is loaded already."""
    dotted = "." * node.level + (node.module or "")
    try:
        module = imports.known(importlib.util.resolve_name(dotted, function.__globals__.get("__package__")))
        is_known, value = imports.settle(getattr(module, name))
        return [Live(value)] if is_known else [Unknown("`{}`".format(name))]
    except Exception:
        return [Unknown("`{}`".format(name))]


def returned(function: Any, cls: Any, bound: Any, depth: int) -> Candidates:
    """The candidates of what a function returns."""
    function = source.innermost(function)
    node = source.node_of(function)
    if node is None or depth > DEEPEST:
        return [Unknown("what `{}` returns".format(getattr(function, "__qualname__", function)))]
    scope = Scope(function, node, cls, bound)
    if isinstance(node, ast.Lambda):
        return evaluate(node.body, scope, depth + 1)
    return union(evaluate(result, scope, depth + 1) for result in _results(node) if not _is_backing(result, scope))


@functools.lru_cache(maxsize=4096)
def _results(node: Any) -> List[Any]:
    """The expressions that a function returns."""
    return [child.value for child in own_nodes(node) if isinstance(child, ast.Return) and child.value is not None]


def _is_backing(node: Any, scope: Scope) -> bool:
    """`return self._x` of a property whose `_x` only a setter assigns: nobody set it but the user."""
    if not (
        isinstance(node, ast.Attribute) and is_name(node.value, scope.self_name or "") and node.attr.startswith("_")
    ):
        return False
    return all(item[0] != node.attr for base in scope.cls.__mro__ for item in members.attribute_table(base))


def _call(node: Any, scope: Scope, depth: int) -> Candidates:
    function = node.func
    name = function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")
    if isinstance(function, ast.Name):
        if name == "super":
            return _super(node, scope)
        if name == "getattr" and len(node.args) >= 2:
            return _getattr(node, scope, depth)
        if name == "partial" and node.args:
            return evaluate(node.args[0], scope, depth + 1)
        if name in _PASS_THROUGH and node.args:
            return evaluate(node.args[0], scope, depth + 1)
    elif isinstance(function, ast.Attribute):
        rest = scope.node.args.kwarg
        if name in ("pop", "get") and rest is not None and is_name(function.value, rest.arg):
            # There only where a caller passed it by that name.
            return union(evaluate(argument, scope, depth + 1) for argument in node.args[1:])
        owners = evaluate(function.value, scope, depth + 1)
        if name in ("partial", "deepcopy", "copy") and node.args:
            return evaluate(node.args[0], scope, depth + 1)
        if name in _SAME and owners and all(isinstance(owner, (Instance, Container, Alike)) for owner in owners):
            return owners
        if name in ("get", "get_interface") and owners and all(_holds(owner) for owner in owners):
            defaults = [evaluate(argument, scope, depth + 1) for argument in node.args[1:]]
            return union([taken_from(owners)] + defaults)
        if name in ("from_config", "_from_config", "from_pretrained"):
            return union(_from_config(owner, node, scope) for owner in owners)
    arguments = (node, scope)
    return union(_result(callee, arguments, depth) for callee in evaluate(function, scope, depth + 1))


def _holds(value: Any) -> bool:
    return isinstance(value, Container) or (isinstance(value, Live) and holds(value.value))


def _super(node: Any, scope: Scope) -> Candidates:
    if len(node.args) == 2:
        return [Super(scope.cls, value.value) for value in evaluate(node.args[0], scope, 1) if isinstance(value, Live)]
    found, cls = outer("__class__", scope.function)
    if found and scope.cls is not None:
        return [Super(scope.cls, cls)]
    return [Unknown("`super()`")]


def _getattr(node: Any, scope: Scope, depth: int) -> Candidates:
    names = [value.value for value in evaluate(node.args[1], scope, depth + 1) if isinstance(value, Live)]
    if not names or not all(isinstance(name, str) for name in names):
        return [Unknown("an attribute whose name is computed")]
    owners = evaluate(node.args[0], scope, depth + 1)
    return union(members.attribute(owner, name, depth + 1) for owner in owners for name in names)


def _result(callee: Candidate, arguments: Any, depth: int) -> Candidates:
    """What calling `callee` gives."""
    node, scope = arguments
    if isinstance(callee, Live) and isinstance(callee.value, type):
        made = callee.value
        if made.__name__ in _CONTAINERS:
            parts = [argument.value if isinstance(argument, ast.Starred) else argument for argument in node.args]
            values = union(evaluate(part, scope, depth + 1) for part in parts)
            inner: List[Candidates] = [elements(item) if isinstance(item, Container) else [item] for item in values]
            return [Container(union(inner))]
        return [Instance(made)]
    if isinstance(callee, Live) and isinstance(callee.value, types.MethodType):
        owner = callee.value.__self__
        return returned(callee.value, owner if isinstance(owner, type) else type(owner), None, depth + 1)
    if isinstance(callee, (Method, Live)):
        function = source.plain(callee.function if isinstance(callee, Method) else callee.value)
        if isinstance(function, types.FunctionType):
            cls = callee.cls if isinstance(callee, Method) else None
            return returned(function, cls, bound_arguments(function, cls, node, scope, depth), depth + 1)
    if isinstance(callee, (Alike, Unknown)):
        return [callee]
    return [Unknown("what {} returns".format(describe(callee)))]


def bound_arguments(function: Any, cls: Any, node: Any, scope: Scope, depth: int = 0) -> Dict[str, Candidates]:
    """What a call gives the parameters of a function, constant defaults included; unknown ones are left out."""
    if depth == 0:
        effort.steps = 0
    definition = source.node_of(source.innermost(function))
    if definition is None or depth > DEEPEST - 2:
        return {}
    names = [argument.arg for argument in definition.args.args]
    bound = {}
    for name, default in zip(reversed(names), reversed(definition.args.defaults)):
        if isinstance(default, ast.Constant) and default.value is not None:
            bound[name] = evaluate(default, scope, depth + 1)
    for name, argument in zip(names[1 if cls is not None else 0 :], node.args):
        if isinstance(argument, ast.Starred):
            return {}
        bound[name] = _argument(argument, scope, depth)
    for keyword in node.keywords:
        if keyword.arg is None:
            return {}
        bound[keyword.arg] = _argument(keyword.value, scope, depth)
    return {
        name: values for name, values in bound.items() if values and not any(isinstance(v, Unknown) for v in values)
    }


def _argument(node: Any, scope: Scope, depth: int) -> Candidates:
    """The candidates of an argument, configurations among them."""
    found = evaluate(node, scope, depth + 1)
    if any(isinstance(value, Unknown) for value in found):
        config = configurations.evaluate(node, scope)
        if config is not None and config.certain:
            return [Instance(config.cls)]
    return found


def _from_config(owner: Candidate, node: Any, scope: Scope) -> Candidates:
    cls = owner.value if isinstance(owner, Live) else owner.cls if isinstance(owner, Method) else None
    if not isinstance(cls, type):
        return [Unknown("a model made from a configuration")]
    if getattr(cls, "_model_mapping", None) is None:
        module = module_class()
        return [Instance(cls)] if module and issubclass(cls, module) else [Unknown("`{}`".format(cls.__name__))]
    given = node.args[:1] + [keyword.value for keyword in node.keywords if keyword.arg == "config"]
    config = configurations.evaluate(given[0], scope) if given else None
    models = configurations.models(cls, config.cls) if config is not None else None
    if config is None or models is None or not (models or config.certain):
        return [Unknown("the model that `{}.from_config` makes".format(cls.__name__))]
    # A configuration that an auto class does not list is refused: such a branch is for what users register themselves.
    return [*map(Instance, models), *([] if config.certain and models else [Alike()])]
