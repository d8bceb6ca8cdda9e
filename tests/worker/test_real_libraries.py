"""What is read of real libraries, held against what calling them does."""

from __future__ import annotations

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
from keyward.signatures.binding import bind
from keyward.signatures.model import Entry
from keyward.signatures.store import Signatures, open_signatures

CALLS = Path(__file__).with_name("call.py")


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


# distribution, public name, what is called (an expression), arguments by position, keywords with their values
CASES = {
    "libraries": [
        ("torch", "torch.nn.functional.max_pool1d", "torch.nn.functional.max_pool1d", "x3, 2", {"return_indices": "True"}),
        ("torch", "torch.nn.functional.max_pool1d", "torch.nn.functional.max_pool1d", "x3, 2", {"count": "True"}),
        ("torch", "torch.nn.functional.max_pool1d", "torch.nn.functional.max_pool1d", "x3", {}),
        ("torch", "torch.optim.AdamW", "torch.optim.AdamW", "[x]", {"lr": "0.1", "betas": "(0.9, 0.9)"}),
        ("torch", "torch.optim.AdamW", "torch.optim.AdamW", "[x]", {"momentum": "0.1"}),
        ("torch", "torch.utils.data.DataLoader", "torch.utils.data.DataLoader", "[1]", {"batchsize": "2"}),
        ("torch", "torch.nn.utils.clip_grad_norm_", "torch.nn.utils.clip_grad_norm_", "[x]", {"max_norm": "1.0"}),
        ("torch", "torch.nn.utils.clip_grad_norm_", "torch.nn.utils.clip_grad_norm_", "[x]", {"max": "1.0"}),
        ("torch", "torch.optim.lr_scheduler.StepLR", "torch.optim.lr_scheduler.StepLR", "sgd, 1", {"decay": "1"}),
        ("accelerate", "accelerate.Accelerator", "accelerate.Accelerator", "", {"cpu": "True"}),
        ("accelerate", "accelerate.Accelerator", "accelerate.Accelerator", "", {"fp16": "True"}),
        ("accelerate", "accelerate.Accelerator.prepare", "accelerate.Accelerator(cpu=True).prepare", "sgd", {"model": "1"}),
    ],
    "tensorflow": [
        ("keras", "keras.losses.binary_crossentropy", "keras.losses.binary_crossentropy", "x, x", {"from_logits": "True"}),
        ("keras", "tensorflow.keras.losses.binary_crossentropy", "tf.keras.losses.binary_crossentropy", "x, x", {"logits": "1"}),
        ("keras", "keras.losses.BinaryCrossentropy", "keras.losses.BinaryCrossentropy", "", {"from_logits": "True"}),
        ("keras", "keras.losses.BinaryCrossentropy", "keras.losses.BinaryCrossentropy", "", {"logits": "True"}),
        ("keras", "keras.losses.BinaryCrossentropy()", "keras.losses.BinaryCrossentropy()", "x, x", {"sample_weight": "x"}),
        ("keras", "keras.losses.BinaryCrossentropy()", "keras.losses.BinaryCrossentropy()", "x, x", {"weight": "x"}),
        ("keras", "keras.layers.Dense()", "keras.layers.Dense(2)", "x", {"training": "True"}),
        ("keras", "keras.layers.Dense()", "keras.layers.Dense(2)", "x", {"mask": "None"}),
        ("keras", "keras.layers.MultiHeadAttention()", "keras.layers.MultiHeadAttention(1, 2)", "x3", {}),
        ("keras", "keras.layers.MultiHeadAttention()", "keras.layers.MultiHeadAttention(1, 2)", "x3, x3", {"mask": "None"}),
        ("tensorflow", "tensorflow.nn.sigmoid_cross_entropy_with_logits", "tf.nn.sigmoid_cross_entropy_with_logits", "", {"labels": "x", "logits": "x"}),
        ("tensorflow", "tensorflow.nn.sigmoid_cross_entropy_with_logits", "tf.nn.sigmoid_cross_entropy_with_logits", "", {"targets": "x", "logits": "x"}),
        ("tensorflow", "tensorflow.nn.relu", "tf.nn.relu", "x", {"name": "'relu'"}),
        ("tensorflow", "tensorflow.concat", "tf.concat", "[x, x]", {"axis": "0"}),
        ("tensorflow", "tensorflow.concat", "tf.concat", "[x, x]", {"dim": "0"}),
    ],
}  # fmt: skip


@pytest.mark.real
@pytest.mark.parametrize("environment", CASES)
def test_calls_bind_as_they_run(environment: str, read: Read) -> None:
    wanted = [(called, positional, keywords) for _, _, called, positional, keywords in CASES[environment]]
    ran = subprocess.run(
        [str(environments.interpreter(environment)), str(CALLS), environment],
        input=json.dumps(wanted),
        capture_output=True,
        check=True,
        text=True,
    )
    fates = json.loads(ran.stdout.splitlines()[-1])
    told = []
    for distribution, name, called, positional, keywords in CASES[environment]:
        signatures = read(environment, distribution)
        owner, _, method = name.rpartition(".")
        if name.endswith("()"):
            signature = entry(signatures, name[:-2]).call
        elif signatures.find(name) is None:
            signature = entry(signatures, owner).methods[method]
        else:
            found = entry(signatures, name)
            signature = found.call if found.role == "function" else found.init
        assert signature is not None, name
        assert signature.extra != "open" or not signature.parameters, name
        n_positional = len(positional.split(", ")) if positional else 0
        binding = bind(signature, [Keyword("")] * n_positional, [Keyword(keyword) for keyword in keywords])
        told.append((called, positional, keywords, "TypeError" if binding.raises else "fine"))
    assert told == [(*asked, fate) for asked, fate in zip(wanted, fates, strict=True)]
    assert {"TypeError", "fine"} == set(fates)
