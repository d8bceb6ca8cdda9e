"""Every module, kind of model, loss and trainer of sentence-transformers."""

from __future__ import annotations

import functools
import importlib
import tempfile

import datasets
import sentence_transformers
from sentence_transformers import CrossEncoder, SentenceTransformer
from sentence_transformers.base.modules import Router

from . import sentence_losses
from .sentence_models import MODELS, OTHERS, TEXTS


def models():
    for name, make in MODELS.items():
        yield name, functools.partial(run, make=make)
    yield from sentence_losses.models()
    for name in sentence_losses.KINDS.values():
        yield f"{name}Trainer", functools.partial(fit, name=name)


def run(recorder, make):
    model = make()
    recorder.watch()
    if isinstance(model, CrossEncoder):
        model.predict(list(zip(TEXTS, OTHERS, strict=True)))
        if model.num_labels == 1:
            model.rank(TEXTS[0], OTHERS)
        return
    model.encode(TEXTS)
    if isinstance(model[0], Router) or not isinstance(model, SentenceTransformer):
        model.encode_query(TEXTS)
        model.encode_document(TEXTS)


def fit(recorder, name):
    """One step of a trainer."""
    model = MODELS[name]()
    package = next(package for package, trained in sentence_losses.KINDS.items() if trained == name)
    losses = importlib.import_module(f"sentence_transformers.{package}.losses")
    loss = {
        "SentenceTransformer": lambda: losses.MultipleNegativesRankingLoss(model),
        "SparseEncoder": lambda: losses.SpladeLoss(model, losses.SparseMultipleNegativesRankingLoss(model), 0.1, 0.1),
        "CrossEncoder": lambda: losses.BinaryCrossEntropyLoss(model),
        "MultiVectorEncoder": lambda: losses.MultiVectorMultipleNegativesRankingLoss(model),
    }[name]()
    data = {"one": TEXTS, "other": OTHERS}
    if name == "CrossEncoder":
        data["label"] = [1.0, 0.0, 1.0, 0.0]
    data = datasets.Dataset.from_dict(data)
    with tempfile.TemporaryDirectory() as folder:
        options = getattr(sentence_transformers, f"{name}TrainingArguments")(
            folder, max_steps=1, use_cpu=True, report_to="none", save_strategy="no", eval_strategy="steps", eval_steps=1
        )
        trainer = getattr(sentence_transformers, f"{name}Trainer")(model, options, data, data, loss=loss)
        recorder.watch()
        trainer.train()
