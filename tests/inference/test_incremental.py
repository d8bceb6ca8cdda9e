"""An analysis carried over edits says what a fresh one says."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from keyward.inference.analysis import UnitResult
from keyward.inference.engine import Analysis, analyse
from keyward.inference.world import World
from keyward.signatures.store import Signatures
from keyward.source import syntax
from keyward.source.tree import Source

SCRIPT = Path(__file__).parent / "script.py"
LINES = (
    b"model = DeiTModel.from_pretrained('x')",
    b"model = None",
    b"def build():\n    return DeiTForImageClassification.from_pretrained('x')",
    b"def build():\n    return DeiTModel.from_pretrained('x')",
    b"class Wrapper(nn.Module):\n    def forward(self, x):\n        return self.model(x)",
    b"from transformers import *",
    b"global model",
    b"    return self.encoder",
    b"    self.encoder = DeiTModel(config)",
    b"other.encoder = None",
    b"if (",
    b")",
    b"",
)


def seen(analysis: Analysis) -> list[tuple[int, str, object]]:
    """What rules and features could see, in file offsets."""
    found: list[tuple[int, str, object]] = []
    for unit, result in analysis.results:
        found.append((unit.start, unit.qualname, _in_order(result)))
    return found


def _in_order(result: UnitResult) -> object:
    return (
        *(sorted(sites, key=repr) for sites in result.sites),
        sorted(result.values.items(), key=lambda item: (item[0], repr(item[1]))),
    )


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 6))])
def test_incremental_equals_fresh(standin: Signatures, seed: int) -> None:
    rng = random.Random(seed)
    world = World(standin)
    text = SCRIPT.read_bytes()
    analysis = analyse(Source.parse("script.py", text), world)
    for _ in range(60):
        lines = text.split(b"\n")
        at = rng.randrange(len(lines))
        match rng.choice(("insert", "delete", "comment", "swap", "reset")):
            case "insert":
                lines.insert(at, rng.choice(LINES))
            case "delete":
                del lines[at : at + rng.randrange(1, 3)]
            case "comment":
                lines[at] += b"  # note"
            case "swap":
                other = rng.randrange(len(lines))
                lines[at], lines[other] = lines[other], lines[at]
            case "reset":
                lines = SCRIPT.read_bytes().split(b"\n")
        text = b"\n".join(lines)
        analysis = analyse(analysis.source.edited(text), world, analysis)
        if not analysis.source.broken:
            fresh = seen(analyse(Source.parse("script.py", text), world))
            for one, other in zip(seen(analysis), fresh, strict=True):
                assert one == other, text[one[0] : one[0] + 300]


def test_untouched_units_keep_their_results(standin: Signatures) -> None:
    world = World(standin)
    text = SCRIPT.read_bytes()
    before = analyse(Source.parse("script.py", text), world)
    after = analyse(before.source.edited(b"# a comment\n\n" + text), world, before)
    assert [id(result) for _, result in after.results] == [id(result) for _, result in before.results]
    assert [unit.start for unit, _ in after.results] == [unit.start + 13 for unit, _ in before.results]


def test_what_rests_on_callers_is_known_after_edits(standin: Signatures) -> None:
    world = World(standin)
    text = b"""from transformers import BertForMaskedLM, BertModel

def run(model, x):
    own = BertModel.from_pretrained("x")
    return model(input_ids=x), own(input_ids=x)

run(BertModel.from_pretrained("x"), 1)
"""

    def resting(analysis: Analysis) -> list[tuple[str, bool]]:
        sites = ((unit, site) for unit, result in analysis.results for site in result.calls if unit.qualname == "run")
        return [
            (name, analysis.rests_on_callers(unit, site))
            for unit, site in sites
            if isinstance(site.node.function, syntax.Name) and (name := site.node.function.name) in ("model", "own")
        ]

    analysis = analyse(Source.parse("script.py", text), world)
    assert resting(analysis) == [("model", True), ("own", False)]
    for old, new in (
        (b"own = BertModel.from_pretrained", b"own = BertForMaskedLM.from_pretrained"),
        (b"own = BertForMaskedLM.from_pretrained(", b"own = (lambda name: model)("),
        (b"own = (lambda name: model)(", b"own = BertModel.from_pretrained("),
    ):
        text = text.replace(old, new)
        analysis = analyse(analysis.source.edited(text), world, analysis)
        fresh = analyse(Source.parse("script.py", text), world)
        assert resting(analysis) == resting(fresh)


@pytest.mark.slow
def test_memory_does_not_grow_with_edits(standin: Signatures) -> None:
    world = World(standin)
    text = SCRIPT.read_bytes()
    analysis = fresh = analyse(Source.parse("script.py", text), world)
    for number in range(2500):
        edited = text.replace(b'return_tensors="pt"', b'return_tensors="%d"' % number)
        analysis = analyse(analysis.source.edited(edited), world, analysis)
    assert analysis.n_memos < 2 * fresh.n_memos + 1000
    assert seen(analysis) == seen(analyse(Source.parse("script.py", edited), world))
