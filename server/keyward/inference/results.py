"""What calling a value gives."""

from __future__ import annotations

from ..signatures.model import Entry, Signature
from ..source import syntax as s
from . import libraries
from .analysis import Callee
from .answers import Question
from .classes import ClassInfo
from .program import Program
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


class Results:
    """Answers the queries about results, for one `Program`."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self._signatures = program.world.signatures

    def entry(self, cls: Class | LibraryFunction) -> Entry | None:
        if isinstance(cls, UserClass):
            return None
        found = self._signatures.find(cls.qualified)
        return None if found is None else found.entry

    def _user_bases(self, info: ClassInfo) -> list[ClassInfo]:
        """The class and those of its bases that are the user's own, in resolution order."""
        found = [info]
        for base in info.resolution_order[1:]:
            if isinstance(base, UserClass):
                known = self.program.class_info(base.path, base.qualname)
                if known is not None:
                    found.append(known)
        return found

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
        given = dict(keywords)
        model = positional[0] if positional else given.get("model", given.get("module"))
        if function.qualified in libraries.TRANSPARENT_WRAPPERS:
            return model or unknown("a wrapper around something that is not followed")
        if function.qualified in libraries.FIRST_OF_SEVERAL:
            inner = given.get("model") or (positional[1] if len(positional) > 1 else unknown("no model"))
            return only(Collection("tuple", None, unknown("one of several results"))) if is_open else _several(inner)
        if function.qualified in BUILTINS:
            return _builtin_result(function.qualified, positional, keywords, is_open)
        entry = self.entry(function)
        if entry is None or entry.call is None:
            return unknown(f"{function.qualified} has no signature")
        if entry.name == "get_peft_model" and entry.module.partition(".")[0] == "peft":
            config = positional[1] if len(positional) > 1 else given.get("peft_config", NEVER)
            return self._with_adapters(model or NEVER, config)
        package = libraries.MAKES_BY_NAME.get(function.qualified)
        if package is not None:
            return self._made_by_name(package, model, passing)
        return self._returned(entry.call, None)

    def _with_adapters(self, model: Value, config: Value) -> Value:
        """A model with adapters as their configuration says, if those hand on what the model is called with."""
        for atom in config:
            entry = self.entry(atom.cls) if isinstance(atom, Instance) else None
            if entry is None or libraries.PROMPT_LEARNING in entry.mro:
                return unknown("which adapters the model gets is not known")
        return only(Wrapped(libraries.ADAPTED, model)) if model and config else unknown("adapters around nothing")

    def _made_by_name(self, package: str, name: Value | None, passing: Passing) -> Value:
        """What the function of the package that has this name makes; a timm model may name its weights behind a dot."""
        _, keywords, is_open = passing
        (named,) = name if name is not None and len(name) == 1 else (None,)
        text = named.value if isinstance(named, Constant) else None
        changed = is_open or any(keyword in libraries.CHANGES_WHAT_IS_MADE for keyword, _ in keywords)
        if not isinstance(text, str) or changed:
            return unknown("which model is made depends on arguments")
        found = self._signatures.find(f"{package}.{text.partition('.')[0]}")
        if found is None or found.entry.role != "function" or found.entry.call is None:
            return unknown(f"{package} has no function of that name")
        return self._returned(found.entry.call, None)

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
        positional, keywords, is_open = passing
        if isinstance(owner, Mapping):
            return self._mapping_result(owner, name, passing)
        if isinstance(owner, Wrapped) and owner.wrapper == libraries.ADAPTED and name in libraries.GIVES_INNER:
            return owner.inner
        if isinstance(owner, Instance) and isinstance(owner.cls, LibraryClass):
            known = (owner.cls.qualified, name)
            if known in libraries.GIVES_BACK and positional and not is_open:
                return (
                    positional[0] if len(positional) == 1 else only(Collection("tuple", positional, join(positional)))
                )
            if known in libraries.UNWRAPS and (positional or keywords):
                return _unwrapped(positional[0] if positional else keywords[0][1])
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
        given = dict(keywords)
        if isinstance(cls, LibraryClass) and cls.qualified.startswith(libraries.ADAPTED):
            return unknown("which adapters are loaded is not known")
        if entry is None or entry.role != "auto":
            return only(Instance(cls))
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


def _unwrapped(value: Value) -> Value:
    """A model without what training on several devices put around it."""
    return join(
        atom.inner if isinstance(atom, Wrapped) and atom.wrapper in libraries.MODULE_WRAPPERS else only(atom)
        for atom in value
    )


def _several(first: Value) -> Value:
    others = unknown("one of several results")
    return only(Collection("tuple", (first, others, others, others), first | others))


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
