"""The values that expressions can have, as far as we follow them.

A `Value` is a set of alternatives, each an `Atom`. The empty set is the value of an expression that is never reached.
An alternative that is not known is an `Unknown` with its reason, and a value with one in it is not known for sure: a
rule speaks only when *every* alternative is known and at fault. All atoms are immutable, hashable and compare by
content, and name classes and functions instead of holding them, so that an edit in a class body does not change the
values that mention it.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from ..text import Span


class Unknown(msgspec.Struct, frozen=True, gc=False):
    reason: str


class Inner(Unknown, frozen=True, gc=False):
    """A function inside a function, or a lambda, which is followed where it is called in the unit of this key; anything
    else about it is not known."""

    path: str
    key: tuple[str, bytes, int]
    span: Span


class Followed(Unknown, frozen=True, gc=False):
    """A function inside a function that was followed where it was handed over: what it gives, whenever it is called
    there; anything else about it is not known."""

    gives: Value


class Constant(msgspec.Struct, frozen=True, gc=False):
    """A string, number, bool or None."""

    value: str | bytes | int | float | bool | None


class Module(msgspec.Struct, frozen=True, gc=False):
    """An imported module, by its dotted name."""

    name: str


class Imported(msgspec.Struct, frozen=True, gc=False):
    """What another file imports, as long as nobody has read it there: to look it up would lead to ever more files."""

    path: str
    module: str
    level: int
    name: str


class LibraryClass(msgspec.Struct, frozen=True, gc=False):
    """A class of a library that has signatures; `qualified` names its entry
    ("transformers.models.deit.modeling_deit.DeiTModel")."""

    qualified: str


class UserClass(msgspec.Struct, frozen=True, gc=False):
    """A class of the user's own: the path of its file and its qualified name in it."""

    path: str
    qualname: str


class LibraryFunction(msgspec.Struct, frozen=True, gc=False):
    qualified: str


class UserFunction(msgspec.Struct, frozen=True, gc=False):
    path: str
    qualname: str


Class = LibraryClass | UserClass


class Instance(msgspec.Struct, frozen=True, gc=False):
    """An instance of a class; of an Auto class it stands for one of all models that the class can give.

    `producer` is the class whose `forward` returned it, for output objects. `parts` are attributes or items that are
    known by how it was made, by name: those of a pipeline, of an `nn.Sequential` ("0", "1", ...).
    """

    cls: Class
    producer: Class | None = None
    parts: tuple[tuple[str, Value], ...] = ()


class Wrapped(msgspec.Struct, frozen=True, gc=False):
    """A module inside one that hands its call on (`nn.DataParallel`); `wrapper` is the wrapper's qualified name,
    `.module` gives `inner`."""

    wrapper: str
    inner: Value


class Partial(msgspec.Struct, frozen=True, gc=False):
    """What `functools.partial` makes: `function` with its first arguments, and some by keyword."""

    function: Value
    positional: tuple[Value, ...] = ()
    keywords: tuple[tuple[str, Value], ...] = ()


class Super(msgspec.Struct, frozen=True, gc=False):
    """What `super()` gives in a method of a class: its attributes are those of the classes behind it."""

    cls: UserClass


class BoundMethod(msgspec.Struct, frozen=True, gc=False):
    """A method looked up on an instance or a class, before it is called."""

    owner: Instance | LibraryClass | UserClass | Mapping | Wrapped | Super
    name: str


class Key(msgspec.Struct, frozen=True, gc=False):
    """A key that a mapping holds; `certain` is False where it is there on some paths only."""

    name: str
    value: Value
    certain: bool = True


class Mapping(msgspec.Struct, frozen=True, gc=False):
    """A dictionary, or a tokenizer's or processor's result (`cls` names the class then). `open`: it may hold other
    keys too, but no `labels` where it is `unlabelled`."""

    keys: tuple[Key, ...] = ()
    open: bool = False
    cls: str = ""
    unlabelled: bool = False


class Collection(msgspec.Struct, frozen=True, gc=False):
    """A tuple, list or set. `items` by position (of a set in no order); None: of unknown length, every item has value
    `item`."""

    kind: str
    items: tuple[Value, ...] | None
    item: Value


class Tensor(msgspec.Struct, frozen=True, gc=False):
    """Something computed by torch: no model, no mapping, nothing that could be called or spread."""


Atom = (
    Unknown
    | Inner
    | Followed
    | Constant
    | Module
    | Imported
    | LibraryClass
    | UserClass
    | LibraryFunction
    | UserFunction
    | Instance
    | Wrapped
    | Partial
    | Super
    | BoundMethod
    | Mapping
    | Collection
    | Tensor
)
Value = frozenset[Atom]

NEVER: Value = frozenset()

FRESH, GENERATOR = "fresh", "generator"
"""`Collection.kind` of what is made while it is gone through, and of what a generator function gives."""
MADE_ANEW = frozenset((FRESH, GENERATOR))
"""Kinds of which nobody else holds what they give."""
MODULE_DICT = "torch.nn.modules.container.ModuleDict"
"""`Mapping.cls` of a dictionary of modules."""

MODULE_LIST, PARAMETER_LIST, APPENDED = "ModuleList", "ParameterList", "appended"
"""`Collection.kind` of torch's lists, and of what is appended to an attribute of which nothing else is known."""
OF_MODULES = frozenset((MODULE_LIST, PARAMETER_LIST, APPENDED))
"""Kinds whose elements nobody changes behind one's back."""


def unknown(reason: str) -> Value:
    return frozenset((Unknown(reason),))


def only(atom: Atom) -> Value:
    return frozenset((atom,))


def join(values: Iterable[Value]) -> Value:
    return frozenset().union(*values)


def passed_on(value: Value) -> Value | None:
    """What any use of a value gives of which nothing is known: the same. None: something is known of it.

    It is another object, as what is masked while a test holds is told by identity (see `Narrowing`).
    """
    if len(value) != 1:
        return None
    (atom,) = value
    return only(atom) if type(atom) is Unknown else None


def why_unknown(value: Value) -> str:
    """The reason why a value is not known for sure, "" when it is."""
    for atom in value:
        if isinstance(atom, Unknown):
            return atom.reason
    return "" if value else "never reached"


def known_string(value: Value | None) -> str | None:
    """The string that a value is for sure."""
    (atom,) = value if value is not None and len(value) == 1 else (None,)
    return atom.value if isinstance(atom, Constant) and isinstance(atom.value, str) else None


def ordered(value: Value) -> list[Atom]:
    """The alternatives in an order that is the same in every run."""
    return list(value) if len(value) < 2 else sorted(value, key=repr)
