"""pygls' protocol, changed where it would lose a request, hold every text a second time, or end the process.

What differs: each request is answered exactly once, whatever its parameters; documents are kept by the session alone;
UTF-8 positions are chosen when the client offers them; `exit` ends this connection and leaves the process to its owner.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Generator
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.protocol import LanguageServerProtocol, lsp_method

from .framing import Framer, frame

if TYPE_CHECKING:
    from collections.abc import Callable

logger = logging.getLogger(__name__)


class Protocol(LanguageServerProtocol):
    """One connection: bytes in by `receive`, bytes out by what `connect` was given."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._framer = Framer()
        self._initialized = False
        self._write: Callable[[bytes], None] | None = None
        self.ended: asyncio.Event = asyncio.Event()
        """Set when nothing more is to be read: after `exit`, or when the client has gone."""

    @property
    def exit_code(self) -> int:
        """0 when the client asked for a shutdown before the end, as the protocol has it."""
        return 0 if self._shutdown else 1

    def connect(self, write: Callable[[bytes], None]) -> None:
        self._write = write
        self.set_writer(self, include_headers=False)

    def write(self, data: bytes) -> None:
        """What pygls sends; called by it alone."""
        if self._write is None or self.ended.is_set():
            return
        try:
            self._write(frame(data))
        except (OSError, ValueError):
            logger.info("The client has closed the connection.")
            self.ended.set()

    def close(self) -> None:
        self.ended.set()

    def receive(self, data: bytes) -> None:
        """Bytes from the client; no bytes: it has gone."""
        if not data:
            self.ended.set()
            return
        for body in self._framer.feed(data):
            if self.ended.is_set():
                return
            self._receive_message(body)

    def _receive_message(self, body: bytes) -> None:
        try:
            data = json.loads(body)
        except ValueError:
            logger.error("A message that is no JSON was left out.")
            return
        if not isinstance(data, dict) or data.get("jsonrpc") != self.VERSION:
            logger.error("A message that is no JSON-RPC 2.0 was left out.")
            return
        method, number = data.get("method"), data.get("id")
        if refusal := self._refusal(method):
            if method is not None and number is not None:
                self._send_response(number, error=refusal)
            return
        try:
            message = self.structure_message(data)
        except JsonRpcException as error:
            if method is not None and number is not None:
                self._send_response(number, error=error.to_response_error())
            return
        self.handle_message(message)

    def _refusal(self, method: object) -> types.ResponseError | None:
        """Why a message cannot be handled in the state that the connection is in."""
        if self._shutdown and method not in (None, types.EXIT):
            return types.ResponseError(types.ErrorCodes.InvalidRequest, "the server is shutting down")
        if not self._initialized and method not in (None, types.INITIALIZE, types.EXIT):
            return types.ResponseError(types.ErrorCodes.ServerNotInitialized, "the server is not initialized")
        return None

    @lsp_method(types.INITIALIZE)
    def lsp_initialize(self, params: types.InitializeParams) -> Generator[Any, Any, types.InitializeResult]:
        general = params.capabilities.general
        if general is not None and general.position_encodings:
            # A stable sort: UTF-8, which is what the server counts in, goes before the client's order.
            general.position_encodings = sorted(
                general.position_encodings, key=lambda encoding: encoding != types.PositionEncodingKind.Utf8
            )
        result = yield from super().lsp_initialize(params)
        self._initialized = True
        return result

    @lsp_method(types.EXIT)
    def lsp_exit(self, *args: Any) -> Generator[Any, Any, None]:
        yield from self._hand_on(types.EXIT, *args)
        self.ended.set()

    @lsp_method(types.TEXT_DOCUMENT_DID_OPEN)
    def lsp_text_document__did_open(self, params: types.DidOpenTextDocumentParams) -> Generator[Any, Any, None]:
        yield from self._hand_on(types.TEXT_DOCUMENT_DID_OPEN, params)

    @lsp_method(types.TEXT_DOCUMENT_DID_CHANGE)
    def lsp_text_document__did_change(self, params: types.DidChangeTextDocumentParams) -> Generator[Any, Any, None]:
        yield from self._hand_on(types.TEXT_DOCUMENT_DID_CHANGE, params)

    @lsp_method(types.TEXT_DOCUMENT_DID_CLOSE)
    def lsp_text_document__did_close(self, params: types.DidCloseTextDocumentParams) -> Generator[Any, Any, None]:
        yield from self._hand_on(types.TEXT_DOCUMENT_DID_CLOSE, params)

    def _hand_on(self, method: str, *arguments: Any) -> Generator[Any, Any, None]:
        if (handler := self.fm.features.get(method)) is not None:
            yield handler, arguments, None
