"""The pipelines of diffusers that can be put together from tiny parts, each made by the class that is asked for."""

from __future__ import annotations

import functools
import inspect
import typing

import configurations
import diffusers
import torch
import transformers
from climb import Climb
from PIL import Image

from . import tokens

WIDTH = configurations.WIDTH
SIDE = 64
TEXT = {"hidden_size": WIDTH, "intermediate_size": 37, "num_attention_heads": 4, "num_hidden_layers": 2}
VOCABULARY = len(tokens.VOCABULARY)
BLOCKS = {"block_out_channels": (32, 64), "layers_per_block": 1}
UNET = {
    **BLOCKS,
    "sample_size": 32,
    "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D"),
    "up_block_types": ("CrossAttnUpBlock2D", "UpBlock2D"),
    "cross_attention_dim": WIDTH,
    "attention_head_dim": 8,
}
LARGE_UNET = {
    **UNET,
    "addition_embed_type": "text_time",
    "addition_time_embed_dim": 8,
    "projection_class_embeddings_input_dim": 6 * 8 + WIDTH,
    "cross_attention_dim": 2 * WIDTH,
}
HEADS = {"num_attention_heads": 2, "attention_head_dim": 16, "num_layers": 1}


def text(cls):
    ends = {"bos_token_id": 2, "eos_token_id": 3, "pad_token_id": 0, "projection_dim": WIDTH}
    return cls(transformers.CLIPTextConfig(**TEXT, **ends, vocab_size=VOCABULARY))


def vision(cls):
    sizes = {"image_size": 224, "patch_size": 32, "projection_dim": WIDTH}
    return cls(transformers.CLIPVisionConfig(**TEXT, **sizes))


def t5(cls):
    sizes = {"d_model": WIDTH, "d_ff": 37, "d_kv": 8, "num_heads": 4, "num_layers": 2, "vocab_size": VOCABULARY}
    config = transformers.UMT5Config if "UMT5" in cls.__name__ else transformers.T5Config
    return cls(config(**sizes))


def settings(**given):
    return lambda cls: cls(**given)


PARTS = {
    "AutoencoderKL": settings(
        **BLOCKS,
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
        shift_factor=0.0,
    ),
    "VQModel": settings(
        **BLOCKS, down_block_types=("DownEncoderBlock2D",) * 2, up_block_types=("UpDecoderBlock2D",) * 2
    ),
    "AutoencoderTiny": settings(
        encoder_block_out_channels=(32, 32),
        decoder_block_out_channels=(32, 32),
        num_encoder_blocks=(1, 2),
        num_decoder_blocks=(2, 1),
    ),
    "AutoencoderKLWan": settings(base_dim=3, dim_mult=[1, 1, 1, 1], num_res_blocks=1),
    "UNet2DConditionModel": settings(**UNET),
    "UNet2DModel": settings(
        **BLOCKS,
        sample_size=32,
        down_block_types=("DownBlock2D", "AttnDownBlock2D"),
        up_block_types=("AttnUpBlock2D", "UpBlock2D"),
    ),
    "UNet3DConditionModel": settings(
        **BLOCKS,
        sample_size=32,
        down_block_types=("CrossAttnDownBlock3D", "DownBlock3D"),
        up_block_types=("UpBlock3D", "CrossAttnUpBlock3D"),
        cross_attention_dim=WIDTH,
        attention_head_dim=4,
    ),
    "ControlNetModel": settings(
        **BLOCKS,
        down_block_types=UNET["down_block_types"],
        cross_attention_dim=WIDTH,
        attention_head_dim=8,
        conditioning_embedding_out_channels=(16, 32),
    ),
    "T2IAdapter": settings(channels=[32, 64], num_res_blocks=1, downscale_factor=2),
    "MotionAdapter": settings(block_out_channels=(32, 64), motion_layers_per_block=1, motion_num_attention_heads=4),
    "StableDiffusionSafetyChecker": lambda cls: None,
    "PriorTransformer": settings(
        **HEADS, embedding_dim=WIDTH, num_embeddings=64, additional_embeddings=4, clip_embed_dim=WIDTH
    ),
    "DiTTransformer2DModel": settings(**HEADS, sample_size=8, patch_size=2, out_channels=8, num_embeds_ada_norm=1000),
    "PixArtTransformer2DModel": settings(**HEADS, sample_size=8, caption_channels=WIDTH, cross_attention_dim=WIDTH),
    "FluxTransformer2DModel": settings(
        **HEADS,
        num_single_layers=1,
        in_channels=16,
        joint_attention_dim=WIDTH,
        pooled_projection_dim=WIDTH,
        guidance_embeds=True,
        axes_dims_rope=(4, 4, 8),
    ),
    "SD3Transformer2DModel": settings(
        **HEADS,
        sample_size=32,
        in_channels=4,
        out_channels=4,
        patch_size=1,
        joint_attention_dim=WIDTH,
        caption_projection_dim=WIDTH,
        pooled_projection_dim=2 * WIDTH,
    ),
    "WanTransformer3DModel": settings(**HEADS, text_dim=WIDTH, freq_dim=64, ffn_dim=37, rope_max_seq_len=32),
    "CLIPTextModel": text,
    "CLIPTextModelWithProjection": text,
    "CLIPVisionModelWithProjection": vision,
    "CLIPVisionModel": vision,
    "T5EncoderModel": t5,
    "UMT5EncoderModel": t5,
    "CLIPImageProcessor": lambda cls: cls(),
    "KarrasDiffusionSchedulers": lambda cls: diffusers.DDIMScheduler(),
}


def models():
    for name in dir(diffusers):
        cls = getattr(diffusers, name, None) if name.endswith("Pipeline") else None
        is_pipeline = inspect.isclass(cls) and issubclass(cls, diffusers.DiffusionPipeline)
        if is_pipeline and "pipelines" in cls.__module__ and can_be_made(cls):
            yield f"{cls.__module__}.{name}", functools.partial(run, cls=cls)


def asked(cls):
    """(name, the classes that its annotation names) of each part that is needed, or that there is here."""
    for parameter in list(inspect.signature(cls.__init__).parameters.values())[1:]:
        classes = typing.get_args(parameter.annotation) or (parameter.annotation,)
        known = [kind for kind in classes if inspect.isclass(kind) and maker(kind)]
        if known or parameter.default is parameter.empty:
            yield parameter.name, known


def can_be_made(cls):
    parts = dict(asked(cls))
    return bool(parts) and all(parts.values())


def maker(kind):
    if kind.__name__.endswith("Tokenizer") or kind.__name__.endswith("TokenizerFast"):
        return lambda cls: tokens.tokenizer()
    if kind.__name__.endswith("Scheduler"):
        return lambda cls: cls()
    return PARTS.get(kind.__name__)


def run(recorder, cls):
    parts = {name: kinds[0] for name, kinds in asked(cls)}
    made = {name: maker(kind)(kind) for name, kind in parts.items()}
    if "text_encoder_2" in parts and "unet" in parts:
        made["unet"] = diffusers.UNet2DConditionModel(**LARGE_UNET)
    recorder.watch()
    pipeline = cls(**made)
    pipeline.set_progress_bar_config(disable=True)
    Climb(pipeline, pipeline.__call__, values, GIVEN).run()


def values(name):
    return [make() for make in VALUES.get(name, ())]


def picture():
    return Image.new("RGB", (SIDE, SIDE))


VALUES = {
    "prompt": (lambda: "a cat", lambda: ["a cat"]),
    "num_inference_steps": (lambda: 2,),
    "height": (lambda: SIDE,),
    "width": (lambda: SIDE,),
    "image": (picture, lambda: [picture()], lambda: torch.zeros(1, 3, SIDE, SIDE)),
    "mask_image": (picture,),
    "control_image": (picture,),
    "source_prompt": (lambda: "a cat",),
    "video": (lambda: [picture()] * 5,),
    "conditioning_frames": (lambda: [picture()] * 5,),
    "class_labels": (lambda: [1],),
    "output_type": (lambda: "np",),
    "image_embeds": (lambda: torch.zeros(1, WIDTH),),
    "negative_image_embeds": (lambda: torch.zeros(1, WIDTH),),
    "hint": (lambda: torch.zeros(1, 3, SIDE, SIDE),),
    "num_frames": (lambda: 5,),
    "max_sequence_length": (lambda: 16,),
    "original_size": (lambda: (SIDE, SIDE),),
    "max_area": (lambda: SIDE * SIDE,),
    "_auto_resize": (lambda: False,),
    "strength": (lambda: 1.0,),
    "negative_prompt": (lambda: "a dog",),
}
GIVEN = ("num_inference_steps", "height", "width", "max_sequence_length", "num_frames", "max_area", "_auto_resize")
