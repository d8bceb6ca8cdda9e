"""
## What it does
Reports classes, functions and keywords that the installed version of a library still takes and calls deprecated, where
it says what to use instead.

## Why is this bad
A later version will drop the name, and the call will raise. Some deprecated names warn in every process of a training
run until then.

## Example
```py
from torch.cuda.amp import GradScaler  # information: [deprecated-api] "Use `torch.amp.GradScaler`"

scaler = GradScaler()
```

Use instead:
```py
from torch.amp import GradScaler

scaler = GradScaler()
```

## Fix
- Use the new name. Safe where it is of the same library and every call in the file reaches the same parameters; not
  offered where a call would not.
- Rename the keyword. Safe. Not offered where the new one takes other values: `size_average=False` says
  `reduction="sum"`.

## When it stays silent
- Where the library does not say what to use instead.
- At uses of a name that a `from` import of the file brings: the import is reported.
- For keywords that come out of a `**dictionary`, for those that the call passes under both names, and for `name=None`.
- Within `try` with a handler for `ImportError`, and under a test of a version: the code is written for several.
- Where a folder or file of the project has the library's name.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..inference.analysis import CallSite, Passed
from ..inference.guards import GATED
from ..inference.values import Constant
from ..signatures.model import Signature
from . import repair
from .finding import Finding, Fix, Severity
from .rule import BoundCall, BoundName, MethodCall, Place, Rule
from .wording import by, code, subject, version


class DeprecatedApi(Rule):
    name = "deprecated-api"
    severity = Severity.INFORMATION
    summary = "The library calls the name deprecated, and has another one for it."

    def check_name(self, bound: BoundName) -> Iterable[Finding]:
        name = bound.name
        library = bound.signatures.library_of(name.qualified)
        later = bound.signatures.replacement(name.qualified) if name.entry is not None else None
        if later is not None and library is not None:
            message = f"{code(name.qualified)} is deprecated ({library.distribution} {library.version})."
            message += f" Use {code(later.name)}."
            yield Finding(self.name, self.severity, message, name.span, name, name.qualified, deprecated=True)

    def check_call(self, call: BoundCall) -> Iterable[Finding]:
        if GATED in call.site.guarded:
            return
        for passed in _asked(call.site.keywords):
            if not all(_is_deprecated(passed.name, callee.signature) for callee in call.callees):
                continue
            later = call.replacement(passed)
            if later is not None and later.name in call.accepted():
                who = subject(call.callees, "calls", "call")
                message = f"{who} {code(passed.name)} deprecated{version(call.callees)}. Use {code(later.name)}."
                yield self._about(call.site, passed, message, later.name if call.fits(passed, later) else "")

    def check_method(self, call: MethodCall) -> Iterable[Finding]:
        if GATED in call.site.guarded:
            return
        given = {passed.name for passed in call.site.keywords}
        for passed in _asked(call.site.keywords):
            if not all(method.signature.takes(passed.name) for method in call.methods):
                continue
            replacements = {call.replacement(method, passed.name) for method in call.methods}
            (later,) = replacements if len(replacements) == 1 else (None,)
            if later is not None and later.name not in given:
                method = call.methods[0]
                message = f"{method.entry.name}.{method.name} calls {code(passed.name)} deprecated{by(method.library)}."
                message += f" Use {code(later.name)}."
                yield self._about(call.site, passed, message, later.name if later.same_values else "")

    def _about(self, site: CallSite, passed: Passed, message: str, instead: str) -> Finding:
        return Finding(
            self.name, self.severity, message, passed.span, site, passed.name, instead=instead, deprecated=True
        )

    def fixes(self, place: Place) -> Iterable[Fix]:
        return repair.of_renamed(place) if place.keyword is not None else repair.of_name(place)


def _asked(keywords: Sequence[Passed]) -> Iterable[Passed]:
    """Keywords that the call itself names, and that ask for something."""
    return (passed for passed in keywords if not passed.spread and passed.value != {Constant(None)})


def _is_deprecated(keyword: str, signature: Signature) -> bool:
    """Whether the callee takes a keyword and names another one for it."""
    return bool(signature.renamed.get(keyword)) and signature.takes(keyword)
