"""pyright over code that uses the stubs: it finds the wrong keywords, and nothing in correct code."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from environments import FOLDER, from_npm, interpreter
from keyward.cli.stubs import METHODS
from keyward.signatures.stub_folder import write_package
from keyward.signatures.stub_packages import package_files
from keyward.signatures.stubs import stub_source
from page_tests.real import signatures

pytestmark = pytest.mark.real

PAGES = {
    "plain.py": """\
import torch
from transformers import DeiTModel

encoder = DeiTModel.from_pretrained("facebook/deit-base-distilled-patch16-224")
encoder(pixel_values=torch.zeros(1, 3, 224, 224), labels=torch.tensor([2]))  # wrong: labels
encoder(torch.zeros(1, 3, 224, 224), output_attentions=True).last_hidden_state.mean()
""",
    "chained.py": """\
import torch
from transformers import DeiTModel

encoder = DeiTModel.from_pretrained("facebook/deit-base-distilled-patch16-224").to("cuda").half().eval()
encoder(pixel_values=torch.zeros(1, 3, 224, 224), labels=torch.tensor([2]))  # wrong: labels
print(encoder(pixel_values=torch.zeros(1, 3, 224, 224)).loss)  # wrong: loss
""",
    "overridden.py": """\
import torch
from transformers import DeiTForImageClassification, DeiTModel

class Scaled(DeiTModel):
    def forward(self, pixel_values=None, scale=1.0, **kwargs):
        return super().forward(pixel_values, **kwargs).pooler_output * scale  # type: ignore

scaled = Scaled.from_pretrained("x", scale=3).train()
scaled(torch.zeros(1), scale=2.0)
print(scaled.config.whatever, scaled.encoder.layer[0].whatever, Scaled._whatever)
scaled.pooler = None

model = DeiTForImageClassification.from_pretrained("x").to("cuda")
out = model(pixel_values=torch.zeros(1), labels=torch.ones(1))
out.loss.backward()
print(out.logits, out[0], out["logits"])
loss, logits = model(torch.zeros(1), return_dict=False)
torch.compile(model)(pixel_values=torch.zeros(1))
""",
}


def test_pyright_finds_what_is_wrong_and_nothing_else(tmp_path: Path) -> None:
    pyright = from_npm("pyright")
    if pyright is None:
        pytest.skip("pyright is not there, and npm cannot install it")
    environment = interpreter("transformers5").parent.parent
    package = dict(package_files("transformers", stub_source(signatures("transformers5"), "transformers"), METHODS))
    write_package(tmp_path / "typings" / "transformers-stubs", package, "transformers")
    for name, text in PAGES.items():
        (tmp_path / name).write_text(text, "utf-8")
    settings = {"venvPath": str(FOLDER), "venv": environment.name, "reportIncompatibleMethodOverride": False}
    (tmp_path / "pyrightconfig.json").write_text(json.dumps({**settings, "include": ["*.py"]}), "utf-8")
    done = subprocess.run([pyright, "--outputjson"], cwd=tmp_path, capture_output=True)
    found = {
        (Path(item["file"]).name, item["range"]["start"]["line"] + 1, item["message"])
        for item in json.loads(done.stdout)["generalDiagnostics"]
    }
    expected = {
        (name, number, line.partition("# wrong: ")[2])
        for name, text in PAGES.items()
        for number, line in enumerate(text.splitlines(), start=1)
        if "# wrong: " in line
    }
    assert {(name, line) for name, line, _ in found} == {(name, line) for name, line, _ in expected}, found
    for name, line, word in expected:
        assert any(f'"{word}"' in message for at, number, message in found if (at, number) == (name, line))
