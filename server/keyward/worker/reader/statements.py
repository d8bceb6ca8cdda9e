"""Goes through the statements of a module, class or function, without running them."""

from __future__ import annotations

import ast
import contextlib
import types
from typing import Any, Callable, Dict, List, NamedTuple, Optional

from ..nodes import children, is_name, own_nodes
from . import calls, classes, expressions, functions, imports, inert
from .frames import Frame
from .opaque import Opaque, Thunk, force

_MOST_ROUNDS = 2000
_MOST_BRANCHES = 300


class Ending(NamedTuple):
    """How a block of statements ends; None where it runs to its end."""

    kind: str
    """"return", "raise", "break" or "continue"."""
    value: Any = None
    """What is returned, or the name of the exception."""


def returned(node: Any, frame: Frame) -> Any:
    """What a function returns; `frame` holds its arguments. Of several possible values one that is known."""
    if isinstance(node, ast.AsyncFunctionDef) or _holds(node, "yields", (ast.Yield, ast.YieldFrom)):
        return Opaque("...")
    ending = run(node.body, frame)
    if ending is None or ending.kind != "return":
        return None if ending is None else Opaque("...")
    return force(ending.value)


def run(body: List[Any], frame: Frame) -> Optional[Ending]:
    """Go through statements in order."""
    for index, statement in enumerate(body):
        if calls.is_spent() or frame.module.is_spent():
            return Ending("return", Opaque("..."))
        if isinstance(statement, ast.If):
            ending = _if(statement, body[index + 1 :], frame)
            if ending is not None:
                return None if ending.kind == "end" else ending
            continue
        handler = _HANDLERS.get(type(statement).__name__)
        if handler is not None:
            ending = handler(statement, frame)
            if ending is not None:
                return ending
    return None


def _holds(node: Any, what: str, kinds: Any) -> bool:
    """Whether one of these kinds of nodes stands below, nested functions aside; remembered at the node."""
    mark = "_" + what
    found = getattr(node, mark, None)
    if found is None:
        found = any(isinstance(child, kinds) for child in own_nodes(node))
        setattr(node, mark, found)
    return bool(found)


def _if(node: Any, rest: List[Any], frame: Frame) -> Optional[Ending]:
    """None to go on behind the statement; the ending "end" where what follows has been gone through here."""
    if _is_long(node):
        for name in _bound_names([node]):
            frame.bind(name, Opaque(name))
        return None
    leaves = _holds(node, "leaves", (ast.Return, ast.Raise, ast.Break, ast.Continue))
    if not leaves and not frame.is_eager and not frame.is_top_level:
        for name in sorted(_bound_names([node])):
            frame.bind(name, _chosen(node, name, frame.copy()))
        return None
    known = expressions.truth(expressions.evaluate(node.test, frame))
    if known is not None:
        return run(node.body if known else node.orelse, frame)
    return _either(node, rest, frame) if leaves and not frame.is_top_level else _both(node, frame)


def _is_long(node: Any) -> bool:
    """Whether an `if` goes on with more `elif` than anybody writes by hand: each is an `if` within the one before."""
    for _ in range(_MOST_BRANCHES):
        if len(node.orelse) != 1 or not isinstance(node.orelse[0], ast.If):
            return False
        node = node.orelse[0]
    return True


def _chosen(node: Any, name: str, frame: Frame) -> Thunk:
    def make() -> Any:
        known = expressions.truth(expressions.evaluate(node.test, frame))
        frame.is_eager = False
        if known is None:
            _both(node, frame)
        else:
            run(node.body if known else node.orelse, frame)
        return frame.lookup(name)

    return Thunk(make)


def _both(node: Any, frame: Frame) -> Optional[Ending]:
    """Either branch may run: what the first binds goes before what the other does."""
    ending = run(node.orelse, frame)
    kept = frame.copy()
    first = run(node.body, frame)
    for name in _bound_names(node.orelse):
        if name in frame.names and isinstance(frame.names[name], Opaque) and name in kept.names:
            frame.bind(name, kept.names[name])
    return first if first is not None and ending is not None else None


def _either(node: Any, rest: List[Any], frame: Frame) -> Optional[Ending]:
    """Follow both branches to the end of the function and take what is known of the two results."""
    twin = frame.copy()
    endings = [_through(node.body, rest, frame), _through(node.orelse, rest, twin)]
    values = [ending for ending in endings if ending is not None and ending.kind == "return"]
    if values:
        return min(values, key=lambda ending: _doubt(force(ending.value)))
    return next((ending for ending in endings if ending is not None), Ending("end"))


def _doubt(value: Any) -> int:
    """How little a result tells, of several that are possible: a decorator mostly gives a function or class."""
    if value is None or isinstance(value, Opaque):
        return 2
    return 0 if isinstance(value, (types.FunctionType, type)) else 1


def _through(body: List[Any], rest: List[Any], frame: Frame) -> Optional[Ending]:
    ending = run(body, frame)
    return run(rest, frame) if ending is None else ending


def _bound_names(body: List[Any]) -> Dict[str, None]:
    names: Dict[str, None] = {}
    for statement in body:
        stack = [statement]
        while stack:
            node = stack.pop()
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                names[node.name] = None
                continue
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                names[node.id] = None
            elif isinstance(node, (ast.Import, ast.ImportFrom)):
                names.update((alias.asname or alias.name.partition(".")[0], None) for alias in node.names)
            stack.extend(children(node))
    return names


def _define(node: Any, frame: Frame) -> None:
    if frame.is_top_level:
        frame.module.imported.discard(node.name)
    if frame.is_class or frame.is_eager:
        frame.bind(node.name, definition(node, frame))
    else:
        frame.bind(node.name, Thunk(lambda: definition(node, frame)))


def definition(node: Any, frame: Frame) -> Any:
    """The class or function of a definition, with its decorators."""
    if isinstance(node, ast.ClassDef):
        value: Any = classes.build(node, frame)
    else:
        value = functions.build(node, frame, frame.cell)
    return decorated(value, node, frame)


def decorated(value: Any, node: Any, frame: Frame) -> Any:
    """A class or function with its decorators; one that cannot be followed is taken to return what it gets."""
    for decorator in reversed(node.decorator_list):
        applied = calls.call(expressions.evaluate(decorator, frame), [value], {}, _calling(frame, value))
        is_instance = calls.is_instance(applied) and not _is_descriptor(applied)
        if not isinstance(applied, Opaque) and applied is not None and not is_instance:
            value = applied
        elif not isinstance(value, type) and not _is_harmless(decorator):
            functions.distrust(value, decorator)
    return value


def _is_descriptor(value: Any) -> bool:
    """Whether an instance of a class that was read is like a property: what is asked of it is no function."""
    defined = {name for cls in type(value).__mro__ for name in vars(cls)}
    return "__get__" in defined and "__call__" not in defined


def _calling(frame: Frame, value: Any) -> Frame:
    """A class decorator may change the class that it gets: what it does is gone through at once."""
    if not isinstance(value, type):
        return frame
    caller = Frame(frame.module, frame.parent, frame.qualname)
    caller.is_eager = True
    return caller


_HARMLESS = ("torch.", "abc.", "typing.", "wraps", "overload", "np.", "numpy.", "tf.", "jax.")


def _is_harmless(decorator: Any) -> bool:
    return ast.unparse(decorator).startswith(_HARMLESS)


def _assign(node: Any, frame: Frame) -> None:
    value = _value(node.value, frame, node.targets)
    for target in node.targets:
        assign(target, value, frame)


def _value(node: Any, frame: Frame, targets: List[Any]) -> Any:
    if all(isinstance(target, ast.Name) for target in targets) and not frame.is_eager and not frame.is_class:
        if not frame.is_top_level:
            return expressions.later(node, frame)
        names = {target.id for target in targets}
        if not any(isinstance(child, ast.Name) and child.id in names for child in ast.walk(node)):
            return expressions.later(node, frame)
    return expressions.evaluate(node, frame)


def assign(target: Any, value: Any, frame: Frame) -> None:
    """Bind a target, or change the plain container or class that it is a part of."""
    if isinstance(target, (ast.Name, ast.Tuple, ast.List, ast.Starred)):
        expressions.unpack(target, value, frame)
        return
    owner = expressions.evaluate(target.value, frame)
    if isinstance(target, ast.Subscript):
        key = expressions.evaluate(target.slice, frame)
        if imports.is_module_table(owner):
            imports.replace_module(frame.module, key, force(value))
        elif isinstance(owner, dict) and not isinstance(key, Opaque) and not calls.is_instance(owner):
            owner[key] = force(value)
            if not frame.is_top_level and isinstance(target.value, ast.Name) and target.value.id not in frame.names:
                _FILLED_BY_CALLS[id(owner)] = owner
    elif isinstance(target, ast.Attribute):
        _set(owner, target.attr, force(value))


_FILLED_BY_CALLS: Dict[int, Any] = {}


def is_filled_elsewhere(table: Any) -> bool:
    """Whether functions fill a dictionary from outside, as decorators that register do, whenever they are called."""
    return id(table) in _FILLED_BY_CALLS


def _set(owner: Any, name: Any, value: Any) -> None:
    """Change a class or function, if it was read and Python would not come to call what it gets, or a module."""
    if imports.is_read(owner):
        if isinstance(name, str):
            owner.names[name] = value
        return
    # `contextlib.contextmanager` makes a function of its own for each that it gets.
    made_from = functions.origin(owner) or functions.origin(getattr(owner, "__wrapped__", None))
    is_own = calls.is_read(owner) or made_from is not None
    if is_own and isinstance(name, str) and name not in _KEPT and inert.may_be_set(name, value):
        with contextlib.suppress(TypeError, AttributeError, ValueError):
            setattr(owner, name, value)


_KEPT = {
    *(
        "__init_subclass__",
        "__class_getitem__",
        "__dataclass_fields__",
        "__annotations__",
        "__class__",
        "__bases__",
        "__dict__",
        "__code__",
        "__doc__",
        "__globals__",
        "__set_name__",
    ),
}


def _annotated(node: Any, frame: Frame) -> None:
    if frame.is_class and isinstance(node.target, ast.Name):
        frame.annotations[node.target.id] = expressions.annotation(node.annotation, frame)
    if node.value is not None:
        assign(node.target, _value(node.value, frame, [node.target]), frame)


def _augment(node: Any, frame: Frame) -> None:
    load = ast.copy_location(ast.Name(id=getattr(node.target, "id", ""), ctx=ast.Load()), node)
    if isinstance(node.target, ast.Name):
        left = expressions.evaluate(load, frame)
        right = expressions.evaluate(node.value, frame)
        if isinstance(left, list) and isinstance(right, (list, tuple)):
            if len(left) + len(right) <= expressions.LONGEST:
                left.extend(right)
            return
        try:
            frame.bind(node.target.id, expressions.binary(type(node.op).__name__, left, right))
        except Exception:
            frame.bind(node.target.id, Opaque("..."))
    elif isinstance(node.target, ast.Subscript):
        owner = expressions.evaluate(node.target.value, frame)
        key = expressions.evaluate(node.target.slice, frame)
        held = owner.get(key) if isinstance(owner, dict) and not isinstance(key, Opaque) else None
        added = expressions.evaluate(node.value, frame)
        if isinstance(held, list) and isinstance(added, (list, tuple)):
            held.extend(added)


def _expression(node: Any, frame: Frame) -> None:
    """Only calls that change something in sight matter."""
    call = node.value
    if not isinstance(call, ast.Call):
        return
    name = getattr(call.func, "attr", getattr(call.func, "id", ""))
    if name == "setattr" and len(call.args) == 3:
        _set(*[expressions.evaluate(argument, frame) for argument in call.args])
    elif frame.is_eager or name in calls.CHANGING or name == "update_wrapper":
        expressions.evaluate(call, frame)
    elif frame.is_top_level and any(is_name(argument, "__name__") for argument in call.args):
        # Whoever is told the name of the module may give it more names.
        caller = Frame(frame.module, frame, frame.qualname)
        caller.is_eager = True
        expressions.evaluate(call, caller)


def _for(node: Any, frame: Frame) -> Optional[Ending]:
    try:
        items = expressions.elements(expressions.evaluate(node.iter, frame))
    except Exception:
        items = None
    if items is None or len(items) > _MOST_ROUNDS:
        for name in _bound_names([node]):
            frame.bind(name, Opaque(name))
        return None
    for item in items:
        expressions.unpack(node.target, item, frame)
        ending = run(node.body, frame)
        if ending is not None and ending.kind == "break":
            return None
        if ending is not None and ending.kind != "continue":
            return ending
    return run(node.orelse, frame)


def _while(node: Any, frame: Frame) -> None:
    for name in _bound_names([node]):
        frame.bind(name, Opaque(name))


def _with(node: Any, frame: Frame) -> Optional[Ending]:
    for item in node.items:
        if item.optional_vars is not None:
            expressions.unpack(item.optional_vars, Opaque("..."), frame)
    suppresses = any("suppress" in ast.dump(item.context_expr) for item in node.items)
    if not suppresses:
        return run(node.body, frame)
    frame.tries += 1
    ending = run(node.body, frame)
    frame.tries -= 1
    return None if ending is not None and ending.kind == "raise" else ending


def _try(node: Any, frame: Frame) -> Optional[Ending]:
    frame.tries += 1
    ending = run(node.body, frame)
    frame.tries -= 1
    if ending is not None and ending.kind == "raise":
        handler = next((handler for handler in node.handlers if _handles(handler, ending.value)), None)
        if handler is not None:
            if handler.name:
                frame.bind(handler.name, Opaque(handler.name))
            ending = run(handler.body, frame)
    elif ending is None:
        ending = run(node.orelse, frame)
    return run(node.finalbody, frame) or ending


_WIDE = {"Exception", "BaseException"}
_IMPORT = {"ImportError", "ModuleNotFoundError"}


def _handles(handler: Any, raised: str) -> bool:
    if handler.type is None:
        return True
    nodes = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    names = {getattr(node, "id", getattr(node, "attr", "")) for node in nodes}
    if names & _WIDE or raised in names:
        return True
    return bool(raised in _IMPORT and names & _IMPORT)


def _return(node: Any, frame: Frame) -> Ending:
    return Ending("return", None if node.value is None else expressions.evaluate(node.value, frame))


def _raise(node: Any, frame: Frame) -> Ending:
    raised = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
    return Ending("raise", getattr(raised, "id", getattr(raised, "attr", "Exception")))


def _delete(node: Any, frame: Frame) -> None:
    for target in node.targets:
        if isinstance(target, ast.Name) and frame.is_top_level:
            # What is worked out later may have used the name before it went.
            frame.module.deleted.add(target.id)
        elif isinstance(target, ast.Name):
            frame.names.pop(target.id, None)


_HANDLERS: Dict[str, Callable[[Any, Frame], Optional[Ending]]] = {
    "FunctionDef": _define,
    "AsyncFunctionDef": _define,
    "ClassDef": _define,
    "Assign": _assign,
    "AnnAssign": _annotated,
    "AugAssign": _augment,
    "Expr": _expression,
    "For": _for,
    "While": _while,
    "With": _with,
    "Try": _try,
    "Return": _return,
    "Raise": _raise,
    "Break": lambda node, frame: Ending("break"),
    "Continue": lambda node, frame: Ending("continue"),
    "Delete": _delete,
    "Import": lambda node, frame: imports.run_import(node, frame),  # the two modules import each other
    "ImportFrom": lambda node, frame: imports.run_import_from(node, frame),
}
