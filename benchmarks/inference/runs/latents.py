"""What a model of diffusers may be called with, by the names of forward's parameters and the sizes it was made with."""

from __future__ import annotations

import inspect
import re

import torch

BATCH = 1
SIDE = 4
TOKENS = SIDE * SIDE
TEXT = 8


def sizes(model):
    """{name: value} of what a model was made with."""
    config = dict(getattr(model, "config", {}))
    for name, parameter in inspect.signature(type(model).__init__).parameters.items():
        config.setdefault(name, parameter.default)
    return config


def numbers(config, pattern, *others):
    """The whole numbers under names of a pattern, without repetition."""
    found = dict.fromkeys(
        value
        for name, value in config.items()
        if re.fullmatch(pattern, name) and isinstance(value, int) and not isinstance(value, bool) and value > 0
    )
    return list(dict.fromkeys([*found, *others]))


def values(name, config):
    for pattern, make in KINDS:
        if re.fullmatch(pattern, name):
            return make(config)
    return ()


def channels(config):
    own = numbers(config, r"in_channels|in_dim|io_channels|in_visual_dim|channels|num_channels")
    return (
        own or numbers(config, r".*in_channels|latent_\w+|z_channels|z_dim|.*_channels|embedding_dim|input_dims", 3)[:4]
    )


def latents(config):
    sides = [(side, side) for side in numbers(config, r"sample_size") if side <= 128] or [(32, 32)]
    if "sample_height" in config:
        sides.append((config["sample_height"], config["sample_width"]))
    for channel in channels(config):
        for side in dict.fromkeys([*sides, (64, 64)]):
            yield torch.zeros(BATCH, channel, *side)
            yield torch.zeros(BATCH, channel, 5, *side)
            yield torch.zeros(BATCH, 5, channel, *side)
        yield torch.zeros(BATCH, TOKENS, channel)
        yield torch.zeros(BATCH, channel, 4096)
        yield torch.zeros(BATCH, channel)
        yield torch.zeros(BATCH, channel, 5, 256, 256)
        yield [torch.zeros(channel, 1, SIDE, SIDE) for _ in range(BATCH)]
        yield [torch.zeros(channel, SIDE, SIDE) for _ in range(BATCH)]
        yield [torch.zeros(BATCH, channel, 64, 64)] * 2
    yield torch.zeros(BATCH, 1, 8192)
    yield torch.zeros(BATCH, 3, 9, 64, 64)


def times(config):
    yield torch.ones(BATCH, dtype=torch.long)
    yield torch.ones(BATCH)
    yield 1
    yield torch.ones(BATCH, TOKENS)
    yield torch.ones(BATCH, 5)


WIDTHS = (
    r"(.*(cross_attention|joint_attention|caption|text|encoder|context|cond|clip|pooled|llm|cap_feat|siglip|global|audio)"
    r".*(dim|channels|size|states)\d?)|source_dim|embedding_dim|image_dim|hidden_size|"
    r"embed_dim|in_channels"
)


def embeddings(config):
    widths = [width for width in numbers(config, r"cross_attention_dim", *numbers(config, WIDTHS)) if width > 3][:10]
    for width in widths:
        yield torch.zeros(BATCH, TEXT, width)
        yield torch.zeros(BATCH, width)
    for width in widths:
        yield torch.zeros(BATCH, 1, width)
        yield [torch.zeros(TEXT, width) for _ in range(BATCH)]
        yield [torch.zeros(BATCH, TEXT, width)] * 2
        yield torch.zeros(BATCH, 1, TEXT, width)


def pooled(config):
    return (value for value in embeddings(config) if isinstance(value, torch.Tensor) and value.ndim == 2)


def masks(config):
    for length in (TEXT, TOKENS):
        yield torch.ones(BATCH, length, dtype=torch.bool)
        yield torch.ones(BATCH, length)
        yield torch.ones(BATCH, length, dtype=torch.long)
    yield torch.ones(BATCH, 1, TEXT)
    yield torch.ones(BATCH, 1, 32, 32)


def places(*lengths):
    """Coordinates of so many tokens."""

    def make(config):
        for length in lengths:
            for n_axes in (3, 4):
                yield torch.zeros(length, n_axes)
                yield torch.zeros(BATCH, length, n_axes)
            yield torch.zeros(BATCH, length, dtype=torch.long)
            yield torch.zeros(length, dtype=torch.long)

    return make


def pictures(config):
    for side in (256, 512, 32):
        yield torch.zeros(BATCH, 3, side, side)
    yield from latents(config)
    yield [torch.zeros(BATCH, 3, 256, 256)] * 2


def tokens(config):
    yield torch.zeros(BATCH, TEXT, dtype=torch.long)
    yield torch.zeros(BATCH, SIDE, SIDE, dtype=torch.long)


def rotary(config):
    for width in numbers(config, r"(attention_)?head_dim", 64):
        for length in (TOKENS, 1280, 256):
            yield torch.zeros(length, width), torch.zeros(length, width)
            yield torch.zeros(length, width // 2)


def conditions(config):
    """What the additional embeddings of a UNet and of PixArt are made from."""
    total = numbers(config, r"projection_class_embeddings_input_dim", 256)[0]
    yield {
        "text_embeds": torch.zeros(BATCH, max(total - 6 * 256, 8)),
        "time_ids": torch.zeros(BATCH, 6),
        "image_embeds": torch.zeros(BATCH, numbers(config, r"encoder_hid_dim", 64)[0]),
        "hint": torch.zeros(BATCH, 3, 256, 256),
    }
    yield {"resolution": torch.zeros(BATCH, 2), "aspect_ratio": torch.zeros(BATCH, 1)}


def constant(*make):
    return lambda config: (one() for one in make)


# What the whole name of a parameter has to match -> what it may be; the first that matches counts.
KINDS = (
    (r"return_dict|generator|.*_kwargs_|sample_posterior|kv_cache.*|.*residuals?|.*block_samples", constant()),
    (r"hidden_states|sample|x|z|latents|z_latent|mel|image_latents|audio_hidden_states|.*_latents|pixels", latents),
    (r"xs", constant(lambda: [torch.zeros(BATCH, 3, 256, 256)] * 2)),
    (r"(.*_)?timesteps?(_r|_ratio)?|t|fps|ofs|guidance|timestep_ratio|.*sigma|sca|crp|.*_time", times),
    (r"timestep_cond", pooled),
    (r"added_cond_kwargs", conditions),
    (r"pooled_\w+|global_hidden_states|clip_text_pooled|proj_embedding|text_embeds|.*pooled.*|cond", pooled),
    (r".*(attention|encoder|states|padding|embedding|token|img|valid|condition)_?masks?(_t5|_2)?|mask", masks),
    (
        r"encoder_hidden_states.*|cap_feats|text_bth|clip_\w+|image_embed\w*|source_hidden_states|inputs_embeds",
        embeddings,
    ),
    (r".*hidden_states\w*|.*embeds|effnet", embeddings),
    (r"img_ids|image_cond_ids|visual_rope_pos", places(TOKENS)),
    (r"txt_ids|text_rope_pos", places(TEXT)),
    (r"(position|segment)_ids|video_coords|audio_coords", places(TOKENS, TEXT, TOKENS + TEXT)),
    (r"controlnet_cond|control_context|control_hidden_states|pixel_values|face_pixel_values", pictures),
    (r"(target_|decoder_)?input_(ids|tokens)|decoder_input_tokens|prior_token_id", tokens),
    (r"class_labels|style|indicator|additional_t_cond|controlnet_mode", constant(lambda: torch.zeros(BATCH).long())),
    (r"conditioning_scale|control_hidden_states_scale|scale", constant(lambda: 1.0, lambda: [1.0, 1.0], lambda: 2)),
    (r"original_size|target_size|crop_coords", constant(lambda: torch.ones(BATCH, 2) * 64)),
    (r"image_meta_size", constant(lambda: torch.zeros(BATCH * 6))),
    (r"added_time_ids", constant(lambda: torch.zeros(BATCH, 3))),
    (r"micro_conds", constant(lambda: torch.zeros(BATCH, 5))),
    (r"image_rotary_emb|rotary_embedding|video_rotary_emb", rotary),
    (
        r"img_shapes|img_sizes|shape_list|input_image_sizes",
        constant(
            lambda: [[(1, SIDE, SIDE)]] * BATCH, lambda: [(1, SIDE, SIDE)] * BATCH, lambda: [(SIDE, SIDE)] * BATCH
        ),
    ),
    (r"txt_seq_lens|text_lens", constant(lambda: [TEXT] * BATCH, lambda: torch.full((BATCH,), TEXT))),
    (r"num_frames|audio_num_frames", constant(lambda: 1, lambda: 5)),
    (r"height|width", constant(lambda: SIDE, lambda: 32)),
    (r"rope_interpolation_scale|scale_factor", constant(lambda: (1.0, 1.0, 1.0))),
    (r"control_type", constant(lambda: torch.zeros(BATCH, 6))),
    (r"control_type_idx", constant(lambda: [0])),
    (r"seq_len", constant(lambda: TOKENS)),
    (r"chunk_partition", constant(lambda: [1, 2, 2])),
)
