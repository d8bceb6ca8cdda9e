"""`keyward check`: from paths to output and exit code."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path

import click
import msgspec

from ..environment.index import default_cache
from ..environment.interpreter import Interpreter
from ..signatures.store import Installed
from . import environments, inspection
from .files import python_files
from .inspection import Request
from .known import Library, UnknownVersionError
from .progress import Step, progress_bar
from .report import FileReport, Report, merged

CLEAN, FINDINGS, INCOMPLETE = 0, 1, 2

N_FILES_PER_PROCESS = 250
"""Starting another process costs as much as checking some dozens of files."""
N_PROCESSES_UNASKED = 4
"""Each holds signatures of its own and may start jedi: more has to be asked for."""


@dataclass(frozen=True, slots=True)
class Options:
    """What stood on the command line."""

    python: str | None = None
    output_format: str = "text"
    fix: bool = False
    unsafe_fixes: bool = False
    show_diff: bool = False
    jobs: int = 0
    against: tuple[str, ...] = ()
    """`transformers==5.23.0`, each: the version to judge by."""


def run(paths: Sequence[str], options: Options, color: bool | None, verbose: bool) -> int:
    """Checks the files, prints what was found, and gives the exit code."""
    files = list(python_files(paths))
    if not files:
        click.echo("No Python files were found.", err=True)
    with progress_bar() as step:
        request, problem = _prepared(files, options, step)
        if problem:
            click.echo(problem, err=True)
            return INCOMPLETE
        reports = list(_reports(files, request, options.jobs, step))
    if request.against and any(report.n_mended is None and not report.problem for report in reports):
        named = " and ".join(item.distribution for item in request.against)
        click.echo(f"Which {named} is installed is not known, so it is not told what would be new.", err=True)
    for report in reports:
        if report.problem:
            click.echo(report.problem, err=True)
            if verbose and report.details:
                click.echo(report.details, err=True)
    _print(reports, options, color)
    if any(report.diagnostics for report in reports):
        return FINDINGS
    return INCOMPLETE if any(report.problem for report in reports) else CLEAN


def _prepared(files: Sequence[str], options: Options, step: Step) -> tuple[Request, str]:
    """The request with all that it needs indexed, and why nothing can be checked, "" otherwise."""
    request = Request(
        options.python or "", "", options.fix or options.show_diff, options.unsafe_fixes, options.show_diff
    )
    if options.against and (options.fix or options.show_diff):
        return request, "--against shows what another version would say; fixes are for the installed one."
    if not files:
        return request, ""
    if options.python:
        chosen = environments.find(options.python)
        if chosen.problem:
            return request, chosen.problem
    try:
        request = replace(request, against=tuple(_asked(options, request)))
    except UnknownVersionError as error:
        return request, str(error)
    wanted = environments.imported(files)
    for interpreter in _interpreters(files, request):
        cache, problems = environments.bring_up_to_date(interpreter, wanted, step)
        request = replace(request, cache=str(cache))
        for problem in problems:
            click.echo(problem, err=True)
    return request, ""


def _asked(options: Options, request: Request) -> Iterator[Installed]:
    """What is to be judged by in place of what is installed.

    Raises:
        UnknownVersionError: nothing is known of such a version.
    """
    if not options.against:
        return
    library = Library(default_cache())
    for text in options.against:
        distribution, separator, version = text.partition("==")
        if not separator or not distribution.strip() or not version.strip():
            raise UnknownVersionError(f"{text!r} is not DISTRIBUTION==VERSION, such as transformers==5.23.0.")
        known = library.choose(distribution.strip(), version.strip())
        if known.note:
            click.echo(known.note, err=True)
        yield known.item


def _interpreters(files: Sequence[str], request: Request) -> list[Interpreter]:
    """Each interpreter of the files once."""
    workspace = inspection.make_workspace(request)
    try:
        by_folder = {os.path.dirname(os.path.abspath(file)): os.path.abspath(file) for file in files}
        found: dict[Path, Interpreter] = {}
        for file in by_folder.values():
            interpreter = workspace.ground(file).interpreter
            if interpreter.path is not None:
                found.setdefault(interpreter.path, interpreter)
        return list(found.values())
    finally:
        workspace.close()


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
