"""When and where documents are analysed: at once on the event loop where that is quick, else beside it in one thread.

Nothing here waits for the worker or for jedi: a snapshot is made from what is known now.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from ..features.snapshot import Snapshot
from ..session.documents import Document, Done
from ..session.session import Session
from .collector import Collector

LONGEST_PAUSE = 0.3
"""Seconds without a change after which a document that takes long is analysed, at the most."""
REST = 0.15
"""Seconds without a change after which other processes are set to work for a document: not while somebody types, and
not before the first diagnostics are out."""


class Analyst:
    def __init__(self, session: Session, told: Callable[[], None]) -> None:
        """`told` is called when there is a better snapshot than one that was handed out."""
        self._session = session
        self._told = told
        self._renewing: dict[str, asyncio.Task[Snapshot | None]] = {}
        self._collector = Collector()
        self._running: dict[str, asyncio.Task[Snapshot | None]] = {}
        self._thread: ThreadPoolExecutor | None = None
        self._resting: dict[str, asyncio.TimerHandle] = {}

    def current(self, uri: str) -> Generator[Any, Any, Snapshot | None]:
        """The snapshot of a document's present text, for handlers that are generators: `yield from` this.

        The handler runs on without a pause where the snapshot is there or quickly made, so that it sees the very text
        that its request is about.
        """
        self._session.workspace.look()
        task = self._session.task(uri)
        if task is None or task.light:
            return self.at_once(uri)
        if (document := self._session.documents.get(uri)) is not None and document.snapshot is not None:
            # It is about this text, and only less well informed than one could be.
            self._renew(uri)
            return document.snapshot
        snapshot: Snapshot | None = yield self.later, (uri,), None
        return snapshot

    def _renew(self, uri: str) -> None:
        if uri not in self._renewing:
            renewing = self._renewing[uri] = asyncio.ensure_future(self.later(uri))
            renewing.add_done_callback(partial(self._renewed, uri))

    def _renewed(self, uri: str, _: asyncio.Task[Snapshot | None]) -> None:
        del self._renewing[uri]
        self._told()

    def at_once(self, uri: str) -> Snapshot | None:
        """The snapshot of a document that takes no time, made now; None where it cannot be made."""
        document = self._session.documents.get(uri)
        if document is None:
            return None
        if (task := self._session.task(uri)) is not None:
            self._adopt(document, task.run())
        return document.snapshot

    async def later(self, uri: str) -> Snapshot | None:
        """The snapshot of a document, made beside the loop. Any number may wait for it: it is made once."""
        running = self._running.get(uri)
        if running is None or running.done():
            running = self._running[uri] = asyncio.ensure_future(self._make(uri))
            running.add_done_callback(partial(self._made, uri))
        return await asyncio.shield(running)

    def _made(self, uri: str, running: asyncio.Task[Snapshot | None]) -> None:
        if self._running.get(uri) is running:
            del self._running[uri]

    async def _make(self, uri: str) -> Snapshot | None:
        loop = asyncio.get_running_loop()
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, "analysis")
        while (document := self._session.documents.get(uri)) is not None:
            task = self._session.task(uri)
            if task is None:
                return document.snapshot
            if task.follows_edit:
                await asyncio.sleep(min(task.seconds or 0.0, LONGEST_PAUSE))
                if document.version != task.version:
                    continue
            self._adopt(document, await loop.run_in_executor(self._thread, task.run))
            if document.version == task.version:
                # Good enough, even if there is more to know by now: whoever is told so asks again.
                return document.snapshot
        return None

    def _adopt(self, document: Document, done: Done) -> None:
        document.adopt(done)
        self._collector.analysed()
        if (timer := self._resting.get(document.uri)) is not None:
            timer.cancel()
        loop = asyncio.get_running_loop()
        self._resting[document.uri] = loop.call_later(REST, self._set_to_work, document.uri)

    def _set_to_work(self, uri: str) -> None:
        del self._resting[uri]
        self._session.set_to_work(uri)

    def close(self) -> None:
        self._collector.close()
        for timer in self._resting.values():
            timer.cancel()
        if self._thread is not None:
            self._thread.shutdown(wait=False, cancel_futures=True)
