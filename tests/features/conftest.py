"""Features are asked at the `<CURSOR>` of a text, in a world of the stand-in libraries."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from keyward.features.snapshot import Snapshot, take
from keyward.inference.world import World
from keyward.rules import RuleSettings
from keyward.signatures.store import Signatures

CURSOR = "<CURSOR>"

At = Callable[[str], tuple[Snapshot, int]]


@pytest.fixture
def at(standin: Signatures) -> At:
    """The snapshot of a text, and the offset of its cursor."""
    world = World(standin)

    def make(text: str) -> tuple[Snapshot, int]:
        assert text.count(CURSOR) == 1
        offset = len(text[: text.index(CURSOR)].encode())
        return take("/project/train.py", 1, text.replace(CURSOR, "").encode(), world, RuleSettings()), offset

    return make
