"""What well-known callables do with values, where a signature does not say it.

All names are those of the libraries; each table says what its members have in common.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable

from ..signatures.model import Entry
from .values import LibraryClass

TORCH_MODULE = "torch.nn.modules.module.Module"
KERAS_LAYER, KERAS_MODEL = "keras.src.layers.layer.Layer", "keras.src.models.model.Model"

RETURNS_SELF = frozenset(
    (
        "to",
        "cuda",
        "cpu",
        "xpu",
        "ipu",
        "mps",
        "half",
        "float",
        "double",
        "bfloat16",
        "type",
        "eval",
        "train",
        "requires_grad_",
        "share_memory",
        "to_empty",
        "apply",
        "to_bettertransformer",
        "reverse_bettertransformer",
        "dequantize",
    )
)
"""Methods of `nn.Module` and `PreTrainedModel` that return the module itself."""

MAKES_INSTANCE = frozenset(("from_pretrained", "from_config", "_from_config"))
"""Class methods of transformers that return an instance of the class (or of the class that an Auto class chooses)."""

LOADS_CHECKPOINT = "load_from_checkpoint"
LIGHTNING_MODULE = "lightning.pytorch.core.module.LightningModule"
"""The class method of lightning's modules that returns an instance of the class, and their base."""

TRAINERS = frozenset(("transformers.trainer.Trainer", "transformers.trainer_seq2seq.Seq2SeqTrainer"))
"""Trainers whose attribute `model` is the model that they are given: what they wrap for training is kept elsewhere."""

MAKES_FROM_OTHERS = frozenset(("from_unet", "from_transformer", "from_single_file"))
"""The same for models of diffusers, which have these class methods where they make sense."""

OVERRIDDEN = frozenset(
    (
        "generate",
        "get_decoder",
        "get_encoder",
        "get_input_embeddings",
        "get_output_embeddings",
        "get_position_embeddings",
        "prepare_inputs_for_generation",
        "resize_position_embeddings",
        "resize_token_embeddings",
        "set_decoder",
        "set_input_embeddings",
        "set_output_embeddings",
        "tie_weights",
    )
)
"""Methods of `PreTrainedModel` and `GenerationMixin` that many a model overrides with other parameters and results."""

CHANGES_OUTPUT = frozenset(("return_dict", "torchscript", "output_loading_info", "use_return_dict"))
"""Keywords of those under which the model, or what it returns, is something else than usual."""

COPIES = frozenset(("copy.copy", "copy.deepcopy"))
"""Functions that give another object like their argument, and leave that as it is."""

TRANSPARENT_WRAPPERS = COPIES | frozenset(
    (
        "torch.compile",
        "torch.jit.script",
        "torch.quantization.convert",
        "torch.nn.utils.parametrizations.orthogonal",
        "torch.nn.utils.parametrizations.spectral_norm",
        "torch.nn.utils.parametrizations.weight_norm",
        "torch.nn.utils.parametrize.register_parametrization",
        "torch.nn.utils.parametrize.remove_parametrizations",
        "torch.nn.utils.remove_spectral_norm",
        "torch.nn.utils.remove_weight_norm",
        "torch.nn.utils.weight_norm",
        "torch.nn.utils.spectral_norm",
        "torch.nn.SyncBatchNorm.convert_sync_batchnorm",
        "peft.prepare_model_for_kbit_training",
        "torch.distributed.fsdp.fully_shard",
        "torch.distributed._composable.fsdp.fully_shard",
    )
)
"""Functions and classes that give something which is called as their first argument is."""

_SHARDED = "torch.distributed.fsdp.fully_sharded_data_parallel.FullyShardedDataParallel"
_ENGINE = "deepspeed.runtime.engine.DeepSpeedEngine"
TRACED = "torch.jit._trace.TopLevelTracedModule"
"""What `torch.jit.trace` makes of a module: it takes what it was traced with, and returns plain tuples."""

WRAPS = {
    "torch.distributed.fsdp.FullyShardedDataParallel": _SHARDED,
    _SHARDED: _SHARDED,
    "torch.jit.trace": TRACED,
}
"""Functions and classes whose signature nobody needs -> the wrapper that they put around their first argument."""

FIRST_OF_SEVERAL = {"deepspeed.initialize": _ENGINE}
"""Functions that return several things, the first of which is a wrapper around their argument `model`."""

UNWRAPPING = frozenset(
    (
        "accelerate.utils.extract_model_from_parallel",
        "accelerate.utils.other.extract_model_from_parallel",
        "transformers.modeling_utils.unwrap_model",
    )
)
"""Functions that return the model inside of what training on several devices put around it."""

EXCHANGED = "torch.nn.modules.batchnorm."
"""Where the classes are from whose instances are exchanged in models that are built:
`torch.nn.SyncBatchNorm.convert_sync_batchnorm` does so, and detection models put frozen ones into their backbones."""

PROGRESS = frozenset(f"tqdm.{module}tqdm" for module in ("", "std.", "auto.", "notebook.", "autonotebook."))
"""Functions that give what their first argument gives when it is iterated over."""

PARTIAL = "functools.partial"
CONTEXT_MANAGER = "contextlib.contextmanager"
CONTEXT_OF_GENERATOR = "contextlib._GeneratorContextManager"
ENTERED = "__enter__"
"""What makes a context manager of a generator function, the class of that, and the part of it that `with` binds."""
ORDERED_DICT = "collections.OrderedDict"
HUB = "torch.hub.load"
MAKES_PIPELINES = "transformers.pipelines.pipeline"

WITHOUT_SIGNATURE = frozenset(
    (
        *TRANSPARENT_WRAPPERS,
        *WRAPS,
        *FIRST_OF_SEVERAL,
        *UNWRAPPING,
        *PROGRESS,
        PARTIAL,
        ORDERED_DICT,
        HUB,
        CONTEXT_MANAGER,
    )
)
"""Functions whose results are known though no library's signatures need tell of them."""

MODULE_WRAPPERS = frozenset(
    (
        "torch.nn.parallel.data_parallel.DataParallel",
        "torch.nn.parallel.distributed.DistributedDataParallel",
        "torch.optim.swa_utils.AveragedModel",
        _SHARDED,
        _ENGINE,
    )
)
"""Modules that hand a call on to the module given as their first argument, and keep it as `.module`."""

HANDS_ATTRIBUTES_ON = frozenset((_SHARDED, _ENGINE))
"""Those of them that have the attributes of that module, too."""

COMPILED_FROM = "_orig_mod"
"""The attribute of what `torch.compile` gives that holds the module itself, which is what we take it for."""

INSIDE = frozenset(("module", COMPILED_FROM))
"""Attributes by which wrappers give what is inside, and which other modules do not have."""

GIVES_BACK = frozenset(
    (
        ("accelerate.accelerator.Accelerator", "prepare"),
        ("accelerate.accelerator.Accelerator", "prepare_model"),
        ("lightning.fabric.fabric.Fabric", "setup"),
        ("lightning.fabric.fabric.Fabric", "setup_module"),
        ("lightning.fabric.fabric.Fabric", "setup_dataloaders"),
    )
)
"""Methods that return what they are given, ready to be used: one thing as itself, several as a tuple in that order."""

UNWRAPS = frozenset((("accelerate.accelerator.Accelerator", "unwrap_model"),))
"""Methods that return the model inside of what `GIVES_BACK` made of it."""

ADAPTED = "peft.peft_model.PeftModel"
"""What `get_peft_model` puts around a model. It hands on what it is called with, and takes some keywords for itself."""

PROMPT_LEARNING = "peft.config.PromptLearningConfig"
"""The base of configurations under which a `PeftModel` makes inputs of its own of what it is called with."""

ADAPTERS_OWN = ("task_ids", "adapter_names", "alora_offsets")
"""Keywords that a `PeftModel` takes before it hands on the rest (`special_peft_forward_args` in peft 0.21)."""

GIVES_ADAPTED = frozenset(("base_model",))
GIVES_INNER = frozenset(("model", "get_base_model", "merge_and_unload", "unload"))
"""Attributes of a `PeftModel`: what is called as itself, and methods and attributes that give the model inside."""

DATA_LOADER = "torch.utils.data.dataloader.DataLoader"
PLACE_OF_COLLATE = 6
"""Of `collate_fn` among the positional arguments of a `DataLoader`."""
SUBSET = "torch.utils.data.dataset.Subset"
CONCATENATED = "torch.utils.data.dataset.ConcatDataset"
STREAM = LibraryClass("torch.utils.data.dataset.IterableDataset")
ABSTRACT_DATA = frozenset((LibraryClass("torch.utils.data.dataset.Dataset"), STREAM))
"""Bases of data sets that say nothing of what these hold."""
SPLITS = "torch.utils.data.dataset.random_split"
COLLATE = "torch.utils.data._utils.collate.default_collate"
_COLLATORS = "transformers.data.data_collator"
COLLATORS = {
    f"{_COLLATORS}.default_data_collator": "plain",
    f"{_COLLATORS}.DefaultDataCollator": "plain",
    f"{_COLLATORS}.DataCollatorWithPadding": "padded",
    f"{_COLLATORS}.DataCollatorForLanguageModeling": "masked",
}
"""Collators of transformers that make dictionaries, and in which way: see `batches.py`."""

BATCHES = frozenset(
    (
        "transformers.tokenization_utils_base.BatchEncoding",
        "transformers.feature_extraction_utils.BatchFeature",
    )
)
"""What tokenizers and processors give. Made by hand, it has the entries of the dictionary that it is given, which it
copies (transformers 5.23.0 and 4.57.6)."""
GIVES_BATCHES = frozenset(("pad", "batch_encode_plus", "encode_plus"))
"""Methods of tokenizers that give a dictionary of model inputs."""
TRAINER = "transformers.trainer.Trainer"
CALLED_BY = {"compute_loss": "training_step"}
"""Methods that a class of a library calls on itself, with arguments of the library's choice -> the method that does so.
"""

PIPELINE = "diffusers.pipelines.pipeline_utils.DiffusionPipeline"
"""The base of pipelines, whose parts have the names and classes that the constructor's parameters say."""

MAKES_BY_NAME = {
    "timm.models._factory.create_model": "timm.models",
    "torchvision.models._api.get_model": "torchvision.models",
}
"""Functions that call the function of the package that their first argument names."""
HUBS = {
    "pytorch/vision": "torchvision.models",
    "huggingface/pytorch-image-models": "timm.models",
    "rwightman/pytorch-image-models": "timm.models",
}
"""Repositories of `torch.hub.load` whose functions are those of a package."""

CHANGES_WHAT_IS_MADE = frozenset(("features_only", "pretrained_cfg", "feature_cfg"))
"""Keywords of those under which something else is made."""

GIVES_OTHERS = frozenset(("AutoBackbone",))
"""Auto classes that can give models that their mapping does not name."""
ADDS_CLASSES = b".register("
"""What a file says that adds classes to an Auto class."""

OTHER_PIPELINES = frozenset(("pipeline_class", "trust_remote_code", "model_kwargs"))
"""Keywords of `pipeline` under which it makes something else, or its model is made in another way."""
_SAME_TASKS = {
    "ner": "token-classification",
    "sentiment-analysis": "text-classification",
    "text-to-speech": "text-to-audio",
    "vqa": "visual-question-answering",
}
_MODELS_OF_TASKS = {
    "any-to-any": "MultimodalLM",
    "audio-classification": "AudioClassification",
    "automatic-speech-recognition": "CTC TDT SpeechSeq2Seq",
    "depth-estimation": "DepthEstimation",
    "document-question-answering": "DocumentQuestionAnswering",
    "fill-mask": "MaskedLM",
    "image-classification": "ImageClassification",
    "image-segmentation": "ImageSegmentation SemanticSegmentation",
    "image-text-to-text": "ImageTextToText",
    "image-to-image": "ImageToImage",
    "image-to-text": "Vision2Seq",
    "keypoint-matching": "KeypointMatching",
    "mask-generation": "MaskGeneration",
    "object-detection": "ObjectDetection",
    "question-answering": "QuestionAnswering",
    "summarization": "Seq2SeqLM",
    "table-question-answering": "TableQuestionAnswering",
    "text-classification": "SequenceClassification",
    "text-generation": "CausalLM",
    "text-to-audio": "TextToWaveform TextToSpectrogram",
    "text2text-generation": "Seq2SeqLM",
    "token-classification": "TokenClassification",
    "translation": "Seq2SeqLM",
    "video-classification": "VideoClassification",
    "visual-question-answering": "VisualQuestionAnswering",
    "zero-shot-classification": "SequenceClassification",
    "zero-shot-image-classification": "ZeroShotImageClassification",
    "zero-shot-object-detection": "ZeroShotObjectDetection",
}
"""Task of a pipeline -> ends of the names of the Auto classes that make its model (`SUPPORTED_TASKS` of transformers
4.57.6 and 5.23.0; the other tasks take any `AutoModel`)."""


def pipeline_for(task: str) -> tuple[str, tuple[str, ...]]:
    """Names of the class of a task's pipeline, and of the Auto classes that make its model; there need not be any."""
    if task.startswith("translation_"):
        task = "translation"
    task = _SAME_TASKS.get(task, task)
    name = re.sub(r"(^|-|(?<=2))([a-z])", lambda match: match[2].upper(), task)
    models = _MODELS_OF_TASKS.get(task)
    return f"{name}Pipeline", tuple(f"AutoModelFor{end}" for end in models.split()) if models else ("AutoModel",)


TRANSPARENT_DECORATORS = frozenset(
    (
        "abstractmethod",
        "autocast",
        "beartype",
        "cache",
        "compile",
        "custom_bwd",
        "custom_fwd",
        "enable_grad",
        "export",
        "final",
        "ignore",
        "inference_mode",
        "jaxtyped",
        "lru_cache",
        "no_grad",
        "overload",
        "override",
        "script_method",
        "set_grad_enabled",
        "torch_compile",
        "typechecked",
        "unused",
    )
)
"""Last names of decorators after which a function takes and returns what it did before."""

CACHING_DECORATORS = frozenset(("cache", "lru_cache", "cached_property"))
"""Those of them after which all calls may give one and the same object."""

DATACLASS_DECORATORS = frozenset(("dataclass", "dataclasses.dataclass"))

STANDARD_LIBRARY = sys.stdlib_module_names
"""Modules that no question is asked about."""

CHANGES_CALLS = re.compile(
    rb"_forward_pre_hook|\.forward\s*(?:=[^=]|,)|\b(?:__class__|__call__)\s*=[^=]|\bforward\s*=[^=]"
    rb"|[\"']forward[\"']|\bpatch\(\s*[\"'][\w.]*\.forward[\"']"
)
"""Text after which a file's modules may be called otherwise than their class says."""

HANDS_ON_CALLS = re.compile(rb"\bpartial\(\s*[\w.]+\.forward\s*,")
"""Text in which a `forward` is only named to be called later."""

CHANGES_RESULTS = re.compile(
    rb"\.(?:use_)?return_dict\s*=\s*False|(?:[Cc]onfig\w*|from_pretrained|partial)\([^()]*return_dict\s*=\s*False"
    rb"|_forward_(?:pre_)?hook\("
)
"""Text after which models may return something else than usual: tuples, or what a hook makes of it."""


def guessed_model_types(checkpoint: str, model_types: Iterable[str]) -> tuple[str, ...]:
    """The model types that a checkpoint's name may stand for: those that are whole words of it ("deit" in
    "facebook/deit-base-distilled"), the longest where one holds another ("xlm-roberta", not "roberta").

    transformers' own `AutoConfig.from_pretrained` guesses by name too, when a `config.json` names no type, but takes
    parts of words; a guess of ours must not be wrong, so it is more careful. Empty where nothing fits.
    """
    name = checkpoint.rstrip("/").rpartition("/")[2].lower().replace("_", "-")
    found: list[str] = []
    for model_type in sorted(model_types, key=len, reverse=True):
        word = model_type.lower().replace("_", "-")
        if word not in name:
            continue  # hundreds are not: no pattern is made for those
        rest, n = re.subn(rf"(?<![a-z0-9]){re.escape(word)}(?![a-z0-9])", "/", name)
        if n:
            found.append(model_type)
            name = rest
    return tuple(found)


def is_module(entry: Entry) -> bool:
    """Whether instances of the class are torch modules."""
    return entry.role in ("model", "module") or TORCH_MODULE in entry.mro


def is_pipeline(entry: Entry) -> bool:
    """Whether it is a pipeline of diffusers."""
    return PIPELINE in (entry.qualified, *entry.mro)


def is_trainer(entry: Entry) -> bool:
    """Whether it is a Trainer of transformers, or derives from it."""
    return TRAINER in (entry.qualified, *entry.mro)


def is_keyed(entry: Entry) -> bool:
    """Whether calling an instance gives a dictionary of model inputs."""
    return entry.role in ("tokenizer", "processor")
