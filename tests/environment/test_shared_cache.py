"""Several processes and one cache: nobody waits for ever or reads half of something; what is left is taken over."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from filelock import FileLock

from keyward.environment import index
from keyward.environment.fingerprint import installed, site_folders
from keyward.environment.index import Report, is_current, update_index
from keyward.environment.interpreter import Interpreter, find_interpreter
from keyward.signatures.store import Installed, Signatures, cache_folder, open_signatures
from standin.environment import make_environment

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name == "nt", reason="kills processes as on Unix")]

SERVER = Path(__file__).resolve().parents[2] / "server"
REFRESH = """\
import sys
from pathlib import Path
from keyward.environment.index import update_index
from keyward.environment.interpreter import Interpreter
{before}
report = update_index(Interpreter(Path(sys.argv[1]), "test"), Path(sys.argv[2]))
print(report.indexed, report.problems)
"""
# Writes half of what it was going to, says so, and hangs.
STUCK_IN_A_WRITE = """
import os, time
def stuck(fd, mode):
    file = real(fd, mode)
    class Half:
        def __enter__(self): return self
        def __exit__(self, *_): pass
        def write(self, data):
            file.write(data[: len(data) // 2]); file.flush()
            print("half", flush=True)
            time.sleep(600)
    return Half()
real, os.fdopen = os.fdopen, lambda fd, mode="r", *a, **k: stuck(fd, mode) if mode == "wb" else real(fd, mode, *a, **k)
"""
SMALL_FILES_ONLY = """
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, (2048, 2048))
"""


@pytest.fixture
def interpreter(tmp_path: Path) -> Interpreter:
    return find_interpreter(make_environment(tmp_path / ".venv"))


def begin(interpreter: Interpreter, cache: Path, before: str = "") -> subprocess.Popen[str]:
    """Another process that brings the cache up to date."""
    command = [sys.executable, "-c", REFRESH.format(before=before), str(interpreter.path), str(cache)]
    environment = {**os.environ, "PYTHONPATH": str(SERVER)}
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)


def kill(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGKILL)
    process.communicate()


def of(interpreter: Interpreter, name: str) -> Installed:
    return next(item for item in installed(interpreter) if item.distribution == name)


def opened(interpreter: Interpreter, report: Report, tmp_path: Path) -> Signatures:
    return open_signatures(installed(interpreter), report.cache, tmp_path / "nothing-shipped")


def slow_down(interpreter: Interpreter) -> Path:
    """Makes a library wait in the middle of its imports until the file is there that is returned."""
    site = site_folders(interpreter)[0]
    going_on = site / "going-on"
    family = site / "transformers" / "models" / "late"
    family.mkdir()
    (family / "__init__.py").write_text("")
    (family / "modeling_late.py").write_text(
        f"import os, time\nwhile not os.path.exists({str(going_on)!r}):\n    time.sleep(0.05)\n"
    )
    return going_on


def wait_for(what: Path) -> None:
    until = time.monotonic() + 60
    while not what.exists():
        assert time.monotonic() < until
        time.sleep(0.02)


def test_a_process_that_is_killed_in_the_middle_of_a_write_leaves_nothing_behind(
    interpreter: Interpreter, tmp_path: Path
) -> None:
    other = begin(interpreter, tmp_path / "cache", STUCK_IN_A_WRITE)
    assert other.stdout is not None
    assert other.stdout.readline() == "half\n"
    kill(other)
    folder = cache_folder(tmp_path / "cache", of(interpreter, "transformers"))
    assert [path for path in folder.rglob(".*") if path.is_file()], "half of a file is there"
    assert not is_current(tmp_path / "cache", of(interpreter, "transformers"))
    report = update_index(interpreter, tmp_path / "cache")
    assert (report.problems, report.indexed) == ((), ("transformers", "torch"))
    assert opened(interpreter, report, tmp_path).find("transformers.DeiTModel") is not None
    assert not [path for path in folder.rglob(".*") if path.is_file()]


def test_whoever_waits_takes_over_from_a_process_that_is_killed(interpreter: Interpreter, tmp_path: Path) -> None:
    going_on = slow_down(interpreter)
    first = begin(interpreter, tmp_path / "cache")
    wait_for(cache_folder(tmp_path / "cache", of(interpreter, "transformers")) / "families" / "deit.json")
    others = [begin(interpreter, tmp_path / "cache") for _ in range(2)]
    time.sleep(1)
    assert all(other.poll() is None for other in others), "they wait"
    kill(first)
    going_on.write_text("")
    said = sorted(other.communicate(timeout=60)[0] for other in others)
    done = [part for text in said for part in ("transformers", "torch") if f"'{part}'" in text]
    assert sorted(done) == ["torch", "transformers"], "each was read once"
    assert is_current(tmp_path / "cache", of(interpreter, "transformers"))


def test_a_command_line_uses_what_a_server_has_read_so_far(interpreter: Interpreter, tmp_path: Path) -> None:
    going_on = slow_down(interpreter)
    cache = tmp_path / "home" / "keyward"
    server = begin(interpreter, cache)
    wait_for(cache_folder(cache, of(interpreter, "transformers")) / "families" / "deit.json")
    (tmp_path / "train.py").write_text("import torch\ntorch.nn.Linear(1, 2)(x, y)\n")
    command = [sys.executable, "-m", "keyward", "check", "--python", str(interpreter.path), str(tmp_path / "train.py")]
    environment = {**os.environ, "PYTHONPATH": str(SERVER), "XDG_CACHE_HOME": str(tmp_path / "home")}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60)
    assert "Linear.forward" in done.stdout
    assert (done.returncode, done.stderr) == (1, "")
    going_on.write_text("")
    said, problems = server.communicate(timeout=60)
    assert (said, problems) == ("('transformers',) ()\n", ""), "the other one has read torch"


def test_a_process_that_hangs_with_the_lock_is_not_waited_for_for_ever(
    interpreter: Interpreter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index, "_LOCK_WAIT", 1.0)
    folder = cache_folder(tmp_path / "cache", of(interpreter, "transformers"))
    folder.mkdir(parents=True)
    with FileLock(f"{folder}.lock"):
        report = update_index(interpreter, tmp_path / "cache")
    assert report.problems == ("Another process has been indexing transformers for too long.",)
    assert report.indexed == ("torch",)


def test_a_file_system_without_locks_is_used_all_the_same(
    interpreter: Interpreter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise NotImplementedError("FileSystem does not appear to support flock")

    monkeypatch.setattr(FileLock, "acquire", refused)
    report = update_index(interpreter, tmp_path / "cache")
    assert (report.problems, report.indexed) == ((), ("transformers", "torch"))


def test_a_full_disk_is_one_sentence_for_each_folder_that_was_tried(interpreter: Interpreter, tmp_path: Path) -> None:
    """A process that may write small files only: the system refuses the rest, as a full disk does."""
    said, problems = begin(interpreter, tmp_path / "cache", SMALL_FILES_ONLY).communicate(timeout=60)
    assert said.startswith("() ('The cache folder ")
    assert "cannot be written (File too large)" in said
    assert "No temporary folder can be written either" in said
    assert problems == ""
    report = update_index(interpreter, tmp_path / "cache")
    assert (report.problems, report.indexed) == ((), ("transformers", "torch")), "with space again all is well"


@pytest.mark.parametrize("file", ["index.json", "families/deit.json"])
def test_a_truncated_entry_is_built_anew(interpreter: Interpreter, tmp_path: Path, file: str) -> None:
    report = update_index(interpreter, tmp_path / "cache")
    path = cache_folder(report.cache, of(interpreter, "transformers")) / file
    content = path.read_bytes()
    for size in (len(content) // 2, len(content) - 3, 1):
        path.write_bytes(content[:size])
        signatures = opened(interpreter, report, tmp_path)
        assert signatures.find("transformers.DeiTModel") is None
        (problem,) = signatures.problems
        assert str(path) in problem
        assert update_index(interpreter, tmp_path / "cache").indexed == ("transformers",)
        assert path.read_bytes() == content


def test_a_scan_that_was_noted_wrongly_is_made_again(interpreter: Interpreter, tmp_path: Path) -> None:
    report = update_index(interpreter, tmp_path / "cache")
    (note,) = report.cache.rglob("scan-*.json")
    content = note.read_text()
    note.write_text(content[:3])
    assert update_index(interpreter, tmp_path / "cache").problems == ()
    assert note.read_text() == content
