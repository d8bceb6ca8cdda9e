"""Checks files, a batch at a time: what each process of `check` does."""

from __future__ import annotations

import os
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from ..features.snapshot import Snapshot, take
from ..inference.answers import Answer, Question
from ..session.workspace import Workspace
from . import fixing
from .files import why
from .report import FileReport, file_report

N_BATCH = 64
"""Files whose snapshots are held at a time."""
N_ROUNDS = 8
"""An answer about another file can raise the next question, but not for ever."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be done with the files; plain data, for any process."""

    python: str = ""
    cache: str = ""
    fix: bool = False
    unsafe: bool = False
    show_diff: bool = False


@dataclass
class _File:
    """A file and how far it has come: a snapshot first, then a report."""

    name: str
    snapshot: Snapshot | None = None
    report: FileReport | None = None

    @contextmanager
    def guarded(self) -> Iterator[None]:
        """What goes wrong inside is this file's problem, and ends its way."""
        try:
            yield
        except OSError as error:
            self._give_up(f"{self.name} could not be read or written: {why(error)}.")
        except Exception:
            message = (
                f"{self.name} could not be checked because of an error in Keyward (run with --verbose for details)."
            )
            self._give_up(message, traceback.format_exc())

    def _give_up(self, problem: str, details: str = "") -> None:
        self.snapshot = None
        self.report = FileReport(self.name, problem=problem, details=details)


def make_workspace(request: Request) -> Workspace:
    """A workspace without folders: interpreters and modules are looked for from each file upwards."""
    workspace = Workspace(cache=Path(request.cache) if request.cache else None)
    if request.python:
        workspace.configure({"python": request.python})
    return workspace


def inspect(names: Sequence[str], request: Request) -> Iterator[list[FileReport]]:
    """The reports of the files, batch by batch, in their order."""
    workspace = make_workspace(request)
    try:
        for start in range(0, len(names), N_BATCH):
            yield _batch([_File(name) for name in names[start : start + N_BATCH]], workspace, request)
    finally:
        workspace.close()


def inspect_all(names: Sequence[str], request: Request) -> list[FileReport]:
    """The same in one list, for another process."""
    return [report for reports in inspect(names, request) for report in reports]


def _batch(files: Sequence[_File], workspace: Workspace, request: Request) -> list[FileReport]:
    for file in files:
        with file.guarded():
            path = os.path.abspath(file.name)
            text = Path(file.name).read_bytes()
            file.snapshot = take(path, 0, text, workspace.world(path), workspace.settings(path).rules)
    for _ in range(N_ROUNDS):
        if not _look_beyond(files, workspace):
            break
    reports = []
    for file in files:
        with file.guarded():
            if file.snapshot is not None:
                file.report = _report(file.name, file.snapshot, workspace, request)
        assert file.report is not None
        reports.append(file.report)
        file.snapshot = None
    return reports


def _look_beyond(files: Sequence[_File], workspace: Workspace) -> bool:
    """Has questions about other files answered, and takes new snapshots where that tells something; False: none did."""
    asking = [
        (file, file.snapshot, questions)
        for file in files
        if file.snapshot is not None and (questions := _open(file.snapshot, workspace))
    ]
    for _, snapshot, questions in asking:
        workspace.ground(snapshot.path).ask(snapshot.path, questions)
    for file, snapshot, questions in asking:
        with file.guarded():
            workspace.ground(snapshot.path).ask_all(questions)
            answers = workspace.world(snapshot.path).answers
            if any(answer is not None and _tells(answer) for answer in map(answers.get, questions)):
                file.snapshot = _again(snapshot.text, snapshot, workspace)
    return bool(asking)


def _open(snapshot: Snapshot, workspace: Workspace) -> list[Question]:
    answers = workspace.world(snapshot.path).answers
    return [question for question in snapshot.analysis.questions if answers.get(question) is None]


def _tells(answer: Answer) -> bool:
    """Whether an answer says more than that nothing is known, which is what a question without one counts as."""
    return answer.known or answer.missing or answer.definition is not None


def _again(text: bytes, snapshot: Snapshot, workspace: Workspace) -> Snapshot:
    return take(snapshot.path, 0, text, workspace.world(snapshot.path), snapshot.settings, snapshot)


def _report(name: str, snapshot: Snapshot, workspace: Workspace, request: Request) -> FileReport:
    if not request.fix:
        return file_report(name, snapshot)
    mended, n_fixed = fixing.fixed(snapshot, request.unsafe, lambda text, old: _again(text, old, workspace))
    if request.show_diff:
        return replace(file_report(name, snapshot), diff=fixing.diff(name, snapshot.text, mended.text))
    if mended.text != snapshot.text:
        fixing.write(name, mended.text)
    return replace(file_report(name, mended), n_fixed=n_fixed)
