"""The server's copy of a text is the client's, whatever is typed and however positions are counted."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyward.session.documents import Change, Document
from keyward.text import Position, Unit

ALPHABET = "ab( \té漢😀\r\n"
TEXTS = st.text(alphabet=ALPHABET, max_size=30)
ENCODINGS = {Unit.UTF8: "utf-8", Unit.UTF16: "utf-16-le", Unit.CODE_POINT: "utf-32-le"}
UNIT_BYTES = {Unit.UTF8: 1, Unit.UTF16: 2, Unit.CODE_POINT: 4}


def position(text: str, at: int, unit: Unit) -> Position:
    """The client's way to count: by lines as it splits them, and by its own units."""
    lines = text[:at].replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return Position(len(lines) - 1, len(lines[-1].encode(ENCODINGS[unit])) // UNIT_BYTES[unit])


@given(text=TEXTS, unit=st.sampled_from(list(Unit)), data=st.data())
def test_any_edits_leave_the_clients_text(text: str, unit: Unit, data: st.DataObject) -> None:
    document = Document("file:///a.py", "/a.py", 1, text)
    for version in range(2, 6):
        changes = []
        for _ in range(data.draw(st.integers(1, 3))):
            start = data.draw(st.integers(0, len(text)))
            end = data.draw(st.integers(start, len(text)))
            if any(text[:at].endswith("\r") and text[at:].startswith("\n") for at in (start, end)):
                continue  # no client can point between the two
            new = data.draw(st.text(alphabet=ALPHABET, max_size=5))
            changes.append(Change(new, (position(text, start, unit), position(text, end, unit))))
            text = text[:start] + new + text[end:]
        document.change(version, changes, unit)
        assert document.text.decode() == text
        assert document.version == version


@pytest.mark.parametrize("unit", list(Unit))
def test_a_change_without_a_range_replaces_all(unit: Unit) -> None:
    document = Document("file:///a.py", "/a.py", 1, "old")
    document.change(2, [Change("new 😀"), Change("!", (Position(0, 0), Position(0, 3)))], unit)
    assert document.text.decode() == "! 😀"


def test_ranges_outside_the_text_are_clamped() -> None:
    document = Document("file:///a.py", "/a.py", 1, "ab\n")
    document.change(2, [Change("c", (Position(7, 0), Position(9, 9)))], Unit.UTF16)
    assert document.text == b"ab\nc"


def test_a_lone_surrogate_is_one_unit() -> None:
    document = Document("file:///a.py", "/a.py", 1, "x\ud83dy")
    document.change(2, [Change("z", (Position(0, 2), Position(0, 3)))], Unit.UTF16)
    assert document.text == b"x?z"
