"""The manual pages of the rules, made from their code.

`python -m keyward.rules.manual FOLDER` writes them. A test fails when the pages under `docs/rules` differ.
"""

from __future__ import annotations

import sys
from pathlib import Path

from .check import RULES
from .rule import Rule


def pages() -> dict[str, str]:
    """File name -> text of each page, the list of all rules among them."""
    rows = [f"| [`{rule.name}`]({rule.name}.md) | {rule.severity.value} | {rule.summary} |" for rule in RULES]
    index = "\n".join(
        (
            "# Rules",
            "",
            "An *error* raises at run time; a *warning* runs and does something else; *information* is deprecated or",
            "of no use. A comment `# keyward: ignore[rule]` silences a rule on its line,",
            "`# keyward: ignore-file[rule]` in its file, and a setting on the whole.",
            "",
            "| rule | severity | what it reports |",
            "| --- | --- | --- |",
            *rows,
            "",
        )
    )
    return {"README.md": index, **{f"{rule.name}.md": page(rule) for rule in RULES}}


def page(rule: Rule) -> str:
    """The page of one rule: a heading, its severity, and its documentation."""
    return f"# {rule.name}\n\n{rule.summary} Severity: {rule.severity.value}.\n\n{rule.documentation}\n"


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (folder / name).write_text(text, "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
