"""The first fix for labels given in vain, applied and run on tiny random models: then there is a loss, a number."""

from __future__ import annotations

import math
import subprocess
from pathlib import Path

import pytest

from environments import REAL, ROOT, interpreter
from keyward.inference.world import World
from keyward.rules import RuleSettings
from page_tests.real import signatures
from page_tests.running import Run

pytestmark = pytest.mark.real

DEIT = """\
import torch
from transformers import {name}

model = {name}.from_pretrained("facebook/deit-base-distilled-patch16-224", num_labels=3)
outputs = model(pixel_values=torch.randn(2, 3, 32, 32), labels=torch.tensor([0, 2]))
loss = outputs.loss
"""
BERT = """\
import torch
from transformers import {name}

model = {name}.from_pretrained("google-bert/bert-base-cased")
input_ids = torch.tensor([[2, 5, 6, 3]])
labels = {labels}
outputs = model(input_ids=input_ids, labels=labels)
loss = outputs.loss
"""
TENSOR = """\
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(4, 3)

    def forward(self, x):
        return self.linear(x)

net = Net()
logits = net(torch.randn(2, 4), labels=torch.tensor([0, 2]))
"""
CASES = {
    "direct": (DEIT.format(name="DeiTModel"), "Use DeiTForImageClassification instead of DeiTModel"),
    "auto": (DEIT.format(name="AutoModel"), "Use AutoModelForImageClassification instead of AutoModel"),
    "outside": (DEIT.format(name="DeiTForImageClassificationWithTeacher"), "Compute the loss outside the model"),
    "classes": (
        BERT.format(name="BertModel", labels="torch.tensor([1])"),
        "Use BertForSequenceClassification instead of BertModel",
    ),
    "tokens": (
        BERT.format(name="BertModel", labels="input_ids.clone()"),
        "Use BertForMaskedLM instead of BertModel",
    ),
    "own": (TENSOR, "Compute the loss outside the model"),
}
RUN = """\
import sys
sys.path.insert(0, sys.argv[1])
import tiny
tiny.patch()
exec(open(sys.argv[2]).read())
print(float(loss))
"""


@pytest.mark.parametrize("environment", REAL)
@pytest.mark.parametrize("case", CASES)
def test_there_is_a_loss(environment: str, case: str, tmp_path: Path) -> None:
    text, title = CASES[case]
    script = tmp_path / "script.py"
    run = Run.of(str(script), text.encode(), World(signatures(environment)), RuleSettings())
    finding = next(finding for finding in run.checked.findings if finding.subject == "labels")
    fixes = [fix for fix in run.fixes(finding) if fix.title == title]
    assert fixes, [fix.title for fix in run.fixes(finding)]
    swaps = [fix.title for fix in run.fixes(finding) if fix.title.startswith("Use ")]
    assert title.startswith("Compute") or swaps[0] == title
    script.write_bytes(run.after(fixes[0]).source.text)
    command = [interpreter(environment), "-c", RUN, ROOT / "tests" / "examples", script]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, f"{script.read_text()}\n{done.stderr[-2000:]}"
    assert math.isfinite(float(done.stdout.split()[-1]))
