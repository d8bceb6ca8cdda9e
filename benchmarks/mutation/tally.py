"""Counts what was found against what the library says, and prints it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from calls import FieldQuestion, Question
from neighbours import inference
from outcome import HELD_BACK, OPEN, RULES, Outcome, Said
from truth import Truth, Verdict

ENOUGH = 0.98
"""Share of the mutants of each rule that has to be found, where the callee is known with what it accepts."""


@dataclass
class Count:
    n_mutants: int = 0
    """Broken, as the library says."""
    n_found: int = 0
    """By the right rule at the right place."""
    n_otherwise: int = 0
    """By another rule only, and what it says is right."""
    n_open: int = 0
    """Not found where inference names the class and says that it does not know what that accepts."""
    n_held: int = 0
    """Not found where the rules keep silent on purpose: the code expects a failure, or only callers tell what is called
    and a test stands before it."""
    n_controls: int = 0
    """Changed, and fine or broken in no way that was meant."""
    n_undecided: int = 0
    silent: Counter[str] = field(default_factory=Counter)
    """Why the others were not found."""
    examples: dict[str, str] = field(default_factory=dict)

    @property
    def n_known(self) -> int:
        """Mutants of calls whose callee is known with what it accepts, in places where rules may speak."""
        return self.n_mutants - self.n_open - self.n_held

    @property
    def share(self) -> float:
        return self.n_found / max(self.n_known, 1)

    def cells(self) -> str:
        n_missed = self.n_known - self.n_found - self.n_otherwise
        share = f"{self.share:.1%}" if self.n_known else "-"
        of_all = f"{self.n_found / self.n_mutants:.1%}" if self.n_mutants else "-"
        numbers = (self.n_otherwise, n_missed, self.n_open, self.n_held, self.n_controls, self.n_undecided)
        return f"{self.n_mutants} | {self.n_found} | {share} | {of_all} | {' | '.join(map(str, numbers))}"


class Tally:
    def __init__(self, truth: Truth) -> None:
        self._truth = truth
        self.by_rule: defaultdict[str, Count] = defaultdict(Count)
        self.by_kind: defaultdict[str, Count] = defaultdict(Count)
        self.undecided: Counter[str] = Counter()
        self.wrong: list[str] = []
        """Findings that the library contradicts."""
        self.n_doubtful: Counter[str] = Counter()
        """Findings that cannot be held against the library, by the reason."""
        self.broken_before = 0
        """Calls that were left alone: the library says that they raise as they are."""

    @property
    def holds(self) -> bool:
        return not self.wrong and all(count.share >= ENOUGH for count in self.by_rule.values() if count.n_known)

    def add(self, outcome: Outcome) -> None:
        if self._is_broken(outcome.before):
            self.broken_before += 1
            return
        for said in outcome.said:
            self._judge(said, outcome)
        verdict, rule = self._expected(outcome)
        counts = (self.by_rule[rule], self.by_kind[outcome.kind])
        if verdict.holds is None:
            self.undecided[inference.general(verdict.why)] += 1
        for count in counts:
            if verdict.holds is None:
                count.n_undecided += 1
            elif not verdict.holds:
                count.n_controls += 1
            else:
                _add(count, outcome, rule)

    def _is_broken(self, question: Question | FieldQuestion) -> bool:
        if isinstance(question, Question):
            return self._truth.binds(question).holds is False
        return self._truth.lacks(question).holds is True

    def _expected(self, outcome: Outcome) -> tuple[Verdict, str]:
        """Whether the mutant is broken as it was meant to be, and the rule that is to say so."""
        aim, question = outcome.aim, outcome.question
        if isinstance(question, FieldQuestion):
            return self._truth.lacks(question), "missing-output-field"
        if aim.sort == "keyword":
            refused = self._truth.refused(question, aim.subject)
            if refused.holds:
                return refused, "unexpected-keyword"
            return self._truth.lost(question, aim.subject), "ignored-keyword"
        rule = next(name for name, sort in RULES.items() if sort == aim.sort)
        return self._verdict(rule, aim.subject, question), rule

    def _verdict(self, rule: str, subject: str, question: Question | FieldQuestion | None) -> Verdict:
        """Whether what a rule says is so."""
        truth = self._truth
        if isinstance(question, FieldQuestion):
            return truth.lacks(question)
        if question is None:
            return Verdict(None, "its text is no call")
        if (
            rule in ("unexpected-keyword", "ignored-keyword", "multiple-values")
            and subject not in question.shape.keywords
        ):
            return Verdict(None, "the keyword comes out of a spread")
        if rule == "unexpected-keyword":
            return truth.refused(question, subject)
        if rule == "ignored-keyword":
            return truth.lost(question, subject)
        if rule == "missing-argument":
            named = truth.missing(question, subject)
            # Several candidates may each lack something of another name.
            return truth.missing(question) if named.holds is False and len(question.targets) > 1 else named
        return truth.surplus(question) if rule == "too-many-positional" else truth.repeated(question, subject)

    def _judge(self, said: Said, outcome: Outcome) -> None:
        verdict = self._verdict(said.rule, said.subject, said.question)
        if verdict.holds is False:
            self.wrong.append(f"{outcome.kind}: {said.where}: {said.rule}: {said.message} But: {verdict.why}.")
        elif verdict.holds is None:
            self.n_doubtful[f"{said.rule}: {inference.general(verdict.why)}"] += 1

    def lines(self, most: int) -> Iterator[str]:
        """The report, in Markdown."""
        names = "mutants|found|of known|of all|by another rule|missed|open|held back|controls|undecided".split("|")
        head = f"| {' | '.join(names)} |"
        for title, counts in (("rule", self.by_rule), ("kind", self.by_kind)):
            yield f"| {title} {head}\n|{' --- |' * (len(names) + 1)}"
            yield from (f"| {name} | {count.cells()} |" for name, count in sorted(counts.items()))
            yield ""
        for name, count in sorted(self.by_rule.items()):
            if count.silent:
                yield f"{name}, not found:"
            for reason, n in count.silent.most_common(most):
                yield f"  {n:6}  {reason}    e.g. {count.examples[reason]}"
        yield f"{self.broken_before} changed calls left alone: they fail as they are"
        yield from _listed("undecided mutants", self.undecided, most)
        yield from _listed("findings that cannot be decided", self.n_doubtful, most)
        yield f"{len(self.wrong)} findings that the library contradicts"
        yield from (f"  {line}" for line in self.wrong[:most])


def _add(count: Count, outcome: Outcome, rule: str) -> None:
    count.n_mutants += 1
    aimed = {said.rule for said in outcome.said if said.aimed}
    if rule in aimed:
        count.n_found += 1
        return
    here = sorted({said.rule for said in outcome.said if said.here})
    if here:
        count.n_otherwise += 1
    elif outcome.silence.startswith(OPEN):
        count.n_open += 1
    elif outcome.silence.startswith(HELD_BACK):
        count.n_held += 1
    reason = f"said: {', '.join(here)}" if here else outcome.silence
    count.silent[reason] += 1
    count.examples.setdefault(reason, f"[{outcome.kind}] {outcome.where}")


def _listed(title: str, counts: Counter[str], most: int) -> Iterator[str]:
    yield f"{sum(counts.values())} {title}"
    yield from (f"  {n:6}  {reason}" for reason, n in counts.most_common(most))
