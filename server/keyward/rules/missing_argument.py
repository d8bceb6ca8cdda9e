"""
## What it does
Reports a call that leaves a required parameter without a value.

## Why is this bad
The call raises `TypeError`.

## Example
```py
from torch import nn

class Net(nn.Module):
    def forward(self, x, mask):
        return x * mask

def step(x):
    return Net()(x)  # error: [missing-argument] "`mask`"
```

Use instead:
```py
from torch import nn

class Net(nn.Module):
    def forward(self, x, mask):
        return x * mask

def step(x, mask):
    return Net()(x, mask)
```

## Fix
None: only you know the value.

## When it stays silent
- Where it is not sure what is called, or where one of several candidates is content.
- For your own functions and constructors: type checkers look after those. Your own `forward` is checked.
- Where `*arguments` or `**keywords` of unknown content may fill the parameter.
- Where another argument of the same call is misnamed or surplus: that is the mistake, and it is reported.
- While the closing parenthesis is not typed yet.
- Within `try` with a handler for `TypeError`, or `pytest.raises(TypeError)`: the call is meant to fail.
"""

from __future__ import annotations

from collections.abc import Iterable

from .finding import Finding, Fix, Severity
from .rule import BoundCall, Place, Rule
from .wording import code, listed, subject, version


class MissingArgument(Rule):
    name = "missing-argument"
    severity = Severity.ERROR
    summary = "A required argument is missing: the call raises `TypeError`."

    def check_call(self, call: BoundCall) -> Iterable[Finding]:
        common: list[str] | None = None
        needs: dict[str, str] = {}
        for callee, binding in call.bindings:
            # A misnamed or surplus argument is most likely what should have filled the parameter.
            if len(binding.missing) <= len(binding.unexpected) + len(binding.surplus):
                return
            names = [parameter.name for parameter in binding.missing]
            common = names if common is None else [name for name in common if name in names]
            needs.setdefault(callee.name, names[0])
        if not needs:
            return
        if common:
            missing = listed([code(name) for name in common], at_most=4)
            need = f"{subject(call.callees, 'needs', 'need')} {missing}"
        else:  # each candidate has another name for what is missing
            need = listed([f"{who} needs {code(name)}" for who, name in needs.items()])
        message = f"{need}{version(call.callees)}, missing in this call: it raises TypeError."
        name = common[0] if common else next(iter(needs.values()))
        yield Finding(self.name, self.severity, message, call.site.node.function.span, call.site, name)

    def fixes(self, place: Place) -> Iterable[Fix]:
        return ()
