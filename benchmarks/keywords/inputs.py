"""Values to call a tiny model with, by the names of forward's parameters.

`minimal` finds the fewest arguments that a model runs with, `rich` adds every optional one that it still runs with.
"""

from __future__ import annotations

import inspect
import itertools
import re

import torch

BATCH = 2
LENGTH = 8
SWITCHES = ("output_", "return_", "use_", "interpolate_", "is_", "do_", "add_", "apply_")
# Arguments that stand for the whole input of a model: one of them, or one of the pairs, is what most models need.
INPUTS = (
    ("input_ids",),
    ("pixel_values",),
    ("input_features",),
    ("input_values",),
    ("inputs_embeds",),
    ("hidden_states",),
    ("pixel_values_videos",),
    ("past_values",),
    ("input_ids", "pixel_values"),
    ("input_ids", "decoder_input_ids"),
    ("input_ids", "bbox"),
    ("input_ids", "bbox", "pixel_values"),
    ("pixel_values", "decoder_input_ids"),
    ("pixel_values", "input_ids", "decoder_input_ids"),
    ("input_features", "decoder_input_ids"),
    ("input_values", "decoder_input_ids"),
    ("input_values", "decoder_input_values"),
    ("input_ids", "input_features"),
    ("input_ids", "input_values"),
    ("inputs_embeds", "encoder_hidden_states"),
    ("input_ids", "encoder_hidden_states"),
    ("past_values", "past_time_features", "past_observed_mask"),
)


def texts(config):
    """(configuration, name) for each vocabulary that a configuration and its parts tell of."""
    for part in parts(config):
        if isinstance(getattr(part, "vocab_size", None), int):
            yield part


def parts(config):
    """A configuration and what it is put together from."""
    yield config
    for value in list(vars(config).values()):
        if hasattr(value, "to_dict") and hasattr(value, "model_type"):
            yield from parts(value)


def first(config, names, fallback):
    """The first whole number under one of the names in a configuration or one of its parts."""
    for part in parts(config):
        for name in names:
            value = getattr(part, name, None)
            if isinstance(value, (list, tuple)) and value and all(isinstance(item, int) for item in value):
                return tuple(value)
            if isinstance(value, int) and not isinstance(value, bool):
                return value
    return fallback


def ids(config, length=LENGTH):
    """Token numbers that mean nothing special, the last one of each row being the end where the vocabulary has one."""
    vocabulary = min((part.vocab_size for part in texts(config)), default=64)
    low = vocabulary * 3 // 4
    numbers = low + torch.arange(BATCH * length).reshape(BATCH, length) % max(vocabulary - low, 1)
    end = next(
        (part.eos_token_id for part in texts(config) if isinstance(getattr(part, "eos_token_id", None), int)), None
    )
    if end is not None and 0 <= end < vocabulary:
        numbers[:, -1] = end
    return numbers


def images(config):
    """Shapes of images that may fit, the likeliest first."""
    side = first(config, ("image_size", "img_size", "input_size"), 64)
    height, width = (
        side[-2:]
        if isinstance(side, tuple) and len(side) > 1
        else (side, side)
        if isinstance(side, int)
        else (side[0],) * 2
    )
    channels = first(config, ("num_channels", "in_channels", "in_chans", "image_channels"), 3)
    channels = channels if isinstance(channels, int) else 3
    yield (BATCH, channels, height, width)
    if height < 64:
        yield (BATCH, channels, 64, 64)
    yield (BATCH, channels, 224, 224)
    frames = first(config, ("num_frames", "frames_per_clip"), 2)
    yield (BATCH, frames, channels, height, width)
    yield (BATCH, 1, channels, height, width)
    patch = first(config, ("patch_size",), 16)
    if isinstance(patch, int):
        yield (BATCH, 4, channels * patch * patch)


def sizes(config):
    """Widths that vectors may have."""
    found = []
    for part in parts(config):
        for name in ("hidden_size", "d_model", "n_embd", "dim", "embed_dim", "embedding_size"):
            value = getattr(part, name, None)
            if isinstance(value, int) and value not in found:
                found.append(value)
    return found or [32]


def values(name, config):
    """Values that an argument of this name may have, the likeliest first."""
    for pattern, make in KINDS:
        if re.fullmatch(pattern, name):
            return make(name, config)
    return anything(name, config)


def rand(*shape):
    """Numbers that are the same for the same shape."""
    return torch.rand(*shape, generator=torch.Generator().manual_seed(len(shape)))


def tokens(name, config):
    yield ids(config)
    yield ids(config)[:, :1]
    codebooks = first(config, ("num_codebooks", "n_codes_total", "num_audio_codebooks"), 4)
    if isinstance(codebooks, int):
        yield ids(config)[:, :, None].expand(-1, -1, codebooks).contiguous() % 16
        yield ids(config)[:, None].expand(-1, codebooks, -1).reshape(BATCH * codebooks, -1) % 16
    for length in (16, 64, 128):
        yield ids(config, length)


def pictures(name, config):
    return (rand(*shape) for shape in images(config))


def spectra(name, config):
    names = (
        "feature_projection_input_dim",
        "num_mel_bins",
        "input_feat_per_channel",
        "feature_size",
        "n_mels",
        "input_dim",
        "input_size",
    )
    bins = first(config, names, 80)
    bins = bins if isinstance(bins, int) else bins[0]
    yield rand(BATCH, bins, 2 * first(config, ("max_source_positions",), 50))
    yield rand(BATCH, 100, bins)
    yield rand(BATCH, 1, 128 if bins == 64 else 1024, bins)
    yield rand(BATCH, 1024, bins)


def sounds(name, config):
    yield rand(BATCH, 4000)
    yield rand(BATCH, 1, 4000)
    yield rand(BATCH, first(config, ("max_length",), 1024), first(config, ("num_mel_bins",), 128))
    yield rand(BATCH, 24000)
    yield rand(BATCH, 1, 24000)
    yield ids(config)


def boxes(name, config):
    yield torch.tensor([1, 2, 3, 4]).expand(BATCH, LENGTH, 4).contiguous()
    yield rand(BATCH, LENGTH, 8)


def series(name, config):
    past = first(config, ("context_length",), 16) + max(getattr(config, "lags_sequence", None) or [0])
    length = first(config, ("prediction_length",), 8) if name.startswith("future") else past
    if "time_features" in name:
        yield torch.zeros(BATCH, length, getattr(config, "num_time_features", 0))
        return
    make = torch.ones if name.endswith("mask") else rand
    yield make(BATCH, length)
    yield make(BATCH, length, first(config, ("num_input_channels", "num_time_series", "input_size"), 1))


def positions(name, config):
    yield torch.arange(LENGTH).expand(BATCH, -1).contiguous()
    yield torch.arange(LENGTH)


def kinds(name, config):
    yield ids(config)
    yield torch.zeros(BATCH, LENGTH, dtype=torch.long)
    yield torch.zeros(BATCH, dtype=torch.long)


def encoded(name, config):
    return ((rand(BATCH, LENGTH, size),) for size in sizes(config))


def targets(name, config):
    if name == "labels":
        yield ids(config)
    yield torch.zeros(BATCH, dtype=torch.long)
    yield torch.zeros(BATCH, LENGTH, dtype=torch.long)
    yield rand(BATCH, 2)
    yield rand(BATCH)
    _, _, *space = next(images(config))
    yield torch.zeros(BATCH, *space, dtype=torch.long)
    yield rand(BATCH, *space)
    box = {"class_labels": torch.zeros(1, dtype=torch.long), "boxes": torch.tensor([[0.5, 0.5, 0.2, 0.2]])}
    yield [box for _ in range(BATCH)]
    yield ids(config, 1)


def masks(name, config):
    yield torch.ones(BATCH, LENGTH, dtype=torch.long)
    yield torch.ones(BATCH, LENGTH, dtype=torch.bool)
    side, patch = first(config, ("image_size",), 64), first(config, ("patch_size",), 16)
    if isinstance(side, int) and isinstance(patch, int) and patch:
        yield torch.ones(BATCH, (side // patch) ** 2, dtype=torch.bool)
        yield torch.ones(BATCH, side, side, dtype=torch.long)


def states(name, config):
    for size in sizes(config):
        yield rand(BATCH, LENGTH, size)
    yield rand(BATCH, 16, 32)


def grids(name, config):
    yield torch.tensor([[1, 4, 4]])
    yield torch.tensor([[4, 4]])


def anything(name, config):
    for size in sizes(config)[:2]:
        yield rand(BATCH, size)
    yield rand(BATCH, LENGTH)
    yield 1


def constant(*constants):
    return lambda name, config: iter(constants)


# What the whole name of an argument has to match -> what it may be; the first that matches counts.
KINDS = (
    (r"(decoder_|prefix_|text_|question_|qformer_)?(input_)?ids|input_ids", tokens),
    (r"pixel_values.*|images?", pictures),
    (r"(input_|audio_|input_audio_)?features", spectra),
    (r"(decoder_)?(input|audio)_values|padding_cache|waveform|raw_speech", sounds),
    (r"bbox", boxes),
    (r"past_(values|observed_mask|time_features)|future_(values|time_features)", series),
    (r"position_ids", positions),
    (r".*_ids", kinds),
    (r"encoder_outputs", encoded),
    (r"(.*_)?(labels?|positions)", targets),
    ("(" + "|".join(SWITCHES) + ").*", constant(True)),
    (r"num_items_in_batch", constant(torch.tensor(4), 4)),
    (r"(num_)?logits_to_keep", constant(1)),
    (r"cache_position", constant(torch.arange(LENGTH))),
    (r".*head_mask|past_key_values|cache_params|mems", constant()),
    (r".*attention_mask.*|.*_masks?", masks),
    (r".*(embeds|states|hidden_state)|embeddings|query_embeddings", states),
    (r".*grid_(thw|hw)", grids),
)


def sets(model):
    """Sets of argument names to start from, the likeliest first."""
    accepted = inspect.signature(model.forward).parameters
    required = [
        name
        for name, parameter in accepted.items()
        if parameter.default is parameter.empty
        and parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)
    ]
    main = getattr(model, "main_input_name", "")
    starts = [tuple(required), tuple(dict.fromkeys([*required, main]))] if required else [(main,)]
    for names in INPUTS:
        starts.append(tuple(dict.fromkeys([*required, *names])))
        starts.append(tuple(dict.fromkeys([*required, main, *names])))
    seen = set()
    for names in starts:
        names = tuple(name for name in names if name in accepted)
        if frozenset(names) not in seen:
            seen.add(frozenset(names))
            yield names


MOST_TRIES = 60
MOST_OF_ONE = 16


def minimal(model, config, run):
    """The fewest arguments with which `run(arguments)` does not raise. Raises what the likeliest ones raise."""
    failure = None
    n_tries = 0
    for names in sets(model):
        choices = itertools.islice(itertools.product(*(list(values(name, config)) for name in names)), MOST_OF_ONE)
        for chosen in choices:
            arguments = dict(zip(names, chosen, strict=True))
            n_tries += 1
            if n_tries > MOST_TRIES:
                raise failure
            try:
                run(arguments)
            except Exception as error:
                failure = failure or error
                continue
            return arguments
    raise failure or ValueError("forward has no parameters that are known")


def rich(model, config, base, run):
    """`base` and every optional argument with which `run(arguments)` still does not raise, `labels` first."""
    accepted = [
        name
        for name, parameter in inspect.signature(model.forward).parameters.items()
        if name not in base
        and not name.endswith("inputs_embeds")
        and parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)
    ]
    accepted.sort(key=lambda name: "label" not in name)
    arguments = dict(base)
    for name in accepted:
        for value in itertools.islice(values(name, config), 9 if "label" in name else 2):
            try:
                run({**arguments, name: value})
            except Exception:
                continue
            arguments[name] = value
            break
    return arguments
