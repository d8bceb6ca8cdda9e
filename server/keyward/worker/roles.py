"""What kind of class a live class is, by its bases."""

from __future__ import annotations

import dataclasses
import enum
from typing import Any

from . import candidates

_KERAS = ("keras", "tf_keras")


def role_of(cls: Any) -> str:
    """The role of a class, see `keyward.signatures.model.Role`."""
    names = {base.__name__ for base in cls.__mro__}
    if cls.__module__.startswith("transformers.models.auto.") and cls.__name__.startswith("Auto"):
        return "auto"
    if is_torch_module(cls):
        return "model" if "PreTrainedModel" in names else "module"
    if is_keras(cls, "Layer") or is_keras(cls, "Loss"):
        return "module"
    if "ModelOutput" in names or (cls.__name__.endswith("Output") and dataclasses.is_dataclass(cls)):
        return "output"
    if names & {"PretrainedConfig", "PreTrainedConfig"}:
        return "config"
    if "PreTrainedTokenizerBase" in names:
        return "tokenizer"
    if names & {"ImageProcessingMixin", "FeatureExtractionMixin", "ProcessorMixin", "BaseVideoProcessor"}:
        return "processor"
    return "class"


def is_enumeration(cls: Any) -> bool:
    """Whether a class is an `enum.Enum`: calling one looks a member up."""
    return issubclass(cls, enum.Enum) or bool(vars(cls).get("_is_enumeration"))


def is_torch_module(cls: Any) -> bool:
    """Whether a class is a torch module."""
    base = candidates.module_class()
    return base is not None and issubclass(cls, base)


def is_keras(cls: Any, kind: str) -> bool:
    """Whether a class is a Keras `Layer` (models are layers), `Loss`, ..., or that class itself."""
    return any(
        base.__name__ == kind and base.__module__.partition(".")[0] in _KERAS and ".src." in base.__module__
        for base in cls.__mro__
    )
