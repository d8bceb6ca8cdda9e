"""Applies fixes to a text until none is left to apply."""

from __future__ import annotations

import difflib
import os
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ..features.snapshot import Snapshot
from ..rules.finding import Fix, Safety
from ..text import Edit, apply_edits

N_ROUNDS = 10
"""Fixes that bring each other back must not go on for ever."""


class Editable(Protocol):
    """What a source is made of, and what edits of the source make of that."""

    @property
    def text(self) -> bytes:
        """The source."""

    def edited(self, edits: Iterable[Edit]) -> Editable | None:
        """The same after edits; None where they cannot be made. Raises ValueError when two overlap."""


@dataclass(frozen=True, slots=True)
class Plain:
    """A file that is its own source."""

    text: bytes

    def edited(self, edits: Iterable[Edit]) -> Plain:
        return Plain(apply_edits(self.text, edits))


def fixed(
    snapshot: Snapshot, content: Editable, unsafe: bool, again: Callable[[bytes, Snapshot], Snapshot]
) -> tuple[Snapshot, Editable, int]:
    """The snapshot and the content after all fixes that may be applied, and how many they were.

    `again` takes the snapshot of a new text. A round whose text would no longer parse is not applied.
    """
    n_applied = 0
    for _ in range(N_ROUNDS):
        new, n_fixes = _round(snapshot, content, unsafe)
        if not n_fixes:
            break
        mended = again(new.text, snapshot)
        if mended.source.broken and not snapshot.source.broken:
            break
        snapshot, content, n_applied = mended, new, n_applied + n_fixes
    return snapshot, content, n_applied


def _round(snapshot: Snapshot, content: Editable, unsafe: bool) -> tuple[Editable, int]:
    """The content after as many fixes as do not touch the same text, and how many they are."""
    edits: set[Edit] = set()
    n_fixes = 0
    new = content
    for finding in snapshot.findings:
        fix = chosen([fix for fix in snapshot.fixes(finding) if content.edited(fix.edits) is not None], unsafe)
        if fix is None:
            continue
        together = edits.union(fix.edits)
        try:
            after = content.edited(together)
        except ValueError:
            continue  # its turn comes in the next round
        if after is not None:
            edits, new = together, after
            n_fixes += 1
    return new, n_fixes


def chosen(fixes: Sequence[Fix], unsafe: bool) -> Fix | None:
    """The first safe fix; failing that, where unsafe ones are wanted, the one that needs no choice."""
    for fix in fixes:
        if fix.safety is Safety.SAFE:
            return fix
    if unsafe:
        preferred = [fix for fix in fixes if fix.preferred] or (fixes if len(fixes) == 1 else [])
        return preferred[0] if preferred else None
    return None


def diff(path: str, old: bytes, new: bytes) -> str:
    """Unified diff between two texts of one file; "" where they are equal."""
    before, after = (text.decode("utf-8", "replace").splitlines(keepends=True) for text in (old, new))
    lines = difflib.unified_diff(before, after, f"a/{path}", f"b/{path}")
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def write(path: str, text: bytes) -> None:
    """Replaces a file at once or not at all, and keeps its permissions; a link stays a link.

    Raises OSError.
    """
    target = Path(path).resolve()
    mode = target.stat().st_mode
    handle, temporary = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(text)
        os.chmod(temporary, mode & 0o7777)
        os.replace(temporary, target)
    except BaseException:
        os.unlink(temporary)
        raise
