"""Stub packages for type checkers (PEP 561): what the signatures say, for pyright, mypy and ty.

A package is *partial*: a module that it leaves out is read in the library's own source. A file of it takes the place of
a whole module, so one is written only where it says what the source does not: which keywords a call takes and drops.
What such a file does not know is `Any`, never an error.

- `forward` takes its parameters and its effective keywords, and `**kwargs` only where others may have an effect.
  `__call__` takes and returns what the `forward` of the very class does, also where a class of the user's overrides it.
- Outputs have their fields, all of them `Any` (which of them are None depends on the call), and no others.
- A package that imports itself lazily is written as a list of names: a checker then reads the files that are asked for
  instead of the whole library.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from keyword import iskeyword
from typing import Literal

from .model import Entry, Field, Kind, Parameter, Signature
from .stub_annotations import plain_default, shown
from .stub_text import MODULES, Methods, StubSource, Style, module_stub, parents

LAZY = {"transformers": "transformers.models", "diffusers": "diffusers.models"}
"""Packages whose `__init__` hands out names by a list, and where the packages of their models are. The signatures know
the list, and a checker that follows the source instead reads thousands of files."""

Checker = Literal["pyright", "mypy", "ty"]
"""What the stubs are for. pyright believes anything of a class with a base that it does not know, `__call__` included,
and needs to be told that such a class takes every call; the others know, and ty stumbles over what pyright is told."""

_HELPER = "_keyward_types"
_HELPER_TEXT = '''"""What the other files share; there is no such module at run time."""
from abc import ABCMeta
from typing import Any, Protocol, TypeVar, final
from typing_extensions import ParamSpec
P = ParamSpec("P")
R = TypeVar("R", covariant=True)
class Forward(Protocol[P, R]):
    def forward(self, *args: P.args, **kwargs: P.kwargs) -> R: ...
@final
class Nobody:
    """No model is one, but for classes with a base that the checker does not know: of these it believes everything."""
class Open(ABCMeta):
    """Of classes that may have attributes which the stubs do not know."""
    def __getattr__(cls, name: str) -> Any: ...
'''
_HEAD = """from dataclasses import dataclass as _dataclass
from typing import Any, Iterator as _Iterator, Type, TypeVar, overload as _overload
import torch
from {top}.{helper} import Nobody as _Nobody, Forward as _Forward, Open as _Open, P as _P, R as _R
_T = TypeVar('_T')
"""
_CALL = "    def __call__(self: _Forward[_P, _R], *args: _P.args, **kwargs: _P.kwargs) -> _R: ...\n"
_CALL_OF_UNKNOWN = """\
    @_overload
    def __call__(self: _Nobody, *args: Any, **kwargs: Any) -> Any: ...  # type: ignore[misc]
"""
_OPEN = """\
    def __getattr__(self, name: str) -> Any: ...
    def __setattr__(self, name: str, value: Any) -> None: ...
"""
_TAIL = """from typing import Any as _Any
def __getattr__(name: str) -> _Any: ...
"""
_NOWHERE = frozenset(("abc", "builtins", "typing", "typing_extensions", "__main__"))
"""Modules whose classes say nothing as bases."""
_OUTPUT = "output_"
"""The prefix under which the fields of an output are asked for: `output_attentions`."""


class _Checked(Style):
    """What type checkers get."""

    called = ""
    arrow = "{} | Any"
    tail = _TAIL

    def __init__(
        self, top: str, source: StubSource, methods: Methods, written: Collection[str], overloads: bool
    ) -> None:
        super().__init__(source, methods)
        self._overloads = overloads
        self.head = _HEAD.format(top=top, helper=_HELPER)
        self._written = written

    def named(self, qualified: str, entry: Entry | None) -> tuple[str, str] | None:
        if entry is not None:
            return entry.module, entry.name
        module, _, name = qualified.rpartition(".")
        return (module, name) if module and module not in _NOWHERE else None

    def bases(self, entry: Entry) -> list[str]:
        """Those that no signatures tell of too: the source has them."""
        known = super().bases(entry)
        return [
            qualified
            for qualified in entry.mro
            if qualified in known
            or (self.source.find(qualified) is None and qualified.rpartition(".")[0] not in self._written)
        ]

    def stubbed(self, base: Entry) -> bool:
        return base.module in self._written

    def decorator(self, entry: Entry) -> str:
        return "@_dataclass\n" if entry.role == "output" and entry.fields else ""

    def metaclass(self, entry: Entry, root: bool) -> str:
        return "metaclass=_Open" if root and entry.role in (*MODULES, "auto") else ""

    def parameters(self, signature: Signature) -> Iterable[Parameter]:
        """Those that a call may name: keywords that are dropped find no place."""
        parameters = list(signature.parameters)
        rest = parameters.pop() if parameters and parameters[-1].kind is Kind.VAR_KEYWORD else None
        taken = {"self", *(parameter.name for parameter in signature.parameters)}
        more = dict.fromkeys((*signature.accepts, *signature.renamed))
        if _OUTPUT in signature.prefixes:
            output = self.source.find(signature.returns)
            more.update(dict.fromkeys(_OUTPUT + field.name for field in (output.fields if output else ())))
        parameters += (
            Parameter(name, Kind.KEYWORD_ONLY, "...")
            for name in more
            if name not in taken and rest is not None and name.isidentifier() and not iskeyword(name)
        )
        if rest is not None and not is_closed(signature, self.source):
            parameters.append(rest)
        return parameters

    def annotation(self, parameter: Parameter) -> str:
        if parameter.kind in (Kind.VAR_POSITIONAL, Kind.VAR_KEYWORD) or not parameter.annotation:
            return "Any"
        return shown(parameter.annotation)

    def default(self, parameter: Parameter) -> str:
        return plain_default(parameter.default or "...")

    def returned(self, signature: Signature) -> str:
        """Only outputs: a tensor is annotated more narrowly than people treat it."""
        entry = self.source.find(signature.returns) if signature.returns else None
        return entry.qualified if entry is not None and entry.role == "output" and self.stubbed(entry) else ""

    def body(self, name: str, signature: Signature) -> str:
        """The parameters' documentation, in the form that editors take apart."""
        documented = [parameter for parameter in signature.parameters if parameter.doc]
        if name != "forward" or not documented:
            return " ...\n"
        lines = "".join(f"            {parameter.name}: {_escaped(parameter.doc)}\n" for parameter in documented)
        return f'\n        """\n        Args:\n{lines}        """\n'

    def field(self, field: Field) -> str:
        return f"    {field.name}: Any = ...\n"

    def more(self, entry: Entry, root: bool) -> Iterator[str]:
        if entry.role == "output":
            yield from self._more_of_output(entry, root)
        elif entry.role == "auto":
            for name in sorted(self.methods.makers):
                yield f"    @classmethod\n    def {name}(cls, *args: Any, **kwargs: Any) -> Any: ...\n"
        elif entry.role in MODULES:
            if root and self._overloads:
                yield "    @_overload\n" + _CALL + _CALL_OF_UNKNOWN
            elif root:
                yield _CALL
            if entry.role == "model" and (root or self._starts_elsewhere(entry)):
                yield "    config: Any\n"
                for name in sorted(self.methods.free):
                    yield f"    def {name}(self, *args: Any, **kwargs: Any) -> Any: ...\n"
        if root and entry.role in (*MODULES, "auto"):
            yield _OPEN

    def _starts_elsewhere(self, entry: Entry) -> bool:
        """Whether the first base is a mixin, whose methods come before those of the first module."""
        first = self.source.find(entry.mro[0]) if entry.mro else None
        return first is None or first.role not in MODULES

    def _more_of_output(self, entry: Entry, root: bool) -> Iterator[str]:
        for name in entry.members:
            if name.isidentifier() and not name.startswith("__"):
                yield f"    {name}: Any\n"
        if root:  # with `return_dict=False` it is a tuple
            yield "    def __getitem__(self, key: Any) -> Any: ...\n"
            yield "    def __iter__(self) -> _Iterator[Any]: ...\n"


def is_closed(signature: Signature, source: StubSource) -> bool:
    """Whether all keywords that have an effect can be named."""
    if signature.extra == "open" or any(prefix != _OUTPUT for prefix in signature.prefixes):
        return False
    return not signature.prefixes or source.find(signature.returns) is not None


def package_files(
    top: str, source: StubSource, methods: Methods, checker: Checker = "pyright"
) -> Iterator[tuple[str, str]]:
    """Path within `top`-stubs and text of each file; nothing where the source says all there is to say."""
    below = {module for module in source.modules if _within(module, top)}
    written = {module for module in below if _tells(module, source)}
    if not written:
        return
    exports: dict[str, dict[str, str]] = {}
    if top in LAZY:
        exports = _lazy_exports(top, source, written)
    modules = {module: source.modules[module] for module in written if module not in exports}
    packages = {parent for module in below for parent in parents(module)}
    style = _Checked(top, StubSource(modules, exports, source.find), methods, written, overloads=checker == "pyright")
    yield "py.typed", "partial\n"
    yield f"{_HELPER}.pyi", _HELPER_TEXT
    for module in sorted({*modules, *exports}):
        path = module.partition(".")[2].replace(".", "/")
        name = f"{path}/__init__.pyi".lstrip("/") if module in packages or module == top else f"{path}.pyi"
        yield name, module_stub(module, style)


def _lazy_exports(top: str, source: StubSource, written: Collection[str]) -> dict[str, dict[str, str]]:
    """What the packages above the modules written give: the public names, each where it is defined."""
    public = {name: module for name, module in source.exports.get(top, {}).items() if _within(module, top)}
    packages = {package for module in written for package in parents(module) if _within(package, LAZY[top])}
    exports: dict[str, dict[str, str]] = {package: {} for package in packages}
    for name, module in public.items():
        package = module.rpartition(".")[0]
        if package in exports:
            exports[package][name] = module
    exports[top] = {name: module for name, module in public.items() if module != top}
    return exports


def _within(module: str, top: str) -> bool:
    return module == top or module.startswith(f"{top}.")


def _tells(module: str, source: StubSource) -> bool:
    """Whether a file in place of a module would say more than its source."""
    entries = source.modules[module]
    if all(entry.role in (*MODULES, "output") for entry in entries) and any(
        entry.call is not None and entry.role in MODULES and is_closed(entry.call, source) for entry in entries
    ):
        return True
    if all(entry.role == "output" and entry.fields for entry in entries):
        return True
    return all(entry.role == "auto" and _gives_models(entry, source) for entry in entries)


def _gives_models(auto: Entry, source: StubSource) -> bool:
    top = auto.module.partition(".")[0]
    for names in auto.mapping.values():
        entry = source.find(f"{top}.{names[0]}") if names else None
        if entry is not None:
            return entry.role in MODULES
    return False


def _escaped(text: str) -> str:
    """Text that can stand in a docstring."""
    return " ".join(text.split()).replace("\\", "\\\\").replace('"', "'")
