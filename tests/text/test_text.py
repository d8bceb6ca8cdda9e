"""Positions in every unit, held against Python's own codecs; and the text that edits leave behind."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyward.text import Edit, LineIndex, Position, Span, Unit, apply_edits

LINES = st.text(alphabet="ab \té漢😀\r\n", max_size=40)
UNITS = st.sampled_from(list(Unit))


def width(text: str, unit: Unit) -> int:
    if unit is Unit.UTF8:
        return len(text.encode())
    return len(text.encode("utf-16-le")) // 2 if unit is Unit.UTF16 else len(text)


def expected_position(before: str, unit: Unit, after: str) -> Position:
    """By the protocol's words: lines end after LF, CRLF, or a CR that no LF follows."""
    lines = re.split(r"\r\n|\n|\r", before)
    if before.endswith("\r") and after.startswith("\n"):  # between the two there is no line end yet
        *head, second, _ = lines
        lines = [*head, second + "\r"]
    return Position(len(lines) - 1, width(lines[-1], unit))


@given(LINES, UNITS, st.data())
def test_position_counts_as_the_protocol_does(text: str, unit: Unit, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(text)))
    offset = len(text[:at].encode())
    assert LineIndex(text.encode()).position(offset, unit) == expected_position(text[:at], unit, text[at:])


@given(LINES, UNITS, st.data())
def test_offset_undoes_position(text: str, unit: Unit, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(text)))
    offset = len(text[:at].encode())
    lines = LineIndex(text.encode())
    between = text[:at].endswith("\r") and text[at:].startswith("\n")
    assert lines.offset(lines.position(offset, unit), unit) == offset - between


@given(LINES, UNITS, st.integers(-2, 50), st.integers(-2, 50))
def test_any_position_is_in_the_text_and_between_characters(text: str, unit: Unit, line: int, column: int) -> None:
    encoded = text.encode()
    offset = LineIndex(encoded).offset(Position(line, column), unit)
    assert 0 <= offset <= len(encoded)
    if unit is not Unit.UTF8:
        encoded[:offset].decode()


@pytest.mark.parametrize(
    ("unit", "column"),
    [(Unit.UTF8, 4 + 2 + 3 + 1), (Unit.UTF16, 2 + 1 + 1 + 1), (Unit.CODE_POINT, 1 + 1 + 1 + 1)],
)
def test_columns_behind_foreign_characters(unit: Unit, column: int) -> None:
    text = "x = 1\n😀é漢 call()".encode()
    assert LineIndex(text).position(text.index(b"call"), unit) == Position(1, column)


def test_invalid_bytes_count_one_each() -> None:
    lines = LineIndex(b"\xff\xfe call")
    assert lines.position(3, Unit.UTF16) == Position(0, 3)
    assert lines.offset(Position(0, 3), Unit.UTF16) == 3


@given(st.binary(max_size=30), st.data())
def test_edits_apply_in_any_order(text: bytes, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), min_size=4, max_size=4, unique=len(text) > 3)))
    edits = [Edit(Span(cuts[0], cuts[1]), "é"), Edit(Span(cuts[2], cuts[3]), "")]
    if edits[0].span.start == edits[1].span.start:
        return
    wanted = text[: cuts[0]] + "é".encode() + text[cuts[1] : cuts[2]] + text[cuts[3] :]
    assert apply_edits(text, edits) == apply_edits(text, reversed(edits)) == wanted


def test_overlapping_edits_are_refused() -> None:
    with pytest.raises(ValueError, match="overlap"):
        apply_edits(b"abcdef", [Edit(Span(0, 3), "x"), Edit(Span(2, 4), "y")])


def test_an_edit_counts_once_however_often_it_is_given() -> None:
    edit = Edit(Span(0, 0), "import torch\n")
    assert apply_edits(b"x", [edit, edit]) == b"import torch\nx"
