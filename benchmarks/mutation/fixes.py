"""Counts what came of the first fixes, and runs some of the mended calls on tiny models."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from random import Random

from calls import Target
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
        """Run mended calls until there are so many, on a tiny model of each class that is drawn; classes that cannot be
        made count apart."""
        by_class: defaultdict[Target, list[Mended]] = defaultdict(list)
        for fix in self._good:
            assert fix.call is not None
            by_class[fix.call].append(fix)
        for call in random.sample(sorted(by_class), len(by_class)):
            if self.ran["as they should"] + self.ran["not as they should"] >= n:
                break
            fates, why = truth.watch(call, {name for fix in by_class[call] for name in fix.changed})
            for fix in by_class[call]:
                lost = [f"{name} is {fates[name]}" for name in fix.changed if name in fates and fates[name] != "used"]
                self.ran[f"not run: {why}" if why else "not as they should" if lost else "as they should"] += 1
                if lost:
                    self.not_mended.append(f"{', '.join(lost)}: {fix.where}")

    def lines(self, most: int) -> Iterator[str]:
        for rule, counts in sorted(self._by_rule.items()):
            yield f"fixes for {rule}: {sum(n for title, n in counts.items() if ':' not in title)}"
            yield from (f"  {n:6}  {title}" for title, n in counts.most_common())
        yield f"{len(self.failures)} fixes that fail"
        yield from (f"  {line}" for line in self.failures[:most])
        if self.ran:
            yield "mended calls that were run:"
            yield from (f"  {n:6}  {what}" for what, n in self.ran.most_common(most))
            yield from (f"  {line}" for line in self.not_mended[:most])
