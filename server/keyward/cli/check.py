"""`keyward check`: from paths to output and exit code."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import click
import msgspec

from . import baseline, inspection
from .baseline import BaselineError, Compared
from .formats import text
from .formats.text import conclusion
from .inspection import Request
from .options import Options
from .preparing import CannotCheckError, Job, prepare
from .progress import Step, progress_bar
from .report import FileReport, merged, statistics

CLEAN, FINDINGS, INCOMPLETE = 0, 1, 2

N_FILES_PER_PROCESS = 250
"""Starting another process costs as much as checking some dozens of files."""
N_PROCESSES_UNASKED = 4
"""Each holds signatures of its own and may start jedi: more has to be asked for."""


def run(paths: Sequence[str], options: Options, color: bool | None, verbose: bool) -> int:
    """Checks the files, prints what was found, and gives the exit code."""
    try:
        known = _baseline(options)
        with progress_bar() as step:
            job = prepare(paths, options, step)
            reports = tuple(_reports(job.files, job.request, options.jobs, step))
    except (CannotCheckError, BaselineError) as error:
        click.echo(str(error), err=True)
        return INCOMPLETE
    here = os.path.join(os.getcwd(), "")
    for problem in (*(problem.removeprefix(here) for problem in job.problems), *_not_compared(reports)):
        click.echo(problem, err=True)
    for report in reports:
        if report.problem:
            click.echo(report.problem, err=True)
            if verbose and report.details:
                click.echo(report.details, err=True)
    incomplete = bool(job.problems) or any(report.problem for report in reports)
    if options.baseline and options.write_baseline:
        return _write_baseline(options.baseline, reports, known or (), incomplete)
    compared = None if known is None else baseline.compared(options.baseline or "", reports, known)
    reports = reports if compared is None else compared.reports
    _print(reports, compared, options, job, color)
    if any(report.diagnostics for report in reports) and not options.exit_zero:
        return FINDINGS
    return INCOMPLETE if incomplete else CLEAN


def _baseline(options: Options) -> tuple[baseline.Known, ...] | None:
    """What is known already; None: all is told.

    Raises:
        CannotCheckError, BaselineError: the options or the file make no sense.
    """
    if options.baseline is None:
        if options.write_baseline:
            raise CannotCheckError("--write-baseline wants --baseline FILE, which it writes.")
        return None
    if options.write_baseline and not os.path.exists(options.baseline):
        return ()
    return baseline.read(options.baseline)


def _write_baseline(
    path: str, reports: Sequence[FileReport], before: Sequence[baseline.Known], incomplete: bool
) -> int:
    try:
        n_known = baseline.write(path, reports, before)
    except BaselineError as error:
        click.echo(str(error), err=True)
        return INCOMPLETE
    click.echo(f"{path} knows {n_known} {'finding' if n_known == 1 else 'findings'} now.", err=True)
    return INCOMPLETE if incomplete else CLEAN


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


def _print(
    reports: Sequence[FileReport], compared: Compared | None, options: Options, job: Job, color: bool | None
) -> None:
    report = merged(reports)
    if compared is not None:
        summary = msgspec.structs.replace(report.summary, known=compared.n_known, gone=compared.n_gone)
        report = msgspec.structs.replace(report, summary=summary)
    if options.statistics:
        report = msgspec.structs.replace(report, statistics=statistics(report.diagnostics))
    last = conclusion(report.summary, sum(part.n_fixed for part in reports))
    if options.show_diff:
        click.echo("".join(text.coloured(part.diff) for part in reports), nl=False, color=color)
        click.echo(last, err=True)
    elif job.prints_text:
        # What came by standard input goes on by standard output, so that editors can use this as a filter.
        given = job.request.texts
        texts = [part.text if part.text is not None else given.get(part.path, b"") for part in reports]
        sys.stdout.buffer.write(b"".join(texts))
        sys.stdout.buffer.flush()
        click.echo(text.text(reports, last), err=True, color=color)
    elif options.output_format == "json":
        click.echo(json.dumps(msgspec.to_builtins(report), indent=2, ensure_ascii=False))
    elif options.output_format == "github":
        from .formats.github import github

        click.echo(github(report), nl=bool(report.diagnostics))
    elif options.output_format == "sarif":
        from .formats.sarif import sarif

        click.echo(json.dumps(sarif(reports), indent=2, ensure_ascii=False))
    elif report.statistics is not msgspec.UNSET:
        click.echo(text.counted_by_rule(report.statistics, last), color=color)
    else:
        click.echo(text.text(reports, last), color=color)
