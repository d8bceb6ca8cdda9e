"""`keyward signature NAME`: what a class or function accepts and returns."""

from __future__ import annotations

import difflib
import shutil
import textwrap
from collections.abc import Iterable, Iterator

import click

from ..environment.index import KNOWN
from ..features import describe
from ..signatures.model import Entry, Parameter, Signature
from ..signatures.store import Found, Signatures
from . import environments
from .progress import progress_bar


def run(name: str, python: str | None, version: str | None, history: bool, color: bool | None) -> int:
    """Prints it, and gives the exit code."""
    interpreter = environments.find(python)
    if python and interpreter.problem:
        click.echo(interpreter.problem, err=True)
        return 2
    if history or version is not None:
        from .past import run as tell

        return tell(name, version, history, interpreter, color)
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
    by_folded = {export.casefold(): export for export in sorted(exported)}
    close = difflib.get_close_matches(last.casefold(), by_folded, n=3)
    if close:
        return f"did you mean {' or '.join(by_folded[folded] for folded in close)}?"
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
        rows = (f"{way}: {', '.join(keywords)}" for way, keywords in ways.items())
        yield _block("Also takes, by way of", rows)
    if fate := describe.fate(signature):
        yield fate
    if signature.returns:
        output = signatures.find(signature.returns)
        shown = signatures.public_name(output.entry) if output is not None else signature.returns
        yield _block(f"Returns {shown}", _fields(output.entry) if output is not None else ())


def _parameter(label: str, parameter: Parameter | None) -> str:
    if parameter is None or not parameter.doc:
        return f"{label},"
    return f"{label},  {_dim('# ' + _short(parameter.doc, len(label) + 9))}"


def _fields(entry: Entry) -> Iterator[str]:
    for field in entry.fields:
        note = field.doc or field.annotation
        yield f"{field.name}: {_short(note, len(field.name) + 6)}" if note else field.name


def _mapping(entry: Entry) -> Iterator[str]:
    for model_type, classes in sorted(entry.mapping.items()):
        yield f"{model_type}: {', '.join(classes)}"


def _sisters(entry: Entry, signatures: Signatures) -> Iterator[str]:
    rows = []
    for sister in signatures.sisters(entry):
        if sister.qualified == entry.qualified or sister.call is None:
            continue
        more = [p.name for p in sister.call.parameters if entry.call is None or entry.call.parameter(p.name) is None]
        more = [name for name in more if sister.call.parameter(name) is not None]
        rows.append(f"{sister.name}: also takes {', '.join(more)}" if more else sister.name)
    if rows:
        yield _block("Sister classes", rows)


def _block(title: str, rows: Iterable[str]) -> str:
    """A title with indented rows below it, long ones broken."""
    lines = (
        textwrap.fill(row, width(), initial_indent=" " * 4, subsequent_indent=" " * 8, break_on_hyphens=False)
        for row in rows
    )
    return "\n".join((click.style(title, bold=True), *lines))


def _short(text: str, used: int) -> str:
    """Text cut down to what is left of a line, and to something readable where that is little."""
    room = max(40, width() - used)
    return text if len(text) <= room else f"{text[: room - 1]}…"


def width() -> int:
    return min(160, shutil.get_terminal_size((120, 24)).columns)


def _dim(text: str) -> str:
    return click.style(text, dim=True)
