"""Functions of libraries whose result is known without going through them, or that could not be gone through."""

from __future__ import annotations

import re
import types
from typing import Any, Dict, List

from . import availability, lazy_packages
from .opaque import Opaque

UNKNOWN = object()

_DOCUMENTING = {
    *("auto_docstring", "auto_class_docstring", "auto_method_docstring"),
    *("add_start_docstrings", "add_start_docstrings_to_model_forward", "add_end_docstrings"),
    *("add_start_docstrings_to_callable", "add_code_sample_docstrings", "replace_return_docstrings"),
    *("replace_example_docstring", "doc", "copy_func", "register_model", "register_notrace_module"),
    *("add_model_info_to_auto_map", "no_type_check", "_overload", "_copy_docstring_and_deprecators"),
}
"""Decorators that return what they decorate, which follows from their source too, but takes long."""


_COSTLY = {"_create_type_validator"}
"""Functions whose results matter to nobody here, and that are called for every field of every configuration."""


class Compiled(Opaque):
    """A compiled function of which only the documentation is known."""

    __slots__ = ("documentation",)

    def __init__(self, path: str, documentation: Any) -> None:
        super().__init__(path)
        self.documentation = documentation if isinstance(documentation, str) else ""


class _Identity(Opaque):
    """A decorator that returns what it gets."""

    __slots__ = ()


def opaque_call(callee: Opaque, positional: List[Any]) -> Any:
    """The result of calling something that is not there, None where it is not known."""
    if isinstance(callee, _Identity):
        return positional[0] if positional else callee
    if callee.path.endswith("_add_docstr") and len(positional) == 2 and isinstance(positional[0], Opaque):
        return Compiled(positional[0].path, positional[1])
    if callee.path == "torch.device" and len(positional) == 1 and isinstance(positional[0], str):
        kind, _, index = positional[0].partition(":")
        return Opaque("device(type={!r}{})".format(kind, ", index=" + index if index.isdigit() else ""))
    return None


def read_call(function: Any, positional: List[Any], keywords: Dict[str, Any], frame: Any) -> Any:
    """The result of calling a function that was read, `UNKNOWN` where it has to be gone through."""
    name = function.__name__
    if name in _DOCUMENTING:
        first = positional[0] if positional else None
        first = getattr(first, "function", first)  # a class method is documented as the function that it is
        return first if callable(first) and not isinstance(first, Opaque) else _Identity(name)
    if name in _COSTLY:
        return Opaque(name)
    if name == "define_import_structure":
        return lazy_packages.structure_of(
            positional[0], positional[1] if len(positional) > 1 else keywords.get("prefix")
        )
    if name in ("_attach", "attach"):
        _attach(frame.module, keywords.get("submod_attrs", positional[2] if len(positional) > 2 else None))
        return UNKNOWN
    if name in ("_is_package_available", "_package_available", "_is_available"):
        found = availability.package_question(positional)
        if found is not None:
            return found if keywords.get("return_version") or "import_utils" in frame.module.__name__ else found[0]
    if name.startswith(("is_", "_is_")):
        known = availability.answer(name)
        if known is not None:
            return known
    return UNKNOWN


def _attach(module: Any, submodules: Any) -> None:
    """Take in what `lazy_loader.attach` is told: the names that each submodule holds."""
    announced = lazy_packages.announced(submodules) if isinstance(submodules, dict) else None
    if announced is not None:
        module.announce(announced)


class _TensorType(type):
    """The kind of `torch.LongTensor` and its kin, which name a tensor of some type."""


_TensorType.__name__ = "tensortype"  # as torch calls it
_TENSOR_TYPE = re.compile(r"(?:BFloat16|Bool|Byte|Char|Double|Float|Half|Int|Long|Short)Tensor$")
_TENSOR_TYPES: Dict[str, type] = {}
# https://docs.pytorch.org/docs/stable/tensor_attributes.html#torch.dtype
_DTYPES = {
    "half": "float16",
    "float": "float32",
    "double": "float64",
    "short": "int16",
    "int": "int32",
    "long": "int64",
    "chalf": "complex32",
    "cfloat": "complex64",
    "cdouble": "complex128",
}
"""The shorter names of torch's types, and those by which the types show themselves."""


def compiled_attribute(module: str, name: str) -> Any:
    """What a module takes from its compiled part under a name, None where that is not known."""
    if module == "torch" and name in _DTYPES:
        return Opaque("torch." + _DTYPES[name])
    if module != "torch" or not _TENSOR_TYPE.match(name):
        return None
    if name not in _TENSOR_TYPES:
        _TENSOR_TYPES[name] = _TensorType(name, (), {"__module__": "torch"})
    return _TENSOR_TYPES[name]


def instance_call(callee: Any, positional: List[Any]) -> Any:
    """The result of calling an instance of a class that was read, None where it is not known."""
    message = getattr(callee, "__dict__", {}).get("message")
    if type(callee).__name__ == "deprecated" and isinstance(message, str) and positional:
        if isinstance(positional[0], (type, types.FunctionType)):
            positional[0].__deprecated__ = message  # type: ignore[union-attr]
        return positional[0]
    return None


def lazy_module(positional: List[Any], keywords: Dict[str, Any]) -> Any:
    """What a library's own class of modules makes of an import structure."""
    structures = [value for value in (*positional, *keywords.values()) if isinstance(value, dict)]
    made = lazy_packages.announced(structures[0]) if structures else None
    return Opaque("a lazy module") if made is None else made
