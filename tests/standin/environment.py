"""A virtual environment whose torch and transformers are the stand-ins beside this file."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

SITE_PACKAGES = Path(__file__).resolve().parent / "site-packages"


def make_environment(folder: Path) -> Path:
    """Makes an environment in `folder` and returns its interpreter. It takes milliseconds: no pip, a linked Python."""
    import venv

    venv.EnvBuilder(symlinks=os.name != "nt", with_pip=False).create(folder)
    if os.name == "nt":
        site, python = folder / "Lib" / "site-packages", folder / "Scripts" / "python.exe"
    else:
        version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
        site, python = folder / "lib" / version / "site-packages", folder / "bin" / "python"
    shutil.copytree(SITE_PACKAGES, site, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    return python
