"""The tool that holds claims against running models: how it counts, goes on, and ends what hangs; models aside."""

from __future__ import annotations

import json
import stat
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import environments
from keyward.signatures.model import Parameter, Signature

KEYWORDS = environments.ROOT / "benchmarks" / "keywords"


@pytest.fixture
def compare(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(KEYWORDS))
    import compare

    return compare


def record(fates: dict[str, str], neighbours: tuple[str, ...] = (), **more: Any) -> dict[str, Any]:
    return {"fates": fates, "neighbours": list(neighbours), "keys": [], "unread": [], "steady": True, **more}


def test_claims_are_counted_against_observations(compare: ModuleType) -> None:
    claim = compare.Claim(
        Signature((Parameter("own"), Parameter("idle")), accepts={"by_way": "callee"}, extra="ignored"), True
    )
    closed = compare.Claim(Signature((Parameter("own"),)), False)
    unknown = compare.Claim(Signature(extra="open", reason="why"), True)
    claims = {"m.A": claim, "m.B": closed, "m.C": unknown, "m.D": claim}
    found = compare.Report({"transformers": "5", "torch": "2"}, claims, ("labels",))
    found.add("m.A", record({"own": "used", "idle": "ignored", "by_way": "used", "labels": "ignored"}))
    found.add("m.B", record({"own": "used", "labels": "refused"}))
    found.add("m.C", record({"labels": "used"}))
    found.add("m.D", {"unbuilt": "not built: why"})
    assert found.shares() == (5 / 6, 1.0)
    assert found.holds and found.contradictions == []
    assert "open" in found.text() and "not built: why (1): D" in found.text()


@pytest.mark.parametrize(
    ("fate", "alarm"), [("used", True), ("refused", False)], ids=["claimed to be ignored and used", "and refused"]
)
def test_contradictions_are_told(compare: ModuleType, fate: str, alarm: bool) -> None:
    found = compare.Report(
        {"transformers": "5", "torch": "2"}, {"m.A": compare.Claim(Signature(extra="ignored"), True)}, ("labels",)
    )
    found.add("m.A", record({"labels": fate, "other": "used"}, neighbours=("other",)))
    assert f"`A(labels=...)` is claimed to be ignored and was {fate}" in found.contradictions
    # A neighbour's parameter does not count in the share, a false alarm about it does.
    assert sum(found.asked.values()) == 1
    assert len(found.alarms) == 1 + alarm
    assert not found.holds


FAKE = """#!{python}
import json, sys, time
print(json.dumps({{"transformers": "5", "torch": "2"}}), flush=True)
for line in sys.stdin:
    name = json.loads(line)["class"]
    if name == "m.Dies":
        sys.exit(3)
    while name == "m.Hangs":
        pass
    if name == "m.Eats":
        held = b"x" * (200 << 20)
        time.sleep(600)
    print(json.dumps({{"fates": {{}}}}), flush=True)
"""


@pytest.fixture
def python(tmp_path: Path) -> Path:
    """A program that stands for the observing interpreter."""
    path = tmp_path / "python"
    path.write_text(FAKE.format(python=sys.executable), "utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


@pytest.mark.skipif(sys.platform == "win32", reason="a script cannot stand for an interpreter")
def test_a_child_that_dies_hangs_or_eats_memory_is_replaced(
    compare: ModuleType, python: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compare, "SECONDS", 1.0)  # of a processor: how busy the machine is does not matter
    monkeypatch.setattr(compare, "MIB", 150)
    child = compare.Child(python)
    try:
        names = ["m.A", "m.Dies", "m.Hangs", "m.Eats", "m.B"]
        path = tmp_path / "observed.jsonl"
        records = dict(compare.observe(child, names, path))
    finally:
        child.end()
    assert [name for name, found in records.items() if "fates" in found] == ["m.A", "m.B"]
    assert records["m.Dies"]["unbuilt"] == "the process died"
    assert "no answer" in records["m.Hangs"]["unbuilt"]
    assert "150 MiB" in records["m.Eats"]["unbuilt"]
    # What is there is not made again, and a line that was cut off is.
    with path.open("a", encoding="utf-8") as file:
        file.write('{"class": "m.C", "fa')
    again = compare.observe(child, [*names, "m.C"], path, known_only=True)
    assert [name for name, _ in again] == names


def test_observations_of_another_recipe_are_made_anew(compare: ModuleType, tmp_path: Path) -> None:
    recipes = compare.recipes()
    lines = [
        {"class": "m.Ran", "fates": {}, **recipes, "made": "other"},
        {"class": "m.RanOtherwise", "fates": {}, **recipes, "how": "other"},
        {"class": "m.Unbuilt", "unbuilt": "", **recipes},
        {"class": "m.UnbuiltOtherwise", "unbuilt": "", **recipes, "made": "other"},
    ]
    path = tmp_path / "observed.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    assert set(compare.read_records(path)) == {"m.Ran", "m.Unbuilt"}


def test_an_interpreter_without_the_libraries_is_told(compare: ModuleType, tmp_path: Path) -> None:
    child = compare.Child(Path(sys.executable))
    with pytest.raises(RuntimeError, match="are torch and transformers installed"):
        child.start()
