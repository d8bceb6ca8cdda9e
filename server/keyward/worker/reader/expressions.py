"""What an expression of a library gives, as far as that can be told without running the library."""

from __future__ import annotations

import ast
import inspect
import operator
import sys
import types
import typing
from typing import Any, Callable, Dict, List, Optional

from ..sizes import is_modest
from . import calls, classes, functions, hooks, imports, modules
from .frames import Frame
from .opaque import Opaque, Thunk, force

LONGEST = 100000
"""Items of the longest sequence, and characters of the longest text, that an expression may make."""
_LARGEST = 1 << 64


def evaluate(node: Any, frame: Frame) -> Any:
    """The value of an expression; opaque where it cannot be known. Never raises."""
    handler = _HANDLERS.get(type(node).__name__)
    if handler is None:
        return Opaque("...")
    try:
        value = force(handler(node, frame))
        return value if type(value) is not tuple or is_modest(value) else Opaque("...")
    except Exception:
        return Opaque("...")


def later(node: Any, frame: Frame) -> Any:
    """The value of an expression as of now, worked out when it is asked for."""
    if isinstance(node, ast.Constant):
        return node.value
    kept = frame.copy()
    if frame.is_top_level:
        return Thunk(lambda: calls.afresh(lambda: evaluate(node, kept)))
    return Thunk(lambda: evaluate(node, kept))


def annotation(node: Any, frame: Frame) -> Any:
    """The value of an annotation, or its text where the module puts evaluation off."""
    if frame.module.has_text_annotations:
        return ast.unparse(node)
    return evaluate(node, frame)


def of_text(text: str, frame: Frame) -> Any:
    """The value of an expression in a text."""
    try:
        return evaluate(ast.parse(text, mode="eval").body, frame)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return Opaque(text)


def truth(value: Any) -> Optional[bool]:
    """Whether a value counts as true, None where that cannot be known."""
    if isinstance(value, Opaque):
        return None
    if value is None or isinstance(value, (bool, int, float, str, bytes, tuple, list, dict, set, frozenset)):
        try:
            return len(value) > 0 if isinstance(value, (tuple, list, dict, set, frozenset)) else bool(value)
        except Exception:
            return None
    if isinstance(value, (type, types.FunctionType, types.ModuleType)):
        return True
    return None


def attribute(value: Any, name: str) -> Any:
    """The attribute of a value, opaque where there is none in sight."""
    if isinstance(value, Opaque):
        return Opaque("{}.{}".format(value.path, name))
    if value is sys and name == "modules":
        return imports.MODULE_TABLE
    if isinstance(value, types.ModuleType):
        try:
            found = force(modules.member(value, name))
        except AttributeError:
            known = hooks.compiled_attribute(value.__name__, name)
            return Opaque("{}.{}".format(value.__name__, name)) if known is None else known
        return found if imports.is_read(value) else _of_standard(value, name, found)
    if isinstance(value, types.FunctionType) and name in value.__dict__:
        return force(value.__dict__[name])
    if isinstance(value, type):
        return _of_class(value, name)
    if calls.is_instance(value):
        return _of_instance(value, name)
    if isinstance(value, calls.Bound):
        return attribute(value.function, name)
    if name.startswith("__") and name not in _HARMLESS_NAMES:
        return Opaque(name)
    found = force(getattr(value, name))
    return found if functions.origin(value) is not None else _copied(found)


_HARMLESS_NAMES = {
    *("__name__", "__qualname__", "__module__", "__doc__", "__wrapped__", "__class__", "__func__", "__self__"),
    *("__defaults__", "__kwdefaults__", "__annotations__", "__args__", "__origin__", "__code__", "__version__"),
}
_CONSTANTS: Any = (type, types.FunctionType, types.BuiltinFunctionType, types.ModuleType, type(None))
_CONSTANTS += (str, bytes, int, float, tuple, frozenset)


def _of_standard(module: Any, name: str, found: Any) -> Any:
    """Of the standard library's modules what is constant: this process lives on the rest."""
    if isinstance(found, _CONSTANTS) or type(found).__module__ in ("typing", "dataclasses"):
        return found
    return Opaque("{}.{}".format(module.__name__, name))


def _copied(value: Any) -> Any:
    """A copy of a container that was not made here, so that nothing is changed in what real code uses."""
    return type(value)(value) if type(value) in (list, dict, set) else value


def _of_class(cls: Any, name: str) -> Any:
    if name in ("__name__", "__qualname__", "__module__", "__doc__", "__mro__", "__bases__", "__dict__"):
        return getattr(cls, name)
    found = force(inspect.getattr_static(cls, name))
    if isinstance(found, staticmethod):
        return found.__func__
    if isinstance(found, classmethod):
        return calls.Bound(found.__func__, cls)
    return found if calls.is_read(cls) else _copied(found)


def _of_instance(value: Any, name: str) -> Any:
    held = value.__dict__ if hasattr(value, "__dict__") else {}
    if name in held:
        return force(held[name])
    if name == "__class__":
        return type(value)
    found = force(inspect.getattr_static(type(value), name))
    if isinstance(found, types.FunctionType):
        return calls.Bound(found, value)
    if isinstance(found, property):
        return Opaque("{}.{}".format(type(value).__name__, name))
    return _of_class(type(value), name)


def _name(node: Any, frame: Frame) -> Any:
    return frame.lookup(node.id)


def _constant(node: Any, frame: Frame) -> Any:
    return node.value


def _attribute(node: Any, frame: Frame) -> Any:
    return attribute(evaluate(node.value, frame), node.attr)


def _items(nodes: List[Any], frame: Frame) -> List[Any]:
    items: List[Any] = []
    for node in nodes:
        if isinstance(node, ast.Starred):
            items.extend(elements(evaluate(node.value, frame)))
        else:
            items.append(evaluate(node, frame))
    return items


def elements(value: Any) -> List[Any]:
    """The items of something that is iterated over.

    Raises ValueError where they cannot be known.
    """
    is_plain = isinstance(value, (list, tuple, set, frozenset, dict, str, range)) or type(value).__name__ in _VIEWS
    if is_plain and len(value) <= LONGEST:
        return list(value)
    raise ValueError("not to be iterated over")


_VIEWS = ("dict_items", "dict_keys", "dict_values", "odict_items", "odict_keys", "odict_values", "mappingproxy")


def _sequence(node: Any, frame: Frame) -> Any:
    made = _literal(node)
    if made is not _NO_LITERAL:
        return made
    items = _items(node.elts, frame)
    return tuple(items) if isinstance(node, ast.Tuple) else set(items) if isinstance(node, ast.Set) else items


_NO_LITERAL = object()


def _literal(node: Any) -> Any:
    """The value of a display that holds nothing but constants: tables of thousands of names are such."""
    kind = type(node)
    if kind is ast.Constant:
        return node.value
    if kind is ast.Dict:
        pairs = {}
        for key, value in zip(node.keys, node.values):
            known, held = _literal(key), _literal(value)
            if known is _NO_LITERAL or held is _NO_LITERAL:
                return _NO_LITERAL
            pairs[known] = held
        return pairs
    if kind not in (ast.List, ast.Tuple, ast.Set):
        return _NO_LITERAL
    items = []
    for element in node.elts:
        item = _literal(element)
        if item is _NO_LITERAL:
            return _NO_LITERAL
        items.append(item)
    return items if kind is ast.List else tuple(items) if kind is ast.Tuple else set(items)


def _dict(node: Any, frame: Frame) -> Any:
    literal = _literal(node)
    if literal is not _NO_LITERAL:
        return literal
    made: Dict[Any, Any] = {}
    for key, value in zip(node.keys, node.values):
        if key is None:
            spread = evaluate(value, frame)
            if not isinstance(spread, dict):
                return Opaque("...")
            made.update(spread)
        else:
            made[evaluate(key, frame)] = evaluate(value, frame)
    return made


def _if(node: Any, frame: Frame) -> Any:
    chosen = truth(evaluate(node.test, frame))
    if chosen is None:
        value = evaluate(node.body, frame)
        return value if value is evaluate(node.orelse, frame) else Opaque(ast.unparse(node))
    return evaluate(node.body if chosen else node.orelse, frame)


def _bool(node: Any, frame: Frame) -> Any:
    stops_at = isinstance(node.op, ast.Or)
    value: Any = None
    for part in node.values:
        value = evaluate(part, frame)
        known = truth(value)
        if known is None:
            return Opaque("...")
        if known is stops_at:
            return value
    return value


_BINARY: Dict[str, Callable[[Any, Any], Any]] = {
    "Add": operator.add,
    "Sub": operator.sub,
    "Mult": operator.mul,
    "Div": operator.truediv,
    "FloorDiv": operator.floordiv,
    "Mod": operator.mod,
    "BitOr": operator.or_,
    "BitAnd": operator.and_,
    "Pow": operator.pow,
    "LShift": operator.lshift,
    "RShift": operator.rshift,
}


def binary(kind: str, left: Any, right: Any) -> Any:
    """The result of an operator on two known values."""
    if isinstance(left, Opaque) or isinstance(right, Opaque):
        return left | right if kind == "BitOr" else Opaque("...")
    if kind in ("Pow", "LShift") and not (_is_small(left, 4096) and _is_small(right, 64)):
        return Opaque("...")
    if kind == "Mult" and not (_is_number(left) and _is_number(right)):
        size = len(left) * right if isinstance(right, int) else len(right) * left
        if size > LONGEST:
            return Opaque("...")
    if kind == "Add" and not (_is_number(left) and _is_number(right)) and len(left) + len(right) > LONGEST:
        return Opaque("...")
    if kind == "Mod" and isinstance(left, (str, bytes)):
        return Opaque("...")
    for side in (left, right):
        if calls.is_instance(side):
            return Opaque("...")
    return _BINARY[kind](left, right)


def _is_number(value: Any) -> bool:
    return isinstance(value, float) or (isinstance(value, int) and abs(value) < _LARGEST)


def _is_small(value: Any, limit: int) -> bool:
    return isinstance(value, (int, float)) and abs(value) <= limit


def _binary(node: Any, frame: Frame) -> Any:
    return binary(type(node.op).__name__, evaluate(node.left, frame), evaluate(node.right, frame))


def _unary(node: Any, frame: Frame) -> Any:
    value = evaluate(node.operand, frame)
    if isinstance(node.op, ast.Not):
        known = truth(value)
        return Opaque("...") if known is None else not known
    if not isinstance(value, (int, float)):
        return Opaque("...")
    if isinstance(node.op, ast.Invert):
        return ~value if isinstance(value, int) else Opaque("...")
    return -value if isinstance(node.op, ast.USub) else +value


_COMPARISONS: Dict[str, Callable[[Any, Any], Any]] = {
    "Eq": operator.eq,
    "NotEq": operator.ne,
    "Lt": operator.lt,
    "LtE": operator.le,
    "Gt": operator.gt,
    "GtE": operator.ge,
    "Is": operator.is_,
    "IsNot": operator.is_not,
    "In": lambda left, right: left in right,
    "NotIn": lambda left, right: left not in right,
}


def _compare(node: Any, frame: Frame) -> Any:
    left = evaluate(node.left, frame)
    for kind, part in zip(node.ops, node.comparators):
        right = evaluate(part, frame)
        name = type(kind).__name__
        if isinstance(left, Opaque) or isinstance(right, Opaque):
            return Opaque("...")
        by_identity = name in ("Is", "IsNot")
        if not by_identity and not (_is_comparable(left) and _is_comparable(right)):
            return Opaque("...")
        if not _COMPARISONS[name](left, right):
            return False
        left = right
    return True


def _is_comparable(value: Any) -> bool:
    return not calls.is_instance(value) and (type(value) not in (list, dict) or is_modest(value))


def _subscript(node: Any, frame: Frame) -> Any:
    value = evaluate(node.value, frame)
    index = evaluate(node.slice, frame)
    if isinstance(value, Opaque):
        return Opaque("{}[{}]".format(value.path, ast.unparse(node.slice)))
    if isinstance(index, Opaque) and not _is_type_form(value):
        return Opaque("...")
    if imports.is_module_table(value):
        return imports.read_module(index)
    if isinstance(value, type) and calls.is_read(value):
        if isinstance(index, str) and isinstance(vars(value).get(index), classes.Member):
            return vars(value)[index]
        if not issubclass(value, typing.Generic):
            return value
        return typing.Generic.__class_getitem__.__func__(value, index)  # type: ignore[attr-defined]
    if isinstance(value, (dict, list, tuple, str)) or (_is_type_form(value) and is_modest(index)):
        if calls.is_instance(value):
            value = calls.plain_items(value)
        return force(value[index])
    return Opaque("...")


def _is_type_form(value: Any) -> bool:
    return isinstance(value, type) or type(value).__module__ in ("typing", "types", "typing_extensions")


def _slice(node: Any, frame: Frame) -> Any:
    parts = [None if part is None else evaluate(part, frame) for part in (node.lower, node.upper, node.step)]
    return slice(*parts)


def _text(node: Any, frame: Frame) -> Any:
    parts = []
    for part in node.values:
        value = part.value if isinstance(part, ast.Constant) else evaluate(part.value, frame)
        if not isinstance(value, (str, int, float)) or getattr(part, "format_spec", None) is not None:
            return Opaque("...")
        parts.append(str(value))
    text = "".join(parts)
    return text if len(text) <= LONGEST else Opaque("...")


def _turned(node: Any, frame: Frame) -> Any:
    """`{v: k for k, v in table.items()}` over tables of thousands of names; None for any other comprehension."""
    generator = node.generators[0]
    parts = generator.target.elts if isinstance(generator.target, ast.Tuple) else ()
    if len(node.generators) > 1 or generator.ifs or len(parts) != 2 or not isinstance(node, ast.DictComp):
        return None
    names = [getattr(part, "id", None) for part in (*parts, node.key, node.value)]
    if None in names or names[:2] != names[:1:-1]:
        return None
    return {value: key for key, value in elements(evaluate(generator.iter, frame))}


def _comprehension(node: Any, frame: Frame) -> Any:
    turned = _turned(node, frame)
    if turned is not None:
        return turned
    inner = Frame(frame.module, frame, frame.qualname)
    made: List[Any] = []

    def go(index: int) -> None:
        if index == len(node.generators):
            if isinstance(node, ast.DictComp):
                made.append((evaluate(node.key, inner), evaluate(node.value, inner)))
            else:
                made.append(evaluate(node.elt, inner))
            if len(made) > LONGEST:
                raise ValueError("too long")
            return
        generator = node.generators[index]
        for item in elements(evaluate(generator.iter, inner)):
            if frame.module.is_spent():
                raise ValueError("too many steps")
            unpack(generator.target, item, inner)
            tests = [truth(evaluate(test, inner)) for test in generator.ifs]
            if None in tests:
                raise ValueError("a condition that is not known")
            if all(tests):
                go(index + 1)

    go(0)
    if isinstance(node, ast.DictComp):
        return dict(made)
    return set(made) if isinstance(node, ast.SetComp) else made


def unpack(target: Any, value: Any, frame: Frame) -> None:
    """Bind the names of a target to the parts of a value."""
    if isinstance(target, ast.Name):
        frame.bind(target.id, value)
    elif isinstance(target, ast.Starred):
        unpack(target.value, Opaque("..."), frame)
    elif isinstance(target, (ast.Tuple, ast.List)):
        value = force(value)
        parts = list(value) if isinstance(value, (tuple, list)) and len(value) == len(target.elts) else None
        for index, element in enumerate(target.elts):
            unpack(element, Opaque("...") if parts is None else parts[index], frame)


def _lambda(node: Any, frame: Frame) -> Any:
    return functions.build(node, frame)


def _call(node: Any, frame: Frame) -> Any:
    return calls.call_expression(node, frame)


def _walrus(node: Any, frame: Frame) -> Any:
    value = evaluate(node.value, frame)
    frame.bind(node.target.id, value)
    return value


_HANDLERS: Dict[str, Callable[[Any, Frame], Any]] = {
    "Name": _name,
    "Constant": _constant,
    "Attribute": _attribute,
    "Call": _call,
    "Tuple": _sequence,
    "List": _sequence,
    "Set": _sequence,
    "Dict": _dict,
    "IfExp": _if,
    "BoolOp": _bool,
    "BinOp": _binary,
    "UnaryOp": _unary,
    "Compare": _compare,
    "Subscript": _subscript,
    "Slice": _slice,
    "JoinedStr": _text,
    "ListComp": _comprehension,
    "SetComp": _comprehension,
    "DictComp": _comprehension,
    "GeneratorExp": _comprehension,
    "Lambda": _lambda,
    "NamedExpr": _walrus,
}
