"""Holds what Keyward claims of keywords against what really happens to them in tiny random models.

    python benchmarks/keywords/compare.py --python VENV/bin/python --output build/keywords

The claims are those that this checkout's worker makes now. The models are built and called by `observe.py` in a child
process that is ended where it hangs or takes too much memory. What is observed of a class is written at once: a
run that was stopped goes on where it stopped. Exit status 1: something that was seen to be used is claimed to be
ignored or refused, or less than 99 % of the claims agree.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import psutil
from report import Claim, Report

from keyward.environment.worker_client import run_worker
from keyward.signatures.model import Signature
from keyward.worker import protocol

HERE = Path(__file__).resolve().parent
OBSERVING = ("observe.py", "probe.py")
"""What decides how a model that runs is observed."""
MAKING = ("configurations.py", "inputs.py")
"""What decides which models run."""
ALWAYS = tuple("return_dict labels token_type_ids head_mask output_attentions use_cache zz_nonsense".split())
"""Keywords that every class is asked about."""

SECONDS = 20.0
"""Time of a processor that one class may take."""
PATIENCE = 400.0
"""Time by the clock that one class may take, for those that wait for something."""
START = 300.0
"""Time that the observing process may take to import its libraries."""
MIB = 5000
"""Memory that the observing process may take."""


class Child:
    """`observe.py`, or another script that answers like it, in another interpreter; it is started when it is asked, and
    anew after it had to be ended. An answer may take so many `seconds` of a processor, by default `SECONDS`."""

    def __init__(self, python: Path, script: Path = HERE / "observe.py", seconds: float | None = None) -> None:
        self._python = python
        self._script = script
        self._seconds = seconds
        self._process: subprocess.Popen[str] | None = None
        self._answers: queue.Queue[str | None] = queue.Queue()
        self._versions: dict[str, str] = {}

    def start(self) -> dict[str, str]:
        """Start it, unless it is there, and give its versions: {"transformers": ..., "torch": ...}.

        Raises RuntimeError where it does not start.
        """
        self._process = self._process or self._begin()
        return self._versions

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        """The answer; `{"unbuilt": cause}` where the child hung, took too much memory or died."""
        self.start()
        process = self._process
        assert process is not None and process.stdin is not None
        started, spent = time.monotonic(), processor_time(process.pid)
        most = SECONDS if self._seconds is None else self._seconds
        try:
            process.stdin.write(json.dumps(request) + "\n")
            process.stdin.flush()
        except OSError:
            return self._ended("the process died")
        while True:
            try:
                line = self._answers.get(timeout=0.1)
            except queue.Empty:
                if processor_time(process.pid) - spent > most or time.monotonic() - started > PATIENCE:
                    return self._ended(f"no answer within {most:.0f} seconds of a processor")
                if memory(process.pid) > MIB:
                    return self._ended(f"more than {MIB} MiB of memory")
                continue
            if line is None:
                return self._ended("the process died")
            answer: dict[str, Any] = json.loads(line)
            return answer

    def _begin(self) -> subprocess.Popen[str]:
        command = [str(self._python), str(self._script)]
        pipe = subprocess.PIPE
        process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True)
        answers: queue.Queue[str | None] = queue.Queue()
        threading.Thread(target=drain, args=(process.stdout, answers), daemon=True).start()
        try:
            first = answers.get(timeout=START)
        except queue.Empty:
            first = None
        if first is None:
            process.kill()
            process.wait()
            raise RuntimeError(f"{self._python} cannot run {command[1]}: are torch and transformers installed?")
        self._answers, self._versions = answers, json.loads(first)
        return process

    def _ended(self, cause: str) -> dict[str, Any]:
        self.end()
        return {"unbuilt": cause}

    def end(self) -> None:
        """End the process, if there is one."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


def drain(pipe: Any, into: queue.Queue[str | None]) -> None:
    for line in pipe:
        into.put(line)
    into.put(None)


def processor_time(process: int) -> float:
    """Seconds of a processor that a process has had."""
    try:
        times = psutil.Process(process).cpu_times()
    except psutil.Error:
        return 0.0
    return float(times.user + times.system)


def memory(process: int) -> float:
    """MiB that a process takes."""
    try:
        return float(psutil.Process(process).memory_info().rss) / 2**20
    except psutil.Error:
        return 0.0


def claims(python: Path, families: list[str]) -> dict[str, Claim]:
    """{qualified name of a model class: what is claimed of it}, from the worker; some families only, or all."""
    signatures: dict[str, Signature] = {}
    public: set[str] = set()
    problems: list[str] = []
    missing = set(families)
    enough = threading.Event()

    def hear(message: dict[str, Any]) -> None:
        if message["type"] == "problem":
            problems.append(message["text"])
        elif message["type"] == "index":
            public.update(f"{module}.{name}" for name, module in message["exports"].get("transformers", {}).items())
        elif message["type"] == "family" and (not families or message["family"] in missing):
            missing.discard(message["family"])
            for name, entry in message["entries"].items():
                if entry.get("role") == "model" and "call" in entry:
                    signatures[name] = msgspec.convert(entry["call"], Signature)
            if families and not missing:
                enough.set()

    ending = run_worker(python, protocol.index_request("transformers", families), hear, cancelled=enough)
    if ending.kind not in ("done", "cancelled"):
        sys.exit(f"The worker gave no claims ({ending.kind}, {ending.detail}). " + " ".join(problems[:3]))
    return {name: Claim(signature, name in public) for name, signature in sorted(signatures.items())}


def recipes() -> dict[str, str]:
    """What changes when observations have to be made anew: those of models that ran, and those of others."""
    how = b"".join((HERE / name).read_bytes() for name in OBSERVING)
    made = b"".join((HERE / name).read_bytes() for name in MAKING)
    return {"how": hashlib.sha256(how).hexdigest()[:16], "made": hashlib.sha256(made).hexdigest()[:16]}


def read_records(path: Path) -> dict[str, dict[str, Any]]:
    """{class: its record} of those that need not be made anew.

    Where a model ran, it does not matter that others have become possible since.
    """
    present = recipes()
    records = {}
    for line in path.read_text("utf-8").splitlines() if path.exists() else ():
        try:
            record = json.loads(line)
        except ValueError:  # the end of a run that was stopped
            continue
        same = present["how"] == record.get("how") and ("fates" in record or present["made"] == record.get("made"))
        if same:
            records[record["class"]] = record
    return records


def observe(
    child: Child, names: Iterable[str], path: Path, known_only: bool = False
) -> Iterator[tuple[str, dict[str, Any]]]:
    """(class, record) for every class, as it is made or was made by an earlier run; new ones go into the file.

    With `known_only` none is made.
    """
    records, recipe = read_records(path), recipes()
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        for name in names:
            record = records.get(name)
            if record is None and known_only:
                continue
            if record is None:
                record = {**child.ask({"class": name, "always": ALWAYS}), "class": name, **recipe}
                file.write(json.dumps(record) + "\n")
                file.flush()
            yield name, record


def compare(
    python: Path,
    output: Path,
    families: list[str],
    known_only: bool = False,
    tell: Callable[[int, int, str], None] = lambda *_: None,
) -> Report:
    """The comparison of the model classes of some families, or of all, in an interpreter's transformers."""
    claimed = claims(python, families)
    child = Child(python)
    try:
        versions = child.start()
        found = Report(versions, claimed, ALWAYS)
        # Public ones first: what a run that is stopped has seen is of the more use.
        names = sorted(claimed, key=lambda name: not claimed[name].public)
        path = output / f"observed-{versions['transformers']}.jsonl"
        for number, (name, record) in enumerate(observe(child, names, path, known_only), 1):
            found.add(name, record)
            tell(number, len(names), name.rpartition(".")[2])
    finally:
        child.end()
    (output / f"report-{versions['transformers']}.md").write_text(found.text(), "utf-8")
    return found


def progress(number: int, total: int, name: str) -> None:
    """One line that says how far it is."""
    if sys.stderr.isatty() or number % 100 == 0 or number == total:
        end = "\r" if sys.stderr.isatty() and number < total else "\n"
        print(f"{number}/{total} {name:60}", end=end, file=sys.stderr, flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", type=Path, required=True, action="append", help="an interpreter with transformers")
    parser.add_argument("--output", type=Path, required=True, help="folder for observations and reports")
    parser.add_argument("--families", default="", help="families to observe, separated by commas; all where left out")
    parser.add_argument("--known-only", action="store_true", help="observe nothing, compare what earlier runs observed")
    options = parser.parse_args()
    families = [name for name in options.families.split(",") if name]
    holds = True
    for python in options.python:
        found = compare(python.absolute(), options.output, families, options.known_only, progress)
        print(found.summary(), flush=True)
        holds = holds and found.holds
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
