"""Broken calls of a small script are found, as the library decides what is broken."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from environments import ROOT, interpreter

pytestmark = pytest.mark.real

SCRIPT = """\
import torch
from torch import nn
from transformers import BertForSequenceClassification


class Net(nn.Module):
    def forward(self, x, mask, scale=1.0):
        return x * mask * scale


def step(input_ids, labels):
    model = BertForSequenceClassification.from_pretrained("google-bert/bert-base-cased")
    outputs = model(input_ids=input_ids, labels=labels)
    return outputs.loss, nn.Linear(2, 3)(torch.zeros(1, 2)), Net()(input_ids, labels, scale=2.0)
"""
KINDS = (
    "argument dropped",
    "base for head: labels",
    "base for head: result",
    "keyword of a sister",
    "made-up keyword",
    "misspelt field",
    "misspelt keyword",
    "positional too many",
    "value given twice",
)


def test_what_is_broken_is_found(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT, "utf-8")
    command = [sys.executable, str(ROOT / "benchmarks" / "mutation" / "run.py"), str(script), "--jobs", "1", "--fix"]
    command += ["--python", str(interpreter("transformers5")), "--run", "2"]
    command += ["--records", str(tmp_path), "--keep", str(tmp_path)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    counts = [line.split("|")[1:-1] for line in ran.stdout.splitlines() if line.startswith("| ")]
    by_kind = {cells[0].strip(): [cell.strip() for cell in cells[1:]] for cells in counts}
    for kind in KINDS:
        n_mutants, n_found = map(int, by_kind[kind][:2])
        assert n_mutants == n_found > 0, ran.stdout
    assert "0 findings that the library contradicts" in ran.stdout
    assert "0 fixes that fail" in ran.stdout
    assert "as they should" in ran.stdout
