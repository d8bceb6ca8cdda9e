"""Which class a callable returns, as its annotation says."""

from __future__ import annotations

import ast
import inspect
import typing
from typing import Any, List, Optional

from . import candidates, imports, source
from .nodes import own_nodes
from .scope import outer


def returned_class(function: Any) -> str:
    """Qualified name of the one class that a call returns; "" where there is none or more than one."""
    function = source.innermost(function)
    if imports.reader is not None:
        imports.reader.complete(function)
    annotation = getattr(function, "__annotations__", {}).get("return", inspect.Parameter.empty)
    found = _classes(annotation, function)
    if found is None or len(found) != 1:
        return ""
    made = _made(function)
    if len(made) > 1:
        return ""
    # An annotation can be wrong; what is made is not.
    cls = (made or found)[0]
    return "{}.{}".format(cls.__module__, cls.__qualname__)


def _made(function: Any) -> List[Any]:
    """The output classes whose constructors stand in the function's return statements."""
    node = source.node_of(function)
    made: List[Any] = []
    for child in own_nodes(node) if isinstance(node, ast.FunctionDef) else ():
        call = child.value if isinstance(child, ast.Return) else None
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name):
            cls = outer(call.func.id, function)[1]
            if isinstance(cls, type) and _is_output(cls) and cls not in made:
                made.append(cls)
    return made


def _is_output(cls: Any) -> bool:
    return any(base.__name__ == "ModelOutput" for base in cls.__mro__)


def _evaluated(text: str, function: Any) -> Any:
    """The value of an annotation's text; whatever evaluating it raises comes through."""
    if imports.reader is not None:
        return imports.reader.evaluate(text, function)
    return eval(text, dict(getattr(function, "__globals__", {})))


def _classes(annotation: Any, function: Any) -> Optional[List[Any]]:
    """The classes of an annotation, tuples and None aside (`return_dict=False` gives a tuple); None: not known."""
    if annotation is None or annotation is type(None):
        return []
    if isinstance(annotation, typing.ForwardRef):
        annotation = annotation.__forward_arg__
    if isinstance(annotation, str):
        try:
            annotation = _evaluated(annotation, function)
        except Exception:
            return _classes_of_text(annotation, function)
        return _classes(annotation, function)
    origin = getattr(annotation, "__origin__", None)
    if annotation is tuple or origin is tuple:
        return []
    if origin is typing.Union or type(annotation).__name__ == "UnionType":
        union: List[Any] = []
        for argument in annotation.__args__:
            found = _classes(argument, function)
            if found is None:
                return None
            union.extend(cls for cls in found if cls not in union)
        return union
    if not isinstance(annotation, type):
        return None
    tensor = imports.get(imports.loaded("torch"), "Tensor")
    # torch.FloatTensor and its kin name a Tensor of some type.
    if tensor is not imports.MISSING and (annotation is tensor or type(annotation).__name__ == "tensortype"):
        return [tensor]
    name = annotation.__name__
    module = candidates.module_class()
    if _is_output(annotation) or name.endswith("Output") or (module is not None and issubclass(annotation, module)):
        return [annotation]
    return None


def _classes_of_text(text: Any, function: Any) -> Optional[List[Any]]:
    """`A | B` as text, where this Python cannot evaluate it (before 3.10, or a name that is not there)."""
    if "|" not in text or "[" in text.replace("Optional[", ""):
        return None
    union: List[Any] = []
    for part in text.split("|"):
        part = part.strip()
        if part in ("tuple", "Tuple", "None"):
            continue
        try:
            found = _classes(_evaluated(part, function), function)
        except Exception:
            return None
        if found is None:
            return None
        union.extend(cls for cls in found if cls not in union)
    return union
