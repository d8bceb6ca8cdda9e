"""Decorators of the user's own that can be read: those after which a function takes and returns what it did before."""

from __future__ import annotations

import msgspec

from ..source import syntax as s
from ..source.unit import Unit
from ..source.walk import bound_names, statements, walk
from .classes import dotted, is_transparent, method_kind
from .flow import Flow
from .libraries import CONTEXT_MANAGER
from .program import MOST_LEVELS, Program
from .values import LibraryFunction, UserFunction, only

_KEEPS_NAMES = "wraps"
"""`functools.wraps`: gives a function the name and the documentation of another."""


class Decorators:
    """Answers the queries about decorators for one `Program`."""

    def __init__(self, program: Program) -> None:
        self.program = program
        program.register("kind", self.kind)

    def kind(self, path: str, key: tuple[str, bytes, int]) -> str:
        """What `method_kind` says of a function, with its decorators read where their names say nothing; "context" of
        one that `contextlib.contextmanager` makes a context manager of."""
        source = self.program.source(path)
        unit = None if source is None else source.by_key.get(key)
        if source is None or unit is None or not isinstance(unit.node, s.FunctionDef):
            return ""
        flow = Flow(self.program, source, unit, MOST_LEVELS)
        own = tuple(decorator for decorator in unit.node.decorators if self._is_own(flow, decorator))
        unread = tuple(d for d in unit.node.decorators if not is_transparent(d) or d in own)
        if not unread:
            return method_kind(unit.node)
        if len(unread) == 1 and flow.evaluate(unread[0]) == only(LibraryFunction(CONTEXT_MANAGER)):
            return "context"
        if all(self._hands_on(flow, decorator) for decorator in unread):
            rest = tuple(decorator for decorator in unit.node.decorators if decorator not in unread)
            return method_kind(msgspec.structs.replace(unit.node, decorators=rest))
        return ""

    def _is_own(self, flow: Flow, decorator: s.Expression) -> bool:
        """Whether a decorator is a function of the user's, be its name a well-known one."""
        name = decorator.function if isinstance(decorator, s.Call) else decorator
        return isinstance(name, s.Name) and any(isinstance(atom, UserFunction) for atom in flow.evaluate(name))

    def replaces(self, flow: Flow, decorator: s.Expression) -> bool:
        """Whether a decorator is one of the user's own that gives something else than what it is put on."""
        values = flow.evaluate(decorator.function if isinstance(decorator, s.Call) else decorator)
        return any(isinstance(atom, UserFunction) for atom in values) and not self._hands_on(flow, decorator)

    def _hands_on(self, flow: Flow, decorator: s.Expression) -> bool:
        made = isinstance(decorator, s.Call)
        values = flow.evaluate(decorator.function if isinstance(decorator, s.Call) else decorator)
        for atom in values:
            unit: Unit | None = (
                self.program.ask("unit", atom.path, atom.qualname) if isinstance(atom, UserFunction) else None
            )
            function = None if unit is None else unit.node
            if not isinstance(function, s.FunctionDef) or function.decorators:
                return False
            if made:
                inner = _returned_function(function)
                if inner is None:
                    return False
                function = inner
            if not is_handing_on(function):
                return False
        return bool(values)


def is_handing_on(decorator: s.FunctionDef) -> bool:
    """Whether a decorator gives back the function itself, or one that hands all its arguments on to it, untouched, and
    returns what it returns."""
    if not decorator.parameters or decorator.is_async or decorator.is_generator:
        return False
    function = decorator.parameters[0].name
    inner = [node.body for node in statements(decorator.body) if isinstance(node, s.FunctionDef)]
    if any(function in bound_names(block) for block in (decorator.body, *inner)):
        return False
    returns = _own_returns(decorator)
    if returns and all(isinstance(node.value, s.Name) and node.value.name == function for node in returns):
        return True
    wrapper = _returned_function(decorator)
    return wrapper is not None and _is_wrapper(wrapper, function)


def _returned_function(function: s.FunctionDef) -> s.FunctionDef | None:
    """The function inside a function that it returns, whatever happens."""
    inner = [statement for statement in function.body if isinstance(statement, s.FunctionDef)]
    returns = _own_returns(function)
    if len(inner) != 1 or len(returns) != 1 or function.body[-1] is not returns[0]:
        return None
    value = returns[0].value
    return inner[0] if isinstance(value, s.Name) and value.name == inner[0].name else None


def _is_wrapper(wrapper: s.FunctionDef, function: str) -> bool:
    if wrapper.is_async or wrapper.is_generator:
        return False
    if any(dotted(decorator).rpartition(".")[2] != _KEEPS_NAMES for decorator in wrapper.decorators):
        return False
    kinds = [parameter.kind for parameter in wrapper.parameters]
    first = kinds[:-2]
    if kinds[-2:] != ["var_positional", "var_keyword"] or any(kind != "positional_or_keyword" for kind in first):
        return False
    names = [parameter.name for parameter in wrapper.parameters]
    if any(parameter.default is not None for parameter in wrapper.parameters) or function in names:
        return False
    calls = [node for node in walk(wrapper) if isinstance(node, s.Call) and _is_handing(node, function, names)]
    handed = {id(argument.value) for call in calls for argument in call.arguments}
    touched = any(
        isinstance(node, s.Name) and node.name in names[-2:] and id(node) not in handed for node in walk(wrapper)
    )
    results = {
        target.name
        for statement in wrapper.body
        if isinstance(statement, s.Assign) and any(statement.value is call for call in calls)
        for target in statement.targets
        if isinstance(target, s.Name)
    }
    bound = [name for name in bound_names(wrapper.body) if name in results]
    returns = _own_returns(wrapper)
    return (
        bool(calls)
        and not touched
        and len(bound) == len(results)
        and bool(returns)
        and all(
            any(node.value is call for call in calls) or (isinstance(node.value, s.Name) and node.value.name in results)
            for node in returns
        )
    )


def _is_handing(call: s.Call, function: str, names: list[str]) -> bool:
    """Whether a call passes all parameters of these names on, the last two spread out."""
    if not (isinstance(call.function, s.Name) and call.function.name == function):
        return False
    stars = [0] * (len(names) - 2) + [1, 2]
    return [(argument.stars, argument.name, _name(argument.value)) for argument in call.arguments] == [
        (n_stars, "", name) for n_stars, name in zip(stars, names, strict=True)
    ]


def _name(node: s.Expression) -> str:
    return node.name if isinstance(node, s.Name) else ""


def _own_returns(function: s.FunctionDef) -> list[s.Return]:
    """The `return` statements of a function that are not those of a function inside it."""
    inner = {
        id(node)
        for statement in statements(function.body)
        if isinstance(statement, s.FunctionDef | s.ClassDef)
        for node in statements(statement.body)
    }
    return [node for node in statements(function.body) if isinstance(node, s.Return) and id(node) not in inner]
