"""Tiny models of sentence-transformers: every kind and every module, over models of transformers."""

from __future__ import annotations

import atexit
import functools
import tempfile

import configurations
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
