"""Keywords inside calls and fields behind dots, in whole and in half-written code."""

from __future__ import annotations

import pytest

from keyward.features.completion import completions
from keyward.text import Edit, apply_edits

from .conftest import At

MODELS = """\
import torch.nn.functional as F
from transformers import BertForSequenceClassification, BertModel, DeiTForImageClassification, DeiTModel
model = DeiTForImageClassification.from_pretrained("x")
base = DeiTModel.from_pretrained("x")
bert = BertModel.from_pretrained("x")
"""
DEIT = ["pixel_values=", "labels=", "interpolate_pos_encoding="]


def labels(at: At, code: str) -> list[str]:
    snapshot, offset = at(MODELS + code)
    return [completion.label for completion in completions(snapshot, offset)]


@pytest.mark.parametrize(
    "code",
    [
        "model(<CURSOR>)",
        "model(<CURSOR>",
        "model(<CURSOR>\n",
        "outputs = model(<CURSOR>\nloss = outputs.loss\n",
        "def step(x):\n    outputs = model(<CURSOR>\n    return outputs\n",
        "def step(x):\n    outputs = model(\n        <CURSOR>\n\n\ndef other():\n    pass\n",
        "for y in model(<CURSOR>\n    pass\n",
        "if model(<CURSOR>",
        "print([1, model(<CURSOR>",
        'x = "(" + model(<CURSOR>',
        "model(  # comment (\n    <CURSOR>",
    ],
)
def test_keywords_of_a_call_that_is_being_written(at: At, code: str) -> None:
    assert labels(at, code)[:3] == DEIT


def test_what_is_passed_is_not_offered_again(at: At) -> None:
    assert labels(at, "model(labels=y, <CURSOR>)")[:2] == ["pixel_values=", "interpolate_pos_encoding="]
    assert labels(at, "model(x, <CURSOR>")[:2] == ["labels=", "interpolate_pos_encoding="]
    assert "labels=" in labels(at, "model(lab<CURSOR>els=y)")


def test_required_parameters_come_first(at: At) -> None:
    assert labels(at, "F.cross_entropy(<CURSOR>)")[:2] == ["input=", "target="]
    assert labels(at, "F.cross_entropy(logits, reduction='sum', <CURSOR>)")[0] == "target="


@pytest.mark.parametrize(
    "code",
    [
        "model(labels=<CURSOR>)",
        "model(labels=y<CURSOR>)",
        "model('<CURSOR>')",
        "model('<CURSOR>",
        "model([<CURSOR>",
        "model({<CURSOR>})",
        "model(  # <CURSOR>\n)",
        "model(x)<CURSOR>",
        "unknown(<CURSOR>)",
        "<CURSOR>",
    ],
)
def test_no_keywords_where_none_can_stand(at: At, code: str) -> None:
    assert labels(at, code) == []


def test_only_keywords_that_every_candidate_takes(at: At) -> None:
    either = "either = model if flag else base\n"
    offered = labels(at, either + "either(<CURSOR>)")
    assert "pixel_values=" in offered
    assert "labels=" not in offered


@pytest.mark.parametrize(
    "code",
    [
        "outputs = model(x)\noutputs.<CURSOR>",
        "outputs = model(x)\noutputs.<CURSOR>\nprint(outputs)\n",
        "outputs = model(x)\nloss = outputs.lo<CURSOR>\n",
        "def step(x):\n    outputs = model(x)\n    return outputs.<CURSOR>\n\n\nstep(1)\n",
        "outputs = model(x)\nprint(outputs.<CURSOR>",
        "model(x).<CURSOR>",
    ],
)
def test_fields_of_an_output(at: At, code: str) -> None:
    assert labels(at, code)[:2] == ["loss", "logits"]


def test_no_fields_of_what_is_not_known(at: At) -> None:
    assert labels(at, "outputs = unknown(x)\noutputs.<CURSOR>") == []


@pytest.mark.parametrize(
    ("code", "wanted"),
    [
        ("model(la<CURSOR>)", "model(labels=)"),
        ("model(la<CURSOR>bel=y)", "model(labels=y)"),
        ("model(<CURSOR>", "model(labels="),
        ("model(x, 😀<CURSOR>)", None),
    ],
)
def test_accepting_a_keyword(at: At, code: str, wanted: str | None) -> None:
    snapshot, offset = at(MODELS + code)
    chosen = [c for c in completions(snapshot, offset) if c.label == "labels="]
    texts = [apply_edits(snapshot.text, [Edit(c.replace, c.text)]).decode() for c in chosen]
    assert texts == ([] if wanted is None else [MODELS + wanted])
