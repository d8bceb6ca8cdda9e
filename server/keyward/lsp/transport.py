"""How bytes reach a server: over its standard streams, or over TCP."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass

from .protocol import Protocol

CHUNK = 1 << 16
INTERRUPTED = 130
"""Exit code of a process that was interrupted from the keyboard, as shells have it."""


@dataclass(frozen=True, slots=True)
class Connection:
    protocol: Protocol
    close: Callable[[], None]
    """Ends what the connection has started."""


Connect = Callable[[], Connection]


def over_stdio(connect: Connect) -> int:
    """Serves the client on the standard streams; the exit code.

    The streams are taken away from the rest of the process first, so that nothing printed by accident gets between
    two messages. Input is read in a thread of its own: a client that waits for us to read while we write is not a
    deadlock then.
    """
    source, sink = os.dup(sys.stdin.fileno()), os.dup(sys.stdout.fileno())
    os.dup2(os.open(os.devnull, os.O_RDONLY), sys.stdin.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())

    def write(data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[os.write(sink, view) :]

    async def serve() -> int:
        loop = asyncio.get_running_loop()
        connection = connect()
        protocol = connection.protocol
        protocol.connect(write)

        def read() -> None:
            data = b"more"
            while data:
                try:
                    data = os.read(source, CHUNK)
                except OSError:
                    data = b""
                try:
                    loop.call_soon_threadsafe(protocol.receive, data)
                except RuntimeError:  # the loop has ended first
                    return

        threading.Thread(target=read, name="reader", daemon=True).start()
        await protocol.ended.wait()
        connection.close()
        return protocol.exit_code

    try:
        return asyncio.run(serve())
    except KeyboardInterrupt:
        return INTERRUPTED


def over_tcp(connect: Connect, host: str, port: int, ready: Callable[[str, int], None]) -> None:
    """Serves any number of clients on a TCP address, until interrupted. `ready` is told the address that was bound.

    Raises OSError where the address cannot be bound.
    """

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = connect()
        protocol = connection.protocol
        protocol.connect(writer.write)
        ended = asyncio.ensure_future(protocol.ended.wait())
        while not protocol.ended.is_set():
            data = asyncio.ensure_future(reader.read(CHUNK))
            await asyncio.wait((data, ended), return_when=asyncio.FIRST_COMPLETED)
            if not data.done():
                data.cancel()
                break
            protocol.receive(data.result() if data.exception() is None else b"")
        ended.cancel()
        connection.close()
        writer.close()

    async def serve() -> None:
        server = await asyncio.start_server(connected, host, port)
        ready(*server.sockets[0].getsockname()[:2])
        async with server:
            await server.serve_forever()

    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve())
