"""A tokenizer that needs no files: one token for each letter."""

from __future__ import annotations

import string

from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import PreTrainedTokenizerFast

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
VOCABULARY = {token: number for number, token in enumerate((*SPECIAL, *string.ascii_lowercase, *string.digits))}


def tokenizer():
    letters = Tokenizer(models.WordLevel(VOCABULARY, unk_token="[UNK]"))
    letters.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    ends = [(token, VOCABULARY[token]) for token in ("[CLS]", "[SEP]")]
    letters.post_processor = processors.TemplateProcessing("[CLS] $A [SEP]", "[CLS] $A [SEP] $B:1 [SEP]:1", ends)
    names = ("pad_token", "unk_token", "cls_token", "sep_token", "mask_token")
    named = dict(zip(names, SPECIAL, strict=True))
    kinds = ["input_ids", "token_type_ids", "attention_mask"]
    return PreTrainedTokenizerFast(tokenizer_object=letters, model_input_names=kinds, model_max_length=64, **named)
