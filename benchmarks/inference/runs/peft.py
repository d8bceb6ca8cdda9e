"""Every tuner of peft on tiny models of transformers and on a network of one layer of each kind.

A tuner is run with the defaults of its configuration, then with each of its switches the other way round.
"""

from __future__ import annotations

import contextlib
import copy
import dataclasses
import functools
import tempfile

import inputs
import observe
import peft
import torch
import transformers
from peft.mapping import PEFT_TYPE_TO_CONFIG_MAPPING
from torch import nn

# Model -> (what it is for, its layers that are tuned).
MODELS = {
    "BertForSequenceClassification": ("SEQ_CLS", ["query", "dense"]),
    "BertForTokenClassification": ("TOKEN_CLS", ["query", "dense"]),
    "BertForQuestionAnswering": ("QUESTION_ANS", ["query", "dense"]),
    "BertModel": ("FEATURE_EXTRACTION", ["query", "dense"]),
    "LlamaForCausalLM": ("CAUSAL_LM", ["q_proj", "down_proj"]),
    "T5ForConditionalGeneration": ("SEQ_2_SEQ_LM", ["q", "wo"]),
    "GPT2LMHeadModel": ("CAUSAL_LM", ["c_attn"]),
    "ViTForImageClassification": (None, ["q_proj", "fc2"]),
}
VARIED = ("BertForSequenceClassification", "LlamaForCausalLM")
"""The models that other settings than the defaults are tried on."""
MULTITASK = (peft.MultitaskPromptTuningConfig, peft.PolyConfig)
LAYERS = ("linear", "conv1d", "conv2d", "conv3d", "embedding", "attention", "norm")

# Settings that are small enough for the models here, by name; a tuner is given those that it has.
SMALL = {
    "r": 4,
    "num_virtual_tokens": 4,
    "encoder_hidden_size": 16,
    "adapter_len": 4,
    "adapter_layers": 1,
    "vector_length": 16,
    "num_vectors": 8,
    "n_frequency": 16,
    "total_step": 10,
    "cpt_token_ids": [1, 2, 3, 4],
    "cpt_mask": [1, 1, 1, 1],
    "cpt_tokens_type_mask": [1, 2, 3, 4],
    "oft_block_size": 4,
    "block_size": 4,
    "boft_block_size": 4,
    "group_size": 4,
    "progressbar": False,
    "xlora_size": 16,
    "xlora_depth": 2,
}
OWN_TARGETS = ({"target_modules": None}, "it looks for layers of its own kind")
EXCEPTIONS = {
    "OFTConfig": ({"r": 0}, "the size of the blocks is given"),
    "AdaptionPromptConfig": OWN_TARGETS,
    "LNTuningConfig": OWN_TARGETS,
    "ShadowConfig": OWN_TARGETS,
    "TrainableTokensConfig": ({"target_modules": None, "token_indices": [1, 2]}, "it looks for the embedding"),
}
# What is no switch, and what else runs other lines of a tuner.
VARIATIONS = {
    "LORA": (
        {"lora_dropout": 0.1},
        {"lora_dropout": 0.1, "use_dora": True},
        {"alora_invocation_tokens": [97]},
        {"trainable_token_indices": [1, 2]},
        {"modules_to_save": ["classifier", "lm_head", "qa_outputs"]},
        {"layer_replication": [[0, 1], [0, 2]]},
        {"init_lora_weights": "pissa"},
        {"init_lora_weights": "olora"},
        {"target_parameters": ["q_proj.weight", "query.weight"]},
    ),
    "GLORA": ({"config_A_B": "vector"}, {"config_A_B": "constant", "config_C": "vector", "config_D_E": "none"}),
    "P_TUNING": ({"encoder_reparameterization_type": "LSTM"},),
    "PROMPT_TUNING": ({"prompt_tuning_init": "SAMPLE_VOCAB"},),
    "PEANUT": ({"depth": 2},),
}


class Network(nn.Module):
    """One layer of each kind that a tuner may take the place of."""

    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(16, 32)
        self.attention = nn.MultiheadAttention(32, 2, batch_first=True)
        self.norm = nn.LayerNorm(32)
        self.linear = nn.Linear(32, 32)
        self.conv1d = nn.Conv1d(32, 32, 3, padding=1)
        self.conv2d = nn.Conv2d(32, 32, 3, padding=1)
        self.conv3d = nn.Conv3d(32, 32, 3, padding=1)

    def forward(self, ids):
        x = self.embedding(ids)
        x, _ = self.attention(x, x, x)
        x = self.conv1d(self.linear(self.norm(x)).transpose(1, 2))
        return self.conv3d(self.conv2d(x[..., None])[..., None])


def models():
    for kind, cls in PEFT_TYPE_TO_CONFIG_MAPPING.items():
        if cls is peft.XLoraConfig:  # tunes what is already tuned
            continue
        layers = [layer for layer in LAYERS if takes(cls, layer)]
        for settings in ({}, *variations(kind, cls)):
            named = f"{kind.value} {settings or ''}".strip()
            for model in VARIED if settings else MODELS:
                task, targets = MODELS[model]
                given = {"task_type": task, "target_modules": targets, **settings}
                yield f"{named} on {model}", functools.partial(run, cls=cls, given=given, make=made(model))
            for layer in layers:
                given = {**settings, "target_modules": [layer]}
                yield f"{named} on {layer}", functools.partial(run, cls=cls, given=given, make=network)
        yield f"{kind.value} twice", functools.partial(run_mixed, cls=cls)
    yield "XLORA of LORA", run_mixture


def takes(cls, layer):
    """Whether a tuner can take the place of a layer."""
    if "target_modules" not in names(cls):
        return False
    try:
        peft.get_peft_model(Network(), configuration(cls, {"target_modules": [layer]}))
    except Exception:
        return False
    return True


def variations(kind, cls):
    yield from VARIATIONS.get(kind.value, ())
    for field in dataclasses.fields(cls):
        if field.default in (True, False) and isinstance(field.default, bool) and field.name != "inference_mode":
            yield {field.name: not field.default}


@functools.cache
def names(cls):
    return {field.name for field in dataclasses.fields(cls)}


def configuration(cls, given):
    """A configuration of a tuner, with those of the settings that it has."""
    exceptions, _ = EXCEPTIONS.get(cls.__name__, ({}, ""))
    settings = {**SMALL, "feedforward_modules": given.get("target_modules"), **given, **exceptions}
    return cls(**{name: value for name, value in settings.items() if name in names(cls)})


@functools.cache
def tiny(name):
    """A tiny model of transformers and what to call it with."""
    held = observe.Model(getattr(transformers, name))
    accepted = ("labels", "start_positions", "end_positions", "attention_mask")
    full = inputs.rich(held.model, held.config, held.base, held.run)
    return held.model, {**held.base, **{key: full[key] for key in accepted if key in full}}


def made(name):
    def make():
        model, arguments = tiny(name)
        return copy.deepcopy(model), dict(arguments)

    return make


def network():
    return Network(), {"ids": torch.arange(16).reshape(2, 8)}


def run(recorder, cls, given, make):
    model, arguments = make()
    tuned = peft.get_peft_model(model, configuration(cls, given))
    recorder.watch()
    go(tuned, {**arguments, **tasks(cls)})


def tasks(cls):
    """What the tuners are called with that are told which of many tasks each input belongs to."""
    return {"task_ids": torch.zeros(inputs.BATCH, dtype=torch.long)} if cls in MULTITASK else {}


def go(tuned, arguments):
    """Training, evaluation, without the tuner, and with its weights merged, as far as it can do that."""
    tuned.train()
    result = tuned(**arguments)
    loss = getattr(result, "loss", None)
    with contextlib.suppress(RuntimeError):  # not all that is run has something to train
        (loss if loss is not None else first(result).float().mean()).backward()
    tuned.eval()
    with torch.no_grad():
        tuned(**arguments)
        with contextlib.suppress(Exception), tuned.disable_adapter():
            tuned(**arguments)
        if isinstance(tuned, peft.PeftModelForCausalLM):
            with contextlib.suppress(Exception):
                tuned.generate(input_ids=arguments["input_ids"], max_new_tokens=2)
        with contextlib.suppress(Exception):
            tuned.merge_adapter()
            tuned(**arguments)


def first(result):
    return result if isinstance(result, torch.Tensor) else next(iter(result.values()))


def run_mixed(recorder, cls):
    """Two adapters at once, and each for its part of a batch."""
    model, arguments = made("LlamaForCausalLM")()
    task, targets = MODELS["LlamaForCausalLM"]
    given = {"task_type": task, "target_modules": targets}
    arguments.update(tasks(cls))
    tuned = peft.get_peft_model(model, configuration(cls, given))
    tuned.add_adapter("other", configuration(cls, given))
    recorder.watch()
    tuned.eval()
    with contextlib.suppress(Exception):
        tuned(**arguments, adapter_names=["default", "other"])
    with contextlib.suppress(Exception):
        tuned.base_model.set_adapter(["default", "other"])
    tuned(**arguments)


def run_mixture(recorder):
    """The mixture of adapters that are read from files."""
    model, arguments = made("LlamaForCausalLM")()
    with tempfile.TemporaryDirectory() as folder:
        task, targets = MODELS["LlamaForCausalLM"]
        lora = configuration(peft.LoraConfig, {"task_type": task, "target_modules": targets})
        peft.get_peft_model(copy.deepcopy(model), lora).save_pretrained(folder)
        model.config.use_cache = False
        given = {"task_type": task, "hidden_size": model.config.hidden_size, "adapters": {"0": folder, "1": folder}}
        tuned = peft.get_peft_model(model, configuration(peft.XLoraConfig, given))
    recorder.watch()
    go(tuned, arguments)
