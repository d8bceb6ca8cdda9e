"""
## What it does
Reports a keyword that the installed version of a library knows under another name, by what the library said itself
before it dropped the old one, or by its notes on migration.

## Why is this bad
The call raises `TypeError`, or, where the callee takes any keyword, the value is dropped without a word.

## Example
```py
from transformers import TrainingArguments

arguments = TrainingArguments("out", evaluation_strategy="epoch")  # error: [renamed-keyword] "`eval_strategy`"
```

Use instead:
```py
from transformers import TrainingArguments

arguments = TrainingArguments("out", eval_strategy="epoch")
```

## Fix
- Rename the keyword. Safe. Not offered where the new one takes other values, or the call passes it already.

## When it stays silent
- Where the installed version still takes the old name: then it is deprecated, which is another rule.
- Where it is not sure what is called, or where the candidates call it differently.
- For `name=None` where the old name would only be dropped: it asks for nothing.
- For `from_pretrained` with `trust_remote_code`: a class that nobody has seen gets what is left of the keywords.
- Within `try` with a handler for `TypeError`, and under a test of a version.
"""

from __future__ import annotations

from collections.abc import Iterable

from ..inference.analysis import Passed
from ..inference.values import Constant
from ..signatures.replacements import Replacement
from . import repair
from .finding import Finding, Fix, Severity
from .rule import BoundCall, Method, MethodCall, Place, Rule
from .wording import by, code, subject, version


class RenamedKeyword(Rule):
    name = "renamed-keyword"
    severity = Severity.ERROR
    summary = "The library gave the keyword another name: the call raises `TypeError`, or the value is dropped."

    def check_call(self, call: BoundCall) -> Iterable[Finding]:
        if not call.renamed:
            return
        refused = {id(passed) for passed in call.refused()}
        for passed in call.site.keywords:
            later = call.renamed.get(id(passed))
            if later is None:
                continue
            if id(passed) in refused:
                who = subject(call.callees, "has", "have")
                message = f"{who} no parameter {code(passed.name)}{version(call.callees)}: the call raises TypeError."
                severity = Severity.ERROR
            elif passed.value == {Constant(None)}:
                continue
            else:
                who = subject(call.callees, "ignores", "ignore")
                message = f"{who} {code(passed.name)}{version(call.callees)}: it has no effect."
                severity = Severity.WARNING
            message += f" {code(later.name)} took its place."
            instead = later.name if call.fits(passed, later) else ""
            yield Finding(self.name, severity, message, passed.span, call.site, passed.name, instead)

    def check_method(self, call: MethodCall) -> Iterable[Finding]:
        given = {passed.name for passed in call.site.keywords}
        if "trust_remote_code" in given:
            return  # what is left goes to a class that nobody has seen
        for passed in call.site.keywords:
            if not passed.certain or any(method.signature.takes(passed.name) for method in call.methods):
                continue
            later = {call.replacement(method, passed.name) for method in call.methods}
            (instead,) = later if len(later) == 1 else (None,)
            if instead is not None and instead.name not in given:
                yield from self._of_method(call, passed, instead)

    def _of_method(self, call: MethodCall, passed: Passed, later: Replacement) -> Iterable[Finding]:
        method = call.methods[0]
        where = f"{method.entry.name}.{method.name}"
        raises = all(map(_makes_model, call.methods)) or all(m.signature.extra == "refused" for m in call.methods)
        if not raises and passed.value == {Constant(None)}:
            return
        does = "does not take" if raises else "ignores"
        end = "the call raises TypeError" if raises else "it has no effect"
        message = f"{where} {does} {code(passed.name)}{by(method.library)}: {end}. {code(later.name)} took its place."
        severity = Severity.ERROR if raises else Severity.WARNING
        instead = later.name if later.same_values else ""
        yield Finding(self.name, severity, message, passed.span, call.site, passed.name, instead)

    def fixes(self, place: Place) -> Iterable[Fix]:
        return repair.of_renamed(place)


def _makes_model(method: Method) -> bool:
    """Whether it hands what is left of its keywords to a model's constructor, which takes none of them."""
    entry = method.entry
    return method.name == "from_pretrained" and (entry.role == "model" or entry.name.startswith("AutoModel"))
