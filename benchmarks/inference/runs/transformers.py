"""Every model class of transformers that can be made small."""

from __future__ import annotations

import importlib
import pkgutil

import observe
import transformers


def models():
    for module_info in pkgutil.walk_packages(transformers.models.__path__, "transformers.models."):
        if not module_info.name.rpartition(".")[2].startswith("modeling_"):
            continue
        try:
            module = importlib.import_module(module_info.name)
        except Exception:  # it needs what is not installed
            continue
        for cls in observe.models(module):
            yield f"{cls.__module__}.{cls.__name__}", lambda recorder, cls=cls: run(recorder, cls)


def run(recorder, cls):
    recorder.watch()
    observe.Model(cls)  # has found out what it can be called with, by calling it
