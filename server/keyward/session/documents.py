"""The documents that the client has opened: their text as it is now, and the last snapshot of each.

Not thread-safe, on purpose: the event loop alone touches it. What takes long is handed out as a `Task`, which may run
anywhere because it holds immutable things only, and its result is adopted if it is still about the current text.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass, replace
from time import perf_counter

from ..features.snapshot import Snapshot, take
from ..inference.world import World
from ..rules import RuleSettings
from ..text import LineIndex, Position, Unit

logger = logging.getLogger(__name__)

LIGHT_SECONDS = 0.05
"""What took longer the last time is not done between two key strokes, but beside them."""
LIGHT_BYTES_WHOLE = 100_000
LIGHT_BYTES_EDIT = 1_000_000
"""Sizes of texts up to which that is expected to be light which was not done yet."""


@dataclass(frozen=True, slots=True)
class Change:
    """New text for a range of the document as it is after the changes before; without a range, for all of it."""

    text: str
    range: tuple[Position, Position] | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """A snapshot that is due, and all it takes to make it."""

    path: str
    version: int
    text: bytes
    world: World
    settings: RuleSettings
    previous: Snapshot | None
    seconds: float | None
    """How long such a task of this document took the last time; None: there was none."""

    @property
    def follows_edit(self) -> bool:
        """Whether all that has changed is the text, so that most of the work is done already."""
        return self.previous is not None and self.previous.world is self.world

    @property
    def light(self) -> bool:
        """Whether it is done so fast that it need not leave the event loop."""
        if self.seconds is not None:
            return self.seconds < LIGHT_SECONDS
        return len(self.text) < (LIGHT_BYTES_EDIT if self.follows_edit else LIGHT_BYTES_WHOLE)

    def run(self) -> Done:
        """Never raises: what goes wrong is logged, and there is no snapshot then."""
        started = perf_counter()
        snapshot = None
        try:
            snapshot = take(self.path, self.version, self.text, self.world, self.settings, self.previous)
        except Exception:
            logger.exception("%s could not be analysed.", self.path)
        return Done(self, snapshot, perf_counter() - started)


@dataclass(frozen=True, slots=True)
class Done:
    task: Task
    snapshot: Snapshot | None
    seconds: float


class Document:
    """One open document."""

    def __init__(self, uri: str, path: str, version: int, text: str) -> None:
        self.uri = uri
        self.path = path
        self.version = version
        self.text = encoded(text)
        self._snapshot: Snapshot | None = None
        self._done: Task | None = None
        self._lines: LineIndex | None = None
        self._seconds: dict[bool, float] = {}
        """How long the last task took, by whether it followed an edit."""

    @property
    def snapshot(self) -> Snapshot | None:
        """The snapshot of the present text; None: there is none, or it could not be made."""
        snapshot = self._snapshot
        return snapshot if snapshot is not None and snapshot.version == self.version else None

    def change(self, version: int, changes: Iterable[Change], unit: Unit) -> None:
        """Applies the changes, one after the other. Columns are in `unit`."""
        for change in changes:
            new = encoded(change.text)
            if change.range is None:
                self.text = new
            else:
                lines = self._present_lines()
                start, end = (lines.offset(position, unit) for position in change.range)
                self.text = self.text[:start] + new + self.text[max(start, end) :]
            self._lines = None
        self.version = version

    def _present_lines(self) -> LineIndex:
        if self._lines is None:
            old = self._snapshot
            self._lines = old.source.lines if old is not None and old.text is self.text else LineIndex(self.text)
        return self._lines

    def task(self, world: World, settings: RuleSettings) -> Task | None:
        """What is to be done to be current; None: nothing."""
        done = self._done
        if done is not None and done.version == self.version and done.world is world and done.settings == settings:
            return None
        task = Task(self.path, self.version, self.text, world, settings, self._snapshot, None)
        return replace(task, seconds=self._seconds.get(task.follows_edit))

    def adopt(self, done: Done) -> None:
        """Takes the outcome of a task of this document; the latest one counts."""
        if self._done is not None and self._done.version > done.task.version:
            return
        self._done = done.task
        self._seconds[done.task.follows_edit] = done.seconds
        if done.snapshot is not None:
            if self._snapshot is not None and self._snapshot.analysis is not done.snapshot.analysis:
                self._snapshot.analysis.retire()
            self._snapshot = done.snapshot


def encoded(text: str) -> bytes:
    """UTF-8. A lone surrogate, which JSON can carry, becomes "?": one unit in UTF-16, as it was."""
    return text.encode("utf-8", "replace")
