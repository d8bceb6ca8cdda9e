"""Long work in the background, shown by the client's own progress bars."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import uuid4

from lsprotocol import types
from pygls.capabilities import get_capability

if TYPE_CHECKING:
    from .server import Server


@dataclass(slots=True)
class _Bar:
    token: str
    ready: asyncio.Future[object]
    percentage: int = -1


class ProgressBars:
    """One bar for each title. `tell` may be called from any thread."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._bars: dict[str, _Bar] = {}

    def tell(self, title: str, message: str, done: int, total: int) -> None:
        """`done` of `total` steps are made; all of them: the bar goes."""
        self._server.on_loop(self._tell, title, message, done, total)

    def _tell(self, title: str, message: str, done: int, total: int) -> None:
        server = self._server
        if not get_capability(server.client_capabilities, "window.work_done_progress"):
            return
        bar = self._bars.get(title)
        if done >= total:
            if bar is not None:
                del self._bars[title]
                self._after_creation(bar, types.WorkDoneProgressEnd(message=message or None))
            return
        percentage = 100 * done // total
        if bar is None:
            token = str(uuid4())
            creation = types.WorkDoneProgressCreateParams(token=token)
            bar = self._bars[title] = _Bar(token, server.ask(types.WINDOW_WORK_DONE_PROGRESS_CREATE, creation))
            begin = types.WorkDoneProgressBegin(title=title, message=message or None, percentage=percentage)
            self._after_creation(bar, begin)
        elif bar.percentage != percentage:
            self._after_creation(bar, types.WorkDoneProgressReport(message=message or None, percentage=percentage))
        bar.percentage = percentage

    def _after_creation(
        self, bar: _Bar, value: types.WorkDoneProgressBegin | types.WorkDoneProgressReport | types.WorkDoneProgressEnd
    ) -> None:
        """Sends a step once the client has agreed to the bar; not at all where it has not."""

        def send(ready: asyncio.Future[object]) -> None:
            if not ready.cancelled() and ready.exception() is None:
                self._server.progress(types.ProgressParams(token=bar.token, value=value))

        bar.ready.add_done_callback(send)
