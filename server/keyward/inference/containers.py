"""What containers hold: lists, dictionaries, and torch's containers of modules."""

from __future__ import annotations

import re
from typing import NamedTuple

from .making import Passing
from .values import (
    FRESH,
    MADE_ANEW,
    MODULE_DICT,
    MODULE_LIST,
    NEVER,
    PARAMETER_LIST,
    Atom,
    Collection,
    Constant,
    Instance,
    Key,
    LibraryClass,
    Mapping,
    Tensor,
    Value,
    join,
    known_string,
    only,
    unknown,
)

BATCH = "[]"
"""Name of the part of a data loader that is what iterating over it gives; no attribute can have it."""
FROM_KEYS = "dict.fromkeys"
BUILTINS = frozenset(
    (
        *("dict", FROM_KEYS, "enumerate", "frozenset", "getattr", "iter", "list", "next", "reversed", "set", "sorted"),
        *("tuple", "zip"),
    )
)
"""Built-in functions whose results are followed; the others give nothing that could be called."""

SEQUENTIAL = "torch.nn.modules.container.Sequential"
_LISTS = {
    "torch.nn.modules.container.ModuleList": MODULE_LIST,
    "torch.nn.modules.container.ParameterList": PARAMETER_LIST,
}
"""Class of torch -> kind of the `Collection` that its constructor makes."""

_BOUND = re.compile(r"(?:-?[0-9]+)?")

REGISTERING = frozenset(("add_module", "register_module", "register_modules"))
"""Methods of modules and pipelines that set attributes whose names they are given."""


def made_container(cls: str, passing: Passing) -> Value | None:
    """What the constructor of one of torch's containers makes; None for any other class."""
    positional, _, is_open = passing
    if cls in _LISTS:
        kind = _LISTS[cls]
        if not positional and not is_open:
            return only(Collection(kind, (), NEVER))
        items = collection(positional[0]) if positional else None
        if items is None:
            return only(Collection(kind, None, unknown("a list of modules that is not followed")))
        return only(Collection(kind, items.items, items.item))
    if cls == MODULE_DICT:
        held = positional[0] if positional else only(Mapping((), is_open))
        (mapping,) = held if len(held) == 1 else (None,)
        return only(
            Mapping(mapping.keys, mapping.open, cls) if isinstance(mapping, Mapping) else Mapping((), True, cls)
        )
    if cls == SEQUENTIAL and not is_open:
        (first,) = positional[0] if len(positional) == 1 and len(positional[0]) == 1 else (None,)
        if isinstance(first, Mapping):
            sure = not first.open and all(key.certain for key in first.keys)
            parts = tuple((key.name, key.value) for key in first.keys) if sure else ()
        else:
            parts = tuple((str(place), value) for place, value in enumerate(positional))
        return only(Instance(LibraryClass(cls), parts=parts))
    return None


def element(atom: Atom) -> Value:
    """What iterating over the value gives."""
    match atom:
        case Collection():
            return atom.item
        case Mapping():
            return unknown("a key")
        case Instance(parts=parts) if parts and parts[-1][0] == BATCH:
            return parts[-1][1]
        case Instance(parts=parts) if parts and _is_sequential(atom):
            return join(value for _, value in parts)
    return unknown("an element of something that is not followed")


def item(atom: Atom, key: str | bytes | int | float | bool | None) -> Value:
    """What a known index gives."""
    match atom:
        case Mapping() if isinstance(key, str):
            found = next((known for known in atom.keys if known.name == key), None)
            if found is None:
                return unknown(f"entry `{key}`")
            return found.value if found.certain else found.value | unknown("an entry that may have been set again")
        case Collection() if isinstance(key, int):
            if atom.items is not None and -len(atom.items) <= key < len(atom.items):
                return atom.items[key]
            return atom.item
        case Instance(parts=parts) if _is_sequential(atom):
            if isinstance(key, int) and -len(parts) <= key < len(parts):
                return parts[key][1]
        case Tensor():
            return only(atom)
    return unknown("an item of something that is not followed")


def any_item(atom: Atom) -> Value:
    """What an index that is not known gives."""
    match atom:
        case Mapping() if atom.keys and not atom.open:
            return join(key.value for key in atom.keys)
        case Collection() | Instance():
            return element(atom)
    return unknown("an index that is not known")


def is_fresh(*values: Value) -> bool:
    """Whether iterating over each of the values gives new objects each time."""
    return all(value and all(_is_fresh(atom) for atom in value) for value in values)


def _is_fresh(atom: Atom) -> bool:
    match atom:
        case Collection():
            return atom.kind in MADE_ANEW
        case Instance(parts=parts):
            return bool(parts) and parts[-1][0] == BATCH
    return False


def slice_of(text: str) -> slice | None:
    """The slice that is written like this, where its bounds are numbers."""
    bounds = text.replace(" ", "").split(":")
    if len(bounds) not in (2, 3) or not all(_BOUND.fullmatch(bound) for bound in bounds):
        return None
    start, stop, step = (int(bound) if bound else None for bound in (*bounds, "", "")[:3])
    return None if step == 0 else slice(start, stop, step)


def some_items(atom: Atom, which: slice | None) -> Value:
    """What a slice gives."""
    match atom:
        case Collection(items=tuple() as items) if which is not None:
            return only(Collection(atom.kind, items[which], join(items[which])))
        case Collection():
            return only(Collection(atom.kind, None, atom.item))
        case Instance() if _is_sequential(atom):
            return only(Instance(atom.cls))
    return unknown("a slice")


def _is_sequential(atom: Instance) -> bool:
    return atom.cls == LibraryClass(SEQUENTIAL)


class Members(NamedTuple):
    """What iterating over something gives, one by one."""

    known: tuple[tuple[Value, bool], ...]
    """Each with whether it is sure to come."""
    open: bool
    """Whether there may be others."""


def members(value: Value, view: str = "") -> Members | None:
    """What iterating over a value gives, or over its `keys()`, `values()` or `items()`; None where that is not known.
    Nothing is said of the order."""
    (atom,) = value if len(value) == 1 else (None,)
    if isinstance(atom, Mapping):
        return Members(tuple((_viewed(key, view), key.certain) for key in atom.keys), atom.open)
    if isinstance(atom, Collection) and atom.items is not None and not view:
        return Members(tuple((item, True) for item in atom.items), False)
    return None


def _viewed(key: Key, view: str) -> Value:
    """What a view of a dictionary shows of a key."""
    if view == "values":
        return key.value
    name = only(Constant(key.name))
    return only(Collection("tuple", (name, key.value), name | key.value)) if view == "items" else name


def holds(atom: Atom, key: Constant) -> bool | None:
    """Whether a container holds a string or number, None where that is not known."""
    if isinstance(atom, Constant):
        return key.value in atom.value if isinstance(key.value, str) and isinstance(atom.value, str) else None
    known = members(only(atom))
    if known is None:
        return None
    if any(certain and member == only(key) for member, certain in known.known):
        return True
    sure = all(len(member) == 1 and all(isinstance(a, Constant) for a in member) for member, _ in known.known)
    return None if known.open or not sure or any(member == only(key) for member, _ in known.known) else False


def placed(held: Collection) -> tuple[Value, ...] | None:
    """The items of something that has an order, where their number is known."""
    return None if held.kind == "set" else held.items


def collection(value: Value) -> Collection | None:
    if len(value) != 1:
        return None
    (atom,) = value
    return atom if isinstance(atom, Collection) else None


def mapping_result(mapping: Mapping, name: str, passing: Passing) -> Value:
    """What a method of a dictionary returns."""
    positional, _, _ = passing
    if name in ("to", "copy"):
        return only(mapping)
    if name in ("values", "items", "keys"):
        held = join(key.value for key in mapping.keys)
        if mapping.open or not held:
            held |= unknown("an entry of a dictionary")
        if name == "keys":
            held = unknown("a key")
        pair = only(Collection("tuple", (unknown("a key"), held), held))
        known = members(only(mapping), name)
        items = tuple(member for member, certain in known.known if certain) if known is not None else ()
        whole = known is not None and not known.open and len(items) == len(known.known)
        return only(Collection("set", items if whole else None, pair if name == "items" else held))
    if name == "get" and positional and len(positional[0]) == 1:
        (wanted,) = positional[0]
        for key in mapping.keys:
            if wanted == Constant(key.name) and key.certain:
                return key.value
    return unknown("an entry of a dictionary")


def builtin_result(name: str, passing: Passing) -> Value:
    """What one of the `BUILTINS` gives."""
    positional, _, is_open = passing
    if name == "dict":
        return _dictionary(passing)
    if name == FROM_KEYS:
        return _from_keys(passing)
    items = collection(positional[0]) if positional else None
    if name in ("list", "tuple", "set", "frozenset", "reversed", "sorted", "iter"):
        kind = "set" if name in ("set", "frozenset") else "list"
        if name == "iter" and positional and is_fresh(positional[0]):
            kind = FRESH
        if not positional and name in ("list", "tuple"):
            return only(Collection(name, None, unknown("an element added later")))
        if items is None:
            held = join(element(atom) for atom in positional[0]) if positional else NEVER
            return only(Collection(kind, None, held or unknown("elements of something that is not followed")))
        if kind != "list":
            return only(Collection(kind, items.items, items.item))
        return only(Collection(kind, placed(items) if name in ("list", "tuple", "iter") else None, items.item))
    if name == "enumerate" and positional:
        held = join(element(atom) for atom in positional[0])
        pair = only(Collection("tuple", (unknown("a number"), held), held))
        return only(Collection(FRESH if is_fresh(positional[0]) else "list", None, pair))
    if name == "next" and items is not None:
        return join((items.item, *positional[1:]))
    if name == "zip" and positional and not is_open:
        return only(_zipped(positional))
    return unknown(f"what `{name}` gives is not followed")


def gone_through(value: Value) -> Value:
    """What gives the same as a value when it is iterated over: a progress bar."""
    held = join(element(atom) for atom in value)
    return only(Collection(FRESH if is_fresh(value) else "list", None, held))


def _zipped(positional: tuple[Value, ...]) -> Collection:
    parts = tuple(join(element(atom) for atom in value) for value in positional)
    anyone = only(Collection("tuple", parts, join(parts)))
    held = [collection(value) for value in positional]
    columns = [column for c in held if c is not None and (column := placed(c)) is not None]
    if len(columns) < len(positional):
        return Collection(FRESH if is_fresh(*positional) else "list", None, anyone)
    rows = zip(*columns, strict=False)
    return Collection("list", tuple(only(Collection("tuple", row, join(row))) for row in rows), anyone)


def _from_keys(passing: Passing) -> Value:
    """What `dict.fromkeys(...)` makes."""
    positional, _, is_open = passing
    known = members(positional[0]) if positional and not is_open else None
    if known is None:
        return only(Mapping((), True))
    value = positional[1] if len(positional) > 1 else only(Constant(None))
    names = [(known_string(member), certain) for member, certain in known.known]
    keys = {name: Key(name, value, certain) for name, certain in names if name is not None}
    return only(Mapping(tuple(keys.values()), known.open or len(keys) < len(names)))


def _dictionary(passing: Passing) -> Value:
    """What `dict(...)` or `OrderedDict(...)` makes."""
    positional, keywords, is_open = passing
    (first,) = positional[0] if len(positional) == 1 and len(positional[0]) == 1 else (None,)
    base = first if isinstance(first, Mapping) else Mapping((), bool(positional))
    if isinstance(first, Collection):
        base = _of_pairs(first)
    keys = {key.name: key for key in base.keys} | {key: Key(key, value) for key, value in keywords}
    return only(Mapping(tuple(keys.values()), base.open or is_open))


def _of_pairs(pairs: Collection) -> Mapping:
    keys: dict[str, Key] = {}
    for value in pairs.items or ():
        pair = collection(value)
        parts = pair.items if pair is not None else None
        name = known_string(parts[0]) if parts is not None and len(parts) == 2 else None
        if parts is None or name is None:
            return Mapping((), True)
        keys[name] = Key(name, parts[1])
    return Mapping(tuple(keys.values()), pairs.items is None)
