"""Where a name is looked up: function, enclosing functions, module, builtins."""

from __future__ import annotations

import builtins
import types
from typing import Any, Dict, Optional

from .opaque import Names, Opaque


class Frame:
    """The names of a function or class body that is gone through; `parent` is the function or class around it."""

    __slots__ = ("annotations", "cell", "is_class", "is_eager", "module", "names", "parent", "qualname", "tries")

    is_top_level = False

    def __init__(self, module: Any, parent: Optional[Frame] = None, qualname: str = "", is_class: bool = False) -> None:
        self.module = module
        self.parent = parent
        self.qualname = qualname
        self.is_class = is_class
        self.names: Dict[str, Any] = Names()
        self.annotations: Dict[str, Any] = {}
        """Of a class body: what it annotates."""
        self.cell: Optional[types.CellType] = None
        """Of a class body: will hold the class."""
        self.tries: int = parent.tries if parent is not None else 0
        """How many `try` statements are around: in them a missing module is an answer."""
        self.is_eager = False
        """Whether statements may change a class, so that all of them are gone through at once."""

    def lookup(self, name: str) -> Any:
        """The value of a name, opaque where nothing binds it."""
        frame: Optional[Frame] = self
        while frame is not None:
            if name in frame.names and (frame is self or not frame.is_class):
                return frame.names[name]
            frame = frame.parent
        if name in self.module.names:
            return self.module.names[name]
        if hasattr(builtins, name):
            return getattr(builtins, name)
        return Opaque(name)

    def is_bound(self, name: str) -> bool:
        """Whether a function around here, not the module, binds a name."""
        frame: Optional[Frame] = self
        while frame is not None and not frame.is_top_level:
            if not frame.is_class and name in frame.names:
                return True
            frame = frame.parent
        return False

    def copy(self) -> Frame:
        """The same names now, whatever is bound later."""
        twin = Frame(self.module, self.parent, self.qualname, self.is_class)
        twin.names = Names(self.names)
        twin.tries, twin.is_eager = self.tries, self.is_eager
        return twin

    def bind(self, name: str, value: Any) -> None:
        self.names[name] = value


class ModuleFrame(Frame):
    """The top level of a module: its names are the module's."""

    __slots__ = ()

    is_top_level = True

    def __init__(self, module: Any) -> None:
        super().__init__(module)
        self.names = module.names

    def copy(self) -> Frame:
        return self
