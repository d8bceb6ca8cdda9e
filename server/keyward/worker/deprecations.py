"""What took the place of what, as libraries say it themselves: in decorators, in warnings, in their documentation.

A renaming is told only where the new name is one that the callable takes, and a replacement only where the named thing
is there; what is not plain is left out.
"""

from __future__ import annotations

import ast
import dataclasses
import re
import types
from typing import Any, Dict, Iterator, List, Optional, Sequence, Set, Tuple

from . import documentation, imports, source
from .nodes import nodes_below, own_nodes

_WARNS = re.compile(r"^(warn|warning|warning_once|warning_advice|deprecate|rank_zero_deprecation|rank_zero_warn)$")
_OLD_AND_NEW = ("old_name", "new_name")
_DEPRECATED = re.compile(
    r"\b(?:deprecated|will be removed|is obsolete|was renamed|has been renamed|is renamed)\b", re.I
)
_INSTEAD = re.compile(
    r"(?:(?:please|you should|should)?\s*\b(?:use|pass|set|switch to|consider using)\b"
    r"|in favou?r of|replaced (?:by|with)|renamed to|renamed as)\s+(?:the\s+|an?\s+)?"
    r"(?:argument |parameter |keyword )?",
    re.I,
)
_BARE_NAME = re.compile(r"[`'\"]*([A-Za-z_][\w.]*\w)(?:\(\))?[`'\"]*")
_BY_ITSELF = re.compile(r"(?<!=)[`'\"](\w+)[`'\"]|\b(?:argument|parameter|keyword|option|the|^)\s*(\w+)\b", re.I)
_BEFORE_A_NAME = frozenset(
    "the argument arguments parameter parameters keyword option passing using setting support for and or".split()
)
_SEE = re.compile(r"^\(?deprecated\b.*?\b(?:see|use|favou?r of|replaced by)\b[^`]*`+(\w+)`+", re.I)


def renamed(function: Any, cls: Any, signature: Dict[str, Any], docstrings: Sequence[Optional[str]]) -> Dict[str, str]:
    """{deprecated keyword: the one that took its place, or ""} of a callable whose signature is known so far."""
    named = [entry["name"] for entry in signature.get("parameters", ()) if not entry.get("kind", "").startswith("var_")]
    known = {*named, *signature.get("accepts", ())}
    found: Dict[str, str] = {}
    for old, new in _by_decorators(function):
        if new in known or not new:
            found.setdefault(old, new)
    for old, new in _by_documentation(docstrings, known):
        found.setdefault(old, new)
    for body in _bodies(function, cls):
        for old, new in _by_body(body, known):
            if new or old not in found:
                found[old] = new
    return {old: new for old, new in sorted(found.items()) if old != new and old in known | set(found)}


def _by_decorators(function: Any) -> Iterator[Tuple[str, str]]:
    """Names that wrappers around a function hold: one pair, or a dictionary of them."""
    for wrapper in source.wrappers(function):
        held = _held(wrapper)
        old, new = (held.get(name) for name in _OLD_AND_NEW)
        if isinstance(old, str) and (new is None or isinstance(new, str)):
            yield old, new or ""
        renames = held.get("renames")
        if isinstance(renames, dict):
            for old, new in renames.items():
                if isinstance(old, str) and isinstance(new, str):
                    yield old, new


def _held(function: Any) -> Dict[str, Any]:
    """What a function holds of the functions around it."""
    names = getattr(getattr(function, "__code__", None), "co_freevars", ())
    held = {}
    for name, cell in zip(names, getattr(function, "__closure__", None) or ()):
        try:
            is_known, value = imports.settle(cell.cell_contents)
        except ValueError:
            continue
        if is_known:
            held[name] = value
    return held


def _by_documentation(docstrings: Sequence[Optional[str]], known: Set[str]) -> Iterator[Tuple[str, str]]:
    """Parameters of which the documentation says "Deprecated (see `reduction`)"."""
    for text in docstrings:
        if isinstance(text, str) and "eprecated" in text:
            for old, line in documentation.items(text, known).items():
                see = _SEE.match(line)
                if see and see.group(1) in known and see.group(1) != old:
                    yield old, see.group(1)


def _bodies(function: Any, cls: Any) -> Iterator[Any]:
    """The syntax of what runs when a callable is called, where it can hold a warning at all."""
    function = source.innermost(function)
    yield from _body(function)
    is_init = getattr(function, "__name__", "") == "__init__"
    if is_init and isinstance(cls, type) and dataclasses.is_dataclass(cls):
        for base in cls.__mro__:
            yield from _body(vars(base).get("__post_init__"))


def _body(function: Any) -> Iterator[Any]:
    function = source.innermost(function) if function is not None else None
    code = getattr(function, "__code__", None)
    if not isinstance(code, types.CodeType):
        return
    names = set(code.co_names) | set(code.co_freevars)
    if "legacy_get_string" not in names and not any(_WARNS.match(name) for name in names):
        return  # spares the search through long functions
    node = source.node_of(function)
    if isinstance(node, ast.FunctionDef):
        yield node


def _by_body(node: Any, known: Set[str]) -> Iterator[Tuple[str, str]]:
    """What warnings under a test of a keyword say of that keyword."""
    local = _texts(node)
    for call, tests in _calls(node.body, ()):
        name = _called(call)
        if name == "legacy_get_string":
            for argument in call.args:
                if isinstance(argument, ast.Name) and "reduction" in known:
                    yield argument.id, "reduction"
        if not _WARNS.match(name):
            continue
        said = _said(call, local)
        if name == "deprecate" and call.args and isinstance(call.args[0], ast.Constant):
            old = call.args[0].value
            if isinstance(old, str) and old in known:
                yield old, _named_instead(said, known, old)
            continue
        tested = {item for test in tests for item in _tested(test, known)}
        for old in tested & set(_deprecated_in(said)):
            yield old, _named_instead(said, known, old)


def _deprecated_in(said: str) -> Iterator[str]:
    """The names that stand by themselves in the part of a sentence that comes before "is deprecated"."""
    for deprecated in _DEPRECATED.finditer(said):
        sentence = re.split(r"[.:;]\s", said[: deprecated.start()])[-1]
        for name in _BY_ITSELF.finditer(sentence):
            before = re.sub(r"[`'\"]\w+[`'\"]", "", sentence[: name.start()]).lower()
            if set(re.findall(r"\w+", before)) <= _BEFORE_A_NAME:  # not "passing a tuple of `name`"
                yield name.group(1) or name.group(2)


def _calls(statements: Any, tests: Tuple[Any, ...]) -> Iterator[Tuple[ast.Call, Tuple[Any, ...]]]:
    """(call, tests of the `if` statements around it) for a function's own calls."""
    for statement in statements:
        if isinstance(statement, ast.If):
            yield from _calls(statement.body, (*tests, statement.test))
            yield from _calls(statement.orelse, tests)
        elif isinstance(statement, (ast.With, ast.For, ast.While, ast.Try)):
            for part in ("body", "orelse", "finalbody"):
                yield from _calls(getattr(statement, part, ()), tests)
        elif not isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield from ((child, tests) for child in nodes_below([statement]) if isinstance(child, ast.Call))


def _tested(test: Any, known: Set[str]) -> Iterator[str]:
    """The keywords that a condition asks for: `old is not None`, `"old" in kwargs`, `self.old`."""
    for child in ast.walk(test):
        if isinstance(child, ast.Name) and child.id in known:
            yield child.id
        elif isinstance(child, ast.Attribute) and child.attr in known:
            yield child.attr
        elif isinstance(child, ast.Constant) and isinstance(child.value, str) and child.value in known:
            yield child.value


def _named_instead(said: str, known: Set[str], old: str) -> str:
    """The known keyword that a text tells to use instead, "" where it tells none."""
    for instead in _INSTEAD.finditer(said):
        name = _BARE_NAME.match(said, instead.end())
        if name and name.group(1) in known and name.group(1) != old:
            return name.group(1)
    return ""


def replacement(value: Any) -> str:
    """The public name of what took the place of a deprecated class or function, "" where nothing did."""
    said = value.__dict__.get("__deprecated__")
    if isinstance(said, str):
        return _resolved(said, value)
    function = vars(value).get("__init__") if isinstance(value, type) else value
    for wrapper in source.wrappers(function):
        said = getattr(wrapper, "__dict__", {}).get("__deprecated__")
        if isinstance(said, str):
            return _resolved(said, value)
    for node in _body(function):
        local = _texts(node)
        for call, tests in _calls(node.body, ()):
            if not tests and _WARNS.match(_called(call)):
                said = _said(call, local)
                found = _resolved(said, value) if _is_about(said, value) else ""
                if found:
                    return found
    return ""


def _is_about(said: str, value: Any) -> bool:
    """Whether a text says that the class or function itself is deprecated."""
    deprecated = _DEPRECATED.search(said)
    before = said[: deprecated.start()] if deprecated else ""
    return bool(re.search(r"(?<!\w){}(?!\w)".format(re.escape(value.__name__)), before)) or bool(
        re.match(r"^\s*this (class|function|method)\b", before, re.I)
    )


def _resolved(said: str, value: Any) -> str:
    """The public name that a text tells to use instead, if there is a class or function of that name."""
    top = value.__module__.partition(".")[0]
    for instead in _INSTEAD.finditer(said):
        name = _BARE_NAME.match(said, instead.end())
        if not name:
            continue
        module, _, last = name.group(1).rpartition(".")
        places = [module, "{}.{}".format(top, module)] if module else list(_packages(value.__module__))
        for place in places:
            found = imports.get(imports.loaded(place), last)
            if isinstance(found, (type, types.FunctionType)) and found is not value:
                return "{}.{}".format(place, last)
    return ""


def _packages(module: str) -> Iterator[str]:
    """The packages around a module, from the outermost on, and itself."""
    parts = module.split(".")
    return (".".join(parts[: length + 1]) for length in range(len(parts)))


def _texts(node: Any) -> Dict[str, str]:
    """What local names of a function hold, where that is one text."""
    found: Dict[str, List[str]] = {}
    for child in own_nodes(node):
        if isinstance(child, ast.Assign) and len(child.targets) == 1 and isinstance(child.targets[0], ast.Name):
            found.setdefault(child.targets[0].id, []).append(_text(child.value, {}))
    return {name: texts[0] for name, texts in found.items() if len(texts) == 1}


def _said(call: ast.Call, local: Dict[str, str]) -> str:
    return " ".join(" ".join(_text(argument, local) for argument in call.args).split())


def _text(node: Any, local: Dict[str, str]) -> str:
    """The constant parts of a text."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    if isinstance(node, ast.Name):
        return local.get(node.id, "")
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(part, local) if isinstance(part, ast.Constant) else "\0" for part in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return _text(node.left, local) + _text(node.right, local)
    return ""


def _called(call: ast.Call) -> str:
    return str(getattr(call.func, "id", getattr(call.func, "attr", "")))
