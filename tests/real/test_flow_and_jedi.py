"""Our flow and jedi, held against each other on real code: where both say what an expression is, they must agree.

jedi is asked within one file, where the flow needs no help of it, and sees the libraries by the stub tree.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import jedi
import pytest

from environments import REAL, ROOT, interpreter
from keyward.environment.fingerprint import installed, site_folders
from keyward.environment.index import update_index
from keyward.environment.interpreter import find_interpreter
from keyward.signatures.store import Signatures, open_signatures

sys.path.append(str(ROOT / "benchmarks" / "inference"))

import against_jedi  # it lies outside of the packages

pytestmark = pytest.mark.real

FAMILIES = "bart bert clip deberta_v2 deit detr distilbert gpt2 llama roberta segformer swin t5 vit whisper xlnet"
LEAST_AGREEMENTS = 5_000
"""So that the test cannot pass by comparing nothing."""


# `self.downsample = downsample(dim=dim) if downsample is not None else None`: jedi does not look at what the calls in
# the file give the parameter, and keeps None alone. The flow is right: a `SwinPatchMerging` is what runs in that place.
JUDGED = [
    f"modeling_swin.py:{place}: [('instance', 'SwinPatchMerging')] and for jedi [('instance', 'NoneType')]"
    for place in ("675:29", "699:27", "700:44")
]
"""The disagreements, each looked at; any other fails."""


@dataclass
class Library:
    """The installed transformers, what is known of it, and a stub tree of that."""

    folder: Path
    signatures: Signatures
    tree: Path


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    found = find_interpreter(interpreter(REAL[0]))
    signatures = open_signatures(installed(found))
    if signatures.find("transformers.DeiTModel") is None:
        report = update_index(found, tmp_path_factory.mktemp("cache"), only=["torch", "transformers"])
        signatures = open_signatures(installed(found), report.cache)
    folder = next(path for site in site_folders(found) if (path := site / "transformers").is_dir())
    tree = against_jedi.make_stubs(tmp_path_factory.mktemp("stubs") / "tree", signatures)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jedi.settings, "cache_directory", str(tmp_path_factory.mktemp("jedi")))
        for guess in ("dynamic_params", "dynamic_params_for_other_modules", "dynamic_array_additions"):
            patch.setattr(jedi.settings, guess, False)
        yield Library(folder, signatures, tree)


def files(library: Library) -> list[Path]:
    models = [path for family in FAMILIES.split() for path in library.folder.glob(f"models/{family}/modeling_*.py")]
    return [*(ROOT / "examples").rglob("*.py"), *models, *library.folder.glob("pipelines/*.py")]


def test_they_agree_where_both_answer(library: Library) -> None:
    agreements = 0
    disagreements = []
    for path in files(library):
        for where, flow, seen in against_jedi.compared(path, library.signatures, library.tree):
            if flow & seen:
                agreements += 1
            elif not against_jedi.explained(flow, seen):
                disagreements.append(f"{where}: {sorted(flow)} and for jedi {sorted(seen)}")
    assert disagreements == JUDGED
    assert agreements > LEAST_AGREEMENTS
