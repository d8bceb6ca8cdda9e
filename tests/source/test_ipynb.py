"""Notebook files: all that was not edited stays as it was, and damaged ones are one sentence."""

from __future__ import annotations

import copy
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyward.source import ipynb
from keyward.source.ipynb import NotebookError
from keyward.text import Edit, Span

TEXTS = st.lists(st.sampled_from(("x = 1\n", "# é漢😀\\\n", '"\t"\n', "\n", "f(1)\r\n")), max_size=4).map("".join)
SOURCES = st.one_of(TEXTS, TEXTS.map(lambda text: text.splitlines(keepends=True)), TEXTS.map(lambda text: [text]))


@given(
    st.lists(st.tuples(st.sampled_from(("code", "markdown")), SOURCES), max_size=5),
    st.sampled_from((None, 1, 2, "\t")),
    st.booleans(),
    st.sampled_from(("", "\n")),
    st.data(),
)
def test_files_keep_all_but_what_was_edited(
    cells: list[tuple[str, str | list[str]]], indent: int | str | None, ascii_only: bool, end: str, data: st.DataObject
) -> None:
    content = {
        "cells": [
            {"cell_type": kind, "metadata": {"source": "é"}, "outputs": [{"text": ["漢\\"]}], "source": source}
            for kind, source in cells
        ],
        "metadata": {},
        "nbformat": 4,
    }
    raw = json.dumps(content, indent=indent, ensure_ascii=ascii_only) + end
    file = ipynb.read(raw.encode())
    found = file.notebook.cells
    assert file.written(file.notebook) == raw.encode()
    assert [cell.number for cell in found] == [i for i, (kind, _) in enumerate(cells, 1) if kind == "code"]
    assert [cell.text.decode() for cell in found] == ["".join(source) for kind, source in cells if kind == "code"]
    if not found:
        return
    index = data.draw(st.integers(0, len(found) - 1))
    at = file.notebook.offset(index, 0)
    edited = file.notebook.edited([Edit(Span(at, at), "größer = 1\n")])
    assert edited is not None
    written = file.written(edited).decode()
    expected = copy.deepcopy(content)
    source = edited.cells[index].text.decode()
    was_list = isinstance(cells[found[index].number - 1][1], list)
    expected["cells"][found[index].number - 1]["source"] = (  # type: ignore[index]
        [line for line in source.replace("\n", "\n\0").split("\0") if line] if was_list else source
    )
    assert json.loads(written) == expected
    assert written.isascii() == raw.isascii()
    assert written.endswith("}" + end)
    if indent and was_list and any(cells[found[index].number - 1][1]):
        assert written == json.dumps(expected, indent=indent, ensure_ascii=ascii_only) + end


def test_each_line_of_a_cell_has_its_line_in_the_file() -> None:
    raw = '{\n "cells": [\n  {"cell_type": "code",\n   "source": [\n    "a\\n",\n    "é\\n",\n    "b"\n   ]\n  }\n ]\n}'
    file = ipynb.read(raw.encode())
    assert [file.line(0, at) for at in (0, 1, 2, 4, 5, 6)] == [5, 5, 6, 6, 7, 7]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "is no notebook: it is not JSON (line 1, column 1)"),
        (b'{"cells": [', "is no notebook: it is not JSON (line 1, column 12)"),
        (b"\xff", "is no notebook: it is not UTF-8"),
        (b"[]", "is no notebook: it has no cells"),
        (b'{"cells": {}}', "is no notebook: it has no cells"),
        (b'{"cells": [3]}', "is no notebook: cell 1 is none"),
        (b'{"cells": [{"cell_type": "code"}]}', "is no notebook: cell 1 has no source"),
        (b'{"cells": [{"cell_type": "code", "source": [1]}]}', "is no notebook: the source of cell 1 is no text"),
        (b'{"worksheets": [], "nbformat": 3}', "has the notebook format 3, and 4 is what can be read"),
        (b'{"cells": ' + b"[" * 100_000, "is no notebook: "),
    ],
)
def test_damaged_files_are_one_sentence(data: bytes, reason: str) -> None:
    with pytest.raises(NotebookError) as raised:
        ipynb.read(data)
    assert str(raised.value).startswith(reason)
    assert len(str(raised.value).splitlines()) == 1


@pytest.mark.parametrize(
    ("cell", "metadata", "python"),
    [
        ("{}", "{}", True),
        ('{"vscode": {"languageId": "sql"}}', "{}", False),
        ('{"vscode": {"languageId": "python"}}', "{}", True),
        ("{}", '{"language_info": {"name": "julia"}}', False),
        ("{}", '{"kernelspec": {"language": "R"}}', False),
        ("null", '{"kernelspec": {"language": "python"}, "language_info": 3}', True),
    ],
)
def test_other_languages_are_no_python(cell: str, metadata: str, python: bool) -> None:
    raw = f'{{"cells": [{{"cell_type": "code", "source": "x = 1", "metadata": {cell}}}], "metadata": {metadata}}}'
    assert ipynb.read(raw.encode()).notebook.text == (b"x = 1\n\n" if python else b"     \n\n")


def test_a_byte_order_mark_and_lone_surrogates_stay() -> None:
    raw = '\ufeff{"cells": [{"cell_type": "code", "source": "x = \'\\ud800\'\\n"}]}'.encode()
    file = ipynb.read(raw)
    assert file.written(file.notebook) == raw
    edited = file.notebook.edited([Edit(Span(0, 1), "y")])
    assert edited is not None
    assert json.loads(file.written(edited).decode("utf-8-sig"))["cells"][0]["source"] == "y = '\ud800'\n"
