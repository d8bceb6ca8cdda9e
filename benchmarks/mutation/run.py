"""How many broken calls Keyward finds: calls of models are broken one by one, and the library says what is to be found.

    python benchmarks/mutation/run.py --python VENV/bin/python SOURCES...

SOURCES are files, folders, or names of packages that the interpreter has; `--classes` adds a script for each
public model class that `make observe` saw running. Every call of a module that is resolved is
broken in the ways that `mutations/` lists. Whether a change breaks anything is decided by the library at run time
(`live.py`): classes are imported, calls bound by Python, and keywords that vanish watched in tiny models. What cannot
be decided is counted apart. A changed call that is fine is a control: there Keyward has to be silent.
Exit status 1: less than 98 % of the mutants of a rule are found, or something is said that is not so; with `--fix`,
also a first fix that fails.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from itertools import islice
from multiprocessing import get_context
from pathlib import Path

import scripts
from calls import Question
from examine import Order, examine_files
from fixes import N_RUN, Fixes
from neighbours import BENCHMARKS
from outcome import Outcome
from tally import Tally
from truth import Truth, progress

from keyward.cli.environments import bring_up_to_date, imported
from keyward.cli.inspection import Request
from keyward.environment.fingerprint import site_folders
from keyward.environment.interpreter import find_interpreter

N_FILES = 12
"""Files that one process takes at a time."""
PER_FILE = 40
BUILD = BENCHMARKS.parent / "build"


def files(sources: Sequence[str], folders: Sequence[Path]) -> Iterator[Path]:
    """The Python files of files, folders and packages."""
    for source in sources:
        places = [Path(source), *(folder / source for folder in folders)]
        place = next((place for place in places if place.exists()), None)
        if place is None:
            sys.exit(f"{source} is neither a file nor a folder nor a package of the interpreter.")
        yield from [place] if place.is_file() else sorted(place.rglob("*.py"))


def outcomes(paths: Sequence[str], order: Order, sample: int, jobs: int) -> list[Outcome]:
    """The outcomes of all files, or of files in the order given until there are as many as are wanted."""
    parts = [paths[start : start + N_FILES] for start in range(0, len(paths), N_FILES)]
    left = iter(parts)
    found: list[Outcome] = []
    n_done = 0
    with ProcessPoolExecutor(jobs, get_context("spawn")) as pool:
        # What is never submitted need not be cancelled.
        running = {pool.submit(examine_files, part, order) for part in islice(left, jobs)}
        while running:
            done, running = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                found += future.result()
                n_done += 1
            if not sample or len(found) < sample:
                running |= {pool.submit(examine_files, part, order) for part in islice(left, jobs - len(running))}
            progress(f"{n_done} of {len(parts)} parts, {len(found)} mutants", not running)
    return found[:sample] if sample else found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sources", nargs="*", help="files, folders, or packages of the interpreter")
    parser.add_argument("--classes", action="store_true", help="a script for each model class of transformers, too")
    parser.add_argument("--python", required=True, type=Path, help="interpreter whose libraries count")
    parser.add_argument("--sample", type=int, default=0, help="so many mutants, of files drawn at random")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--per-file", type=int, default=0, help=f"mutants of a file; {PER_FILE} with --sample, else all"
    )
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--fix", action="store_true", help="apply the first fix of every finding, too")
    parser.add_argument("--run", type=int, default=N_RUN, help="with --fix: mended calls that are run on tiny models")
    parser.add_argument("--records", type=Path, default=BUILD / "keywords", help="what `make observe` has written")
    parser.add_argument("--keep", type=Path, default=BUILD / "mutation", help="where what models do is kept")
    parser.add_argument("--most", type=int, default=25, help="lines of each list")
    options = parser.parse_args()

    started = time.monotonic()
    python = options.python.absolute()
    interpreter = find_interpreter(python)
    truth = Truth(python, options.records, options.keep)
    paths = [str(path) for path in files(options.sources, site_folders(interpreter))]
    if options.classes:
        paths += [str(path) for path in scripts.write(truth, options.keep / f"calls-{truth.versions['transformers']}")]
    if options.sample:
        random.Random(options.seed).shuffle(paths)
    cache, problems = bring_up_to_date(interpreter, imported(paths), lambda *_: None)
    print(*problems, sep="\n", end="", file=sys.stderr)
    request = Request(python=str(python), cache=str(cache))
    order = Order(request, options.seed, options.per_file or (PER_FILE if options.sample else 0), options.fix)
    found = outcomes(paths, order, options.sample, options.jobs)
    try:
        truth.look(
            (outcome.question, outcome.aim.subject)
            for outcome in found
            if isinstance(outcome.question, Question) and outcome.aim.sort == "keyword"
        )
        tally, fixes = Tally(truth), Fixes()
        for outcome in found:
            tally.add(outcome)
            fixes.add(outcome.mended)
        versions = ", ".join(f"{name} {version}" for name, version in truth.versions.items())
        print(f"{len(found)} mutants in {time.monotonic() - started:.0f} s ({versions})")
        print(*tally.lines(options.most), sep="\n", flush=True)
        if options.fix:
            fixes.run(truth, options.run, random.Random(options.seed))
    finally:
        truth.close()
    if options.fix:
        print(*fixes.lines(options.most), sep="\n")
    return int(not tally.holds or not (fixes.holds if options.fix else True))


if __name__ == "__main__":
    sys.exit(main())
