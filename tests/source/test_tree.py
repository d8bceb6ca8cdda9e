"""A text parsed along with its edits gives what it gives when parsed afresh, whatever its line ends."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from keyward.source.tree import Source

LINES = st.sampled_from(
    (
        "import torch",
        "class Net(nn.Module):",
        "    def forward(self, x):",
        "        return x  # é漢😀",
        "",
        "model = Net()",
        "if model:",
        "    model(1, labels=2)",
    )
)
ENDS = st.sampled_from(("\n", "\r\n", "\r"))
TEXTS = st.builds(
    lambda mark, lines: mark + "".join(line + end for line, end in lines),
    st.sampled_from(("", "\ufeff")),
    st.lists(st.tuples(LINES, ENDS), max_size=12),
)


@given(
    TEXTS,
    st.lists(
        st.tuples(st.integers(0, 300), st.integers(0, 12), st.sampled_from(("", "\n", "\r", "x", "    "))), max_size=6
    ),
)
def test_edits_give_what_a_fresh_parse_gives(text: str, edits: list[tuple[int, int, str]]) -> None:
    source = Source.parse("train.py", text.encode())
    for at, length, new in edits:
        text = text[:at] + new + text[at + length :]
        source = source.edited(text.encode())
        fresh = Source.parse("train.py", text.encode())
        if not source.broken and not fresh.broken:
            assert [(unit.start, unit.end, unit.node) for unit in source.units] == [
                (unit.start, unit.end, unit.node) for unit in fresh.units
            ]
        assert source.text == fresh.text


def test_a_byte_order_mark_does_not_break_the_first_line() -> None:
    source = Source.parse("train.py", b"\xef\xbb\xbfimport torch\nx = 1\n")
    assert not source.broken
    assert [source.text[unit.start : unit.end] for unit in source.units] == [b"import torch", b"x = 1"]
