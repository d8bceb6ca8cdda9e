"""An entry as columns: named values that change with versions one by one.

A column is named after its field; what belongs to one method or one model type has that name after a colon. Columns
that have their default are left out. Texts are no columns.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .model import Entry, Extra, Field, Parameter, Signature
from .texts import METHOD, signatures_of

Columns = dict[str, Any]

_PLAIN: dict[str, Any] = {
    "role": str,
    "mro": tuple[str, ...],
    "members": tuple[str, ...],
    "keys": tuple[str, ...],
    "keys_open": bool,
    "model_type": str,
    "family": str,
    "head": str,
    "replaced_by": str,
    "file": str,
    "line": int,
}
"""Fields that are columns as they are, with their types."""
_DEFAULTS = {name: getattr(Entry("", ""), name) for name in _PLAIN}
_DEFAULTS["role"] = ""  # always written: without a column an entry would not exist

_NUMBERS = tuple[int, ...]
_NAMES = tuple[str, ...]
_ACCEPTS = tuple[tuple[str, tuple[str, ...]], ...]
"""(way, names)"""
_REST = tuple[Extra, str, tuple[str, ...], dict[str, str]]
"""Of a signature: `extra`, `returns`, `prefixes`, `renamed`"""
_NO_REST: tuple[Any, ...] = ("refused", "", (), {})


def columns(entry: Entry, number: Callable[[Parameter], int]) -> Columns:
    """The columns of a bare entry; `number` gives the number of a parameter in its table."""
    found: Columns = {name: value for name in _PLAIN if (value := getattr(entry, name)) != _DEFAULTS[name]}
    for place, signature in signatures_of(entry):
        kind, colon, name = place.partition(":")
        found[place] = [number(parameter) for parameter in signature.parameters]
        if signature.accepts:
            by_way: dict[str, list[str]] = {}
            for keyword, way in sorted(signature.accepts.items()):
                by_way.setdefault(way, []).append(keyword)
            found[f"{kind}-accepts{colon}{name}"] = sorted(by_way.items())
        rest = (signature.extra, signature.returns, signature.prefixes, signature.renamed)
        if rest != _NO_REST:
            found[f"{kind}-rest{colon}{name}"] = rest
    if entry.fields:
        found["fields"] = [field.name for field in entry.fields]
    found.update((f"mapping:{name}", classes) for name, classes in entry.mapping.items())
    return found


def entry_of(
    module: str,
    name: str,
    state: Mapping[str, int],
    value: Callable[[int, Any], Any],
    parameters: Sequence[Parameter],
) -> Entry:
    """The bare entry that has these columns; `value` reads the value of a number as a type."""
    fields: dict[str, Any] = {}
    methods: dict[str, Signature] = {}
    mapping: dict[str, tuple[str, ...]] = {}

    def signature(kind: str, colon: str, of: str) -> Signature:
        accepts = state.get(f"{kind}-accepts{colon}{of}")
        rest = state.get(f"{kind}-rest{colon}{of}")
        extra, returns, prefixes, renamed = _NO_REST if rest is None else value(rest, _REST)
        return Signature(
            parameters=tuple(parameters[item] for item in value(state[f"{kind}{colon}{of}"], _NUMBERS)),
            accepts={} if accepts is None else _accepts(value(accepts, _ACCEPTS)),
            prefixes=prefixes,
            extra=extra,
            returns=returns,
            renamed=renamed,
        )

    for column in sorted(state):
        kind, colon, of = column.partition(":")
        if kind in _PLAIN:
            fields[kind] = value(state[column], _PLAIN[kind])
        elif kind == "fields":
            fields["fields"] = tuple(map(Field, value(state[column], _NAMES)))
        elif kind == "mapping":
            mapping[of] = value(state[column], _NAMES)
        elif kind in ("init", "call"):
            fields[kind] = signature(kind, colon, of)
        elif kind + colon == METHOD:
            methods[of] = signature(kind, colon, of)
    return Entry(name, module, methods=methods, mapping=mapping, **fields)


def _accepts(ways: Sequence[tuple[str, Sequence[str]]]) -> dict[str, str]:
    return dict(sorted((keyword, way) for way, keywords in ways for keyword in keywords))
