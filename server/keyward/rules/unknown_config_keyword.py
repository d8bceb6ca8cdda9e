"""
## What it does
Reports a keyword that was meant for a configuration of transformers and is misspelt: it is no field of that
configuration, no option of `from_pretrained`, and one of those is written almost like it.

## Why is this bad
A configuration keeps any keyword as an attribute that nobody reads, and `from_pretrained` of a configuration drops it:
the model is trained with the default. `from_pretrained` of a model hands it to the constructor, which raises
`TypeError` after the checkpoint has been downloaded.

## Example
```py
from transformers import AutoConfig, BertConfig

config = BertConfig(hidden_dropout_prb=0.2)  # warning: [unknown-config-keyword] "Did you mean `hidden_dropout_prob`?"
other = AutoConfig.from_pretrained("bert-base-uncased", num_label=3)  # warning: [unknown-config-keyword]
```

Use instead:
```py
from transformers import AutoConfig, BertConfig

config = BertConfig(hidden_dropout_prob=0.2)
other = AutoConfig.from_pretrained("bert-base-uncased", num_labels=3)
```

## Fix
- Rename the keyword. Safe: the name is the only one that is near.

## When it stays silent
- For names that are not nearly a known one: attributes of your own are legitimate. So are plurals of a field.
- Where the configuration is not known and some configuration of the library has the name as a field.
- For classes of your own, with `trust_remote_code`, and with `return_unused_kwargs`, which gives them back.
- Where the right name is passed, too.
- Within `try` with a handler for `TypeError`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..inference.analysis import CallSite, Passed
from . import repair
from .configurations import FROM_PRETRAINED, is_config, known_fields, makes_models, may_be_field, options, slip_of
from .finding import Finding, Fix, Severity
from .rule import BoundCall, MethodCall, Place, Rule
from .wording import by, code, version

_PACKAGE = "transformers."
_SILENCING = frozenset(("trust_remote_code", "return_unused_kwargs"))


class UnknownConfigKeyword(Rule):
    name = "unknown-config-keyword"
    severity = Severity.WARNING
    summary = "A misspelt field of a configuration: it has no effect, or loading the model raises `TypeError`."

    def check_call(self, call: BoundCall) -> Iterable[Finding]:
        callee, given = call.callees[0], {passed.name for passed in call.site.keywords}
        entry = callee.entry
        if len(call.callees) > 1 or callee.kind != "construct" or entry is None or entry.role != "config":
            return
        if not given or not entry.module.startswith(_PACKAGE):
            return
        known = known_fields(entry, call.signatures)
        for passed, meant in _slips(call.site, known):
            if passed.name != f"{meant}s":
                message = f"{callee.name} has no field {code(passed.name)}{version(call.callees)}: nothing reads it."
                message += f" Did you mean {code(meant)}?"
                yield Finding(self.name, self.severity, message, passed.span, call.site, passed.name, instead=meant)

    def check_method(self, call: MethodCall) -> Iterable[Finding]:
        method = call.methods[0]
        entry = method.entry
        if len(call.methods) > 1 or method.name != FROM_PRETRAINED or not entry.module.startswith(_PACKAGE):
            return
        loads_model = makes_models(entry)
        if not (loads_model or is_config(entry)) or (loads_model and "*" in call.site.guarded):
            return
        if not _SILENCING.isdisjoint(passed.name for passed in call.site.keywords):
            return
        loaded = call.made if entry.role == "auto" and call.made is not None else entry
        known = options(entry, call.signatures) | options(loaded, call.signatures)
        known |= known_fields(loaded, call.signatures)
        for passed, meant in _slips(call.site, known):
            if may_be_field(passed.name, loaded, call.signatures):
                continue
            message = f"{entry.name}.{method.name} does not know {code(passed.name)}{by(method.library)}:"
            message += " the call raises TypeError." if loads_model else " it has no effect."
            message += f" Did you mean {code(meant)}?"
            severity = Severity.ERROR if loads_model else Severity.WARNING
            yield Finding(self.name, severity, message, passed.span, call.site, passed.name, instead=meant)

    def fixes(self, place: Place) -> Iterable[Fix]:
        return repair.of_renamed(place)


def _slips(site: CallSite, known: frozenset[str]) -> Iterator[tuple[Passed, str]]:
    """Keywords that are slips of known ones which the call does not pass."""
    free = known - {passed.name for passed in site.keywords}
    for passed in site.keywords:
        if passed.certain and passed.name not in known and (meant := slip_of(passed.name, free)):
            yield passed, meant
