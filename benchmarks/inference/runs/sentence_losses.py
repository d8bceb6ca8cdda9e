"""Every loss of sentence-transformers, with its switches, on the model that it trains."""

from __future__ import annotations

import functools
import importlib
import inspect
import itertools
import pkgutil

import sentence_transformers
import torch

from .sentence_models import MODELS, OTHERS, TEXTS, WIDTH, saved

COLUMNS = [TEXTS, OTHERS, TEXTS[::-1], OTHERS[::-1]]
KINDS = {
    "sentence_transformer": "SentenceTransformer",
    "sparse_encoder": "SparseEncoder",
    "cross_encoder": "CrossEncoder",
    "multi_vector_encoder": "MultiVectorEncoder",
}
"""Package of the losses -> the model that they train."""


def models():
    for cls in losses():
        for settings in ({}, *variations(cls)):
            name = f"{cls.__module__}.{cls.__name__} {settings or ''}".strip()
            yield name, functools.partial(train, cls=cls, settings=settings)


def losses():
    for package in KINDS:
        found = importlib.import_module(f"sentence_transformers.{package}.losses")
        for module_info in pkgutil.iter_modules(found.__path__, f"{found.__name__}."):
            module = importlib.import_module(module_info.name)
            for cls in vars(module).values():
                own = isinstance(cls, type) and cls.__module__ == module.__name__
                if own and cls.__name__ not in PARTS and "model" in parameters(cls):
                    yield cls


def parameters(cls):
    return inspect.signature(cls.__init__).parameters if issubclass(cls, torch.nn.Module) else {}


CHOICES = {
    "mini_batch_size": (2,),
    "mini_batch_num_tokens": (16,),
    "hardness_mode": ("in_batch_negatives", "hard_negatives", "all_negatives"),
    "directions": (("query_to_doc", "doc_to_query"), ("query_to_doc", "query_to_query", "doc_to_query", "doc_to_doc")),
    "partition_mode": ("per_direction",),
    "margin_strategy": ("relative",),
    "projection_dim": (WIDTH,),
    "n_dims_per_step": (1,),
    "use_document_regularizer_only": (True,),
}
"""What else runs other lines of a loss, where it takes it."""
PARTS = ("FlopsLoss", "CSRReconstructionLoss")
"""Losses that others make for themselves."""
UNTRIED = ("gather_across_devices", "show_progress_bar")
"""Switches that one device and no terminal leave alone."""


def variations(cls):
    for name, parameter in parameters(cls).items():
        if isinstance(parameter.default, bool) and name not in UNTRIED:
            yield {name: not parameter.default}
        else:
            yield from ({name: choice} for choice in CHOICES.get(name, ()))
    if "weighting_scheme" in parameters(cls):
        for scheme in inspect.getmodule(cls).BaseWeightingScheme.__subclasses__():
            yield {"weighting_scheme": scheme()}


def train(recorder, cls, settings):
    """The first inputs that the loss does not refuse, forward and backward."""
    package = cls.__module__.split(".")[1]
    model = MODELS[KINDS[package]]()
    if cls.__name__.startswith("CSR"):
        model = MODELS["SparseAutoEncoder"]()
    elif package == "cross_encoder" and cls.__name__ == "CrossEntropyLoss":
        model = MODELS["CrossEncoder of three"]()
    loss = cls(**settings, **given(cls, model, package, settings))
    if package == "sparse_encoder" and not cls.__name__.endswith(("SpladeLoss", "CSRLoss", "SparseMSELoss")):
        loss = sentence_transformers.sparse_encoder.losses.SpladeLoss(model, loss, 0.1, 0.1)
    recorder.watch()
    failure = None
    for columns, labels in batches(model, package):
        try:
            result = loss(columns, labels) if "labels" in inspect.signature(loss.forward).parameters else loss(columns)
        except Exception as error:
            failure = failure or error
            continue
        result = sum(result.values()) if isinstance(result, dict) else result
        if result.requires_grad:
            result.backward()
        return
    raise failure


def given(cls, model, package, settings):
    """What a loss has to be made from, by the names of its parameters."""
    inner = {
        "sentence_transformer": "MultipleNegativesRankingLoss",
        "sparse_encoder": "SparseMultipleNegativesRankingLoss",
    }
    known = {
        "model": lambda: model,
        "guide": MODELS["SentenceTransformer"],
        "loss": lambda: getattr(importlib.import_module(f"sentence_transformers.{package}.losses"), inner[package])(
            model
        ),
        "matryoshka_dims": lambda: [WIDTH, WIDTH // 2],
        "embedding_dimension": lambda: WIDTH,
        "num_labels": lambda: 3,
        "hardness_strength": lambda: float("hardness_mode" in settings),
        "document_regularizer_weight": lambda: 0.1,
        "query_regularizer_weight": lambda: 0.1,
    }
    if cls.__name__ == "DenoisingAutoEncoderLoss" and not settings.get("tie_encoder_decoder", True):
        known["decoder_name_or_path"] = lambda: saved("BertLMHeadModel")
    wanted = [name for name in parameters(cls) if name in known and name not in settings]
    return {name: known[name]() for name in wanted}


def batches(model, package):
    """(columns, labels) that a loss may be for."""
    n = len(TEXTS)
    if package == "cross_encoder":
        yield COLUMNS[:2], torch.tensor([1.0, 0.0, 1.0, 0.0])
        yield COLUMNS[:2], torch.tensor([1, 0, 2, 0])
        yield COLUMNS[:3], torch.rand(n)
        yield [TEXTS, COLUMNS], [torch.rand(n) for _ in TEXTS]
        return
    labels = (
        torch.tensor([1, 1, 0, 0]),
        torch.rand(n),
        torch.rand(n, 2),
        torch.rand(n, WIDTH),
        torch.rand(n, model.get_embedding_dimension() or WIDTH),
        [torch.rand(n, WIDTH)] * 2,
    )
    for n_columns, label in itertools.product((2, 3, 1), labels):
        yield [dict(model.preprocess(column)) for column in COLUMNS[:n_columns]], label
