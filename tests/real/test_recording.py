"""The recorder notes which module is called where, and the comparison finds inference right or wrong by that."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from environments import ROOT, interpreter
from keyward.features.snapshot import take
from keyward.inference.world import World
from keyward.rules import RuleSettings
from page_tests.real import signatures

pytestmark = pytest.mark.real

INFERENCE = ROOT / "benchmarks" / "inference"
NET = """\
from torch import nn


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(2, 2)
        self.replaced = nn.Dropout()

    def forward(self, x):
        return self.replaced(self.linear(
            x))


class Net(nn.Sequential):
    pass


def run(x, unknown):
    é = nn.DataParallel(Net(Block())); return é(unknown(x))
"""
RUN = """\
import json, sys
sys.path[:0] = [{inference!r}, {folder!r}]
import torch
from recorder import Recorder
with Recorder([{folder!r}]) as recorder:
    import net
    recorder.watch()
    made = net.Block.__init__
    net.Block.__init__ = lambda self: (made(self), setattr(self, "replaced", torch.nn.Identity()))[0]
    net.run(torch.zeros(1, 2), torch.nn.Identity())
    print("\\n".join(map(json.dumps, recorder.calls())))
torch.nn.Identity()(1)
"""


@pytest.fixture
def comparing(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The module that compares; another of that name belongs to the keywords."""
    spec = importlib.util.spec_from_file_location("inference_compare", INFERENCE / "compare.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, module)
    spec.loader.exec_module(module)
    return module


def test_what_is_recorded_is_compared(tmp_path: Path, comparing: Any) -> None:
    path = tmp_path / "net.py"
    path.write_text(NET, "utf-8")
    program = RUN.format(inference=str(INFERENCE), folder=f"{tmp_path}/")
    command = [interpreter("transformers5"), "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    records = tmp_path / "records.jsonl"
    records.write_text(done.stdout, "utf-8")
    seen = {call["class"]: (call["start"], call["end"]) for call in map(json.loads, done.stdout.splitlines())}
    assert seen["torch.nn.modules.linear.Linear"] == ([11, 29], [12, 14])
    assert seen["net.Net"] == ([20, 47], [20, 61])  # in bytes; what `DataParallel` holds

    world = World(signatures("transformers5"))
    snapshot = take(str(path), 0, path.read_bytes(), world, RuleSettings())
    outcome = comparing.judge(snapshot, comparing.read([records])[str(path)])
    assert outcome.n_seen == 4
    assert outcome.n_resolved == 3
    (wrong,) = outcome.wrong
    assert "Identity was called, inference says torch.nn.modules.dropout.Dropout" in wrong
    assert list(outcome.reasons) == ["parameter ..."]


SCRIPT = """\
import torch
from torch import nn
from transformers import AutoModel, AutoTokenizer, BertForSequenceClassification


class Classifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = AutoModel.from_pretrained("google-bert/bert-base-uncased")

    def forward(self, **inputs):
        return self.encoder(**inputs)


tokenizer = AutoTokenizer.from_pretrained("google-bert/bert-base-uncased")
inputs = tokenizer(["one", "another"], padding=True, return_tensors="pt")
model = BertForSequenceClassification.from_pretrained("google-bert/bert-base-uncased", num_labels=3)
assert model(**inputs).logits.shape == (2, 3)
Classifier()(**inputs, lables=1)(2)
model(**inputs)
"""


def test_scripts_are_run_until_they_fail(tmp_path: Path) -> None:
    path, output = tmp_path / "script.py", tmp_path / "records.jsonl"
    path.write_text(SCRIPT, "utf-8")
    command = [interpreter("transformers5"), INFERENCE / "record.py", "--output", output, "--scripts", tmp_path]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "0 ran, 1 did not" in done.stderr
    seen = [json.loads(line) for line in output.read_text("utf-8").splitlines()]
    assert {(call["start"][0], call["class"]) for call in seen} == {
        (18, "transformers.models.bert.modeling_bert.BertForSequenceClassification"),
        (19, "script.Classifier"),
        (12, "transformers.models.bert.modeling_bert.BertModel"),
    }


CLIMB = """\
import sys
sys.path.insert(0, {inference!r})
import torch
from climb import Climb

class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.second = torch.nn.Linear(3, 4), torch.nn.Linear(4, 5)

    def forward(self, x, other, scale=None, mask=None):
        return self.second(self.first(x) + other) * scale

net = Net()

def values(name):
    return [torch.zeros(2, width) for width in (2, 3, 4)] if name in ("x", "other") else [7] * (name == "scale")

print({{name: getattr(value, "shape", value) for name, value in Climb(net, net.forward, values).run().items()}})
"""


def test_arguments_are_found_that_a_model_runs_with() -> None:
    command = [interpreter("transformers5"), "-c", CLIMB.format(inference=str(INFERENCE))]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "{'x': torch.Size([2, 3]), 'other': torch.Size([2, 4]), 'scale': 7}"


@pytest.mark.parametrize(
    "library, only, place, cls",
    [
        ("peft", "LN_TUNING on LlamaForCausalLM", "peft/peft_model.py", "peft.tuners.ln_tuning.model.LNTuningModel"),
        ("sentence-transformers", "BoW", "base/model.py", "BoW"),
        ("diffusers", "UNet2DModel", "models/unets/unet_2d.py", "TimestepEmbedding"),
    ],
)
def test_models_of_libraries_are_run(library: str, only: str, place: str, cls: str, tmp_path: Path) -> None:
    output = tmp_path / "records.jsonl"
    command = [interpreter("libraries"), INFERENCE / "record.py", library, "--output", output, "--only", only]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert f"{library}: 1 models ran, 0 did not" in done.stderr
    seen = [json.loads(line) for line in output.read_text("utf-8").splitlines()]
    assert any(call["file"].endswith(place) and call["class"].endswith(cls) for call in seen)
