"""The options of `keyward check`."""

from __future__ import annotations

from dataclasses import dataclass


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
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    force_exclude: bool = False
    config: str | None = None
    files_from: str | None = None
    """A file that lists paths, "-" for standard input."""
    stdin_filename: str | None = None
    baseline: str | None = None
    write_baseline: bool = False
    statistics: bool = False
    exit_zero: bool = False

    @property
    def settings(self) -> dict[str, object]:
        """What is set in place of what files set."""
        rules = {"select": self.select, "ignore": self.ignore}
        named = {
            name: [rule.strip() for part in given for rule in part.split(",") if rule.strip()]
            for name, given in rules.items()
        }
        return {**named, "exclude": list(self.exclude)}
