"""What the rules say of TensorFlow and Keras, over an index that holds a handful of their names."""

from __future__ import annotations

import pytest

from keyward import rules
from keyward.inference.engine import analyse
from keyward.inference.libraries import KERAS_LAYER, KERAS_MODEL
from keyward.inference.world import World
from keyward.rules import RuleSettings
from keyward.signatures.model import FORMAT, Dated, Entry, Exported, Index, Parameter, Signature
from keyward.signatures.source import Library, Source
from keyward.signatures.store import Signatures
from keyward.signatures.writer import write_family
from keyward.source.tree import Source as Text

LOSSES = "keras.src.losses.losses"


def taking(*names: str) -> Signature:
    """A signature as TensorFlow 2.21 and Keras 3.15 have it, its first two parameters required."""
    return Signature(tuple(Parameter(name, default=None if i < 2 else "None") for i, name in enumerate(names)))


def entries() -> list[Entry]:
    layer, model = (name.rpartition(".") for name in (KERAS_LAYER, KERAS_MODEL))
    true_first = taking("y_true", "y_pred", "sample_weight")
    return [
        Entry(layer[2], layer[0], "module", mro=("keras.src.ops.operation.Operation",)),
        Entry(model[2], model[0], "module", mro=(KERAS_LAYER, "keras.src.ops.operation.Operation")),
        Entry("Operation", "keras.src.ops.operation", call=Signature((), extra="open")),
        Entry("Dense", "keras.src.layers.core.dense", "module", mro=(KERAS_LAYER,), call=taking("inputs", "training")),
        Entry("BinaryCrossentropy", LOSSES, "module", init=Signature(), call=true_first),
        Entry("MeanSquaredError", LOSSES, "module", init=Signature(), call=true_first),
        Entry(
            "sigmoid_cross_entropy_with_logits", "tensorflow.nn", "function", call=taking("labels", "logits", "name")
        ),
        Entry(
            "softmax_cross_entropy_with_logits",
            "tensorflow.nn",
            "function",
            call=taking("labels", "logits", "axis", "name"),
        ),
    ]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    folder = tmp_path_factory.mktemp("index")
    exports: dict[str, dict[str, list[Exported]]] = {"tensorflow": {}, "keras": {}}
    for entry in entries():
        module = {"keras.src.models.model": "keras", LOSSES: "keras.losses", "tensorflow.nn": "tensorflow.nn"}
        public = exports.setdefault(module.get(entry.module, "keras.layers"), {})
        public[entry.name] = [Exported("1", entry.module)]
    write_family(folder, "all", {entry.qualified: [Dated("1", entry)] for entry in entries()})
    sources = []
    for name in ("tensorflow", "keras"):
        of_it = {module: names for module, names in exports.items() if module.startswith(name)}
        modules = {entry.module: "all" for entry in entries() if entry.module.startswith(name)}
        sources.append(Source(folder, Index(FORMAT, name, ("1",), of_it, modules), Library(name, "1", "indexed")))
    return World(Signatures(sources))


def found(text: str, world: World) -> list[tuple[int, str, list[str]]]:
    """Line from 1, rule and titles of the fixes of each finding."""
    analysis = analyse(Text.parse("script.py", text.encode()), world)
    checked = rules.check(analysis, world, RuleSettings()).findings
    return [
        (
            text[: finding.span.start].count("\n") + 1,
            finding.rule,
            [f"{fix.title} ({fix.safety.value})" for fix in rules.fixes(finding, analysis, world)],
        )
        for finding in checked
    ]


LOSS_CALLS = """\
import tensorflow as tf
from keras import losses

def first(logits, labels, y):
    tf.nn.sigmoid_cross_entropy_with_logits(logits, labels)
    tf.nn.softmax_cross_entropy_with_logits(logits, y)
    tf.nn.softmax_cross_entropy_with_logits(y, labels)

def right(logits, labels, y):
    tf.nn.sigmoid_cross_entropy_with_logits(labels, logits)
    tf.nn.sigmoid_cross_entropy_with_logits(labels=labels, logits=logits)
    tf.nn.sigmoid_cross_entropy_with_logits(logits=logits, labels=labels)
    tf.nn.softmax_cross_entropy_with_logits(y, logits)
    tf.nn.softmax_cross_entropy_with_logits(logits, logits)

def of_teachers(logits, teacher_logits):
    tf.nn.softmax_cross_entropy_with_logits(logits, teacher_logits)

def keras(y_true, y_pred, labels, logits):
    losses.BinaryCrossentropy()(y_pred, y_true)
    losses.BinaryCrossentropy()(logits, labels)

def keras_right(y_true, y_pred):
    losses.BinaryCrossentropy()(y_true, y_pred)
    losses.MeanSquaredError()(y_pred, y_true)
"""


def test_losses_take_the_truth_first(world: World) -> None:
    swapped = "swapped-positional"
    assert found(LOSS_CALLS, world) == [
        (5, swapped, ["Pass by keyword (safe)"]),
        (6, swapped, []),
        (7, swapped, []),
        (20, swapped, ["Pass by keyword (safe)"]),
        (21, swapped, ["Pass by keyword (unsafe)"]),
    ]


LAYERS = """\
import keras
from keras import layers

class Misspelt(layers.Layer):
    def calls(self, x):
        return x

class Torch(layers.Layer):
    def forward(self, x):
        return x

class Right(layers.Layer):
    def call(self, x):
        return x

class Derived(Right):
    pass

class Dense(layers.Dense):
    pass

class Functional(keras.Model):
    def train_step(self, data):
        return {}

class Given(layers.Layer):
    def __init__(self, function):
        super().__init__()
        self.call = function

def step(x, inputs, outputs):
    Misspelt()(x)
    Torch()(x)
    Right()(x)
    Derived()(x)
    Dense(2)(x)
    Functional(inputs, outputs)(x)
"""


def test_a_layer_without_a_call(world: World) -> None:
    # What is assigned to `self.call` anywhere may be the call of any layer of the file.
    assert found(LAYERS + "    Given(x)(x)\n", world) == []
    without = LAYERS.replace("        self.call = function\n", "")
    assert found(without, world) == [
        (31, "forward-not-defined", ["Rename `calls` to `call` (safe)"]),
        (32, "forward-not-defined", ["Rename `forward` to `call` (unsafe)"]),
    ]
