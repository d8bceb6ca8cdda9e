"""
## What it does
Reports a class or function that is imported or read from a library whose installed version does not have it any more,
though an earlier version had it.

## Why is this bad
The import raises `ImportError`, and `module.name` raises `AttributeError`. Code that is older than the environment
most often fails this way, and the message does not say what took the name's place.

## Example
```py
from transformers import DeiTFeatureExtractor  # error: [removed-api] "`transformers.DeiTImageProcessor` took its place"

def load(checkpoint):
    return DeiTFeatureExtractor.from_pretrained(checkpoint)
```

Use instead:
```py
from transformers import DeiTImageProcessor

def load(checkpoint):
    return DeiTImageProcessor.from_pretrained(checkpoint)
```

## Fix
- Use what took its place, in the import and everywhere in the file, where the library or its notes on migration tell
  it. Safe where it is of the same library. Not offered where a call passes what the new one does not take.

## When it stays silent
- For names that no earlier version is known to have had, and for what is not exported at the top of a library: some
  versions still give that by other ways.
- Where the code is prepared: within `try` with a handler for `ImportError` or `AttributeError`, and in that handler;
  under a test of a version, of `hasattr`, of `TYPE_CHECKING`; behind a test of a version whose branch returns.
- Where a folder or file of the project has the library's name, and for names that the file itself sets on the module.
"""

from __future__ import annotations

from collections.abc import Iterable

from ..source import syntax
from . import repair
from .finding import Finding, Fix, Severity
from .rule import BoundName, Place, Rule
from .wording import code

_LOSSY = frozenset(("diffusers",))
"""Libraries of whose history names get lost that are still there: stand-ins for missing backends, functions that are
wrapped. Of the other ones' names that are gone at the top none could be imported (transformers 4.57.6 and 5.23.0,
accelerate 1.15.0, lightning 2.6.6, peft 0.21.2, sentence-transformers 6.2.0, timm 1.0.31, torchvision 0.28.0,
trl 1.16.0)."""


class RemovedApi(Rule):
    name = "removed-api"
    severity = Severity.ERROR
    summary = "The installed version has no such class or function any more: importing it raises `ImportError`."

    def check_name(self, bound: BoundName) -> Iterable[Finding]:
        name = bound.name
        library = bound.signatures.library_of(name.qualified)
        if not name.gone or library is None or "." in name.module or name.module in _LOSSY:
            return
        raised = "the import raises ImportError" if isinstance(name.node, syntax.Alias) else "it raises AttributeError"
        message = f"{library.distribution} {library.version} has no {code(name.qualified)}:"
        message += f" it is gone since {name.gone}, and {raised}."
        later = bound.signatures.replacement(name.qualified)
        if later is not None:
            message += f" {code(later.name)} took its place."
        yield Finding(self.name, self.severity, message, name.span, name, name.qualified)

    def fixes(self, place: Place) -> Iterable[Fix]:
        return repair.of_name(place)
