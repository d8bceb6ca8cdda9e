"""Holds what inference says of calls against the classes of the modules that were really called there.

    python benchmarks/inference/compare.py --python VENV/bin/python RECORDS...

RECORDS are written by `record.py`. A call counts once for each class that was seen in its place. It is *resolved* where
inference names all that may be called; *right* where the class seen is among that, or the one whose `forward` it has.
Exit status 1: less than 60 % are resolved, or less than 99.9 % of those are right.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

from keyward.cli.inspection import Request, make_workspace, snapshots
from keyward.environment.index import default_cache, update_index
from keyward.environment.interpreter import find_interpreter
from keyward.features.snapshot import Snapshot
from keyward.inference.analysis import Callee, CallSite
from keyward.inference.values import LibraryClass, UserClass

ENOUGH, RIGHT = 0.6, 0.999
N_FILES = 24
"""Files that one process takes at a time."""


class Place(NamedTuple):
    start: tuple[int, int]
    """Line from 1, byte in it from 0."""
    end: tuple[int, int]


class Seen(NamedTuple):
    cls: str
    defining: str
    """The class that defines its `forward`."""


Records = dict[str, dict[Place, set[Seen]]]
"""File -> place of a call -> the classes seen there."""


@dataclass
class Outcome:
    """What came of the calls in some files."""

    n_files: int = 0
    n_seen: int = 0
    n_resolved: int = 0
    wrong: list[str] = field(default_factory=list)
    reasons: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)

    def leave(self, reason: str, where: str) -> None:
        """Note a call that is not resolved."""
        self.reasons[general(reason)] += 1
        self.examples.setdefault(general(reason), f"{where}: {reason}")

    def add(self, other: Outcome) -> None:
        self.n_files += other.n_files
        self.n_seen += other.n_seen
        self.n_resolved += other.n_resolved
        self.wrong += other.wrong
        self.reasons += other.reasons
        self.examples = {**other.examples, **self.examples}

    def why(self, most: int) -> Iterator[str]:
        """The commonest reasons, a line each, with an example."""
        for reason, n in self.reasons.most_common(most):
            yield f"  {n:6}  {reason}    e.g. {self.examples[reason]}"


def read(paths: Iterable[Path]) -> Records:
    records: Records = {}
    for path in paths:
        for line in path.read_text("utf-8").splitlines():
            call = json.loads(line)
            place = Place(tuple(call["start"]), tuple(call["end"]))
            records.setdefault(call["file"], {}).setdefault(place, set()).add(Seen(call["class"], call["defining"]))
    return records


def package_folder(path: str) -> Path:
    """The folder that the top-level package of a file lies in."""
    folder = Path(path).parent
    while (folder / "__init__.py").exists():
        folder = folder.parent
    return folder


def qualified(cls: LibraryClass | UserClass | None) -> str:
    """A class as Python calls it."""
    if isinstance(cls, LibraryClass):
        return cls.qualified
    if cls is None:
        return ""
    parts = Path(cls.path).relative_to(package_folder(cls.path)).with_suffix("").parts
    return ".".join((*(part for part in parts if part != "__init__"), cls.qualname))


def named(callee: Callee) -> Iterator[str]:
    """The classes that a callee stands for: of an Auto class whose argument is not known, all that it can give."""
    if callee.entry is None or callee.entry.role != "auto":
        yield qualified(callee.cls)
        return
    package = callee.entry.module.partition(".")[0]
    yield from (f"{package}.{name}" for names in callee.entry.mapping.values() for name in names)


def sites(snapshot: Snapshot) -> Iterator[tuple[Place, CallSite]]:
    text = snapshot.text

    def position(offset: int) -> tuple[int, int]:
        line = text.count(b"\n", 0, offset)
        return line + 1, offset - (text.rfind(b"\n", 0, offset) + 1)

    for unit, result in snapshot.analysis.results:
        for site in result.calls:
            yield Place(position(unit.start + site.span.start), position(unit.start + site.span.end)), site


def origin(name: str, snapshot: Snapshot) -> object:
    """What two names of one library class have in common."""
    found = snapshot.world.signatures.find(name)
    return (found.entry.file, found.entry.line) if found is not None and found.entry.line else name


def judge(snapshot: Snapshot, seen: dict[Place, set[Seen]]) -> Outcome:
    outcome = Outcome(n_files=1)
    known = dict(sites(snapshot))
    for place, classes in seen.items():
        site = known.get(place)
        where = f"{snapshot.path}:{place.start[0]}:{place.start[1] + 1}"
        for cls in sorted(classes):
            outcome.n_seen += 1
            if site is None or not site.callees:
                outcome.leave("no call was found there" if site is None else site.unknown, f"{where} {cls.cls}")
                continue
            outcome.n_resolved += 1
            said = {name for callee in site.callees for name in named(callee)}
            if {origin(name, snapshot) for name in said}.isdisjoint(origin(name, snapshot) for name in cls):
                outcome.wrong.append(f"{where}: {cls.cls} was called, inference says {', '.join(sorted(said))}")
    return outcome


def general(reason: str) -> str:
    """A reason without the names that it is about."""
    parts = reason.split("`")
    reason = "`...`".join(parts[::2])
    return " ".join("..." if "." in word.strip(".,:") or "_" in word else word for word in reason.split())


def judge_files(paths: Sequence[str], request: Request, judge: Callable[[Snapshot], Outcome]) -> Outcome:
    workspace = make_workspace(request)
    outcome = Outcome()
    try:
        for snapshot in snapshots(paths, workspace):
            outcome.add(judge(snapshot))
    finally:
        workspace.close()
    return outcome


def judge_all(paths: Sequence[str], python: Path, jobs: int, judge: Callable[[Snapshot], Outcome]) -> Outcome:
    """What `judge` says of all files together, by so many processes; `judge` has to be one that can be sent to them."""
    report = update_index(find_interpreter(python), default_cache())
    request = Request(python=str(python), cache=str(report.cache))
    parts = [paths[start : start + N_FILES] for start in range(0, len(paths), N_FILES)]
    outcome = Outcome()
    with ProcessPoolExecutor(jobs, get_context("spawn")) as pool:
        for found in pool.map(partial(judge_files, request=request, judge=judge), parts):
            outcome.add(found)
            print(f"\r{outcome.n_files} of {len(paths)} files", end="", file=sys.stderr)
    print(file=sys.stderr)
    return outcome


def judge_recorded(snapshot: Snapshot, records: Records) -> Outcome:
    return judge(snapshot, records[snapshot.path])


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("records", nargs="+", type=Path)
    parser.add_argument("--python", required=True, type=Path, help="interpreter of the environment that was recorded")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--wrong", type=int, default=50, help="how many of the wrong ones are shown")
    options = parser.parse_args()

    records = read(options.records)
    outcome = judge_all(sorted(records), options.python, options.jobs, partial(judge_recorded, records=records))
    n_right = outcome.n_resolved - len(outcome.wrong)
    resolved = outcome.n_resolved / max(outcome.n_seen, 1)
    right = n_right / max(outcome.n_resolved, 1)
    print(f"{outcome.n_seen} calls seen in {outcome.n_files} files")
    print(f"{outcome.n_resolved} resolved: {resolved:.1%}")
    print(f"{n_right} of those contain the class seen: {right:.2%}")
    for line in outcome.wrong[: options.wrong]:
        print(f"  wrong: {line}")
    print("Why the others are unknown:")
    print(*outcome.why(20), sep="\n")
    return int(resolved < ENOUGH or right < RIGHT)


if __name__ == "__main__":
    sys.exit(main())
