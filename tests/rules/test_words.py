"""Which name was meant."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyward.rules.words import Suggestion, distance, is_labels, suggestion


@pytest.mark.parametrize(
    ("name", "accepted", "meant"),
    [
        ("lables", ["labels", "pixel_values"], Suggestion("labels", True)),
        ("pixel_value", ["labels", "pixel_values"], Suggestion("pixel_values", True)),
        ("atention_mask", ["attention_mask", "head_mask"], Suggestion("attention_mask", True)),
        ("labels", ["input", "target"], Suggestion("target", False)),
        ("target", ["pixel_values", "labels"], Suggestion("labels", False)),
        ("tokenizer", ["model", "processing_class"], Suggestion("processing_class", False)),
        ("past", ["past_key_values"], Suggestion("past_key_values", False)),
        # Two names are as near: neither is surely meant.
        ("input_idx", ["input_ids", "input_id2"], Suggestion("input_id2", False)),
        # Short names are near to everything.
        ("x", ["y"], None),
        ("out", ["x", "mask"], None),
        ("labels", ["pixel_values", "head_mask"], None),
        # The one main input, but not one of two.
        ("input", ["pixel_values", "head_mask"], Suggestion("pixel_values", False)),
        ("image", ["input_ids", "pixel_values"], None),
    ],
)
def test_suggestion(name: str, accepted: list[str], meant: Suggestion | None) -> None:
    assert suggestion(name, accepted) == meant


@pytest.mark.parametrize("name", ["labels", "label", "class_labels", "target", "start_positions"])
def test_labels(name: str) -> None:
    assert is_labels(name)


@pytest.mark.parametrize("name", ["input_ids", "num_labels_", "label_names", "labelled", "position_ids"])
def test_no_labels(name: str) -> None:
    assert not is_labels(name)


words = st.text("abc", max_size=6)


@given(words, words, st.data())
def test_distance_counts_single_changes(a: str, b: str, data: st.DataObject) -> None:
    assert distance(a, b) == distance(b, a)
    assert (distance(a, b) == 0) == (a == b)
    if a:
        at = data.draw(st.integers(0, len(a) - 1))
        assert distance(a, a[:at] + a[at + 1 :]) == 1
        swapped = a[:at] + a[at : at + 2][::-1] + a[at + 2 :]
        assert distance(a, swapped) <= 1
    assert abs(len(a) - len(b)) <= distance(a, b) <= max(len(a), len(b))
