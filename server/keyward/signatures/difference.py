"""What is different between two versions of a library, by what it means for those who call it.

Pure functions on entries. A `Change` is one fact about one place ("`head_mask` is ignored now" in `BertModel.forward`);
a `Fact` is a change with all places where it holds, so that what is the same everywhere is said once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from fnmatch import fnmatchcase
from typing import Literal

import msgspec

from .edition import Edition
from .model import Entry, Field, Frozen, Kind, Signature

Fate = Literal["accepted", "ignored", "refused", "open"]
"""What becomes of a keyword: it has an effect, silence, `TypeError`, or it cannot be known."""


class Consequence(str, Enum):
    """What a change means for code that was right before, the gravest first."""

    RAISES = "raises"
    SILENT = "silent"
    """Runs, and does something else."""
    UNCERTAIN = "uncertain"
    """It cannot be followed any more what becomes of it."""
    DEPRECATED = "deprecated"
    NEW = "new"

    @property
    def breaks(self) -> bool:
        """Whether code that was right is wrong now."""
        return self in (Consequence.RAISES, Consequence.SILENT)


class What(str, Enum):
    """The kinds of changes, in the order in which they are told."""

    NAME_GONE = "name-gone"
    """`before`: where it was defined; `after`: what took its place, "" where that is not known."""
    MOVED = "moved"
    """`before` and `after`: its public names, or the modules that define it."""
    METHOD_GONE = "method-gone"
    REFUSED = "keyword-refused"
    """A keyword, `after`: the one that took its place."""
    IGNORED = "keyword-ignored"
    LOST = "keyword-untraced"
    REQUIRED = "required-now"
    KEYWORD_ONLY = "keyword-only-now"
    """A parameter; "": all of them."""
    POSITIONS = "positions-changed"
    """`before`: parameters taken out from before others, `after`: those put in before others."""
    OTHERS = "other-keywords"
    """Any keyword that nothing names; `before` and `after` are fates."""
    DEFAULT = "default-changed"
    FIELD_GONE = "field-gone"
    """Of what a call returns."""
    KEY_GONE = "key-gone"
    """Of what a tokenizer or processor returns."""
    ATTRIBUTE_GONE = "attribute-gone"
    MODEL_TYPE_GONE = "model-type-gone"
    """Of an auto class; `before`: the classes that it gave."""
    KEYWORD_DEPRECATED = "keyword-deprecated"
    NAME_DEPRECATED = "name-deprecated"
    NAME_NEW = "name-new"
    METHOD_NEW = "method-new"
    KEYWORD_NEW = "keyword-new"
    """`before`: "ignored" where it was passed in silence until now, "open" where it may have been taken already."""
    OPTIONAL = "optional-now"
    FIELD_NEW = "field-new"
    KEY_NEW = "key-new"
    ATTRIBUTE_NEW = "attribute-new"
    MODEL_TYPE_NEW = "model-type-new"


class Change(Frozen, frozen=True):
    """One fact about one place. `subject` is the keyword, field, key, attribute, method or model type."""

    consequence: Consequence
    what: What
    subject: str = ""
    before: str = ""
    after: str = ""


class Place(Frozen, frozen=True, order=True):
    """Where a change is: a public name ("transformers.BertModel"), and which of its callables ("forward",
    "__init__", the name of a method; "" for a function, or for the name itself)."""

    name: str
    within: str = ""


class Fact(Frozen, frozen=True):
    """Changes that hold at the same places: one kind, one or more subjects."""

    changes: tuple[Change, ...]
    places: tuple[Place, ...]

    @property
    def consequence(self) -> Consequence:
        return self.changes[0].consequence

    @property
    def what(self) -> What:
        return self.changes[0].what


@dataclass(frozen=True)
class Difference:
    """All that is different between two editions."""

    distribution: str
    old: str
    new: str
    n_before: int
    """Public names in the old one."""
    n_after: int
    n_common: int
    n_changed: int
    """Names in both that have a change other than where they are defined."""
    facts: tuple[Fact, ...]
    """Sorted by consequence, kind, and how many places they hold at."""


def fate(signature: Signature, keyword: str) -> Fate:
    """What becomes of a keyword."""
    return "accepted" if signature.takes(keyword) else signature.extra


def compare(old: Edition, new: Edition, patterns: Iterable[str] = ()) -> Difference:
    """Everything that is different, or what concerns names that match one of the patterns (see `matches`)."""
    wanted = tuple(patterns)

    def chosen(edition: Edition) -> dict[str, Entry | None]:
        if not wanted:
            return edition.names
        return {
            name: entry for name, entry in edition.names.items() if any(matches(name, entry, one) for one in wanted)
        }

    before, after = chosen(old), chosen(new)
    found: dict[Change, list[Place]] = {}
    changed: set[str] = set()
    common = 0
    elsewhere = {entry.qualified: name for name, entry in new.names.items() if entry is not None}
    for name, entry in before.items():
        if name in new.names:
            common += 1
            current = new.names[name]
        else:
            kept = next((alias for alias in old.aliases.get(name, ()) if _exports(new, alias)), "")
            kept = kept or (elsewhere.get(entry.qualified, "") if entry is not None else "")
            if not kept:
                found.setdefault(_gone(name, entry, new), []).append(Place(name))
                continue
            common += 1
            found.setdefault(Change(Consequence.RAISES, What.MOVED, "", name, kept), []).append(Place(name))
            current = new.find(kept)
        if entry is None or current is None:
            continue
        if entry.module != current.module and not entry.module.startswith(f"{current.module}."):
            moved = Change(Consequence.UNCERTAIN, What.MOVED, "", entry.module, current.module)
            found.setdefault(moved, []).append(Place(name))
        for within, change in compare_entries(entry, current, old.find, new.find):
            changed.add(name)
            if change.what in _DROPPED and not change.after:
                place = _PLACES.get(within, f"method:{within}")
                change = msgspec.structs.replace(change, after=new.successor_of_keyword(name, change.subject, place))
            found.setdefault(change, []).append(Place(name, within))
    known = {alias for name in old.names for alias in (name, *old.aliases.get(name, ()))}
    defined = {entry.qualified for entry in old.names.values() if entry is not None}
    for name, entry in after.items():
        here = (name, *new.aliases.get(name, ()))
        if not known.intersection(here) and (entry is None or entry.qualified not in defined):
            found.setdefault(Change(Consequence.NEW, What.NAME_NEW), []).append(Place(name))
    return Difference(
        old.distribution, old.version, new.version, len(before), len(after), common, len(changed), tuple(_facts(found))
    )


def matches(name: str, entry: Entry | None, pattern: str) -> bool:
    """Whether a public name is meant: in full, by its last part, by a pattern (`Bert*`), or by its model family."""
    last = name.rpartition(".")[2]
    if fnmatchcase(name, pattern) or fnmatchcase(last, pattern):
        return True
    return entry is not None and (entry.family == pattern or pattern in (entry.module, entry.qualified))


def compare_entries(
    old: Entry,
    new: Entry,
    find_old: Callable[[str], Entry | None] = lambda _: None,
    find_new: Callable[[str], Entry | None] = lambda _: None,
) -> Iterator[tuple[str, Change]]:
    """The changes of one class or function, each with the callable that it is in.

    Args:
        old: how it was.
        new: how it is.
        find_old: the entry of a qualified name, for the classes that calls return; likewise `find_new`.
    """
    if new.replaced_by and not old.replaced_by:
        yield "", Change(Consequence.DEPRECATED, What.NAME_DEPRECATED, after=new.replaced_by)
    if old.role != "output":  # its constructor takes its fields
        for change in compare_signatures(old.init, new.init):
            yield "__init__", change
    called = _called(new)
    for change in compare_signatures(old.call, new.call):
        yield called, change
    if old.call is not None and new.call is not None:
        returned = find_old(old.call.returns), find_new(new.call.returns)
        if returned[0] is not None and returned[1] is not None and "output" == returned[0].role == returned[1].role:
            for change in _compare_fields(returned[0], returned[1]):
                yield called, change
    if old.role == new.role == "output":
        for change in _compare_fields(old, new):
            yield "", change
    elif old.role == "config":
        for change in _compare_attributes(old, new):
            yield "", change
    for change in _compare_keys(old, new):
        yield called, change
    for change in _compare_mapping(old.mapping, new.mapping):
        yield "", change
    yield from _compare_methods(old, new, find_old, find_new)


def compare_signatures(old: Signature | None, new: Signature | None) -> Iterator[Change]:
    """The changes of one callable; none where one of the two is unknown."""
    if old is None or new is None or old == new:
        return
    for keyword in old.keywords:
        for_callers = old.parameter(keyword) is not None or meant(keyword, old.accepts[keyword])
        if (for_callers or new.extra == "refused") and not new.takes(keyword):
            yield _dropped(keyword, old, new)
    yield from _compare_parameters(old, new)
    for keyword, way in new.accepts.items():
        if new.parameter(keyword) is None and not old.takes(keyword) and old.extra != "open" and meant(keyword, way):
            yield _accepted(keyword, old)
    yield from _compare_positions(old, new)
    if old.extra != new.extra and "open" not in (old.extra, new.extra):
        consequence = Consequence.RAISES if new.extra == "refused" else Consequence.SILENT
        yield Change(consequence, What.OTHERS, "", old.extra, new.extra)
    for keyword, instead in new.renamed.items():
        if keyword not in old.renamed and old.takes(keyword) and new.takes(keyword):
            yield Change(Consequence.DEPRECATED, What.KEYWORD_DEPRECATED, keyword, "", instead)


def meant(keyword: str, way: str) -> bool:
    """Whether an effective keyword is meant for callers: the key of a TypedDict, which is named like a class, or a
    switch by its usual name. Whatever else gets through to an inner function is nothing to announce."""
    return (way[:1].isupper() and "." not in way) or keyword.startswith(("output_", "return_", "use_"))


def _exports(edition: Edition, name: str) -> bool:
    module, _, last = name.rpartition(".")
    entry = edition.find(name)
    return name in edition.names or (entry is not None and f"{module}.{last}" != entry.qualified)


_DROPPED = (What.REFUSED, What.IGNORED, What.LOST)
_PLACES = {"": "call", "forward": "call", "__call__": "call", "__init__": "init"}


def _gone(name: str, entry: Entry | None, new: Edition) -> Change:
    instead = new.successor(name) or (entry.replaced_by if entry is not None else "")
    return Change(Consequence.RAISES, What.NAME_GONE, "", "", instead)


def _called(entry: Entry) -> str:
    """What the callable behind a call of it (or of its instances) is named."""
    if entry.role == "function":
        return ""
    return "forward" if entry.role in ("model", "module") else "__call__"


def _dropped(keyword: str, old: Signature, new: Signature) -> Change:
    instead = new.renamed.get(keyword) or old.renamed.get(keyword, "")
    if instead and not new.takes(instead):
        instead = ""
    if new.extra == "refused":
        return Change(Consequence.RAISES, What.REFUSED, keyword, "", instead)
    if new.extra == "ignored":
        return Change(Consequence.SILENT, What.IGNORED, keyword, "", instead)
    return Change(Consequence.UNCERTAIN, What.LOST, keyword, "", instead)


_VARIADIC = (Kind.VAR_POSITIONAL, Kind.VAR_KEYWORD)
_PLACED = (Kind.POSITIONAL_ONLY, Kind.POSITIONAL_OR_KEYWORD)


def _compare_parameters(old: Signature, new: Signature) -> Iterator[Change]:
    by_name = {parameter.name: parameter for parameter in old.parameters if parameter.kind not in _VARIADIC}
    bound: list[str] = []
    for after in new.parameters:
        if after.kind in _VARIADIC:
            continue
        before = by_name.get(after.name)
        if before is None:
            if after.required:
                yield Change(Consequence.RAISES, What.REQUIRED, after.name)
            elif not old.takes(after.name):
                yield _accepted(after.name, old)
            continue
        if before.required != after.required:
            required = after.required
            consequence = Consequence.RAISES if required else Consequence.NEW
            yield Change(consequence, What.REQUIRED if required else What.OPTIONAL, after.name)
        elif not _same_default(before.default, after.default):
            yield Change(Consequence.SILENT, What.DEFAULT, after.name, before.default or "", after.default or "")
        if before.kind in _PLACED and after.kind is Kind.KEYWORD_ONLY:
            bound.append(after.name)
    kept = [
        name for name, parameter in by_name.items() if parameter.kind in _PLACED and new.parameter(name) is not None
    ]
    if len(bound) > 1 and len(bound) == len(kept):
        bound = [""]
    for name in bound:
        yield Change(Consequence.RAISES, What.KEYWORD_ONLY, name)


def _same_default(old: str | None, new: str | None) -> bool:
    """Whether two defaults do the same: a list that became a tuple, as in data classes, is none to callers."""
    lists = str.maketrans("[]", "()")
    return (old or "").translate(lists).replace(",)", ")") == (new or "").translate(lists).replace(",)", ")")


def _accepted(keyword: str, old: Signature) -> Change:
    return Change(Consequence.NEW, What.KEYWORD_NEW, keyword, "" if old.extra == "refused" else old.extra)


def _compare_positions(old: Signature, new: Signature) -> Iterator[Change]:
    """Whether an argument by position goes to another parameter than before, and what made it so."""
    before = [parameter.name for parameter in old.parameters if parameter.kind in _PLACED]
    after = [parameter.name for parameter in new.parameters if parameter.kind in _PLACED]
    moved = [name for at, name in enumerate(after) if name in before and before.index(name) != at]
    if not moved:
        return
    last_before, last_after = max(map(before.index, moved)), max(map(after.index, moved))
    removed = [name for name in before[:last_before] if name not in after]
    added = [name for name in after[:last_after] if name not in before]
    order = [name for name in after if name in before]
    if order != [name for name in before if name in after]:
        removed, added = before, after
    yield Change(Consequence.SILENT, What.POSITIONS, "", ", ".join(removed), ", ".join(added))


def _compare_fields(old: Entry, new: Entry) -> Iterator[Change]:
    def names(fields: Iterable[Field]) -> list[str]:
        return [field.name for field in fields]

    for name in names(old.fields):
        if name not in names(new.fields) and name not in new.members:
            yield Change(Consequence.RAISES, What.FIELD_GONE, name)
    for name in names(new.fields):
        if name not in names(old.fields) and name not in old.members:
            yield Change(Consequence.NEW, What.FIELD_NEW, name)


def _compare_attributes(old: Entry, new: Entry) -> Iterator[Change]:
    """Attributes of a configuration beside its parameters, where both versions list them."""
    if not old.members or not new.members or old.init is None or new.init is None:
        return
    before = {*old.members, *(parameter.name for parameter in old.init.parameters)}
    after = {*new.members, *(parameter.name for parameter in new.init.parameters)}
    for name in old.members:
        if name not in after:
            yield Change(Consequence.RAISES, What.ATTRIBUTE_GONE, name)
    for name in new.members:
        if name not in before:
            yield Change(Consequence.NEW, What.ATTRIBUTE_NEW, name)


def _compare_keys(old: Entry, new: Entry) -> Iterator[Change]:
    if not old.keys or not new.keys:
        return
    for name in old.keys:
        if name not in new.keys and not new.keys_open:
            yield Change(Consequence.RAISES, What.KEY_GONE, name)
    for name in new.keys:
        if name not in old.keys and not old.keys_open:
            yield Change(Consequence.NEW, What.KEY_NEW, name)


def _compare_methods(
    old: Entry, new: Entry, find_old: Callable[[str], Entry | None], find_new: Callable[[str], Entry | None]
) -> Iterator[tuple[str, Change]]:
    """The methods of one class itself: what it inherits is told of its bases, unless those are gone."""
    if not old.methods or not new.methods:  # one of the two was not asked for them
        return
    orphaned = [base for base in map(find_old, _lost_bases(old, find_old, find_new)) if base is not None]
    before = {name: signature for base in (*reversed(orphaned), old) for name, signature in base.methods.items()}
    for method in dict.fromkeys((*before, *new.methods)):
        earlier = before.get(method) or _inherited(old, method, find_old)
        later = new.methods.get(method) or _inherited(new, method, find_new)
        if later is None:
            yield "", Change(Consequence.RAISES, What.METHOD_GONE, method)
        elif earlier is None:
            yield "", Change(Consequence.NEW, What.METHOD_NEW, method)
        elif method in old.methods or method in new.methods:
            for change in compare_signatures(earlier, later):
                yield method, change


def _inherited(entry: Entry, method: str, find: Callable[[str], Entry | None]) -> Signature | None:
    bases = (base for base in map(find, entry.mro) if base is not None)
    return next((base.methods[method] for base in bases if method in base.methods), None)


def _lost_bases(
    old: Entry, find_old: Callable[[str], Entry | None], find_new: Callable[[str], Entry | None]
) -> list[str]:
    """The bases that are no more, those aside of which a base that stays tells."""
    told = {name for base in old.mro if find_new(base) is not None for name in getattr(find_old(base), "mro", ())}
    return [base for base in old.mro if base not in told and find_old(base) is not None and find_new(base) is None]


def _compare_mapping(old: Mapping[str, tuple[str, ...]], new: Mapping[str, tuple[str, ...]]) -> Iterator[Change]:
    if not old or not new:
        return
    for model_type in old:
        if model_type not in new:
            yield Change(Consequence.RAISES, What.MODEL_TYPE_GONE, model_type)
    for model_type in new:
        if model_type not in old:
            yield Change(Consequence.NEW, What.MODEL_TYPE_NEW, model_type)


def _facts(found: Mapping[Change, Sequence[Place]]) -> Iterator[Fact]:
    """Changes of one kind at the same places together; sorted."""
    together: dict[tuple[Consequence, What, str, str, tuple[Place, ...]], list[Change]] = {}
    for change, places in found.items():
        key = (change.consequence, change.what, change.before, change.after, tuple(sorted(set(places))))
        together.setdefault(key, []).append(change)
    grave, order = list(Consequence), list(What)
    facts = [
        Fact(tuple(sorted(changes, key=lambda change: change.subject)), places)
        for (_, _, _, _, places), changes in together.items()
    ]
    yield from sorted(
        facts,
        key=lambda fact: (
            grave.index(fact.consequence),
            order.index(fact.what),
            -len(fact.places),
            fact.changes[0].subject,
            msgspec.json.encode(fact.changes),
            fact.places,
        ),
    )
