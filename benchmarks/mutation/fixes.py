"""Counts what came of the first fixes, and runs some of the mended calls on tiny models."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from random import Random

from outcome import Mended
from truth import Truth

N_RUN = 200
"""Mended calls that are run."""


class Fixes:
    def __init__(self) -> None:
        self._by_rule: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self.failures: list[str] = []
        self._good: list[Mended] = []
        self.ran: Counter[str] = Counter()
        self.not_mended: list[str] = []
        """Mended calls in which a keyword still is lost when it is run."""

    @property
    def holds(self) -> bool:
        return not self.failures and not self.not_mended

    def add(self, mended: Iterable[Mended]) -> None:
        for fix in mended:
            counts = self._by_rule[fix.rule]
            counts[f"{fix.title}"] += 1
            if fix.problem:
                counts[f"{fix.title}: {fix.problem.partition(':')[0]}"] += 1
                self.failures.append(f"{fix.problem}: {fix.where}")
            elif fix.changed and fix.call is not None and fix.call.how == "class":
                self._good.append(fix)

    def run(self, truth: Truth, n: int, random: Random) -> None:
        """Run so many mended calls, each on a tiny model of its class; those that cannot be run count apart."""
        left = random.sample(self._good, len(self._good))
        seen: set[tuple[str, tuple[str, ...]]] = set()
        while left and self.ran["as they should"] + self.ran["not as they should"] < n:
            fix = left.pop()
            assert fix.call is not None
            key = fix.call.name, fix.changed
            verdict = truth.watch(fix.call, fix.changed)
            if verdict.holds is None:
                self.ran["not run"] += 1
                left = [other for other in left if other.call != fix.call]
                continue
            self.ran["as they should" if verdict.holds else "not as they should"] += 1
            seen.add(key)
            if not verdict.holds:
                self.not_mended.append(f"{verdict.why}: {fix.where}")

    def lines(self, most: int) -> Iterator[str]:
        for rule, counts in sorted(self._by_rule.items()):
            yield f"fixes for {rule}: {sum(n for title, n in counts.items() if ':' not in title)}"
            yield from (f"  {n:6}  {title}" for title, n in counts.most_common())
        yield f"{len(self.failures)} fixes that fail"
        yield from (f"  {line}" for line in self.failures[:most])
        if self.ran:
            yield "mended calls run: " + ", ".join(f"{n} {what}" for what, n in self.ran.items())
            yield from (f"  {line}" for line in self.not_mended[:most])
