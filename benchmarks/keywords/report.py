"""Counts claims of keywords against observations, and writes that down."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any, NamedTuple

from keyward.signatures.model import Signature

USED, IGNORED, REFUSED = "used", "ignored", "refused"
AGREE = {
    ("parameter", USED),
    ("accepted", USED),
    ("ignored", IGNORED),
    ("refused", REFUSED),
}
ALARMS = {("ignored", USED), ("refused", USED)}
"""A finding about such a keyword would be wrong."""

LEAST = 0.99
"""Share of the pairs that are not idle which has to agree."""

Pair = tuple[str, str]
"""(claimed, observed)"""

DEFINITIONS = """
A *pair* is one keyword passed to one class. Asked: every parameter of forward, every key of the typed dictionary that
its `**kwargs` unpack, {always}. Beside those, the parameters of all other models of the same module are passed, in
search of false claims; they are counted apart, so that they do not adorn the share.

*Observed*: `refused`: TypeError names it. `used`: an object in its place is touched (any use but a test of identity or
class), or the call returns or raises something else than without it; with the fewest arguments, with all optional ones
that go together (and eager attention), or in training. `ignored`: none of this.
*Claimed*: `parameter`; `accepted` by another way; else what is said of the rest: `ignored`, `refused`, or `open`,
which claims nothing and is left out of the shares.

A pair *agrees* if a parameter or accepted keyword is used, or an ignored or refused one is so. It is *idle* if a
parameter or accepted keyword was not seen to be used: the claim says that the callee takes it, not that it matters.
Whatever else is a *contradiction*, and *false alarms* are those where the claim says ignored or refused of a keyword
that was used.
"""


class Claim(NamedTuple):
    """What is claimed of calling a model class, and whether the library exports it."""

    signature: Signature
    public: bool


class Report:
    """The comparison of one version: `add` a record for each class, then ask for the text."""

    def __init__(self, versions: dict[str, str], claims: dict[str, Claim], always: Sequence[str]) -> None:
        self.title = f"transformers {versions['transformers']}, torch {versions['torch']}"
        self._claims = claims
        self._always = tuple(always)
        self.observed: list[str] = []
        self.unbuilt: dict[str, str] = {}
        self.asked: Counter[Pair] = Counter()
        self.neighbours: Counter[Pair] = Counter()
        self.idle: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self.contradictions: list[str] = []
        self.alarms: list[str] = []
        self._unsteady: list[str] = []

    def add(self, name: str, record: dict[str, Any]) -> None:
        """Take in what was observed of a class."""
        if "unbuilt" in record:
            self.unbuilt[name] = record["unbuilt"]
            return
        self.observed.append(name)
        if not record["steady"]:
            self._unsteady.append(name)
        claim = self._claims[name].signature
        for keyword, fate in record["fates"].items():
            pair = claim_of(claim, keyword), fate
            (self.neighbours if keyword in record["neighbours"] else self.asked)[pair] += 1
            if is_idle(pair):
                if keyword not in record["neighbours"]:
                    self.idle[idleness(claim, record, keyword)][keyword] += 1
            elif pair not in AGREE and pair[0] != "open":
                line = f"`{name.rpartition('.')[2]}({keyword}=...)` is claimed to be {pair[0]} and was {fate}"
                self.contradictions.append(line)
                if pair in ALARMS:
                    self.alarms.append(line)

    def shares(self) -> tuple[float, float]:
        """Share of the pairs that agree: of all that something is claimed of, and of those that are not idle."""
        agree = sum(count for pair, count in self.asked.items() if pair in AGREE)
        idle = sum(count for pair, count in self.asked.items() if is_idle(pair))
        total = sum(count for pair, count in self.asked.items() if pair[0] != "open")
        return agree / max(total, 1), agree / max(total - idle, 1)

    @property
    def holds(self) -> bool:
        """Whether no false alarm was found and enough pairs agree."""
        return bool(self.observed) and not self.alarms and self.shares()[1] >= LEAST

    def summary(self) -> str:
        """A few lines for the terminal."""
        strict, share = self.shares()
        n_public = sum(self._claims[name].public for name in self.observed)
        lines = [
            f"{self.title}: {len(self.observed)} of {len(self.observed) + len(self.unbuilt)} model classes were "
            f"observed, {n_public} of them public; {len(self.unbuilt)} could not be.",
            f"{sum(self.asked.values())} pairs agree to {share:.2%} ({strict:.2%} where idle ones count against it); "
            f"{sum(self.neighbours.values())} more with neighbours' parameters.",
            f"Contradictions: {len(self.contradictions)}. False alarms: {len(self.alarms)}.",
        ]
        return "\n".join(lines + self.contradictions[:20])

    def text(self) -> str:
        """The whole report as Markdown."""
        public = [claim for claim in self._claims.values() if claim.public]
        n_open = sum(claim.signature.extra == "open" for claim in public)
        sections = [
            f"# Keywords: claims and observations, {self.title}",
            "\n".join(self.summary().splitlines()[:3]),
            f"Of {len(public)} public model classes {n_open} are open ({n_open / max(len(public), 1):.1%}). "
            f"{len(self._unsteady)} of the observed classes return something else at every call: of those only who "
            "touches a keyword is known.",
            DEFINITIONS.format(always=", ".join(f"`{name}`" for name in self._always)).strip(),
            "## Claim by observation, of the pairs asked\n\n" + table(self.asked),
            "## Claim by observation, of neighbours' parameters\n\n" + table(self.neighbours),
            "## Idle\n\n" + ("\n".join(self._idle_lines()) or "None."),
            "## Contradictions\n\n" + ("\n".join(f"- {line}" for line in self.contradictions) or "None."),
            "## Not observed\n\n" + ("\n".join(causes(self.unbuilt)) or "None."),
        ]
        return "\n\n".join(sections) + "\n"

    def _idle_lines(self) -> list[str]:
        return [
            f"- {reason}: {sum(counts.values())} ("
            + ", ".join(f"`{name}` {count}" for name, count in counts.most_common(12))
            + ")"
            for reason, counts in sorted(self.idle.items(), key=lambda item: -sum(item[1].values()))
        ]


def claim_of(claim: Signature, keyword: str) -> str:
    """What is claimed of a keyword, see `DEFINITIONS`."""
    if claim.parameter(keyword) is not None:
        return "parameter"
    return "accepted" if claim.takes(keyword) else claim.extra


def is_idle(pair: Pair) -> bool:
    return pair in (("parameter", IGNORED), ("accepted", IGNORED))


def idleness(claim: Signature, record: dict[str, Any], keyword: str) -> str:
    """In which way a keyword that was not used is claimed to be accepted."""
    if claim.parameter(keyword) is not None:
        if keyword in record["unread"]:
            return "parameter that forward never reads"
        return "parameter that forward reads, not with what it was called with here"
    if keyword in record["keys"]:
        return "key of the typed dictionary that nothing read here"
    return "named by what receives the rest, and not read here"


def table(counts: Counter[Pair]) -> str:
    """Claims as rows, observations as columns."""
    rows = ["| claimed | used | ignored | refused |", "| --- | --- | --- | --- |"]
    rows += [
        f"| {claimed} | " + " | ".join(str(counts[(claimed, fate)]) for fate in (USED, IGNORED, REFUSED)) + " |"
        for claimed in ("parameter", "accepted", "ignored", "refused", "open")
    ]
    return "\n".join(rows)


def causes(unbuilt: dict[str, str]) -> list[str]:
    """One line for each cause, the most frequent first."""
    by_cause: defaultdict[str, list[str]] = defaultdict(list)
    for name, cause in unbuilt.items():
        by_cause[cause[:160]].append(name.rpartition(".")[2])
    ordered = sorted(by_cause.items(), key=lambda item: (-len(item[1]), item[0]))
    return [f"- {cause} ({len(names)}): {', '.join(names)}" for cause, names in ordered]
