"""The tools that are measured: how each is started, and a line that it is known to complain about."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

GOOD = "_probe_y = _probe_f.cross_entropy(None, target=None)"
BAD = "_probe_y = _probe_f.cross_entropy(None, labels=None)"


@dataclass(frozen=True)
class Peer:
    name: str
    serve: tuple[str, ...]
    """Command of its language server; () where it is only measured as a command."""
    check: tuple[str, ...]
    """Command that checks a folder, which comes last."""
    settings: dict[str, Any] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    pattern: str = "labels"
    """What the message about the bad line matches."""


def peers(tools: Path, python: Path) -> tuple[Peer, ...]:
    """The tools in folder `tools`, set up to look at the libraries of `python`."""

    def tool(name: str) -> str:
        return str(tools / name)

    environment = {"VIRTUAL_ENV": str(python.parent.parent)}
    return (
        Peer(
            "keyward",
            (tool("keyward"), "serve"),
            (tool("keyward"), "check", "--python", str(python)),
            {"keyward": {"python": str(python)}},
            environment,
        ),
        Peer(
            "ty",
            (tool("ty"), "server"),
            (tool("ty"), "check", "--no-progress", "--python", str(python)),
            {},
            environment,
        ),
        Peer(
            "pyrefly",
            (tool("pyrefly"), "lsp"),
            (tool("pyrefly"), "check", "--python-interpreter-path", str(python)),
            {"python": {"pythonPath": str(python)}},
            environment,
        ),
        Peer("ruff", (), (tool("ruff"), "check", "--no-cache")),
    )
