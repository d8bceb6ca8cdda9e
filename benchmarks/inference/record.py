"""Runs tiny models of a library, or scripts, and writes down every call of a torch module in their own files.

    python record.py --output FILE [--only TEXT] transformers|timm|peft|diffusers|sentence-transformers
    python record.py --output FILE [--only TEXT] --scripts PATH...

Runs in the interpreter that has the library, with that and the standard library alone.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import json
import os
import sys
import time
import traceback
import warnings
from pathlib import Path

warnings.simplefilter("ignore")
os.environ.update(TRANSFORMERS_VERBOSITY="error", HF_HUB_OFFLINE="1", TOKENIZERS_PARALLELISM="false")
sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parent.parent / "keywords")]

# After these settings: importing the libraries reads them.
import runs  # noqa: E402
import torch  # noqa: E402
from recorder import Recorder  # noqa: E402


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("library", nargs="?", choices=runs.LIBRARIES)
    parser.add_argument("--scripts", nargs="+", type=Path, metavar="PATH", help="scripts, and folders of them")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--only", default="", help="only what has this text in its name")
    parser.add_argument("--shard", default="0/1", help="which part of how many, as 0/2")
    options = parser.parse_args()
    torch.set_num_threads(1)
    part, parts = map(int, options.shard.split("/"))
    if options.scripts:
        paths = [path.resolve() for path in options.scripts]
        recorded = [str(path) + os.sep * path.is_dir() for path in paths]
        models = runs.of_scripts(paths)
    elif options.library:
        package = importlib.import_module(options.library.replace("-", "_"))
        recorded = [os.path.dirname(package.__file__) + os.sep]
        models = runs.of_library(options.library)
    else:
        parser.error("name a library, or --scripts")
    done = failed = 0
    started = time.monotonic()
    with Recorder(recorded) as recorder:
        for number, (name, run) in enumerate(models):
            if number % parts != part or options.only not in name:
                continue
            try:
                with contextlib.redirect_stdout(sys.stderr):
                    run(recorder)
                done += 1
            except Exception as error:
                failed += 1
                said = " ".join(traceback.format_exception_only(type(error), error)[-1].split())
                print(f"\r{name}: {said[:200]}", file=sys.stderr)
            print(f"\r{done} ran, {failed} did not, {time.monotonic() - started:.0f} s ", end="", file=sys.stderr)
    with options.output.open("w", encoding="utf-8") as file:
        for call in recorder.calls():
            file.write(json.dumps(call) + "\n")
    print(
        f"\n{options.library or 'scripts'}: {done} {'models' if options.library else ''} ran, {failed} did not",
        file=sys.stderr,
    )


if __name__ == "__main__":
    main()
