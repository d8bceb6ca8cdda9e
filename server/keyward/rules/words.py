"""Names that people use for the same thing, and names that they misspell."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from ..signatures.model import Signature

_LABELS = frozenset(("label", "labels", "label_ids", "target", "targets", "start_positions", "end_positions"))


def is_labels(name: str) -> bool:
    """Whether an argument of this name is what a loss is computed against."""
    return name in _LABELS or name.endswith(("_labels", "_label"))


@dataclass(frozen=True, slots=True)
class Suggestion:
    """An accepted name that was probably meant."""

    name: str
    misspelt: bool
    """Near in spelling, and no other accepted name is as near; else it is another word for the same thing."""


# Each name with what it is called elsewhere, nearest in meaning first. torch's losses say `input` and `target`; models
# of transformers say `labels`; the rest are names of older releases, or of other libraries.
_SYNONYMS: dict[str, tuple[str, ...]] = {
    "label": ("labels", "target"),
    "labels": ("target", "label", "targets"),
    "y": ("target", "labels"),
    "y_true": ("target", "labels"),
    "target": ("labels", "target_tensor"),
    "targets": ("target", "labels"),
    "lm_labels": ("labels",),
    "masked_lm_labels": ("labels",),
    "logits": ("input",),
    "pred": ("input",),
    "preds": ("input",),
    "predictions": ("input",),
    "y_pred": ("input",),
    "mask": ("attention_mask", "attn_mask"),
    "attn_mask": ("attention_mask",),
    "attention_mask": ("attn_mask",),
    "padding_mask": ("attention_mask", "key_padding_mask"),
    "past": ("past_key_values",),
    "past_key_value": ("past_key_values",),
    "segment_ids": ("token_type_ids",),
    "token_types": ("token_type_ids",),
    "tokenizer": ("processing_class",),
    "feature_extractor": ("processing_class",),
    "evaluation_strategy": ("eval_strategy",),
    "warmup_ratio": ("warmup_steps",),
    "push_to_hub_model_id": ("hub_model_id",),
    "use_auth_token": ("token",),
    "axis": ("dim",),
    "keepdims": ("keepdim",),
}
_MAIN_INPUTS = (
    *("input", "inputs", "x", "image", "images", "tokens", "audio"),
    *("input_ids", "pixel_values", "input_values", "input_features"),
)


def suggestion(name: str, accepted: Collection[str]) -> Suggestion | None:
    """The one among `accepted` (without what the call passes already) that `name` was meant to be."""
    near = nearest(name, accepted)
    if len(near) == 1:
        return Suggestion(near[0], misspelt=True)
    for synonym in _SYNONYMS.get(name, ()):
        if synonym in accepted:
            return Suggestion(synonym, misspelt=False)
    if name in _MAIN_INPUTS:
        # Only where there is no choice: a model of text and images takes two of them.
        main = [other for other in _MAIN_INPUTS if other in accepted]
        if len(main) == 1:
            return Suggestion(main[0], misspelt=False)
    return Suggestion(near[0], misspelt=False) if near else None


def is_misspelt_of_prefix(name: str, signature: Signature) -> bool:
    """Whether a name is accepted for its beginning alone (`output_attentoins`) and is the misspelling of one that the
    signature names (`output_attentions`)."""
    if not name.startswith(signature.prefixes) or name in signature.keywords:
        return False
    near = suggestion(name, [known for known in signature.keywords if known.startswith(signature.prefixes)])
    return near is not None and near.misspelt


def nearest(name: str, accepted: Collection[str]) -> list[str]:
    """All accepted names of the least distance, if that is small beside their length."""
    limit = 0 if len(name) < 3 else 1 if len(name) < 6 else 2
    letters = set(name)
    distances = {
        other: distance(name, other)
        for other in accepted
        # one step changes the length, and which letters there are, by one at most
        if abs(len(other) - len(name)) <= limit
        and len(letters.difference(other)) <= limit
        and len(set(other).difference(letters)) <= limit
    }
    least = min(distances.values(), default=limit + 1)
    return sorted(other for other, d in distances.items() if d == least) if least <= limit else []


def distance(a: str, b: str) -> int:
    """How many letters have to be inserted, dropped, changed or swapped with their neighbour to turn `a` into `b`."""
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, x in enumerate(a):
        above, before, row = before, row, [i + 1]
        for j, y in enumerate(b):
            cost = min(before[j + 1] + 1, row[j] + 1, before[j] + (x != y))
            if i and j and x == b[j - 1] and a[i - 1] == y:
                cost = min(cost, above[j - 1] + 1)
            row.append(cost)
    return row[-1]
