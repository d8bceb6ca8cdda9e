"""Checks files, a batch at a time: what each process of `check` does."""

from __future__ import annotations

import gc
import os
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from ..features.snapshot import Snapshot, take
from ..inference.answers import Answer, Question
from ..session import settings_files
from ..session.workspace import Workspace
from ..signatures.store import Installed, same_version
from ..source.ipynb import NotebookError
from . import fixing
from .content import Content, content
from .files import why
from .report import FileReport, file_report, upgrade_report

N_BATCH = 32
"""Files whose snapshots are held at a time."""
N_ROUNDS = 8
"""An answer about another file can raise the next question, but not for ever."""


Excluded = Callable[[str], bool]
"""Says of a file (or, with a separator at its end, of a folder) whether settings leave it out."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be done with the files; plain data, for any process."""

    python: str = ""
    cache: str = ""
    fix: bool = False
    unsafe: bool = False
    show_diff: bool = False
    against: tuple[Installed, ...] | None = None
    """Versions that are judged by in place of the installed ones; None: those that settings name."""
    settings: Mapping[str, object] = field(default_factory=dict)
    """What the command line sets, raw."""
    texts: Mapping[str, bytes] = field(default_factory=dict)
    """Texts of files that are not read from the disk, by name."""
    config: str = ""
    """The file of settings for all files; "": the nearest of each."""


@dataclass
class _File:
    """A file and how far it has come: a snapshot first, then a report."""

    name: str
    content: Content | None = None
    snapshot: Snapshot | None = None
    report: FileReport | None = None

    @contextmanager
    def guarded(self) -> Iterator[None]:
        """What goes wrong inside is this file's problem, and ends its way."""
        try:
            yield
        except NotebookError as error:
            self._give_up(f"{self.name} {error}.")
        except OSError as error:
            self._give_up(f"{self.name} could not be read or written: {why(error)}.")
        except Exception:
            message = (
                f"{self.name} could not be checked because of an error in Keyward (run with --verbose for details)."
            )
            self._give_up(message, traceback.format_exc())

    def retire(self) -> None:
        """Lets go of the snapshot."""
        if self.snapshot is not None:
            self.snapshot.analysis.retire()
            self.snapshot = None

    def _give_up(self, problem: str, details: str = "") -> None:
        self.retire()
        self.report = FileReport(self.name, problem=problem, details=details)


def make_workspace(request: Request) -> Workspace:
    """A workspace without folders: interpreters and modules are looked for from each file upwards."""
    workspace = Workspace(
        cache=Path(request.cache) if request.cache else None,
        against=request.against,
        config=settings_files.opened(request.config) if request.config else None,
        complain=lambda _: None,  # they are told once, for all processes
    )
    workspace.configure({**request.settings, "python": request.python})
    return workspace


def inspect(names: Sequence[str], request: Request) -> Iterator[list[FileReport]]:
    """The reports of the files, batch by batch, in their order."""
    workspace = make_workspace(request)
    today = make_workspace(replace(request, against=()))
    collects = gc.isenabled()
    gc.disable()  # what is known of libraries would be looked through time and again; analyses are retired instead
    try:
        for start in range(0, len(names), N_BATCH):
            batch = names[start : start + N_BATCH]
            files = [_File(name) for name in batch]
            _take(files, workspace, request.texts)
            before = [_File(name) for name in batch]
            _take(
                [file for file in before if _comparable(os.path.abspath(file.name), workspace, today)],
                today,
                request.texts,
            )
            yield _reports(files, before, workspace, request)
    finally:
        workspace.close()
        today.close()
        if collects:
            gc.enable()


def inspect_all(names: Sequence[str], request: Request) -> list[FileReport]:
    """The same in one list, for another process."""
    return [report for reports in inspect(names, request) for report in reports]


def snapshots(names: Sequence[str], workspace: Workspace) -> Iterator[Snapshot]:
    """A snapshot of each file that can be read, with all that can be found out about other files."""
    for start in range(0, len(names), N_BATCH):
        files = [_File(name) for name in names[start : start + N_BATCH]]
        _take(files, workspace, {})
        yield from (file.snapshot for file in files if file.snapshot is not None)


def _take(files: Sequence[_File], workspace: Workspace, texts: Mapping[str, bytes]) -> None:
    """Takes a snapshot of each file, with all that can be found out about other files; `texts` go before the disk's."""
    for file in files:
        with file.guarded():
            path = os.path.abspath(file.name)
            file.content = content(file.name, texts[file.name] if file.name in texts else Path(file.name).read_bytes())
            file.snapshot = take(path, 0, file.content.source.text, workspace.world(path), workspace.rules(path))
    for _ in range(N_ROUNDS):
        if not _look_beyond(files, workspace):
            break


def _reports(
    files: Sequence[_File], before: Sequence[_File], workspace: Workspace, request: Request
) -> list[FileReport]:
    """A report of each file; `before` holds the same files as the installed versions see them, where that is asked."""
    reports = []
    for file, today in zip(files, before, strict=True):
        with file.guarded():
            if file.snapshot is not None and file.content is not None:
                file.report = _report(file.name, file.content, file.snapshot, today.snapshot, workspace, request)
        assert file.report is not None
        reports.append(file.report)
        for done in (file, today):
            done.retire()
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
                snapshot.analysis.retire()
    return bool(asking)


def _open(snapshot: Snapshot, workspace: Workspace) -> list[Question]:
    answers = workspace.world(snapshot.path).answers
    return [question for question in snapshot.analysis.questions if answers.get(question) is None]


def _tells(answer: Answer) -> bool:
    """Whether an answer says more than that nothing is known, which is what a question without one counts as."""
    return answer.known or answer.missing or answer.definition is not None or bool(answer.importers)


def _comparable(path: str, workspace: Workspace, today: Workspace) -> bool:
    """Whether another version is asked about, and what is installed is known, so that what is new can be told."""
    against = workspace.ground(path).against
    if not against:
        return False
    ground = today.ground(path)
    here = {item.distribution: item.version for item in ground.installed or ()}
    known = {library.distribution: library.version for library in ground.world.signatures.libraries}
    return all(
        item.distribution in here
        and item.distribution in known
        and same_version(here[item.distribution], known[item.distribution])
        for item in against
    )


def _again(text: bytes, snapshot: Snapshot, workspace: Workspace) -> Snapshot:
    return take(snapshot.path, 0, text, workspace.world(snapshot.path), snapshot.settings, snapshot)


def _report(
    name: str, holds: Content, snapshot: Snapshot, today: Snapshot | None, workspace: Workspace, request: Request
) -> FileReport:
    if against := workspace.ground(snapshot.path).against:
        asked = tuple(item.distribution for item in against)
        return replace(upgrade_report(name, snapshot, today, holds), asked=asked)
    if not request.fix:
        return file_report(name, snapshot, holds)
    mended, source, n_fixed = fixing.fixed(
        snapshot, holds.source, request.unsafe, lambda text, old: _again(text, old, workspace)
    )
    data = holds.written(source)
    if request.show_diff:
        return replace(file_report(name, snapshot, holds), diff=fixing.diff(name, holds.data, data))
    if name not in request.texts and data != holds.data:
        fixing.write(name, data)
    report = file_report(name, mended, content(name, data))
    return replace(report, n_fixed=n_fixed, text=data if name in request.texts else None)
