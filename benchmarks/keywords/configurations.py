"""Derives tiny configurations from a configuration class itself: its defaults, made small by what their names say.

`candidates(cls)` gives several, the smallest first: what makes one model tiny breaks another, so the caller takes the
first that its model can be built and run with. `EXCEPTIONS` holds what the defaults of a class do not say.
"""

from __future__ import annotations

import inspect
import re

import transformers

WIDTH = 32
HEADS = 2
LAYERS = 2
VOCABULARY = 128
LONGEST = 512
CHUNK = 8
IMAGE = 64

LAYER_NAMES = re.compile(
    r"^(n|num|enc|dec|encoder|decoder|text|vision|pre|post|fusion|depth|local|global|temporal|audio)?_?(\w+_)?"
    r"(layers?|blocks|depth|hidden_layers|layer|num_layers|n_layers|inner_group_num)$"
)
HEAD_NAMES = re.compile(r"(^|_)(heads?|n_head|kv_heads|head_num|num_kv)(_|$)|_heads?$|kv_n_heads")
HEAD_WIDTHS = re.compile(
    r"(head_dim|head_size|d_kv|d_head|dim_head|attention_head_dim|linear_\w+_head_dim|kv_channels)$"
)
WIDTH_NAMES = re.compile(
    r"(hidden_size|hidden_dim|d_model|n_embd|embed_dim|embedding_size|embedding_dim|_dim|dim|_dims|hidden_sizes|width"
    r"|intermediate_size|ffn_dim|d_ff|d_inner|n_inner|inner_dim|ffn_hidden_size|output_size|_hidden|channels|"
    r"projection_size|feature_size|feature_dim|embed_dims|emb_dim|_width|ffw_size|lru_width|units|d_latents|"
    r"hidden_channels|_features|embedding|bottleneck_size|_hidden_size\w*|filters|mlp_dims?|intermediate_size_\w+|"
    r"encoder_hidden_dim|vocab_size_per_layer_input|hidden_size_per_layer_input|\w*intermediate_size\w*)$"
)
KEEP_NAMES = re.compile(
    r"(num_channels|in_channels|in_chans|n_channels|max_\w+|\w*_ratio|patch_size|\w*kernel\w*|stride\w*|rotary_dim"
    r"|num_labels|image_channels|out_channels|num_mel_bins|input_channels|sampling_rate|\w*_type_\w+|spectrogram_\w*"
    r"|n_mels|num_codebooks|num_freq\w*|rope_dim|audio_channels|num_input_channels|num_output_channels)$"
)
EXPERTS = re.compile(r"^(num_experts|num_local_experts|n_routed_experts|moe_num_experts|num_routed_experts)$")
EXPERTS_USED = re.compile(r"(experts_per_tok|top_k|experts_per_token|moe_k|num_selected_experts|moe_top_k|moe_topk)$")
GROUPS = re.compile(r"^(n_group|topk_group|n_groups|num_groups|mamba_n_groups|num_expert_groups)$")
RANKS = re.compile(r"(lora_rank|_rank|rank)$")
TOKENS = re.compile(r"(_token_id|_token_index|_idx|_index|_token)$")

# Configuration class -> (options, reason). Options that a version's class does not have are left out.
SERIES = ({"prediction_length": 8, "context_length": 16}, "the default leaves open how far to look ahead")
VOCABULARY_MAP = ({"vocabulary_map": {"<image>": 4}}, "the default has no tokens of images")
FOUR_LAYERS = (
    {"num_hidden_layers": 4, "out_indices": [0, 1, 2, 3]},
    "semantic segmentation reads four different layers",
)
SECTIONS = {"rope_type": "default", "rope_theta": 10000.0, "mrope_section": [2, 3, 3]}
MROPE = (
    {"rope_scaling": SECTIONS, "rope_parameters": SECTIONS},
    "the parts of a position have to add up to half a head, and the default has none",
)
RESNET = {
    "model_type": "resnet",
    "hidden_sizes": [8, 16, 32, 32],
    "depths": [1, 1, 1, 1],
    "embedding_size": 8,
    "out_features": ["stage2", "stage3", "stage4"],
}
BACKBONE = (
    {"use_timm_backbone": False, "use_pretrained_backbone": False, "backbone": None, "backbone_config": RESNET},
    "the default's backbone is one of timm, which is not installed",
)
EXCEPTIONS: dict[str, tuple[dict, str]] = {
    "DetrConfig": BACKBONE,
    "ConditionalDetrConfig": BACKBONE,
    "DabDetrConfig": BACKBONE,
    "DeformableDetrConfig": BACKBONE,
    "TableTransformerConfig": BACKBONE,
    "XmodConfig": ({"default_language": "en_XX"}, "the default names no language"),
    "CodeGenConfig": ({"n_head": 4, "rotary_dim": 4}, "the heads are dealt out to four parts"),
    "AutoformerConfig": SERIES,
    "InformerConfig": SERIES,
    "TimeSeriesTransformerConfig": SERIES,
    "ChameleonConfig": VOCABULARY_MAP,
    "Emu3Config": VOCABULARY_MAP,
    "BeitConfig": FOUR_LAYERS,
    "Data2VecVisionConfig": FOUR_LAYERS,
    "Qwen2VLTextConfig": MROPE,
    "Qwen2_5_VLTextConfig": MROPE,
    "Qwen2_5OmniTextConfig": MROPE,
    "Qwen3VLTextConfig": MROPE,
    "Qwen3VLMoeTextConfig": MROPE,
    "Qwen3OmniMoeTextConfig": MROPE,
    "MllamaTextConfig": ({"rope_scaling": {"rope_type": "default"}}, "the default has no rotary embedding"),
    "BambaConfig": ({"mamba_n_heads": 4, "mamba_d_head": 16}, "heads have to fill the expanded width"),
    "GraniteMoeHybridConfig": (
        {"mamba_n_heads": 4, "mamba_d_head": 16, "layer_types": ["mamba", "attention"]},
        "heads have to fill the expanded width",
    ),
    "Dots1Config": (
        {"n_routed_experts": 4, "n_shared_experts": 1, "num_experts_per_tok": 2, "n_group": 1, "topk_group": 1},
        "the default has no experts",
    ),
    "EsmConfig": ({"vocab_size": 64, "mask_token_id": 32}, "the default has no vocabulary"),
    "Gemma3nTextConfig": ({"num_kv_shared_layers": 0}, "layers that share keys need those that make them"),
    "GPTNeoConfig": ({"attention_types": [[["global", "local"], 1]]}, "one kind of attention for each layer"),
}

# Configurations that cannot be made from nothing: class -> names of the configurations they are put together from.
COMPOSED: dict[str, dict[str, str]] = {
    "EncoderDecoderConfig": {"encoder": "BertConfig", "decoder": "BertConfig"},
    "VisionEncoderDecoderConfig": {"encoder": "ViTConfig", "decoder": "BertConfig"},
    "SpeechEncoderDecoderConfig": {"encoder": "Wav2Vec2Config", "decoder": "BertConfig"},
    "VisionTextDualEncoderConfig": {"vision_config": "ViTConfig", "text_config": "BertConfig"},
    "RagConfig": {"question_encoder": "DPRConfig", "generator": "BartConfig"},
    "MusicgenConfig": {
        "text_encoder": "T5Config",
        "audio_encoder": "EncodecConfig",
        "decoder": "MusicgenDecoderConfig",
    },
    "MusicgenMelodyConfig": {
        "text_encoder": "T5Config",
        "audio_encoder": "EncodecConfig",
        "decoder": "MusicgenMelodyDecoderConfig",
    },
}

POLICIES = ("small", "more layers", "divided", "few layers")


def candidates(cls):
    """(policy, configuration) for each policy under which the configuration can be made."""
    failure = None
    made = False
    for policy in POLICIES:
        try:
            config = configuration(cls, policy)
        except Exception as error:
            failure = failure or error
            continue
        made = True
        yield policy, config
    if not made:
        raise failure


def configuration(cls, policy):
    """A configuration of `cls` under a policy."""
    return cls(**options(cls, policy))


def default(cls):
    if cls.__name__ in COMPOSED:
        parts = {name: getattr(transformers, part)().to_dict() for name, part in COMPOSED[cls.__name__].items()}
        return cls(**parts)
    return cls()


def options(cls, policy, instance=None):
    """What to pass to the constructor so that the configuration is small."""
    instance = default(cls) if instance is None else instance
    accepted = parameters(cls)
    values = {name: said(instance, name) for name in accepted}
    n_layers = 4 if policy == "more layers" else LAYERS
    kinds = {}
    for name, value in values.items():
        if name.endswith(("layer_types", "block_type", "layers_block_type")) and is_list_of(value, str):
            kinds[name] = list(dict.fromkeys(value))
            n_layers = max(n_layers, len(kinds[name]))
    factor = divisor(values)
    made = {}
    for name, value in values.items():
        if isinstance(value, transformers.PretrainedConfig):
            made[name] = part(value, policy)
        elif isinstance(value, dict) and "model_type" in value and value["model_type"] in transformers.CONFIG_MAPPING:
            held = transformers.CONFIG_MAPPING[value["model_type"]]
            made[name] = part(held(**{k: v for k, v in value.items() if k != "model_type"}), policy)
        elif name in kinds:
            if len(kinds[name]) > 1 or accepted[name] is not None:
                made[name] = [kinds[name][min(i, len(kinds[name]) - 1)] for i in range(n_layers)]
        else:
            small = shrunk(name, value, policy, n_layers, factor)
            if small != (list(value) if isinstance(value, tuple) else value):
                made[name] = small
    exceptions, _ = EXCEPTIONS.get(cls.__name__, ({}, ""))
    made.update({name: value for name, value in exceptions.items() if name in accepted or hasattr(instance, name)})
    return made


def part(instance, policy):
    """A part of a configuration, as the dictionary that it can be made from."""
    cls = type(instance)
    named = {"model_type": cls.model_type} if cls.model_type else {}
    return {**given(instance), **options(cls, policy, instance), **named}


def said(instance, name):
    """An attribute of a configuration; None where it has none, or refuses to say (one for each layer)."""
    try:
        return getattr(instance, name, None)
    except Exception:
        return None


def given(instance):
    """What the configuration that a part is in says of it, beyond the part's own defaults."""
    try:
        plain = type(instance)()
    except Exception:
        return {}
    own = parameters(type(instance))
    return {
        name: said(instance, name)
        for name in own
        if isinstance(said(instance, name), (bool, str, float)) and said(instance, name) != said(plain, name)
    }


def parameters(cls):
    """{name: default} of what the constructor takes and its bases do not only pass on."""
    found = {}
    for base in reversed(cls.__mro__):
        annotations = vars(base).get("__annotations__", {})
        if base in (transformers.PretrainedConfig, object) or not issubclass(base, transformers.PretrainedConfig):
            continue
        if "__init__" in base.__dict__:
            for name, parameter in inspect.signature(base.__init__).parameters.items():
                if name != "self" and parameter.kind is not parameter.VAR_KEYWORD:
                    found[name] = None if parameter.default is parameter.empty else parameter.default
        for name in annotations:
            if (
                not isinstance(base.__dict__.get(name), (classmethod, staticmethod, property))
                and name not in CLASS_LEVEL
            ):
                found[name] = base.__dict__.get(name)
    if not hasattr(transformers.PretrainedConfig, "__dataclass_fields__"):
        # What a base's constructor takes is taken here only where the class passes it on.
        signature = inspect.signature(cls.__init__).parameters
        if not any(parameter.kind is parameter.VAR_KEYWORD for parameter in signature.values()):
            found = {name: value for name, value in found.items() if name in signature}
    for name in (
        "pad_token_id",
        "bos_token_id",
        "eos_token_id",
        "decoder_start_token_id",
        *COMPOSED.get(cls.__name__, ()),
    ):
        found.setdefault(name, None)
    return found


UNSET = {"pad_token_id": 0, "num_experts_per_tok": 2, "head_dim": WIDTH // HEADS, "num_key_value_heads": HEADS}
"""What takes the place of None: batches need a padding token, and some models do not take None for the others."""

CLASS_LEVEL = {
    "model_type",
    "base_config_key",
    "sub_configs",
    "attribute_map",
    "keys_to_ignore_at_inference",
    "base_model_tp_plan",
    "base_model_pp_plan",
    "has_no_defaults_at_init",
    "_auto_class",
}


def is_list_of(value, kind):
    return isinstance(value, (list, tuple)) and bool(value) and all(isinstance(item, kind) for item in value)


def divisor(values):
    """By what to divide all widths so that the largest hidden size is near WIDTH."""
    sizes = [
        value
        for name, value in values.items()
        if isinstance(value, int) and re.search(r"(hidden_size|d_model|n_embd|embed_dim|dim)$", name)
    ]
    factor = 1
    while sizes and max(sizes) / (factor * 2) >= WIDTH and all(size % (factor * 2) == 0 for size in sizes):
        factor *= 2
    return factor


def shrunk(name, value, policy, n_layers, factor):
    """The small value of an option."""
    if value is None and name in UNSET:
        return UNSET[name]
    if isinstance(value, dict) and "mrope_section" in value:
        return {**value, "mrope_section": sections(value["mrope_section"], WIDTH // HEADS // 2)}
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, (list, tuple)):
        if not value or not all(isinstance(item, int) and not isinstance(item, bool) for item in value):
            return value
        return [shrunk_item(name, item, policy) for item in value]
    if not isinstance(value, int):
        return value
    if re.search(r"(^|_)vocab(ulary)?_size|^vocab_size\w*$|n_vocab$|_vocab$", name) and "type" not in name:
        return min(value, VOCABULARY)
    if TOKENS.search(name):
        return token(value)
    if name in ("image_size", "img_size", "input_size", "sample_size") and policy != "few layers":
        return min(value, IMAGE)
    if (name.startswith("max_") and ("position" in name or "length" in name)) or name in ("n_positions", "n_ctx"):
        return min(value, LONGEST)
    if name.endswith("chunk_size"):
        return min(value, CHUNK)
    if EXPERTS.search(name):
        return min(value, 4)
    if EXPERTS_USED.search(name):
        return min(value, 2)
    if GROUPS.search(name):
        return 1
    if LAYER_NAMES.search(name) and not name.startswith(("skip", "first_k", "max_")):
        return min(value, n_layers)
    if policy == "few layers" or KEEP_NAMES.search(name):
        return value
    if policy == "divided":
        is_width = WIDTH_NAMES.search(name) or HEAD_WIDTHS.search(name) or RANKS.search(name)
        return max(value // factor, 1) if is_width and value % factor == 0 else value
    if HEAD_WIDTHS.search(name):
        return min(value, WIDTH // HEADS)
    if RANKS.search(name):
        return min(value, 8)
    if HEAD_NAMES.search(name):
        return min(value, HEADS)
    if WIDTH_NAMES.search(name):
        return min(value, WIDTH)
    return value


def sections(old, total):
    """Parts in nearly the same proportion that add up to `total`."""
    new = [max(part * total // sum(old), 1) for part in old]
    new[-1] += total - sum(new)
    return new


def shrunk_item(name, item, policy):
    if TOKENS.search(name):
        return token(item)
    if re.search(r"depths?$|(^|_)layers$|num_blocks|layer_nums?$|_depths?$|num_\w*layers", name):
        return min(item, 1)
    if policy == "few layers" or KEEP_NAMES.search(name):
        return item
    if re.search(r"heads", name):
        return min(item, HEADS)
    if name in ("image_size", "img_size", "input_size"):
        return min(item, IMAGE)
    if WIDTH_NAMES.search(name) or name.endswith(("sizes", "channels", "dims")):
        return min(item, WIDTH) if policy != "divided" else max(item // 8, 1)
    return item


def token(value):
    """A token's number within the small vocabulary: small ones stay, large ones keep their differences."""
    return value if value < 32 else 32 + value % 32
