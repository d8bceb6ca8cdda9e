"""Notifications about documents and files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lsprotocol import types

from . import convert, lifecycle

if TYPE_CHECKING:
    from .server import Server

AFTER_OPENING = 0.5
"""Seconds after which the client is asked to watch the libraries of a document."""


def did_open(server: Server, parameters: types.DidOpenTextDocumentParams) -> None:
    document = parameters.text_document
    server.session.open(document.uri, convert.to_path(document.uri), document.version, document.text)
    server.diagnostics.changed(document.uri)
    # After the diagnostics: those find out which libraries count.
    server.loop.call_later(AFTER_OPENING, lifecycle.watch_libraries, server)


def did_change(server: Server, parameters: types.DidChangeTextDocumentParams) -> None:
    document = parameters.text_document
    changes = convert.to_changes(parameters.content_changes)
    server.session.change(document.uri, document.version, changes, server.unit)
    server.diagnostics.changed(document.uri)


def did_save(server: Server, parameters: types.DidSaveTextDocumentParams) -> None:
    server.session.workspace.files_changed([convert.to_path(parameters.text_document.uri)])


def did_close(server: Server, parameters: types.DidCloseTextDocumentParams) -> None:
    uri = parameters.text_document.uri
    server.session.close(uri)
    server.diagnostics.closed(uri)


def did_change_watched_files(server: Server, parameters: types.DidChangeWatchedFilesParams) -> None:
    server.session.workspace.files_changed([convert.to_path(change.uri) for change in parameters.changes])


NOTIFICATIONS: dict[str, Any] = {
    types.TEXT_DOCUMENT_DID_OPEN: did_open,
    types.TEXT_DOCUMENT_DID_CHANGE: did_change,
    types.TEXT_DOCUMENT_DID_SAVE: did_save,
    types.TEXT_DOCUMENT_DID_CLOSE: did_close,
    types.WORKSPACE_DID_CHANGE_WATCHED_FILES: did_change_watched_files,
}
