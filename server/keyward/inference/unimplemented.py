"""Modules that have no method to be called by: calling one raises `NotImplementedError`."""

from __future__ import annotations

import re
from dataclasses import replace

from ..signatures.model import Entry, Kind, Parameter, Signature
from . import libraries
from .analysis import Callee
from .classes import ClassInfo
from .program import Program
from .results import Results
from .values import Class, LibraryClass, UserClass

_MAKES_UP = frozenset(("__getattr__", "__getattribute__"))
_CALL = re.compile(rb"\bcall\s*=[^=]|[\"']call[\"']")
"""Text after which a Keras layer may have another `call`."""


class Unimplemented(Results):
    """Answers whether a class may get such a method behind one's back, for one `Program`."""

    def __init__(self, program: Program) -> None:
        super().__init__(program)
        self._altered: dict[str, bool] = {}

    def altered(self, path: str = "") -> bool:
        """Whether the main file, or the one at `path`, may change how modules are called."""
        for file in (self.program.main.path, path):
            if file and file not in self._altered:
                source = self.program.source(file)
                text = b"" if source is None else libraries.HANDS_ON_CALLS.sub(b"", source.text)
                self._altered[file] = source is None or bool(libraries.CHANGES_CALLS.search(text))
        return self._altered[self.program.main.path] or (bool(path) and self._altered[path])

    def keras_callee(self, info: ClassInfo) -> Callee | str:
        """What calling a Keras layer of the user's own reaches; what its `call` accepts is not read."""
        name = f"{info.qualname}.call"
        callee = open_callee(name, UserClass(info.path, info.qualname), f"what {name} accepts is not read")
        bases = [self.entry(base) for base in info.resolution_order]
        if any(entry is not None and entry.call is not None and _is_keras(entry) for entry in bases):
            return callee
        # A model may be made of layers, and is called then without any `call`.
        if LibraryClass(libraries.KERAS_MODEL) in info.resolution_order or any(
            map(self._has_call, self._user_bases(info))
        ):
            return callee
        missing = self.without_forward(info, "call")
        return callee if isinstance(missing, str) else missing

    def without_forward(self, info: ClassInfo, name: str = "forward") -> Callee | str:
        """The callee of a module none of whose classes defines the method that calling it runs, where nothing else
        gives it one; else why it may have one."""
        cls = UserClass(info.path, info.qualname)
        reason = f"{cls.qualname} has no {name}"
        if not {LibraryClass(libraries.TORCH_MODULE), LibraryClass(libraries.KERAS_LAYER)} & {*info.resolution_order}:
            return reason
        entries = [self.entry(base) for base in info.resolution_order]
        # Where the entry of a torch module has no call, its forward is torch's own, which raises, as that of its bases.
        above = {name for entry in entries if entry is not None and libraries.is_module(entry) for name in entry.mro}
        for base, entry in zip(info.resolution_order, entries, strict=True):
            if isinstance(base, LibraryClass):
                if base.qualified not in above and (entry is None or name in entry.methods):
                    return reason
                continue
            known = self.program.class_info(base.path, base.qualname)
            if known is None or known.decorated or not _MAKES_UP.isdisjoint(known.methods):
                return reason
            if self.altered(base.path) or self.exchanged(name, base.path, base.qualname):
                return reason
        return unimplemented(cls, cls.qualname, name)

    def _has_call(self, info: ClassInfo) -> bool:
        """Whether a class has a `call`, or may get one."""
        source = self.program.source(info.path)
        named = {*info.methods, *(name for name, _ in info.variables)}
        return "call" in named or source is None or bool(_CALL.search(source.text))


def _is_keras(entry: Entry) -> bool:
    return libraries.KERAS_LAYER in (entry.qualified, *entry.mro)


def open_callee(name: str, cls: Class, reason: str) -> Callee:
    """The forward of a class that is known, while what it accepts is not."""
    parameters = (Parameter("args", Kind.VAR_POSITIONAL), Parameter("kwargs", Kind.VAR_KEYWORD))
    return Callee(name, Signature(parameters, extra="open", reason=reason), "forward", cls)


def unimplemented(cls: Class, name: str, method: str = "forward") -> Callee:
    """The method that a class of this name does not have."""
    return replace(open_callee(f"{name}.{method}", cls, f"{name} has no {method}"), unimplemented=method)
