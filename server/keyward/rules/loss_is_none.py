"""
## What it does
Reports where a program computes with the loss of an output that has none, because the model was called without labels.

## Why is this bad
A model of transformers that gets no `labels` returns `loss=None`. `outputs.loss.backward()` raises `AttributeError`,
arithmetic with the loss raises `TypeError`, and `outputs["loss"]` raises `KeyError`: fields that are None are no keys.

## Example
```py
from transformers import BertForSequenceClassification

model = BertForSequenceClassification.from_pretrained("google-bert/bert-base-uncased")

def step(input_ids, attention_mask, labels):
    outputs = model(input_ids=input_ids, attention_mask=attention_mask)
    outputs.loss.backward()  # error: [loss-is-none] "`labels`"
```

Use instead:
```py
from transformers import BertForSequenceClassification

model = BertForSequenceClassification.from_pretrained("google-bert/bert-base-uncased")

def step(input_ids, attention_mask, labels):
    outputs = model(input_ids=input_ids, attention_mask=attention_mask, labels=labels)
    outputs.loss.backward()
```

## Fix
- Pass the labels to the model, if the function has something of that name: a variable `labels` or an entry
  `batch["labels"]`. Unsafe: another loss may be meant.

## When it stays silent
- Where it is not sure which model is called, and where what is passed cannot be seen: `model(**batch)` may hold labels.
- Where any argument may give a loss: `start_positions`, `mc_labels`, `return_loss`.
- Where the loss is only handed on or returned, or tested for None first.
- Where one of several calls passes labels.
- Within `try` with a handler for what is raised.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from ..inference.analysis import FieldRead, UnitResult
from ..inference.values import Constant, only
from ..source import syntax
from ..source.unit import Unit
from ..source.walk import walk
from ..text import Edit, Span
from .finding import Finding, Fix, Safety, Severity
from .producing import producing_call
from .rule import BoundRead, Place, Rule
from .wording import code, listed, version

if TYPE_CHECKING:
    from ..inference.engine import Analysis
    from ..inference.world import World

_LABELS = "labels"
_NONE = only(Constant(None))
_ARITHMETIC = frozenset(("+", "-", "*", "/", "//", "%", "**", "@"))


class LossIsNone(Rule):
    name = "loss-is-none"
    severity = Severity.ERROR
    summary = "The model was called without labels: its `loss` is None, and using it raises."

    def check_read(self, bound: BoundRead) -> Iterable[Finding]:
        read = bound.read
        producers = [owner.producer for owner in read.owners if owner.producer is not None]
        if not read.is_none or len(producers) < len(read.owners):
            return
        models = list(dict.fromkeys(producer.name.removesuffix(".forward") for producer in producers))
        verb = "is" if len(models) == 1 else "are"
        message = f"{listed(models)} {verb} called without {code(_LABELS)}{version(producers)}: the loss is None, "
        yield Finding(self.name, self.severity, message, read.node.span, read, read.field)

    def in_file(self, finding: Finding, analysis: Analysis, world: World) -> Finding | None:
        read = finding.site
        if not isinstance(read, FieldRead):
            return None
        if isinstance(read.node, syntax.Subscript):
            return replace(finding, message=f"{finding.message}and reading it as a key raises KeyError.")
        bound = ""
        for unit, result in _scope(finding, analysis):
            is_here = unit.start == finding.base
            bound = _bound_to(unit, read) if is_here else bound
            for span, raised in _uses(unit, result, read if is_here else None, bound):
                if raised not in read.guarded:
                    message = f"{finding.message}and this raises {raised}."
                    return replace(finding, message=message, span=span.shifted(unit.start))
        return None

    def fixes(self, place: Place) -> Iterable[Fix]:
        read = place.finding.site
        if not isinstance(read, FieldRead):
            return
        made = producing_call(place, read.node.value, read.node.span.start + place.base)
        if made is None:
            return
        where, call = made
        labels = _labels_in_sight(place, call.span.end + where.base)
        if labels is None:
            return
        if call.arguments:
            at = call.arguments[-1].span.end + where.base
            edit = Edit(Span(at, at), f", {_LABELS}={labels}")
        else:
            at = call.arguments_span.start + 1 + where.base
            edit = Edit(Span(at, at), f"{_LABELS}={labels}")
        yield Fix(f"Pass `{labels}` to the model", Safety.UNSAFE, (edit,), preferred=True)


def _scope(finding: Finding, analysis: Analysis) -> Iterator[tuple[Unit, UnitResult]]:
    """The unit that a finding is in, and the statements of a module that follow it."""
    here = next((unit for unit, _ in analysis.results if unit.start == finding.base), None)
    for unit, result in analysis.results:
        if here is None or unit is here:
            yield unit, result
        elif isinstance(here.node, syntax.FunctionDef) or isinstance(unit.node, syntax.FunctionDef | syntax.ClassDef):
            continue
        elif unit.owner == here.owner and unit.start > here.start:
            yield unit, result


def _uses(unit: Unit, result: UnitResult, read: FieldRead | None, name: str) -> Iterator[tuple[Span, str]]:
    """Places of a unit that cannot do with None: what is None there, and the exception that is raised. The name that
    the loss is given counts while it holds nothing else."""

    def is_none(node: syntax.Node) -> bool:
        if isinstance(node, syntax.Name):
            return node.name == name and result.values.get(node.span) == _NONE
        return read is not None and node == read.node

    for node in walk(unit.node):
        match node:
            case syntax.Attribute(value=value) if is_none(value):
                yield value.span, "AttributeError"
            case syntax.BinaryOperation(operator=operator) if operator in _ARITHMETIC:
                for side in (node.left, node.right):
                    if is_none(side):
                        yield side.span, "TypeError"
            case syntax.AugmentedAssign(value=value) if is_none(value):
                yield value.span, "TypeError"


def _bound_to(unit: Unit, read: FieldRead) -> str:
    """`loss` of `loss = outputs.loss`, "" where the loss gets no name."""
    for node in walk(unit.node):
        if isinstance(node, syntax.Assign) and node.value is not None and node.value.span == read.node.span:
            target = node.targets[0]
            return target.name if len(node.targets) == 1 and isinstance(target, syntax.Name) else ""
    return ""


def _labels_in_sight(place: Place, before: int) -> str | None:
    """What the function calls its labels: a variable or parameter, else an entry of a dictionary that it reads."""
    entry = None
    for where in place.scope():
        for node in walk(where.unit.node):
            match node:
                case syntax.Name(name="labels") | syntax.ParameterDef(name="labels"):
                    if node.span.start + where.base < before:
                        return _LABELS
                case syntax.Subscript(value=syntax.Name(), indices=(syntax.Literal(value="labels"),)):
                    entry = entry or where.code(node.span)
    return entry
