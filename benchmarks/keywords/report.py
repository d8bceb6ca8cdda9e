"""Counts claims of keywords against observations, and writes that down."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from keyward.signatures.model import Signature

USED, IGNORED, REFUSED = "used", "ignored", "refused"
AGREE = {
    ("parameter", USED),
    ("accepted", USED),
    ("ignored", IGNORED),
    ("refused", REFUSED),
}
WOLVES = {("ignored", USED), ("refused", USED)}
"""A finding about such a keyword would be wrong."""

LEAST = 0.99

DEFINITIONS = """
A *pair* is one keyword passed to one class. Asked: every parameter of forward, every key of the typed dictionary that
its `**kwargs` unpack, {always}, and whatever the class is claimed to accept. Beside those, the parameters of all other
models of the same module are passed, in search of false claims; they are counted apart, so that they do not adorn the
share.

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


class Report:
    """The comparison of one version: `add` a record for each class, then ask for the text."""

    def __init__(
        self,
        version: str,
        torch: str,
        classes: dict[str, Any],
        claims: dict[str, Signature],
        always: Sequence[str],
    ) -> None:
        self._title = f"transformers {version}, torch {torch}"
        self._classes = classes
        self._claims = claims
        self._always = tuple(always)
        self.observed: list[str] = []
        self.unbuilt: dict[str, str] = {}
        self.asked: Counter[tuple[str, str]] = Counter()
        self.neighbours: Counter[tuple[str, str]] = Counter()
        self.idle: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self.contradictions: list[str] = []
        self.alarms: list[str] = []
        self._unsteady = 0

    def add(self, name: str, record: dict[str, Any]) -> None:
        """Take in what was observed of a class."""
        if "unbuilt" in record:
            self.unbuilt[name] = record["unbuilt"]
            return
        self.observed.append(name)
        self._unsteady += not record["steady"]
        known, claim = self._classes[name], self._claims[name]
        asked = {*known["parameters"], *known["keys"], *self._always, *claim.accepts}
        for keyword, fate in record["fates"].items():
            claimed = claim_of(claim, keyword)
            pair = (claimed, fate)
            (self.asked if keyword in asked else self.neighbours)[pair] += 1
            if pair in AGREE or claimed == "open":
                continue
            if claimed in ("parameter", "accepted") and fate == IGNORED:
                self.idle[idleness(claim, known, keyword)][keyword] += 1
                continue
            line = f"`{name.rpartition('.')[2]}({keyword}=...)` is claimed to be {claimed} and was {fate}"
            self.contradictions.append(line)
            if pair in WOLVES:
                self.alarms.append(line)

    def shares(self) -> tuple[float, float]:
        """Share of pairs that agree: of all that something is claimed of; of those that are not idle."""
        agree = sum(count for pair, count in self.asked.items() if pair in AGREE)
        idle = sum(count for (claimed, fate), count in self.asked.items() if is_idle(claimed, fate))
        total = sum(count for (claimed, _), count in self.asked.items() if claimed != "open")
        return agree / max(total, 1), agree / max(total - idle, 1)

    @property
    def holds(self) -> bool:
        """Whether no false alarm was found and enough pairs agree."""
        return not self.alarms and self.shares()[1] >= LEAST

    def summary(self, seconds: float) -> str:
        """A few lines for the terminal."""
        strict, share = self.shares()
        n_public = sum(self._classes[name]["public"] for name in self.observed)
        return "\n".join(
            (
                f"{self._title}: {len(self.observed)} of {len(self._classes)} model classes observed "
                f"({n_public} public), {len(self.unbuilt)} could not be, {seconds:.0f} seconds.",
                f"{sum(self.asked.values())} pairs, {sum(self.neighbours.values())} with neighbours' parameters. "
                f"Agree: {share:.2%} ({strict:.2%} where idle ones count against it).",
                f"Contradictions: {len(self.contradictions)}, false alarms among them: {len(self.alarms)}.",
                *self.contradictions[:20],
            )
        )

    def text(self, seconds: float) -> str:
        """The whole report as Markdown."""
        opened = [name for name, claim in self._claims.items() if name in self._classes and claim.extra == "open"]
        public = [name for name, known in self._classes.items() if known["public"]]
        n_open = sum(self._classes[name]["public"] for name in opened)
        sections = [
            f"# Keywords: claims and observations, {self._title}",
            self.summary(seconds).split("\n`")[0],
            f"Of {len(public)} public model classes {n_open} are open ({n_open / max(len(public), 1):.1%}). "
            f"{self._unsteady} of the observed classes return something else at every call: of those only who touches "
            "a keyword is known.",
            DEFINITIONS.format(always=", ".join(f"`{name}`" for name in self._always)).strip(),
            "## Claim by observation, of the pairs asked\n\n" + table(self.asked),
            "## Claim by observation, of neighbours' parameters\n\n" + table(self.neighbours),
            "## Idle\n\n" + "\n".join(self._idle_lines()),
            "## Contradictions\n\n" + ("\n".join(f"- {line}" for line in self.contradictions) or "None."),
            "## Not observed\n\n" + "\n".join(causes(self.unbuilt)),
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


def is_idle(claimed: str, fate: str) -> bool:
    return claimed in ("parameter", "accepted") and fate == IGNORED


def idleness(claim: Signature, known: dict[str, Any], keyword: str) -> str:
    """In which way a keyword that was not used is claimed to be accepted."""
    if claim.parameter(keyword) is not None:
        if keyword in known["unread"]:
            return "parameter that forward never reads"
        return "parameter that forward reads, not on the paths that were run"
    way = claim.accepts.get(keyword, "a computed name")
    if keyword in known["keys"]:
        return "key of the typed dictionary that this class does not read"
    return "key of a typed dictionary of a callee" if way.endswith("Kwargs") else "named by a callee"


def table(counts: Counter[tuple[str, str]]) -> str:
    """Claims as rows, observations as columns."""
    rows = ["| claimed | used | ignored | refused |", "| --- | --- | --- | --- |"]
    rows += [
        f"| {claimed} | " + " | ".join(str(counts[(claimed, fate)]) for fate in (USED, IGNORED, REFUSED)) + " |"
        for claimed in ("parameter", "accepted", "ignored", "refused", "open")
    ]
    return "\n".join(rows)


def causes(unbuilt: dict[str, str], shorten: Callable[[str], str] = lambda cause: cause[:160]) -> list[str]:
    """One line for each cause, the most frequent first."""
    by_cause: defaultdict[str, list[str]] = defaultdict(list)
    for name, cause in unbuilt.items():
        by_cause[shorten(cause)].append(name.rpartition(".")[2])
    ordered = sorted(by_cause.items(), key=lambda item: (-len(item[1]), item[0]))
    return [f"- {cause} ({len(names)}): {', '.join(names)}" for cause, names in ordered]
