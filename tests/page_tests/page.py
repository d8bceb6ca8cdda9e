"""Test pages: Markdown whose code blocks are files and whose comments say what is found in them.

A heading with code below it is a test. In it,

- a `py` block is a file; `# file: name.py` in its first line names it, and named files can import each other. Words
  behind `py` change the text: `crlf` its line ends, `bom` puts a byte order mark before it;
- `# error: [rule] "text"`, `# warning: ...` and `# information: ...` say that a finding of that rule begins in the
  line, with that text in its message. Several may stand in one line; in a line of its own the comment speaks of the
  next line. Findings and comments are matched one to one;
- `# revealed: DeiTModel` says what the expression of the line is, or what its assignment binds;
- a `fixed TITLE` block holds the text of the file above it after the fix of that title, without such comments;
- a `fixes` block lists all fixes that are offered for the file above it, in their order, with their safety;
- a `toml` block before the first test holds settings of the page: `rules`, and `environment` where the page is about
  real libraries instead of the stand-ins: one of those that tests set up, or "shipped" for what Keyward ships.

Pages of scripts that are run say more: see test_reported.py.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

try:
    import tomllib
except ImportError:  # Python 3.10
    import tomli as tomllib

EXPECTATION = re.compile(r'#\s*(error|warning|information): \[([\w-]+)\](?: "([^"]*)")?')
REVEALED = re.compile(r"#\s*revealed: (.+?)\s*$")
_COMMENTS = re.compile(r"\s*#\s*(?:error|warning|information|revealed|raises|warns): .*$")
_FENCE = re.compile(r"^```(.*)$")


@dataclass(frozen=True)
class Expected:
    """A finding that a comment asks for."""

    line: int
    """From 0."""
    severity: str
    rule: str
    text: str


@dataclass
class File:
    name: str
    text: str
    line: int
    """Of the page, from 1: where the block begins."""
    fixed: list[tuple[str, str]] = field(default_factory=list)
    """Title of a fix and the text after it."""
    fixes: list[str] | None = None

    @property
    def expected(self) -> list[Expected]:
        lines = self.text.splitlines()
        return [
            Expected(_target(lines, i), *match.groups(default=""))
            for i, line in enumerate(lines)
            for match in EXPECTATION.finditer(line)
        ]

    @property
    def revealed(self) -> list[tuple[int, str]]:
        """Line from 0, and what its expression is."""
        return [(i, m[1]) for i, line in enumerate(self.text.splitlines()) if (m := REVEALED.search(line))]


@dataclass
class Test:
    """A heading and the files below it."""

    __test__ = False
    title: str
    files: list[File] = field(default_factory=list)


@dataclass
class Page:
    path: Path
    tests: list[Test]
    settings: dict[str, object]


def read(path: Path, text: str | None = None) -> Page:
    """The tests of a page."""
    page = Page(path, [], {})
    test = Test(path.stem)
    lines = iter(enumerate((path.read_text("utf-8") if text is None else text).split("\n"), 1))
    for number, line in lines:
        if re.match(r"#+ ", line):
            test = Test(line.lstrip("# ").strip())
            page.tests.append(test)
        elif fence := _FENCE.match(line):
            content = []
            for _, inner in lines:
                if inner.strip() == "```":
                    break
                content.append(inner)
            _add(page, test, fence[1].strip(), "\n".join(content) + "\n", number)
    page.tests = [test for test in page.tests if test.files]
    return page


def _add(page: Page, test: Test, info: str, content: str, line: int) -> None:
    kind, _, rest = info.partition(" ")
    if kind == "toml":
        page.settings.update(tomllib.loads(content))
    elif kind == "py":
        named = re.match(r"# file: (\S+)\n", content)
        name = named[1] if named else f"block_{len(test.files) + 1}.py"
        if "crlf" in rest:
            content = content.replace("\n", "\r\n")
        if "bom" in rest:
            content = "\ufeff" + content
        test.files.append(File(name, content, line))
    elif kind == "fixed":
        test.files[-1].fixed.append((rest, content))
    elif kind == "fixes":
        test.files[-1].fixes = content.splitlines()


def without_comments(text: str) -> str:
    """The text without expectations, with plain line ends."""
    lines = (_COMMENTS.sub("", line) for line in text.replace("\r\n", "\n").removeprefix("\ufeff").split("\n"))
    return "\n".join(line.rstrip() for line in lines).rstrip() + "\n"


def _target(lines: list[str], line: int) -> int:
    """The line that an expectation in `line` speaks of."""
    while line < len(lines) and EXPECTATION.match(lines[line].strip()):
        line += 1
    return line
