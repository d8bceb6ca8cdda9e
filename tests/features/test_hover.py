"""What is said about models, keywords and fields."""

from __future__ import annotations

import pytest

from keyward.features.hover import hover

from .conftest import At

MODELS = """\
import torch.nn.functional as F
from transformers import BertModel, DeiTForImageClassification, DeiTModel
base = DeiTModel.from_pretrained("x")
bert = BertModel.from_pretrained("x")
outputs = base(pixel_values=x)
"""


def said(at: At, code: str) -> str:
    snapshot, offset = at(MODELS + code)
    found = hover(snapshot, offset)
    return "" if found is None else found.markdown


def test_a_model_shows_its_forward_one_parameter_a_line(at: At) -> None:
    text = said(at, "ba<CURSOR>se(pixel_values=x)")
    assert text.startswith("```python\nDeiTModel.forward(\n    pixel_values: ")
    assert "\n    bool_masked_pos: " in text
    assert "\n) -> BaseModelOutputWithPooling\n```\ntransformers 5.0.9 in .venv\n" in text
    assert "- `pixel_values`: `(batch_size, num_channels, " in text
    assert "Any other keyword is ignored." in text
    assert "Returns BaseModelOutputWithPooling:\n- `last_hidden_state`" in text


def test_a_model_says_what_its_sisters_take_and_it_does_not(at: At) -> None:
    text = said(at, "ba<CURSOR>se(pixel_values=x)")
    assert "Not taken here:\n- `labels`: taken by `DeiTForImageClassification`" in text


@pytest.mark.parametrize(
    ("code", "parts"),
    [
        (
            "base(pixel_<CURSOR>values=x)",
            ["pixel_values: ", "of DeiTModel.forward (transformers 5.0.9 in .venv)", "`(batch"],
        ),
        ("base(la<CURSOR>bels=y)", ["`labels` is ignored", "Taken by `DeiTForImageClassification`."]),
        ("bert(la<CURSOR>bels=y)", ["`labels` raises TypeError"]),
        ("base(output_<CURSOR>attentions=True)", ["no parameter", "but it has an effect"]),
        ("F.cross_entropy(a, la<CURSOR>bels=y)", ["`labels` raises TypeError", "torch.nn.functional.cross_entropy"]),
    ],
)
def test_a_keyword_says_what_becomes_of_it(at: At, code: str, parts: list[str]) -> None:
    text = said(at, code)
    assert [part for part in parts if part not in text] == []


def test_a_field_is_described(at: At) -> None:
    text = said(at, "outputs.pooler_<CURSOR>output")
    assert "Field of BaseModelOutputWithPooling, returned by DeiTModel.forward (transformers 5.0.9 in .venv)" in text


def test_a_missing_field_says_what_there_is(at: At) -> None:
    text = said(at, "outputs.lo<CURSOR>ss")
    assert "has no `loss`; it has `last_hidden_state`" in text


def test_a_class_shows_constructor_and_forward(at: At) -> None:
    text = said(at, "DeiT<CURSOR>Model")
    assert "DeiTModel(\n    config" in text
    assert "\nforward(\n    pixel_values" in text


def test_an_output_shows_its_fields(at: At) -> None:
    assert "- `last_hidden_state`" in said(at, "out<CURSOR>puts")


@pytest.mark.parametrize("code", ["unkn<CURSOR>own(x)", "x <CURSOR>", "'ba<CURSOR>se'", "base(x, y=unk<CURSOR>nown)"])
def test_nothing_is_said_about_what_is_not_known(at: At, code: str) -> None:
    assert said(at, code) == ""
