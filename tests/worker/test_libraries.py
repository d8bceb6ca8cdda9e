"""What is read of libraries that the worker has no special knowledge of, and of those that it has."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from keyward.environment.fingerprint import installed, site_folders
from keyward.environment.index import update_index
from keyward.environment.interpreter import find_interpreter
from keyward.signatures.model import Entry
from keyward.signatures.store import Signatures, open_signatures
from standin.environment import make_environment

Read = Callable[..., Signatures]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Installs a distribution with the given files and gives what is known then."""

    def read(name: str, **files: str) -> Signatures:
        interpreter = find_interpreter(make_environment(tmp_path / ".venv"))
        site = site_folders(interpreter)[0]
        for file, text in files.items():
            path = site / name / (file.replace(".", "/") + ".py")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        info = site / f"{name}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (info / "RECORD").write_text("".join(f"{name}/{file.replace('.', '/')}.py,,\n" for file in files))
        report = update_index(interpreter, tmp_path / "cache", only=[name], silence_limit=20.0)
        assert report.problems == ()
        return open_signatures(installed(interpreter), report.cache, tmp_path / "nothing-shipped")

    return read


def entry(signatures: Signatures, name: str) -> Entry:
    found = signatures.find(name)
    assert found is not None, name
    return found.entry


NET = """
import torch


class Base:
    def freeze(self, depth=1, **options):
        options.pop("hard", None)

    @classmethod
    def load(cls, path, *, strict=True):
        return cls()


class Net(Base, torch.nn.Module):
    def forward(self, x):
        return x

    def _hidden(self):
        pass


class Inner(torch.nn.Module):
    def forward(self, x, scale):
        return x


class Plain:
    pass
"""

TOOLS = """
import warnings


def train(net, epochs=3, **kwargs):
    if "n_epochs" in kwargs:
        warnings.warn("`n_epochs` is deprecated, use `epochs` instead.", FutureWarning)
        epochs = kwargs.pop("n_epochs")
    return epochs


def fit(net):
    warnings.warn("`fit` is deprecated and will be removed. Please use `train` instead.", FutureWarning)


class Collator:
    def __call__(self, features, return_tensors=None):
        return features


class Net2:
    pass


class OldCollator(Collator):
    def __init__(self):
        warnings.warn("The class OldCollator is deprecated. Please use Collator instead.", FutureWarning)
"""


def test_what_the_package_exports_is_read(read: Read) -> None:
    exports = "from .net import Net\nfrom .tools import Collator, OldCollator, train, fit\n"
    exports += "import json\nfrom json import dumps\nAlias = Collator\n"
    signatures = read("nets", __init__=exports, net=NET, tools=TOOLS)
    train = entry(signatures, "nets.train")
    assert (train.module, train.role) == ("nets.tools", "function")
    assert train.call is not None
    assert train.call.keywords == ("net", "epochs", "n_epochs")
    assert train.call.renamed == {"n_epochs": "epochs"}
    collator = entry(signatures, "nets.Collator").call
    assert collator is not None
    assert collator.keywords == ("features", "return_tensors")
    assert entry(signatures, "nets.Alias").call == collator
    assert entry(signatures, "nets.fit").replaced_by == "nets.train"
    assert entry(signatures, "nets.OldCollator").replaced_by == "nets.Collator"
    assert signatures.find("nets.dumps") is None
    assert signatures.find("nets.tools.Net2") is None


def test_methods_are_told_of_the_class_that_defines_them(read: Read) -> None:
    signatures = read("nets", __init__="from .net import Net\n", net=NET)
    net, base = entry(signatures, "nets.Net"), entry(signatures, "nets.net.Base")
    assert net.mro[0] == "nets.net.Base"
    assert net.methods == {}  # what calling runs is not among them, nor what is private
    assert set(base.methods) == {"freeze", "load"}
    assert base.methods["freeze"].keywords == ("depth", "hard")
    assert base.methods["load"].keywords == ("path", "strict")
    inner = entry(signatures, "nets.net.Inner")
    assert inner.call is not None
    assert inner.call.keywords == ("x", "scale")


METRICS = """
import functools
import torch


def deprecated(cls):
    original = cls.__new__

    @functools.wraps(original)
    def __new__(cls, *args, **kwargs):
        return original(cls)

    cls.__new__ = staticmethod(__new__)
    return cls


class Metric(torch.nn.Module):
    def forward(self, *args, **kwargs):
        self.update(*args, **kwargs)

    def update(self, *args, **kwargs):
        raise NotImplementedError


class Binary(Metric):
    def __init__(self, threshold=0.5):
        pass

    def update(self, preds, target):
        pass


class Accuracy(Metric):
    def __new__(cls, task, threshold=0.5):
        if task == "binary":
            return Binary(threshold)
        raise ValueError(task)


@deprecated
class Old(Metric):
    def __init__(self, size=1):
        pass

    def update(self, preds):
        pass


class Counted(Metric):
    def __new__(cls, *args, **kwargs):
        made = super().__new__(cls)
        made.count = 0
        return made

    def __init__(self, start=0):
        pass

    def update(self, preds):
        pass
"""


def test_of_a_class_that_makes_others_only_making_is_known(read: Read) -> None:
    signatures = read("metrics", __init__=METRICS)
    accuracy, counted = entry(signatures, "metrics.Accuracy"), entry(signatures, "metrics.Counted")
    assert accuracy.call is None
    assert accuracy.init is not None
    assert accuracy.init.keywords == ("task", "threshold")
    assert counted.init is not None and counted.call is not None
    assert counted.init.keywords == ("start",)
    assert (counted.call.keywords, counted.call.extra) == (("preds",), "refused")
    old = entry(signatures, "metrics.Old")
    assert old.init is not None and old.call is not None
    assert (old.init.keywords, old.call.keywords) == (("size",), ("preds",))
    left_to_others = entry(signatures, "metrics.Metric").call
    assert left_to_others is not None
    assert left_to_others.extra == "open"


def test_all_says_what_is_exported(read: Read) -> None:
    text = "__all__ = ['Net']\nfrom .net import Net, Plain\n"
    signatures = read("nets", __init__=text, net=NET)
    assert signatures.exports("nets") == ("Net",)
    assert signatures.find("nets.net.Plain") is None


LAZY = """
import importlib
import sys
import types


class _LazyModule(types.ModuleType):
    def __init__(self, name, file, spec, structure):
        super().__init__(name)
        self.__file__, self.__spec__, self.__path__ = file, spec, [file.rpartition("/")[0]]
        self._class_to_module = {name: module for module, names in structure.items() for name in names}

    def __dir__(self):
        return list(self._class_to_module)

    def __getattr__(self, name):
        if name not in self._class_to_module:
            raise AttributeError(name)
        return getattr(importlib.import_module("." + self._class_to_module[name], self.__name__), name)


sys.modules[__name__] = _LazyModule(__name__, __file__, __spec__, {"net": ["Net", "Absent"], "tools": ["train"]})
"""


def test_a_lazy_package_is_asked_for_what_it_announces(read: Read) -> None:
    signatures = read("nets", __init__=LAZY, net=NET, tools=TOOLS)
    assert signatures.exports("nets") == ("Net", "train")


LAYERS = """
class Layer:
    def __init__(self, *, name=None, **kwargs):
        if kwargs:
            raise TypeError(kwargs)

    def __call__(self, *args, **kwargs):
        return self.call(*args, **kwargs)

    def call(self, *args, **kwargs):
        raise NotImplementedError


class Dense(Layer):
    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)

    def call(self, inputs):
        return inputs


class Attention(Layer):
    def call(self, query, value, training=None):
        return query
"""
KERAS = {
    "__init__": "from keras import layers, losses\n",
    "layers.__init__": "from keras.src.layers import Attention, Dense, Layer\n",
    "losses.__init__": "from keras.src.losses import gap as distance, Gap\n",
    "_tf_keras.__init__": "",
    "_tf_keras.keras.__init__": "",
    "_tf_keras.keras.losses.__init__": "from keras.src.losses import Gap\n",
    "src.__init__": "",
    "src.layers": LAYERS,
    "src.losses": "class Loss:\n    def __call__(self, y_true, y_pred, sample_weight=None):\n        pass\n\n\n"
    "class Gap(Loss):\n    def call(self, y_true, y_pred):\n        pass\n\n\ndef gap(y_true, y_pred):\n    pass\n",
}


def test_keras_has_its_public_names_and_those_in_tensorflow(read: Read) -> None:
    signatures = read("keras", **KERAS)
    dense = entry(signatures, "keras.layers.Dense")
    assert (dense.module, dense.role) == ("keras.src.layers", "module")
    assert dense.call is not None
    assert dense.call.keywords == ("inputs", "training")
    assert dense.call.extra == "refused"
    attention = entry(signatures, "keras.layers.Attention").call
    assert attention is not None
    assert attention.keywords == ("query", "value", "training")
    assert entry(signatures, "keras.layers.Layer").call is None  # whoever derives from it says what it takes
    gap = entry(signatures, "tensorflow.keras.losses.Gap")
    assert gap.role == "module"
    assert gap.call is not None
    assert gap.call.keywords == ("y_true", "y_pred", "sample_weight")
    distance = entry(signatures, "keras.losses.distance")
    assert (distance.module, distance.name) == ("keras.losses", "distance")


def test_what_warnings_say_of_keywords_is_told_where_it_is_plain(read: Read) -> None:
    text = """
import warnings
import torch


class Layer(torch.nn.Module):
    '''A layer.

    Args:
        size_average (bool, optional): Deprecated (see :attr:`reduction`). Said at length.
    '''

    def __init__(self, size_average=None, reduction="mean", width=None, depth=None, mode="a", unused=None):
        if width is not None:
            warnings.warn("`width` is deprecated, please use `depth` instead")
        if unused is not None:
            warnings.warn("The `unused` argument is deprecated and will be removed.")
        if mode == "b":
            warnings.warn("`mode='b'` is deprecated. Use `mode='a'` instead.")
        if depth is not None:
            warnings.warn("The order `f(depth, mode)` is deprecated.")
            warnings.warn("Passing a tuple of `depth` is deprecated and will be removed. Pass a list instead.")

    def forward(self, x):
        return x
"""
    init = entry(read("nets", __init__="", layers=text), "nets.layers.Layer").init
    assert init is not None
    assert init.renamed == {"size_average": "reduction", "unused": "", "width": "depth"}


def test_names_that_a_decorator_renames_are_taken(read: Read) -> None:
    text = """
import functools


def renames(**renames):
    def decorator(function):
        @functools.wraps(function)
        def wrapper(*args, **kwargs):
            for old_name, new_name in renames.items():
                if old_name in kwargs:
                    kwargs[new_name] = kwargs.pop(old_name)
            return function(*args, **kwargs)
        return wrapper
    return decorator


def renamed(old_name, new_name=None):
    def decorator(function):
        @functools.wraps(function)
        def wrapper(*args, **kwargs):
            if old_name in kwargs:
                kwargs[new_name] = kwargs.pop(old_name)
            return function(*args, **kwargs)
        return wrapper
    return decorator


@renames(tokenizer="processing_class")
def train(model, processing_class=None):
    pass


@renamed("strategy", new_name="eval_strategy")
def evaluate(eval_strategy=None):
    pass
"""
    signatures = read("nets", __init__="from .tools import evaluate, train\n", tools=f"{text}\n{NET}")
    for name, old, new in (("train", "tokenizer", "processing_class"), ("evaluate", "strategy", "eval_strategy")):
        call = entry(signatures, f"nets.{name}").call
        assert call is not None
        assert call.renamed == {old: new}
        assert call.takes(old)
        assert (call.extra, call.takes("nonsense")) == ("refused", False)


def test_a_configuration_has_more_than_its_constructor_takes(read: Read) -> None:
    text = """
class Mixin:
    rope = None


class PreTrainedConfig(Mixin):
    model_type = ""
    attribute_map = {}

    def __init__(self, **kwargs):
        self.num_labels = kwargs.pop("num_labels", 2)


class NetConfig(PreTrainedConfig):
    model_type = "net"
    attribute_map = {"hidden_size": "width"}

    def __init__(self, width=8, **kwargs):
        super().__init__(**kwargs)
        self.width = width
        self.depth = 2

    @property
    def area(self):
        return self.width * self.depth
"""
    signatures = read("nets", __init__="from .config import NetConfig\n", config=text, net=NET)
    net, base = entry(signatures, "nets.NetConfig"), entry(signatures, "nets.config.PreTrainedConfig")
    assert (net.role, net.model_type) == ("config", "net")
    assert net.members == ("area", "depth", "hidden_size")
    assert base.members == ("attribute_map", "model_type", "rope")


def test_a_processor_gives_the_keys_of_its_parts_and_its_own(read: Read) -> None:
    text = """
class ProcessorMixin:
    pass


class ImageProcessingMixin:
    pass


class BatchFeature(dict):
    pass


class NetImageProcessor(ImageProcessingMixin):
    model_input_names = ["pixel_values"]

    def __call__(self, images, **kwargs):
        return self.preprocess(images, **kwargs)

    def preprocess(self, images, mask=None):
        data = {"pixel_values": images}
        if mask is not None:
            data["pixel_mask"] = mask
        return BatchFeature(data=data)


class NetProcessor(ProcessorMixin):
    def __init__(self, image_processor, chat=None):
        self.image_processor = image_processor

    @property
    def model_input_names(self):
        return self.image_processor.model_input_names + ["labels"]

    def __call__(self, images, text=None):
        return BatchFeature({"input_ids": text})
"""
    signatures = read(
        "nets", __init__="from .processing import NetImageProcessor, NetProcessor\n", processing=text, n=NET
    )
    image = entry(signatures, "nets.NetImageProcessor")
    assert (image.role, set(image.keys)) == ("processor", {"pixel_values", "pixel_mask"})
    assert image.methods["preprocess"].keywords == ("images", "mask")
    assert set(entry(signatures, "nets.NetProcessor").keys) == {"pixel_values", "pixel_mask", "labels", "input_ids"}
