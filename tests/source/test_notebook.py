"""Notebooks as one source: places there and in cells are the same ones, and what is no Python is blanked in place."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyward.source.notebook import Cell, Notebook
from keyward.source.tree import Source
from keyward.text import Edit, Span, apply_edits

PYTHON = st.sampled_from(
    ("x = 1", "# é漢😀", "", "def f(a):", "    return a", "f(1)", "s = 'd'", "y = [1,", "  2]", "\tz")
)
OTHER = st.sampled_from(
    ("%time f()", "!ls 漢", "  !cd x \\", "x?", "?x", "x = !ls", "%%bash", "%%time", '"""', "!", "x = %y", "f(", ")")
)
ENDS = st.sampled_from(("\n", "\r\n"))


def texts(lines: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Of cells, with a line end at their end or without."""
    joined = st.lists(st.tuples(lines, ENDS), max_size=6).map(lambda them: "".join(line + end for line, end in them))
    return st.builds(lambda text, cut: text[:-1] if cut and text.endswith("\n") else text, joined, st.booleans())


def notebook(*cells: str) -> Notebook:
    return Notebook(tuple(Cell(number, text.encode()) for number, text in enumerate(cells, 1)))


CELLS = st.lists(texts(st.one_of(PYTHON, OTHER)), max_size=5)
PURE = st.lists(texts(PYTHON), min_size=1, max_size=5)


@given(CELLS)
def test_places_go_there_and_back(cells: list[str]) -> None:
    found = notebook(*cells)
    for index, cell in enumerate(found.cells):
        for at in range(len(cell.text) + 1):
            offset = found.offset(index, at)
            assert found.place(offset) == (index, at)
            assert found.span(Span(offset, offset)) == (index, Span(at, at))
    for offset in range(len(found.text) + 1):
        place = found.place(offset)
        if place is None:
            assert not cells
        elif found.offset(*place) != offset:  # the line end or the empty line that the source adds
            assert place[1] == len(found.cells[place[0]].text)


@given(CELLS)
def test_what_is_blanked_keeps_its_length_and_lines(cells: list[str]) -> None:
    found = notebook(*cells)
    for index, cell in enumerate(found.cells):
        start = found.offset(index, 0)
        shown = found.text[start : start + len(cell.text)]
        assert len(shown) == len(cell.text)
        assert [shown[at] for at, byte in enumerate(cell.text) if byte in b"\r\n"] == [
            byte for byte in cell.text if byte in b"\r\n"
        ]


@given(PURE, st.data())
def test_edits_of_the_source_are_edits_of_the_cells(cells: list[str], data: st.DataObject) -> None:
    """The source after edits is that of the notebook after them, but for line ends that end a cell."""
    found = notebook(*cells)
    index = data.draw(st.integers(0, len(cells) - 1))
    text = found.cells[index].text.decode()
    start, end = sorted(data.draw(st.tuples(st.integers(0, len(text)), st.integers(0, len(text)))))
    new = data.draw(st.sampled_from(("", "x", "b = 2\n")))
    places = [found.offset(index, len(text[:at].encode())) for at in (start, end)]
    edit = Edit(Span(*places), new)
    after = found.edited([edit])
    assert after is not None
    assert after.cells[:index] + after.cells[index + 1 :] == found.cells[:index] + found.cells[index + 1 :]
    expected = text[:start] + new + text[end:]
    got = after.cells[index].text.decode()
    assert got == expected or got + "\n" == expected or got == expected + "\n"
    joined = apply_edits(found.text, [edit])
    assert after.text.replace(b"\n", b"") == joined.replace(b"\n", b"")


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        ("%matplotlib inline\nx = 1", "0                 \nx = 1"),
        ("!pip install \\\n  torch\nx = 1", "0             \n       \nx = 1"),
        ("if x:\n    !ls\n", "if x:\n    0  \n"),
        ("files = !ls *.py", "files = __      "),
        ("a, b = %time f()", "a, b = __       "),
        ("model?", "0     "),
        ("pip install torch", "0                "),
        ("??model.forward", "0              "),
        ("%%bash\nls é", "      \n     "),
        ("\n%%time -x\nx = 1", "\n         \nx = 1"),
        ("%%timeit\nx = 1", "        \n     "),
    ],
)
def test_what_is_no_python(cell: str, shown: str) -> None:
    source = notebook(cell).text.decode()
    assert source == (shown if shown.endswith("\n") else shown + "\n") + "\n"
    assert not Source.parse("x.py", source.encode()).broken


@pytest.mark.parametrize(
    "cell",
    [
        "print('%d'\n  % 3)",
        "x = 7 \\\n  % 3",
        's = """\n%d items\n!important\nwhat?\n"""',
        "x = (1  # (\n % 2)",
        "x != 3\ny %= 2",
        "pip = 3\npip .install(x)",
        "f'{x!r}' if x else '\\''\nx",
        "# what?",
        "s = 'a(' ; t = {'b': '['}\ny = 1",
        "s = 'never ended\nx = (1\n % 2)",
    ],
)
def test_what_is_python_stays(cell: str) -> None:
    assert notebook(cell).text.decode() == cell + "\n\n"


@pytest.mark.parametrize(
    ("cells", "start", "end", "text"),
    [
        (["%%time\nx = 1"], 0, 0, "import y\n"),
        (["%%bash\nls"], 6, 6, "import y\n"),
        (["!ls\nx"], 1, 2, "z"),
        (["!ls\nx"], 0, 0, "z"),
        (["x = 1", "y = 2"], 4, 8, "z"),
        ([], 0, 0, "z"),
    ],
)
def test_edits_that_would_touch_what_is_no_python(cells: list[str], start: int, end: int, text: str) -> None:
    assert notebook(*cells).edited([Edit(Span(start, end), text)]) is None


def test_a_line_after_the_last_one_of_a_cell_stays_in_the_cell() -> None:
    after = notebook("import a", "%%bash\nls").edited([Edit(Span(9, 9), "import b\n")])
    assert after is not None
    assert [cell.text for cell in after.cells] == [b"import a\nimport b", b"%%bash\nls"]
    after = notebook("!ls\nx").edited([Edit(Span(0, 0), "import b\n")])
    assert after is not None
    assert after.cells[0].text == b"import b\n!ls\nx"
