"""Commands that start a module of ours in a process of its own."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

_BOOT = "import importlib, json, sys; sys.path[:] = json.loads(sys.argv[1]); importlib.import_module({!r}).main()"


def own_command(module: str) -> tuple[str, ...]:
    """Runs `main()` of one of our modules with our own interpreter.

    The process is isolated: it imports what we do, and nothing from the current folder or named by the environment.
    """
    package = str(Path(__file__).parents[2])
    left_out = (package, os.getcwd())
    folders = [package, *(folder for folder in sys.path if folder and folder not in left_out)]
    return (sys.executable, "-I", "-c", _BOOT.format(module), json.dumps(folders))
