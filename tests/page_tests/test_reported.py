"""Mistakes that users report, in scripts that are run: what Keyward says of them is what happens.

Pages under tests/pages/reported are test pages whose last file of each test is a script that can be run, with tiny
random models. Beside what Keyward finds, comments say what happens at run time:

- `# raises: TypeError "text"`: the script ends in this line, or in what the line calls, with this exception;
- `# warns: "text"`: while it runs, this is warned of or logged.

A finding that is an error needs a line that raises, one that is information a warning of the library. Other findings
speak of what runs and does something else, which a change shows: without an argument that is ignored, or without that
key of a dictionary, the script prints and raises the same; after the first fix for anything else it does not.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from environments import ROOT, interpreter
from keyward.inference.world import World
from keyward.rules import RULES, UNUSED_IGNORE, Finding, RuleSettings, Severity
from keyward.session.oracle import Oracle
from keyward.text import Edit, apply_edits
from page_tests.page import File, Page, Test, read
from page_tests.real import signatures
from page_tests.running import Run, run_files

pytestmark = pytest.mark.real

PAGES = sorted((ROOT / "tests" / "pages" / "reported").glob("*.md"))
RAISES = re.compile(r'#\s*raises: (\w+)(?: "([^"]*)")?')
WARNS = re.compile(r'#\s*warns: "([^"]*)"')
LEAST_SCRIPTS = 80
IGNORED = "ignored-keyword"


@dataclass
class Outcome:
    """What became of a script."""

    printed: str
    raised: tuple[str, str] | None
    """Type and text."""
    places: list[tuple[str, int]]
    """Where an exception came by: names of files, and lines from 1."""
    warned: list[str]

    @staticmethod
    def of(told: dict[str, Any]) -> Outcome:
        raised = told["raised"]
        if raised is None:
            return Outcome(told["printed"], None, [], told["warned"])
        places = [(name, line) for name, line in raised["places"]]
        return Outcome(told["printed"], (raised["type"], raised["text"]), places, told["warned"])

    @property
    def seen(self) -> tuple[str, tuple[str, str] | None]:
        return self.printed, self.raised


@dataclass(frozen=True)
class Variant:
    """A script changed so that it shows whether a finding is right."""

    finding: Finding
    change: str
    same: bool
    """Whether it must do what the script does."""
    folder: Path


@dataclass
class Script:
    """A test, and the variants of it that are run."""

    test: Test
    folder: Path
    runs: list[tuple[File, Run]]
    variants: list[Variant] = field(default_factory=list)

    @property
    def findings(self) -> Iterator[Finding]:
        return (finding for _, run in self.runs for finding in run.checked.findings)

    def add_variants(self) -> None:
        """Write the files again for each finding that a change tells to be right or wrong."""
        for changed, run in self.runs:
            for finding in run.checked.findings:
                change = deciding(run, finding) if finding.severity is Severity.WARNING else None
                if change is None:
                    continue
                title, edits = change
                folder = self.folder.with_name(f"{self.folder.name}_{len(self.variants)}")
                for file, _ in self.runs:
                    text = file.text.encode()
                    write(folder / file.name, apply_edits(text, edits) if file is changed else text)
                self.variants.append(Variant(finding, title, finding.rule == IGNORED, folder))


def deciding(run: Run, finding: Finding) -> tuple[str, Sequence[Edit]] | None:
    """The change after which the script must do the same, or something else."""
    span = finding.span
    text = run.source.text[span.start : span.end].decode()
    if finding.rule == IGNORED and text.startswith("**"):
        others = f"key: item for key, item in dict({text[2:]}).items() if key != {finding.subject!r}"
        return f"without {finding.subject}", [Edit(span, f"**{{{others}}}")]
    for fix in run.fixes(finding):
        if fix.title.startswith("Remove the argument") == (finding.rule == IGNORED):
            return fix.title, fix.edits
    return None


def write(path: Path, text: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text)


def test_there_are_enough_of_them_and_of_every_rule() -> None:
    tests = [test for path in PAGES for test in read(path).tests]
    assert len(tests) >= LEAST_SCRIPTS
    found = {expected.rule for test in tests for file in test.files for expected in file.expected}
    assert found == {rule.name for rule in RULES} - {UNUSED_IGNORE}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_what_is_said_is_what_happens(path: Path, oracle: Oracle, tmp_path: Path) -> None:
    page = read(path)
    scripts = [made(page, test, oracle, tmp_path / str(number)) for number, test in enumerate(page.tests)]
    folders = [
        (script, folder) for script in scripts for folder in (script.folder, *(v.folder for v in script.variants))
    ]
    outcomes = dict(zip((folder for _, folder in folders), outcomes_of(page, folders, tmp_path), strict=True))
    problems = [f"{script.test.title}: {problem}" for script in scripts for problem in judged(script, outcomes)]
    assert not problems, "\n".join(problems)


def made(page: Page, test: Test, oracle: Oracle, folder: Path) -> Script:
    world = World(signatures(str(page.settings["environment"])))
    script = Script(test, folder, run_files(test.files, folder, world, RuleSettings(), oracle))
    script.add_variants()
    return script


def outcomes_of(page: Page, folders: list[tuple[Script, Path]], tmp_path: Path) -> list[Outcome]:
    asked = [{"folder": str(folder), "main": script.test.files[-1].name} for script, folder in folders]
    python, told = interpreter(str(page.settings["environment"])), tmp_path / "outcomes.json"
    command = [python, Path(__file__).with_name("runner.py"), told]
    done = subprocess.run(command, input=json.dumps(asked), capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stderr[-4000:]
    return [Outcome.of(outcome) for outcome in json.loads(told.read_text("utf-8"))]


def judged(script: Script, outcomes: dict[Path, Outcome]) -> Iterator[str]:
    """What differs from what is said."""
    outcome = outcomes[script.folder]
    raising = [
        (file.name, number, match)
        for file in script.test.files
        for number, line in enumerate(file.text.splitlines(), 1)
        if (match := RAISES.search(line))
    ]
    yield from judged_end(outcome, raising)
    for text in WARNS.findall("\n".join(file.text for file in script.test.files)):
        if not any(text in warned for warned in outcome.warned):
            yield f"{text!r} is not warned of: {outcome.warned}"
    severities = [finding.severity for finding in script.findings]
    if not severities:
        yield "nothing is found"
    if not severities.count(Severity.ERROR) <= len(raising) <= 1:
        yield "an error needs a line that raises, and no script more than one"
    if Severity.INFORMATION in severities and not WARNS.search("".join(file.text for file in script.test.files)):
        yield "no warning is told of for what is deprecated"
    shown = [variant.finding for variant in script.variants]
    for finding in script.findings:
        if finding.severity is Severity.WARNING and finding not in shown and not raising:
            yield f"nothing shows that this is so: {finding.message}"
    for variant in script.variants:
        after = outcomes[variant.folder].seen
        if (after == outcome.seen) != variant.same:
            yield f"{variant.change}: {outcome.seen} before, {after} after ({variant.finding.message})"


def judged_end(outcome: Outcome, raising: list[tuple[str, int, re.Match[str]]]) -> Iterator[str]:
    if not raising:
        if outcome.raised is not None or not outcome.printed:
            yield f"it must raise nothing and print something: {outcome.raised} in {outcome.places}"
        return
    name, line, match = raising[0]
    if outcome.raised is None:
        yield "it does not raise"
    elif outcome.raised[0] != match[1] or (match[2] or "") not in outcome.raised[1]:
        yield f"it raises {outcome.raised}"
    elif (name, line) not in outcome.places:
        yield f"it raises in {outcome.places}, not in line {line} of {name}"
