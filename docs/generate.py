"""Writes what the documentation takes from the code: rule pages, the README's lists of rules and settings, its picture.

    python docs/generate.py

Tests fail when what is committed differs.
"""

from __future__ import annotations

import io
import os
import re
import sys
from contextlib import redirect_stdout
from pathlib import Path

from rich.console import Console
from rich.text import Text

from keyward.cli.app import main as keyward
from keyward.rules import RULES, manual
from keyward.session.settings import KEYS

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
PICTURE = ROOT / "docs" / "check.svg"
SCRIPT = "examples/base_model_labels.py"
WIDTH = 132
SESSION = (
    ("check", SCRIPT),
    ("check", SCRIPT, "--diff", "--unsafe-fixes"),
)
"""The commands in the picture."""


def rules_table() -> str:
    rows = (f"| [`{r.name}`](docs/rules/{r.name}.md) | {r.severity.value} | {r.summary} |" for r in RULES)
    return "\n".join(("| rule | severity | what it reports |", "| --- | --- | --- |", *rows))


def settings_table() -> str:
    rows = (f"| `{key.name}` | {key.default} | {key.summary} |" for key in KEYS)
    return "\n".join(("| setting | default | what it does |", "| --- | --- | --- |", *rows))


def readme(text: str) -> str:
    """The README with its lists as the code has them."""
    for name, table in (("rules", rules_table()), ("settings", settings_table())):
        begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
        before, _, rest = text.partition(begin)
        _, _, after = rest.partition(end)
        text = f"{before}{begin}\n{table}\n{end}{after}"
    return text


def output(*arguments: str) -> str:
    """What a command prints in a terminal with colours, in the checkout, judged by the shipped signatures."""
    here = os.getcwd()
    os.chdir(ROOT)
    try:
        with redirect_stdout(io.StringIO()) as printed:
            # An interpreter without the libraries: this one, whose environment has none of them.
            keyward.main([*arguments, "--python", sys.executable], "keyward", standalone_mode=False, color=True)
    finally:
        os.chdir(here)
    return printed.getvalue()


def session() -> str:
    """The whole picture as text with colours."""
    parts = [f"\x1b[1m$ keyward {' '.join(arguments)}\x1b[0m\n{output(*arguments)}" for arguments in SESSION]
    return "\n".join(parts)


def picture() -> str:
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True)
    console.print(Text.from_ansi(session()))
    svg = console.export_svg(title="keyward", unique_id="keyward")
    return re.sub(r"\s*@font-face \{.*?\}", "", svg, flags=re.DOTALL)  # fonts would be fetched from elsewhere


def main() -> None:
    manual.main(ROOT / "docs" / "rules")
    README.write_text(readme(README.read_text("utf-8")), "utf-8")
    PICTURE.write_text(picture(), "utf-8")


if __name__ == "__main__":
    main()
