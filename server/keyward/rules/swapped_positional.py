"""
## What it does
Reports an argument passed by position that stands in another parameter's place, as its own name says:
`token_type_ids` where `attention_mask` is taken, logits where a loss takes the labels.

## Why is this bad
The call runs and computes something else: `BertModel` masks by segment, and TensorFlow's
`sigmoid_cross_entropy_with_logits`, whose first parameter is `labels`, gives numbers that look like a loss.

## Example
```py
from transformers import BertModel

def step(input_ids, token_type_ids):
    model = BertModel.from_pretrained("google-bert/bert-base-uncased")
    return model(input_ids, token_type_ids)  # warning: [swapped-positional] "`attention_mask`"
```

Use instead:
```py
from transformers import BertModel

def step(input_ids, token_type_ids):
    model = BertModel.from_pretrained("google-bert/bert-base-uncased")
    return model(input_ids, token_type_ids=token_type_ids)
```

## Fix
- Pass the arguments by keyword. Safe if each has just the name of its parameter; unsafe if only its meaning tells
  (`outputs.logits` for `input`).

## When it stays silent
- Where it is not sure what is called, where one of several candidates takes the argument there, or after `*arguments`.
- Where names say too little (`x`, `input`, `query`), and for losses that do not care, such as the mean squared error.
- For your own `forward`, unless the names are as far apart as ids, masks and labels: some are called both ways.
- For tokenizers and processors, whose `text` may be any text.
- For constructors: a decoder is made with `nn.Linear(out_features, in_features)` on purpose.
- For losses and your own `forward`, where the same function calls the same thing the right way round too.
- Where the code speaks of teachers, students or soft labels: there logits are labels.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..inference.analysis import Callee, Passed
from ..signatures.model import Kind, Parameter
from ..source import syntax
from ..text import Edit, Span
from .finding import Finding, Fix, Safety, Severity
from .rule import BoundCall, Place, Rule
from .wording import code, listed, subject, version

_TELLS_NOTHING = re.compile(
    r"_?(?:(?:in|out)(?:put|puts)?|x|y|z|h|a|b|c|n|k|q|v|query|key|value|target|tgt|src|source|memory|hidden|other"
    r"|tensors?|data|self|args|kwargs|name|size|dims?|left|right|start|end|first|second|states?|values?"
    r"|tokenizer|processor|processing_class)\d*"
)
"""Names that may mean anything, and those of parameters that are swapped on purpose."""
_TAKE_ANYTHING = frozenset(("auto", "tokenizer", "processor"))
"""Roles of classes whose instances may be called in several ways: `tokenizer(question, text)` makes pairs of texts."""
_MEANINGS = {
    "attention_mask": "mask",
    "decoder_attention_mask": "mask",
    "decoder_input_ids": "ids",
    "input_ids": "ids",
    "label": "labels",
    "labels": "labels",
    "mask": "mask",
    "padding_mask": "mask",
    "pixel_values": "pixels",
    "position_ids": "positions",
    "segment_ids": "segments",
    "targets": "labels",
    "token_type_ids": "segments",
}
"""Names of one's own parameters that tell what is meant."""
_TRUTHS = frozenset(("gt", "label", "label_ids", "labels", "target", "targets", "y_true"))
_PREDICTIONS = frozenset(
    ("logits", "output", "outputs", "pred", "prediction", "predictions", "preds", "probs", "scores", "y_hat", "y_pred")
)
_LOSS_PARAMETERS = (("input", "target"), ("y_true", "y_pred"), ("labels", "logits"))
_CARES = re.compile(r"cross_?entropy|nll|bce|(?:multi|soft|label).*margin|hinge|focal", re.IGNORECASE)
"""Losses in which predictions and truth are not the same to each other."""
_DISTILLS = re.compile(r"teacher|student|soft|distil|pseudo|ema|smooth", re.IGNORECASE)
_KEEPS_MEANING = frozenset(
    ("bool", "clone", "contiguous", "cpu", "cuda", "detach", "double", "flatten", "float", "half", "int", "long")
    + ("reshape", "squeeze", "to", "type", "unsqueeze", "view")
)
"""Methods of tensors after which a tensor is still what its name says."""


@dataclass(frozen=True)
class _Displaced:
    """An argument that stands where another parameter is."""

    passed: Passed
    taken_for: str
    meant: str


class SwappedPositional(Rule):
    name = "swapped-positional"
    severity = Severity.WARNING
    summary = "A positional argument stands in another parameter's place, as its name says: it is taken for the other."

    def check_call(self, call: BoundCall) -> Iterable[Finding]:
        site = call.site
        if not site.positional or site.open_positional or site.node.broken:
            return
        if call.callees[0].kind == "construct":  # by far the most common
            return
        found = _displaced(call)
        if not found:
            return
        pairs = [f"{code(d.taken_for)} where this call passes {code(_name(d.passed) or '')}" for d in found]
        who = subject(call.callees, "takes", "take")
        used = f"it is used as {code(found[0].taken_for)}" if len(found) == 1 else "each is used as the other"
        message = f"{who} {listed(pairs)}{version(call.callees)}: {used}."
        span = Span(found[0].passed.span.start, found[-1].passed.span.end)
        yield Finding(self.name, self.severity, message, span, site, _name(found[0].passed) or "")

    def fixes(self, place: Place) -> Iterable[Fix]:
        call = place.call
        if call is None:
            return
        found = _displaced(call)
        meant = {id(d.passed): d.meant for d in found}
        edits: list[Edit] = []
        names = {keyword.name for keyword in call.site.keywords}
        for passed, parameter in call.bindings[0][1].filled:
            if passed.name:
                continue
            name = meant.get(id(passed), parameter.name)
            if name in names or (edits and (passed.spread or parameter.kind is Kind.POSITIONAL_ONLY)):
                return
            names.add(name)
            if edits or name != parameter.name:
                at = passed.span.start + place.base
                edits.append(Edit(Span(at, at), f"{name}="))
        exact = all(_name(d.passed) == d.meant for d in found)
        yield Fix("Pass by keyword", Safety.SAFE if exact else Safety.UNSAFE, tuple(edits), preferred=exact)


def _displaced(call: BoundCall) -> list[_Displaced]:
    """Arguments of a call that are surely meant for another parameter, in all that it may reach; none where any doubt
    is left."""
    if any(_DISTILLS.search(_text(passed.node.value)) for passed in (*call.site.positional, *call.site.keywords)):
        return []
    found: list[_Displaced] | None = None
    for callee, binding in call.bindings:
        role = callee.entry.role if callee.entry is not None else ""
        if callee.kind == "construct" or role in _TAKE_ANYTHING or binding.surplus or binding.repeated:
            return []
        filled = [(passed, parameter) for passed, parameter in binding.filled if passed.certain]
        here = _exchanged_loss(callee, filled) or _by_name(callee, filled)
        if (callee.entry is None or _is_loss(callee)) and _right_elsewhere(call, here):
            return []
        if found is not None and here != found:
            return []
        found = here
    return found or []


def _by_name(callee: Callee, filled: Sequence[tuple[Passed, Parameter]]) -> list[_Displaced]:
    """Arguments that have the very name of a parameter which nothing else is passed for by that name."""
    if _is_loss(callee) and not _cares(callee):
        return []
    parameters = {p.name for p in callee.signature.parameters if p.kind is Kind.POSITIONAL_OR_KEYWORD}
    at_home = {parameter.name for passed, parameter in filled if (passed.name or _name(passed)) == parameter.name}
    found: list[_Displaced] = []
    for passed, parameter in filled:
        name = None if passed.name or passed.spread else _name(passed)
        if name is None or name == parameter.name or name not in parameters or name in at_home:
            continue
        if any(map(_TELLS_NOTHING.fullmatch, (name, parameter.name))) or any(_name(d.passed) == name for d in found):
            return []
        found.append(_Displaced(passed, parameter.name, name))
    if callee.entry is None and not all(_far_apart(d.taken_for, d.meant) for d in found):
        return []
    return found


def _is_loss(callee: Callee) -> bool:
    """Whether it is a library's loss, by its first parameters."""
    first = tuple(parameter.name for parameter in callee.signature.parameters[:2])
    return callee.entry is not None and first in _LOSS_PARAMETERS


def _cares(callee: Callee) -> bool:
    return callee.entry is not None and _CARES.search(callee.entry.name) is not None


def _far_apart(one: str, other: str) -> bool:
    """Whether the names of two parameters of a function of the user's own cannot be meant for each other."""
    return one in _MEANINGS and other in _MEANINGS and _MEANINGS[one] != _MEANINGS[other]


def _exchanged_loss(callee: Callee, filled: Sequence[tuple[Passed, Parameter]]) -> list[_Displaced]:
    """The first two arguments of a loss, where one is what was predicted and the other what is true, and each stands
    in the other's place."""
    if len(filled) < 2 or not _is_loss(callee) or not _cares(callee):
        return []
    (first, one), (second, other) = filled[:2]
    if first.name or second.name or first.spread or second.spread:
        return []
    for_prediction, for_truth = (first, second) if one.name == "input" else (second, first)
    if _name(for_prediction) not in _TRUTHS or _name(for_truth) not in _PREDICTIONS:
        return []
    return [_Displaced(first, one.name, other.name), _Displaced(second, other.name, one.name)]


def _right_elsewhere(call: BoundCall, found: Sequence[_Displaced]) -> bool:
    """Whether the same function passes things of these names to the same callee in their places: it does both on
    purpose."""
    names = {d.meant for d in found}
    for site in call.result.calls:
        if names and site is not call.site and site.callees == call.callees:
            other = BoundCall(site, call.result, call.signatures)
            homes = {p.name for _, b in other.bindings for passed, p in b.filled if _name(passed) == _name_at(p, found)}
            if names <= homes:
                return True
    return False


def _name_at(parameter: Parameter, found: Sequence[_Displaced]) -> str | None:
    """What the argument is called that is meant for a parameter."""
    return next((_name(d.passed) for d in found if d.meant == parameter.name), None)


def _name(passed: Passed) -> str | None:
    """What an argument is called: a variable, attribute, or key that is looked up; `labels` of `labels.to(device)`."""
    node = passed.node.value
    while True:
        match node:
            case syntax.Call(function=syntax.Attribute(value=inner, name=method)) if method in _KEEPS_MEANING:
                node = inner
            case syntax.Name(name=name) | syntax.Attribute(name=name):
                return name
            case syntax.Subscript(indices=(syntax.Literal(value=str() as key),)):
                return key
            case _:
                return None


def _text(node: syntax.Expression) -> str:
    """All names in an expression."""
    match node:
        case syntax.Name(name=name):
            return name
        case syntax.Attribute(value=value, name=name):
            return f"{_text(value)}.{name}"
        case syntax.Subscript(value=value):
            return _text(value)
        case syntax.Call(function=function):
            return _text(function)
    return ""
