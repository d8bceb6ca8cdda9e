"""What values do: their attributes, what calling them reaches, and what it gives.

Each function here answers one kind of query of `Program`; what they return is remembered there.
"""

from __future__ import annotations

from dataclasses import replace

import msgspec

from ..signatures.model import Entry, Signature
from ..source import syntax as s
from . import libraries
from .analysis import Callee, Owner
from .answers import Question
from .classes import ClassInfo, method_kind, signature_of
from .program import MOST_LEVELS, Program
from .values import (
    NEVER,
    Atom,
    BoundMethod,
    Class,
    Collection,
    Constant,
    Instance,
    Key,
    LibraryClass,
    LibraryFunction,
    Mapping,
    Module,
    Tensor,
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

BUILTINS = frozenset(
    ("dict", "list", "tuple", "set", "enumerate", "zip", "reversed", "sorted", "getattr", "next", "iter")
)
"""Built-in functions whose results are followed; the others give nothing that could be called."""

Passing = tuple[tuple[Value, ...], tuple[tuple[str, Value], ...], bool]
"""Arguments as a result depends on them: by position, by keyword, and whether there may be others."""

_TENSOR = "torch.Tensor"


class Semantics:
    """Answers queries about values, for one `Program`."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self._signatures = program.world.signatures
        self._altered = any(text in program.main.text for text in libraries.CHANGES_CALLS)
        for kind in ("attribute", "owner", "callee", "result"):
            program.register(kind, getattr(self, kind))

    def entry(self, cls: Class | LibraryFunction) -> Entry | None:
        if isinstance(cls, UserClass):
            return None
        found = self._signatures.find(cls.qualified)
        return None if found is None else found.entry

    def member(self, module: str, name: str, path: str = "") -> Value:
        """What `module.name` is, as the file at `path` imports it (the main one where none is given)."""
        qualified = f"{module}.{name}" if module else name
        if qualified in libraries.TRANSPARENT_WRAPPERS:
            return only(LibraryFunction(qualified))
        found = self._signatures.find(qualified)
        if found is not None:
            entry = found.entry
            atom = LibraryFunction if entry.role == "function" else LibraryClass
            return only(atom(entry.qualified))
        if self._signatures.is_module(qualified):
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
                return self.member(atom.name, name)
            case LibraryClass():
                return only(BoundMethod(atom, name))
            case UserClass():
                return self._class_attribute(atom, name)
            case Instance(cls=UserClass() as cls):
                return self._user_attribute(cls, atom, name, level)
            case Instance(cls=LibraryClass()):
                if name in libraries.RETURNS_SELF or name in ("forward", "__call__"):
                    return only(BoundMethod(atom, name))
            case Wrapped():
                if name == "module":
                    return atom.inner
                if name in libraries.RETURNS_SELF or name in ("forward", "__call__"):
                    return only(BoundMethod(atom, name))
            case Mapping():
                if name in ("to", "copy", "get"):
                    return only(BoundMethod(atom, name))
                if atom.cls:
                    return next((key.value for key in atom.keys if key.name == name), unknown(f"`{name}` of a batch"))
            case Unknown():
                return only(atom)
        return unknown(f"attribute `{name}`")

    def _class_attribute(self, cls: UserClass, name: str) -> Value:
        info = self.program.class_info(cls.path, cls.qualname)
        if info is None:
            return unknown(f"class {cls.qualname} is not known")
        for base in self._user_bases(info):
            if name in base.methods:
                return only(BoundMethod(cls, name))
            for variable, value in base.variables:
                if variable == name:
                    return value
        return only(BoundMethod(cls, name)) if name in libraries.MAKES_INSTANCE else unknown(f"attribute `{name}`")

    def _user_attribute(self, cls: UserClass, atom: Instance, name: str, level: int) -> Value:
        info = self.program.class_info(cls.path, cls.qualname)
        if info is None:
            return unknown(f"class {cls.qualname} is not known")
        for base in self._user_bases(info):
            if name in base.methods:
                unit = self.program.ask("unit", base.path, f"{base.qualname}.{name}")
                if unit is not None and isinstance(unit.node, s.FunctionDef) and method_kind(unit.node) == "property":
                    return self.program.returned(base.path, unit.qualname, level)
                return only(BoundMethod(atom, name))
        if level >= MOST_LEVELS:
            return unknown(f"attribute `{name}`, too many calls away")
        stored = self.program.ask("stored", cls.path, cls.qualname, name)
        if stored is not None:
            found: Value = stored
            return found
        if name in libraries.RETURNS_SELF or name in ("forward", "__call__"):
            return only(BoundMethod(atom, name))
        return unknown(f"attribute `{name}` of {cls.qualname}")

    def _user_bases(self, info: ClassInfo) -> list[ClassInfo]:
        """The class and those of its bases that are the user's own, in resolution order."""
        found = [info]
        for base in info.resolution_order[1:]:
            if isinstance(base, UserClass):
                known = self.program.class_info(base.path, base.qualname)
                if known is not None:
                    found.append(known)
        return found

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
        if info is None or not info.complete or not info.is_dataclass:
            return None
        names: dict[str, None] = {}
        for base in info.resolution_order:
            if not isinstance(base, UserClass):
                return None
            known = self.program.class_info(base.path, base.qualname)
            if known is None or "__getattr__" in known.methods or "__getattribute__" in known.methods:
                return None
            stored = self.program.ask("attributes", base.path, base.qualname)
            if stored is None:
                return None
            names.update(
                dict.fromkeys((*known.fields, *known.methods, *(name for name, _ in known.variables), *stored))
            )
        if self.program.ask("outside", cls.path) & set(names):
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
            case Wrapped():
                return self._only_callee(atom.inner)
            case BoundMethod(owner=Instance() | Wrapped(), name="forward" | "__call__"):
                return self.callee(atom.owner)
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
        if entry.call is None or entry.qualified == libraries.TORCH_MODULE:
            return f"what calling a {entry.name} accepts is not known"
        if libraries.is_module(entry):
            if self._altered:
                return "the file changes how modules are called"
            return Callee(f"{entry.name}.forward", entry.call, "forward", cls, entry, found.library.label)
        return Callee(f"{entry.name}.__call__", entry.call, "function", cls, entry, found.library.label)

    def _user_forward(self, cls: UserClass) -> Callee | str:
        info = self.program.class_info(cls.path, cls.qualname)
        if info is None:
            return f"class {cls.qualname} is not known"
        if not info.complete:
            return f"a base of {cls.qualname} is not known"
        if self._altered:
            return "the file changes how modules are called"
        if not self._is_module(info):
            return f"{cls.qualname} is not a module"
        for base in info.resolution_order:
            if isinstance(base, LibraryClass):
                entry = self.entry(base)
                if entry is not None and entry.call is not None:
                    return self._inherited_forward(info, base)
                continue
            known = self.program.class_info(base.path, base.qualname)
            if known is None or "__call__" in known.methods or any(name == "forward" for name, _ in known.variables):
                return f"{cls.qualname} changes how it is called"
            if "forward" not in known.methods:
                continue
            unit = self.program.ask("unit", base.path, f"{base.qualname}.forward")
            if unit is None or not isinstance(unit.node, s.FunctionDef) or method_kind(unit.node) != "method":
                return f"a decorator may change {base.qualname}.forward"
            signature = signature_of(unit, unit.node, skip_first=True)
            name = f"{base.qualname}.forward"
            return Callee(name, signature, "forward", cls, definition=(base.path, name))
        return f"{cls.qualname} has no forward"

    def _inherited_forward(self, info: ClassInfo, base: LibraryClass) -> Callee | str:
        """The forward that a class of the user's own has from a library. Submodules and methods of its own may take
        what that forward hands on in its `**kwargs`."""
        callee = self._library_forward(base)
        if isinstance(callee, str) or callee.signature.extra != "ignored":
            return callee
        changed = any(
            known.methods or known.variables or self.program.ask("storing", known.path, known.qualname)
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

    # --- what a call gives ------------------------------------------------------------------------------------------

    def result(self, atom: Atom, passing: Passing, level: int) -> Value:
        """What calling the value gives."""
        match atom:
            case LibraryClass():
                return self._constructed(atom, passing)
            case UserClass():
                return only(Instance(atom))
            case LibraryFunction():
                return self._function_result(atom, passing)
            case UserFunction():
                return self._user_result(atom, level)
            case Instance():
                return self._instance_result(atom, passing, level)
            case Wrapped():
                return join(self.result(inner, passing, level) for inner in atom.inner)
            case BoundMethod():
                return self._method_result(atom, passing, level)
            case Unknown():
                return only(atom)
            case _:
                return unknown("a call of something that is not followed")

    def _constructed(self, cls: LibraryClass, passing: Passing) -> Value:
        positional, keywords, _ = passing
        entry = self.entry(cls)
        if entry is None or entry.role == "auto":
            return unknown(f"{cls.qualified} cannot be made like this")
        if entry.role == "output" and positional:
            return unknown(f"a {entry.name} may get its keys from a dictionary")
        name = entry.name if entry.module.startswith("torch.nn.") else ""
        if cls.qualified in libraries.MODULE_WRAPPERS:
            inner = positional[0] if positional else dict(keywords).get("module")
            return unknown("a wrapper around nothing") if inner is None else only(Wrapped(cls.qualified, inner))
        if name in ("ModuleList", "ParameterList"):
            if not positional:
                return only(Collection("ModuleList", (), NEVER))
            items = _collection(positional[0])
            if items is None:
                return only(Collection("ModuleList", None, unknown("a list of modules that is not followed")))
            return only(Collection("ModuleList", items.items, items.item))
        if name == "ModuleDict" and positional:
            for mapping in positional[0]:
                if isinstance(mapping, Mapping):
                    return only(mapping)
        if any(keyword in libraries.CHANGES_OUTPUT for keyword, _ in keywords):
            return unknown("made with options that change what it returns")
        return only(Instance(cls))

    def _function_result(self, function: LibraryFunction, passing: Passing) -> Value:
        positional, keywords, is_open = passing
        if function.qualified in libraries.TRANSPARENT_WRAPPERS:
            return positional[0] if positional else unknown("a wrapper around something that is not followed")
        if function.qualified in BUILTINS:
            return _builtin_result(function.qualified, positional, keywords, is_open)
        entry = self.entry(function)
        if entry is None or entry.call is None:
            return unknown(f"{function.qualified} has no signature")
        return self._returned(entry.call, None)

    def _returned(self, signature: Signature, producer: Class | None) -> Value:
        if signature.returns == _TENSOR:
            return only(Tensor())
        found = self._signatures.find(signature.returns) if signature.returns else None
        if found is None:
            return unknown("what it returns is not known")
        return only(Instance(LibraryClass(found.entry.qualified), producer))

    def _user_result(self, function: UserFunction, level: int) -> Value:
        value = self.program.returned(function.path, function.qualname, level)
        unit = self.program.ask("unit", function.path, function.qualname)
        declared = unit is not None and isinstance(unit.node, s.FunctionDef) and unit.node.returns is not None
        if declared and function.path != self.program.main.path and why_unknown(value):
            question = self.program.origins.get(only(function))
            if question is not None and question.kind == "object":
                asked = Question(question.path, question.module, question.level, question.name, "result")
                return self.program.answer(asked)
        return value

    def _instance_result(self, instance: Instance, passing: Passing, level: int) -> Value:
        _, keywords, is_open = passing
        if any(keyword == "return_dict" for keyword, _ in keywords):
            return unknown("called with `return_dict`")
        if isinstance(instance.cls, LibraryClass):
            entry = self.entry(instance.cls)
            if entry is None or entry.call is None:
                return unknown(f"what calling a {instance.cls.qualified} gives is not known")
            if libraries.is_keyed(entry):
                keys = tuple(Key(name, only(Tensor()), False) for name in entry.keys)
                return only(Mapping(keys, entry.keys_open or is_open or not keys, entry.qualified))
            return self._returned(entry.call, instance.cls)
        callee = self.program.ask("callee", instance)
        if not isinstance(callee, Callee):
            return unknown(callee or "it depends on itself")
        if callee.definition is not None:
            return self.program.returned(*callee.definition, level)
        return self._returned(callee.signature, instance.cls)

    def _method_result(self, method: BoundMethod, passing: Passing, level: int) -> Value:
        owner, name = method.owner, method.name
        if isinstance(owner, Mapping):
            return self._mapping_result(owner, name, passing)
        cls = owner.cls if isinstance(owner, Instance) else owner
        if isinstance(cls, UserClass):
            info = self.program.class_info(cls.path, cls.qualname)
            for base in self._user_bases(info) if info is not None else ():
                if name in base.methods and (name not in ("forward", "__call__") or not isinstance(owner, Instance)):
                    return self.program.returned(base.path, f"{base.qualname}.{name}", level)
        if name in ("forward", "__call__") and not isinstance(owner, LibraryClass | UserClass):
            return self.result(owner, passing, level)
        if name in libraries.RETURNS_SELF and isinstance(owner, Instance | Wrapped):
            return only(owner)
        if name in libraries.MAKES_INSTANCE and not isinstance(owner, Instance | Wrapped):
            return self._made(owner, name, passing)
        return unknown(f"what `{name}` returns is not known")

    def _made(self, cls: LibraryClass | UserClass, name: str, passing: Passing) -> Value:
        """What `from_pretrained` and its like give."""
        positional, keywords, _ = passing
        if any(keyword in libraries.CHANGES_OUTPUT for keyword, _ in keywords):
            return unknown("made with options that change what it returns")
        entry = self.entry(cls)
        if entry is None or entry.role != "auto":
            return only(Instance(cls))
        given = dict(keywords)
        if name == "from_pretrained":
            source = positional[0] if positional else given.get("pretrained_model_name_or_path")
        else:
            source = positional[0] if positional else given.get("config")
        if "config" in given and name == "from_pretrained":
            source = given["config"]
        if source is None or len(source) != 1 or "trust_remote_code" in given:
            return unknown(f"which class {entry.name} gives depends on its argument")
        (what,) = source
        types: tuple[str, ...] = ()
        if isinstance(what, Constant) and isinstance(what.value, str):
            types = libraries.guessed_model_types(what.value, entry.mapping)
        elif isinstance(what, Instance):
            config = self.entry(what.cls)
            types = (config.model_type,) if config is not None and config.model_type in entry.mapping else ()
        found: list[Value] = []
        package = entry.module.partition(".")[0]
        for class_name in (class_name for model_type in types for class_name in entry.mapping[model_type]):
            known = self._signatures.find(f"{package}.{class_name}")
            if known is not None:
                found.append(only(Instance(LibraryClass(known.entry.qualified))))
        return join(found) if found else unknown(f"which class {entry.name} gives depends on its argument")

    def _mapping_result(self, mapping: Mapping, name: str, passing: Passing) -> Value:
        positional, _, _ = passing
        if name in ("to", "copy"):
            return only(mapping)
        if name == "get" and positional and len(positional[0]) == 1:
            (wanted,) = positional[0]
            for key in mapping.keys:
                if wanted == Constant(key.name) and key.certain:
                    return key.value
        return unknown("an entry of a dictionary")


def _collection(value: Value) -> Collection | None:
    if len(value) != 1:
        return None
    (atom,) = value
    return atom if isinstance(atom, Collection) else None


def _builtin_result(
    name: str, positional: tuple[Value, ...], keywords: tuple[tuple[str, Value], ...], is_open: bool
) -> Value:
    if name == "dict":
        mappings = [atom for value in positional for atom in value]
        base = mappings[0] if len(mappings) == 1 and isinstance(mappings[0], Mapping) else Mapping((), bool(positional))
        keys = {key.name: key for key in base.keys} | {key: Key(key, value) for key, value in keywords}
        return only(Mapping(tuple(keys.values()), base.open or is_open))
    items = _collection(positional[0]) if positional else None
    if name in ("list", "tuple", "set", "reversed", "sorted", "iter"):
        if not positional and name in ("list", "tuple"):
            return only(Collection(name, None, unknown("an element added later")))
        if items is None:
            return unknown("elements of something that is not followed")
        return only(Collection("list", items.items if name in ("list", "tuple", "iter") else None, items.item))
    if name == "enumerate" and items is not None:
        return only(Collection("list", None, only(Collection("tuple", (unknown("a number"), items.item), items.item))))
    if name == "next" and items is not None:
        return items.item
    if name == "zip" and positional and not is_open:
        columns = [_collection(value) for value in positional]
        parts = tuple(unknown("an element") if column is None else column.item for column in columns)
        return only(Collection("list", None, only(Collection("tuple", parts, join(parts)))))
    return unknown(f"what `{name}` gives is not followed")
