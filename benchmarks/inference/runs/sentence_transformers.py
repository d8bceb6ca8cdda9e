"""Every module, kind of model and loss of sentence-transformers, over tiny models of transformers."""

from __future__ import annotations

import atexit
import functools
import importlib
import inspect
import itertools
import pkgutil
import tempfile

import configurations
import datasets
import sentence_transformers
import torch
import transformers
from sentence_transformers import CrossEncoder, MultiVectorEncoder, SentenceTransformer, SparseEncoder
from sentence_transformers.base.modules import Dense, Normalize, Router, Transformer
from sentence_transformers.cross_encoder.modules import LogitScore
from sentence_transformers.multi_vector_encoder.modules import HierarchicalTokenPooling, MultiVectorMask
from sentence_transformers.sentence_transformer import modules as words
from sentence_transformers.sentence_transformer.modules.tokenizer import WhitespaceTokenizer
from sentence_transformers.sparse_encoder.modules import (
    MLMTransformer,
    SparseAutoEncoder,
    SparseStaticEmbedding,
    SpladePooling,
)

from . import tokens

WIDTH = configurations.WIDTH
TEXTS = ["a gripping film", "two hours too long", "the best cast in years", "not even the dog"]
OTHERS = ["the whole evening", "a long film", "cast well", "dogs and years"]
COLUMNS = [TEXTS, OTHERS, TEXTS[::-1], OTHERS[::-1]]
KINDS = {
    "sentence_transformer": "SentenceTransformer",
    "sparse_encoder": "SparseEncoder",
    "cross_encoder": "CrossEncoder",
    "multi_vector_encoder": "MultiVectorEncoder",
}
"""Package of the losses -> the model that they train."""
PACKAGES = {name: package for package, name in KINDS.items()}


@functools.cache
def saved(name, **options):
    """The folder of a tiny model of transformers with its tokenizer."""
    folder = tempfile.TemporaryDirectory()
    atexit.register(folder.cleanup)
    cls = getattr(transformers, name)
    _, config = next(configurations.candidates(cls.config_class))
    config.update(options)
    cls(config).save_pretrained(folder.name)
    tokens.tokenizer().save_pretrained(folder.name)
    if hasattr(config, "vision_config"):
        side = config.vision_config.image_size
        images = transformers.CLIPImageProcessor(size={"shortest_edge": side}, crop_size=side)
        transformers.CLIPProcessor(images, tokens.tokenizer()).save_pretrained(folder.name)
    return folder.name


def bert():
    return Transformer(saved("BertModel"))


def vocabulary():
    return sorted({word for text in TEXTS for word in text.split()})


def word_embeddings():
    return words.WordEmbeddings(WhitespaceTokenizer(vocabulary()), torch.rand(len(vocabulary()), WIDTH))


def splade():
    return SparseEncoder(modules=[MLMTransformer(saved("BertForMaskedLM")), SpladePooling()])


def token_vectors():
    tokens_only = {"module_input_name": "token_embeddings", "module_output_name": "token_embeddings"}
    modules = [bert(), Dense(WIDTH, 16, **tokens_only), MultiVectorMask(), Normalize(**tokens_only)]
    return MultiVectorEncoder(modules=modules)


def with_all_layers():
    all_layers = Transformer(saved("BertModel"), config_kwargs={"output_hidden_states": True})
    layers = words.WeightedLayerPooling(WIDTH, num_hidden_layers=configurations.LAYERS, layer_start=1)
    return SentenceTransformer(modules=[all_layers, layers, words.Pooling(WIDTH)])


def routed(cls, query, document):
    return cls(modules=[Router.for_query_document(query_modules=query, document_modules=document)])


def pooled(mode):
    width = WIDTH * len(mode) if isinstance(mode, tuple) else WIDTH
    modules = [
        bert(),
        words.Pooling(WIDTH, mode),
        words.LayerNorm(width),
        words.Dropout(),
        Dense(width, WIDTH),
        Normalize(),
    ]
    return SentenceTransformer(modules=modules)


def judge():
    causal = Transformer(saved("LlamaForCausalLM"), transformer_task="text-generation")
    return CrossEncoder(modules=[causal, LogitScore(true_token_id=6, false_token_id=7)])


MODELS = {
    "SentenceTransformer": lambda: SentenceTransformer(modules=[bert(), words.Pooling(WIDTH)]),
    "SentenceTransformer of a folder": lambda: SentenceTransformer(saved("BertModel")),
    **{
        f"pooling {mode}": functools.partial(pooled, mode)
        for mode in (*sorted(words.Pooling.POOLING_MODES), ("mean", "max"))
    },
    "WeightedLayerPooling": with_all_layers,
    "CNN": lambda: SentenceTransformer(
        modules=[word_embeddings(), words.CNN(WIDTH, 8), words.Pooling(24)],
    ),
    "LSTM": lambda: SentenceTransformer(modules=[word_embeddings(), words.LSTM(WIDTH, 8), words.Pooling(16)]),
    "WordWeights": lambda: SentenceTransformer(
        modules=[word_embeddings(), words.WordWeights(vocabulary(), {"film": 2.0}), words.Pooling(WIDTH)]
    ),
    "BoW": lambda: SentenceTransformer(modules=[words.BoW(vocabulary()), Dense(len(vocabulary()), 8)]),
    "StaticEmbedding": lambda: SentenceTransformer(
        modules=[words.StaticEmbedding(tokens.tokenizer(), embedding_dim=WIDTH), Normalize()]
    ),
    "Router": lambda: routed(
        SentenceTransformer, [bert(), words.Pooling(WIDTH)], [bert(), words.Pooling(WIDTH, "max"), Dense(WIDTH, WIDTH)]
    ),
    "CLIPModel": lambda: SentenceTransformer(modules=[words.CLIPModel(saved("CLIPModel"))]),
    "SparseEncoder": splade,
    "SparseAutoEncoder": lambda: SparseEncoder(
        modules=[bert(), words.Pooling(WIDTH), SparseAutoEncoder(WIDTH, 64, k=4, k_aux=8)]
    ),
    "SparseStaticEmbedding": lambda: routed(
        SparseEncoder,
        [SparseStaticEmbedding(tokens.tokenizer())],
        [MLMTransformer(saved("BertForMaskedLM")), SpladePooling("sum", chunk_size=2)],
    ),
    "CrossEncoder": lambda: CrossEncoder(saved("BertForSequenceClassification", num_labels=1)),
    "CrossEncoder of three": lambda: CrossEncoder(saved("BertForSequenceClassification", num_labels=3)),
    "LogitScore": judge,
    "MultiVectorEncoder": token_vectors,
    "HierarchicalTokenPooling": lambda: MultiVectorEncoder(
        modules=[bert(), MultiVectorMask(), HierarchicalTokenPooling(2.0)]
    ),
}


def models():
    for name, make in MODELS.items():
        yield name, functools.partial(run, make=make)
    for cls in losses():
        for settings in ({}, *variations(cls)):
            yield (
                f"{cls.__module__}.{cls.__name__} {settings or ''}",
                functools.partial(train, cls=cls, settings=settings),
            )
    for name in KINDS.values():
        yield f"{name}Trainer", functools.partial(fit, name=name)


def run(recorder, make):
    model = make()
    recorder.watch()
    if isinstance(model, CrossEncoder):
        model.predict(list(zip(TEXTS, OTHERS, strict=True)))
        model.rank(TEXTS[0], OTHERS)
        return
    model.encode(TEXTS)
    if isinstance(model[0], Router) or not isinstance(model, SentenceTransformer):
        model.encode_query(TEXTS)
        model.encode_document(TEXTS)


def fit(recorder, name):
    """One step of a trainer."""
    model = MODELS[name]()
    losses = importlib.import_module(f"sentence_transformers.{PACKAGES[name]}.losses")
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
