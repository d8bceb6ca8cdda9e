"""Parameters and annotations of live callables, in the shape of `keyward.signatures.model.Parameter`."""

from __future__ import annotations

import ast
import inspect
import re
import typing
from typing import Any, Dict, List, Optional, Sequence

from . import documentation, imports, roles, source
from .sizes import is_modest

Entry = Dict[str, Any]
"""An entry, parameter or signature as JSON."""

_KINDS = {
    inspect.Parameter.POSITIONAL_ONLY: "positional_only",
    inspect.Parameter.POSITIONAL_OR_KEYWORD: "positional_or_keyword",
    inspect.Parameter.VAR_POSITIONAL: "var_positional",
    inspect.Parameter.KEYWORD_ONLY: "keyword_only",
    inspect.Parameter.VAR_KEYWORD: "var_keyword",
}
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")
_SHOWS_ITS_TYPE_ONLY = re.compile(r"<[\w.]+ object>$")
_LONGEST_DEFAULT = 60
_LONGEST_ANNOTATION = 160


def signature_of(function: Any) -> Optional[inspect.Signature]:
    """`inspect.signature`, or None where there is none to be had."""
    try:
        if imports.reader is not None:
            imports.reader.complete(function)
        return inspect.signature(function)
    except (ValueError, TypeError, NameError, AttributeError, SyntaxError):
        return None


class _Written:
    """A default of which only the text is known."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return self._text


def signature_of_text(text: str) -> Optional[inspect.Signature]:
    """The signature that `input, weight, bias=None` writes, None where that is no list of parameters."""
    try:
        arguments = ast.parse("def _({}): pass".format(text)).body[0].args  # type: ignore[attr-defined]
        every = list(getattr(arguments, "posonlyargs", [])) + arguments.args
        defaults = [None] * (len(every) - len(arguments.defaults)) + arguments.defaults
        kinds = inspect.Parameter
        found = [_parsed(item, kinds.POSITIONAL_OR_KEYWORD, value) for item, value in zip(every, defaults)]
        if arguments.vararg is not None:
            found.append(_parsed(arguments.vararg, kinds.VAR_POSITIONAL, None))
        found += [_parsed(i, kinds.KEYWORD_ONLY, v) for i, v in zip(arguments.kwonlyargs, arguments.kw_defaults)]
        if arguments.kwarg is not None:
            found.append(_parsed(arguments.kwarg, kinds.VAR_KEYWORD, None))
        return inspect.Signature(found)
    except (SyntaxError, ValueError, TypeError, AttributeError, IndexError):
        return None


def _parsed(argument: Any, kind: Any, default: Any) -> inspect.Parameter:
    value: Any = inspect.Parameter.empty
    if default is not None:
        try:
            value = ast.literal_eval(default)
        except ValueError:
            value = _Written("...")
    return inspect.Parameter(argument.arg, kind, default=value)


def parameters(
    signature: inspect.Signature, drop_first: bool, docstrings: Sequence[Optional[str]], function: Any = None
) -> List[Entry]:
    """The parameters as a list of dictionaries; `drop_first` leaves out `self`.

    `function` is the one whose signature it is: its source says what a default that shows nothing of itself is called.
    """
    live = list(signature.parameters.values())
    if drop_first and live and live[0].kind in (live[0].POSITIONAL_ONLY, live[0].POSITIONAL_OR_KEYWORD):
        del live[0]
    names = {parameter.name for parameter in live}
    docs: Dict[str, str] = {}
    for text in docstrings:
        for name, line in documentation.items(text, names).items():
            docs.setdefault(name, line)
    return [_parameter(parameter, docs.get(parameter.name, ""), function) for parameter in live]


def _parameter(live: Any, doc: str, function: Any) -> Entry:
    entry = {"name": live.name}
    if live.kind is not live.POSITIONAL_OR_KEYWORD:
        entry["kind"] = _KINDS[live.kind]
    if live.default is not live.empty:
        text = default(live.default)
        if _SHOWS_ITS_TYPE_ONLY.match(text):
            text = _written_default(function, live.name) or text
        entry["default"] = text
    if live.annotation is not live.empty:
        entry["annotation"] = annotation(live.annotation)
    if doc:
        entry["doc"] = doc
    return entry


def default(value: Any) -> str:
    """A short text for a default that is the same in every process."""
    if inspect.isclass(value) or inspect.isroutine(value):
        return str(getattr(value, "__qualname__", None) or getattr(value, "__name__", "..."))
    if roles.is_torch_module(type(value)):
        return "{}()".format(type(value).__name__)
    if not is_modest(value):
        return "..."
    try:
        text = _ADDRESS.sub("", repr(value))
    except Exception:
        return "..."
    text = " ".join(text.split())
    enum = re.match(r"<(\w+\.\w+): .*>$", text)
    if enum:
        text = enum.group(1)
    if isinstance(value, (set, frozenset)):
        text = "{" + ", ".join(sorted(repr(item) for item in value)) + "}"
    return text if len(text) <= _LONGEST_DEFAULT else text[: _LONGEST_DEFAULT - 4].rstrip() + " ..."


def _written_default(function: Any, name: str) -> str:
    """The name that a function's source gives as a parameter's default, "" where that is no mere name."""
    node = source.node_of(source.innermost(function))
    if node is None:
        return ""
    arguments = node.args
    positional = getattr(arguments, "posonlyargs", []) + arguments.args
    given = list(zip(reversed(positional), reversed(arguments.defaults)))
    given += zip(arguments.kwonlyargs, arguments.kw_defaults)
    return next((value.id for argument, value in given if argument.arg == name and isinstance(value, ast.Name)), "")


def annotation(value: Any) -> str:
    """A type as one would write it, the same for every Python version."""
    try:
        text = _annotation(value) if is_modest(value) else ""
    except Exception:
        return ""
    return text if len(text) <= _LONGEST_ANNOTATION else text[: _LONGEST_ANNOTATION - 4].rstrip() + " ..."


def _annotation(value: Any) -> str:
    if value is None or value is type(None):
        return "None"
    if value is Ellipsis:
        return "..."
    if isinstance(value, str):
        return " ".join(value.replace("typing.", "").split())
    if isinstance(value, typing.ForwardRef):
        return value.__forward_arg__
    if isinstance(value, typing.TypeVar):
        return value.__name__
    if isinstance(value, (list, tuple)):
        return "[{}]".format(", ".join(_annotation(item) for item in value))
    origin = getattr(value, "__origin__", None)
    arguments: Any = getattr(value, "__args__", ())
    if origin is typing.Union or type(value).__name__ == "UnionType":
        parts = []
        for argument in arguments:
            part = _annotation(argument)
            if part not in parts:
                parts.append(part)
        if "None" in parts:
            parts.remove("None")
            parts.append("None")
        return " | ".join(parts)
    if origin is not None:
        name = getattr(value, "_name", None) or getattr(origin, "__name__", None) or str(origin)
        if name == "Literal" or str(origin).endswith("Literal"):
            return "Literal[{}]".format(", ".join(repr(argument) for argument in arguments))
        if getattr(value, "__metadata__", None) is not None:  # Annotated: what it says beyond the type is not ours
            return _annotation(origin)
        if name == "Callable" and len(arguments) > 1:
            inner = ", ".join(_annotation(argument) for argument in arguments[:-1])
            inner = "..." if inner == "..." else "[{}]".format(inner)
            return "Callable[{}, {}]".format(inner, _annotation(arguments[-1]))
        inner = ", ".join(_annotation(argument) for argument in arguments if not isinstance(argument, typing.TypeVar))
        name = _BUILTIN.get(str(name).rpartition(".")[2], str(name).rpartition(".")[2])
        return "{}[{}]".format(name, inner) if inner else name
    if isinstance(value, type):
        name = value.__qualname__
        return "torch." + name if value.__module__ == "torch" else name
    text = getattr(value, "_name", None) or getattr(value, "__name__", None) or str(value)
    return _BUILTIN.get(text, text.replace("typing.", ""))


_BUILTIN = {"List": "list", "Dict": "dict", "Tuple": "tuple", "Set": "set", "FrozenSet": "frozenset", "Type": "type"}
