"""`keyward rule`: the manual pages, in the terminal."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Sequence
from io import StringIO

import click

from ..rules import RULES, Rule
from ..rules.manual import page
from .formats.text import COLOURS

WIDTH = 100
"""Columns that a page takes at the most."""


def run(names: Sequence[str], everything: bool, color: bool | None) -> int:
    """Prints pages, or a list of rules where none is named, and gives the exit code."""
    by_name = {rule.name: rule for rule in RULES}
    wrong = [name for name in names if name not in by_name]
    for name in wrong:
        click.echo(_no_rule(name, list(by_name)), err=True)
    chosen = RULES if everything else tuple(by_name[name] for name in dict.fromkeys(names) if name in by_name)
    if chosen:
        click.echo("\n".join(shown(rule, color) for rule in chosen), nl=False, color=color)
    elif not wrong:
        click.echo(_list(), color=color)
    return 2 if wrong else 0


def _no_rule(name: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    near += [other for other in known if name and name in other and other not in near]
    hint = f"did you mean {' or '.join(near[:4])}?" if near else "`keyward rule` lists all."
    return f"There is no rule {name}: {hint}"


def _list() -> str:
    width = max(len(rule.name) for rule in RULES)
    return "\n".join(
        f"{click.style(f'{rule.name:{width}}', fg=COLOURS[rule.severity.value], bold=True)}"
        f"  {rule.severity.value:11}  {rule.summary}"
        for rule in RULES
    )


def shown(rule: Rule, color: bool | None) -> str:
    """The page: as it is for pipes and files, set for a terminal."""
    text = page(rule)
    if not (sys.stdout.isatty() if color is None else color):
        return text
    from rich.console import Console
    from rich.markdown import Markdown

    console = Console(file=StringIO(), force_terminal=True, width=min(WIDTH, Console().width))
    console.print(Markdown(text.replace("```py\n", "```python\n")))
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()
