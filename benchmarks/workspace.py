"""The files that are measured on."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parent
N_COPIES = 25
"""Of each example, in the folder that commands check."""


def make(folder: Path, python: Path) -> dict[str, Path]:
    """A workspace with three files to edit: small is a script of our own, medium and large are modules of the
    installed transformers with their relative imports made absolute, so that they stand alone."""
    where = "import os, transformers; print(os.path.dirname(transformers.__file__))"
    done = subprocess.run([python, "-c", where], capture_output=True, text=True, check=True)
    library = Path(done.stdout.strip())
    files = {}
    for name, source in (
        ("small", HERE / "small.py"),
        ("medium", library / "trainer_seq2seq.py"),
        ("large", library / "trainer.py"),
    ):
        text = re.sub(r"^(\s*)from \.", r"\1from transformers.", source.read_text("utf-8"), flags=re.MULTILINE)
        files[name] = folder / f"{name}.py"
        files[name].write_text(text, "utf-8")
    return files


def scripts(folder: Path) -> int:
    """Fills a folder with copies of the examples; gives the number of files."""
    sources = sorted((HERE.parent / "examples").rglob("*.py"))
    for copy in range(N_COPIES):
        target = folder / f"project_{copy}"
        for source in sources:
            file = target / source.relative_to(HERE.parent / "examples")
            file.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, file)
    return N_COPIES * len(sources)
