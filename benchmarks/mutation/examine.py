"""Breaks the calls of a file, and takes down what Keyward says of each."""

from __future__ import annotations

import gc
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

import mending
from calls import FieldQuestion, Question, Target, question_about, shape_of, target_of, targets_of
from mutations import OF_CALLS, OF_READS, CallSpot, Mutant, ReadSpot, moved
from neighbours import inference
from outcome import OPEN, RULES, Outcome, Said

from keyward.cli.inspection import Request, make_workspace, snapshots
from keyward.features.snapshot import Snapshot, take
from keyward.inference.analysis import CallSite, FieldRead
from keyward.inference.values import Constant
from keyward.rules.finding import Finding
from keyward.source.unit import Unit
from keyward.text import Span, apply_edits


@dataclass(frozen=True)
class Order:
    """What is to be done with each file."""

    request: Request
    seed: int
    most: int
    """Mutants of one file, drawn evenly over the kinds; 0: all."""
    fix: bool


def examine_files(paths: Sequence[str], order: Order) -> list[Outcome]:
    """The outcomes of the mutants of some files."""
    workspace = make_workspace(order.request)
    found: list[Outcome] = []
    gc.disable()  # what is known of libraries would be looked through time and again; analyses are retired instead
    try:
        for snapshot in snapshots(paths, workspace):
            if not snapshot.source.broken:
                found += examine(snapshot, order)
            snapshot.analysis.retire()
    finally:
        workspace.close()
        gc.enable()
    return found


def examine(snapshot: Snapshot, order: Order) -> Iterator[Outcome]:
    seed = hashlib.sha256(f"{order.seed} {snapshot.path}".encode()).hexdigest()
    random = Random(seed)
    by_kind: dict[str, list[tuple[CallSpot | ReadSpot, Mutant]]] = {}
    for spot, mutant in mutants(snapshot, random):
        by_kind.setdefault(mutant.kind, []).append((spot, mutant))
    for spot, mutant in drawn(by_kind, order.most, random):
        outcome = _examined(spot, mutant, order.fix)
        if outcome is not None:
            yield outcome


def mutants(snapshot: Snapshot, random: Random) -> Iterator[tuple[CallSpot | ReadSpot, Mutant]]:
    """Every mutant of every resolved call of a module, and of every read of the result of one."""
    for unit, result in snapshot.analysis.results:
        for site in result.calls:
            if site.callees and not site.node.broken and all(callee.kind == "forward" for callee in site.callees):
                spot = CallSpot(snapshot, unit, site)
                for mutation in OF_CALLS:
                    yield from ((spot, mutant) for mutant in mutation(spot, random))
        for read in result.reads:
            if all(owner.producer is not None and owner.producer.kind == "forward" for owner in read.owners):
                place = ReadSpot(snapshot, unit, read)
                for change in OF_READS:
                    yield from ((place, mutant) for mutant in change(place, random))


def drawn(
    by_kind: dict[str, list[tuple[CallSpot | ReadSpot, Mutant]]], most: int, random: Random
) -> list[tuple[CallSpot | ReadSpot, Mutant]]:
    """At most so many, of each kind in turn; 0: all."""
    queues = [random.sample(found, len(found)) for found in by_kind.values()]
    n_all = sum(map(len, queues))
    chosen: list[tuple[CallSpot | ReadSpot, Mutant]] = []
    while len(chosen) < (most or n_all) and any(queues):
        chosen += [queue.pop() for queue in queues if queue]
    return chosen[: most or n_all]


def _examined(spot: CallSpot | ReadSpot, mutant: Mutant, fix: bool) -> Outcome | None:
    """What Keyward says of a mutant; None where the change makes no Python."""
    snapshot = spot.snapshot
    text = apply_edits(snapshot.text, mutant.edits)
    before = before_of(spot)
    if before is None:
        return None
    changed = take(snapshot.path, 0, text, snapshot.world, snapshot.settings, snapshot)
    question = _question(changed, spot, mutant, before)
    if question is None:
        return None
    known = {(f.rule, f.subject, moved(f.span.start, mutant.edits)) for f in snapshot.findings}
    new = [f for f in changed.findings if f.rule in RULES and (f.rule, f.subject, f.span.start) not in known]
    said = tuple(_said(finding, mutant, changed) for finding in new)
    silence = "" if any(s.aimed for s in said) else why_silent(mutant, changed)
    mended = tuple(mending.mend(changed, finding) for finding in new) if fix else ()
    changed.analysis.retire()
    return Outcome(mutant.kind, mutant.aim, _where(changed, mutant.at), question, before, said, silence, mended)


def before_of(spot: CallSpot | ReadSpot) -> Question | FieldQuestion | None:
    if isinstance(spot, CallSpot):
        return question_about(spot.site, spot.unit, spot.snapshot)
    return _about_read(spot.read, spot.snapshot)


def _question(
    changed: Snapshot, spot: CallSpot | ReadSpot, mutant: Mutant, before: Question | FieldQuestion
) -> Question | FieldQuestion | None:
    """What to ask about the mutant: of the same candidates, unless it exchanges them."""
    targets = before.targets if mutant.targets is None else _exchanged(mutant.targets, mutant, changed)
    if mutant.aim.sort == "field":
        return FieldQuestion(targets, mutant.aim.subject)
    assert isinstance(spot, CallSpot)
    end = moved(spot.place(spot.site.span).end, mutant.edits)
    shape = shape_of(changed.text[mutant.call : end])
    return None if shape is None else Question(targets, shape)


def _exchanged(targets: tuple[Target, ...], mutant: Mutant, changed: Snapshot) -> tuple[Target, ...]:
    """What is called after an exchange, with what else the name may hold by then: the file may bind it in two ways."""
    others: tuple[Target, ...] = ()
    for unit, site in _sites(changed):
        if _is_at(mutant, unit, site):
            others = (
                targets_of(site.callees, changed) if isinstance(site, CallSite) else _about_read(site, changed).targets
            )
    return tuple(dict.fromkeys((*targets, *others)))


def _is_at(mutant: Mutant, unit: Unit, site: CallSite | FieldRead) -> bool:
    """Whether a call or read of the changed text is the one that was changed."""
    if isinstance(site, FieldRead):
        return mutant.call < 0 and site.field_span.start + unit.start == mutant.at.start
    return site.span.start + unit.start == mutant.call and site.node.arguments_span.end + unit.start > mutant.at.start


def _about_read(read: FieldRead, snapshot: Snapshot) -> FieldQuestion:
    """What to ask about a field: of what the call returns when it is run, where that can be asked."""
    targets = []
    for owner in read.owners:
        made = targets_of([owner.producer], snapshot) if owner.producer is not None else ()
        models = [Target("returned", t.name) for t in made if t.how == "class" and not t.derived]
        targets += models if owner.producer is not None and _is_model(owner.producer.entry) else [target_of(owner.cls)]
    return FieldQuestion(tuple(targets), read.field)


def _is_model(entry: object) -> bool:
    return getattr(entry, "role", "") == "model"


def _said(finding: Finding, mutant: Mutant, changed: Snapshot) -> Said:
    unit, site = next((u, s) for u, s in _sites(changed) if s is finding.site)
    if isinstance(site, FieldRead):
        question: Question | FieldQuestion | None = _about_read(site, changed)
    else:
        question = question_about(site, unit, changed)
    sort = RULES[finding.rule]
    overlaps = finding.span.start < mutant.at.end and mutant.at.start < finding.span.end
    named = sort not in ("keyword", "field", "repeated") or finding.subject == mutant.aim.subject
    aimed = sort == mutant.aim.sort and overlaps and named
    here = overlaps or (isinstance(site, CallSite) and site.span.start + unit.start == mutant.call)
    where = _where(changed, finding.span)
    return Said(finding.rule, finding.subject, where, finding.message, here, aimed, question)


def _sites(snapshot: Snapshot) -> Iterator[tuple[Unit, CallSite | FieldRead]]:
    for unit, result in snapshot.analysis.results:
        yield from ((unit, site) for site in (*result.calls, *result.reads))


def _where(snapshot: Snapshot, span: Span) -> str:
    text = snapshot.text
    start, end = text.rfind(b"\n", 0, span.start) + 1, text.find(b"\n", span.end)
    line = text.count(b"\n", 0, span.start) + 1
    return f"{snapshot.path}:{line}: {' '.join(text[start : end if end >= 0 else len(text)].decode().split())[:200]}"


def why_silent(mutant: Mutant, changed: Snapshot) -> str:
    """Why nothing was said of a mutant, as far as the analysis tells."""
    for unit, site in _sites(changed):
        if _is_at(mutant, unit, site):
            return _reason(mutant, unit, site, changed)
    return "no call was found there" if mutant.call >= 0 else "what the object is is not known any more"


def _reason(mutant: Mutant, unit: Unit, site: CallSite | FieldRead, changed: Snapshot) -> str:
    if isinstance(site, CallSite) and not site.callees:
        return f"unknown: {inference.general(site.unknown)}"
    if site.guarded:
        return f"guarded by {', '.join(sorted(site.guarded))}"
    if changed.analysis.rests_on_callers(unit, site) and (site.tested or not changed.analysis.in_sight(unit)):
        return "only callers tell what it is, and a test stands before the call"
    if isinstance(site, FieldRead):
        return "an owner has it" if any(site.field in o.fields for o in site.owners) else "the rule is silent"
    named = next((passed for passed in site.keywords if passed.name == mutant.aim.subject), None)
    if mutant.aim.sort == "keyword" and named is not None and named.value == {Constant(None)}:
        return "nobody can miss an argument that is None"
    signatures = [callee.signature for callee in site.callees]
    for signature in signatures:
        if signature.extra == "open":
            return f"{OPEN}{inference.general(signature.reason)}"
        if mutant.aim.sort == "keyword" and signature.takes(mutant.aim.subject):
            prefix = "" if mutant.aim.subject in signature.keywords else f", by a prefix of {signature.prefixes}"
            return f"claimed to be taken{prefix}"
    return "one of several candidates is content" if len(site.callees) > 1 else "the rule is silent"
