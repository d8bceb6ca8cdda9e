"""A baseline: findings of an old code base that are known, so that only new ones are told.

A finding is the same one while rule, file, subject and the code that it stands in are the same, wherever that moves in
the file: lines are no part of it. Of several that are equal so many are known as were counted.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from .files import why
from .report import FileReport

VERSION = 1


class BaselineError(Exception):
    """A baseline cannot be read or written; the text says why in one sentence."""


class Known(msgspec.Struct, frozen=True, order=True):
    """Findings that are alike."""

    path: str
    """From the folder of the baseline, with slashes."""
    rule: str
    subject: str
    within: str
    """Qualified name of the function or class around it, "" for the module."""
    code: str
    """The lines that are underlined, blanks run together."""
    count: int = 1


class _File(msgspec.Struct):
    version: int
    findings: tuple[Known, ...] = ()


@dataclass(frozen=True, slots=True)
class Compared:
    """Reports without what is known."""

    reports: tuple[FileReport, ...]
    n_known: int
    """Findings that were left out."""
    n_gone: int
    """Findings of the baseline that are none any more, in files that were checked or are gone."""


def read(path: str) -> tuple[Known, ...]:
    """The findings of a baseline.

    Raises:
        BaselineError: there is no such file, or it is damaged.
    """
    try:
        data = Path(path).read_bytes()
    except FileNotFoundError:
        raise BaselineError(f"The baseline {path} does not exist: --write-baseline makes it.") from None
    except OSError as error:
        raise BaselineError(f"The baseline {path} could not be read: {why(error)}.") from None
    try:
        file = msgspec.json.decode(data, type=_File)
    except msgspec.MsgspecError:
        raise BaselineError(f"{path} is no baseline: once it is removed, --write-baseline makes one.") from None
    if file.version != VERSION:
        raise BaselineError(f"The baseline {path} has the format {file.version}, and {VERSION} is what can be read.")
    return file.findings


def write(path: str, reports: Sequence[FileReport], before: Iterable[Known] = ()) -> int:
    """Writes all findings of the reports, and those of `before` in files that were not checked; gives their number.

    Raises:
        BaselineError: it cannot be written.
    """
    root = _root(path)
    checked = _checked(reports, root)
    found = Counter(known for report in reports for known in _known(report, root))
    kept = [known for known in before if known.path not in checked and _exists(known, root)]
    findings = sorted([*(msgspec.structs.replace(known, count=n) for known, n in found.items()), *kept])
    text = msgspec.json.format(msgspec.json.encode(_File(VERSION, tuple(findings))), indent=1)
    try:
        Path(path).write_bytes(text + b"\n")
    except OSError as error:
        raise BaselineError(f"The baseline {path} could not be written: {why(error)}.") from None
    return sum(known.count for known in findings)


def compared(path: str, reports: Sequence[FileReport], baseline: Iterable[Known]) -> Compared:
    """The reports without the findings of the baseline at `path`.

    What stands in the same function goes first; then what only stands in another one, as after a renaming.
    """
    root = _root(path)
    left: Counter[Known] = Counter()
    for known in baseline:
        left[msgspec.structs.replace(known, count=1)] += known.count
    n_all = left.total()
    every = [list(_known(report, root)) for report in reports]
    told = [[not _take(left, known) for known in found] for found in every]
    anywhere: Counter[Known] = Counter()
    for known, n in left.items():
        anywhere[_outside(known)] += n
    told = [
        [new and not _take(anywhere, _outside(known)) for known, new in zip(found, news, strict=True)]
        for found, news in zip(every, told, strict=True)
    ]
    checked = _checked(reports, root)
    n_gone = sum(n for known, n in anywhere.items() if known.path in checked or not _exists(known, root))
    return Compared(
        tuple(_only(report, news) for report, news in zip(reports, told, strict=True)), n_all - anywhere.total(), n_gone
    )


def _take(left: Counter[Known], known: Known) -> bool:
    if left[known] <= 0:
        return False
    left[known] -= 1
    return True


def _outside(known: Known) -> Known:
    return msgspec.structs.replace(known, within="")


def _known(report: FileReport, root: str) -> Iterable[Known]:
    path = _relative(report.path, root)
    for diagnostic, excerpt, (subject, within) in zip(
        report.diagnostics, report.excerpts, report.contexts, strict=True
    ):
        yield Known(path, diagnostic.rule, subject, within, " ".join(" ".join(excerpt).split()))


def _only(report: FileReport, told: Sequence[bool]) -> FileReport:
    """The report with those findings alone."""
    kept = [at for at, new in enumerate(told) if new]
    return replace(
        report,
        diagnostics=tuple(report.diagnostics[at] for at in kept),
        excerpts=tuple(report.excerpts[at] for at in kept),
        contexts=tuple(report.contexts[at] for at in kept),
    )


def _checked(reports: Iterable[FileReport], root: str) -> frozenset[str]:
    return frozenset(_relative(report.path, root) for report in reports if not report.problem)


def _exists(known: Known, root: str) -> bool:
    return os.path.exists(os.path.join(root, known.path))


def _root(path: str) -> str:
    return os.path.dirname(os.path.abspath(path))


def _relative(path: str, root: str) -> str:
    try:
        return os.path.relpath(os.path.abspath(path), root).replace(os.sep, "/")
    except ValueError:  # on another drive
        return path.replace(os.sep, "/")
