"""The stub tree: what the signatures say, as `.pyi` files that jedi can read in place of the libraries.

One small file per module, so that a name of `transformers` costs its own family and no other. Each class names its
bases that are known here, a constructor, `forward` as `__call__`, and the methods that give an instance of whatever
class they are called on; all else of a class is left out, and so is unknown to jedi. A public module re-exports name by
name.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from .folders import index_path
from .model import FORMAT, Entry, Kind, Signature
from .store import Signatures, at_version

_HEAD = "from typing import Any, Type, TypeVar\n_T = TypeVar('_T')\n"
_RECIPE = 2
"""To be counted up when the same signatures give other stubs."""
_KEPT_SECONDS = 30 * 24 * 3600
_COMPLETE = "complete"
"""Name of the file that says that all others of a tree are there."""


@dataclass(frozen=True, slots=True)
class Methods:
    """Methods that classes have beside what their entries say."""

    makers: Collection[str]
    """Class methods that return an instance: of models, configurations, tokenizers and processors."""
    fluent: Collection[str]
    """Methods of modules that return the module."""


@dataclass(frozen=True, slots=True)
class StubSource:
    """What a tree is made from."""

    modules: Mapping[str, Sequence[Entry]]
    """Defining module -> its classes and functions."""
    exports: Mapping[str, Mapping[str, str]]
    """Public module -> public name -> defining module."""
    find: Callable[[str], Entry | None]
    """The entry of a qualified name."""


def stub_source(signatures: Signatures) -> StubSource:
    """All that a snapshot knows; reads all of its families."""
    modules: dict[str, dict[str, Entry]] = {}
    exports: dict[str, dict[str, str]] = {}
    for source in signatures._sources:
        for family in sorted(set(source.index.modules.values())):
            for history in source.family(family).values():
                item = at_version(history, source.library.version)
                if item is not None and item.entry is not None:
                    modules.setdefault(item.entry.module, {}).setdefault(item.entry.name, item.entry)
        for module, names in source.index.exports.items():
            exported = exports.setdefault(module, {})
            for name in names:
                if defined_in := source.exported(module, name):
                    exported.setdefault(name, defined_in)
    entries = {module: tuple(found.values()) for module, found in modules.items()}
    known = {entry.qualified: entry for found in entries.values() for entry in found}

    def find(qualified: str) -> Entry | None:
        if (entry := known.get(qualified)) is None and (found := signatures.find(qualified)) is not None:
            entry = found.entry
        return entry

    return StubSource(entries, exports, find)


def stub_fingerprint(signatures: Signatures) -> str:
    """Names what the stub tree of a snapshot would hold, without reading it."""
    digest = hashlib.sha256(f"{FORMAT} {_RECIPE}".encode())
    for source in signatures._sources:
        index = index_path(source.folder)
        with contextlib.suppress(OSError):
            status = index.stat()
            digest.update(f"{index} {source.library.version} {status.st_mtime_ns} {status.st_size}\n".encode())
    return digest.hexdigest()[:16]


def is_complete(folder: Path) -> bool:
    """Whether a whole stub tree is there."""
    return (folder / _COMPLETE).exists()


def write_stubs(folder: Path, source: Callable[[], StubSource], methods: Methods) -> Path:
    """The folder with the stub tree, written unless it is there. `folder` must name its content (a fingerprint).

    The tree is written aside and renamed, so that nobody sees half of one. Trees beside it that nobody has written for
    long are removed. Raises OSError when it cannot be written.
    """
    if is_complete(folder):
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=f"{folder.name}.", dir=folder.parent))
    try:
        for path, text in stub_files(source(), methods):
            file = aside / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        (aside / _COMPLETE).touch()
        if not is_complete(folder):
            shutil.rmtree(folder, ignore_errors=True)  # somebody has taken parts of it away
        with contextlib.suppress(OSError):  # another process was faster: its tree is as good
            os.replace(aside, folder)
        _remove_old(folder)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return folder


def _remove_old(folder: Path) -> None:
    oldest = time.time() - _KEPT_SECONDS
    for other in folder.parent.iterdir():
        with contextlib.suppress(OSError):
            if other != folder and other.stat().st_mtime < oldest:
                shutil.rmtree(other)


def stub_files(source: StubSource, methods: Methods) -> Iterator[tuple[str, str]]:
    """Path within the tree and text of each file."""
    names = {*source.modules, *source.exports}
    packages = {parent for name in names for parent in _parents(name)}
    for name in sorted(names | packages):
        path = name.replace(".", "/") + ("/__init__.pyi" if name in packages else ".pyi")
        yield path, module_stub(name, source, methods)


def _parents(module: str) -> Iterator[str]:
    while module := module.rpartition(".")[0]:
        yield module


def module_stub(module: str, source: StubSource, methods: Methods) -> str:
    """The text of one stub file."""
    entries = [entry for entry in source.modules.get(module, ()) if entry.name.isidentifier()]
    own = {entry.name for entry in entries}
    exported: dict[str, list[str]] = {}
    for name, defined_in in sorted(source.exports.get(module, {}).items()):
        if defined_in != module and name not in own:
            exported.setdefault(defined_in, []).append(f"{name} as {name}")
    lines = [f"from {defined_in} import {', '.join(names)}\n" for defined_in, names in exported.items()]
    if entries:
        mentioned = _Names(module, source, own)
        body = [line for entry in entries for line in _entry(entry, mentioned, source, methods)]
        lines += (_HEAD, *mentioned.imports(), *body)
    return "".join(lines)


class _Names:
    """How a module calls the classes that it mentions; those of other modules are imported under names of their own."""

    def __init__(self, module: str, source: StubSource, own: Collection[str]) -> None:
        self._module = module
        self._source = source
        self._own = own
        self._aliases: dict[str, str] = {}

    def known(self, qualified: str) -> str:
        """The name to write for a class; "" where no stub defines it."""
        entry = self._source.find(qualified)
        if entry is None or not entry.name.isidentifier():
            return ""
        if entry.module == self._module:
            return entry.name if entry.name in self._own else ""
        alias = f"_{len(self._aliases)}_{entry.name}"
        return self._aliases.setdefault(f"{entry.module} import {entry.name}", alias)

    def imports(self) -> Iterator[str]:
        return (f"from {what} as {alias}\n" for what, alias in self._aliases.items())


def _entry(entry: Entry, names: _Names, source: StubSource, methods: Methods) -> Iterator[str]:
    if entry.role == "function":
        yield _function(entry.name, entry.call or Signature(), names, first="")
        return
    bases = _bases(entry, source)
    written = ", ".join(filter(None, (names.known(base.qualified) for base in bases)))
    yield f"class {entry.name}({written}):\n"
    yield "    ...\n"
    if entry.init is not None:
        yield "    " + _function("__init__", entry.init, names, first="self")
    is_module = entry.role in ("model", "module")
    if entry.call is not None:
        yield "    " + _function("forward" if is_module else "__call__", entry.call, names, first="self")
        if is_module:
            yield "    __call__ = forward\n"
    for field in entry.fields:
        if field.name.isidentifier():
            yield f"    {field.name}: Any\n"
    if entry.role in ("model", "config", "tokenizer", "processor") and not any(b.role == entry.role for b in bases):
        for name in sorted(methods.makers):
            yield f"    @classmethod\n    def {name}(cls: Type[_T], *args: Any, **kwargs: Any) -> _T: ...\n"
    if is_module and not any(base.role in ("model", "module") for base in bases):
        for name in sorted(methods.fluent):
            yield f"    def {name}(self: _T, *args: Any, **kwargs: Any) -> _T: ...\n"


def _bases(entry: Entry, source: StubSource) -> list[Entry]:
    """The bases that have entries: of the resolution order, what no earlier one brings along."""
    bases: list[Entry] = []
    brought: set[str] = set()
    for qualified in entry.mro:
        base = source.find(qualified)
        if base is not None and base.role != "function" and qualified not in brought and base != entry:
            bases.append(base)
            brought.update(base.mro)
    return bases


def _function(name: str, signature: Signature, names: _Names, first: str) -> str:
    returned = names.known(signature.returns) if signature.returns else ""
    return f"def {name}({', '.join(_parameters(signature, first))}) -> {returned or 'Any'}: ...\n"


def _parameters(signature: Signature, first: str) -> list[str]:
    parts = [first] if first else []
    previous = None
    for parameter in signature.parameters:
        if previous is Kind.POSITIONAL_ONLY and parameter.kind is not Kind.POSITIONAL_ONLY:
            parts.append("/")
        if parameter.kind is Kind.KEYWORD_ONLY and previous not in (Kind.KEYWORD_ONLY, Kind.VAR_POSITIONAL):
            parts.append("*")
        stars = {Kind.VAR_POSITIONAL: "*", Kind.VAR_KEYWORD: "**"}.get(parameter.kind, "")
        default = "" if stars or parameter.default is None else " = ..."
        parts.append(f"{stars}{parameter.name}: Any{default}")
        previous = parameter.kind
    if previous is Kind.POSITIONAL_ONLY:
        parts.append("/")
    return parts
