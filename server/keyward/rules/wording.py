"""How messages name things: one or two short sentences with class, keyword, library version and consequence."""

from __future__ import annotations

from collections.abc import Sequence

from ..inference.analysis import Callee
from ..signatures.model import Entry


def code(name: str) -> str:
    return f"`{name}`"


def listed(names: Sequence[str], at_most: int = 2) -> str:
    """ "A", "A and B", "A, B and C", "A, B and 3 more"; one name is never hidden behind "1 more"."""
    if len(names) > at_most + 1:
        return f"{', '.join(names[:at_most])} and {len(names) - at_most} more"
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))


def subject(callees: Sequence[Callee], singular: str, plural: str) -> str:
    """The candidates with their verb: "DeiTModel.forward ignores", "A.forward and B.forward ignore"."""
    names = list(dict.fromkeys(callee.name for callee in callees))
    return f"{listed(names)} {singular if len(names) == 1 else plural}"


def version(callees: Sequence[Callee]) -> str:
    """The library that was judged by, in parentheses: " (transformers 5.23.0 in .venv)"; "" for the user's own."""
    return by(*(callee.library for callee in callees))


def by(*libraries: str) -> str:
    """The same of labels, which have parentheses of their own: "transformers 5.23.0 (shipped signatures)"."""
    labels = dict.fromkeys(label.replace(" (", ", ").replace(")", "") for label in libraries if label)
    return f" ({', '.join(labels)})" if labels else ""


def takers(sisters: Sequence[Entry], verb: str, plural: str) -> str:
    """A sentence about who does better, with a blank before it, or nothing."""
    if not sisters:
        return ""
    names = [entry.name for entry in sisters]
    return f" {listed(names)} {verb if len(names) == 1 else plural}."
