"""What counts when two readings of a library are held against each other."""

from __future__ import annotations

import pytest

from keyward.signatures.agreement import Agreement, agreement
from keyward.signatures.history import Release
from keyward.signatures.model import Entry, Parameter, Signature


def held(imported: Entry, read: Entry | None) -> Agreement:
    def release(entry: Entry | None) -> Release:
        families = {} if entry is None else {"any": {entry.qualified: entry}}
        return Release("lib", "1.0", {"lib": {"Net": "lib"}}, families)

    return agreement(release(imported), release(read))


def net(default: str | None = None, line: int = 1) -> Entry:
    return Entry("Net", "lib", "module", init=Signature((Parameter("x", default=default),)), line=line)


@pytest.mark.parametrize(
    ("live", "read", "share"),
    [
        ("1", "1", 1.0),
        ("1", "2", 0.0),
        ("mean", "numpy.mean", 1.0),
        ("mean", "numpy.sum", 0.0),
        ("numpy.mean", "mean", 0.0),
        ("mean", None, 0.0),
        ("device(type='cpu')", "torch.device(...)", 0.0),
    ],
)
def test_defaults(live: str, read: str | None, share: float) -> None:
    assert held(net(live), net(read)).share == share


def test_what_has_no_source_is_counted_apart() -> None:
    made = held(net(line=0), None)
    assert (made.n_public, made.n_compiled, made.differences) == (0, 1, ())
    lost = held(net(), None)
    assert (lost.n_public, lost.n_compiled, lost.share) == (1, 0, 0.0)
    assert [difference.cause for difference in lost.differences] == ["the source reader does not find it"]
