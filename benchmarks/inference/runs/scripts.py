"""Scripts of users, run as they are, with models that are made tiny and untrained instead of being read from files.

An exception ends a script; what was called until then counts.
"""

from __future__ import annotations

import contextlib
import inspect
import os
import runpy
import sys
import tempfile
from pathlib import Path
from unittest import mock

import configurations
import torch
import transformers
from PIL import Image
from recorder import derived
from transformers.models.auto.auto_factory import _BaseAutoModelClass

from . import tokens


def files(paths):
    """The scripts at paths and in folders."""
    for path in paths:
        yield from sorted(path.rglob("*.py")) if path.is_dir() else [path]


def models(paths):
    for path in files(paths):
        yield str(path), lambda recorder, path=path: run(path)


def run(path):
    folder = str(path.parent)
    with untrained(), mock.patch.object(sys, "path", [folder, *sys.path]), photos(), contextlib.suppress(SystemExit):
        try:
            runpy.run_path(str(path), run_name="__main__")
        finally:
            leave(path)


def leave(path):
    """Name a script's classes as one that imports it would, and forget what it has imported from its folder."""
    folder = path.parent
    while (folder / "__init__.py").exists():
        folder = folder.parent
    for cls in derived(torch.nn.Module):
        if cls.__module__ == "__main__":
            cls.__module__ = ".".join(path.relative_to(folder).with_suffix("").parts)
    for name, module in list(sys.modules.items()):
        if (getattr(module, "__file__", None) or "").startswith(f"{path.parent}{os.sep}"):
            del sys.modules[name]


@contextlib.contextmanager
def photos():
    """A current folder that has photos of two classes."""
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        for name in ("cat", "dog"):
            Path("photos", name).mkdir(parents=True)
            for number in range(2):
                Image.new("RGB", (64, 64), "black" if name == "cat" else "white").save(f"photos/{name}/{number}.jpg")
        yield


@contextlib.contextmanager
def untrained():
    """Whatever transformers would read by the name of a checkpoint is made instead."""
    with contextlib.ExitStack() as stack:
        for base, make in (
            (transformers.PreTrainedModel, model),
            (_BaseAutoModelClass, auto_model),
            (transformers.AutoConfig, lambda cls, name, **options: configured(kind(name), options)),
            (transformers.PreTrainedTokenizerBase, lambda cls, *names, **options: tokens.tokenizer()),
            (transformers.AutoTokenizer, lambda cls, *names, **options: tokens.tokenizer()),
            (transformers.ImageProcessingMixin, lambda cls, name, **options: image_processor(cls, name)),
            (transformers.AutoImageProcessor, auto_image_processor),
        ):
            for cls in {base, *derived(base)}:
                if "from_pretrained" in vars(cls):
                    stack.enter_context(mock.patch.object(cls, "from_pretrained", classmethod(make)))
        yield


def kind(name):
    """The configuration class of the checkpoint of a name: that of the longest family in the name."""
    families = [family for family in transformers.CONFIG_MAPPING if family in str(name).lower()]
    if not families:
        raise ValueError(f"of which family is {name}?")
    return transformers.CONFIG_MAPPING[max(families, key=len)]


def configured(cls, options):
    """A tiny configuration; what it has of the options is taken out of them."""
    _, made = next(configurations.candidates(cls))
    for name in [name for name in options if hasattr(made, name)]:
        setattr(made, name, options.pop(name))
    return made


def model(cls, name, *arguments, config=None, **options):
    config = config or configured(cls.config_class, options)
    known = inspect.signature(cls.__init__).parameters
    return cls(config, *arguments, **{key: value for key, value in options.items() if key in known}).eval()


def auto_model(cls, name, *arguments, config=None, **options):
    config = config or configured(kind(name), options)
    return model(cls._model_mapping[type(config)], name, *arguments, config=config, **options)


def image_processor(cls, name):
    side = getattr(configured(kind(name), {}), "image_size", configurations.IMAGE)
    return cls(size={"height": side, "width": side}, do_center_crop=False)


def auto_image_processor(cls, name, **options):
    found = transformers.IMAGE_PROCESSOR_MAPPING[kind(name)]
    classes = found.values() if isinstance(found, dict) else found
    return image_processor(next(cls for cls in classes if cls is not None), name)
