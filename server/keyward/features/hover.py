"""What is said about the thing under the cursor."""

from __future__ import annotations

from dataclasses import dataclass

from ..inference.analysis import Callee, CallSite, FieldRead
from ..inference.values import Instance, LibraryClass, Value
from ..signatures.model import Field
from ..source import syntax
from ..text import Span
from . import describe
from .locate import argument_at, read_at
from .snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Hover:
    span: Span
    markdown: str


def hover(snapshot: Snapshot, offset: int) -> Hover | None:
    """What is known of a keyword, a field, a model, a class or a function; None where nothing is."""
    if (found := argument_at(snapshot, offset)) is not None:
        site, base, argument = found
        markdown = _keyword(snapshot, site, argument)
        span = argument.name_span
        if markdown and span is not None:
            return Hover(span.shifted(base), markdown)
    if (read := read_at(snapshot, offset)) is not None:
        site_read, base = read
        if markdown := _field(snapshot, site_read):
            return Hover(site_read.field_span.shifted(base), markdown)
    if (valued := snapshot.analysis.value_at(offset)) is not None:
        span, value = valued
        if markdown := _value(snapshot, value):
            return Hover(span, markdown)
    return None


def _keyword(snapshot: Snapshot, site: CallSite, argument: syntax.Argument) -> str:
    parts = [_keyword_of(snapshot, callee, argument.name) for callee in site.callees]
    return _joined(parts)


def _keyword_of(snapshot: Snapshot, callee: Callee, name: str) -> str:
    signature = callee.signature
    parameter = signature.parameter(name)
    of = f"of {callee.name}{_library(callee)}"
    if parameter is not None:
        doc = f"\n\n{parameter.doc}" if parameter.doc else ""
        return f"```python\n{describe.parameter_label(parameter)}\n```\n{of}{doc}"
    if signature.takes(name):
        way = signature.accepts.get(name, "")
        return f"`{name}`: no parameter {of}, but it has an effect" + (f" (by {way})." if way else ".")
    taken = describe.takers(name, callee, snapshot.world.signatures)
    instead = f"\n\nTaken by {describe.listed(taken)}." if taken else ""
    if signature.extra == "ignored":
        return f"`{name}` is ignored: no parameter {of}, and nothing reads it.{instead}"
    if signature.extra == "refused":
        return f"`{name}` raises TypeError: no parameter {of}.{instead}"
    because = f": {signature.reason}" if signature.reason else ""
    return f"`{name}` is no parameter {of}. Whether it has an effect is not known{because}."


def _field(snapshot: Snapshot, read: FieldRead) -> str:
    parts = []
    for owner in read.owners:
        known = next((field for field in owner.entry.fields if field.name == read.field), None) if owner.entry else None
        by = f", returned by {owner.producer.name}" if owner.producer is not None else ""
        library = f" ({owner.library})" if owner.library else ""
        if known is not None:
            parts.append(f"{_field_line(known)}\n\nField of {owner.name}{by}{library}")
        elif read.field not in owner.fields:
            has = describe.listed(field.name for field in owner.entry.fields) if owner.entry else ""
            parts.append(f"{owner.name}{by}{library} has no `{read.field}`" + (f"; it has {has}." if has else "."))
    return _joined(parts)


def _field_line(field: Field) -> str:
    label = f"{field.name}: {field.annotation}" if field.annotation else field.name
    return f"```python\n{label}\n```" + (f"\n{field.doc}" if field.doc else "")


def _value(snapshot: Snapshot, value: Value) -> str:
    callees = snapshot.analysis.callees_of(value)
    if callees:
        return _joined([callee_text(snapshot, callee) for callee in callees])
    parts = []
    for atom in value:
        if not (isinstance(atom, Instance) and isinstance(atom.cls, LibraryClass)):
            return ""
        found = snapshot.world.signatures.find(atom.cls.qualified)
        if found is None or not found.entry.fields:
            return ""
        head = f"```python\n{found.entry.name}\n```\n{found.library.label}"
        parts.append("\n".join((head, "", *describe.fields(found.entry))))
    return _joined(parts)


def callee_text(snapshot: Snapshot, callee: Callee) -> str:
    """All that is known of one callee, as Markdown."""
    signatures = snapshot.world.signatures
    signature = callee.signature
    parts = [f"```python\n{describe.one_parameter_a_line(callee.name, signature)}\n```"]
    if callee.library:
        parts[0] += f"\n{callee.library}"
    if callee.entry is not None and callee.entry.doc:
        parts.append(callee.entry.doc)
    documented = [describe.item(p.name, p.doc) for p in signature.parameters if p.doc]
    if documented:
        parts.append("\n".join(documented))
    also = describe.effective_keywords(signature)
    if also:
        parts.append(f"Also takes {describe.listed(also)}.")
    if fate := describe.fate(signature):
        parts.append(fate)
    if signature.returns and (output := signatures.find(signature.returns)) is not None and output.entry.fields:
        parts.append("\n".join((f"Returns {output.entry.name}:", *describe.fields(output.entry))))
    dropped = describe.dropped(callee, signatures)
    if dropped:
        rows = [describe.item(name, f"taken by {describe.listed(sisters)}") for name, sisters in dropped.items()]
        parts.append("\n".join(("Not taken here:", *rows)))
    if callee.kind == "construct" and callee.entry is not None and callee.entry.call is not None:
        parts.append(f"```python\n{describe.one_parameter_a_line('forward', callee.entry.call)}\n```")
    return "\n\n".join(parts)


def _library(callee: Callee) -> str:
    return f" ({callee.library})" if callee.library else ""


def _joined(parts: list[str]) -> str:
    """The parts with a rule between them, each once."""
    return "\n\n---\n\n".join(dict.fromkeys(part for part in parts if part))
