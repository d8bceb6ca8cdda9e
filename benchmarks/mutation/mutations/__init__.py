"""The ways to break a call: one function each, in one file for each family. A new one is one more line in a list."""

from collections.abc import Callable, Iterator
from random import Random

from . import binding, classes, fields, keywords
from .mutation import Aim, CallSpot, Mutant, ReadSpot, moved

OF_CALLS: tuple[Callable[[CallSpot, Random], Iterator[Mutant]], ...] = (
    keywords.made_up,
    keywords.of_a_sister,
    keywords.misspelt_keyword,
    keywords.labels,
    binding.surplus,
    binding.dropped,
    binding.repeated,
    classes.base_for_head,
)
OF_READS: tuple[Callable[[ReadSpot, Random], Iterator[Mutant]], ...] = (fields.loss, fields.misspelt_field)

__all__ = ["OF_CALLS", "OF_READS", "Aim", "CallSpot", "Mutant", "ReadSpot", "moved"]
