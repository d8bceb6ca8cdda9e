"""What calling a value gives."""

from __future__ import annotations

from functools import cached_property

from ..signatures.model import Entry
from ..source import syntax as s
from ..source.unit import Unit
from . import libraries
from .analysis import Callee
from .answers import Question
from .batches import Batches
from .classes import ClassInfo, is_bound, method_kind
from .containers import BUILTINS, builtin_result, gone_through, made_container, mapping_result
from .exchanges import is_exchanged
from .flow import Flow
from .handing import Given, handed, reaching
from .losses import makes_no_labels
from .making import Passing, argument, changes_output
from .program import MOST_LEVELS
from .values import (
    NEVER,
    Atom,
    BoundMethod,
    Collection,
    Followed,
    Inner,
    Instance,
    Key,
    LibraryClass,
    LibraryFunction,
    Mapping,
    Partial,
    Super,
    Tensor,
    Unknown,
    UserClass,
    UserFunction,
    Value,
    Wrapped,
    join,
    known_string,
    only,
    unknown,
    why_unknown,
)

_TRAINERS_OWN = ("model", "compute_loss", "compute_loss_func", "training_step")
"""Attributes of a Trainer by which it comes to a loss."""


class Results(Batches):
    """Answers the queries about results, for one `Program`."""

    def exchanged(self, name: str, path: str = "", owner: str = "") -> bool:
        """Whether the main file, or the one at `path`, sets attributes of that name on anything, or on an `owner`."""
        files = (self.program.main.path, path) if path else (self.program.main.path,)
        return any(is_exchanged(name, self.program.ask("outside", file), owner) for file in files)

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
                return self._constructed(atom, passing, level)
            case UserClass():
                info = self.program.class_info(atom.path, atom.qualname)
                otherwise = info.made_otherwise if info is not None else ""
                return unknown(otherwise) if otherwise else only(Instance(atom))
            case LibraryFunction():
                return self._function_result(atom, passing, level)
            case UserFunction():
                return self._user_result(atom, passing, level)
            case Instance():
                return self._instance_result(atom, passing, level)
            case Wrapped(wrapper=libraries.TRACED):
                return unknown("what a traced module returns")
            case Wrapped():
                return join(self.result(inner, passing, level) for inner in atom.inner)
            case BoundMethod():
                return self._method_result(atom, passing, level)
            case Partial():
                more = ((*atom.positional, *passing[0]), (*atom.keywords, *passing[1]), passing[2])
                return join(self.result(inner, more, level) for inner in atom.function)
            case Inner():
                return self._inner_result(atom, passing, level)
            case Followed():
                return atom.gives
            case Unknown():
                return only(atom)
            case _:
                return unknown("a call of something that is not followed")

    def _constructed(self, cls: LibraryClass, passing: Passing, level: int) -> Value:
        positional, keywords, _ = passing
        entry = self.entry(cls)
        if entry is None or entry.role == "auto":
            return unknown(f"{cls.qualified} cannot be made like this")
        if entry.role == "output" and positional:
            return unknown(f"a {entry.name} may get its keys from a dictionary")
        if cls.qualified in libraries.MODULE_WRAPPERS:
            inner = argument(passing, 0, "module", "model")
            return unknown("a wrapper around nothing") if inner is None else only(Wrapped(cls.qualified, inner))
        container = made_container(cls.qualified, passing)
        if container is not None:
            return container
        data = self.of_data(cls, passing, level)
        if data is not None:
            return data
        if changes_output(keywords):
            return unknown("made with options that change what it returns")
        if cls.qualified in libraries.TRAINERS:
            return only(Instance(cls, parts=self._trained(entry, passing)))
        return only(Instance(cls, parts=keywords if libraries.is_pipeline(entry) else ()))

    def _trained(self, trainer: Entry, passing: Passing) -> tuple[tuple[str, Value], ...]:
        """What a Trainer is given, by name, unless the file sets attributes of it that say what becomes of that."""
        positional, keywords, is_open = passing
        outside = self.program.ask("outside", self.program.main.path)
        if is_open or trainer.init is None or any(is_exchanged(name, outside) for name in _TRAINERS_OWN):
            return ()
        names = [parameter.name for parameter in trainer.init.parameters]
        given = dict((*zip(names, positional, strict=False), *keywords))
        if "model_init" in given:
            given.pop("model", None)
        return tuple(given.items())

    def _function_result(self, function: LibraryFunction, passing: Passing, level: int) -> Value:
        positional, keywords, is_open = passing
        given = dict(keywords)
        model = positional[0] if positional else given.get("model", given.get("module"))
        if function.qualified in libraries.TRANSPARENT_WRAPPERS:
            return model or unknown("a wrapper around something that is not followed")
        if function.qualified in libraries.UNWRAPPING and model is not None:
            return _unwrapped(model)
        wrapper = libraries.WRAPS.get(function.qualified)
        if wrapper is not None:
            return unknown("a wrapper around nothing") if model is None else only(Wrapped(wrapper, model))
        if function.qualified in libraries.FIRST_OF_SEVERAL:
            inner = argument(passing, 1, "model")
            if is_open or inner is None:
                return only(Collection("tuple", None, unknown("one of several results")))
            return _several(only(Wrapped(libraries.FIRST_OF_SEVERAL[function.qualified], inner)))
        if function.qualified in libraries.PROGRESS:
            return gone_through(positional[0] if positional else given.get("iterable", unknown("a bar of its own")))
        if function.qualified == libraries.SPLITS:
            return self.split(passing)
        if function.qualified in libraries.COLLATORS:
            return self.by_collator(function.qualified, passing)
        if function.qualified == libraries.PARTIAL:
            return unknown("arguments of a partial call") if is_open else _partial(positional, keywords)
        if function.qualified == libraries.ORDERED_DICT:
            return builtin_result("dict", passing)
        if function.qualified == libraries.HUB:
            return self.made_by_hub(passing)
        if function.qualified == "getattr":
            return self._attribute_by_name(passing, level)
        if function.qualified in BUILTINS:
            return builtin_result(function.qualified, passing)
        entry = self.entry(function)
        if entry is None or entry.call is None:
            return unknown(f"{function.qualified} has no signature")
        if entry.name == "get_peft_model" and entry.module.partition(".")[0] == "peft":
            config = positional[1] if len(positional) > 1 else given.get("peft_config", NEVER)
            return self._with_adapters(model or NEVER, config)
        if function.qualified == libraries.MAKES_PIPELINES:
            return self.made_by_task(passing)
        package = libraries.MAKES_BY_NAME.get(function.qualified)
        if package is not None:
            return self.made_by_name(package, model, passing)
        return self.returned(entry.call, None)

    def _of_class(self, value: Value, base: ClassInfo, cls: UserClass) -> Value:
        """What a class method of `base` gives on `cls`: where it makes an instance of its class, one of that."""
        below = self.program.ask("subclasses", base.path, base.qualname) or ()
        made = {Instance(UserClass(base.path, base.qualname)), *map(Instance, below)}
        return value - made | {Instance(cls)} if value & made else value

    def _result_above(self, above: Super, name: str, passing: Passing, level: int) -> Value:
        """What a method looked up by `super()` returns."""
        own = self.program.method_above(above.cls, name)
        if own is not None:
            return self._returned(*own, passing, level, on_object=True)
        callee = self.program.ask("callee", BoundMethod(above, name)) if name == "forward" else None
        if not isinstance(callee, Callee):
            return unknown(f"what `{name}` returns is not known")
        return self.returned(callee.signature, callee.cls)

    def _attribute_by_name(self, passing: Passing, level: int) -> Value:
        """What `getattr` gives; with a default, that or the attribute."""
        owner, text = argument(passing, 0), known_string(argument(passing, 1))
        if owner is None or text is None:
            return unknown("which attribute it is depends on arguments")
        otherwise = argument(passing, 2) or NEVER
        if text in libraries.INSIDE and owner <= otherwise:  # `getattr(model, "module", model)`
            return join(self.program.value("inside", atom, text, level) for atom in owner)
        found = join(self.program.value("attribute", atom, text, level) for atom in owner)
        return found | otherwise

    def inside(self, atom: Atom, name: str, level: int) -> Value:
        """What a wrapper has inside, by the attribute that holds it; a module that has no such attribute gives itself:
        where somebody asks for it, the module may have been wrapped out of sight."""
        found = self.program.value("attribute", atom, name, level)
        if not isinstance(atom, Instance) or not why_unknown(found) or self.exchanged(name):
            return found
        if isinstance(atom.cls, LibraryClass):
            entry = self.entry(atom.cls)
            return only(atom) if entry is not None and entry.role in ("model", "auto") else found
        info = self.program.class_info(atom.cls.path, atom.cls.qualname)
        if info is None or not info.complete or level >= MOST_LEVELS or self.exchanged(name, info.path):
            return found
        own = {method for base in self._user_bases(info) for method in base.methods}
        if own & {name, "__getattr__"} or self.program.ask("stored", info.path, info.qualname, name) is not None:
            return found
        return only(atom)

    def _with_adapters(self, model: Value, config: Value) -> Value:
        """A model with adapters as their configuration says, if those hand on what the model is called with."""
        for atom in config:
            entry = self.entry(atom.cls) if isinstance(atom, Instance) else None
            if entry is None or libraries.PROMPT_LEARNING in entry.mro:
                return only(Instance(LibraryClass(libraries.ADAPTED)))
        return only(Wrapped(libraries.ADAPTED, model)) if model and config else unknown("adapters around nothing")

    def _returned(self, path: str, qualname: str, passing: Passing, level: int, on_object: bool = False) -> Value:
        """What a function or method of the user's own returns to this call; `on_object`: it was looked up on one."""
        unit: Unit | None = self.program.ask("unit", path, qualname)
        given: Given = ()
        if unit is not None and isinstance(unit.node, s.FunctionDef):
            on_object |= method_kind(unit.node) == "classmethod"
            names = unit.fact("reaching", reaching)
            given = handed(unit.node, names, passing, bound=bool(unit.owner) and on_object and is_bound(unit.node))
        return self.program.returned(path, qualname, level, given)

    def _inner_result(self, inner: Inner, passing: Passing, level: int) -> Value:
        """What a lambda of a statement of the module returns to a call from elsewhere."""
        source = self.program.source(inner.path)
        unit = None if source is None else source.by_key.get(inner.key)
        if source is None or unit is None or unit.owner or isinstance(unit.node, s.FunctionDef) or level >= MOST_LEVELS:
            return unknown(inner.reason)
        return Flow(self.program, source, unit, level + 1).run_inner(inner.span, passing)

    def _user_result(self, function: UserFunction, passing: Passing, level: int) -> Value:
        value = self._returned(function.path, function.qualname, passing, level)
        unit = self.program.ask("unit", function.path, function.qualname)
        declared = unit is not None and isinstance(unit.node, s.FunctionDef) and unit.node.returns is not None
        if declared and function.path != self.program.main.path and why_unknown(value):
            question = self.program.origins.get(only(function))
            if question is not None and question.kind == "object":
                asked = Question(question.path, question.module, question.level, question.name, "result")
                return self.program.answer(asked)
        return value

    @cached_property
    def _changes_results(self) -> bool:
        """Whether the main file may change what models return."""
        return libraries.CHANGES_RESULTS.search(self.program.main.text) is not None

    def _instance_result(self, instance: Instance, passing: Passing, level: int) -> Value:
        _, keywords, is_open = passing
        if changes_output(keywords):
            return unknown("called with options that change what it returns")
        if isinstance(instance.cls, LibraryClass):
            entry = self.entry(instance.cls)
            given = (
                self._signatures.given(instance.cls.qualified) if entry is not None and entry.role == "auto" else None
            )
            if given is not None:
                outputs = (LibraryClass(output) for output in given.outputs)
                return join(only(Instance(cls, instance.cls)) for cls in outputs) or unknown("one of many outputs")
            if instance.cls.qualified in libraries.COLLATORS:
                return self.by_collator(instance.cls.qualified, passing)
            if entry is None or entry.call is None:
                return unknown(f"what calling a {instance.cls.qualified} gives is not known")
            if libraries.is_keyed(entry):
                keys = tuple(Key(name, only(Tensor()), False) for name in entry.keys)
                is_open = is_open or entry.keys_open or not keys
                return only(Mapping(keys, is_open, entry.qualified, unlabelled=makes_no_labels(passing)))
            if entry.role == "model" and self._changes_results:
                return unknown("models may be asked for tuples, or hooks change what they return")
            return self.returned(entry.call, instance.cls)
        callee = self.program.ask("callee", instance)
        if not isinstance(callee, Callee):
            called = self.called(instance.cls, level)
            return unknown(callee or "it depends on itself") if called is None else called
        if callee.definition is not None:
            return self.program.returned(*callee.definition, level)
        return self.returned(callee.signature, instance.cls)

    def _method_result(self, method: BoundMethod, passing: Passing, level: int) -> Value:
        owner, name = method.owner, method.name
        positional, keywords, is_open = passing
        if isinstance(owner, Super):
            return self._result_above(owner, name, passing, level)
        if isinstance(owner, Mapping):
            return mapping_result(owner, name, passing)
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
            if name in libraries.GIVES_BATCHES:
                return only(Mapping((), True, owner.cls.qualified))
        cls = owner.cls if isinstance(owner, Instance) else owner
        if isinstance(cls, UserClass):
            info = self.program.class_info(cls.path, cls.qualname)
            for base in self._user_bases(info) if info is not None else ():
                if name in base.methods and (name not in ("forward", "__call__") or not isinstance(owner, Instance)):
                    method_name, on_object = f"{base.qualname}.{name}", isinstance(owner, Instance)
                    value = self._returned(base.path, method_name, passing, level, on_object)
                    return value if isinstance(owner, Instance) else self._of_class(value, base, cls)
        if name in ("forward", "__call__") and not isinstance(owner, LibraryClass | UserClass):
            return self.result(owner, passing, level)
        if name in libraries.RETURNS_SELF and isinstance(owner, Instance | Wrapped):
            return only(owner)
        if name in libraries.MAKES_FROM_OTHERS and isinstance(owner, LibraryClass):
            return self.made(owner, name, passing)
        if name in libraries.MAKES_INSTANCE and not isinstance(owner, Instance | Wrapped):
            return self.made(owner, name, passing)
        if name == libraries.LOADS_CHECKPOINT and isinstance(owner, UserClass):
            return only(Instance(owner))
        return unknown(f"what `{name}` returns is not known")


def _partial(positional: tuple[Value, ...], keywords: tuple[tuple[str, Value], ...]) -> Value:
    return (
        only(Partial(positional[0], positional[1:], keywords)) if positional else unknown("a partial call of nothing")
    )


def _unwrapped(value: Value) -> Value:
    """A model without what training on several devices put around it."""
    return join(
        atom.inner if isinstance(atom, Wrapped) and atom.wrapper in libraries.MODULE_WRAPPERS else only(atom)
        for atom in value
    )


def _several(first: Value) -> Value:
    others = unknown("one of several results")
    return only(Collection("tuple", (first, others, others, others), first | others))
