"""Runs scripts one after the other in the interpreter that has the libraries, and tells what became of each.

    python runner.py OUTCOMES < SCRIPTS

SCRIPTS is a list in JSON of `{"folder": ..., "main": ...}`. Into the file OUTCOMES goes a list of what was printed,
raised (type, text, and the lines of each file in the folder that were on the way) and warned of. One process for all
of them, since importing torch takes longer than most scripts. Nothing is downloaded.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import logging
import os
import runpy
import sys
import traceback
import warnings
from pathlib import Path
from typing import Any

os.environ.update(HF_HUB_OFFLINE="1", TQDM_DISABLE="1", CUDA_VISIBLE_DEVICES="", TF_CPP_MIN_LOG_LEVEL="3")


class Records(logging.Handler):
    """Keeps what is logged as a warning: transformers tells what is deprecated in this way too."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(record.getMessage())


def run(folder: Path, main: str) -> dict[str, Any]:
    known, path = set(sys.modules), list(sys.path)
    printed, records, raised = io.StringIO(), Records(), None
    loggers = [logging.getLogger(name) for name in (None, "transformers", "diffusers", "accelerate", "peft")]
    seed()
    os.chdir(folder)
    sys.path.insert(0, str(folder))
    importlib.invalidate_caches()
    for logger in loggers:
        logger.addHandler(records)
    try:
        with warnings.catch_warnings(record=True) as caught, contextlib.redirect_stdout(printed):
            warnings.simplefilter("always")
            try:
                runpy.run_path(str(folder / main), run_name="__main__")
            except (Exception, SystemExit) as error:
                raised = described(error, folder)
    finally:
        sys.path[:] = path
        for logger in loggers:
            logger.removeHandler(records)
        for name in set(sys.modules) - known:
            if within(getattr(sys.modules[name], "__file__", None), folder):
                del sys.modules[name]
    warned = [f"{item.category.__name__}: {item.message}" for item in caught]
    return {"printed": printed.getvalue(), "raised": raised, "warned": warned + records.texts}


def described(error: BaseException, folder: Path) -> dict[str, Any]:
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if within(frame.filename, folder)]
    places = [(Path(frame.filename).name, frame.lineno) for frame in frames]
    return {"type": type(error).__name__, "text": str(error), "places": places}


def within(file: str | None, folder: Path) -> bool:
    return file is not None and folder in Path(file).parents


def seed() -> None:
    with contextlib.suppress(ImportError):
        import torch

        torch.manual_seed(0)
        torch.set_num_threads(1)


def main() -> None:
    outcomes = [run(Path(script["folder"]), script["main"]) for script in json.load(sys.stdin)]
    Path(sys.argv[1]).write_text(json.dumps(outcomes), "utf-8")


if __name__ == "__main__":
    main()
