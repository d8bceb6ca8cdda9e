"""How many of the calls of models in scripts inference knows, and why not the others.

    python benchmarks/inference/coverage.py --python VENV/bin/python FOLDER...

What counts as a call of a model is told by its looks: a variable or attribute of a name such as `model`, `encoder` or
`criterion` is called, or any variable with a keyword that only models take. Those that are known to be functions are
left out; a `pipeline(...)` that is called `classifier` is not.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
from pathlib import Path

from compare import Outcome, judge_all

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


def judge(snapshot: Snapshot) -> Outcome:
    outcome = Outcome(n_files=1)
    for unit, result in snapshot.analysis.results:
        for site in result.calls:
            if not is_model_call(site) or site.unknown in _FUNCTIONS:
                continue
            outcome.n_seen += 1
            if site.callees:
                outcome.n_resolved += 1
            else:
                line = snapshot.text.count(b"\n", 0, unit.start + site.span.start) + 1
                outcome.leave(site.unknown, f"{snapshot.path}:{line}")
    return outcome


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--python", required=True, type=Path, help="interpreter whose libraries count")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--reasons", type=int, default=25, help="how many of the reasons are shown")
    options = parser.parse_args()

    paths = sorted(str(path) for folder in options.folders for path in folder.rglob("*.py"))
    started = time.monotonic()
    outcome = judge_all(paths, options.python, options.jobs, judge)
    share = outcome.n_resolved / max(outcome.n_seen, 1)
    print(f"{outcome.n_files} files in {time.monotonic() - started:.0f} s")
    print(f"{outcome.n_seen} calls of models, {outcome.n_resolved} known: {share:.1%}")
    print(*outcome.why(options.reasons), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
