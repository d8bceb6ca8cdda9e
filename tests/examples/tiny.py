"""Makes `from_pretrained` of transformers build tiny random models, and tokenizers and processors that fit them.

Runs in the interpreter that has the library, in its version 4 or 5. A checkpoint's name says which model family is
meant.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import transformers

IMAGE = {"height": 32, "width": 32}
BODY = {
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 24,
}
CONFIGS = {
    "deit": lambda **options: transformers.DeiTConfig(**BODY, image_size=32, patch_size=8, **options),
    "bert": lambda **options: transformers.BertConfig(**BODY, vocab_size=64, **options),
}
WORDS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "film", "the", "cast", "dog")


def config(checkpoint, options):
    """The tiny configuration of a checkpoint's family. `options` are taken as `from_pretrained` takes them: the
    configuration's own are used up, the rest stays for the model's constructor."""
    for family, make in CONFIGS.items():
        if family in checkpoint:
            known = make().to_dict() | {"num_labels": 2}
            return make(**{name: options.pop(name) for name in list(options) if name in known})
    raise LookupError(f"no tiny model stands for {checkpoint}")


def model(cls, checkpoint, **options):
    return cls(config(checkpoint, options), **options).eval()


def auto_model(cls, checkpoint, **options):
    made = config(checkpoint, options)
    made.architectures = made.architectures or []  # a checkpoint's configuration has them
    return cls.from_config(made, **options).eval()


def tokenizer(cls, checkpoint, **options):
    with tempfile.TemporaryDirectory() as folder:
        vocabulary = Path(folder) / "vocab.txt"
        vocabulary.write_text("\n".join(WORDS), "utf-8")
        name = "vocab" if transformers.__version__ >= "5" else "vocab_file"
        return transformers.BertTokenizer(**{name: str(vocabulary)}, **options)


def image_processor(cls, checkpoint, **options):
    return transformers.DeiTImageProcessor(size=IMAGE, crop_size=IMAGE, **options)


def patch() -> None:
    """From now on nothing is read from a model hub or a disk."""
    autos = vars(transformers.models.auto.modeling_auto).items()
    for cls, make in (
        *((cls, auto_model) for name, cls in autos if name.startswith("AutoModel")),
        (transformers.PreTrainedModel, model),
        (transformers.AutoTokenizer, tokenizer),
        (transformers.AutoImageProcessor, image_processor),
    ):
        cls.from_pretrained = classmethod(make)
