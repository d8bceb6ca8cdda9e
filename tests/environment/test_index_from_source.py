"""The index of libraries that are read from source: in folders that are not trusted, and where importing them fails."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import msgspec
import psutil
import pytest
from click.testing import CliRunner

from keyward.cli.app import main
from keyward.environment.fingerprint import installed, site_folders
from keyward.environment.index import Progress, Report, default_cache, is_current, update_index
from keyward.environment.interpreter import Interpreter, find_interpreter
from keyward.signatures.model import Index
from keyward.signatures.store import cache_folder, open_signatures, read_family, read_index
from standin.environment import make_environment

pytestmark = pytest.mark.slow


@pytest.fixture
def interpreter(tmp_path: Path) -> Interpreter:
    return find_interpreter(make_environment(tmp_path / ".venv"))


def index_of(interpreter: Interpreter, report: Report, distribution: str) -> Index:
    item = next(item for item in installed(interpreter) if item.distribution == distribution)
    index = read_index(cache_folder(report.cache, item))
    assert index is not None
    return index


def entries(interpreter: Interpreter, report: Report, distribution: str) -> dict[str, Any]:
    item = next(item for item in installed(interpreter) if item.distribution == distribution)
    folder = cache_folder(report.cache, item)
    families = set(index_of(interpreter, report, distribution).modules.values())
    return {
        name: history[-1].entry for family in sorted(families) for name, history in read_family(folder, family).items()
    }


@pytest.mark.parametrize("distribution", ["torch", "transformers"])
def test_source_tells_what_importing_tells(
    interpreter: Interpreter, standin_interpreter: Interpreter, standin_cache: Path, tmp_path: Path, distribution: str
) -> None:
    report = update_index(interpreter, tmp_path / "cache", trusted=False)
    assert report.problems == ()
    live = Report(standin_cache)
    found, wanted = entries(interpreter, report, distribution), entries(standin_interpreter, live, distribution)
    assert sorted(found) == sorted(wanted)
    for name, entry in wanted.items():
        if not entry.line:  # importing does not tell where a class is that goes by another module's name
            found[name] = msgspec.structs.replace(found[name], line=0)
    assert [name for name in wanted if found[name] != wanted[name]] == []
    index, other = index_of(interpreter, report, distribution), index_of(standin_interpreter, live, distribution)
    assert (index.exports, index.modules) == (other.exports, other.modules)
    assert (index.by_source, other.by_source) == (True, False)
    assert index.complete


MISHAPS = {
    "raises": ("raise RuntimeError('out of luck')\n", "RuntimeError: out of luck"),
    "exits": ("import sys; sys.exit(3)\n", "sys.exit()"),
    "kills": ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)\n", "SIGKILL"),
    "hangs": ("import time; time.sleep(600)\n", "no answer"),
    "lacks": ("import torch_extension_that_is_not_there\n", "torch_extension_that_is_not_there is not installed"),
}


@pytest.mark.parametrize("mishap", MISHAPS)
def test_a_library_that_cannot_be_imported_is_read_from_source(
    interpreter: Interpreter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mishap: str
) -> None:
    code, said = MISHAPS[mishap]
    package = site_folders(interpreter)[0] / "torch" / "__init__.py"
    package.write_text(code + package.read_text())
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    cache = default_cache()
    limit = 3.0 if mishap == "hangs" else 30.0
    report = update_index(interpreter, cache, only=["torch"], silence_limit=limit)
    assert report.indexed == ("torch",)
    index = index_of(interpreter, report, "torch")
    assert (index.by_source, index.complete) == (True, True)
    assert [problem for problem in index.problems if said in problem and "\n" not in problem]
    found = open_signatures(installed(interpreter), cache, tmp_path / "nothing").find("torch.nn.Linear")
    assert found is not None
    assert update_index(interpreter, cache, only=["torch"], silence_limit=limit).indexed == (), "not again and again"
    told = CliRunner().invoke(main, ["doctor", "--python", str(interpreter.path)]).output
    assert "torch 2.0.0: read from source, since importing it fails" in " ".join(told.split())
    assert said in told


def test_once_trusted_the_worker_reads_it_anew(interpreter: Interpreter, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    report = update_index(interpreter, cache, only=["torch"], trusted=False)
    assert index_of(interpreter, report, "torch").by_source
    assert update_index(interpreter, cache, only=["torch"], trusted=False).indexed == ()
    report = update_index(interpreter, cache, only=["torch"])
    assert report.indexed == ("torch",)
    assert not index_of(interpreter, report, "torch").by_source
    assert update_index(interpreter, cache, only=["torch"], trusted=False).indexed == (), "what was imported is better"
    assert not index_of(interpreter, report, "torch").by_source


def test_a_reader_that_is_killed_is_started_again(interpreter: Interpreter, tmp_path: Path) -> None:
    killed: list[int] = []

    def kill(step: Progress) -> None:
        for child in () if killed else psutil.Process().children():
            if "-S" in child.cmdline() and any("worker" in part for part in child.cmdline()):
                killed.append(child.pid)
                os.kill(child.pid, signal.SIGKILL)
                return

    report = update_index(interpreter, tmp_path / "cache", trusted=False, progress=kill)
    assert killed
    assert set(report.indexed) == {"transformers", "torch"}
    assert all("\n" not in problem for problem in report.problems)
    signatures = open_signatures(installed(interpreter), report.cache, tmp_path / "nothing")
    for name in ("transformers.DeiTModel", "transformers.BertModel", "torch.nn.Linear"):
        assert signatures.find(name) is not None, name


def test_reading_that_is_cancelled_goes_on_where_it_ended(interpreter: Interpreter, tmp_path: Path) -> None:
    cancelled = threading.Event()

    def stop(step: Progress) -> None:
        if step.done > 0:
            cancelled.set()

    cache = tmp_path / "cache"
    report = update_index(interpreter, cache, trusted=False, progress=stop, cancelled=cancelled)
    assert report.cancelled
    assert report.indexed == ()
    assert not psutil.Process().children() or not any("-S" in c.cmdline() for c in psutil.Process().children())
    item = next(item for item in installed(interpreter) if item.distribution == "transformers")
    assert not is_current(cache, item)
    report = update_index(interpreter, cache, trusted=False)
    assert set(report.indexed) == {"transformers", "torch"}
    assert is_current(cache, item)


def test_only_the_servers_own_interpreter_is_started_and_isolated(
    interpreter: Interpreter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[tuple[str, ...]] = []
    real = subprocess.Popen

    def popen(command: list[str], *arguments: Any, **options: Any) -> Any:
        started.append(tuple(command))
        return real(command, *arguments, **options)

    monkeypatch.setattr(subprocess, "Popen", popen)
    update_index(interpreter, tmp_path / "cache", trusted=False)
    assert started
    assert {command[:3] for command in started} == {(sys.executable, "-I", "-S")}
