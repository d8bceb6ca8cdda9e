"""What names hold at one point of a function or module."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from .values import (
    MADE_ANEW,
    MODULE_DICT,
    OF_MODULES,
    Atom,
    Collection,
    Constant,
    Instance,
    Key,
    LibraryClass,
    Mapping,
    Tensor,
    Unknown,
    Value,
    join,
    unknown,
    why_unknown,
)


class State:
    """Values of local names, and of attributes set or narrowed on local names (`self.encoder`, `outputs.loss`).

    `reached` says that the point is reached at all: after `return` or `raise` it is not. `tested` says that it is
    reached only if some test comes out in a certain way.
    """

    __slots__ = ("attributes", "names", "reached", "tested")

    def __init__(
        self,
        names: dict[str, Value],
        attributes: dict[tuple[str, str], Value],
        reached: bool = True,
        tested: bool = False,
    ) -> None:
        self.tested = tested
        self.names = names
        self.attributes = attributes
        self.reached = reached

    @staticmethod
    def empty() -> State:
        return State({}, {})

    def copy(self) -> State:
        return State(dict(self.names), dict(self.attributes), self.reached, self.tested)

    def bind(self, name: str, value: Value) -> None:
        self.names[name] = value
        if self.attributes:
            for key in [key for key in self.attributes if key[0] == name]:
                del self.attributes[key]


def joined(states: Iterable[State], outer: Callable[[str], Value | None]) -> State:
    """The state where paths meet. A name that a path did not bind has the value there that `outer` gives; where that is
    None too, the name is taken to be unbound, and using it would be another mistake than ours."""
    reached = [state for state in states if state.reached]
    if not reached:
        return State({}, {}, reached=False)
    if len(reached) == 1:
        return reached[0]
    first, *others = tables = [state.names for state in reached]
    names = dict(first)
    # Most names hold the very same value on all paths: they are told apart first, as there may be hundreds.
    apart: dict[str, None] = {}
    for table in others:
        apart.update(dict.fromkeys([name for name, value in first.items() if table.get(name) is not value]))
        if apart or len(table) > len(first):  # otherwise they hold the same names
            apart.update(dict.fromkeys([name for name in table if name not in first]))
    for name in apart:
        known = [value for table in tables if (value := table.get(name)) is not None]
        if len(known) < len(tables) and (value := outer(name)) is not None:
            known.append(value)
        result = known[0]
        for value in known[1:]:
            result = result if result == value else merged(result, value)
        names[name] = result
    attributes = _joined_attributes([state.attributes for state in reached])
    return State(names, attributes, tested=any(state.tested for state in reached))


def _joined_attributes(tables: list[dict[tuple[str, str], Value]]) -> dict[tuple[str, str], Value]:
    """What is known of attributes on all paths."""
    first, *others = tables
    return {key: join(table[key] for table in tables) for key in first if all(key in table for table in others)}


def merged(one: Value, other: Value) -> Value:
    """Union of two values; two dictionaries become one, whose keys are certain where both have them."""
    mappings = [atom for atom in (*one, *other) if isinstance(atom, Mapping)]
    if len(mappings) < 2:
        return one | other
    rest = frozenset(atom for atom in one | other if not isinstance(atom, Mapping))
    keys: dict[str, Key] = {}
    for mapping in mappings:
        for key in mapping.keys:
            known = keys.get(key.name)
            value = key.value if known is None else known.value | key.value
            certain = all(any(k.name == key.name and k.certain for k in m.keys) for m in mappings)
            keys[key.name] = Key(key.name, value, certain)
    classes = {mapping.cls for mapping in mappings}
    whole = Mapping(tuple(keys.values()), any(m.open for m in mappings), classes.pop() if len(classes) == 1 else "")
    return rest | {whole}


def loose(value: Value) -> Value:
    """The value once others may have changed it: a dictionary may have got and lost keys, a list elements."""
    if not any(isinstance(atom, Mapping | Collection) for atom in value):
        return value
    return frozenset(_loose(atom) for atom in value)


def _loose(atom: Atom) -> Atom:
    if isinstance(atom, Mapping) and atom.cls != MODULE_DICT:
        return Mapping(tuple(Key(key.name, loose(key.value), False) for key in atom.keys), True, atom.cls)
    if isinstance(atom, Collection) and atom.kind == "tuple" and atom.items is not None:
        return Collection(atom.kind, tuple(map(loose, atom.items)), loose(atom.item))
    if isinstance(atom, Collection) and atom.kind not in OF_MODULES and atom.kind not in MADE_ANEW:
        return Collection(atom.kind, None, loose(atom.item) | unknown("an element added elsewhere"))
    return atom


def loose_elements(value: Value) -> Value:
    """The value once others may have changed what its elements, or the values of its keys, hold."""
    if not holds_more(value):
        return value
    return frozenset(_loose_elements(atom) for atom in value)


def _loose_elements(atom: Atom) -> Atom:
    match atom:
        case Collection() if atom.kind not in MADE_ANEW:
            items = None if atom.items is None else tuple(map(loose, atom.items))
            return Collection(atom.kind, items, loose(atom.item))
        case Mapping():
            keys = tuple(Key(key.name, loose(key.value), key.certain) for key in atom.keys)
            return Mapping(keys, atom.open, atom.cls, atom.unlabelled)
    return atom


def changed(value: Value) -> Value:
    """The value once its contents have been changed for sure, be it a container that nobody changes behind one's
    back."""
    return frozenset(_changed(atom) for atom in value)


def _changed(atom: Atom) -> Atom:
    match atom:
        case Collection():
            return Collection(atom.kind, None, atom.item | unknown("an element added elsewhere"))
        case Mapping():
            return Mapping(tuple(Key(key.name, key.value, False) for key in atom.keys), True, atom.cls)
        case Instance(cls=LibraryClass()) if atom.parts or atom.producer is not None:
            return Unknown("its contents have been changed")
    return atom


def is_dull(value: Value) -> bool:
    """Whether nothing in a value can be called or spread by name."""
    return all(
        isinstance(atom, Constant | Unknown | Tensor)
        or (isinstance(atom, Collection) and atom.kind == "list" and is_dull(atom.item))
        for atom in value
    )


def is_vaguer(value: Value, known: Value) -> bool:
    """Whether all that a value has beside a known one is lists of elements as unknown as those of lists there."""
    is_vague = any(isinstance(atom, Collection) and atom.items is None and why_unknown(atom.item) for atom in known)
    return is_vague and all(
        isinstance(atom, Collection) and atom.kind == "list" and atom.items is None and is_dull(atom.item)
        for atom in value - known
    )


def holds_more(value: Value) -> bool:
    """Whether a value has contents that can be changed."""
    return any(isinstance(atom, Mapping | Collection) for atom in value)


def truthiness(value: Value) -> bool | None:
    """True or False where all alternatives agree, else None."""
    if not value or any(not isinstance(atom, Constant) for atom in value):
        return None
    verdicts = {bool(atom.value) for atom in value if isinstance(atom, Constant)}
    return verdicts.pop() if len(verdicts) == 1 else None


def without_none(value: Value) -> Value:
    return frozenset(atom for atom in value if atom != Constant(None)) or frozenset((Unknown("only None"),))
