"""What is claimed of keywords, held against what really happens to them in tiny random models.

A keyword of which it is claimed that it is refused has to raise `TypeError`; one that is claimed to be ignored has to
be touched by nobody and to change nothing. Where nothing is claimed anything may happen.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

import environments
from keyward.signatures.store import Installed, open_signatures

FAMILIES = (
    "deit vit bert roberta distilbert t5 bart gpt2 llama qwen2 clip whisper swin xlnet electra deberta_v2 mistral "
    "gemma gemma2 albert wav2vec2 convnext beit mbart blip"
).split()
CLAIMED = {"refused": "refused", "ignored": "swallowed"}
# Base models and heads that have to be among those that ran.
NEEDED = {
    "DeiTModel DeiTForImageClassification BertModel BertForSequenceClassification RobertaForMaskedLM DistilBertModel",
    "T5Model T5ForConditionalGeneration BartModel GPT2LMHeadModel LlamaModel LlamaForCausalLM Qwen2ForCausalLM",
    "CLIPModel WhisperModel SwinModel XLNetModel ElectraModel DebertaV2Model MistralModel GemmaModel AlbertModel",
}


@pytest.mark.real
@pytest.mark.parametrize(("environment", "version"), [("transformers5", "5.23.0"), ("transformers4", "4.57.6")])
def test_claims_hold(environment: str, version: str) -> None:
    script = Path(__file__).with_name("observe_keywords.py")
    command = [str(environments.interpreter(environment)), str(script), *FAMILIES]
    observed = json.loads(subprocess.run(command, capture_output=True, check=True, text=True).stdout.splitlines()[-1])
    fates: dict[str, dict[str, str]] = observed["fates"]
    assert set(" ".join(NEEDED).split()) <= set(fates), observed["skipped"]
    signatures = open_signatures([Installed("transformers", version, "none")])
    wrong = []
    n_claims = 0
    for name, fate_of in fates.items():
        found = signatures.find(f"transformers.{name}")
        assert found is not None and found.entry.call is not None
        call = found.entry.call
        for keyword, fate in fate_of.items():
            if call.takes(keyword) or call.extra == "open":
                continue
            n_claims += 1
            if CLAIMED[call.extra] != fate:
                wrong.append(f"{name}({keyword}=...) is claimed to be {call.extra} and was {fate}")
    assert wrong == []
    assert n_claims > 1000
