"""`keyward check --fix` and `--diff`."""

from __future__ import annotations

from pathlib import Path

import pytest

from keyward.cli import fixing
from keyward.rules.finding import Fix, Safety
from keyward.text import Edit, Span

from .conftest import Command
from .test_check import WRONG, write

SAFE = Fix("safe", Safety.SAFE, (Edit(Span(0, 1), "a"),))
UNSAFE = Fix("unsafe", Safety.UNSAFE, (Edit(Span(0, 1), "b"),))
PREFERRED = Fix("preferred", Safety.UNSAFE, (Edit(Span(0, 1), "c"),), preferred=True)


@pytest.mark.parametrize(
    ("fixes", "unsafe", "chosen"),
    [
        ([UNSAFE, SAFE], False, SAFE),
        ([UNSAFE, SAFE], True, SAFE),
        ([UNSAFE], False, None),
        ([UNSAFE], True, UNSAFE),
        ([UNSAFE, PREFERRED], True, PREFERRED),
        ([UNSAFE, UNSAFE], True, None),
        ([], True, None),
    ],
)
def test_which_fix_is_applied(fixes: list[Fix], unsafe: bool, chosen: Fix | None) -> None:
    assert fixing.chosen(fixes, unsafe) is chosen


def test_unsafe_fixes_have_to_be_asked_for(keyward: Command, project: Path) -> None:
    write(project, wrong=WRONG)
    result = keyward("check", "--fix")
    assert result.exit_code == 1
    assert (project / "wrong.py").read_text("utf-8") == WRONG
    result = keyward("check", "--fix", "--unsafe-fixes")
    assert (result.exit_code, result.stdout) == (0, "Nothing found in 1 file, 1 fix applied.\n")
    assert (project / "wrong.py").read_text("utf-8") == WRONG.replace("labels=y", "target=y")


def test_a_diff_changes_nothing(keyward: Command, project: Path) -> None:
    write(project, wrong=WRONG)
    result = keyward("check", "--diff", "--unsafe-fixes")
    assert result.exit_code == 1
    assert result.stdout == (
        "--- a/wrong.py\n"
        "+++ b/wrong.py\n"
        "@@ -2,4 +2,4 @@\n"
        " \n"
        " \n"
        " def loss(logits, y):\n"
        "-    return F.cross_entropy(logits, labels=y)\n"
        "+    return F.cross_entropy(logits, target=y)\n"
    )
    assert (project / "wrong.py").read_text("utf-8") == WRONG


def test_the_rest_of_the_file_stays_as_it_is(keyward: Command, project: Path) -> None:
    """Line ends, byte order mark, bytes that are no text, permissions, and a link."""
    text = b"\xef\xbb\xbf" + WRONG.encode().replace(b"\n", b"\r\n") + b"# \xff\xfe"
    write(project, wrong=text)
    (project / "wrong.py").chmod(0o750)
    (project / "link").mkdir()
    (project / "link" / "linked.py").symlink_to(project / "wrong.py")
    keyward("check", "link", "--fix", "--unsafe-fixes")
    assert (project / "link" / "linked.py").is_symlink()
    assert (project / "wrong.py").read_bytes() == text.replace(b"labels=y", b"target=y")
    assert (project / "wrong.py").stat().st_mode & 0o777 == 0o750
    assert sorted(path.name for path in project.iterdir()) == ["link", "wrong.py"]


def test_a_diff_without_a_last_line_end() -> None:
    diff = fixing.diff("x.py", b"a\nb", b"a\nc")
    assert diff.splitlines()[-4:] == ["-b", "\\ No newline at end of file", "+c", "\\ No newline at end of file"]
