"""Compute the loss outside a model that does not."""

from __future__ import annotations

from ...inference.analysis import CallSite, FieldRead, Passed
from ...inference.values import Instance, LibraryClass, Tensor
from ...source import syntax
from ...source.imports import added, imported
from ...source.walk import walk
from ...text import Edit, Span
from ..finding import Fix, Safety
from ..rule import Place
from ..words import is_labels
from .argument import removal

_CROSS_ENTROPY = "torch.nn.functional.cross_entropy"


def loss_outside(place: Place, site: CallSite, labels: Passed) -> Fix | None:
    """`loss = cross_entropy(outputs.logits, labels)` behind `outputs = model(...)`, which loses its `labels`.

    None where the labels come out of a dictionary, where the result has no name or no logits, and where the statement
    shares its line with another.
    """
    assignment = _assignment(place, site.node)
    if labels.spread or assignment is None:
        return None
    target = assignment.targets[0]
    assert isinstance(target, syntax.Name)
    logits = _logits(place, site, target)
    if logits is None:
        return None
    function, imports = _cross_entropy(place)
    value = f"{function}({logits}, {place.code(labels.node.value.span)})"
    edits = [removal(place, site.node, [labels.node]), *imports]
    reads = _reads_of_loss(place, target.name, assignment.span.end + place.base)
    name = _bound_to(*reads[0]) if reads else None
    if name is not None:
        where, read = reads.pop(0)
        edits.append(Edit(read.span.shifted(where.base), value))
    else:
        name = "loss"
        statement = _behind(place, assignment, f"{name} = {value}")
        if statement is None or _names_something(place, name):
            return None
        edits.append(statement)
    edits += [Edit(read.span.shifted(where.base), name) for where, read in reads]
    return Fix("Compute the loss outside the model", Safety.UNSAFE, tuple(edits))


def producing_call(place: Place, read: FieldRead) -> tuple[Place, CallSite, Passed] | None:
    """The call whose result the field is read from, with the labels that it passes in vain."""
    name = read.node.value
    if not isinstance(name, syntax.Name):
        return None
    for where in reversed(place.scope()):
        for site in reversed(where.result.calls):
            assignment = _assignment(where, site.node)
            if assignment is None or site.span.end + where.base > read.node.span.start + place.base:
                continue
            target = assignment.targets[0]
            if isinstance(target, syntax.Name) and target.name == name.name:
                return next(((where, site, passed) for passed in site.keywords if is_labels(passed.name)), None)
    return None


def _assignment(place: Place, call: syntax.Call) -> syntax.Assign | None:
    """The statement `name = call`."""
    for node in walk(place.unit.node):
        if isinstance(node, syntax.Assign) and node.value is not None and node.value.span == call.span:
            return node if len(node.targets) == 1 and isinstance(node.targets[0], syntax.Name) else None
    return None


def _logits(place: Place, site: CallSite, target: syntax.Name) -> str | None:
    """The expression for the logits: a field of the result, or the tensor that the user's own forward returns."""
    value = place.result.values.get(target.span, frozenset())
    own = all(callee.entry is None for callee in site.callees)
    if own and value and all(isinstance(atom, Tensor) for atom in value):
        return target.name
    outputs = [atom.cls for atom in value if isinstance(atom, Instance)] if len(value) > 0 else []
    names = [cls.qualified for cls in outputs if isinstance(cls, LibraryClass)]
    if not names or len(names) != len(value):
        names = [callee.signature.returns for callee in site.callees]
    for name in names:
        found = place.signatures.find(name) if name else None
        if found is None or all(field.name != "logits" for field in found.entry.fields):
            return None
    return f"{target.name}.logits"


def _cross_entropy(place: Place) -> tuple[str, list[Edit]]:
    """How this file names torch's function, and the import that it lacks for it."""
    bound = {name.target: name.bound for name in reversed(imported(place.analysis.source))}
    parts = _CROSS_ENTROPY.split(".")
    for n in range(len(parts), 0, -1):
        name = bound.get(".".join(parts[:n]))
        if name is not None:
            return ".".join((name, *parts[n:])), []
    return _CROSS_ENTROPY, [added(place.analysis.source, "import torch")]


def _reads_of_loss(place: Place, name: str, after: int) -> list[tuple[Place, syntax.Node]]:
    """Where the code behind the call reads the loss that its result does not have."""
    return [
        (where, read.node)
        for where in place.scope()
        for read in where.result.reads
        if read.field == "loss"
        and isinstance(read.node.value, syntax.Name)
        and read.node.value.name == name
        and read.node.span.start + where.base >= after
        and not any(read.field in owner.fields for owner in read.owners)
    ]


def _bound_to(place: Place, read: syntax.Node) -> str | None:
    """`x` of the statement `x = outputs.loss`."""
    for node in walk(place.unit.node):
        if isinstance(node, syntax.Assign) and node.value is not None and node.value.span == read.span:
            target = node.targets[0]
            return target.name if len(node.targets) == 1 and isinstance(target, syntax.Name) else None
    return None


def _names_something(place: Place, name: str) -> bool:
    """Whether the file defines or imports the name, so that it must not be bound to something else."""
    source = place.analysis.source
    return name in source.by_qualname or any(known.bound == name for known in imported(source))


def _behind(place: Place, statement: syntax.Statement, text: str) -> Edit | None:
    """The edit that adds a statement on the next line, with the same indentation."""
    source = place.analysis.source.text
    start, end = statement.span.start + place.base, statement.span.end + place.base
    line_start = source.rfind(b"\n", 0, start) + 1
    indent = source[line_start:start]
    next_line = source.find(b"\n", end)
    rest = source[end : next_line if next_line >= 0 else len(source)].strip()
    if indent.strip() or (rest and not rest.startswith(b"#")):
        return None
    line_end = "\r\n" if b"\r\n" in source else "\n"
    if next_line < 0:
        return Edit(Span(len(source), len(source)), f"{line_end}{indent.decode()}{text}")
    return Edit(Span(next_line + 1, next_line + 1), f"{indent.decode()}{text}{line_end}")
