"""`keyward stubs DIR`: stub packages for type checkers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import click

from ..environment.fingerprint import canonical, installed
from ..environment.index import KNOWN
from ..inference.libraries import MAKES_INSTANCE, OVERRIDDEN, RETURNS_SELF
from ..signatures.store import Library, Signatures
from ..signatures.stub_folder import ForeignPackageError, write_package
from ..signatures.stub_packages import LAZY, Checker, package_files
from ..signatures.stub_text import Methods
from ..signatures.stubs import stub_source
from . import environments
from .files import why
from .progress import Step, progress_bar

METHODS = Methods(makers=MAKES_INSTANCE, fluent=RETURNS_SELF, free=OVERRIDDEN)


def run(folder: str, python: str | None, names: Iterable[str], checker: Checker) -> int:
    """Writes them, and gives the exit code."""
    wanted = tuple(dict.fromkeys(map(canonical, names)))
    interpreter = environments.find(python)
    if python and interpreter.problem:
        click.echo(interpreter.problem, err=True)
        return 2
    with progress_bar() as step:
        _, problems = environments.bring_up_to_date(interpreter, {*KNOWN, *(wanted or LAZY)}, step)
        for problem in problems:
            click.echo(problem, err=True)
        signatures = environments.open_for(interpreter)
        known = {library.distribution: library for library in signatures.libraries}
        unknown = [name for name in wanted if name not in known]
        here = {item.distribution for item in installed(interpreter)} & set(LAZY)
        # Without any of them installed whoever asks wants to see those that came with Keyward.
        chosen = [known[name] for name in wanted or LAZY if name in known and (wanted or name in here or not here)]
        if unknown or not chosen:
            click.echo(_unknown(unknown or list(LAZY), known), err=True)
            return 2
        for library in chosen:
            try:
                done = tuple(_write(Path(folder), library, signatures, checker, step))
            except ForeignPackageError as error:
                click.echo(str(error), err=True)
                return 2
            except OSError as error:
                click.echo(f"{folder} cannot be written: {why(error)}.", err=True)
                return 2
            nothing = f"{library.distribution}: its source says all that there is to say, so nothing is written."
            click.echo("\n".join(done or (nothing,)))
    return 0


def _write(folder: Path, library: Library, signatures: Signatures, checker: Checker, step: Step) -> Iterator[str]:
    """Writes the packages of a distribution; one line of each that tells what there is now."""
    step(f"Writing stubs of {library.distribution}", 0, 1)
    source = stub_source(signatures, library.distribution)
    for top in sorted({module.partition(".")[0] for module in source.modules}):
        files = dict(package_files(top, source, METHODS, checker))
        if not files:
            continue
        package = folder / f"{top}-stubs"
        result = write_package(package, files, f"{library.distribution} {library.version}")
        yield f"{package}: {result.files} files, from {library.label}."
        for file in result.left:
            yield f"{file} was not written by Keyward and is left as it is."


def _unknown(names: list[str], known: Iterable[str]) -> str:
    here = ", ".join(sorted(known))
    what = f"{' and '.join(names)} {'is' if len(names) == 1 else 'are'} not known here"
    return f"{what}: signatures are there of {here}." if here else f"{what}. `keyward doctor` says why."
