"""Texts of an entry: what people read and no rule looks at. A history keeps one of each, not one for each version.

They are the first sentence of a docstring, what parameters and fields are annotated with and documented as, and why it
cannot be known what becomes of other keywords. Taken out of an entry, what remains is its *bare* entry: it changes when
what is accepted, returned or exported does. Kept is the text of the newest version that has one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from .model import Entry, Field, Parameter, Signature

Key = tuple[str, str]
"""Where a text belongs: "init", "call", "method:NAME", "fields" or "doc", and the name of a parameter or field there.
An empty name stands for the reason why the keywords of a signature are open, or, with "doc", for the entry itself."""


class Words(msgspec.Struct, frozen=True, array_like=True):
    """The texts of one parameter or field. A version is named where it is not the last one that has that parameter."""

    annotation: str = ""
    doc: str = ""
    annotation_from: str = ""
    doc_from: str = ""


Texts = Mapping[Key, Words]

METHOD = "method:"
"""Begins the place of what a method says."""
_ENTRY = ("doc", "")


def signatures_of(entry: Entry) -> Iterator[tuple[str, Signature]]:
    """Each signature of an entry with its place, in an order that rests on nothing but names."""
    if entry.init is not None:
        yield "init", entry.init
    if entry.call is not None:
        yield "call", entry.call
    for name, signature in sorted(entry.methods.items()):
        yield METHOD + name, signature


def signature_at(entry: Entry, place: str) -> Signature | None:
    """The signature of "init", "call" or "method:NAME"."""
    return dict(signatures_of(entry)).get(place)


def places(entry: Entry) -> Iterator[Key]:
    """Where an entry can have texts."""
    yield _ENTRY
    for place, signature in signatures_of(entry):
        if signature.extra == "open":
            yield place, ""
        for parameter in signature.parameters:
            yield place, parameter.name
    for field in entry.fields:
        yield "fields", field.name


def split(entry: Entry) -> tuple[Entry, dict[Key, Words]]:
    """The bare entry, and the texts that it had."""
    texts: dict[Key, Words] = {}
    if entry.doc:
        texts[_ENTRY] = Words(doc=entry.doc)
    for place, signature in signatures_of(entry):
        if signature.reason and signature.extra == "open":
            texts[place, ""] = Words(doc=signature.reason)
        for parameter in signature.parameters:
            if parameter.annotation or parameter.doc:
                texts[place, parameter.name] = Words(parameter.annotation, parameter.doc)
    for field in entry.fields:
        if field.annotation or field.doc:
            texts["fields", field.name] = Words(field.annotation, field.doc)
    return join(entry, {}), texts


def join(entry: Entry, texts: Texts) -> Entry:
    """An entry with these texts in place of its own."""
    return msgspec.structs.replace(
        entry,
        init=None if entry.init is None else _signature("init", entry.init, texts),
        call=None if entry.call is None else _signature("call", entry.call, texts),
        methods={name: _signature(METHOD + name, method, texts) for name, method in entry.methods.items()},
        fields=tuple(
            Field(field.name, words.annotation, words.doc)
            for field in entry.fields
            for words in (texts.get(("fields", field.name), _NONE),)
        ),
        doc=texts.get(_ENTRY, _NONE).doc,
    )


_NONE = Words()


def _signature(place: str, signature: Signature, texts: Texts) -> Signature:
    parameters = tuple(
        Parameter(item.name, item.kind, item.default, words.annotation, words.doc)
        for item in signature.parameters
        for words in (texts.get((place, item.name), _NONE),)
    )
    reason = texts.get((place, ""), _NONE).doc if signature.extra == "open" else ""
    return msgspec.structs.replace(signature, parameters=parameters, reason=reason)
