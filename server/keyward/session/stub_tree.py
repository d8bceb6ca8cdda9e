"""Brings the stub tree up to date, in a process of its own.

Reading all signatures takes memory that a server had better not keep, and time in which it would not answer.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import msgspec

from ..inference.libraries import MAKES_INSTANCE, RETURNS_SELF
from ..signatures.store import Installed, open_signatures
from ..signatures.stub_text import Methods
from ..signatures.stubs import is_complete, stub_fingerprint, stub_source, write_stubs
from .own_process import own_command

_LIMIT = 120.0
"""Seconds that writing a tree may take."""


class Order(msgspec.Struct, frozen=True):
    """What a tree is made from, and where."""

    installed: tuple[Installed, ...] | None
    cache: str | None
    """The user's cache of signatures."""
    folder: str
    """Holds the trees, each under its fingerprint."""


def stub_tree(installed: Iterable[Installed] | None, cache: Path | None, folder: Path) -> str:
    """The folder of the stub tree for these distributions; "" where it cannot be made. May take seconds."""
    order = Order(None if installed is None else tuple(installed), None if cache is None else str(cache), str(folder))
    tree = folder / stub_fingerprint(open_signatures(order.installed, cache))
    if not is_complete(tree):
        try:
            subprocess.run(
                own_command(__name__),
                input=msgspec.json.encode(order),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd=Path(__file__).parent,
                timeout=_LIMIT,
                check=True,
            )
        except (OSError, subprocess.SubprocessError):
            return ""
    return str(tree) if is_complete(tree) else ""


def main() -> None:
    """Writes the tree that is ordered on standard input."""
    order = msgspec.json.decode(sys.stdin.buffer.read(), type=Order)
    signatures = open_signatures(order.installed, None if order.cache is None else Path(order.cache))
    tree = Path(order.folder, stub_fingerprint(signatures))
    write_stubs(tree, lambda: stub_source(signatures), Methods(makers=MAKES_INSTANCE, fluent=RETURNS_SELF))
