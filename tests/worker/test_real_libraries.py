"""What is read of real libraries, held against what calling them does."""

from __future__ import annotations

import ast
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

import environments
from keyward.environment.fingerprint import installed
from keyward.environment.index import update_index
from keyward.environment.interpreter import find_interpreter
from keyward.signatures.binding import Binding, bind
from keyward.signatures.model import Entry, Signature
from keyward.signatures.store import Signatures, open_signatures

CALLS = Path(__file__).with_name("call.py")
SIGMOID = "sigmoid_cross_entropy_with_logits"


class Keyword(NamedTuple):
    name: str
    certain: bool = True


Read = Callable[[str, str], Signatures]


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> Read:
    """What is known of a distribution in one of the environments; each is read once."""
    known: dict[tuple[str, str], Signatures] = {}

    def read(environment: str, distribution: str) -> Signatures:
        if (environment, distribution) not in known:
            interpreter = find_interpreter(environments.interpreter(environment))
            cache = tmp_path_factory.mktemp("cache")
            report = update_index(interpreter, cache, only=[distribution], silence_limit=900.0)
            assert report.indexed == (distribution,), report.problems
            known[environment, distribution] = open_signatures(installed(interpreter), cache, cache / "none")
        return known[environment, distribution]

    return read


def entry(signatures: Signatures, name: str) -> Entry:
    found = signatures.find(name)
    assert found is not None, name
    return found.entry


# environment: (distribution, public name, which of its signatures, a call of it)
CASES = {
    "libraries": [
        ("torch", "torch.nn.functional.max_pool1d", "call", "F.max_pool1d(x3, 2, return_indices=True)"),
        ("torch", "torch.nn.functional.max_pool1d", "call", "F.max_pool1d(x3, 2, count=True)"),
        ("torch", "torch.nn.functional.max_pool1d", "call", "F.max_pool1d(x3)"),
        ("torch", "torch.optim.AdamW", "init", "torch.optim.AdamW([x], lr=0.1, betas=(0.9, 0.9))"),
        ("torch", "torch.optim.AdamW", "init", "torch.optim.AdamW([x], momentum=0.1)"),
        ("torch", "torch.utils.data.DataLoader", "init", "torch.utils.data.DataLoader([1], batch_size=2)"),
        ("torch", "torch.utils.data.DataLoader", "init", "torch.utils.data.DataLoader([1], batchsize=2)"),
        ("torch", "torch.nn.utils.clip_grad_norm_", "call", "torch.nn.utils.clip_grad_norm_([x], max_norm=1.0)"),
        ("torch", "torch.nn.utils.clip_grad_norm_", "call", "torch.nn.utils.clip_grad_norm_([x], maximum=1.0)"),
        ("torch", "torch.optim.lr_scheduler.StepLR", "init", "torch.optim.lr_scheduler.StepLR(sgd, 1, decay=1)"),
        ("accelerate", "accelerate.Accelerator", "init", "accelerate.Accelerator(cpu=True)"),
        ("accelerate", "accelerate.Accelerator", "init", "accelerate.Accelerator(fp16=True)"),
        ("accelerate", "accelerate.Accelerator", "prepare", "accelerate.Accelerator(cpu=True).prepare(sgd)"),
        ("accelerate", "accelerate.Accelerator", "prepare", "accelerate.Accelerator(cpu=True).prepare(model=sgd)"),
    ],
    "tensorflow": [
        ("keras", "keras.losses.binary_crossentropy", "call", "keras.losses.binary_crossentropy(x, y_pred=x)"),
        ("keras", "tensorflow.keras.losses.mse", "call", "tf.keras.losses.mse(x, y=x)"),
        ("keras", "keras.losses.BinaryCrossentropy", "init", "keras.losses.BinaryCrossentropy(from_logits=True)"),
        ("keras", "keras.losses.BinaryCrossentropy", "init", "keras.losses.BinaryCrossentropy(logits=True)"),
        (
            "keras",
            "keras.losses.BinaryCrossentropy",
            "call",
            "keras.losses.Huber()(x, x, sample_weight=1.0)",
        ),
        ("keras", "keras.losses.Huber", "call", "keras.losses.Huber()(x, x, weight=x)"),
        ("keras", "keras.layers.Dense", "call", "keras.layers.Dense(2)(x, training=True)"),
        ("keras", "keras.layers.Dense", "call", "keras.layers.Dense(2)(x, mask=None)"),
        ("keras", "keras.layers.MultiHeadAttention", "call", "keras.layers.MultiHeadAttention(1, 2)(x3, x3)"),
        ("keras", "keras.layers.MultiHeadAttention", "call", "keras.layers.MultiHeadAttention(1, 2)(x3)"),
        ("tensorflow", f"tensorflow.nn.{SIGMOID}", "call", f"tf.nn.{SIGMOID}(labels=x, logits=x)"),
        ("tensorflow", f"tensorflow.nn.{SIGMOID}", "call", f"tf.nn.{SIGMOID}(targets=x, logits=x)"),
        ("tensorflow", "tensorflow.nn.relu", "call", "tf.nn.relu(x, name='relu')"),
        ("tensorflow", "tensorflow.concat", "call", "tf.concat([x, x], axis=0)"),
        ("tensorflow", "tensorflow.concat", "call", "tf.concat([x, x], dim=0)"),
        ("tensorflow", "tensorflow.matmul", "call", "tf.matmul(x, x, transpose_b=True)"),
        ("tensorflow", "tensorflow.matmul", "call", "tf.matmul(x, x, transpose=True)"),
    ],
}


@pytest.mark.real
@pytest.mark.parametrize("environment", CASES)
def test_calls_bind_as_they_run(environment: str, read: Read) -> None:
    calls = [call for *_, call in CASES[environment]]
    command = [str(environments.interpreter(environment)), str(CALLS), environment, *calls]
    ran = subprocess.run(command, capture_output=True, check=True, text=True)
    told = {}
    for distribution, name, which, call in CASES[environment]:
        known = entry(read(environment, distribution), name)
        signature = {"init": known.init, "call": known.call}.get(which) or known.methods.get(which)
        assert signature is not None, (name, which)
        told[call] = "TypeError" if binding(signature, call).raises else "fine"
    assert told == dict(zip(calls, json.loads(ran.stdout.splitlines()[-1]), strict=True))
    assert set(told.values()) == {"TypeError", "fine"}


def binding(signature: Signature, call: str) -> Binding[Keyword]:
    node = ast.parse(call, mode="eval").body
    assert isinstance(node, ast.Call)
    return bind(signature, [Keyword("")] * len(node.args), [Keyword(item.arg or "") for item in node.keywords])


@pytest.mark.real
def test_what_torch_says_of_its_deprecated_names(read: Read) -> None:
    signatures = read("libraries", "torch")
    cross_entropy = entry(signatures, "torch.nn.functional.cross_entropy").call
    loss = entry(signatures, "torch.nn.MSELoss").init
    assert cross_entropy is not None
    assert loss is not None
    assert cross_entropy.renamed == loss.renamed == {"reduce": "reduction", "size_average": "reduction"}
    assert entry(signatures, "torch.nn.functional.upsample").replaced_by == "torch.nn.functional.interpolate"
    assert entry(signatures, "torch.nn.utils.clip_grad_norm").replaced_by == "torch.nn.utils.clip_grad_norm_"
