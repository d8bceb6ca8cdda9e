"""Files that tell whether they are whole: a line "keyward FORMAT CHECKSUM ABOUT", and compressed content.

`ABOUT` is JSON for whom the content would be too much. The checksum is that of all that follows it.
"""

from __future__ import annotations

import zlib

import msgspec

from .model import FORMAT

_MAGIC = b"keyward"


class Unusable(ValueError):
    """A file that cannot be used; the text says why, for the end of a sentence: "it is damaged"."""


class NewerFormat(Unusable):
    """A file that a later Keyward has written."""


class Sealed(msgspec.Struct, frozen=True):
    """A file of this kind that is whole."""

    about: bytes
    body: bytes

    def content(self) -> bytes:
        """Raises Unusable: the body is not what was compressed, although its checksum is right."""
        try:
            return zlib.decompress(self.body)
        except zlib.error as error:
            raise Unusable("it is damaged") from error


def seal(content: bytes, about: object = None) -> bytes:
    """The bytes of a file."""
    rest = msgspec.json.encode(about) + b"\n" + zlib.compress(content, 9)
    return b"%s %d %08x " % (_MAGIC, FORMAT, zlib.crc32(rest)) + rest


def unseal(sealed: bytes) -> Sealed:
    """What was sealed.

    Raises:
        NewerFormat: a later Keyward has written it.
        Unusable: it is damaged, or of an earlier format.
    """
    magic, _, after = sealed.partition(b" ")
    written, _, after = after.partition(b" ")
    checksum, _, rest = after.partition(b" ")
    if magic != _MAGIC or not written.isdigit():
        raise Unusable("it is damaged")
    if int(written) > FORMAT:
        raise NewerFormat("it was written by a newer Keyward")
    if int(written) < FORMAT:
        raise Unusable("it was written by an older Keyward")
    if checksum != b"%08x" % zlib.crc32(rest):
        raise Unusable("it is damaged")
    about, _, body = rest.partition(b"\n")
    return Sealed(about, body)
