"""The keys that calling a tokenizer or processor can give."""

from __future__ import annotations

import ast
import inspect
from typing import Any, Dict, Iterator, List

from . import imports, source
from .nodes import own_nodes
from .parameters import signature_of

_MADE = ("BatchFeature", "BatchEncoding")
_METHODS = ("__call__", "preprocess", "_preprocess", "pad", "encode_inputs")
_INPUTS = "model_input_names"
_PARTS = {
    "image_processor": "ImageProcessor",
    "feature_extractor": "FeatureExtractor",
    "video_processor": "VideoProcessor",
    "tokenizer": "Tokenizer",
}
"""Parameters of a processor's constructor, and what the name of a class that fills one ends in."""


def keys(cls: Any) -> List[str]:
    """Keys that a result can have: those that the class names, those of its parts, and those that its methods set."""
    found: Dict[str, None] = dict.fromkeys(_declared(cls))
    for part in _parts(cls):
        found.update(dict.fromkeys(keys(part)))
    for name in _METHODS:
        found.update(dict.fromkeys(_set_by(inspect.getattr_static(cls, name, None))))
    return list(found)


def _declared(cls: Any) -> Iterator[str]:
    """The strings of `model_input_names`, be it a list or a property that adds to another list."""
    for base in cls.__mro__:
        declared = vars(base).get(_INPUTS)
        if isinstance(declared, (list, tuple)):
            yield from (name for name in declared if isinstance(name, str))
            return
        if isinstance(declared, property):
            node = source.node_of(source.innermost(declared.fget))
            for child in own_nodes(node) if node is not None else ():
                if isinstance(child, (ast.List, ast.Tuple)):
                    yield from (text for item in child.elts for text in _text(item))


def _parts(cls: Any) -> Iterator[Any]:
    """The classes of a processor's parts: as it names them, or else the only such class beside it."""
    if not any(base.__name__ == "ProcessorMixin" for base in cls.__mro__[1:]):
        return
    signature = signature_of(cls.__init__)
    for name in signature.parameters if signature is not None else ():
        if name in _PARTS:
            named = inspect.getattr_static(cls, name + "_class", None)
            names = named if isinstance(named, (list, tuple)) else [named]
            top = imports.loaded(cls.__module__.partition(".")[0])
            parts = [imports.get(top, item) for item in names if isinstance(item, str)]
            yield from (part for part in parts or _beside(cls, _PARTS[name]) if _has_inputs(part))


def _beside(cls: Any, kind: str) -> List[Any]:
    """The classes of a kind in the package of a processor that the library exports as things are installed."""
    top = imports.loaded(cls.__module__.partition(".")[0])
    start = cls.__name__[: -len("Processor")] if cls.__name__.endswith("Processor") else cls.__name__
    found = []
    for module in imports.loaded_below(cls.__module__.rpartition(".")[0]).values():
        for name, value in imports.contents(module).items():
            is_meant = name in (start + kind, start + kind + "Fast") and isinstance(value, type)
            if is_meant and imports.names(top, value):
                found.append(value)
    return found


def _has_inputs(value: Any) -> bool:
    has_inputs = isinstance(value, type) and inspect.getattr_static(value, _INPUTS, None) is not None
    return has_inputs and not imports.lacks_backends(value)


def _set_by(function: Any) -> Iterator[str]:
    """The constant keys of the dictionary that a method makes its result from."""
    node = source.node_of(source.innermost(function)) if function is not None else None
    if not isinstance(node, ast.FunctionDef):
        return
    nodes = own_nodes(node)
    made = [child for child in nodes if isinstance(child, ast.Call) and _called(child) in _MADE]
    names = set()
    for call in made:
        data = next((item.value for item in call.keywords if item.arg == "data"), call.args[0] if call.args else None)
        if isinstance(data, ast.Dict):
            yield from (text for key in data.keys for text in _text(key))
        elif isinstance(data, ast.Name):
            names.add(data.id)
    for child in nodes:
        if isinstance(child, ast.Assign) and len(child.targets) == 1:
            target = child.targets[0]
            if isinstance(child.value, ast.Call) and child.value in made and isinstance(target, ast.Name):
                names.add(target.id)
    for child in nodes:
        if isinstance(child, ast.Assign):
            for target in child.targets:
                if isinstance(target, ast.Name) and target.id in names and isinstance(child.value, ast.Dict):
                    yield from (text for key in child.value.keys for text in _text(key))
                elif isinstance(target, ast.Subscript) and _name_of(target.value) in names:
                    index = target.slice if isinstance(target.slice, ast.expr) else getattr(target.slice, "value", None)
                    yield from _text(index)


def _text(node: Any) -> List[str]:
    return [node.value] if isinstance(node, ast.Constant) and isinstance(node.value, str) else []


def _name_of(node: Any) -> str:
    return node.id if isinstance(node, ast.Name) else ""


def _called(call: ast.Call) -> str:
    return getattr(call.func, "id", getattr(call.func, "attr", ""))
