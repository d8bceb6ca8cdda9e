"""Which models of a library are run, and how: each yields (name, function of the recorder that makes and runs one)."""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil

import torch


def transformers():
    """Every model class that can be made small."""
    import observe
    import transformers

    for module_info in pkgutil.walk_packages(transformers.models.__path__, "transformers.models."):
        if not module_info.name.rpartition(".")[2].startswith("modeling_"):
            continue
        try:
            module = importlib.import_module(module_info.name)
        except Exception:  # it needs what is not installed
            continue
        for cls in observe.models(module):
            yield f"{cls.__module__}.{cls.__name__}", lambda recorder, cls=cls: _transformer(recorder, cls)


def _transformer(recorder, cls):
    import observe

    recorder.watch()
    observe.Model(cls)  # has found out what it can be called with, by calling it


def timm():
    """Three models of each file, without memory for their weights."""
    import timm

    by_module = {}
    for name in timm.list_models():
        by_module.setdefault(timm.models._registry._model_to_module[name], []).append(name)
    for module, names in sorted(by_module.items()):
        for name in {names[0], names[len(names) // 2], names[-1]}:
            yield f"{module}.{name}", lambda recorder, name=name: _timm(recorder, name)


def _timm(recorder, name):
    import timm

    with torch.device("meta"):
        model = timm.create_model(name)
        recorder.watch()
        channels, height, width = model.pretrained_cfg.get("input_size", (3, 224, 224))
        model.eval()
        model(torch.zeros(1, channels, height, width))


LIBRARIES = {"transformers": transformers, "timm": timm}
