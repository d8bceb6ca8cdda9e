"""The virtual environments that demo and tests run in, made once and kept until their recipe changes.

    python tests/environments.py NAME...

makes those that are missing, under build/environments/, and prints their interpreters. Tests ask `interpreter(NAME)`.
Only the standard library is needed, and nothing happens on import.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "build" / "environments"

# Each line is one call of `pip install`. torch comes first and alone: what follows then finds its requirement met and
# cannot pull in another build of it.
RECIPES: dict[str, tuple[tuple[str, ...], ...]] = {
    "demo": (("-e", f"{ROOT}"),),
    "development": (("-e", f"{ROOT}[test,lint]"),),
    "bench": (("-e", f"{ROOT}[bench]"),),
    "transformers5": (("torch==2.13.0",), ("transformers==5.23.0", "pillow")),
    "transformers4": (("torch==2.13.0",), ("transformers==4.57.6", "pillow")),
    "libraries": (
        ("torch==2.13.0",),
        (
            "transformers==5.23.0",
            "pillow",
            "peft==0.21.2",
            "accelerate==1.15.0",
            "diffusers==0.42.1",
            "sentence-transformers==6.2.0",
            "lightning==2.6.6",
            "trl==1.16.0",
        ),
        # Alone: torchvision asks for the torch of its own build. Numpy and what else it needs is there.
        ("--no-deps", "torchvision==0.28.0", "timm==1.0.31"),
    ),
    # Brings Keras. The plain wheel is the one for processors: CUDA comes with an extra alone.
    "tensorflow": (("tensorflow==2.21.0",),),
}
# torchvision's wheel is made for a torch with CUDA. Beside one without, its compiled part does not load, which it
# allows for, but for two operators that it takes for granted: with those declared, all that is Python works.
TORCHVISION_OPERATORS = """
import torch

for _operator in ("nms", "qnms"):
    if not hasattr(torch.ops.torchvision, _operator):
        _signature = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
        torch.library.define("torchvision::" + _operator, _signature)
"""
ADDITIONS = {"libraries": {"torchvision/extension.py": TORCHVISION_OPERATORS}}
"""What is added at the end of installed files."""
FROM_NPM = {"pyright": "pyright@1.1.414"}
"""Programs for tests that npm installs, where there is one."""
REAL = ("transformers5", "transformers4")


def interpreter(name: str) -> Path:
    """Where the interpreter of an environment is, whether it was made or not."""
    scripts = "Scripts/python.exe" if os.name == "nt" else "bin/python"
    return FOLDER / name / scripts


def recipe(name: str) -> str:
    """Changes whenever the environment has to be made anew."""
    parts = [repr(RECIPES[name]), sys.version, sys.executable]
    if any("-e" in command for command in RECIPES[name]):
        parts.append((ROOT / "pyproject.toml").read_text("utf-8"))
    if name in ADDITIONS:
        parts.append(repr(ADDITIONS[name]))
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def make(name: str) -> Path:
    """Makes the environment unless it is there with this very recipe.

    Raises subprocess.CalledProcessError when pip fails.
    """
    python, stamp = interpreter(name), FOLDER / name / "recipe"
    if python.exists() and stamp.exists() and stamp.read_text("utf-8") == recipe(name):
        return python
    print(f"Setting up build/environments/{name} ...", file=sys.stderr, flush=True)
    shutil.rmtree(FOLDER / name, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", FOLDER / name], check=True)
    for command in RECIPES[name]:
        pip = [python, "-m", "pip", "install", "-qq", "--disable-pip-version-check", *command]
        subprocess.run(pip, check=True, stdout=sys.stderr)
    for path, text in ADDITIONS.get(name, {}).items():
        with (site_packages(python) / path).open("a", encoding="utf-8") as file:
            file.write(text)
    stamp.write_text(recipe(name), "utf-8")
    return python


def site_packages(python: Path) -> Path:
    """Where an environment's packages are installed."""
    command = [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    return Path(subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip())


def from_npm(name: str) -> Path | None:
    """A program that npm installs; None where there is no npm or it fails, as without a network."""
    folder = FOLDER / name
    program, npm = folder / "node_modules" / ".bin" / name, shutil.which("npm")
    if program.exists() or npm is None:
        return program if program.exists() else None
    command = [npm, "install", "--silent", "--no-audit", "--no-fund", "--prefix", folder, FROM_NPM[name]]
    done = subprocess.run(command, stdout=sys.stderr)
    return program if done.returncode == 0 and program.exists() else None


def main() -> None:
    names = sys.argv[1:]
    if not names or not set(names) <= set(RECIPES):
        sys.exit(f"usage: environments.py NAME...   (names: {', '.join(RECIPES)})")
    for name in names:
        try:
            print(make(name))
        except subprocess.CalledProcessError as error:
            sys.exit(f"environments.py: {name} could not be set up: {error}")


if __name__ == "__main__":
    main()
