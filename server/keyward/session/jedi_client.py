"""Drives the jedi process: starts it for the first question, holds it to a time limit, replaces it when it fails."""

from __future__ import annotations

import contextlib
import queue
import subprocess
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from ..inference.answers import Answer, Question
from ..inference.jedi_protocol import READY, Reply, Request
from .own_process import own_command

_REQUESTS_PER_PROCESS = 200
"""A process that has answered as many is replaced by a fresh one: jedi lets go of nothing that it has parsed."""
_FAILURES = 3
"""Processes that may end one after the other without having answered anything."""


class JediClient:
    """One jedi process at a time. Not thread-safe: its owner asks from one thread; `stop` may be called from any."""

    def __init__(
        self,
        cache: str = "",
        *,
        limit: float = 5.0,
        start_limit: float = 30.0,
        command: Sequence[str] | None = None,
    ) -> None:
        """`limit`: seconds for one question; `start_limit`: until the process is ready, and again for its first answer.
        `command` replaces the process (for tests)."""
        self._cache = cache
        self._limit = limit
        self._start_limit = start_limit
        self._command = tuple(command or own_command("keyward.inference.jedi_process"))
        self._process: subprocess.Popen[bytes] | None = None
        self._lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._number = 0
        self._requests = 0
        self._failures = 0
        self._late = False
        self._stopped = False
        self.problem = ""
        """One sentence when jedi cannot be used at all, "" otherwise."""

    @property
    def running(self) -> bool:
        return self._process is not None

    def ask(
        self, folder: str, search: Sequence[str], questions: Sequence[Question], stubs: str = ""
    ) -> Iterator[tuple[Question, Answer]]:
        """The answers, in order, each within the time limit. Never raises: what fails is unknown."""
        left = list(questions)
        while left:
            if self._stopped or self.problem:
                reason = self.problem or "the session has ended"
                yield from ((question, Answer.unknown(reason)) for question in left)
                return
            limit = self._limit if self.running else self._start_limit
            if not self.running and not self._start():
                continue
            self._number += 1
            request = Request(self._number, folder, tuple(left), tuple(search), stubs, self._cache)
            answered = 0
            if self._send(request):
                for answer in self._replies(request, limit):
                    yield left[answered], answer
                    answered += 1
                    self._failures = 0
            if answered < len(left):
                self._end()
                self._note_failure()
                name = left[answered].name or left[answered].module
                reason = f"jedi took too long over `{name}`" if self._late else f"the jedi process ended over `{name}`"
                yield left[answered], Answer.unknown(reason)
                answered += 1
            left = left[answered:]
            self._requests += 1
            if self._requests >= _REQUESTS_PER_PROCESS:
                self._end()

    def rest(self) -> None:
        """End the process; the next question starts a new one."""
        self._end()

    def retry(self) -> None:
        """Forget earlier failures: what made jedi fail may have changed."""
        self._failures = 0
        self.problem = ""

    def stop(self) -> None:
        """End the process for good, from any thread; a running `ask` gives unknowns."""
        self._stopped = True
        self._end()

    def _start(self) -> bool:
        try:
            process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd=Path(__file__).parent,
            )
        except OSError as error:
            self.problem = f"jedi could not be started ({error.strerror}): names of other files stay unknown."
            return False
        self._lines = queue.SimpleQueue()
        self._requests = 0
        threading.Thread(target=_read, args=(process, self._lines), daemon=True).start()
        self._process = process
        if self._line(self._start_limit) == READY:
            return True
        self._end()
        self._note_failure()
        return False

    def _note_failure(self) -> None:
        self._failures += 1
        if self._failures >= _FAILURES:
            self.problem = f"jedi has failed {_FAILURES} times in a row: names of other files stay unknown."

    def _send(self, request: Request) -> bool:
        process = self._process
        if process is None or process.stdin is None:
            return False
        try:
            process.stdin.write(msgspec.json.encode(request) + b"\n")
            process.stdin.flush()
        except OSError:
            return False
        return True

    def _replies(self, request: Request, limit: float) -> Iterator[Answer]:
        """The answers to `request` as they come; ends early when the process does, or is late."""
        expected = 0
        while expected < len(request.questions):
            line = self._line(limit)
            if not line:
                return
            try:
                reply = msgspec.json.decode(line, type=Reply)
            except msgspec.MsgspecError:
                continue  # something printed: no message of ours
            if (reply.number, reply.index) == (request.number, expected):
                yield reply.answer()
                expected += 1
                limit = self._limit

    def _line(self, limit: float) -> bytes:
        """The next line; empty when the process has ended, or (`_late`) none comes in time."""
        self._late = False
        try:
            return self._lines.get(timeout=limit)
        except queue.Empty:
            self._late = True
            return b""

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()


def _read(process: subprocess.Popen[bytes], lines: queue.SimpleQueue[bytes]) -> None:
    """Passes on the lines without their ends, and an empty one at the end of the stream."""
    try:
        for line in process.stdout or ():
            if line.strip():
                lines.put(line.strip())
    except (OSError, ValueError):
        pass
    lines.put(b"")
