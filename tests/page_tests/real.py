"""Signatures of the real libraries, for pages and tests that are marked `real`."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import mkdtemp

from environments import interpreter
from keyward.environment.fingerprint import installed
from keyward.environment.index import update_index
from keyward.environment.interpreter import find_interpreter
from keyward.signatures.store import Signatures, open_signatures

_TENSORFLOW = "tensorflow"
SHIPPED = "shipped"
"""In place of an environment: the newest versions of all libraries that ship, for pages that need no more."""


@cache
def signatures(environment: str) -> Signatures:
    """What is known of an environment's torch and transformers, or its tensorflow and keras: shipped if its versions
    are, else indexed now."""
    if environment == SHIPPED:
        return open_signatures((), Path(mkdtemp()))
    found = find_interpreter(interpreter(environment))
    known = open_signatures(installed(found))
    if environment == _TENSORFLOW:
        report = update_index(found, Path(mkdtemp()), only=["tensorflow", "keras"])
        return open_signatures(installed(found), report.cache)
    if known.find("transformers.DeiTModel") is None or known.find("torch.nn.Linear") is None:
        report = update_index(found, Path(mkdtemp()), only=["torch", "transformers"])
        known = open_signatures(installed(found), report.cache)
    return known
