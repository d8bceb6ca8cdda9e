"""The signature of the call that the cursor is in, and which parameter is being filled."""

from __future__ import annotations

from dataclasses import dataclass

from ..inference.analysis import Callee, CallSite
from ..signatures.model import Kind, Signature
from ..text import Span
from . import describe
from .repair import call_at
from .snapshot import Snapshot

_BY_POSITION = (Kind.POSITIONAL_ONLY, Kind.POSITIONAL_OR_KEYWORD)


@dataclass(frozen=True, slots=True)
class ParameterHelp:
    label: Span
    """Where it stands in the signature's label, in code points."""
    doc: str


@dataclass(frozen=True, slots=True)
class SignatureHelp:
    label: str
    doc: str
    parameters: tuple[ParameterHelp, ...]
    active: int | None
    """Index of the parameter that the argument under the cursor fills; None: it fills none."""


def signature_help(snapshot: Snapshot, offset: int) -> tuple[SignatureHelp, ...]:
    """One for each thing that the call may reach; none where the cursor is in no call or the callee is not known."""
    snapshot, found = call_at(snapshot, offset)
    if found is None:
        return ()
    site, base = found
    keyword, position = _place(snapshot, site, base, offset)
    return tuple(_help(callee, keyword, position) for callee in site.callees)


def _help(callee: Callee, keyword: str, position: int) -> SignatureHelp:
    label, spans = describe.one_line(callee.name, callee.signature)
    parameters = tuple(ParameterHelp(span, parameter.doc) for parameter, span in spans)
    doc = "\n\n".join(filter(None, (callee.library, describe.fate(callee.signature))))
    return SignatureHelp(label, doc, parameters, _active(callee.signature, keyword, position))


def _place(snapshot: Snapshot, site: CallSite, base: int, offset: int) -> tuple[str, int]:
    """The keyword of the argument that the cursor is in, "" where it has none; and how many stand before it."""
    before = 0
    for argument in site.node.arguments:
        span = argument.span.shifted(base)
        if span.start > offset:
            break
        if span.covers(offset) or b"," not in snapshot.text[span.end : offset]:
            if argument.name:
                return argument.name, before
            break
        before += 1
    # After a keyword only keywords may follow, so that nothing is known of what is being typed.
    has_keyword = any(argument.name for argument in site.node.arguments[:before])
    return "", -1 if has_keyword else before


def _active(signature: Signature, keyword: str, position: int) -> int | None:
    rest = None
    for index, parameter in enumerate(signature.parameters):
        if parameter.kind is Kind.VAR_KEYWORD:
            rest = index
        if keyword:
            if parameter.name == keyword and signature.parameter(keyword) is not None:
                return index
        elif parameter.kind is Kind.VAR_POSITIONAL or (index == position and parameter.kind in _BY_POSITION):
            return index
    return rest if keyword and signature.takes(keyword) else None
