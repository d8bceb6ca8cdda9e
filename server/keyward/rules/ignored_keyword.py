"""
## What it does
Reports a keyword argument that vanishes: the callee takes it into its `**kwargs` and nothing ever reads it.

## Why is this bad
Nothing fails. `labels` given to a model without a head computes no loss, a misspelt `lables` on the right model
does the same, and the mistake shows much later (`... has no attribute 'loss'`) or in a model that never learns. In
transformers 5 almost every `forward` ends in `**kwargs`, so that Python no longer complains.

## Example
```py
from transformers import DeiTModel

def step(pixel_values, labels):
    model = DeiTModel.from_pretrained("facebook/deit-base-distilled-patch16-224")
    return model(pixel_values=pixel_values, labels=labels)  # warning: [ignored-keyword] "no loss is computed"
```

Use instead:
```py
from transformers import DeiTForImageClassification

def step(pixel_values, labels):
    model = DeiTForImageClassification.from_pretrained("facebook/deit-base-distilled-patch16-224")
    return model(pixel_values=pixel_values, labels=labels)
```

## Fix
- Rename the keyword. Safe if it is a misspelling of the only accepted name that is near; unsafe if it is another word
  for the same thing.
- Use a sister class that takes the keyword. Unsafe: another class computes something else and loads other weights.
  All candidates are offered; the one that fits what the code does elsewhere comes first.
- Add the parameter to your own `forward`, with the default `None`. Unsafe: nothing uses it yet.
- Compute the loss outside the model. Unsafe: it is the cross-entropy, which may not be the loss that you want.
- Remove the argument. Safe if evaluating it has no effect, it holds no labels, and there is no other way to mend the
  call: then the program does exactly what it did. Else unsafe, because the argument shows what was wanted.

## When it stays silent
- Where it is not sure what is called, where one of several candidates uses the keyword, and where `**kwargs` goes to a
  place that cannot be followed.
- Where the library gave the keyword another name: `renamed-keyword` says so.
- For keys that only some paths put into a `**dictionary`, and for those that a tokenizer or processor adds by itself.
- For `name=None`, which asks for nothing, and for names that begin with an underscore.
- For your own functions and constructors: `**kwargs` is written there on purpose. Of your own `forward` it reports only
  labels and misspellings. Nothing is reported where the `**` parameter has a name like `**_kwargs` or `**unused`.
- Within `try` with a handler for `TypeError`: the code is prepared for both.
"""

from __future__ import annotations

from collections.abc import Iterable

from ..inference.analysis import Passed
from ..inference.values import Constant, Mapping
from ..signatures.model import Kind, Signature
from . import repair
from .finding import Finding, Fix, Severity
from .rule import BoundCall, Place, Rule
from .sisters import taking
from .wording import code, subject, takers, version
from .words import Suggestion, is_labels, suggestion


class IgnoredKeyword(Rule):
    name = "ignored-keyword"
    severity = Severity.WARNING
    summary = "The keyword vanishes into `**kwargs`: it has no effect."

    def check_call(self, call: BoundCall) -> Iterable[Finding]:
        for passed in call.dropped():
            if id(passed) in call.renamed:
                continue
            near = suggestion(passed.name, call.accepted())
            if _harmless(passed, near, call):
                continue
            sisters = () if near is not None and near.misspelt else taking(passed.name, call.callees, call.signatures)
            lost = passed.name if near is None or not near.misspelt else near.name
            consequence = "no loss is computed" if _loses_the_loss(lost, call) else "it has no effect"
            who = subject(call.callees, "ignores", "ignore")
            message = f"{who} {code(passed.name)}{version(call.callees)}: {consequence}."
            if sisters:
                message += takers(sisters, "takes it", "take it")
            elif near is not None:
                message += f" Did you mean {code(near.name)}?"
            yield Finding(
                self.name,
                self.severity,
                message,
                passed.span,
                call.site,
                passed.name,
                unnecessary=not passed.spread,
            )

    def fixes(self, place: Place) -> Iterable[Fix]:
        return repair.of_keyword(place)


def _harmless(passed: Passed, near: Suggestion | None, call: BoundCall) -> bool:
    """Whether nobody can miss the effect of this argument."""
    if passed.name.startswith("_") or passed.value == {Constant(None)}:
        return True
    if any(callee.entry is None and callee.kind != "forward" for callee in call.callees):
        return True
    if any(_drops_on_purpose(callee.signature) for callee in call.callees):
        return True
    if is_labels(passed.name):
        return False
    if any(callee.entry is None for callee in call.callees):
        return near is None or not near.misspelt
    return passed.spread and _made_by_library(passed, call)


def _drops_on_purpose(signature: Signature) -> bool:
    """Whether the author says by the name that what goes there is lost."""
    names = [parameter.name for parameter in signature.parameters if parameter.kind is Kind.VAR_KEYWORD]
    return any(name.startswith("_") or "unused" in name or "ignore" in name for name in names)


def _made_by_library(passed: Passed, call: BoundCall) -> bool:
    """Whether a tokenizer or processor put the key there by itself."""
    for atom in call.result.values.get(passed.node.value.span, ()):
        if isinstance(atom, Mapping) and atom.cls:
            found = call.signatures.find(atom.cls)
            if found is not None and (passed.name in found.entry.keys or found.entry.keys_open):
                return True
    return False


def _loses_the_loss(name: str, call: BoundCall) -> bool:
    """Whether the argument was to give a loss, and no other one gives it."""
    if not is_labels(name) or any(callee.kind != "forward" for callee in call.callees):
        return False
    dropped = {id(passed) for passed in call.dropped()}
    others = (keyword for keyword in call.site.keywords if id(keyword) not in dropped)
    return not any(is_labels(keyword.name) or keyword.name == "return_loss" for keyword in others)
