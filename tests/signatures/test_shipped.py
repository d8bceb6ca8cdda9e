"""What is shipped with the package, read as a user's first diagnostic reads it."""

from __future__ import annotations

import pytest

from keyward.signatures.replacements import read_curated
from keyward.signatures.store import Installed, Signatures, open_signatures, shipped_folder


def signatures(version: str) -> Signatures:
    return open_signatures([Installed("transformers", version, "none", ".venv"), Installed("torch", "2.13.0", "none")])


# (version, class, keyword, whether it has an effect, what becomes of a name that means nothing), as tests that run the
# real classes find.
FACTS = [
    ("5.23.0", "DeiTModel", "labels", False, "ignored"),
    ("5.23.0", "DeiTForImageClassification", "labels", True, "ignored"),
    ("5.23.0", "DeiTForImageClassificationWithTeacher", "labels", False, "ignored"),
    ("5.23.0", "DeiTForMaskedImageModeling", "labels", False, "ignored"),
    ("5.23.0", "DeiTModel", "return_dict", True, "ignored"),
    ("5.23.0", "DeiTModel", "output_attentions", True, "ignored"),
    ("5.23.0", "BertModel", "labels", False, "ignored"),
    ("5.23.0", "DistilBertModel", "token_type_ids", False, "ignored"),
    ("5.23.0", "LlamaForCausalLM", "num_items_in_batch", True, "ignored"),
    ("5.23.0", "LlamaForCausalLM", "shift_labels", True, "ignored"),
    ("4.57.6", "DeiTModel", "labels", False, "ignored"),
    ("4.57.6", "BertModel", "labels", False, "refused"),
    ("4.57.6", "BertForSequenceClassification", "labels", True, "refused"),
    ("4.57.6", "DistilBertModel", "token_type_ids", False, "refused"),
    ("4.57.6", "T5ForConditionalGeneration", "labels", True, "refused"),
    ("4.57.6", "LlamaModel", "labels", False, "ignored"),
]


@pytest.mark.parametrize(("version", "name", "keyword", "takes", "extra"), FACTS)
def test_facts(version: str, name: str, keyword: str, takes: bool, extra: str) -> None:
    found = signatures(version).find(f"transformers.{name}")
    assert found is not None and found.entry.call is not None
    assert found.entry.call.takes(keyword) is takes
    assert found.entry.call.extra == extra


@pytest.mark.parametrize("version", ["4.57.6", "5.23.0"])
@pytest.mark.parametrize(
    ("name", "returned", "field", "has"),
    [
        ("DeiTModel", "BaseModelOutputWithPooling", "loss", False),
        ("DeiTForImageClassification", "ImageClassifierOutput", "logits", True),
        ("BertForSequenceClassification", "SequenceClassifierOutput", "loss", True),
        ("LlamaForCausalLM", "CausalLMOutputWithPast", "past_key_values", True),
    ],
)
def test_returns_and_their_fields(version: str, name: str, returned: str, field: str, has: bool) -> None:
    opened = signatures(version)
    found = opened.find(f"transformers.{name}")
    assert found is not None and found.entry.call is not None
    output = opened.find(found.entry.call.returns)
    assert output is not None
    assert output.entry.name == returned
    assert (field in {item.name for item in output.entry.fields}) is has


def test_torch_functions_and_losses() -> None:
    opened = signatures("5.23.0")
    for name in ("torch.nn.functional.cross_entropy", "torch.nn.CrossEntropyLoss"):
        found = opened.find(name)
        assert found is not None and found.entry.call is not None
        assert found.entry.call.parameters[0].name == "input"
        assert not found.entry.call.takes("labels")
        assert (found.entry.call.extra, found.entry.call.returns) == ("refused", "torch.Tensor")


def test_the_newest_is_labelled_as_shipped_where_nothing_is_installed() -> None:
    opened = open_signatures(None)
    found = opened.find("transformers.DeiTModel")
    assert found is not None
    assert found.library.label == f"transformers {opened.versions('transformers')[-1]} (shipped signatures)"


def test_tokenizers_and_auto_classes() -> None:
    opened = signatures("5.23.0")
    auto = opened.find("transformers.AutoModelForImageClassification")
    tokenizer = opened.find("transformers.BertTokenizerFast")
    assert auto is not None and tokenizer is not None
    assert auto.entry.mapping["deit"] == ("DeiTForImageClassification", "DeiTForImageClassificationWithTeacher")
    assert "token_type_ids" in tokenizer.entry.keys


def test_most_models_are_closed() -> None:
    """Open sets silence the rules about keywords: in 5.23.0 at most one public model class of six may be so."""
    opened = signatures("5.23.0")
    extras = []
    for name in opened.exports("transformers"):
        found = opened.find(f"transformers.{name}")
        if found is not None and found.entry.role == "model" and found.entry.call is not None:
            extras.append(found.entry.call.extra)
    assert len(extras) > 1500
    assert extras.count("open") / len(extras) < 1 / 6


@pytest.mark.parametrize(
    ("name", "place", "keyword", "later"),
    [
        ("transformers.TrainingArguments", "init", "evaluation_strategy", "eval_strategy"),
        ("transformers.Trainer", "init", "tokenizer", "processing_class"),
        ("transformers.BertForMaskedLM", "call", "masked_lm_labels", "labels"),
        ("transformers.T5ForConditionalGeneration", "call", "lm_labels", "labels"),
        ("transformers.GPT2LMHeadModel", "call", "past", "past_key_values"),
        ("transformers.BertModel", "call", "lm_labels", ""),
    ],
)
def test_replaced_keywords(name: str, place: str, keyword: str, later: str) -> None:
    found = signatures("5.23.0").keyword_replacement(name, keyword, place)
    assert (found.name if found else "") == later


def test_replaced_names() -> None:
    opened = signatures("5.23.0")
    found = opened.replacement("transformers.DeiTFeatureExtractor")
    assert found is not None and found.name == "transformers.DeiTImageProcessor"
    assert opened.replacement("transformers.WhisperFeatureExtractor") is None


def test_each_curated_line_names_its_source() -> None:
    table = read_curated(shipped_folder())
    assert len(table) > 30
    for line in table:
        assert line.source.startswith("https://"), line
        assert (line.kind == "keyword") is bool(line.keyword), line


def test_since_when_and_until_when() -> None:
    periods = signatures("5.23.0").keyword_lifetime("transformers.BertModel", "labels")
    fates = [period.fate for period in periods]
    assert fates.index("refused") < fates.index("ignored")
    assert signatures("5.23.0").lifetime("transformers.DeiTFeatureExtractor")[-1].fate == "absent"


@pytest.mark.parametrize("version", ["4.57.6", "5.23.0"])
def test_a_version_of_the_history_whatever_is_installed(version: str) -> None:
    installed = [Installed("transformers", "4.40.0", "none", ".venv")]
    opened = open_signatures(installed, against={"transformers": version})
    found = opened.find("transformers.BertModel")
    assert found is not None and found.entry.call is not None
    assert found.library.label == f"transformers {version} (history)"
    assert found.entry.call.extra == ("refused" if version < "5" else "ignored")
