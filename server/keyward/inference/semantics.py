"""What values do: their attributes, and what calling them reaches.

Each function here answers one kind of query of `Program`; what they return is remembered there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import msgspec

from ..signatures.model import Kind, Parameter, Signature
from ..source import syntax as s
from ..source.unit import Unit
from . import libraries
from .analysis import Callee, Owner
from .answers import Question
from .classes import ClassInfo, is_abstract, mentions, method_kind, signature_of
from .containers import FROM_KEYS
from .exchanges import ANY
from .program import MOST_LEVELS, Outcome, Program
from .state import loose
from .unimplemented import Unimplemented, open_callee, unimplemented
from .values import (
    Atom,
    BoundMethod,
    Class,
    Collection,
    Instance,
    LibraryClass,
    LibraryFunction,
    Mapping,
    Module,
    Partial,
    Super,
    Unknown,
    UserClass,
    UserFunction,
    Value,
    Wrapped,
    join,
    only,
    unknown,
    why_unknown,
)

_CALLED_OTHERWISE = frozenset(("__call__", "__init_subclass__"))
_ALTERED = "the file changes how modules are called"


class Semantics(Unimplemented):
    """Answers queries about values, for one `Program`."""

    def __init__(self, program: Program) -> None:
        super().__init__(program)
        for kind in ("attribute", "owner", "callee", "inside", "result"):
            program.register(kind, getattr(self, kind))

    def member(self, module: str, name: str, path: str = "") -> Value:
        """What `module.name` is, as the file at `path` imports it (the main one where none is given)."""
        qualified = f"{module}.{name}" if module else name
        if qualified in libraries.WITHOUT_SIGNATURE:
            return only(LibraryFunction(qualified))
        found = self._signatures.find(qualified)
        if found is not None:
            entry = found.entry
            atom = LibraryFunction if entry.role == "function" else LibraryClass
            return only(atom(entry.qualified))
        if self._signatures.is_module(qualified):
            return only(Module(qualified))
        if any(function.startswith(f"{qualified}.") for function in libraries.WITHOUT_SIGNATURE):
            return only(Module(qualified))
        top = module.partition(".")[0]
        if self._signatures.is_module(top):
            return unknown(f"{qualified} has no signature")
        if not top or top in libraries.STANDARD_LIBRARY:
            return unknown(f"{qualified} is of the standard library")
        return self.program.answer(Question(path or self.program.main.path, module, 0, name))

    # --- attributes -------------------------------------------------------------------------------------------------

    def attribute(self, atom: Atom, name: str, level: int) -> Value:
        """What `.name` on the value gives."""
        match atom:
            case Module():
                if name in self.program.ask("outside", self.program.main.path):
                    return unknown(f"`{name}` of a module is set from outside")
                return loose(self.member(atom.name, name))
            case LibraryFunction(qualified="dict") if name == "fromkeys":
                return only(LibraryFunction(FROM_KEYS))
            case LibraryClass():
                return only(BoundMethod(atom, name))
            case UserClass():
                return self._class_attribute(atom, name)
            case Instance(cls=UserClass() as cls):
                return self._user_attribute(cls, atom, name, level)
            case Instance(cls=LibraryClass() as library):
                method = (library.qualified, name)
                if method in libraries.GIVES_BACK or method in libraries.UNWRAPS or self._gives_batches(library, name):
                    return only(BoundMethod(atom, name))
                if name in libraries.RETURNS_SELF or name in ("forward", "__call__"):
                    return only(BoundMethod(atom, name))
                if self.exchanged(name):
                    return unknown(f"`{name}` is set from outside, too")
                if name == libraries.COMPILED_FROM:
                    return only(atom)
                return next((value for part, value in atom.parts if part == name), None) or self._part(library, name)
            case Wrapped(wrapper=libraries.ADAPTED) if name in libraries.GIVES_ADAPTED:
                return only(atom)
            case Wrapped(wrapper=libraries.ADAPTED) if name in libraries.GIVES_INNER:
                return atom.inner if name == "model" else only(BoundMethod(atom, name))
            case Wrapped():
                if name == "module" and atom.wrapper in libraries.MODULE_WRAPPERS and not self.exchanged(name):
                    return atom.inner
                if name in libraries.RETURNS_SELF or name in ("forward", "__call__"):
                    return only(BoundMethod(atom, name))
                if atom.wrapper in libraries.HANDS_ATTRIBUTES_ON:
                    return join(self.program.value("attribute", inner, name, level) for inner in atom.inner)
            case Mapping():
                if name in ("to", "copy", "get", "values", "items", "keys"):
                    return only(BoundMethod(atom, name))
                if atom.cls:
                    return next((key.value for key in atom.keys if key.name == name), unknown(f"`{name}` of a batch"))
            case Super():
                return only(BoundMethod(atom, name))
            case Unknown():
                return unknown(atom.reason)
        return unknown(f"attribute `{name}`")

    def _gives_batches(self, cls: LibraryClass, name: str) -> bool:
        entry = self.entry(cls) if name in libraries.GIVES_BATCHES else None
        return entry is not None and libraries.is_keyed(entry) and not self.exchanged(name)

    def _part(self, cls: LibraryClass, name: str) -> Value:
        """A part of a pipeline, by what the constructor's parameter of the name is annotated with."""
        entry = self.entry(cls)
        if entry is None or entry.init is None or libraries.PIPELINE not in entry.mro:
            return unknown(f"attribute `{name}`")
        annotation = next((parameter.annotation for parameter in entry.init.parameters if parameter.name == name), "")
        names = {text.strip() for text in annotation.split("|")} - {"None"}
        return join(self._part_of_class(cls_name) for cls_name in names)

    def _part_of_class(self, name: str) -> Value:
        known = self._signatures.find(f"diffusers.{name}") or self._signatures.find(f"transformers.{name}")
        if known is None or not libraries.is_module(known.entry):
            return unknown("a part that is no module of diffusers or transformers")
        return only(Instance(LibraryClass(known.entry.qualified)))

    def _class_attribute(self, cls: UserClass, name: str) -> Value:
        info = self.program.class_info(cls.path, cls.qualname)
        if info is None:
            return unknown(f"class {cls.qualname} is not known")
        if self.exchanged(name, cls.path):
            return unknown(f"`{name}` is set from outside, too")
        for base in self._user_bases(info):
            if name in base.methods:
                return only(BoundMethod(cls, name))
            for variable, value in base.variables:
                if variable == name:
                    return loose(value)
        loads = name == libraries.LOADS_CHECKPOINT and LibraryClass(libraries.LIGHTNING_MODULE) in info.resolution_order
        return (
            only(BoundMethod(cls, name))
            if loads or name in libraries.MAKES_INSTANCE
            else unknown(f"attribute `{name}`")
        )

    def _user_attribute(self, cls: UserClass, atom: Instance, name: str, level: int) -> Value:
        info = self.program.class_info(cls.path, cls.qualname)
        if info is None:
            return unknown(f"class {cls.qualname} is not known")
        bases = self._user_bases(info)
        if any("__getattribute__" in base.methods for base in bases):
            return unknown(f"{cls.qualname} makes up its attributes")
        for base in bases:
            if name in base.methods:
                if self.exchanged(name, base.path):
                    return unknown(f"`{name}` is set from outside, too")
                unit = self.program.ask("unit", base.path, f"{base.qualname}.{name}")
                if unit is not None and isinstance(unit.node, s.FunctionDef) and method_kind(unit.node) == "property":
                    return self.program.returned(base.path, unit.qualname, level)
                return only(BoundMethod(atom, name))
        if level >= MOST_LEVELS:
            default = self.program.value("default", cls.path, cls.qualname, name)
            if not default or self.program.ask("setting", cls.path, cls.qualname, name):
                return unknown(f"attribute `{name}`, too many calls away")
            return loose(default)
        stored = self.program.ask("stored", cls.path, cls.qualname, name)
        if stored is not None:
            found: Value = stored
            if any(_may_be_exchanged(atom) for atom in found):
                return unknown("batch norms of a model may be exchanged")
            return loose(found)
        if name == libraries.COMPILED_FROM:
            return only(atom)
        if name in libraries.RETURNS_SELF or name in ("forward", "__call__"):
            return only(BoundMethod(atom, name))
        return unknown(f"attribute `{name}` of {cls.qualname}")

    def owner(self, atom: Atom) -> Owner | None:
        """The attributes that an instance has, where all of them are known."""
        if not isinstance(atom, Instance):
            return None
        if isinstance(atom.cls, UserClass):
            return self._dataclass_owner(atom.cls)
        entry = self.entry(atom.cls)
        found = self._signatures.find(atom.cls.qualified)
        if entry is None or found is None or entry.role != "output" or not entry.fields:
            return None
        names = dict.fromkeys((*(field.name for field in entry.fields), *entry.members))
        for base in entry.mro:
            known = self._signatures.find(base)
            if known is not None:
                names.update(dict.fromkeys((*(field.name for field in known.entry.fields), *known.entry.members)))
        callee = None if atom.producer is None else self.program.ask("callee", Instance(atom.producer))
        producer = callee if isinstance(callee, Callee) else None
        return Owner(entry.name, atom.cls, tuple(names), entry, found.library.label, producer)

    def _dataclass_owner(self, cls: UserClass) -> Owner | None:
        info = self.program.class_info(cls.path, cls.qualname)
        if info is None or not info.complete or not info.is_dataclass or info.made_otherwise or info.decorated:
            return None
        outside = self.program.ask("outside", cls.path) | self.program.ask("outside", self.program.main.path)
        if ANY in outside or ANY + cls.qualname in outside:
            return None
        names: dict[str, None] = {}
        for base in info.resolution_order:
            if not isinstance(base, UserClass):
                return None
            known = self.program.class_info(base.path, base.qualname)
            if known is None or known.made_otherwise or known.decorated:
                return None
            own = {*known.methods, *(name for name, _ in known.variables)}
            if "__getattr__" in own or "__getattribute__" in own:
                return None
            stored = self.program.ask("attributes", base.path, base.qualname, None)
            if stored is None:
                return None
            names.update(
                dict.fromkeys((*known.fields, *known.methods, *(name for name, _ in known.variables), *stored))
            )
        if outside & set(names):
            return None
        return Owner(cls.qualname, cls, tuple(names))

    # --- what a call reaches ----------------------------------------------------------------------------------------

    def callee(self, atom: Atom) -> Callee | str:
        """What calling the value reaches, or why that is not known."""
        match atom:
            case Instance(cls=LibraryClass() as cls):
                return self._library_forward(cls)
            case Instance(cls=UserClass() as cls):
                return self._user_forward(cls)
            case Wrapped(wrapper=libraries.ADAPTED):
                return _adapted(self._only_callee(atom.inner))
            case Wrapped(wrapper=libraries.TRACED):
                return _traced(self._only_callee(atom.inner))
            case Wrapped():
                if self.exchanged("module"):
                    return "the module in a wrapper is set from outside"
                return self._only_callee(atom.inner)
            case BoundMethod(owner=Instance() | Wrapped(), name="forward" | "__call__"):
                return self.callee(atom.owner)
            case BoundMethod(owner=Super(cls=cls), name="forward"):
                return self._forward_above(cls)
            case Collection(kind="ModuleList"):
                return unimplemented(LibraryClass("torch.nn.modules.container.ModuleList"), "ModuleList")
            case Mapping(cls="torch.nn.modules.container.ModuleDict"):
                return unimplemented(LibraryClass(atom.cls), "ModuleDict")
            case Partial():
                return _filled(self._only_callee(atom.function), atom)
            case LibraryClass():
                found = self._signatures.find(atom.qualified)
                if found is None or found.entry.init is None or found.entry.role == "auto":
                    return f"the constructor of {atom.qualified} is not known"
                entry = found.entry
                return Callee(entry.name, entry.init or Signature(), "construct", atom, entry, found.library.label)
            case LibraryFunction():
                found = self._signatures.find(atom.qualified)
                if found is None or found.entry.call is None:
                    return f"{atom.qualified} has no signature"
                name = self._signatures.public_name(found.entry)
                return Callee(name, found.entry.call, "function", None, found.entry, found.library.label)
            case Unknown():
                return atom.reason
            case UserClass() | UserFunction() | BoundMethod():
                return "a function or class whose calls type checkers look after"
            case _:
                return "not a model"

    def _only_callee(self, value: Value) -> Callee | str:
        if len(value) != 1:
            return why_unknown(value) or "one of several modules"
        (atom,) = value
        return self.callee(atom)

    def _library_forward(self, cls: LibraryClass) -> Callee | str:
        found = self._signatures.find(cls.qualified)
        if found is None:
            return f"{cls.qualified} has no signature"
        entry = found.entry
        given = self._signatures.given(cls.qualified) if entry.role == "auto" else None
        if given is not None:
            return Callee(f"Every class of {entry.name}", given.signature, "forward", cls, entry, found.library.label)
        if entry.call is None or entry.qualified == libraries.TORCH_MODULE:
            return f"what calling a {entry.name} accepts is not known"
        if libraries.is_module(entry):
            if self.altered():
                return open_callee(f"{entry.name}.forward", cls, _ALTERED)
            return Callee(f"{entry.name}.forward", entry.call, "forward", cls, entry, found.library.label)
        return Callee(f"{entry.name}.__call__", entry.call, "function", cls, entry, found.library.label)

    def _user_forward(self, cls: UserClass) -> Callee | str:
        info = self.program.class_info(cls.path, cls.qualname)
        if info is None:
            return f"class {cls.qualname} is not known"
        if not info.complete:
            reason = f"a base of {cls.qualname} is not known"
            return open_callee(f"{cls.qualname}.forward", cls, reason) if "forward" in info.methods else reason
        if not self._is_module(info):
            return f"{cls.qualname} is not a module"
        if self.altered(cls.path) or self._called_otherwise(info):
            return open_callee(f"{cls.qualname}.forward", cls, _ALTERED)
        if LibraryClass(libraries.KERAS_LAYER) in info.resolution_order:
            return self.keras_callee(info)
        return self._forward_in(info, info.resolution_order) or self.without_forward(info)

    def _forward_above(self, cls: UserClass) -> Callee | str:
        """The forward that `super()` gives in a class."""
        info = self.program.class_info(cls.path, cls.qualname)
        if info is None or not info.complete:
            return f"a base of {cls.qualname} is not known"
        for sub in self.program.ask("subclasses", cls.path, cls.qualname) or ():
            below = self.program.class_info(sub.path, sub.qualname)
            if below is None or [base for base in below.resolution_order if base in info.resolution_order] != [
                *below.resolution_order[below.resolution_order.index(cls) :]
            ]:
                return f"what comes behind {cls.qualname} depends on the class that derives from it"
        if self.altered(cls.path):
            return _ALTERED
        return self._forward_in(info, info.resolution_order[1:]) or f"no class behind {cls.qualname} has a forward"

    def _forward_in(self, info: ClassInfo, order: Sequence[Class]) -> Callee | str | None:
        """The forward of the first class of `order`, which is a part of the class's own, that has one; None: none has
        one."""
        cls = UserClass(info.path, info.qualname)
        for base in order:
            if isinstance(base, LibraryClass):
                entry = self.entry(base)
                if entry is not None and entry.call is not None:
                    return self._inherited_forward(info, base)
                continue
            known = self.program.class_info(base.path, base.qualname)
            if known is None:
                return f"a base of {cls.qualname} is not known"
            if any(name == "forward" for name, _ in known.variables):
                return open_callee(f"{cls.qualname}.forward", cls, f"{cls.qualname} changes how it is called")
            if "forward" not in known.methods:
                continue
            unit = self.program.ask("unit", base.path, f"{base.qualname}.forward")
            name = f"{base.qualname}.forward"
            if unit is None or not isinstance(unit.node, s.FunctionDef):
                return f"{name} is not known"
            if self.program.ask("kind", base.path, unit.key) != "method":
                return open_callee(name, cls, f"a decorator may change {name}")
            if is_abstract(unit.node):
                return open_callee(name, cls, f"{name} is to be given by classes that derive from it")
            signature = self._handed_on(base.path, unit, signature_of(unit, unit.node, skip_first=True))
            return Callee(name, signature, "forward", cls, definition=(base.path, name))
        return None

    def _handed_on(self, path: str, unit: Unit, signature: Signature) -> Signature:
        """The signature of a forward whose own `**kwargs` all go to one other forward: it takes what that one takes."""
        rest = next((p.name for p in signature.parameters if p.kind is Kind.VAR_KEYWORD), "")
        if signature.extra != "open" or mentions(unit, rest) != 2:
            return signature
        outcome: Outcome | None = self.program.ask("function", path, unit.key, 1)
        for site in outcome.result.calls if outcome is not None else ():
            spread = [argument.value for argument in site.node.arguments if argument.stars == 2]
            if not any(isinstance(value, s.Name) and value.name == rest for value in spread):
                continue
            if site.tested or site.guarded or len(site.callees) != 1 or site.callees[0].kind != "forward":
                return signature
            (callee,) = site.callees
            return msgspec.structs.replace(
                signature,
                accepts={**dict.fromkeys(callee.signature.keywords, callee.name), **signature.accepts},
                prefixes=callee.signature.prefixes,
                extra=callee.signature.extra,
                reason=callee.signature.reason,
            )
        return signature

    def _called_otherwise(self, info: ClassInfo) -> bool:
        """Whether a class of the user's, or one above it, changes how it is called."""
        for base in info.resolution_order:
            if isinstance(base, LibraryClass):
                entry = self.entry(base)
                if base.qualified == libraries.TORCH_MODULE or (entry is not None and libraries.is_module(entry)):
                    return False  # torch's own `__call__` comes first
                continue
            known = self.program.class_info(base.path, base.qualname)
            if known is None or known.made_otherwise or not _CALLED_OTHERWISE.isdisjoint(known.methods):
                return True
        return False

    def _inherited_forward(self, info: ClassInfo, base: LibraryClass) -> Callee | str:
        """The forward that a class of the user's own has from a library. Submodules and methods of its own may take
        what that forward hands on in its `**kwargs`."""
        callee = self._library_forward(base)
        if isinstance(callee, str) or callee.signature.extra != "ignored":
            return callee
        changed = any(
            set(known.methods) - {"forward"}
            or known.variables
            or self.program.ask("storing", known.path, known.qualname)
            for known in self._user_bases(info)
        )
        if not changed:
            return callee
        reason = f"{info.qualname} may use it"
        return replace(callee, signature=msgspec.structs.replace(callee.signature, extra="open", reason=reason))

    def _is_module(self, info: ClassInfo) -> bool:
        for base in info.resolution_order:
            entry = self.entry(base)
            if entry is not None and libraries.is_module(entry):
                return True
            if isinstance(base, LibraryClass) and base.qualified == libraries.TORCH_MODULE:
                return True
        return False


def _may_be_exchanged(atom: Atom) -> bool:
    return (
        isinstance(atom, Instance)
        and isinstance(atom.cls, LibraryClass)
        and atom.cls.qualified.startswith(libraries.EXCHANGED)
    )


def _filled(callee: Callee | str, partial: Partial) -> Callee | str:
    """What is left to be passed to a partial call. What follows an argument given by keyword is passed by keyword."""
    if isinstance(callee, str):
        return callee
    left: list[Parameter] = []
    n_filled = 0
    filled = set(callee.filled)
    by_keyword = {name for name, _ in partial.keywords}
    named_from_here = False
    for parameter in callee.signature.parameters:
        if parameter.kind in (Kind.POSITIONAL_ONLY, Kind.POSITIONAL_OR_KEYWORD):
            if n_filled < len(partial.positional):
                n_filled += 1
                if parameter.kind is Kind.POSITIONAL_OR_KEYWORD:
                    filled.add(parameter.name)
                continue
            named_from_here |= parameter.name in by_keyword
        if parameter.name in by_keyword:
            parameter = msgspec.structs.replace(parameter, default=parameter.default or "...")
        if named_from_here and parameter.kind is Kind.POSITIONAL_OR_KEYWORD:
            parameter = msgspec.structs.replace(parameter, kind=Kind.KEYWORD_ONLY)
        left.append(parameter)
    signature = msgspec.structs.replace(callee.signature, parameters=tuple(left))
    return replace(callee, signature=signature, filled=frozenset(filled))


def _traced(callee: Callee | str) -> Callee | str:
    """What a traced module accepts: at most what the module does; what that ignores is refused here."""
    if isinstance(callee, str) or callee.signature.extra != "ignored":
        return callee
    reason = "it was traced with certain arguments"
    return replace(callee, signature=msgspec.structs.replace(callee.signature, extra="open", reason=reason))


def _adapted(callee: Callee | str) -> Callee | str:
    """What a model accepts with adapters around it: some keywords more, and by position what the adapters' class says,
    which depends on their task."""
    if isinstance(callee, str):
        return callee
    parameters = [
        msgspec.structs.replace(parameter, kind=Kind.KEYWORD_ONLY, default=parameter.default or "...")
        if parameter.kind in (Kind.POSITIONAL_ONLY, Kind.POSITIONAL_OR_KEYWORD, Kind.KEYWORD_ONLY)
        else parameter
        for parameter in callee.signature.parameters
        if parameter.kind is not Kind.VAR_POSITIONAL
    ]
    signature = msgspec.structs.replace(
        callee.signature,
        parameters=(Parameter("args", Kind.VAR_POSITIONAL), *parameters),
        accepts={**dict.fromkeys(libraries.ADAPTERS_OWN, "PeftModel"), **callee.signature.accepts},
    )
    return replace(callee, signature=signature)
