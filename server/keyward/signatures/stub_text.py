"""The recipe of stub files: what the signatures say of a module, as the text of a `.pyi`.

Each class names its bases, a constructor, `forward` and what calling gives, and the methods that give an instance of
whatever class they are called on. A public module re-exports name by name, so that a name costs the file that defines
it and no other. How much is said beside that is a matter of style: `Style` is the plain one, which jedi gets.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from .model import Entry, Field, Kind, Parameter, Signature

MODULES = ("model", "module")
"""Roles of torch modules: calling one calls its `forward`."""


@dataclass(frozen=True, slots=True)
class Methods:
    """Methods that classes have beside what their entries say."""

    makers: Collection[str]
    """Class methods that return an instance: of models, configurations, tokenizers and processors."""
    fluent: Collection[str]
    """Methods of modules that return the module."""
    free: Collection[str] = ()
    """Methods of models that classes override in ways of their own."""


@dataclass(frozen=True, slots=True)
class StubSource:
    """What a tree is made from."""

    modules: Mapping[str, Sequence[Entry]]
    """Defining module -> its classes and functions."""
    exports: Mapping[str, Mapping[str, str]]
    """Public module -> public name -> defining module."""
    find: Callable[[str], Entry | None]
    """The entry of a qualified name."""


class Style:
    """How much a stub says. This one, for jedi: names and kinds; what it leaves out is unknown to jedi."""

    def __init__(self, source: StubSource, methods: Methods) -> None:
        self.source = source
        self.methods = methods

    head = "from typing import Any, Type, TypeVar\n_T = TypeVar('_T')\n"
    """First lines of a module that defines something."""
    tail = ""
    """Last lines of every module."""

    def named(self, qualified: str, entry: Entry | None) -> tuple[str, str] | None:
        """The module to import a class from and its name there; None where no reader could find it."""
        return None if entry is None else (entry.module, entry.name)

    def bases(self, entry: Entry) -> list[str]:
        """Qualified names of the bases to write: of the resolution order, what no earlier one brings along."""
        bases: list[str] = []
        brought: set[str] = set()
        for qualified in entry.mro:
            base = self.source.find(qualified)
            if base is not None and base.role != "function" and qualified not in brought and base != entry:
                bases.append(qualified)
                brought.update(base.mro)
        return bases

    def stubbed(self, base: Entry) -> bool:
        """Whether a base has been written by this recipe, so that it brings the methods of its role along."""
        return True

    arrow = "{}"
    """How a class that is returned is written."""
    called = "    __call__ = forward\n"
    """What follows the `forward` of a class."""

    def decorator(self, entry: Entry) -> str:
        """The line above a class."""
        return ""

    def metaclass(self, entry: Entry, root: bool) -> str:
        """What is written behind the bases of a class; `root`: none of those of its kind comes from this recipe."""
        return ""

    def parameters(self, signature: Signature) -> Iterable[Parameter]:
        """The parameters to write."""
        return signature.parameters

    def annotation(self, parameter: Parameter) -> str:
        return "Any"

    def default(self, parameter: Parameter) -> str:
        return "..."

    def returned(self, signature: Signature) -> str:
        """Qualified name of the class that a callable returns; "" for `Any`."""
        return signature.returns

    def body(self, name: str, signature: Signature) -> str:
        """What follows the colon of a function or method."""
        return " ...\n"

    def field(self, field: Field) -> str:
        """The line of an output's field."""
        return f"    {field.name}: Any\n"

    def more(self, entry: Entry, root: bool) -> Iterator[str]:
        """Further lines of a class."""
        return iter(())


def parents(module: str) -> Iterator[str]:
    """The packages above a module, the nearest first."""
    while module := module.rpartition(".")[0]:
        yield module


def module_stub(module: str, style: Style) -> str:
    """The text of one stub file."""
    return _Stub(module, style).text()


class _Stub:
    """One stub file in the making."""

    def __init__(self, module: str, style: Style) -> None:
        self._module = module
        self._source = style.source
        self._methods = style.methods
        self._style = style
        self._entries = [entry for entry in style.source.modules.get(module, ()) if entry.name.isidentifier()]
        self._own = {entry.name for entry in self._entries}
        self._aliases: dict[str, str] = {}
        """What is imported of other modules, under names that collide with nothing."""

    def text(self) -> str:
        exported: dict[str, list[str]] = {}
        for name, defined_in in sorted(self._source.exports.get(self._module, {}).items()):
            if defined_in != self._module and name not in self._own:
                exported.setdefault(defined_in, []).append(f"{name} as {name}")
        lines = [f"from {defined_in} import {', '.join(names)}\n" for defined_in, names in exported.items()]
        if self._entries:
            body = [line for entry in self._entries for line in self._entry(entry)]
            imports = (f"from {what} as {alias}\n" for what, alias in self._aliases.items())
            lines += (self._style.head, *imports, *body)
        return "".join((*lines, self._style.tail))

    def _known(self, qualified: str) -> str:
        """The name to write for a class; "" where nobody could find it."""
        place = self._style.named(qualified, self._source.find(qualified))
        if place is None or not place[1].isidentifier():
            return ""
        module, name = place
        if module == self._module:
            return name if name in self._own else ""
        return self._aliases.setdefault(f"{module} import {name}", f"_{len(self._aliases)}_{name}")

    def _entry(self, entry: Entry) -> Iterator[str]:
        style = self._style
        if entry.role == "function":
            yield self._function(entry.name, entry.call or Signature(), first="")
            return
        bases = style.bases(entry)
        roles = {base.role for base in map(self._source.find, bases) if base is not None and style.stubbed(base)}
        is_module = entry.role in MODULES
        root = roles.isdisjoint(MODULES) if is_module else entry.role not in roles
        yield style.decorator(entry)
        written = filter(None, (*map(self._known, bases), style.metaclass(entry, root)))
        yield f"class {entry.name}({', '.join(written)}):\n"
        yield "    ...\n"
        if entry.init is not None:
            yield "    " + self._function("__init__", entry.init, first="self")
        if entry.call is not None:
            yield "    " + self._function("forward" if is_module else "__call__", entry.call, first="self")
            if is_module:
                yield style.called
        for field in entry.fields:
            if field.name.isidentifier():
                yield style.field(field)
        if entry.role in ("model", "config", "tokenizer", "processor") and entry.role not in roles:
            for name in sorted(self._methods.makers):
                yield f"    @classmethod\n    def {name}(cls: Type[_T], *args: Any, **kwargs: Any) -> _T: ...\n"
        if is_module and root:
            for name in sorted(self._methods.fluent):
                yield f"    def {name}(self: _T, *args: Any, **kwargs: Any) -> _T: ...\n"
        yield from style.more(entry, root)

    def _function(self, name: str, signature: Signature, first: str) -> str:
        returned = self._style.returned(signature)
        known = self._known(returned) if returned else ""
        arrow = "None" if name == "__init__" else self._style.arrow.format(known) if known else "Any"
        body = self._style.body(name, signature)
        return f"def {name}({', '.join(self._parameters(signature, first))}) -> {arrow}:{body}"

    def _parameters(self, signature: Signature, first: str) -> list[str]:
        parts = [first] if first else []
        previous = None
        for parameter in self._style.parameters(signature):
            if previous is Kind.POSITIONAL_ONLY and parameter.kind is not Kind.POSITIONAL_ONLY:
                parts.append("/")
            if parameter.kind is Kind.KEYWORD_ONLY and previous not in (Kind.KEYWORD_ONLY, Kind.VAR_POSITIONAL):
                parts.append("*")
            stars = {Kind.VAR_POSITIONAL: "*", Kind.VAR_KEYWORD: "**"}.get(parameter.kind, "")
            default = "" if stars or parameter.default is None else f" = {self._style.default(parameter)}"
            parts.append(f"{stars}{parameter.name}: {self._style.annotation(parameter)}{default}")
            previous = parameter.kind
        if previous is Kind.POSITIONAL_ONLY:
            parts.append("/")
        return parts
