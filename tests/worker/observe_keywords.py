"""Builds tiny random models of many families and finds out, by calling, what becomes of keywords.

    python observe_keywords.py FAMILY...

Runs in the interpreter that has transformers 4 or 5. Prints JSON: for each exported class {keyword: fate}, and why the
others could not be run.
"""

from __future__ import annotations

import importlib
import inspect
import json
import os
import pkgutil
import sys
import warnings

warnings.simplefilter("ignore")
os.environ["TRANSFORMERS_VERBOSITY"] = "error"
sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "examples"))

import probe  # noqa: E402
import torch  # noqa: E402
import transformers  # noqa: E402

torch.set_num_threads(1)

SMALL = {
    **dict.fromkeys(("hidden_size", "d_model", "n_embd", "dim", "embedding_size", "hidden_dim"), 16),
    **dict.fromkeys(("projection_dim", "word_embed_proj_dim"), 16),
    **dict.fromkeys(("num_hidden_layers", "n_layer", "n_layers", "num_layers", "encoder_layers", "decoder_layers"), 2),
    **dict.fromkeys(("num_decoder_layers",), 2),
    **dict.fromkeys(("num_attention_heads", "n_head", "n_heads", "num_heads", "num_key_value_heads"), 2),
    **dict.fromkeys(("encoder_attention_heads", "decoder_attention_heads"), 2),
    **dict.fromkeys(("intermediate_size", "d_inner", "d_ff", "encoder_ffn_dim", "decoder_ffn_dim"), 24),
    "head_dim": 8,
    "d_head": 8,
    "d_kv": 8,
    "vocab_size": 64,
    "max_position_embeddings": 64,
    "n_positions": 64,
    "image_size": 32,
    "patch_size": 8,
    "max_source_positions": 16,
    "max_target_positions": 32,
    "num_mel_bins": 8,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "decoder_start_token_id": 1,
    "num_experts": 2,
    "num_local_experts": 2,
    "hidden_dim_": 24,
    "type_vocab_size": 2,
}
SPECIAL = {
    "swin": {"embed_dim": 8, "depths": [1, 1], "num_heads": [2, 2], "window_size": 2, "patch_size": 4},
    "convnext": {"hidden_sizes": [8, 16], "depths": [1, 1], "num_stages": 2},
    "resnet": {"hidden_sizes": [8, 16], "depths": [1, 1], "embedding_size": 8},
    "segformer": {"hidden_sizes": [8, 8, 8, 8], "depths": [1, 1, 1, 1], "num_attention_heads": [1, 1, 1, 1]},
    "albert": {"num_hidden_groups": 1, "inner_group_num": 1},
    "distilbert": {"hidden_dim": 24},
    "beit": {"num_labels": 2, "out_indices": [0, 1, 1, 1]},
    "wav2vec2": {
        "conv_dim": [8, 8],
        "conv_stride": [2, 2],
        "conv_kernel": [4, 4],
        "num_feat_extract_layers": 2,
        "num_conv_pos_embedding_groups": 2,
        "num_conv_pos_embeddings": 8,
    },
}
NAMES = (
    "bogus_name labels return_dict output_attentions output_hidden_states token_type_ids use_cache position_ids "
    "attention_mask head_mask inputs_embeds past_key_values cache_position num_items_in_batch logits_to_keep input_ids "
    "pixel_values decoder_input_ids bool_masked_pos interpolate_pos_encoding is_causal shift_labels start_positions "
    "next_sentence_label return_loss mems encoder_hidden_states output_router_logits lables"
).split()


def configuration(cls, family):
    """A small configuration; its parts (text, vision) are made small in the same way."""
    defaults = cls().to_dict()
    special = {name: value for name, value in SPECIAL.get(family, {}).items() if name in defaults}
    aliases = {alias for alias, name in cls.attribute_map.items() if name in special}
    options = {name: value for name, value in SMALL.items() if name in defaults or name in cls.attribute_map}
    options = {name: value for name, value in options.items() if name not in aliases} | special
    for name, part in (getattr(cls, "sub_configs", None) or {}).items():
        if part is not transformers.AutoConfig:
            options[name] = configuration(part, family).to_dict()
    made = cls(**options)
    made._attn_implementation = "eager"
    return made


def inputs(model, config):
    """What a call of a tiny model needs."""
    accepted = inspect.signature(model.forward).parameters
    vision = getattr(config, "vision_config", config)
    side = getattr(vision, "image_size", 32)
    side = side[0] if isinstance(side, (list, tuple)) else side
    made = {}
    ids = torch.tensor([[1, 5, 6, 7, 8, 9, 10, 2], [1, 11, 12, 13, 14, 15, 16, 2]])
    if "input_ids" in accepted:
        made["input_ids"] = ids
    if "decoder_input_ids" in accepted:
        made["decoder_input_ids"] = ids
    if "pixel_values" in accepted:
        made["pixel_values"] = torch.rand(2, getattr(vision, "num_channels", 3), side, side)
    if "input_features" in accepted:
        made["input_features"] = torch.rand(2, config.num_mel_bins, 2 * config.max_source_positions)
    if "input_values" in accepted:
        made["input_values"] = torch.rand(2, 400)
    return made


def value_of(name, given):
    if name in given:
        return given[name]
    if name.startswith(("output_", "return_", "use_", "interpolate_")) or name == "is_causal":
        return True
    if name in ("labels", "start_positions", "next_sentence_label"):
        return torch.tensor([0, 1])
    if name in ("logits_to_keep", "num_items_in_batch"):
        return 1
    return torch.ones(2, 8, dtype=torch.long)


def fate(model, given, name):
    """One of probe's three, or "" where the call cannot be judged."""
    value = value_of(name, given)
    try:
        probe.call(model, (), {**given, name: value})
    except TypeError as error:
        if f"unexpected keyword argument '{name}'" in str(error):
            return probe.REFUSED
    except Exception:
        return probe.USED
    return probe.fate(model, (), {**given, name: value}, name)


def observe(cls, family):
    config = configuration(cls.config_class, family)
    torch.manual_seed(0)
    model = cls(config).eval()
    given = inputs(model, config)
    probe.call(model, (), given)
    return {name: found for name in NAMES if name not in given if (found := fate(model, given, name))}


def main(families):
    fates, skipped = {}, {}
    for family in families:
        package = importlib.import_module(f"transformers.models.{family}")
        for module in pkgutil.iter_modules(package.__path__):
            if not module.name.startswith("modeling_") or module.name.startswith(("modeling_tf_", "modeling_flax_")):
                continue
            live = importlib.import_module(f"transformers.models.{family}.{module.name}")
            for name, cls in sorted(vars(live).items()):
                if not isinstance(cls, type) or cls.__module__ != live.__name__ or not hasattr(transformers, name):
                    continue
                if not issubclass(cls, transformers.PreTrainedModel) or name.endswith("PreTrainedModel"):
                    continue
                try:
                    fates[name] = observe(cls, family)
                except Exception as error:
                    skipped[name] = f"{type(error).__name__}: {error}"[:200]
    print(json.dumps({"fates": fates, "skipped": skipped}))


if __name__ == "__main__":
    main(sys.argv[1:])
