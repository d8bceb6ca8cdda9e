"""The signature shown inside a call, and the parameter that is marked in it."""

from __future__ import annotations

import pytest

from keyward.features.signature_help import signature_help

from .conftest import At

MODELS = """\
import torch.nn.functional as F
from transformers import BertModel, DeiTModel
model = DeiTModel.from_pretrained("x")
"""


@pytest.mark.parametrize(
    ("code", "active"),
    [
        ("model(<CURSOR>", "pixel_values"),
        ("model(<CURSOR>)", "pixel_values"),
        ("model(x<CURSOR>)", "pixel_values"),
        ("model(x, <CURSOR>)", "bool_masked_pos"),
        ("model(x, <CURSOR>", "bool_masked_pos"),
        ("model(f(a, b), (c, d), <CURSOR>)", "interpolate_pos_encoding"),
        ("model(bool_masked_pos=<CURSOR>)", "bool_masked_pos"),
        ("model(bool_masked_pos=<CURSOR>", "bool_masked_pos"),
        ("model(\n    bool_masked_pos=m<CURSOR>,\n    pixel_values=x,\n)", "bool_masked_pos"),
        ("model(output_attentions=<CURSOR>)", "kwargs"),
        ("model(pixel_values=x, <CURSOR>)", None),
        ("model(labels=<CURSOR>)", None),
    ],
)
def test_marks_the_parameter_that_is_being_filled(at: At, code: str, active: str | None) -> None:
    (found,) = signature_help(*at(MODELS + code))
    assert found.label.startswith("DeiTModel.forward(pixel_values: ")
    marked = None if found.active is None else found.parameters[found.active].label
    name = "" if marked is None else found.label[marked.start : marked.end]
    assert name.lstrip("*").partition(":")[0] == (active or "")


def test_says_which_library_it_is_and_what_becomes_of_the_rest(at: At) -> None:
    (found,) = signature_help(*at(MODELS + "model(<CURSOR>)"))
    assert found.doc == "transformers 5.0.9 in .venv\n\nAny other keyword is ignored."
    assert found.label.endswith(") -> BaseModelOutputWithPooling")


def test_one_for_each_candidate(at: At) -> None:
    either = "either = model if flag else BertModel.from_pretrained('y')\n"
    found = signature_help(*at(MODELS + either + "either(<CURSOR>)"))
    assert {help.label.partition("(")[0] for help in found} == {"DeiTModel.forward", "BertModel.forward"}


@pytest.mark.parametrize("code", ["model<CURSOR>(x)", "model(x)<CURSOR>", "unknown(<CURSOR>)", "<CURSOR>"])
def test_nothing_outside_of_a_known_call(at: At, code: str) -> None:
    assert signature_help(*at(MODELS + code)) == ()
