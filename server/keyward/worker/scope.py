"""The names of one function: parameters, what is assigned to them, and what comes from around the function."""

from __future__ import annotations

import ast
import builtins
import collections
import functools
from typing import Any, Dict, List, Optional, Set, Tuple

from . import imports
from .candidates import ANY_ELEMENT, ANY_KEY, Candidates
from .nodes import addition, calls_method, own_nodes


class Scope:
    """One function's names: `cls` is the class of `self`, `bound` holds what is known of its arguments."""

    def __init__(
        self, function: Any, node: Any, cls: Any = None, bound: Optional[Dict[str, Candidates]] = None
    ) -> None:
        self.function = function
        self.node = node
        self.cls = cls
        self.bound: Dict[str, Candidates] = bound or {}
        arguments = node.args
        positional = [argument.arg for argument in getattr(arguments, "posonlyargs", []) + arguments.args]
        self.parameters = set(positional + [argument.arg for argument in arguments.kwonlyargs])
        for variadic in (arguments.vararg, arguments.kwarg):
            if variadic is not None:
                self.parameters.add(variadic.arg)
        self.annotations = {
            argument.arg: argument.annotation
            for argument in getattr(arguments, "posonlyargs", []) + arguments.args + arguments.kwonlyargs
            if argument.annotation is not None
        }
        self.self_name = positional[0] if cls is not None and positional else None
        self._assigned: Optional[Dict[str, List[Tuple[Any, Any]]]] = None
        self.busy: Set[str] = set()

    @property
    def assigned(self) -> Dict[str, List[Tuple[Any, Any]]]:
        """name -> [(expression, steps)], see `_bind`."""
        if self._assigned is None:
            known = _assignments(self.node)
            self._assigned = known.assigned
            self.annotations.update(known.annotations)
        return self._assigned


@functools.lru_cache(maxsize=4096)
def _assignments(node: Any) -> _Assignments:
    return _Assignments(node)


class _Assignments:
    """What a function assigns to names, and the annotations of its variables; the same in every scope of it."""

    def __init__(self, node: Any) -> None:
        self.assigned: Dict[str, List[Tuple[Any, Any]]] = collections.defaultdict(list)
        self.annotations: Dict[str, Any] = {}
        for child in own_nodes(node):
            self._note(child)
        for child in own_nodes(node):
            added = addition(child)
            if added is not None and isinstance(added[0], ast.Name) and added[0].id in self.assigned:
                self.assigned[added[0].id].append((added[1], ()))

    def _note(self, node: Any) -> None:
        if isinstance(node, ast.Assign):
            for target in node.targets:
                self._bind(target, node.value, ())
        elif (isinstance(node, ast.AnnAssign) and node.value is not None) or isinstance(node, ast.NamedExpr):
            self._bind(node.target, node.value, ())
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                self.annotations[node.target.id] = node.annotation
        elif isinstance(node, (ast.For, ast.AsyncFor, ast.comprehension)):
            self._bind_loop(node.target, node.iter)
        elif isinstance(node, (ast.With, ast.AsyncWith)):
            for item in node.items:
                if item.optional_vars is not None:
                    self._bind(item.optional_vars, None, ())
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                self.assigned[alias.asname or alias.name].append((node, alias.name))
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            self.assigned[node.name].append((None, ()))

    def _bind(self, target: Any, value: Any, steps: Tuple[Any, ...]) -> None:
        """Note a target; `steps` say how its value is reached from the expression `value`, see `step`."""
        if isinstance(target, ast.Name):
            self.assigned[target.id].append((value, steps))
        elif isinstance(target, (ast.Tuple, ast.List)):
            size = len(target.elts)
            for index, element in enumerate(target.elts):
                self._bind(element, value, steps + ((index, size),))

    def _bind_loop(self, target: Any, iterated: Any) -> None:
        name = iterated.func.id if isinstance(iterated, ast.Call) and isinstance(iterated.func, ast.Name) else ""
        pair = isinstance(target, (ast.Tuple, ast.List))
        if name == "enumerate" and pair and len(target.elts) == 2 and iterated.args:
            self._bind_loop(target.elts[1], iterated.args[0])
        elif name == "zip" and pair and len(target.elts) == len(iterated.args):
            for element, part in zip(target.elts, iterated.args):
                self._bind_loop(element, part)
        elif pair and len(target.elts) == 2 and calls_method(iterated, "items"):
            self._bind(target.elts[0], iterated.func.value, (ANY_KEY,))
            self._bind(target.elts[1], iterated.func.value, (ANY_ELEMENT,))
        else:
            self._bind(target, iterated, (ANY_ELEMENT,))


def outer(name: Any, function: Any) -> Tuple[bool, Any]:
    """(found, value) of a name that a function takes from around it: closure, module, builtins."""
    code = getattr(function, "__code__", None)
    if code is not None and name in code.co_freevars and function.__closure__:
        try:
            return imports.settle(function.__closure__[code.co_freevars.index(name)].cell_contents)
        except ValueError:
            return False, None
    for namespace in (getattr(function, "__globals__", {}), vars(builtins)):
        if name in namespace:
            return imports.settle(namespace[name])
    return False, None
