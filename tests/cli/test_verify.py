"""`keyward signatures verify` reads libraries by both ways, and says where they differ."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec

from keyward.cli import verify
from keyward.signatures.agreement import agreement
from keyward.signatures.history import Release
from keyward.signatures.model import Entry, Parameter, Signature

Command = Callable[..., Any]


def release(**entries: Entry) -> Release:
    exports = {"lib": {entry.name: entry.module for entry in entries.values()}}
    return Release("lib", "1.0", exports, {"lib": {entry.qualified: entry for entry in entries.values()}})


NET = Entry("Net", "lib", role="module", line=3, call=Signature((Parameter("x"), Parameter("scale", default="1.0"))))


def test_both_ways_agree_on_the_stand_ins(keyward: Command, project: Path) -> None:
    result = keyward("signatures", "verify", "--output-format", "json")
    assert result.exit_code == 0, result.output
    found = {item["distribution"]: item for item in json.loads(result.stdout)}
    assert set(found) == {"torch", "transformers"}
    assert all(item["public"] > 10 and item["differences"] == [] for item in found.values())


def test_a_library_that_is_not_there_is_one_sentence(keyward: Command, project: Path) -> None:
    result = keyward("signatures", "verify", "nowhere")
    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1
    assert "nowhere is not installed" in result.stderr


def test_what_is_the_same_is_no_difference() -> None:
    found = agreement(release(net=NET), release(net=msgspec.structs.replace(NET, line=7, doc="other")))
    assert (found.share, found.differences, found.n_public) == (1.0, (), 1)


def test_each_difference_is_told_with_its_kind() -> None:
    other = Signature((Parameter("x"), Parameter("scale", default="2.0")), accepts={"more": "f"}, extra="open")
    found = agreement(release(net=NET), release(net=msgspec.structs.replace(NET, call=other)))
    assert [(item.part, item.kind) for item in found.differences] == [("call", "default")]
    assert {item.kind for item in found.keywords} == {"keywords", "rest"}
    assert found.share == 0.0
    assert [item.kind for item in agreement(release(net=NET), release()).differences] == ["missing"]


def test_too_little_agreement_fails(monkeypatch: Any, keyward: Command, project: Path) -> None:
    monkeypatch.setattr(
        verify, "agreement", lambda *both: replace(agreement(*both), names=frozenset(map(str, range(9))))
    )
    result = keyward("signatures", "verify", "torch")
    assert result.exit_code == 1
    assert "are the same" in result.output
