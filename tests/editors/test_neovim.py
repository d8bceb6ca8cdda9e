"""A real Neovim, headless, with the client of this repository and a real server."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from .neovim import SUITES, Unavailable, neovim

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = """\
# 😀 what is swallowed
from transformers import DeiTModel

model = DeiTModel.from_pretrained("x")
outputs = model(pixel_values=x, labels=y)
"""

pytestmark = pytest.mark.editors


@pytest.mark.parametrize("suite", SUITES)
def test_a_diagnostic_arrives_the_fix_is_applied_and_it_goes(
    suite: str, standin_python: Path, standin_cache: Path, tmp_path: Path
) -> None:
    try:
        program = neovim(suite)
    except Unavailable as reason:
        pytest.skip(str(reason))
    home = tmp_path / "home"
    home.mkdir()
    (home / "keyward").symlink_to(standin_cache)
    file = tmp_path / "project" / "train.py"
    file.parent.mkdir()
    file.write_text(SCRIPT)
    session = [program, "--clean", "--headless", "-l", Path(__file__).with_name("session.lua")]
    wanted = [
        ROOT / "client-neovim",
        sys.executable,
        standin_python,
        file,
        5,
        "DeiTModel.forward ignores `labels`",
        "Use DeiTForImageClassification instead of DeiTModel",
        'model = DeiTForImageClassification.from_pretrained("x")',
    ]
    environment = {"HOME": str(home), "XDG_CACHE_HOME": str(home), "PYTHONPATH": str(ROOT / "server"), "PATH": ""}
    done = subprocess.run(
        [str(part) for part in (*session, *wanted)], env=environment, capture_output=True, text=True, timeout=240
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "seen: the diagnostic is gone" in done.stdout + done.stderr
