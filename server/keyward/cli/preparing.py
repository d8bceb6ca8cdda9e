"""What `keyward check` does before it checks: which files, by which settings and versions, and what has to be read."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import click

from ..environment.index import default_cache
from ..environment.interpreter import Interpreter
from ..session import settings_files
from ..session.known import Library, UnknownVersionError
from ..session.settings import read, versioned
from ..session.workspace import Workspace
from ..signatures.store import Installed
from . import environments, inspection
from .files import CannotReadError, listed, python_files, standard_input
from .inspection import Request
from .options import Options
from .progress import Step

STANDARD_INPUT = "-"


class CannotCheckError(Exception):
    """Nothing can be checked; the text says why in one sentence."""


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be checked, and how."""

    files: tuple[str, ...]
    request: Request
    problems: tuple[str, ...] = ()
    """A sentence about each setting that makes no sense."""

    @property
    def prints_text(self) -> bool:
        """Whether the mended text of standard input is what is printed."""
        return bool(self.request.texts) and self.request.fix and not self.request.show_diff


def prepare(paths: Sequence[str], options: Options, step: Step) -> Job:
    """The files of the command line and the request for them, with all that it needs indexed.

    Raises:
        CannotCheckError: there is an option that makes no sense.
    """
    request = _request(options)
    workspace = inspection.make_workspace(request)
    try:
        request, names = _named(paths, options, request)
        files = tuple(python_files(names, _excluded(workspace), everywhere=options.force_exclude))
        if not files:
            click.echo("No Python files were found.", err=True)
            return Job((), request)
        request = replace(request, cache=str(_indexed(files, request, workspace, step)))
        return Job(files, request, workspace.problems)
    finally:
        workspace.close()


def _request(options: Options) -> Request:
    fixes = options.fix or options.show_diff
    if options.against and fixes:
        raise CannotCheckError("--against shows what another version would say; fixes are for the installed one.")
    if options.python and (problem := environments.find(options.python).problem):
        raise CannotCheckError(problem)
    _, problems = read(options.settings)
    if problems:
        raise CannotCheckError("\n".join(settings_files.said(problem, "The command line") for problem in problems))
    if options.config and settings_files.opened(options.config) is None:
        there = os.path.isfile(options.config)
        raise CannotCheckError(f"{options.config} {'sets nothing' if there else 'does not exist'}.")
    against: tuple[Installed, ...] | None = () if fixes else None
    if options.against:
        try:
            against = tuple(_asked(options))
        except UnknownVersionError as error:
            raise CannotCheckError(str(error)) from None
    return Request(
        options.python or "",
        fix=fixes,
        unsafe=options.unsafe_fixes,
        show_diff=options.show_diff,
        against=against,
        settings=options.settings,
        config=os.path.abspath(options.config) if options.config else "",
    )


def _named(paths: Sequence[str], options: Options, request: Request) -> tuple[Request, list[str]]:
    """All paths that are named, and the request with the text that comes by standard input."""
    names = list(paths)
    if options.files_from:
        if options.files_from == STANDARD_INPUT and STANDARD_INPUT in names:
            raise CannotCheckError("Standard input cannot be a list of files and a file at once.")
        try:
            names += listed(options.files_from)
        except CannotReadError as error:
            raise CannotCheckError(str(error)) from None
    elif not names:
        names = [os.curdir]
    if STANDARD_INPUT not in names:
        if options.stdin_filename:
            raise CannotCheckError("--stdin-filename names what comes by standard input: give the path - with it.")
        return request, names
    text = standard_input()
    name = options.stdin_filename or "stdin.py"
    request = replace(request, texts={name: text})
    return request, [name if path == STANDARD_INPUT else path for path in names]


def _excluded(workspace: Workspace) -> inspection.Excluded:
    def excluded(path: str) -> bool:
        absolute = os.path.abspath(path)
        end = os.sep if path.endswith(os.sep) else ""
        return workspace.settings(absolute).excludes(absolute + end)

    return excluded


def _asked(options: Options) -> Iterator[Installed]:
    """What is to be judged by in place of what is installed.

    Raises:
        UnknownVersionError: nothing is known of such a version.
    """
    library = Library(default_cache())
    for text in options.against:
        if (pair := versioned(text)) is None:
            raise UnknownVersionError(f"{text!r} is not DISTRIBUTION==VERSION, such as transformers==5.23.0.")
        known = library.choose(*pair)
        if known.note:
            click.echo(known.note, err=True)
        yield known.item


def _indexed(files: Sequence[str], request: Request, workspace: Workspace, step: Step) -> Path | str:
    """Brings up to date what is known of the libraries that the files use; the cache that has it, "" for the usual."""
    wanted = environments.imported(files, request.texts)
    cache: Path | str = ""
    by_folder = {os.path.dirname(os.path.abspath(file)): os.path.abspath(file) for file in files}
    found: dict[Path, tuple[Interpreter, set[str]]] = {}
    for file in by_folder.values():
        ground = workspace.ground(file)
        if ground.interpreter.path is not None:
            extra = found.setdefault(ground.interpreter.path, (ground.interpreter, set()))[1]
            extra.update(ground.extra_libraries)
    for interpreter, extra in found.values():
        cache, problems = environments.bring_up_to_date(interpreter, wanted, step, extra)
        for problem in problems:
            click.echo(problem, err=True)
    return cache
