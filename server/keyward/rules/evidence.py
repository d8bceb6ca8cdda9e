"""What a file's own code says about which sister class it wants."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..inference.analysis import Callee, CallSite, Passed
from ..inference.values import LibraryClass
from ..signatures.binding import Binding, bind
from ..signatures.model import Entry
from ..source import syntax
from ..source.walk import walk
from .rule import Place
from .sisters import n_own_inputs, output_fields
from .words import is_labels

if TYPE_CHECKING:
    from ..signatures.store import Signatures

_CLASSIFIES = frozenset(("num_labels", "id2label", "label2id", "problem_type"))
_WRITES = ("CausalLM", "LMHeadModel", "MaskedLM", "ConditionalGeneration", "Seq2SeqLM")
"""Heads whose labels are the input tokens, or other tokens."""

Problems = frozenset[tuple[str, str]]


@dataclass(frozen=True)
class Evidence:
    """How a file uses one model class."""

    entry: Entry
    signatures: Signatures
    calls: tuple[CallSite, ...]
    """Calls of its forward."""
    read: frozenset[str]
    """Fields read from its output that the output has."""
    wished: frozenset[str]
    """Fields read from its output that it has not."""
    classifies: bool
    """The file names the classes that things fall into, or their number."""
    labels_are_tokens: bool
    """The labels come out of `input_ids`."""

    @staticmethod
    def gathered(place: Place, entry: Entry) -> Evidence:
        calls: list[CallSite] = []
        read: set[str] = set()
        wished: set[str] = set()
        for _, result in place.analysis.results:
            calls += [site for site in result.calls if any(_is_forward_of(callee, entry) for callee in site.callees)]
            for field_read in result.reads:
                makers = [owner.producer for owner in field_read.owners if owner.producer is not None]
                if any(_is_forward_of(maker, entry) for maker in makers):
                    has = any(field_read.field in owner.fields for owner in field_read.owners)
                    (read if has else wished).add(field_read.field)
        fields = set(output_fields(entry, place.signatures))
        return Evidence(
            entry,
            place.signatures,
            tuple(calls),
            frozenset(read & fields),
            frozenset(wished),
            _classifies(place),
            any(
                _come_from_tokens(place, passed.node)
                for site in calls
                for passed in site.keywords
                if is_labels(passed.name)
            ),
        )

    def allows(self, sister: Entry) -> bool:
        """Whether everything that the file does with this class can be done with the sister."""
        if sister.call is None or not self.read <= set(output_fields(sister, self.signatures)):
            return False
        return all(self.problems(site, sister) <= self.problems(site, self.entry) for site in self.calls)

    def problems(self, site: CallSite, entry: Entry) -> Problems:
        """What would be wrong with a call if it reached this class."""
        if entry.call is None:
            return frozenset()
        binding: Binding[Passed] = bind(
            entry.call, site.positional, site.keywords, site.open_positional, site.open_keywords
        )
        return frozenset(
            (
                *(("keyword", passed.name) for passed in (*binding.unexpected, *binding.ignored)),
                *(("missing", parameter.name) for parameter in binding.missing),
                *(("repeated", passed.name) for passed in binding.repeated),
                *(("surplus", str(i)) for i, _ in enumerate(binding.surplus)),
            )
        )

    def rank(self, sister: Entry) -> tuple[int, int, bool, str]:
        """Key to sort by: the most problems mended and the most fitting head first, then the fewest other inputs."""
        score = 0
        for site in self.calls:
            score += 2 * len(self.problems(site, self.entry) - self.problems(site, sister))
        score += 2 * len(self.wished & set(output_fields(sister, self.signatures)))
        if self.classifies:
            score += sister.head.endswith("Classification")
        if self.labels_are_tokens:
            score += sister.head.endswith(_WRITES)
        return (-score, n_own_inputs(sister, self.entry), not sister.head.endswith("Classification"), sister.name)


def _is_forward_of(callee: Callee, entry: Entry) -> bool:
    return callee.kind == "forward" and callee.cls == LibraryClass(entry.qualified)


def _classifies(place: Place) -> bool:
    """Whether some class is made with `num_labels=3` or the like: the file is about classes of things."""
    for unit, _ in place.analysis.results:
        if not any(name.encode() in unit.key[1] for name in _CLASSIFIES):
            continue
        for node in walk(unit.node):
            if isinstance(node, syntax.Call) and any(argument.name in _CLASSIFIES for argument in node.arguments):
                return True
    return False


def _come_from_tokens(place: Place, argument: syntax.Argument) -> bool:
    """Whether the labels are the tokens of the input, or a name that is bound to them."""
    for node in walk(argument.value):
        if isinstance(node, syntax.Name):
            pattern = rb"\b" + re.escape(node.name.encode()) + rb"\s*=[^=\n][^\n]*\binput_ids\b"
            if node.name == "input_ids" or re.search(pattern, place.analysis.source.text):
                return True
        elif isinstance(node, syntax.Literal) and node.value == "input_ids":
            return not argument.stars
        elif isinstance(node, syntax.Attribute) and node.name == "input_ids":
            return True
    return False
