"""What data loaders give: batches made of a data set's examples, by torch's own way or by a function."""

from __future__ import annotations

from abc import abstractmethod

from . import libraries
from .containers import BATCH, element, is_fresh
from .making import Making, Passing, argument
from .state import loose
from .values import (
    NEVER,
    Atom,
    BoundMethod,
    Collection,
    Constant,
    Followed,
    Inner,
    Instance,
    Key,
    LibraryClass,
    LibraryFunction,
    Mapping,
    Partial,
    Tensor,
    UserClass,
    UserFunction,
    Value,
    join,
    only,
    unknown,
)

_NONE = Constant(None)
_SEVERAL = "__getitems__"
"""The method by which torch asks a data set for all examples of a batch at once, where it has one."""


class Batches(Making):
    """Tells what data sets hold, and what is made of it."""

    @abstractmethod
    def result(self, atom: Atom, passing: Passing, level: int) -> Value:
        """What calling the value gives."""

    @abstractmethod
    def exchanged(self, name: str, path: str = "") -> bool:
        """Whether the main file, or the one at `path`, sets attributes of that name on anything."""

    def of_data(self, cls: LibraryClass, passing: Passing, level: int) -> Value | None:
        """What the constructor of a batch makes, or of one of torch's loaders or data sets; None for other classes."""
        if cls.qualified == libraries.DATA_LOADER:
            return self._loader(cls, passing, level)
        if cls.qualified in libraries.BATCHES:
            return join(_batch(cls, atom) for atom in argument(passing, 0, "data") or unknown("the batch's entries"))
        if cls.qualified not in (libraries.SUBSET, libraries.CONCATENATED):
            return None
        several = cls.qualified == libraries.CONCATENATED
        held = argument(passing, 0, "datasets" if several else "dataset") or unknown("a data set that is not seen")
        if several:
            held = join(element(atom) for atom in held) or unknown("no data set")
        return only(Instance(cls, parts=(("dataset", held),)))

    def split(self, passing: Passing) -> Value:
        """What `torch.utils.data.random_split` gives: subsets of a data set."""
        held = argument(passing, 0, "dataset") or unknown("a data set that is not seen")
        subset = only(Instance(LibraryClass(libraries.SUBSET), parts=(("dataset", held),)))
        return only(Collection("list", None, subset))

    def _loader(self, cls: LibraryClass, passing: Passing, level: int) -> Value:
        _, _, is_open = passing
        dataset = argument(passing, 0, "dataset") or unknown("a data set that is not seen")
        collate = argument(passing, libraries.PLACE_OF_COLLATE, "collate_fn")
        examples = join(self._examples(atom, level) for atom in dataset)
        if collate is None and is_open:
            batch = unknown("how the examples are collated may be among other arguments")
        elif self.exchanged("collate_fn") or self.exchanged("dataset"):
            batch = unknown("what a data loader works with is set from outside, too")
        else:
            makers = collate or only(_NONE)
            batch = join(self.collated(atom, examples, level) for atom in makers)
        return only(Instance(cls, parts=(("dataset", dataset), (BATCH, batch))))

    # --- data sets --------------------------------------------------------------------------------------------------

    def _examples(self, atom: Atom, level: int) -> Value:
        """What a data set holds."""
        match atom:
            case Instance(cls=UserClass() as cls):
                return self._own_examples(cls, level)
            case Instance(cls=LibraryClass(qualified=libraries.SUBSET | libraries.CONCATENATED), parts=parts):
                return join(self._examples(held, level) for held in dict(parts).get("dataset", NEVER))
            case Collection(kind="list" | "tuple"):
                return loose(atom.item)
        return unknown("what the data set holds is not known")

    def _own_examples(self, cls: UserClass, level: int) -> Value:
        """What the user's own data set gives by index or, where it is one to be gone through, one after the other."""
        info = self.program.class_info(cls.path, cls.qualname)
        if info is None or not info.complete:
            return unknown(f"a base of {cls.qualname} is not known")
        streams = libraries.STREAM in info.resolution_order
        name = "__iter__" if streams else "__getitem__"
        if not streams and self._has(cls, _SEVERAL):
            return unknown(f"{cls.qualname} gives several examples at once")
        value = self._own_result(cls, name, level)
        if not streams:
            return value
        held = join(element(atom) for atom in value)
        return held if is_fresh(value) else loose(held)

    def _has(self, cls: UserClass, name: str) -> bool:
        below = self.program.ask("subclasses", cls.path, cls.qualname) or ()
        return any(self.program.method_of(known, name) is not None for known in (cls, *below))

    def _own_result(self, cls: UserClass, name: str, level: int) -> Value:
        """What a method gives that Python or torch looks up on an instance: the same in all classes that derive from
        the instance's, as it may be of one of those."""
        reason = f"what `{name}` of {cls.qualname} gives is not known"
        own = self.program.method_of(cls, name)
        info = self.program.class_info(cls.path, cls.qualname)
        if own is None or info is None or self.exchanged(name, cls.path):
            return unknown(reason)
        if not info.complete and name not in info.methods:
            return unknown(reason)
        for base in info.resolution_order:
            known = self.program.class_info(base.path, base.qualname) if isinstance(base, UserClass) else None
            if known is None and base not in libraries.ABSTRACT_DATA:
                return unknown(reason)  # it may come first
            if known is not None and any(variable == name for variable, _ in known.variables):
                return unknown(reason)
            if known is not None and name in known.methods:
                break
        below = self.program.ask("subclasses", cls.path, cls.qualname) or ()
        if any(self.program.method_of(sub, name) != own for sub in below):
            return unknown(reason)
        return self.program.returned(*own, level)

    # --- collating --------------------------------------------------------------------------------------------------

    def collated(self, atom: Atom, examples: Value, level: int) -> Value:
        """The batch that a `collate_fn` makes of examples, each of which is like `examples`; None is torch's own."""
        passing: Passing = ((only(Collection("list", None, examples)),), (), False)
        match atom:
            case Constant(value=None) | LibraryFunction(qualified=libraries.COLLATE):
                return _collated(examples)
            case UserFunction() | BoundMethod() | Partial() | Instance() | Inner() | Followed():
                return self.result(atom, passing, level)
            case LibraryFunction() if atom.qualified in libraries.COLLATORS:
                return self.result(atom, passing, level)
        return unknown("how the examples are collated is not known")

    def by_collator(self, qualified: str, passing: Passing) -> Value:
        """What one of transformers' collators makes of examples."""
        given = argument(passing, 0, "features", "examples") or NEVER
        examples = join(element(atom) for atom in given) or unknown("no examples")
        kept = only(_NONE)
        return join(_by_collator(libraries.COLLATORS[qualified], atom) for atom in examples - kept)

    def called(self, cls: UserClass, level: int) -> Value | None:
        """What calling an instance of a class of the user's gives that is no module; None where it has no `__call__`
        of its own."""
        return None if self.program.method_of(cls, "__call__") is None else self._own_result(cls, "__call__", level)


def _batch(cls: LibraryClass, data: Atom) -> Value:
    """The batch that is made of a dictionary."""
    held = data if isinstance(data, Mapping) else Mapping((), True)
    return only(Mapping(held.keys, held.open, cls.qualified))


def _collated(examples: Value) -> Value:
    """What torch's own way makes of examples: it goes into dictionaries, tuples and lists, and keeps what they are
    (`torch.utils.data.default_collate`). An example that is None makes it fail."""
    return join(_collated_atom(atom) for atom in examples if atom != _NONE or len(examples) == 1)


def _collated_atom(atom: Atom) -> Value:
    match atom:
        case Mapping():
            keys = tuple(Key(key.name, _collated(key.value), key.certain) for key in atom.keys)
            return only(Mapping(keys, atom.open, atom.cls))
        case Collection(kind="list" | "tuple", items=tuple() as items):
            parts = tuple(map(_collated, items))
            return only(Collection("list", parts, join(parts)))
        case Tensor():
            return only(atom)
    return unknown("an entry of a batch")


def _by_collator(way: str, example: Atom) -> Value:
    """What a collator of transformers makes of examples, as `data_collator.py` of transformers 5.23.0 and 4.57.6 does:
    `label` and `label_ids` become `labels`. "plain" leaves out what is None or a string; "padded" keeps all that the
    examples have; "masked" adds the `labels` of a language model. What else a tokenizer's `pad` adds is open."""
    entry = unknown("an entry of a batch")
    keys: dict[str, Key] = {}
    if isinstance(example, Mapping):
        for key in example.keys:
            name = "labels" if key.name in ("label", "label_ids") and way != "masked" else key.name
            certain = key.certain and (way != "plain" or all(isinstance(atom, Tensor) for atom in key.value))
            if way != "masked" or name not in ("special_tokens_mask", "offset_mapping"):
                before = keys.get(name)
                keys[name] = Key(name, entry, certain or (before is not None and before.certain))
    if way == "masked":
        keys |= {name: Key(name, entry) for name in ("input_ids", "labels")}
    is_open = way != "plain" or not isinstance(example, Mapping) or example.open
    return only(Mapping(tuple(keys.values()), is_open))
