"""What the user can set, and how it is read from what an editor or a configuration file hands over.

Nothing here fails: a value that makes no sense is left at its default, and a sentence says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..rules import RuleSettings


@dataclass(frozen=True, slots=True)
class Settings:
    """The section `keyward`, of one workspace folder."""

    python: str = ""
    """Path of the interpreter whose libraries count; "": the one that is found."""
    diagnostics: bool = True
    """Whether findings are reported. Hover, completion and the like go on without."""
    rules: RuleSettings = field(default_factory=RuleSettings)


def read(raw: Mapping[str, object]) -> tuple[Settings, tuple[str, ...]]:
    """The settings, and a sentence about each value that was left out. Unknown names may belong to the client."""
    problems: list[str] = []
    python = raw.get("python")
    if python is not None and not isinstance(python, str):
        problems.append("keyward.python has to be the path of a Python interpreter.")
    diagnostics = raw.get("diagnostics")
    if diagnostics is not None and not isinstance(diagnostics, bool):
        problems.append("keyward.diagnostics has to be true or false.")
    levels = raw.get("rules") or {}
    if not isinstance(levels, Mapping):
        problems.append("keyward.rules has to map names of rules to error, warning, information or off.")
        levels = {}
    rules, wrong = RuleSettings.read(levels)
    return (
        Settings(python if isinstance(python, str) else "", diagnostics is not False, rules),
        (*problems, *wrong),
    )
