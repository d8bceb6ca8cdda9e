"""
## What it does
Reports a call with more positional arguments than the callee has places for.

## Why is this bad
The call raises `TypeError`.

## Example
```py
from torch import nn

class Net(nn.Module):
    def forward(self, x):
        return x

def step(x, labels):
    return Net()(x, labels)  # error: [too-many-positional] "1 positional argument"
```

Use instead:
```py
from torch import nn

class Net(nn.Module):
    def forward(self, x):
        return x

def step(x, labels):
    return Net()(x)
```

## Fix
- Remove the surplus arguments. Unsafe: the program relied on them.

## When it stays silent
- Where it is not sure what is called, or where one of several candidates has the place.
- For your own functions and constructors: type checkers look after those. Your own `forward` is checked.
- While the closing parenthesis is not typed yet.
- Within `try` with a handler for `TypeError`, or `pytest.raises(TypeError)`: the call is meant to fail.
"""

from __future__ import annotations

from collections.abc import Iterable

from ..signatures.model import Kind, Signature
from ..text import Span
from . import repair
from .finding import Finding, Fix, Severity
from .rule import BoundCall, Place, Rule
from .wording import subject, version


class TooManyPositional(Rule):
    name = "too-many-positional"
    severity = Severity.ERROR
    summary = "More positional arguments than parameters: the call raises `TypeError`."

    def check_call(self, call: BoundCall) -> Iterable[Finding]:
        # The candidate with the most places decides what is surplus.
        surplus = min((binding.surplus for _, binding in call.bindings), key=len)
        if not surplus:
            return
        most = max(_n_places(callee.signature) for callee in call.callees)
        who = subject(call.callees, "takes", "take")
        places = f"{most or 'no'} positional argument{'' if most == 1 else 's'}"
        more = " or more" if call.site.open_positional else ""
        message = (
            f"{who} {places}{version(call.callees)}, this call passes {most + len(surplus)}{more}: it raises TypeError."
        )
        span = Span(surplus[0].span.start, surplus[-1].span.end)
        yield Finding(self.name, self.severity, message, span, call.site)

    def fixes(self, place: Place) -> Iterable[Fix]:
        return repair.of_surplus(place)


def _n_places(signature: Signature) -> int:
    return sum(p.kind in (Kind.POSITIONAL_ONLY, Kind.POSITIONAL_OR_KEYWORD) for p in signature.parameters)
