"""The hooks that this repository offers, run by pre-commit in a repository of the test's own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from standin.environment import make_environment

from .test_check import CLEAN, WRONG

ROOT = Path(__file__).parents[2]
NOTE = "import torch.nn.functional as F\n\nx = F.cross_entropy(1, 2)  # keyward: ignore[missing-argument]\n"


def git(folder: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=tester", "-c", "user.email=tester@localhost")
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.mark.real
def test_the_hooks_run(tmp_path: Path) -> None:
    """Marked as real because pre-commit has pip fetch what the hook needs."""
    pytest.importorskip("pre_commit")
    project = tmp_path / "project"
    project.mkdir()
    make_environment(project / ".venv")
    texts = {"wrong.py": WRONG, "clean.py": CLEAN, "note.py": NOTE, "old.py": WRONG, "readme.txt": "text\n"}
    for name, text in texts.items():
        (project / name).write_text(text)
    (project / "keyward.toml").write_text('exclude = ["old.py"]\n')
    (project / ".gitignore").write_text(".venv\n")
    shutil.copy(ROOT / "tests" / "notebooks" / "train.ipynb", project)
    git(project, "init", "--quiet")
    git(project, "add", ".")
    git(project, "commit", "--quiet", "-m", "First")
    environment = os.environ | {"PRE_COMMIT_HOME": str(tmp_path / "hooks"), "XDG_CACHE_HOME": str(tmp_path / "cache")}

    def run(hook: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "pre_commit", "try-repo", str(ROOT), hook, "--all-files", "--verbose"]
        return subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, timeout=900)

    done = run("keyward")
    said = done.stdout + done.stderr
    assert done.returncode == 1, said
    assert "--> wrong.py:5:36" in said
    assert "--> train.ipynb:cell 5:4:9" in said
    assert "old.py" not in said
    assert "2.0.0 in .venv)" in said, "it is judged by the project's environment, and not by the hook's"
    assert "in 4 files." in said

    run("keyward-fix")
    assert (project / "note.py").read_text() == NOTE.partition("  #")[0] + "\n"
    assert (project / "wrong.py").read_text() == WRONG, "that fix is not safe"
