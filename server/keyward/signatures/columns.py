"""An entry as columns: named values that change with versions one by one.

A column is named after its field; what belongs to one method or one model type has that name after a colon. Columns
that have their default are left out. Texts are no columns.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

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

_Ways = tuple[tuple[str, tuple[str, ...]], ...]
"""(way, names)"""
_Rest = tuple[Extra, str, tuple[str, ...], dict[str, str]]
"""Of a signature: `extra`, `returns`, `prefixes`, `renamed`"""
_NO_REST: tuple[Any, ...] = ("refused", "", (), {})

_decoders = {kind: msgspec.json.Decoder(type).decode for kind, type in _PLAIN.items()}
_decoders.update(
    {
        "fields": msgspec.json.Decoder(tuple[str, ...]).decode,
        "mapping": msgspec.json.Decoder(tuple[str, ...]).decode,
        "parameters": msgspec.json.Decoder(tuple[int, ...]).decode,
        "accepts": msgspec.json.Decoder(_Ways).decode,
        "rest": msgspec.json.Decoder(_Rest).decode,
    }
)


class Values:
    """The table of values of a family. A value that is used again is read once."""

    def __init__(self, values: Sequence[msgspec.Raw], parameters: Sequence[Parameter]) -> None:
        self._values = values
        self._parameters = parameters
        self._read: dict[tuple[str, int], Any] = {}

    def get(self, kind: str, number: int) -> Any:
        """The value of a number, read as a kind of column.

        Raises:
            ValueError, LookupError: there is no such value.
        """
        key = (kind, number)
        if (found := self._read.get(key)) is None:
            found = self._read[key] = self._made(kind, _decoders[kind](self._values[number]))
        return found

    def _made(self, kind: str, value: Any) -> Any:
        if kind == "parameters":
            return tuple([self._parameters[item] for item in value])
        if kind == "accepts":
            return dict(sorted((keyword, way) for way, keywords in value for keyword in keywords))
        if kind == "fields":
            return tuple(map(Field, value))
        return value


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


def entry_of(module: str, name: str, state: Mapping[str, int], values: Values) -> Entry:
    """The bare entry that has these columns, given as numbers of values.

    Raises:
        ValueError, LookupError: there is no such entry.
    """
    fields: dict[str, Any] = {}
    methods: dict[str, Signature] = {}
    mapping: dict[str, tuple[str, ...]] = {}
    get = values.get

    def signature(kind: str, after: str) -> Signature:
        accepts = state.get(f"{kind}-accepts{after}")
        rest = state.get(f"{kind}-rest{after}")
        extra, returns, prefixes, renamed = _NO_REST if rest is None else get("rest", rest)
        return Signature(
            parameters=get("parameters", state[kind + after]),
            accepts={} if accepts is None else get("accepts", accepts),
            prefixes=prefixes,
            extra=extra,
            returns=returns,
            renamed=renamed,
        )

    for column in sorted(state):
        kind, colon, of = column.partition(":")
        if kind in _PLAIN or kind == "fields":
            fields[kind] = get(kind, state[column])
        elif kind == "mapping":
            mapping[of] = get(kind, state[column])
        elif kind in ("init", "call"):
            fields[kind] = signature(kind, "")
        elif kind + colon == METHOD:
            methods[of] = signature(kind, colon + of)
    return Entry(name, module, methods=methods, mapping=mapping, **fields)
