"""A script for each public model class: made from a checkpoint, called with what it is known to run with."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from truth import Truth

SCRIPT = """\
from transformers import {name}


def step({parameters}):
    model = {name}.from_pretrained("a/checkpoint")
    outputs = model({arguments})
    return outputs.{field}
"""


def write(truth: Truth, folder: Path) -> Iterator[Path]:
    """The scripts, one for each class that was seen running and that transformers exports."""
    folder.mkdir(parents=True, exist_ok=True)
    arguments = truth.arguments()
    for cls in truth.public(sorted(arguments)):
        name = cls.rpartition(".")[2]
        fewest, most = arguments[cls]
        passed = [*fewest, *(["labels"] if "labels" in most else [])]
        field = "loss" if "labels" in passed else "last_hidden_state" if name.endswith("Model") else "logits"
        path = folder / f"{name}.py"
        text = SCRIPT.format(
            name=name,
            parameters=", ".join(passed),
            arguments=", ".join(f"{argument}={argument}" for argument in passed),
            field=field,
        )
        path.write_text(text, "utf-8")
        yield path
