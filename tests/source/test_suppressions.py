"""Which comments silence rules, and where exactly they stand."""

from __future__ import annotations

import pytest

from keyward.source.tree import Source


def told(text: str) -> list[tuple[int, str, list[str], bool]]:
    source = Source.parse("train.py", text.encode())
    found = []
    for comment in source.suppressions:
        names = [name for name, _ in comment.names]
        assert names == [source.text[span.start : span.end].decode() for _, span in comment.names]
        written = source.text[comment.span.start : comment.span.end].decode()
        found.append((comment.line, written, names, comment.whole_file))
    return found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("x = 1  # keyward: ignore\n", [(0, "# keyward: ignore", [], False)]),
        ("x = 1  #keyward:ignore[a-b]", [(0, "#keyward:ignore[a-b]", ["a-b"], False)]),
        ("x = 1  # keyward: ignore [a-b,c-d]  why\n", [(0, "# keyward: ignore [a-b,c-d]", ["a-b", "c-d"], False)]),
        ("x = 1  # keyward: ignore[a-b", [(0, "# keyward: ignore[a-b", ["a-b"], False)]),
        ("x = 1  # keyward: ignore[a # noqa", [(0, "# keyward: ignore[a ", ["a"], False)]),
        ("\n# keyward: ignore-file[a-b]\n", [(1, "# keyward: ignore-file[a-b]", ["a-b"], True)]),
        ("x = 1  # noqa # keyward: ignore # é\r\n", [(0, "# keyward: ignore", [], False)]),
        ("\ufeffx = f(  # keyward: ignore[a-b]\r    1)", [(0, "# keyward: ignore[a-b]", ["a-b"], False)]),
        ("x = f(\n  # keyward: ignore\n", [(1, "# keyward: ignore", [], False)]),
    ],
)
def test_comments(text: str, found: list[tuple[int, str, list[str], bool]]) -> None:
    assert told(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "x = 1  # keyward: ignored",
        "x = 1  # keyward: ignore-files",
        "x = '# keyward: ignore'",
        'x = """\n# keyward: ignore\n"""',
        "x = 1  # keyward ignore",
        "x = 1  # see keyward: ignore",
    ],
)
def test_what_is_none(text: str) -> None:
    assert told(text) == []


def test_what_a_comment_covers() -> None:
    source = Source.parse("x.py", b"a  # keyward: ignore[r]\nb  # keyward: ignore\nc\n# keyward: ignore-file[s]\n")
    assert [source.ignored(line, "r") for line in range(4)] == [True, True, False, False]
    assert all(source.ignored(line, "s") for line in range(4))
    assert not source.ignored(1, "r", by_name=True)
    assert source.ignored(0, "r", by_name=True)
