"""The server: one connection's state, and the ways to start it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from .. import __version__
from ..session.session import Session
from ..text import Unit
from . import collector, lifecycle, requests, synchronisation, transport
from .analyst import Analyst
from .diagnostics import Diagnostics
from .guard import answered, handled
from .progress import ProgressBars
from .protocol import Protocol

logger = logging.getLogger(__name__)


class Server(LanguageServer):
    """What belongs to one connection. Handlers are in `lifecycle`, `synchronisation` and `requests`."""

    protocol: Protocol

    def __init__(self) -> None:
        super().__init__("keyward", __version__, protocol_cls=Protocol)
        self.loop = asyncio.get_running_loop()
        self.progress_bars = ProgressBars(self)
        self.session = Session(
            self._world_changed, self.progress_bars.tell, partial(self.on_loop, self.loop.call_later)
        )
        self.diagnostics = Diagnostics(self)
        self.analyst = Analyst(self.session, self.diagnostics.outdated)
        self.unit = Unit.UTF16
        self.watched: set[Path] = set()
        """Folders of libraries that the client watches."""
        for module in (lifecycle, synchronisation):
            for method, handler in module.NOTIFICATIONS.items():
                self.feature(method)(handled(method, partial(handler, self)))
        for method, (request, options, empty) in requests.REQUESTS.items():
            self.feature(method, options)(answered(method, partial(request, self), empty))

    def offer_diagnostics(self) -> None:
        """Answers the client's questions for diagnostics instead of pushing them."""
        self.diagnostics.pulled = True
        options = types.DiagnosticOptions(
            identifier="keyward", inter_file_dependencies=True, workspace_diagnostics=False
        )
        handler = answered(
            types.TEXT_DOCUMENT_DIAGNOSTIC, partial(requests.diagnostic, self), requests.no_diagnostics()
        )
        self.feature(types.TEXT_DOCUMENT_DIAGNOSTIC, options)(handler)

    def ask(self, method: str, parameters: Any) -> asyncio.Future[Any]:
        """A request to the client. Its failure is for whoever awaits it, or for nobody."""
        answer = asyncio.wrap_future(self.protocol.send_request(method, parameters), loop=self.loop)
        answer.add_done_callback(lambda done: done.cancelled() or done.exception())
        return answer

    def report_server_error(self, error: Exception, source: Any) -> None:
        """No message pops up in an editor for what only a log can explain."""
        logger.error("%s: %s", getattr(source, "__name__", source), error)

    def _world_changed(self) -> None:
        """Called from any thread when documents have to be judged anew."""
        self.on_loop(self.diagnostics.outdated)
        self.on_loop(lifecycle.watch_libraries, self)

    def on_loop(self, function: Callable[..., object], *arguments: Any) -> None:
        """Calls a function on the event loop; from any thread, and for nothing once the loop has ended."""
        with contextlib.suppress(RuntimeError):
            self.loop.call_soon_threadsafe(function, *arguments)

    def close(self) -> None:
        self.analyst.close()
        self.session.workspace.close()


def start_stdio() -> int:
    """Serves the client on standard input and output until it says `exit` or goes away; the exit code."""
    _prepare()
    return transport.over_stdio(_connection)


def start_tcp(host: str, port: int) -> None:
    """Serves clients on a TCP address until interrupted, each with a session of its own; port 0 takes a free one.

    Says on standard error which address it is. Raises OSError where it cannot be bound.
    """
    _prepare()
    transport.over_tcp(_connection, host, port, lambda h, p: logger.warning("Listening on %s:%s.", h, p))


def _connection() -> transport.Connection:
    server = Server()
    return transport.Connection(server.protocol, server.close)


def _prepare() -> None:
    """Logging to standard error, and no pause that is longer than what is between two key strokes."""
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="keyward: %(message)s")
    logging.getLogger("pygls").setLevel(logging.CRITICAL)
    collector.take_over()
    # A thread that computes gives way to the loop sooner than after Python's usual 5 ms.
    sys.setswitchinterval(0.001)
