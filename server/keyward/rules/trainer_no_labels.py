"""
## What it does
Reports a model without a loss that a `Trainer` is to train: its forward takes no labels and its output has no `loss`.
Reports an own `compute_loss` that does not take what the installed `Trainer` calls it with.

## Why is this bad
`Trainer.train` raises: the model did not return a loss. That is after the data has been loaded and the model moved.
Since transformers 4.46 `compute_loss` is called with `num_items_in_batch`, which the old signature refuses.

## Example
```py
from transformers import DeiTModel, Trainer, TrainingArguments

def train(data):
    model = DeiTModel.from_pretrained("facebook/deit-base-distilled-patch16-224")
    trainer = Trainer(model, TrainingArguments("out"), train_dataset=data)
    trainer.train()  # error: [trainer-no-labels] "DeiTModel returns no loss"

class OwnTrainer(Trainer):
    def compute_loss(self, model, inputs, return_outputs=False):  # error: [trainer-no-labels] "`num_items_in_batch`"
        return super().compute_loss(model, inputs, return_outputs)
```

Use instead:
```py
from transformers import DeiTForImageClassification, Trainer, TrainingArguments

def train(data):
    model = DeiTForImageClassification.from_pretrained("facebook/deit-base-distilled-patch16-224")
    trainer = Trainer(model, TrainingArguments("out"), train_dataset=data)
    trainer.train()

class OwnTrainer(Trainer):
    def compute_loss(self, model, inputs, return_outputs=False, num_items_in_batch=None):
        return super().compute_loss(model, inputs, return_outputs, num_items_in_batch)
```

## Fix
- Use a sister class that returns a loss. Unsafe: another class computes something else and loads other weights.
- Add the parameter `num_items_in_batch=None` to `compute_loss`. Safe: the loss is what it was.

## When it stays silent
- Where the trainer only evaluates or predicts: that needs no loss.
- Where a loss comes from elsewhere: `compute_loss_func`, classes that derive from `Trainer`, attributes set on it.
- Where the model is not known for sure, is one's own or has adapters around it.
- For `compute_loss` with `**kwargs`, and in classes with a `training_step` of their own, which may call it differently.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..inference.analysis import Callee, CallSite
from ..inference.libraries import TRAINER, is_trainer
from ..inference.values import NEVER, Constant, Instance, LibraryClass, ordered
from ..source import syntax
from . import repair
from .finding import Finding, Fix, Severity
from .rule import BoundOverride, Method, MethodCall, Place, Rule
from .sisters import output_fields, returning
from .wording import by, code, listed, takers
from .words import is_labels

_COMPUTES = "compute_loss"
_NEW = "num_items_in_batch"
"""What `Trainer.training_step` and `Trainer.prediction_step` hand to `compute_loss` beside the model and the inputs."""


class TrainerNoLabels(Rule):
    name = "trainer-no-labels"
    severity = Severity.ERROR
    summary = "The `Trainer` comes to no loss: `train` raises."

    def check_method(self, call: MethodCall) -> Iterable[Finding]:
        function = call.site.node.function
        models = _headless(call)
        if models and isinstance(function, syntax.Attribute):
            names = list(dict.fromkeys(model.name.removesuffix(".forward") for model in models))
            verb = "returns" if len(names) == 1 else "return"
            message = (
                f"{listed(names)} {verb} no loss{by(models[0].library)}: {call.methods[0].entry.name}.train raises."
            )
            message += takers(returning("loss", models, call.signatures), "returns one", "return one")
            yield Finding(self.name, self.severity, message, function.name_span, call.site, names[0])

    def check_override(self, bound: BoundOverride) -> Iterable[Finding]:
        own, entry = bound.override, bound.override.entry
        theirs = bound.signatures.method(entry, _COMPUTES)
        if own.node.name != _COMPUTES or not is_trainer(entry) or theirs is None:
            return
        if own.signature.extra == "refused" and theirs.takes(_NEW) and not own.signature.takes(_NEW):
            message = (
                f"{entry.name} calls `compute_loss` with {code(_NEW)}{by(own.library)}: training raises TypeError."
            )
            yield Finding(self.name, self.severity, message, own.span, own, _NEW, instead=_NEW)

    def fixes(self, place: Place) -> Iterable[Fix]:
        site = place.finding.site
        if not isinstance(site, CallSite):
            return repair.of_override(place)
        call = MethodCall.of(site, place.result, place.signatures)
        return repair.of_headless(place, () if call is None else _headless(call))


def _headless(call: MethodCall) -> tuple[Callee, ...]:
    """The forwards of the models that a trainer is to train, if none gives a loss; () where that is not sure."""
    found: list[Callee] = []
    for method in call.methods:
        given = dict(method.parts)
        if method.name != "train" or not is_trainer(method.entry) or not _computes_as_usual(call, method):
            return ()
        if given.get("compute_loss_func", {Constant(None)}) != {Constant(None)}:
            return ()
        for atom in ordered(given.get("model", NEVER)):
            if not isinstance(atom, Instance) or not isinstance(atom.cls, LibraryClass):
                return ()
            callee = _without_loss(atom.cls, call)
            if callee is None:
                return ()
            found.append(callee)
    return tuple(found)


def _computes_as_usual(call: MethodCall, method: Method) -> bool:
    """Whether the loss is computed by transformers' own `Trainer`."""
    classes: Iterator[str] = iter((method.entry.qualified, *method.entry.mro))
    for name in classes:
        found = call.signatures.find(name)
        if found is not None and not {_COMPUTES, "training_step"}.isdisjoint(found.entry.methods):
            return name == TRAINER
    return False


def _without_loss(cls: LibraryClass, call: MethodCall) -> Callee | None:
    """The forward of a model that gives no loss; None where it may give one."""
    found = call.signatures.find(cls.qualified)
    if found is None or found.entry.role != "model" or found.entry.call is None:
        return None
    entry, signature = found.entry, found.entry.call
    fields = output_fields(entry, call.signatures)
    if signature.extra == "open" or any(is_labels(name) or "loss" in name for name in signature.keywords):
        return None
    if not fields or any("loss" in name for name in fields):
        return None
    return Callee(f"{entry.name}.forward", signature, "forward", cls, entry, found.library.label)
