"""Runs the worker in the user's interpreter and hears it out; whatever happens there, an `Ending` comes back."""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, Literal

import msgspec

from ..worker import protocol

Message = dict[str, Any]

WORKER = Path(__file__).resolve().parent.parent / "worker" / "__main__.py"

SILENCE_LIMIT = 180.0
"""Seconds without an answer after which a worker is taken to hang; importing torch from a cold disk takes minutes."""

_POLL = 0.2
_GRACE = 2.0
"""Seconds in which the last lines of a worker that has ended arrive."""
_VARIABLES = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "TRANSFORMERS_VERBOSITY": "error",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "CUDA_VISIBLE_DEVICES": "",
    "PYTHONIOENCODING": "utf-8",
}


class Ending(msgspec.Struct, frozen=True):
    """How a worker ended."""

    kind: Literal["done", "died", "silent", "cancelled", "not started"]
    label: str = ""
    """What it was at: the module of its last progress message."""
    detail: str = ""
    """For people: exit status, signal, or the last line on its standard error."""


def run_worker(
    interpreter: Path,
    request: Message,
    hear: Callable[[Message], None],
    *,
    cancelled: threading.Event | None = None,
    silence_limit: float = SILENCE_LIMIT,
    options: Sequence[str] = (),
) -> Ending:
    """Start the worker, send one request, hand every answer to `hear`, and return how it ended.

    Blocks until the worker has ended; a worker that hangs or is cancelled is killed with its children.
    """
    try:
        process = subprocess.Popen(
            [str(interpreter), *options, str(WORKER)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, **_VARIABLES},
            cwd=tempfile.gettempdir(),
            start_new_session=os.name != "nt",
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
    except (OSError, ValueError) as error:
        return Ending("not started", detail=str(error))
    lines: queue.Queue[bytes | None] = queue.Queue()
    said: deque[bytes] = deque(maxlen=20)
    assert process.stdin is not None and process.stdout is not None and process.stderr is not None
    for pipe, take in ((process.stdout, lines.put), (process.stderr, said.append)):
        threading.Thread(target=_drain, args=(pipe, take), daemon=True).start()
    try:
        with suppress(OSError):  # it died at once; the loop below finds out how
            process.stdin.write(protocol.encode(request))
            process.stdin.close()
        return _listen(process, lines, said, hear, cancelled or threading.Event(), silence_limit)
    finally:
        _kill(process)


def _drain(pipe: IO[bytes], take: Callable[[Any], None]) -> None:
    try:
        for line in pipe:
            take(line)
    except (OSError, ValueError):
        pass
    finally:
        take(None)


def _listen(
    process: subprocess.Popen[bytes],
    lines: queue.Queue[bytes | None],
    said: deque[bytes],
    hear: Callable[[Message], None],
    cancelled: threading.Event,
    silence_limit: float,
) -> Ending:
    label = ""
    heard = time.monotonic()
    while True:
        if cancelled.is_set():
            return Ending("cancelled", label)
        try:
            line = lines.get(timeout=_POLL)
        except queue.Empty:
            # A child that the library left behind may hold the pipe open for ever.
            if process.poll() is not None and time.monotonic() - heard > _GRACE:
                return Ending("died", label, _last_words(process, said))
            if time.monotonic() - heard > silence_limit:
                return Ending("silent", label, f"no answer for {silence_limit:.0f} seconds")
            continue
        if line is None:
            process.wait(timeout=silence_limit)
            return Ending("died", label, _last_words(process, said))
        heard = time.monotonic()
        message = protocol.decode(line)
        kind = message.get("type")
        if kind == "done":
            return Ending("done", label)
        if kind == "progress":
            label = str(message.get("label", ""))
        if kind:
            hear(message)


def _last_words(process: subprocess.Popen[bytes], said: deque[bytes]) -> str:
    status = process.returncode
    if status is not None and status < 0:
        try:
            return f"killed by {signal.Signals(-status).name}"
        except ValueError:
            return f"killed by signal {-status}"
    texts = [line.decode("utf-8", "replace").strip() for line in list(said) if line]
    last = next((text for text in reversed(texts) if text), "")
    return f"exit status {status}" + (f": {last[:200]}" if last and status else "")


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End the worker and what it started."""
    # The group outlives the worker where a library started something.
    if process.poll() is None or sys.platform != "win32":
        with suppress(OSError):
            if sys.platform != "win32":
                os.killpg(process.pid, signal.SIGKILL)
            else:
                process.kill()
    with suppress(subprocess.TimeoutExpired):
        process.wait(timeout=10)
    for pipe in (process.stdin, process.stdout, process.stderr):
        with suppress(OSError):
            if pipe is not None:
                pipe.close()
