"""What the classes of files are: their bases, methods, fields, and who derives from them."""

from __future__ import annotations

from ..source import syntax as s
from ..source.tree import Source
from ..source.unit import Unit
from .classes import ClassInfo, dotted, is_dataclass
from .decorators import Decorators
from .flow import Flow
from .libraries import DATACLASS_DECORATORS
from .program import MOST_LEVELS, Outcome, Program
from .values import NEVER, Class, LibraryClass, UserClass, Value, unknown, why_unknown

_NEUTRAL_BASES = frozenset(("object", "ABC", "Generic", "Protocol"))
"""Base classes that change nothing in what is asked of a class here."""


class ClassFacts:
    """Answers the queries about classes for one `Program`."""

    def __init__(self, program: Program, decorators: Decorators) -> None:
        self.program = program
        self.decorators = decorators
        program.register("class", self.info)
        program.register("derived", self.derived)
        program.register("subclasses", self.subclasses)

    def info(self, path: str, qualname: str) -> ClassInfo | None:
        source = self.program.source(path)
        unit: Unit | None = self.program.ask("unit", path, qualname)
        if source is None or unit is None or not isinstance(unit.node, s.ClassDef):
            return None
        bases, complete = self._bases(source, unit, unit.node)
        methods: list[str] = []
        fields: list[str] = []
        variables: dict[str, Value] = {}
        for member in self.program.ask("outline", path, qualname):
            if isinstance(member, str):
                methods.append(member)
                continue
            node = source.by_key[member].node
            outcome: Outcome | None = self.program.ask("anytime", path, member, MOST_LEVELS)
            if outcome is not None:
                variables.update(outcome.binds)
            if isinstance(node, s.Assign) and node.annotation is not None:
                names = [target.name for target in node.targets if isinstance(target, s.Name)]
                fields += names
                if is_dataclass(unit.node):
                    declared = Flow(self.program, source, source.by_key[member], MOST_LEVELS).annotated(node.annotation)
                    if why_unknown(declared):
                        declared = unknown("a field that whoever makes the object fills")
                    variables.update((name, variables.get(name, NEVER) | declared) for name in names)
        mro = _linearised(UserClass(path, qualname), bases)
        kept = tuple(variables.items())
        otherwise = self._made_otherwise(source, unit, unit.node, mro, methods)
        decorated = any(dotted(d) not in DATACLASS_DECORATORS for d in unit.node.decorators)
        return ClassInfo(
            path,
            qualname,
            mro,
            complete,
            otherwise,
            decorated,
            is_dataclass(unit.node),
            tuple(fields),
            tuple(methods),
            kept,
        )

    def _made_otherwise(
        self, source: Source, unit: Unit, node: s.ClassDef, mro: tuple[Class, ...], methods: list[str]
    ) -> str:
        """Why making an instance may give something else."""
        if "__new__" in methods:
            return f"`__new__` of {unit.qualname} may make something else"
        for argument in node.bases:
            if argument.name == "metaclass" and dotted(argument.value).rpartition(".")[2] != "ABCMeta":
                return f"the metaclass of {unit.qualname} may make something else"
        flow = Flow(self.program, source, unit, MOST_LEVELS)
        if any(self.decorators.replaces(flow, decorator) for decorator in node.decorators):
            return f"a decorator may replace {unit.qualname}"
        for base in mro[1:]:
            known = self.program.class_info(base.path, base.qualname) if isinstance(base, UserClass) else None
            if known is not None and known.made_otherwise:
                return known.made_otherwise
        return ""

    def _bases(self, source: Source, unit: Unit, node: s.ClassDef) -> tuple[list[tuple[Class, ...]], bool]:
        """The resolution orders of the bases, and whether all bases are known."""
        flow = Flow(self.program, source, unit, MOST_LEVELS)
        found: list[tuple[Class, ...]] = []
        complete = True
        for argument in node.bases:
            if argument.name or argument.stars:
                complete &= not argument.stars
                continue
            base = argument.value.value if isinstance(argument.value, s.Subscript) else argument.value
            value = flow.evaluate(base)
            atom = next(iter(value)) if len(value) == 1 else None
            if isinstance(atom, LibraryClass):
                known = self.program.world.signatures.find(atom.qualified)
                order = () if known is None else tuple(LibraryClass(name) for name in known.entry.mro)
                found.append((atom, *order))
            elif isinstance(atom, UserClass):
                info = self.program.class_info(atom.path, atom.qualname)
                complete &= info is not None and info.complete
                found.append((atom,) if info is None else info.resolution_order)
            elif dotted(base).rpartition(".")[2] not in _NEUTRAL_BASES:
                complete = False
        return found, complete

    def derived(self, path: str) -> tuple[str, ...]:
        """Qualified names of the classes of a file that have bases."""
        source = self.program.source(path)
        units = source.units if source is not None else ()
        return tuple(unit.qualname for unit in units if isinstance(unit.node, s.ClassDef) and unit.node.bases)

    def subclasses(self, path: str, qualname: str) -> tuple[UserClass, ...]:
        """Classes that derive from the class, in its file and in those that import it."""
        this = UserClass(path, qualname)
        found: list[UserClass] = []
        for file in (path, *self.program.importers(path)):
            for other in self.program.ask("derived", file):
                info = self.program.class_info(file, other) if (file, other) != (path, qualname) else None
                if info is not None and this in info.resolution_order:
                    found.append(UserClass(file, other))
        return tuple(found)


def _linearised(cls: Class, bases: list[tuple[Class, ...]]) -> tuple[Class, ...]:
    """The class, then its bases; of a base that several share, the last place counts, as in Python's own order."""
    order = [cls, *(base for bases_of in bases for base in bases_of)]
    last = {base: number for number, base in enumerate(order)}
    return tuple(base for number, base in enumerate(order) if last[base] == number)
