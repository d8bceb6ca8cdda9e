"""What another version of a library would make of a file: the findings of that version beside those of today.

Pure functions of two snapshots of one text: one judged by what is installed, one by the version that is asked about.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ..inference.analysis import Callee, CallSite
from ..inference.values import Constant
from ..rules.finding import Finding, Severity
from ..rules.removed_api import RemovedApi
from ..rules.wording import subject, version
from ..signatures.difference import fate
from ..signatures.model import Entry, Kind, Signature
from ..signatures.store import Signatures
from ..source.tree import Source
from ..text import Span, Unit
from .snapshot import Snapshot

Standing = Literal["new", "same"]
"""Whether what is found is right today, or just as wrong."""

SHIFTED = "shifted-positional"
"""What the report of an argument by position that reaches another parameter than today is called, in output and in
comments that silence it."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A finding of the version that is asked about."""

    finding: Finding
    standing: Standing
    note: str
    """One sentence on how it is today."""


@dataclass(frozen=True, slots=True)
class Break:
    """What only the comparison of two versions shows: no rule can see it in one of them."""

    rule: str
    severity: Severity
    message: str
    span: Span


def verdicts(today: Snapshot, target: Snapshot) -> tuple[Verdict, ...]:
    """The findings of the target, each beside what is found at its place today."""
    before = {(finding.span, finding.subject): finding for finding in today.findings}
    found = []
    for finding in target.findings:
        same = before.get((finding.span, finding.subject))
        if same is not None and same.rule == finding.rule:
            found.append(Verdict(finding, "same", "So it is today."))
        else:
            standing = "right" if same is None else "wrong too"
            note = _today(finding, today, target) or f"It is {standing} in {_version(today, target)}."
            found.append(Verdict(finding, "new" if same is None else "same", note))
    return tuple(found)


def n_mended(today: Snapshot, target: Snapshot) -> int:
    """How many findings of today are none in the target."""
    after = {(finding.span, finding.subject) for finding in target.findings}
    return sum((finding.span, finding.subject) not in after for finding in today.findings)


def removed(today: Snapshot, target: Snapshot) -> tuple[Break, ...]:
    """Names of libraries that are there today and not in the target, beyond those that the target's rule reports: it
    goes by the history, which need not cover what is installed.

    Names of modules that export nothing are left out: the file may still find them there.
    """
    source, signatures = target.source, target.world.signatures
    told = {finding.span for finding in target.findings if finding.rule == RemovedApi.name}
    found: dict[Span, Break] = {}
    for unit, result in target.analysis.results:
        for name in result.names:
            span = name.span.shifted(unit.start)
            public = "" if name.prepared else _gone(name.qualified, today.world.signatures, signatures)
            if not public or span in told or _silenced(source, span, RemovedApi.name):
                continue
            here = today.world.signatures
            message = f"{_library(public, signatures)} has no `{public}`, which {_library(public, here)} has."
            if instead := _successor(public, target):
                message += f" {instead} took its place."
            found[span] = Break(RemovedApi.name, Severity.ERROR, message, span)
    return tuple(sorted(found.values(), key=lambda item: item.span))


def shifted(today: Snapshot, target: Snapshot) -> tuple[Break, ...]:
    """Arguments by position that reach another parameter than today, in calls that the target does not refuse.

    A parameter that only changed its name is none: the one of today has to stand elsewhere in the target, or that of
    the target elsewhere today. `None` is left out, as it asks for nothing.
    """
    found: dict[Span, Break] = {}
    for unit, result in target.analysis.results:
        for site in result.calls:
            ways = [_shifts(site, callee, today, target) for callee in site.callees]
            for at in set(ways[0]).intersection(*ways[1:]) if ways else ():
                before, after = ways[0][at]
                span = site.positional[at].span.shifted(unit.start)
                if all(way[at] == ways[0][at] for way in ways) and not _silenced(target.source, span, SHIFTED):
                    message = (
                        f"{subject(site.callees, 'takes', 'take')} this as `{after}`{version(site.callees)};"
                        f" {_version(today, target)} takes it as `{before}`. Pass it by keyword."
                    )
                    found[span] = Break(SHIFTED, Severity.WARNING, message, span)
    return tuple(sorted(found.values(), key=lambda item: item.span))


def _shifts(site: CallSite, callee: Callee, today: Snapshot, target: Snapshot) -> dict[int, tuple[str, str]]:
    """Index of a positional argument -> the parameter that it fills today, and then."""
    old = _signature(callee, today.world.signatures, target.world.signatures)
    if old is None:
        return {}
    before, after = _slots(old), _slots(callee.signature)
    known_before = {parameter.name for parameter in old.parameters}
    known_after = {parameter.name for parameter in callee.signature.parameters}
    found = {}
    for at, (passed, was, now) in enumerate(zip(site.positional, before, after, strict=False)):
        if not passed.certain:
            break
        if was != now and (was in known_after or now in known_before) and passed.value != {Constant(None)}:
            found[at] = was, now
    return found


def _slots(signature: Signature) -> list[str]:
    placed = (Kind.POSITIONAL_ONLY, Kind.POSITIONAL_OR_KEYWORD)
    return [parameter.name for parameter in signature.parameters if parameter.kind in placed]


def _silenced(source: Source, span: Span, rule: str) -> bool:
    return source.ignored(source.lines.position(span.start, Unit.UTF8).line, rule)


def _successor(name: str, target: Snapshot) -> str:
    """What took a name's place, where that is known."""
    found = target.world.signatures.replacement(name)
    return f"`{found.name}`" if found is not None else ""


def _library(name: str, signatures: Signatures) -> str:
    """The library of a public name as messages name it, by its package."""
    top = name.partition(".")[0]
    labels = {library.distribution: f"{library.distribution} {library.version}" for library in signatures.libraries}
    return labels.get(top.replace("_", "-"), top)


def _version(today: Snapshot, target: Snapshot) -> str:
    """The installed versions of what the target has others of."""
    judged = {library.distribution: library.version for library in target.world.signatures.libraries}
    return " and ".join(
        f"{library.distribution} {library.version}"
        for library in today.world.signatures.libraries
        if judged.get(library.distribution, library.version) != library.version
    )


# --- what becomes of an argument today ------------------------------------------------------------------------------


def _today(finding: Finding, today: Snapshot, target: Snapshot) -> str:
    """How the callees take the argument today, where all of them do the same."""
    site = finding.site
    if not isinstance(site, CallSite) or finding.rule not in ("unexpected-keyword", "ignored-keyword"):
        return ""
    fates: set[str] = set()
    for callee in site.callees:
        signature = _signature(callee, today.world.signatures, target.world.signatures)
        if signature is None:
            return ""
        fates.add(fate(signature, finding.subject))
    words = {"accepted": "accepts", "ignored": "ignores", "refused": "refuses"}
    verb = words.get(fates.pop(), "") if len(fates) == 1 else ""
    if not verb:
        return ""
    note = f"{_version(today, target)} {verb} it."
    later = {_later(callee, finding.subject, target.world.signatures) for callee in site.callees}
    instead = later.pop() if len(later) == 1 else ""
    return f"{note} `{instead}` took its place." if instead and f"`{instead}`" not in finding.message else note


def _later(callee: Callee, keyword: str, target: Signatures) -> str:
    """The keyword that took another one's place, "" where that is not known."""
    if callee.entry is None:
        return ""
    place = "init" if callee.kind == "construct" else "call"
    found = target.keyword_replacement(target.public_name(callee.entry), keyword, place)
    return found.name if found is not None else ""


def _signature(callee: Callee, today: Signatures, target: Signatures) -> Signature | None:
    entry = callee.entry
    if entry is None:
        return None
    found = today.find(target.public_name(entry)) or today.find(entry.qualified)
    if found is None:
        return None
    for name, signature in _callables(entry).items():
        if signature == callee.signature:
            return _callables(found.entry).get(name)
    return None


def _callables(entry: Entry) -> dict[str, Signature]:
    """Constructor, call and methods by name."""
    named = {"()": entry.init, "": entry.call, **entry.methods}
    return {name: signature for name, signature in named.items() if signature is not None}


# --- names ----------------------------------------------------------------------------------------------------------


def _gone(name: str, today: Signatures, target: Signatures) -> str:
    """The public name of what is there today and not in the target; "" where that is not sure."""
    if not _has(today, name) or _has(target, name):
        return ""
    module, _, last = name.rpartition(".")
    if last in today.exports(module):
        return name if module in target.modules else ""
    found = today.find(name)
    if found is None:
        return ""
    public = today.public_name(found.entry)
    module = public.rpartition(".")[0]
    return public if public != found.entry.qualified and not _has(target, public) and module in target.modules else ""


def _has(signatures: Signatures, name: str) -> bool:
    module, _, last = name.rpartition(".")
    return signatures.is_module(name) or last in signatures.exports(module) or signatures.find(name) is not None
