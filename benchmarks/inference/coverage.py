"""How many of the calls of models in scripts inference knows, and why not the others.

    python benchmarks/inference/coverage.py --python VENV/bin/python FOLDER...

What counts as a call of a model is told by its looks: a variable or attribute of a name such as `model`, `encoder` or
`criterion` is called, or anything that is no method is called with `**` or a keyword that only models take.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from compare import N_FILES, general

from keyward.cli.inspection import Request, make_workspace, snapshots
from keyward.environment.index import default_cache, update_index
from keyward.environment.interpreter import find_interpreter
from keyward.features.snapshot import Snapshot
from keyward.inference.analysis import CallSite
from keyward.source import syntax as s

_NAME = re.compile(
    r"(?:.*_)?(?:model|net|network|encoder|decoder|unet|vae|transformer|backbone|generator|discriminator|critic|actor|"
    r"policy|teacher|student|classifier|head|criterion|loss_fn|loss_func|loss_function|lstm|gru|rnn|embed(?:ding)?s?|"
    r"fc|conv|bert|gpt2?|clip|controlnet|net_?[gd])_?\d*"
)
_KEYWORDS = frozenset(
    ("input_ids", "attention_mask", "pixel_values", "inputs_embeds", "token_type_ids", "input_features", "input_values")
)

_FUNCTIONS = ("a function inside a function", "a function or class whose calls type checkers look after", "not a model")
"""Why a call is left alone that is known to be none of a model."""

Found = tuple[int, int, Counter[str], dict[str, str], int]


def is_model_call(site: CallSite) -> bool:
    function = site.node.function
    if isinstance(function, s.Name):
        name = function.name
    elif isinstance(function, s.Attribute):
        name = function.name
        if isinstance(function.value, s.Name) and function.value.name in ("nn", "torch", "F", "transformers", "np"):
            return False
    else:
        return False
    if not name.islower():
        return False
    if _NAME.fullmatch(name):
        return True
    named = {argument.name for argument in site.node.arguments}
    return isinstance(function, s.Name) and bool(named & _KEYWORDS) and not name.startswith(("make", "get", "build"))


def judge(snapshot: Snapshot) -> Found:
    n = known = 0
    reasons: Counter[str] = Counter()
    examples: dict[str, str] = {}
    for unit, result in snapshot.analysis.results:
        for site in result.calls:
            if is_model_call(site) and site.unknown not in _FUNCTIONS:
                n += 1
                if site.callees:
                    known += 1
                else:
                    reason = general(site.unknown)
                    reasons[reason] += 1
                    line = snapshot.text.count(b"\n", 0, unit.start + site.span.start) + 1
                    examples.setdefault(reason, f"{snapshot.path}:{line} {site.unknown}")
    return n, known, reasons, examples, 1


def judge_files(paths: list[str], request: Request) -> list[Found]:
    workspace = make_workspace(request)
    try:
        return [judge(snapshot) for snapshot in snapshots(paths, workspace)]
    finally:
        workspace.close()


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--python", required=True, type=Path)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--reasons", type=int, default=25)
    options = parser.parse_args()

    report = update_index(find_interpreter(options.python), default_cache())
    request = Request(python=str(options.python), cache=str(report.cache))
    paths = sorted(str(path) for folder in options.folders for path in folder.rglob("*.py"))
    parts = [paths[start : start + N_FILES] for start in range(0, len(paths), N_FILES)]
    n = known = files = 0
    reasons: Counter[str] = Counter()
    examples: dict[str, str] = {}
    started = time.monotonic()
    with ProcessPoolExecutor(options.jobs, get_context("spawn")) as pool:
        for found in pool.map(judge_files, parts, [request] * len(parts)):
            for n_here, known_here, reasons_here, examples_here, one in found:
                n, known, files = n + n_here, known + known_here, files + one
                reasons += reasons_here
                examples = {**examples_here, **examples}
            print(f"\r{files} of {len(paths)} files", end="", file=sys.stderr)
    print(file=sys.stderr)
    print(f"{files} files in {time.monotonic() - started:.0f} s; {n} calls of models, {known} known: {known / n:.1%}")
    for reason, number in reasons.most_common(options.reasons):
        print(f"  {number:6}  {reason}    e.g. {examples[reason]}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
