"""The commands and their options, and the guard that keeps tracebacks from users."""

from __future__ import annotations

import io
import os
import sys
import traceback
from typing import Any

import click

from .. import __version__

COULD_NOT_RUN = 2


class Guarded(click.Group):
    """A group whose commands end in one sentence when something unforeseen happens."""

    def invoke(self, context: click.Context) -> Any:
        try:
            return super().invoke(context)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except BrokenPipeError:
            # Whoever read the output has seen enough (`keyward check | head`).
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            context.exit(COULD_NOT_RUN)
        except Exception as error:
            if context.obj and context.obj.get("verbose"):
                traceback.print_exc()
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            message = f"keyward could not go on: {reason} (run with --verbose for details)"
            click.secho(message, err=True)
            context.exit(COULD_NOT_RUN)


def _remember_verbose(context: click.Context, parameter: click.Parameter, value: bool) -> bool:
    context.ensure_object(dict)
    context.obj["verbose"] = context.obj.get("verbose") or value
    return value


verbose_option = click.option(
    "--verbose", is_flag=True, expose_value=False, callback=_remember_verbose, help="Show details of what goes wrong."
)
python_option = click.option(
    "--python",
    metavar="PATH",
    help="Interpreter or environment that has the libraries. Default: VIRTUAL_ENV, the nearest .venv upwards, python3.",
)

unabridged_option = click.option("--all", "everything", is_flag=True, help="Shorten nothing.")
output_option = click.option(
    "--output-format", type=click.Choice(["text", "json"]), default="text", show_default=True, help="How it is printed."
)


@click.group(cls=Guarded, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="keyward", message="%(prog)s %(version)s")
@verbose_option
def main() -> None:
    """Knows what a model's forward really accepts.

    Checks calls of models, losses and your own modules against the libraries that you have installed.
    """
    if os.environ.get("NO_COLOR"):
        click.get_current_context().color = False
    for stream in (sys.stdout, sys.stderr):
        # A terminal that lacks a character, or a file name that is no text, must not stop the output.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


@main.command()
@click.option("--tcp", metavar="HOST:PORT", help="Listen there instead of talking over standard input and output.")
@verbose_option
def serve(tcp: str | None) -> None:
    """Start the language server."""
    from ..lsp import server

    if tcp is None:
        click.get_current_context().exit(server.start_stdio())
    host, separator, port = tcp.rpartition(":")
    if not separator or not port.isdecimal() or int(port) > 65535:
        raise click.BadParameter(f"{tcp!r} is not HOST:PORT, such as 127.0.0.1:7777.", param_hint="--tcp")
    server.start_tcp(host.strip("[]") or "127.0.0.1", int(port))


@main.command()
@click.argument("paths", nargs=-1, type=click.Path())
@python_option
@click.option(
    "--output-format",
    type=click.Choice(["text", "json", "github", "sarif"]),
    default="text",
    show_default=True,
    help="How findings are printed.",
)
@click.option("--fix", is_flag=True, help="Apply the safe fixes.")
@click.option(
    "--unsafe-fixes", is_flag=True, help="With --fix or --diff: also those that change what the program does."
)
@click.option("--diff", "show_diff", is_flag=True, help="Show what --fix would change, and change nothing.")
@click.option(
    "--against",
    multiple=True,
    metavar="DIST==VERSION",
    help="Judge by this version of a library in place of the installed one, such as transformers==5.23.0.",
)
@click.option("--select", multiple=True, metavar="RULE", help="Rules that are on, whatever settings say. Repeatable.")
@click.option("--ignore", multiple=True, metavar="RULE", help="Rules that are off, whatever settings say. Repeatable.")
@click.option("--exclude", multiple=True, metavar="PATTERN", help="Leave out what it matches in folders. Repeatable.")
@click.option("--force-exclude", is_flag=True, help="Leave out what is excluded even where it is named.")
@click.option("--config", metavar="FILE", help="File of settings. Default: the nearest upwards of each file.")
@click.option("--files-from", metavar="FILE", help="File that lists what to check, a path a line; -: standard input.")
@click.option("--stdin-filename", metavar="NAME", help="What the text is called that comes by standard input (path -).")
@click.option("--baseline", metavar="FILE", help="Tell only what this file does not know already.")
@click.option("--write-baseline", is_flag=True, help="Write what is found into the file of --baseline.")
@click.option("--statistics", is_flag=True, help="Count findings by rule instead of listing them.")
@click.option("--exit-zero", is_flag=True, help="End with 0 even if something was found.")
@click.option("--jobs", type=click.IntRange(min=0), default=0, help="Processes to use. Default: as many as pay off.")
@verbose_option
@click.pass_context
def check(context: click.Context, /, paths: tuple[str, ...], **options: Any) -> None:
    """Check Python files, and those below folders. Default: the current folder; - stands for standard input.

    Ends with 0 when nothing was found, 1 when something was, 2 when it could not check everything and found nothing.

    With --baseline, what the file knows is not told, by rule, file and code instead of line; --write-baseline makes it.

    With --against, all that is wrong in that version is reported, and each message ends with how it is in the installed
    one; names that are gone are reported too, and the last line counts what is new. `keyward signatures list` shows
    which versions there are.
    """
    from .check import run
    from .options import Options

    context.exit(run(paths, Options(**options), context.color, bool(context.obj.get("verbose"))))


@main.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--all", "everything", is_flag=True, help="All rules.")
@verbose_option
@click.pass_context
def rule(context: click.Context, /, names: tuple[str, ...], everything: bool) -> None:
    """Show the manual page of a rule: what it reports and why, an example, its fix, when it is silent.

    Without a name all rules are listed, a line each.
    """
    from .rule import run

    context.exit(run(names, everything, context.color))


@main.command()
@click.argument("name")
@python_option
@click.option("--version", metavar="V", help="As that version of its library has it, be it installed or not.")
@click.option("--history", is_flag=True, help="Since when it exists, and what became of each keyword.")
@verbose_option
@click.pass_context
def signature(context: click.Context, /, name: str, python: str | None, version: str | None, history: bool) -> None:
    """Show what NAME accepts and returns, such as DeiTModel or torch.nn.functional.cross_entropy.

    With --version as another version has it, with --history over all versions that are known
    (`keyward signatures list` shows which).
    """
    from .signature import run

    context.exit(run(name, python, version, history, context.color))


@main.command()
@python_option
@verbose_option
@click.pass_context
def doctor(context: click.Context, /, python: str | None) -> None:
    """Tell which interpreter, libraries and cache are used, and what to do where something is amiss."""
    from .doctor import run

    context.exit(run(python, context.color))


@main.command()
@click.argument("folder", metavar="DIR", type=click.Path())
@python_option
@click.option("--library", "names", metavar="NAME", multiple=True, help="Library to write stubs of. Can be repeated.")
@click.option(
    "--checker",
    type=click.Choice(["pyright", "mypy", "ty"]),
    default="pyright",
    show_default=True,
    help="What will read them; basedpyright and Pylance read what pyright does.",
)
@verbose_option
@click.pass_context
def stubs(context: click.Context, /, folder: str, **options: Any) -> None:
    """Write stubs into DIR that let pyright, mypy and ty see what a model's call accepts.

    Default: transformers and diffusers, as installed. For pyright let DIR be `typings`.
    """
    from .stubs import run

    context.exit(run(folder, **options))


@main.group()
def signatures() -> None:
    """What is known of libraries, version by version: list it, compare versions, add one."""


@signatures.command(name="list")
@click.argument("distribution", required=False)
@python_option
@output_option
@verbose_option
@click.pass_context
def list_(context: click.Context, /, distribution: str | None, python: str | None, output_format: str) -> None:
    """List the libraries and versions that are known: shipped ones, and those read on this machine.

    With DISTRIBUTION each of its versions, with the number of its public classes and functions.
    """
    from .listing import run

    context.exit(run(distribution, python, output_format, context.color))


@signatures.command()
@click.argument("distribution")
@click.argument("old")
@click.argument("new")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@python_option
@output_option
@unabridged_option
@verbose_option
@click.pass_context
def diff(context: click.Context, /, distribution: str, old: str, new: str, names: tuple[str, ...], **rest: Any) -> None:
    """Show what changes for callers between the versions OLD and NEW of DISTRIBUTION.

    Grouped by consequence: what raises, what goes silent, what is new. A version is one that `keyward signatures list`
    shows; `5.23` stands for its last patch, `installed` for the one in the environment, `newest` for the newest known.
    NAME narrows it down to a class or function, a pattern ('Bert*') or a model family (deit).

    Ends with 0 where nothing breaks, 1 where something raises or goes silent, 2 where it cannot be told.
    """
    from .difference import run

    python, output_format, everything = rest["python"], rest["output_format"], rest["everything"]
    context.exit(run(distribution, (old, new), names, python, output_format, everything, context.color))


@signatures.command()
@click.argument("distributions", nargs=-1, metavar="[DISTRIBUTION]...")
@python_option
@output_option
@unabridged_option
@verbose_option
@click.pass_context
def verify(context: click.Context, /, distributions: tuple[str, ...], **rest: Any) -> None:
    """Read installed libraries twice, by importing them and from their source, and show where the two differ.

    Default: torch and transformers. Ends with 0 where at least 99.5 % of the public classes and functions are the same.
    """
    from .verify import run

    context.exit(run(distributions, rest["python"], rest["output_format"], rest["everything"], context.color))


@signatures.command()
@click.option("--python", required=True, metavar="PATH", help="Environment that has the library, or what it builds on.")
@click.option("--distribution", metavar="NAME", help="Distribution to read, such as transformers.")
@click.option("--version", "versions", multiple=True, metavar="V", help="Release to read from its wheel. Repeatable.")
@click.option("--all", "everything", is_flag=True, help="Every release that releases.json in the folder names.")
@click.option("--output", required=True, metavar="FOLDER", type=click.Path(file_okay=False), help="Folder to extend.")
@verbose_option
@click.pass_context
def build(context: click.Context, /, python: str, distribution: str | None, output: str, **rest: Any) -> None:
    """Add versions of libraries to a folder of shipped signatures.

    Without --version the one that is installed, by importing it. With it, the wheels of releases are fetched by pip and
    read without executing anything; what they build on (torch) is read from the environment.
    """
    from .build import run

    context.exit(run(python, distribution, tuple(rest["versions"]), rest["everything"], output))
