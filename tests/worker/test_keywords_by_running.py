"""What is claimed of keywords, held against what really happens to them in tiny random models of some families.

`make observe` does so for all models; how it observes is said there, in `benchmarks/keywords`.
"""

from __future__ import annotations

from pathlib import Path

import pytest

import environments

KEYWORDS = environments.ROOT / "benchmarks" / "keywords"
FAMILIES = "deit bert distilbert t5 gpt2 llama clip whisper swin xlnet llava".split()
# Base models and heads, models made from a part of a configuration: these have to be among those that ran.
NEEDED = (
    "DeiTModel DeiTForImageClassification BertModel BertForSequenceClassification DistilBertModel T5Model "
    "T5ForConditionalGeneration GPT2LMHeadModel LlamaModel LlamaForCausalLM CLIPModel WhisperModel SwinModel "
    "XLNetModel LlavaForConditionalGeneration"
).split()


@pytest.mark.real
@pytest.mark.parametrize("environment", environments.REAL)
def test_claims_hold(environment: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(KEYWORDS))
    import compare

    found = compare.compare(environments.interpreter(environment), tmp_path, FAMILIES)
    assert set(NEEDED) <= {name.rpartition(".")[2] for name in found.observed}, found.unbuilt
    assert found.alarms == []
    # Of what is claimed to be accepted, a few have effects that raise `TypeError` deeper down.
    assert [
        line for line in found.contradictions if "to be parameter" not in line and "to be accepted" not in line
    ] == []
    strict, share = found.shares()
    assert share >= 0.99
    assert strict > 0.5
    # What was not seen to be used is claimed to be ignored or refused in a good part of the pairs.
    assert found.asked[("ignored", "ignored")] + found.asked[("refused", "refused")] > 100
    assert [path.read_text("utf-8") for path in tmp_path.glob("report-*.md")] == [found.text()]
