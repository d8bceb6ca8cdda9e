"""
## What it does
Reports a keyword argument whose parameter has a value already: by position, or from a `**dictionary`.

## Why is this bad
The call raises `TypeError`.

## Example
```py
from torch import nn

class Net(nn.Module):
    def forward(self, x, scale=1.0):
        return x * scale

def step(x):
    return Net()(x, x=x)  # error: [multiple-values] "`x`"
```

Use instead:
```py
from torch import nn

class Net(nn.Module):
    def forward(self, x, scale=1.0):
        return x * scale

def step(x):
    return Net()(x, scale=x)
```

## Fix
- Remove the keyword argument. Unsafe: only you know which of the two values was meant.

## When it stays silent
- Where it is not sure what is called, or where one of several candidates is content.
- For your own functions and constructors: type checkers look after those. Your own `forward` is checked.
- For keys that only some paths put into a `**dictionary`.
- Within `try` with a handler for `TypeError`, or `pytest.raises(TypeError)`: the call is meant to fail.
"""

from __future__ import annotations

from collections.abc import Iterable

from . import repair
from .finding import Finding, Fix, Severity
from .rule import BoundCall, Place, Rule
from .wording import code, subject, version


class MultipleValues(Rule):
    name = "multiple-values"
    severity = Severity.ERROR
    summary = "A parameter gets two values: the call raises `TypeError`."

    def check_call(self, call: BoundCall) -> Iterable[Finding]:
        for passed in call.repeated():
            by_keyword = sum(keyword.name == passed.name for keyword in call.site.keywords) > 1
            how = "by two keywords" if by_keyword else "by position and by keyword"
            who = subject(call.callees, "gets", "get")
            message = f"{who} {code(passed.name)} twice, {how}{version(call.callees)}: the call raises TypeError."
            yield Finding(self.name, self.severity, message, passed.span, call.site, passed.name)

    def fixes(self, place: Place) -> Iterable[Fix]:
        return repair.of_repeated(place)
