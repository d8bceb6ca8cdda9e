"""`keyward check`: from paths to output and exit code."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import click
import msgspec

from . import inspection
from .inspection import Request
from .options import Options
from .preparing import CannotCheckError, prepare
from .progress import Step, progress_bar
from .report import FileReport, Report, merged

CLEAN, FINDINGS, INCOMPLETE = 0, 1, 2

N_FILES_PER_PROCESS = 250
"""Starting another process costs as much as checking some dozens of files."""
N_PROCESSES_UNASKED = 4
"""Each holds signatures of its own and may start jedi: more has to be asked for."""


def run(paths: Sequence[str], options: Options, color: bool | None, verbose: bool) -> int:
    """Checks the files, prints what was found, and gives the exit code."""
    with progress_bar() as step:
        try:
            job = prepare(paths, options, step)
        except CannotCheckError as error:
            click.echo(str(error), err=True)
            return INCOMPLETE
        reports = list(_reports(job.files, job.request, options.jobs, step))
    here = os.path.join(os.getcwd(), "")
    for problem in (*(problem.removeprefix(here) for problem in job.problems), *_not_compared(reports)):
        click.echo(problem, err=True)
    for report in reports:
        if report.problem:
            click.echo(report.problem, err=True)
            if verbose and report.details:
                click.echo(report.details, err=True)
    _print(reports, options, color)
    if any(report.diagnostics for report in reports):
        return FINDINGS
    return INCOMPLETE if job.problems or any(report.problem for report in reports) else CLEAN


def _not_compared(reports: Sequence[FileReport]) -> Iterator[str]:
    """A sentence where it cannot be told what another version changes."""
    asked = {report.asked for report in reports if report.asked and report.n_mended is None and not report.problem}
    for names in sorted(asked):
        yield f"Which {' and '.join(names)} is installed is not known, so it is not told what would be new."


def _reports(files: Sequence[str], request: Request, jobs: int, step: Step) -> Iterator[FileReport]:
    n_processes = jobs or min(N_PROCESSES_UNASKED, os.cpu_count() or 1, len(files) // N_FILES_PER_PROCESS)
    if n_processes < 2:
        done = 0
        for reports in inspection.inspect(files, request):
            done += len(reports)
            step("Checking", done, len(files))
            yield from reports
        return
    # Neighbours share imports, so each process gets files that stand together; several parts a process even out.
    size = max(1, min(N_FILES_PER_PROCESS, -(-len(files) // n_processes)))
    parts = [files[start : start + size] for start in range(0, len(files), size)]
    with ProcessPoolExecutor(n_processes, get_context("spawn")) as pool:
        done = 0
        for reports in pool.map(inspection.inspect_all, parts, [request] * len(parts)):
            done += len(reports)
            step("Checking", done, len(files))
            yield from reports


def _print(reports: Sequence[FileReport], options: Options, color: bool | None) -> None:
    report = merged(reports)
    if options.show_diff:
        from .formats.text import coloured

        click.echo("".join(coloured(part.diff) for part in reports), nl=False, color=color)
        click.echo(_conclusion(report, reports), err=True)
    elif options.output_format == "json":
        click.echo(json.dumps(msgspec.to_builtins(report), indent=2, ensure_ascii=False))
    elif options.output_format == "github":
        from .formats.github import github

        click.echo(github(report), nl=bool(report.diagnostics))
    elif options.output_format == "sarif":
        from .formats.sarif import sarif

        click.echo(json.dumps(sarif(reports), indent=2, ensure_ascii=False))
    else:
        from .formats.text import text

        click.echo(text(reports, _conclusion(report, reports)), color=color)


def _conclusion(report: Report, reports: Sequence[FileReport]) -> str:
    from .formats.text import conclusion

    return conclusion(report.summary, sum(part.n_fixed for part in reports))
