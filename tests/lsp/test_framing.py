"""Bytes become messages, in whatever pieces they come."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from keyward.lsp.framing import Framer, frame


@given(st.lists(st.binary(max_size=20), max_size=5), st.lists(st.integers(1, 9), max_size=40))
def test_any_pieces_give_the_same_messages(bodies: list[bytes], sizes: list[int]) -> None:
    stream = b"".join(frame(body) for body in bodies)
    framer, found = Framer(), []
    for size in sizes:
        found += framer.feed(stream[:size])
        stream = stream[size:]
    found += framer.feed(stream)
    assert found == bodies


def test_headers_in_any_case_and_order() -> None:
    stream = b"Content-Type: x; charset=utf-8\r\ncontent-LENGTH:  2 \r\n\r\nhi"
    assert list(Framer().feed(stream)) == [b"hi"]


def test_a_block_without_a_length_is_skipped() -> None:
    stream = b"nonsense\r\n\r\n" + b"Content-Length: many\r\n\r\n" + frame(b"hi")
    assert list(Framer().feed(stream)) == [b"hi"]
