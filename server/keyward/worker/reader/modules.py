"""Modules that were read: their names are worked out when somebody asks for them."""

from __future__ import annotations

import types
import typing
from typing import Any, Dict, Iterable, List, Optional, Set

from . import calls, finder, functions, segments, statements
from .frames import ModuleFrame
from .opaque import Names, Opaque, Thunk

_MOST_STEPS = 300000


class Announced:
    """What a lazy module says that it holds: name -> submodule relative to it, "" for a submodule itself.

    "models.deit.image_processing_pil_deit:DeiTImageProcessorPil" says that the name stands for another there.
    """

    def __init__(self, names: Dict[str, str]) -> None:
        self.names = names


class DummyObject(type):
    """The kind of class that stands where one would be whose requirements are not installed."""


class ReadModule(types.ModuleType):
    """A module whose file was read and not executed."""

    def __init__(self, name: str, path: str, is_package: bool) -> None:
        super().__init__(name)
        self.path = path
        self.is_package = is_package
        self.names: Names = Names()
        self.has_text_annotations = False
        self.imported: Set[str] = set()
        """Names that import statements bind."""
        self.deleted: Set[str] = set()
        """Names that are there while the module runs, and gone at its end."""
        self.announced: Dict[str, str] = {}
        self.problem = ""
        self._decorated: Dict[str, List[str]] = {}
        self._steps = _MOST_STEPS
        self.__file__ = path
        self.__package__ = name if is_package else name.rpartition(".")[0]
        for key in ("__name__", "__package__", "__file__", "__spec__"):
            self.names[key] = getattr(self, key)

    def is_spent(self) -> bool:
        """Counts one step; True when the module has taken more of them than any honest one."""
        self._steps -= 1
        return self._steps < 0

    def read(self, text: str) -> None:
        """Take in the module's text."""
        frame = ModuleFrame(self)
        for segment in segments.cut(text):
            if segment.name:
                self.names[segment.name] = self._later(segment, frame)
                self.imported.discard(segment.name)
                for decorator in segment.decorators:
                    self._decorated.setdefault(decorator, []).append(segment.name)
                continue
            try:
                body = segment.parse()
            except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
                self.problem = "line {} is no Python that can be read here".format(
                    getattr(error, "lineno", None) or segment.line
                )
                continue
            try:
                statements.run(body, frame)
            except RecursionError:
                self.problem = "line {} is nested too deeply".format(segment.line)
        if self._steps < 0:
            self.problem = self.problem or "it takes too many steps"

    def _later(self, segment: Any, frame: ModuleFrame) -> Thunk:
        # `class Net(Net)` is derived from what had the name before.
        earlier = dict.get(self.names, segment.name)

        def define() -> Any:
            try:
                node = segment.parse()[0]
            except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
                self.problem = "line {} is no Python that can be read here".format(
                    getattr(error, "lineno", None) or segment.line
                )
                return Opaque(segment.name)
            if earlier is None:
                return statements.definition(node, frame)
            self.names[segment.name] = earlier
            self.names[segment.name] = found = statements.definition(node, frame)
            return found

        return Thunk(lambda: calls.afresh(define))

    def holds(self, name: str) -> bool:
        """Whether a name that its statements bind is there in the end.

        A lazy module stands in the place of the one whose statements imported what it needed.
        """
        return name not in self.deleted and not (name in self.imported and name in self.announced)

    def complete_all(self) -> None:
        """Add to `__all__` what decorators add to it, as those do that register what they decorate."""
        decorated, self._decorated = self._decorated, {}
        for decorator, defined in decorated.items():
            if functions.mentions(self.names.get(decorator), "__all__"):
                self.names.setdefault("__all__", [])
                listed = self.names["__all__"]
                if isinstance(listed, list):
                    listed.extend(name for name in defined if name not in listed)

    def announce(self, announced: Announced) -> None:
        """Become a lazy module."""
        self.announced.update(announced.names)

    @property
    def _class_to_module(self) -> Dict[str, str]:
        return {name: module.partition(":")[0] for name, module in self.announced.items() if module}

    def __getattr__(self, name: str) -> Any:
        names = self.__dict__.get("names") or {}
        if name in names and self.holds(name):
            return names[name]
        if name in self.__dict__.get("announced", ()):
            module, _, other = self.announced[name].partition(":")
            holder = finder.module("{}.{}".format(self.__name__, module or name))
            if holder is not None:
                return getattr(holder, other or name) if module else holder
        if name[:-4] in self.__dict__.get("announced", ()) and name.endswith(("TokenizerFast", "ImageProcessorFast")):
            return self._fast(name)
        if name.endswith(("Tokenizer", "TokenizerFast")) and self.announced:
            found = self._shared_tokenizer(name)
            if found is not None:
                return found
        if "__getattr__" in names and not name.startswith("__"):
            found = calls.call(names["__getattr__"], [name], {}, ModuleFrame(self))
            if not isinstance(found, Opaque):
                return found
        if not name.startswith("__"):
            found = finder.module("{}.{}".format(self.__name__, name)) if self.__dict__.get("is_package") else None
            if found is not None:
                return found
        raise AttributeError(name)

    def _fast(self, name: str) -> Any:
        """What transformers gives under a name that it goes on answering to: the class without "Fast" at its end."""
        if ":" in self.announced[name[:-4]]:
            return DummyObject(name[:-4], (), {"__module__": self.__name__})
        return getattr(self, name[:-4])

    def _shared_tokenizer(self, name: str) -> Any:
        """The tokenizer that transformers gives for a model that has none of its own, None where there is none."""
        converters = finder.module(self.__name__ + ".convert_slow_tokenizer")
        table = converters.names.get("SLOW_TO_FAST_CONVERTERS") if converters is not None else None
        converter = table.get(name[:-4] if name.endswith("Fast") else name) if isinstance(table, dict) else None
        if not isinstance(converter, type):
            return None
        preferred = converter.__name__.replace("Converter", "") + "Tokenizer"
        return getattr(self, preferred) if preferred in self.announced and preferred != name else None

    def __dir__(self) -> List[str]:
        names = set(self.names)
        if self.announced:
            names -= self.imported
        return sorted({*names, *self.announced} - self.deleted)


def member(module: Any, name: str) -> Any:
    """What a module has under a name.

    A library's own names go before the attributes by which a module that was read is described.

    Raises AttributeError where it has nothing.
    """
    if not isinstance(module, ReadModule):
        return getattr(module, name)
    if name == "__all__":
        module.complete_all()
    if name in module.names and module.holds(name):
        return module.names[name]
    return module.__getattr__(name)


def public_names(module: Any) -> Iterable[str]:
    """The names that `from module import *` binds."""
    listed: Optional[Any] = None
    if isinstance(module, ReadModule):
        module.complete_all()
        listed = module.names.get("__all__")
        if not isinstance(listed, (list, tuple)):
            return [name for name in dir(module) if not name.startswith("_")]
    else:
        listed = getattr(module, "__all__", dir(module))
    return [name for name in listed if isinstance(name, str)]


def known_elsewhere(dotted: str, name: str) -> Any:
    """What `typing_extensions` gives, from `typing`: it need not be installed to be understood."""
    if dotted != "typing_extensions":
        return None
    return getattr(typing, name, None)
