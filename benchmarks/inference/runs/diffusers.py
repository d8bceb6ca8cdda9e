"""The models of diffusers with few layers and without memory for their weights; then its pipelines."""

from __future__ import annotations

import functools
import inspect

import configurations
import diffusers
import torch
from climb import Climb

from . import latents, pipelines

MOST_LAYERS = 2
MOST_PARAMETERS = 200_000_000
"""Of a model that gets memory."""
UNSET = {
    "in_channels": 32,
    "out_channels": 32,
    "sample_size": 32,
    "patch_size": 2,
    "caption_channels": 64,
    "cross_attention_dim": 64,
    "video_length": 4,
    "hidden_size": 64,
    "conditioning_channels": 3,
}
"""What takes the place of None where a model cannot be run with its defaults."""
PARTS = {"controlnets", "adapters"}
"""Parameters that are given two models of the kind that the class is made of."""

# Class -> (settings, reason).
TWO_BLOCKS = {"block_out_channels": (32, 64), "layers_per_block": 1}
SHORT_VIDEO = (
    {"sample_width": 32, "sample_height": 32, "sample_frames": 17, "max_text_seq_length": 8},
    "positions are learned for videos and texts of one size",
)
SHORT_TEXT = ({"text_len": 8, "text_len_t5": 8}, "positions are learned for texts of one length")
EXCEPTIONS = {
    "AutoencoderKL": (
        {**TWO_BLOCKS, "down_block_types": ("DownEncoderBlock2D",) * 2, "up_block_types": ("UpDecoderBlock2D",) * 2},
        "one block neither shrinks nor grows",
    ),
    "AutoencoderKLHunyuanImage": (
        {
            "in_channels": 3,
            "out_channels": 3,
            "latent_channels": 16,
            "block_out_channels": (64, 128),
            "layers_per_block": 1,
            "spatial_compression_ratio": 2,
            "sample_size": 32,
        },
        "it has no defaults",
    ),
    "WanVACETransformer3DModel": (
        {"vace_layers": [0, 1], "vace_in_channels": 16},
        "these are the numbers of layers, not how many; the control is as wide as what is controlled",
    ),
    "CogVideoXTransformer3DModel": SHORT_VIDEO,
    "ConsisIDTransformer3DModel": SHORT_VIDEO,
    "HunyuanDiT2DModel": SHORT_TEXT,
    "HunyuanDiT2DControlNetModel": SHORT_TEXT,
    "LatteTransformer3DModel": (
        {"cross_attention_dim": 1408, "video_length": 5},
        "captions are made as wide as the model, and positions are learned for videos of one length",
    ),
    "PriorTransformer": ({"num_embeddings": 8}, "positions are learned for texts of one length"),
}


def models():
    for name in diffusers._import_structure["models"]:
        try:
            cls = getattr(diffusers, name)
        except Exception:  # it needs what is not installed
            continue
        if (
            inspect.isclass(cls)
            and issubclass(cls, torch.nn.Module)
            and "forward" in {attribute for base in cls.__mro__[:-3] for attribute in vars(base)}
        ):
            yield f"{cls.__module__}.{name}", functools.partial(run, cls=cls)
    yield from pipelines.models()


def settings(cls, unset):
    """The defaults that say how deep a model is, made small; what it leaves open, if `unset`; and the exceptions."""
    parameters = inspect.signature(cls.__init__).parameters
    small = {}
    for name, parameter in parameters.items():
        value = parameter.default
        if unset and value is None and name in UNSET:
            small[name] = UNSET[name]
        if not configurations.LAYER_NAMES.search(name):
            continue
        if isinstance(value, int) and not isinstance(value, bool):
            small[name] = min(value, MOST_LAYERS)
        elif configurations.is_list_of(value, int):
            small[name] = tuple(min(item, MOST_LAYERS) for item in value)
    exceptions, _ = EXCEPTIONS.get(cls.__name__, ({}, ""))
    for name in PARTS.intersection(parameters):
        part = getattr(diffusers, cls.__name__.replace("Multi", "").replace("Adapter", "T2IAdapter"))
        small[name] = [part(**settings(part, unset)) for _ in range(2)]
    return {**small, **exceptions}


def run(recorder, cls):
    """With the defaults, then with what they leave open; small ones with memory, if that is all that is missing."""
    failure = None
    plain, filled = settings(cls, False), settings(cls, True)
    for made in (plain, filled) if filled != plain else (plain,):
        for device in ("meta", "cpu"):
            try:
                with torch.device(device):
                    model = cls(**made).eval().to(device)
                    recorder.watch()
                    part = next(iter(made.get("controlnets", ())), model)
                    Climb(model, model.forward, functools.partial(latents.values, config=latents.sizes(part))).run()
                return
            except Exception as error:
                failure = error
                if not (device == "meta" and asks_for_numbers(error) and size(model) < MOST_PARAMETERS):
                    break
    raise failure


def asks_for_numbers(error):
    """Whether something fails for the only reason that tensors without memory have no numbers in them."""
    return any(word in str(error) for word in ("meta", "Boolean value of Tensor", "scalarType"))


def size(model):
    return sum(parameter.numel() for parameter in model.parameters())
