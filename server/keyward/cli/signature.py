"""`keyward signature NAME`: what a class or function accepts and returns."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

import click

from ..environment.index import KNOWN
from ..features import describe
from ..signatures.model import Entry, Parameter, Signature
from ..signatures.store import Found, Signatures
from . import environments
from .progress import progress_bar

WIDTH = 100


def run(name: str, python: str | None, color: bool | None) -> int:
    """Prints it, and gives the exit code."""
    interpreter = environments.find(python)
    if python and interpreter.problem:
        click.echo(interpreter.problem, err=True)
        return 2
    with progress_bar() as step:
        _, problems = environments.bring_up_to_date(interpreter, {*KNOWN, name.partition(".")[0]}, step)
    for problem in problems:
        click.echo(problem, err=True)
    signatures = environments.open_for(interpreter)
    found = resolve(name, signatures)
    if not found:
        click.echo(f"{name} is not known: {_advice(name, signatures)}", err=True)
        return 2
    click.echo("\n\n".join(text(item, signatures) for item in found), color=color)
    return 0


def resolve(name: str, signatures: Signatures) -> list[Found]:
    """What a name can mean: as it is, or below each public module, each thing once."""
    direct = signatures.find(name)
    if direct is not None:
        return [direct]
    found: dict[str, Found] = {}
    for module in signatures.modules:
        item = signatures.find(f"{module}.{name}")
        if item is not None:
            found.setdefault(item.entry.qualified, item)
    return list(found.values())


def _advice(name: str, signatures: Signatures) -> str:
    if not signatures.libraries:
        return "no library has signatures here. `keyward doctor` says why."
    last = describe.last_name(name)
    exported = {export for module in signatures.modules for export in signatures.exports(module)}
    close = difflib.get_close_matches(last, exported, n=3)
    if close:
        return f"did you mean {' or '.join(close)}?"
    labels = ", ".join(library.label for library in signatures.libraries)
    return f"it is none of the names of {labels}."


def text(found: Found, signatures: Signatures) -> str:
    entry = found.entry
    parts = [f"{click.style(signatures.public_name(entry), bold=True)}  {_dim(found.library.label)}"]
    if entry.doc:
        parts.append(entry.doc)
    if entry.role == "function":
        parts += _callable(entry.name, entry.call, signatures)
    else:
        if entry.call is not None:
            called = "forward" if entry.role in ("model", "module") else "__call__"
            parts += _callable(f"{entry.name}.{called}", entry.call, signatures)
        if entry.role not in ("model", "auto", "output"):
            parts += _callable(entry.name, entry.init, signatures)
        if entry.fields:
            parts.append(_block("Fields", _fields(entry)))
        if entry.mapping:
            parts.append(_block("Gives", _mapping(entry)))
        parts += _sisters(entry, signatures)
    if entry.file:
        parts.append(_dim(f"Defined in {entry.file}:{entry.line}"))
    return "\n\n".join(parts)


def _callable(name: str, signature: Signature | None, signatures: Signatures) -> Iterator[str]:
    if signature is None:
        return
    lines = [f"{click.style(name, fg='cyan')}("]
    lines += (f"    {_parameter(label, parameter)}" for label, parameter in describe.parameter_labels(signature))
    yield "\n".join((*lines, ")")) if signature.parameters else f"{lines[0]})"
    ways: dict[str, list[str]] = {}
    for keyword in describe.effective_keywords(signature):
        ways.setdefault(signature.accepts.get(keyword, "a computed name"), []).append(keyword)
    if ways:
        yield _block("Also takes", (f"{', '.join(keywords)}  {_dim(f'by {way}')}" for way, keywords in ways.items()))
    if fate := describe.fate(signature):
        yield fate
    if signature.returns:
        output = signatures.find(signature.returns)
        shown = signatures.public_name(output.entry) if output is not None else signature.returns
        yield _block(f"Returns {shown}", _fields(output.entry) if output is not None else ())


def _parameter(label: str, parameter: Parameter | None) -> str:
    if parameter is None or not parameter.doc:
        return f"{label},"
    return f"{label},  {_dim('# ' + _short(parameter.doc))}"


def _fields(entry: Entry) -> Iterator[str]:
    for field in entry.fields:
        note = field.doc or field.annotation
        yield f"{field.name}  {_dim(_short(note))}" if note else field.name


def _mapping(entry: Entry) -> Iterator[str]:
    for model_type, classes in sorted(entry.mapping.items()):
        yield f"{model_type}  {_dim(', '.join(classes))}"


def _sisters(entry: Entry, signatures: Signatures) -> Iterator[str]:
    own = set(entry.call.keywords) if entry.call is not None else set()
    rows = []
    for sister in signatures.sisters(entry):
        if sister.qualified == entry.qualified or sister.call is None:
            continue
        more = [keyword for keyword in sister.call.keywords if keyword not in own]
        rows.append(f"{sister.name}  {_dim('also takes ' + ', '.join(more))}" if more else sister.name)
    if rows:
        yield _block("Sister classes", rows)


def _block(title: str, rows: Iterator[str] | list[str] | tuple[str, ...]) -> str:
    return "\n".join((click.style(title, bold=True), *(f"    {row}" for row in rows)))


def _short(text: str) -> str:
    return text if len(text) <= WIDTH else f"{text[: WIDTH - 1]}…"


def _dim(text: str) -> str:
    return click.style(text, dim=True)
