"""Three models of each file of timm, without memory for their weights."""

from __future__ import annotations

import timm
import torch


def models():
    by_module = {}
    for name in timm.list_models():
        by_module.setdefault(timm.models._registry._model_to_module[name], []).append(name)
    for module, names in sorted(by_module.items()):
        for name in {names[0], names[len(names) // 2], names[-1]}:
            yield f"{module}.{name}", lambda recorder, name=name: run(recorder, name)


def run(recorder, name):
    with torch.device("meta"):
        model = timm.create_model(name)
        recorder.watch()
        channels, height, width = model.pretrained_cfg.get("input_size", (3, 224, 224))
        model.eval()
        model(torch.zeros(1, channels, height, width))
