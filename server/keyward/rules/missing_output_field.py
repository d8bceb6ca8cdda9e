"""
## What it does
Reports a field that is read from an output object whose class has no such field, and an output object that is unpacked
like a tuple.

## Why is this bad
It raises `AttributeError`, or `KeyError` for `outputs["loss"]`. Most often it is the late sign of a model without a
head: `labels` was dropped without a word, and now there is no `loss`. Unpacking `hidden, pooled = model(x)` gives the
names of fields, as iterating over a dictionary does: `hidden` is the string `"last_hidden_state"`.

## Example
```py
from transformers import DeiTModel

def step(pixel_values):
    model = DeiTModel.from_pretrained("facebook/deit-base-distilled-patch16-224")
    outputs = model(pixel_values=pixel_values)
    return outputs.logits  # error: [missing-output-field] "`logits`"
```

Use instead:
```py
from transformers import DeiTForImageClassification

def step(pixel_values):
    model = DeiTForImageClassification.from_pretrained("facebook/deit-base-distilled-patch16-224")
    outputs = model(pixel_values=pixel_values)
    return outputs.logits
```

## Fix
- Unpack `.to_tuple()`, for an output that is unpacked. Unsafe: which fields there are depends on the call.
- Rename the field. Safe if it is a misspelling of the only field that is near; else unsafe.
- Use a sister class that returns the field. Unsafe: another class computes something else and loads other weights.
- Compute the loss outside the model, for `loss` of an output that has `logits`. Unsafe: it is the cross-entropy, which
  may not be the loss that you want.

## When it stays silent
- For what forward adds when it is asked to: `router_logits` where it takes `output_router_logits`.
- Where it is not sure what the object is, or where one of several candidate classes has the field.
- Where only an annotation says that it is an output class of a library, unless the field is a misspelling: people write
  `BaseModelOutput` for a whole family of classes.
- For an output that is unpacked, where the call passes what cannot be seen: `return_dict=False` may be among it.
- Where the field is tested for: `hasattr`, `getattr` with a default, `"loss" in outputs`, or `try` with a handler.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ..inference.analysis import Callee, CallSite, FieldRead, Owner, Unpacking
from ..inference.values import Constant, Mapping
from ..source import syntax
from ..source.walk import walk
from . import repair
from .finding import Finding, Fix, Severity
from .producing import producing_call
from .rule import BoundRead, Place, Rule
from .sisters import returning
from .wording import by, code, listed, takers, version
from .words import suggestion

if TYPE_CHECKING:
    from ..inference.engine import Analysis
    from ..inference.world import World

_DICTIONARIES = frozenset(("transformers.utils.generic.ModelOutput", "diffusers.utils.outputs.BaseOutput"))
"""Bases of outputs that are ordered dictionaries."""
_RECORDED = ("attentions", "hidden_states", "router_logits")
"""Ends of all names that models of transformers list in `_can_record_outputs` (5.23.0)."""


class MissingOutputField(Rule):
    name = "missing-output-field"
    severity = Severity.ERROR
    summary = "The output has no such field: reading it raises `AttributeError` or `KeyError`."

    def check_read(self, bound: BoundRead) -> Iterable[Finding]:
        read = bound.read
        # Every object has attributes such as `__class__`.
        if read.field.startswith("__") or any(read.field in owner.fields for owner in read.owners):
            return
        near = suggestion(read.field, common_fields(read))
        misspelt = near is not None and near.misspelt
        if not misspelt and any(_recorded(owner, read.field) for owner in read.owners):
            return
        raised = "AttributeError" if isinstance(read.node, syntax.Attribute) else "KeyError"
        message = f"{_reason(read.owners)} no {code(read.field)}: {raised}."
        guessed = any(owner.entry is not None and owner.producer is None for owner in read.owners)
        if (guessed or read.of_self) and not misspelt:
            return  # only an annotation or `self` says what it is, and a related class may well be meant
        sisters = returning(read.field, producers(read), bound.signatures)
        if near is not None and near.misspelt:
            message += f" Did you mean {code(near.name)}?"
        elif sisters:
            message += takers(sisters, "returns one", "return one")
        elif near is not None:
            message += f" Did you mean {code(near.name)}?"
        elif shown := _data(read):
            message += f" It has {listed([code(name) for name in shown], at_most=4)}."
        yield Finding(self.name, self.severity, message, read.field_span, read, read.field)

    def check_unpacking(self, unpacking: Unpacking) -> Iterable[Finding]:
        if not all(_iterates_names(owner) for owner in unpacking.owners):
            return
        callees = [owner.producer for owner in unpacking.owners if owner.producer is not None]
        makers = list(dict.fromkeys(callee.name.removesuffix(".forward") for callee in callees))
        verb = "returns" if len(makers) == 1 else "return"
        message = (
            f"{listed(makers)} {verb} an output object{version(callees)}: "
            "unpacking it gives the names of its fields, not their values."
        )
        yield Finding(self.name, Severity.WARNING, message, unpacking.node.span, unpacking, "unpacking")

    def in_file(self, finding: Finding, analysis: Analysis, world: World) -> Finding | None:
        if not isinstance(finding.site, Unpacking):
            return finding
        for unit, result in analysis.results:
            if unit.start == finding.base and finding.site in result.unpackings:
                place = Place(finding, analysis, world, unit, result)
                return None if _may_ask_for_tuples(place, finding.site) else finding
        return None

    def fixes(self, place: Place) -> Iterable[Fix]:
        if isinstance(place.finding.site, Unpacking):
            return repair.of_unpacking(place)
        return repair.of_field(place)


def _may_ask_for_tuples(place: Place, unpacking: Unpacking) -> bool:
    """Whether what is unpacked may be a tuple, as the call that made it passes things that cannot be seen:
    `return_dict=False` may be among them. What a tokenizer makes holds no options."""
    values = [n.value for n in walk(place.unit.node) if isinstance(n, syntax.Assign) and unpacking.node in n.targets]
    made = producing_call(place, values[0], unpacking.node.span.start + place.base) if values and values[0] else None
    if made is None:
        return True
    where, call = made
    site = next((site for site in where.result.calls if site.node is call), None)
    if site is None or site.open_positional or _asks_for_tuples(site):
        return True
    spreads = [argument.value for argument in call.arguments if argument.stars == 2]
    return site.open_keywords and not all(
        (value := where.result.values.get(spread.span)) and all(isinstance(a, Mapping) and a.cls for a in value)
        for spread in spreads
    )


def _asks_for_tuples(site: CallSite) -> bool:
    """Whether some path of the program asks for a tuple: `**({"return_dict": False} if plain else {})`."""
    return any(passed.name == "return_dict" and passed.value != {Constant(True)} for passed in site.keywords)


def _iterates_names(owner: Owner) -> bool:
    """Whether iterating over an output gives the names of its fields."""
    return owner.entry is not None and not _DICTIONARIES.isdisjoint(owner.entry.mro)


def _recorded(owner: Owner, field: str) -> bool:
    """Whether a decorator of forward adds the field when asked to: `output_router_logits` gives `router_logits`."""
    if owner.producer is None:
        return False
    signature = owner.producer.signature
    if "output_" in signature.prefixes and field.endswith(_RECORDED):
        return True
    return f"output_{field}" in signature.keywords


def producers(read: FieldRead) -> tuple[Callee, ...]:
    """The calls that the object may come from; none where that is not known of every candidate."""
    found = tuple(owner.producer for owner in read.owners if owner.producer is not None)
    return found if len(found) == len(read.owners) else ()


def common_fields(read: FieldRead) -> tuple[str, ...]:
    """Attributes that every candidate has, in the order of the first."""
    first, *rest = read.owners
    return tuple(name for name in first.fields if all(name in other.fields for other in rest))


def _data(read: FieldRead) -> list[str]:
    """Fields that every candidate has, of a library's class without its methods."""
    first = read.owners[0].entry
    names = common_fields(read) if first is None else [field.name for field in first.fields]
    return [name for name in names if not name.startswith("_") and name in common_fields(read)]


def _reason(owners: tuple[Owner, ...]) -> str:
    """ "DeiTModel returns BaseModelOutputWithPooling (transformers 5.23.0 in .venv), which has"."""
    classes = list(dict.fromkeys(owner.name for owner in owners))
    library = owners[0].library or next((o.producer.library for o in owners if o.producer is not None), "")
    where = by(library)
    makers = list(dict.fromkeys(o.producer.name.removesuffix(".forward") for o in owners if o.producer is not None))
    if len(makers) == 1 and len(classes) == 1:
        return f"{makers[0]} returns {classes[0]}{where}, which has"
    return f"{listed(classes)}{where} {'has' if len(classes) == 1 else 'have'}"
