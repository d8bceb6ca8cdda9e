"""Holds what Keyward claims of keywords against what really happens to them in tiny random models.

    python benchmarks/keywords/compare.py --python VENV/bin/python --output build/keywords

The claims are those of this checkout's worker, asked anew. The models are built and called by `observe.py` in a child
process that is ended where it hangs or takes too much memory. Each class's observations are written at once: a run that
was stopped goes on where it stopped. Exit status 1: something that was seen to be used is claimed to be ignored or
refused, or less than 99 % of the claims agree.
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
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import psutil
import report
from keyward.environment.worker_client import run_worker
from keyward.signatures.model import Signature
from keyward.worker import protocol

HERE = Path(__file__).resolve().parent
OBSERVER = ("observe.py", "configurations.py", "inputs.py", "probe.py")
ALWAYS = tuple("return_dict labels token_type_ids head_mask output_attentions use_cache zz_nonsense".split())
"""Keywords that every class is asked about."""

SECONDS = 60.0
"""Time that one class may take."""
MIB = 5000
"""Memory that the observing process may take."""


class Child:
    """`observe.py` in another interpreter; it is started when it is asked, and anew after it had to be ended."""

    def __init__(self, python: Path) -> None:
        self._python = python
        self._process: subprocess.Popen[str] | None = None
        self._answers: queue.Queue[str | None] = queue.Queue()

    def ask(self, request: dict[str, Any], seconds: float) -> dict[str, Any]:
        """The answer; `{"unbuilt": cause}` where the child hung, took too much memory or died."""
        process = self._process or self._start()
        assert process.stdin is not None
        started = time.monotonic()
        try:
            process.stdin.write(json.dumps(request) + "\n")
            process.stdin.flush()
        except OSError:
            return self._ended("the process died")
        while True:
            try:
                line = self._answers.get(timeout=0.1)
            except queue.Empty:
                if time.monotonic() - started > seconds:
                    return self._ended(f"no answer within {seconds:.0f} seconds")
                if memory(process.pid) > MIB:
                    return self._ended(f"more than {MIB} MiB of memory")
                continue
            if line is None:
                return self._ended("the process died")
            answer: dict[str, Any] = json.loads(line)
            return answer

    def _start(self) -> subprocess.Popen[str]:
        command = [str(self._python), str(HERE / OBSERVER[0])]
        pipe = subprocess.PIPE
        process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True)
        answers: queue.Queue[str | None] = queue.Queue()
        threading.Thread(target=drain, args=(process.stdout, answers), daemon=True).start()
        self._process, self._answers = process, answers
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


def memory(process: int) -> float:
    """MiB that a process takes."""
    try:
        return float(psutil.Process(process).memory_info().rss) / 2**20
    except psutil.Error:
        return 0.0


def claims(python: Path, families: list[str]) -> dict[str, Signature]:
    """{qualified name of a model class: what is claimed of calling it}, from the worker."""
    found: dict[str, Signature] = {}
    problems: list[str] = []

    def hear(message: dict[str, Any]) -> None:
        if message["type"] == "problem":
            problems.append(message["text"])
        for name, entry in message.get("entries", {}).items() if message["type"] == "family" else ():
            if entry.get("role") == "model" and "call" in entry:
                found[name] = msgspec.convert(entry["call"], Signature)

    ending = run_worker(python, protocol.index_request("transformers", families), hear)
    if ending.kind != "done":
        sys.exit(f"The worker gave no claims ({ending.kind}, {ending.detail}). " + " ".join(problems[:3]))
    return found


def names_of(known: dict[str, Any], claim: Signature) -> list[str]:
    """What a class is asked about: parameters, keys, what is always asked, what is claimed, neighbours' parameters."""
    return list(dict.fromkeys([*known["parameters"], *known["keys"], *ALWAYS, *claim.accepts, *known["neighbours"]]))


def recipe() -> str:
    """Changes whenever observations have to be made anew."""
    return hashlib.sha256(b"".join((HERE / name).read_bytes() for name in OBSERVER)).hexdigest()[:16]


def read_records(path: Path, anew: bool) -> dict[str, dict[str, Any]]:
    """{class: its record} of those made with the present recipe."""
    records = {}
    for line in path.read_text("utf-8").splitlines() if path.exists() and not anew else ():
        try:
            record = json.loads(line)
        except ValueError:  # the end of a run that was stopped
            continue
        if record.get("recipe") == recipe():
            records[record["class"]] = record
    return records


def observe(
    child: Child, wanted: dict[str, list[str]], path: Path, anew: bool = False
) -> Iterator[tuple[str, dict[str, Any]]]:
    """(class, record) for every class, those from an earlier run first; new ones are appended to the file."""
    records = read_records(path, anew)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w" if not records else "a", encoding="utf-8") as file:
        for name, names in wanted.items():
            record = records.get(name)
            if record is None or not set(names) <= set(record["names"]):
                answer = child.ask({"class": name, "names": names}, SECONDS)
                record = {**answer, "class": name, "names": names, "recipe": recipe()}
                file.write(json.dumps(record) + "\n")
                file.flush()
            yield name, record


def chosen(classes: Iterable[str], families: list[str]) -> list[str]:
    return [name for name in classes if not families or name.split(".")[2] in families]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", type=Path, required=True, help="the interpreter that has torch and transformers")
    parser.add_argument("--output", type=Path, required=True, help="folder for observations and reports")
    parser.add_argument("--families", default="", help="families to observe, separated by commas; all where left out")
    parser.add_argument("--anew", action="store_true", help="forget what earlier runs observed")
    options = parser.parse_args()
    families = [name for name in options.families.split(",") if name]
    child = Child(options.python.absolute())
    try:
        listing = child.ask({"list": True, "families": families}, 600)
        if "unbuilt" in listing:
            sys.exit(f"The models cannot be listed: {listing['unbuilt']}.")
        claimed = claims(options.python.absolute(), families)
        version = listing["version"]
        names = {name: listing["classes"][name] for name in chosen(listing["classes"], families)}
        wanted = {name: names_of(known, claimed[name]) for name, known in names.items() if name in claimed}
        verdict = report.Report(version, listing["torch"], {name: names[name] for name in wanted}, claimed, ALWAYS)
        started = time.monotonic()
        for number, (name, record) in enumerate(
            observe(child, wanted, options.output / f"observed-{version}.jsonl", options.anew), 1
        ):
            verdict.add(name, record)
            if sys.stderr.isatty() or number % 100 == 0:
                print(f"\r{number}/{len(wanted)} {name.rpartition('.')[2]:60}", end="", file=sys.stderr, flush=True)
        print(file=sys.stderr)
    finally:
        child.end()
    seconds = time.monotonic() - started
    text = verdict.text(seconds)
    (options.output / f"report-{version}.md").write_text(text, "utf-8")
    print(verdict.summary(seconds))
    return 0 if verdict.holds else 1


if __name__ == "__main__":
    sys.exit(main())
