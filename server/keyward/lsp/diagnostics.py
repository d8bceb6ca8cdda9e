"""Findings on their way to the client: pushed to those that cannot ask, asked for by the others. Never both."""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from typing import TYPE_CHECKING, Any

from lsprotocol import types

from ..features.snapshot import Snapshot
from . import convert

if TYPE_CHECKING:
    from .server import Server


class Diagnostics:
    def __init__(self, server: Server) -> None:
        self._server = server
        self.pulled = False
        """Whether the client asks, and is told when to ask again."""
        self._due: set[str] = set()
        self._pushed: dict[str, list[types.Diagnostic]] = {}
        self._reports: dict[str, tuple[int, list[types.Diagnostic]]] = {}
        self._last_id = 0
        self._waiting: set[asyncio.Task[None]] = set()

    def changed(self, uri: str) -> None:
        """A document has another text. Pushes once all messages that have arrived are handled."""
        if not self.pulled and uri not in self._due:
            self._due.add(uri)
            asyncio.get_running_loop().call_soon(self._push, uri)

    def outdated(self) -> None:
        """What documents are judged by has changed."""
        if self.pulled:
            self._server.ask(types.WORKSPACE_DIAGNOSTIC_REFRESH, None)
            return
        for uri in self._server.session.documents:
            self.changed(uri)

    def closed(self, uri: str) -> None:
        self._reports.pop(uri, None)
        self._pushed.pop(uri, None)
        if not self.pulled:
            self._publish(types.PublishDiagnosticsParams(uri=uri, diagnostics=[]))

    def report(self, uri: str, previous: str | None) -> Generator[Any, Any, types.DocumentDiagnosticReport]:
        """The answer to a client that asks; `previous` names the report that it has."""
        snapshot = yield from self._server.analyst.current(uri)
        items = self._items(uri, snapshot)
        number, last = self._reports.get(uri, (0, None))
        if items != last:
            self._last_id = number = self._last_id + 1
            self._reports[uri] = number, items
        elif previous == str(number):
            return types.RelatedUnchangedDocumentDiagnosticReport(result_id=previous)
        return types.RelatedFullDocumentDiagnosticReport(items=items, result_id=str(number))

    def _push(self, uri: str) -> None:
        self._due.discard(uri)
        session = self._server.session
        task = session.task(uri)
        if task is None or task.light:
            self._publish_snapshot(uri, self._server.analyst.at_once(uri))
        else:
            waiting = asyncio.ensure_future(self._push_later(uri))
            self._waiting.add(waiting)
            waiting.add_done_callback(self._waiting.discard)

    async def _push_later(self, uri: str) -> None:
        self._publish_snapshot(uri, await self._server.analyst.later(uri))

    def _publish_snapshot(self, uri: str, snapshot: Snapshot | None) -> None:
        document = self._server.session.documents.get(uri)
        if document is None:
            return
        items = self._items(uri, snapshot)
        if not items and self._pushed.get(uri) == []:
            return
        self._pushed[uri] = items
        self._publish(types.PublishDiagnosticsParams(uri=uri, version=document.version, diagnostics=items))

    def _items(self, uri: str, snapshot: Snapshot | None) -> list[types.Diagnostic]:
        if snapshot is None or not self._server.session.reports(uri):
            return []
        lines = snapshot.source.lines
        return [convert.from_finding(finding, lines, self._server.unit) for finding in snapshot.findings]

    def _publish(self, parameters: types.PublishDiagnosticsParams) -> None:
        self._server.text_document_publish_diagnostics(parameters)
