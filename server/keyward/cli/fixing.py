"""Applies fixes to a text until none is left to apply."""

from __future__ import annotations

import difflib
import os
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from ..features.snapshot import Snapshot
from ..rules.finding import Fix, Safety
from ..text import Edit, apply_edits

N_ROUNDS = 10
"""Fixes that bring each other back must not go on for ever."""


def fixed(snapshot: Snapshot, unsafe: bool, again: Callable[[bytes, Snapshot], Snapshot]) -> tuple[Snapshot, int]:
    """The snapshot after all fixes that may be applied, and how many they were.

    `again` takes the snapshot of a new text. A round whose text would no longer parse is not applied.
    """
    n_applied = 0
    for _ in range(N_ROUNDS):
        edits, n_fixes = _round(snapshot, unsafe)
        if not edits:
            break
        mended = again(apply_edits(snapshot.text, edits), snapshot)
        if mended.source.broken and not snapshot.source.broken:
            break
        snapshot, n_applied = mended, n_applied + n_fixes
    return snapshot, n_applied


def _round(snapshot: Snapshot, unsafe: bool) -> tuple[set[Edit], int]:
    """Edits of as many fixes as do not touch the same text, and how many fixes they make up."""
    edits: set[Edit] = set()
    n_fixes = 0
    for finding in snapshot.findings:
        fix = chosen(snapshot.fixes(finding), unsafe)
        if fix is None:
            continue
        together = edits.union(fix.edits)
        try:
            apply_edits(snapshot.text, together)
        except ValueError:
            continue  # its turn comes in the next round
        edits = together
        n_fixes += 1
    return edits, n_fixes


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
