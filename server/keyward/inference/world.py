"""What inference may look at beside the file itself: an immutable snapshot."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..signatures.store import Signatures
from .answers import Answers


@dataclass(frozen=True, slots=True)
class World:
    signatures: Signatures
    answers: Answers = field(default_factory=Answers)
