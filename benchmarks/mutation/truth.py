"""What the library says of calls and fields: yes, no, or not to be found out. Nothing here is claimed by Keyward."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

from calls import FieldQuestion, Question, Shape, Target
from neighbours import keywords as observations

HERE = Path(__file__).resolve().parent
SECONDS = 90.0
"""Time of a processor that one answer may take: some modules import half an environment."""
FATES = ("used", "ignored", "refused")
FEW = 5
"""Candidates of a call beyond which no models are run for it: an Auto class stands for hundreds."""


class Verdict(NamedTuple):
    """Whether something holds at run time; `None`: it cannot be found out, and `why` says what stands against it."""

    holds: bool | None
    why: str = ""


def of_all(verdicts: Iterable[Verdict]) -> Verdict:
    """Whether it holds for every candidate."""
    open_one: Verdict | None = None
    n = 0
    for verdict in verdicts:
        n += 1
        if verdict.holds is False:
            return verdict
        if verdict.holds is None:
            open_one = open_one or verdict
    return open_one or (Verdict(True) if n else Verdict(None, "no candidate"))


def _seen(holds: bool, spread: bool, why: str) -> Verdict:
    """What is not so by the arguments in sight may be so by those in a spread."""
    return Verdict(True) if holds else Verdict(None, "a spread may hold anything") if spread else Verdict(False, why)


def progress(text: str, last: bool) -> None:
    """One line that says how far it is; only the last one where nobody looks on."""
    if last or sys.stderr.isatty():
        print(f"\r{text}", end="\n" if last else "", file=sys.stderr, flush=True)


class Truth:
    """Asks a child process in the interpreter that has the libraries, each question once; what was found out by running
    models is kept in a file of its version, beside the records of `make observe`."""

    def __init__(self, python: Path, records: Path, keep: Path) -> None:
        self._child = observations.Child(python, HERE / "live.py", SECONDS)
        self.versions: dict[str, str] = self._child.start()
        version = self.versions["transformers"]
        self._fates: dict[str, dict[str, str]] = {}
        self._not_run: dict[str, str] = {}
        """Why what a class does with keywords cannot be observed."""
        self._records = observations.read_records(records / f"observed-{version}.jsonl")
        for name, record in self._records.items():
            self._fates[name] = dict(record.get("fates", {}))
        self._path = keep / f"run-{version}.jsonl"
        self._answers: dict[str, dict[str, Any]] = {}
        for line in self._path.read_text("utf-8").splitlines() if self._path.exists() else ():
            request, answer = json.loads(line)
            self._answers[request] = answer
            self._learn(json.loads(request), answer)

    def arguments(self) -> dict[str, tuple[list[str], list[str]]]:
        """{model class that was seen running: (the fewest keywords it ran with, the most)}."""
        return {name: record["arguments"] for name, record in self._records.items() if "arguments" in record}

    def public(self, classes: Iterable[str]) -> list[str]:
        """Those of the classes that their library exports at the top."""
        answer = self._child.ask({"do": "public", "classes": list(classes)})
        return list(answer["public"])

    def close(self) -> None:
        self._child.end()

    # --- what is wrong with a call ----------------------------------------------------------------------------------

    def refused(self, question: Question, keyword: str) -> Verdict:
        """Whether every candidate raises because of the keyword."""
        return self._every(question, lambda target, facts: self._refused(target, facts, keyword))

    def lost(self, question: Question, keyword: str) -> Verdict:
        """Whether the keyword does nothing, or raises, in every candidate."""
        return self._every(question, lambda target, facts: self._lost(target, facts, keyword))

    def missing(self, question: Question, parameter: str = "") -> Verdict:
        """Whether every candidate lacks a value for the parameter, or for any where none is named."""

        def judge(target: Target, facts: dict[str, Any]) -> Verdict:
            found = facts["missing"]
            if facts["around"] and set(found) <= set(facts["around"]):
                return Verdict(None, "what stands around forward may give it a value")
            return _seen(parameter in found if parameter else bool(found), spread, "nothing is missing")

        spread = question.shape.open_positional or question.shape.open_keywords
        return self._every(question, judge)

    def surplus(self, question: Question) -> Verdict:
        spread = question.shape.open_positional
        return self._every(question, lambda _, facts: _seen(facts["surplus"] > 0, spread, "there is a place for each"))

    def repeated(self, question: Question, keyword: str) -> Verdict:
        spread = question.shape.open_positional or question.shape.open_keywords
        return self._every(question, lambda _, facts: _seen(keyword in facts["repeated"], spread, "one value"))

    def binds(self, question: Question) -> Verdict:
        """Whether some candidate can be called like that."""
        broken = self._every(
            question,
            lambda _, facts: Verdict(any(facts[what] for what in ("unexpected", "repeated", "surplus", "missing"))),
        )
        return Verdict(None if broken.holds is None else not broken.holds, broken.why)

    def lacks(self, question: FieldQuestion) -> Verdict:
        """Whether no candidate has the attribute."""
        return of_all(self._lacks(target, question.field) for target in question.targets)

    def watch(self, target: Target, names: Iterable[str]) -> tuple[dict[str, str], str]:
        """What becomes of keywords when a tiny model is called with them now; or nothing, and why it cannot be run."""
        answer = self._child.ask({"do": "fates", "class": target.name, "names": sorted(names)})
        return answer.get("fates", {}), str(answer.get("undecided") or answer.get("unbuilt") or "")[:60]

    def look(self, asked: Iterable[tuple[Question, str]]) -> None:
        """Find out at once what becomes of many keywords: each model is made once, for all that it is asked about."""
        wanted: dict[str, set[str]] = {}
        for question, keyword in asked:
            for target in question.targets if len(question.targets) < FEW else ():
                if target.how == "class" and not target.derived:
                    facts = self._facts(target, question.shape)
                    if keyword in facts.get("swallowed", ()) and keyword not in self._fates.get(target.name, ()):
                        wanted.setdefault(target.name, set()).add(keyword)
        for number, (cls, names) in enumerate(wanted.items(), 1):
            if cls not in self._not_run:
                self._run(cls, sorted(names))
            progress(f"{number} of {len(wanted)} classes run", number == len(wanted))

    # --- asking -------------------------------------------------------------------------------------------------------

    def _every(self, question: Question, judge: Callable[[Target, dict[str, Any]], Verdict]) -> Verdict:
        def one(target: Target) -> Verdict:
            facts = self._facts(target, question.shape)
            return Verdict(None, facts["undecided"]) if "undecided" in facts else judge(target, facts)

        return of_all(map(one, question.targets))

    def _facts(self, target: Target, shape: Shape) -> dict[str, Any]:
        if target.how == "unknown":
            return {"undecided": target.name}
        return self._ask(
            {
                "do": "facts",
                "target": {"how": target.how, "name": target.name, "path": target.path},
                "n_positional": shape.n_positional,
                "keywords": list(shape.keywords),
                "open_positional": shape.open_positional,
                "open_keywords": shape.open_keywords,
            }
        )

    def _refused(self, target: Target, facts: dict[str, Any], keyword: str) -> Verdict:
        if keyword in facts["swallowed"] and target.how == "class" and not target.derived:
            fate = self._fate(target.name, keyword)
            return Verdict(fate == "refused", fate) if fate in FATES else Verdict(None, fate)
        if keyword not in facts["unexpected"]:
            return Verdict(False, "it is taken")
        if keyword in facts["around"]:
            return Verdict(None, "what stands around forward may take it")
        return Verdict(True)

    def _lost(self, target: Target, facts: dict[str, Any], keyword: str) -> Verdict:
        if keyword in facts["unexpected"]:
            return self._refused(target, facts, keyword)
        if keyword not in facts["swallowed"]:
            return Verdict(False, "it is a parameter, or was not passed")
        if target.how != "class" or target.derived:
            return Verdict(None, "a script's own class takes the rest")
        fate = self._fate(target.name, keyword)
        return Verdict(fate != "used", fate) if fate in FATES else Verdict(None, fate)

    def _fate(self, cls: str, keyword: str) -> str:
        """used, ignored or refused; else why that is not known."""
        if keyword not in self._fates.get(cls, ()) and cls not in self._not_run:
            self._run(cls, [keyword])
        return self._fates.get(cls, {}).get(keyword) or self._not_run.get(cls, "not observed")

    def _run(self, cls: str, names: list[str]) -> None:
        request = {"do": "fates", "class": cls, "names": names}
        self._learn(request, self._ask(request, kept=True))

    def _learn(self, request: dict[str, Any], answer: dict[str, Any]) -> None:
        if request["do"] != "fates":
            return
        if "fates" in answer:
            self._fates.setdefault(request["class"], {}).update(answer["fates"])
        else:
            self._not_run[request["class"]] = str(answer["undecided"])

    def _lacks(self, target: Target, field: str) -> Verdict:
        if target.how == "returned":
            answer = self._ask({"do": "returned", "class": target.name}, kept=True)
        elif target.how == "class":
            answer = self._ask({"do": "attributes", "class": target.name})
        else:
            return Verdict(None, "a result of a script's own class")
        if "names" not in answer:
            return Verdict(None, str(answer.get("undecided") or answer.get("unbuilt")))
        return Verdict(field not in answer["names"], "it is there")

    def _ask(self, request: dict[str, Any], kept: bool = False) -> dict[str, Any]:
        key = json.dumps(request, sort_keys=True)
        answer = self._answers.get(key)
        if answer is None:
            answer = self._child.ask(request)
            if "unbuilt" in answer:
                answer = {"undecided": answer["unbuilt"]}
            self._answers[key] = answer
            if kept:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                with self._path.open("a", encoding="utf-8") as file:
                    file.write(json.dumps([key, answer]) + "\n")
        return answer
