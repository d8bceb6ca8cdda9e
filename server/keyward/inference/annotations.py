"""What annotations say of values."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..source import syntax as s
from .classes import dotted
from .narrowing import Narrowing
from .state import without_none
from .values import Collection, Constant, Instance, LibraryClass, UserClass, Value, join, only, unknown


class Annotations(Narrowing):
    """Takes annotations for what they promise."""

    def annotated(self, node: s.Expression) -> Value:
        """What something annotated like this holds."""
        match node:
            case s.Literal(value=str() as text) if text.replace(".", "").isidentifier():
                return self.annotated(_parsed(text, node))
            case s.Literal(value=None):
                return only(Constant(None))
            case s.Name() | s.Attribute():
                return join(self._instance(atom) for atom in self.evaluate(node))
            case s.BinaryOperation(operator="|"):
                return without_none(self.annotated(node.left) | self.annotated(node.right))
            case s.Subscript():
                name = dotted(node.value).rpartition(".")[2]
                if name == "Optional":
                    return self.annotated(node.indices[0])
                if name == "Union":
                    return without_none(join(self.annotated(part) for part in node.indices))
                if name in ("list", "List", "Sequence", "Iterable", "Iterator", "set", "Set"):
                    return only(Collection("list", None, self.annotated(node.indices[0])))
        return unknown("an annotation that says too little")

    def _instance(self, atom: Any) -> Value:
        if isinstance(atom, UserClass):
            below = self.program.ask("subclasses", atom.path, atom.qualname) or ()
            return join((only(Instance(atom)), *(only(Instance(cls)) for cls in below)))
        if isinstance(atom, LibraryClass):
            found = self.program.world.signatures.find(atom.qualified)
            role = "" if found is None else found.entry.role
            # of a module class that is no finished model anything may be passed that derives from it
            finished = role == "model" and found is not None and bool(found.entry.head)
            if finished or role in ("output", "config", "tokenizer", "processor"):
                return join((only(Instance(atom)), *(only(Instance(cls)) for cls in self._derived_here(atom))))
        return unknown("an annotation that says too little")

    def _derived_here(self, base: LibraryClass) -> Iterator[UserClass]:
        """Classes of this file that derive from a library's."""
        for qualname in self.program.ask("derived", self.source.path):
            info = self.program.class_info(self.source.path, qualname)
            if info is not None and base in info.resolution_order:
                yield UserClass(self.source.path, qualname)


def _parsed(text: str, node: s.Literal) -> s.Expression:
    """`a.b` out of a string annotation; all of it has the string's span."""
    first, *rest = text.split(".")
    expression: s.Expression = s.Name(node.span, first)
    for name in rest:
        expression = s.Attribute(node.span, expression, name, node.span)
    return expression
