"""`keyward doctor`: what Keyward works with here, and what to do where something is amiss."""

from __future__ import annotations

import os
import platform
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import click

from .. import __version__
from ..environment.fingerprint import installed, survey
from ..environment.index import KNOWN, default_cache
from ..environment.interpreter import Interpreter
from ..signatures.cached import cached
from . import environments
from .files import why
from .origins import origins

START_SECONDS = 20.0
"""How long an interpreter may take to start."""


@dataclass
class Section:
    title: str
    rows: list[str] = field(default_factory=list)
    advice: list[str] = field(default_factory=list)
    """What to do about what is amiss here, one sentence each."""


def run(python: str | None, color: bool | None) -> int:
    """Prints it; the exit code is 1 where something is amiss."""
    interpreter = environments.find(python)
    sections = [
        _own(),
        _interpreter(interpreter),
        _libraries(interpreter),
        *_shadowed(interpreter),
        _cache(default_cache()),
    ]
    width = max(len(section.title) for section in sections)
    for section in sections:
        for number, row in enumerate(section.rows):
            title = click.style(f"{'' if number else section.title:{width}}", bold=True)
            click.echo(f"{title}  {row}", color=color)
    advice = [sentence for section in sections for sentence in section.advice]
    click.echo(color=color)
    if not advice:
        click.echo(click.style("All is well.", fg="green"), color=color)
        return 0
    click.echo(click.style("What to do", fg="yellow", bold=True), color=color)
    for sentence in advice:
        click.echo(f"  - {sentence}", color=color)
    return 1


def _own() -> Section:
    return Section("Keyward", [f"{__version__}, on Python {platform.python_version()}"])


def _interpreter(interpreter: Interpreter) -> Section:
    section = Section("Interpreter")
    if interpreter.path is None:
        section.rows.append(f"none ({interpreter.found_by})")
        section.advice.append(
            f"{interpreter.problem} Without one the shipped signatures of the newest versions are used."
        )
        return section
    section.rows.append(str(interpreter.path))
    section.rows.append(f"found by {interpreter.found_by}")
    version, problem = _version(interpreter.path)
    section.rows.append(version or f"does not run: {problem}")
    if problem:
        section.advice.append(
            f"{interpreter.path} does not run ({problem}): give another with --python or the setting keyward.python."
        )
    return section


def _version(path: Path) -> tuple[str, str]:
    """What the interpreter says it is, or why it does not."""
    command = [str(path), "-I", "-c", "import platform; print('Python', platform.python_version())"]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=START_SECONDS, stdin=subprocess.DEVNULL
        )
    except subprocess.TimeoutExpired:
        return "", f"no answer in {START_SECONDS:.0f} seconds"
    except OSError as error:
        return "", why(error)
    answer = done.stdout.strip()
    if done.returncode or not answer.startswith("Python 3"):
        last = (done.stderr.strip().splitlines() or [f"it ended with {done.returncode}"])[-1]
        return "", last
    return answer, ""


def _libraries(interpreter: Interpreter) -> Section:
    section = Section("Libraries")
    signatures = environments.open_for(interpreter)
    here = installed(interpreter) if interpreter.path else ()
    told = origins(interpreter, here, signatures)
    for origin in told:
        section.rows.append(f"{origin.title}: {origin.text}")
        section.rows += (f"  {note}" for note in origin.notes)
        section.advice += filter(None, [origin.advice])
    if interpreter.path is not None and not any(item.distribution in KNOWN for item in here):
        section.advice.append(
            "Neither torch nor transformers is installed there. If they are elsewhere, give that environment with "
            "--python or the setting keyward.python."
        )
    section.rows = section.rows or ["none"]
    mentioned = {note for origin in told for note in origin.notes}
    by_worker = {problem for item in cached(default_cache()) for problem in item.index.problems}
    section.rows += (f"note: {problem}" for problem in signatures.problems if problem not in mentioned | by_worker)
    return section


def _shadowed(interpreter: Interpreter) -> list[Section]:
    """Libraries that are installed more than once, where it matters which of them is imported."""
    seen = survey(interpreter)
    matter = {library.distribution for library in environments.open_for(interpreter).libraries} | {*KNOWN}
    first = {placed.installed.distribution: placed for placed in seen.found}
    section = Section("Installed twice")
    for placed in seen.shadowed:
        name, version = placed.installed.distribution, placed.installed.version
        if name not in matter:
            continue
        counts = first[name]
        if counts.entry == placed.entry:
            section.rows.append(f"{name} {version} and {counts.installed.version} in {placed.entry}")
            section.advice.append(
                f"{placed.entry} has records of {name} {version} and of {counts.installed.version}, which was written"
                f" last and counts: install {name} anew."
            )
        else:
            section.rows.append(
                f"{name} {version} in {placed.entry}: not imported, {counts.installed.version} in {counts.entry} is"
            )
    return [section] if section.rows else []


def _cache(folder: Path) -> Section:
    section = Section("Cache")
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) if folder.is_dir() else 0
    section.rows.append(f"{folder}, {size / 2**20:.1f} MiB")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            section.rows.append("can be written")
    except OSError as error:
        section.rows.append(f"cannot be written: {why(error)}")
        variable = "LOCALAPPDATA" if os.name == "nt" else "XDG_CACHE_HOME"
        section.advice.append(
            f"The cache folder cannot be written, so what is read is forgotten at the end: make {folder} writable, "
            f"free some space, or set {variable} to another folder."
        )
    return section
