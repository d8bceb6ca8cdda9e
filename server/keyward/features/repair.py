"""Half-written code, finished for a moment: what is asked at the cursor is asked of a text that parses there.

Whoever types `outputs = model(` wants to be told what `model` takes, at a time when the parser can make little of the
statement, and of what follows it. So the brackets that are open at the cursor are closed, a missing value or name is
filled in, and the rest of the statement is left out. Nothing before the cursor changes: offsets up to there hold.
"""

from __future__ import annotations

import re
from dataclasses import replace

from ..inference.analysis import CallSite
from ..inference.engine import analyse
from .locate import tokens
from .snapshot import Snapshot

_CLOSERS = {b"(": b")", b"[": b"]", b"{": b"}"}
_COMPOUND = re.compile(rb"[ \t]*(?:async[ \t]+)?(?:if|elif|for|while|with|except|def|class|match|case)\b")
_WANTS_VALUE = re.compile(rb"(?:[=+\-*/%@<>|&^:~]|\b(?:and|or|not|in|is|if|else|return|await|lambda))[ \t]*\Z")
_WANTS_NAME = re.compile(rb"\.[ \t]*\Z")
_INDENT = re.compile(rb"[ \t]*")


def call_at(snapshot: Snapshot, offset: int) -> tuple[Snapshot, tuple[CallSite, int] | None]:
    """The innermost call whose parentheses hold the offset, and the base of its spans; repaired if need be."""
    found = snapshot.analysis.call_at(offset)
    if found is None or found[0].node.broken:
        snapshot = repaired(snapshot, offset)
        found = snapshot.analysis.call_at(offset) or found
    return snapshot, found


def repaired(snapshot: Snapshot, offset: int) -> Snapshot:
    """A snapshot in which the statement around the cursor parses, if that can be had; else the one given."""
    if not snapshot.source.broken:
        return snapshot
    text = snapshot.text
    start = max((unit.start for unit in snapshot.source.units if unit.start <= offset), default=0)
    opened: list[tuple[bytes, int]] = []
    for token, at in tokens(text, start, offset):
        if token in _CLOSERS:
            opened.append((token, at))
        elif token in _CLOSERS.values() and opened and _CLOSERS[opened[-1][0]] == token:
            opened.pop()
    statement = text.rfind(b"\n", 0, opened[0][1] if opened else offset) + 1
    before = text[:offset]
    filler = b"_" if _WANTS_NAME.search(before) else b"..." if _WANTS_VALUE.search(before) else b""
    filler += b"".join(_CLOSERS[bracket] for bracket, _ in reversed(opened))
    filler += b": pass" if _COMPOUND.match(text, statement) else b""
    changed = before + filler + b"\n" + text[_rest(text, offset, statement) :]
    source = snapshot.source.edited(changed)
    return replace(snapshot, source=source, analysis=analyse(source, snapshot.world, snapshot.analysis))


def _rest(text: bytes, offset: int, statement: int) -> int:
    """Where the text goes on after the statement that begins at `statement`: at a line that is indented no deeper and
    does not close a bracket."""
    indent = _width(text, statement)
    at = text.find(b"\n", offset) + 1
    while at:
        end = text.find(b"\n", at)
        content = text[at : end if end >= 0 else len(text)].strip()
        if content and _width(text, at) <= indent and content[:1] not in b")]}":
            return at
        at = end + 1
    return len(text)


def _width(text: bytes, line: int) -> int:
    match = _INDENT.match(text, line)
    return len(match[0].expandtabs()) if match is not None else 0
