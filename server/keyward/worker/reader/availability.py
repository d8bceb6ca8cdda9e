"""What a library would find installed: answers to `is_torch_available()` and its kin, from the import path alone."""

from __future__ import annotations

import re
from typing import Any, Dict, Optional, Tuple

from . import finder

_QUESTION = re.compile(r"_?is_(\w+?)_(?:available|installed|present)$")
_COMPARISON = re.compile(r"_?is_\w+_(greater_or_equal|greater_than|less_or_equal|less_than|version|at_least)\w*$")

_PACKAGES: Dict[str, Tuple[str, ...]] = {
    "vision": ("PIL",),
    "pil": ("PIL",),
    "torchvision": ("PIL", "torch", "torchvision"),
    "torchvision_v2": ("PIL", "torch", "torchvision"),
    "tf": ("tensorflow",),
    "protobuf": ("google.protobuf",),
    "jinja": ("jinja2",),
    "mistral_common": ("mistral_common",),
    "speech": ("torchaudio",),
    "torchao": ("torchao",),
    "torch_fx": ("torch",),
    "torch_sdpa": ("torch",),
    "torch_flex_attn": ("torch",),
    "torch_distributed": ("torch",),
    "grouped_mm": ("torch",),
    "optimum_quanto": ("optimum.quanto",),
    "auto_gptq": ("auto_gptq",),
    "opencv": ("cv2",),
    "google_colab": ("google.colab",),
    "compressed_tensors": ("compressed_tensors",),
}
_OTHER_FRAMEWORKS = ("tf", "flax", "keras_nlp", "tensorflow_text", "tf2onnx", "mlx", "jax", "keras", "tensorflow")
_DEVICES = re.compile(
    r"(?:torch_)?(?:cuda|npu|xpu|mlu|musa|mps|hpu|xla|tpu|neuron\w*|sdaa|accelerator|bf16\w*|fp16\w*|tf32|cpu)\w*$"
    r"|flash_attn\w*$|ninja$|in_notebook$|sagemaker\w*$"
)


def answer(function: str) -> Optional[bool]:
    """What a function of this name returns where it asks for an optional package, else None.

    Versions are taken to be new enough: what is installed together fits together.
    """
    comparison = _COMPARISON.match(function)
    if comparison is not None:
        return not comparison.group(1).startswith("less")
    question = _QUESTION.match(function)
    return has(question.group(1)) if question is not None else None


def has(backend: str) -> bool:
    """Whether the packages behind a back end's name ("vision") are on the import path."""
    backend = re.split(r"[<>=]", backend)[0].strip().replace("-", "_")
    if _DEVICES.match(backend):
        return False
    if finder.IS_BARE and backend not in _OTHER_FRAMEWORKS:
        return True
    return all(finder.is_there(package) for package in _PACKAGES.get(backend, (backend,)))


def package_question(positional: Any) -> Optional[Tuple[bool, str]]:
    """What `_is_package_available("torch")` and its kin return."""
    name = positional[0] if positional else None
    return (has(name) if finder.IS_BARE else finder.is_there(name), "999") if isinstance(name, str) else None
