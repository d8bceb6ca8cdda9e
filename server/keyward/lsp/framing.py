"""The base protocol's framing: headers, a blank line, a body of as many bytes as the headers say."""

from __future__ import annotations

from collections.abc import Iterator


class Framer:
    """Cuts a stream of bytes, fed in pieces of any size, into message bodies.

    A header block without a length is skipped: whatever it was, the next block is read on its own.
    """

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._length: int | None = None

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The bodies that are complete after `data`."""
        self._buffer += data
        while True:
            if self._length is None:
                end = self._buffer.find(b"\r\n\r\n")
                if end < 0:
                    return
                self._length = _length(self._buffer[:end])
                del self._buffer[: end + 4]
            elif len(self._buffer) >= self._length:
                body = bytes(self._buffer[: self._length])
                del self._buffer[: self._length]
                self._length = None
                yield body
            else:
                return


def frame(body: bytes) -> bytes:
    return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


def _length(headers: bytearray) -> int | None:
    for line in headers.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length" and value.strip().isdigit():
            return int(value)
    return None
