"""
## What it does
Reports a keyword argument that the callee refuses: it has no parameter of that name and no `**kwargs` to take it.

## Why is this bad
The call raises `TypeError` when it is reached, in a training run often only after the data has been loaded.
`nn.Module.__call__` accepts anything as far as type checkers can see, so that nothing says so before.

## Example
```py
import torch.nn.functional as F

def step(logits, y):
    return F.cross_entropy(logits, labels=y)  # error: [unexpected-keyword] "`labels`"
```

Use instead:
```py
import torch.nn.functional as F

def step(logits, y):
    return F.cross_entropy(logits, target=y)
```

## Fix
- Rename the keyword. Safe if it is a misspelling of the only accepted name that is near; unsafe if it is another word
  for the same thing (`labels` and `target`).
- Use a sister class that takes the keyword. Unsafe: another class computes something else and loads other weights.
- Add the parameter to your own `forward`, with the default `None`. Unsafe: nothing uses it yet.
- Compute the loss outside the model. Unsafe: it is the cross-entropy, which may not be the loss that you want.
- Remove the argument. Unsafe: the program relied on it.

## When it stays silent
- Where it is not sure what is called, or where one of several candidates accepts the keyword.
- For your own functions and constructors: type checkers look after those. Your own `forward` is checked.
- Where the library gave the keyword another name: `renamed-keyword` says so.
- For keys that only some paths put into a `**dictionary`.
- Within `try` with a handler for `TypeError`, or `pytest.raises(TypeError)`: the call is meant to fail.
"""

from __future__ import annotations

from collections.abc import Iterable

from . import repair
from .finding import Finding, Fix, Severity
from .rule import BoundCall, Place, Rule
from .sisters import taking
from .wording import code, subject, takers, version
from .words import suggestion


class UnexpectedKeyword(Rule):
    name = "unexpected-keyword"
    severity = Severity.ERROR
    summary = "The callee has no such parameter: the call raises `TypeError`."

    def check_call(self, call: BoundCall) -> Iterable[Finding]:
        for passed in call.refused():
            if id(passed) in call.renamed:
                continue
            who = subject(call.callees, "has", "have")
            message = f"{who} no parameter {code(passed.name)}{version(call.callees)}: the call raises TypeError."
            near = suggestion(passed.name, call.accepted())
            if near is not None and near.misspelt:
                message += f" Did you mean {code(near.name)}?"
            elif hint := takers(taking(passed.name, call.callees, call.signatures), "takes it", "take it"):
                message += hint
            elif near is not None:
                message += f" Did you mean {code(near.name)}?"
            yield Finding(self.name, self.severity, message, passed.span, call.site, passed.name)

    def fixes(self, place: Place) -> Iterable[Fix]:
        return repair.of_keyword(place)
