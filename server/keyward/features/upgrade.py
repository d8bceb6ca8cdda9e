"""What another version of a library would make of a file: the findings of that version beside those of today.

Pure functions of two snapshots of one text: one judged by what is installed, one by the version that is asked about.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from ..inference.analysis import Callee, CallSite
from ..inference.guards import exceptions, is_gate
from ..inference.values import Constant
from ..rules.finding import Finding, Severity
from ..rules.wording import subject, version
from ..signatures.difference import fate
from ..signatures.model import Entry, Kind, Signature
from ..signatures.store import Signatures
from ..source import syntax
from ..source.imports import Imported, imported
from ..source.references import mentions
from ..source.tree import Source
from ..source.walk import walk
from ..text import Span, Unit
from .snapshot import Snapshot

Standing = Literal["new", "same"]
"""Whether what is found is right today, or just as wrong."""

REMOVED = "removed-api"
"""What the report of a name that is gone is called, in output and in comments that silence it."""
SHIFTED = "shifted-positional"
"""Likewise of an argument by position that reaches another parameter than today."""

_FAILURES = frozenset(("*", "ImportError", "ModuleNotFoundError", "AttributeError"))


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


def removed(today: Snapshot | None, target: Snapshot) -> tuple[Break, ...]:
    """Names that the file imports or reads from a library, and that the target has no more: those that are there today,
    or, where that is not known, in an earlier version.

    Code that is prepared for that (a handler for ImportError, a test of the version) is left out, and so are names that
    may still be importable from where the file takes them: those of modules that export nothing.
    """
    source, signatures = target.source, target.world.signatures
    guarded = tuple(_guarded(source))
    found: dict[Span, Break] = {}
    for name, span in (*_imports(source), *_chains(source)):
        if span in found or any(outer.start <= span.start and span.end <= outer.end for outer in guarded):
            continue
        if today is not None:
            public = _gone(name, today.world.signatures, signatures)
            since = f", which {_library(public, today.world.signatures)} has"
        else:
            first = None if _has(signatures, name) else signatures.gone(name)
            public, since = name if first else "", f": it is gone since {first}"
        if public and not _silenced(source, span, REMOVED):
            message = f"{_library(public, signatures)} has no `{public}`{since}."
            if instead := _successor(public, target):
                message += f" {instead} took its place."
            found[span] = Break(REMOVED, Severity.ERROR, message, span)
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


def _imports(source: Source) -> Iterator[tuple[str, Span]]:
    for item in imported(source):
        named = isinstance(item.statement, syntax.ImportFrom) and not item.target.startswith(".")
        if named and item.alias is not None:
            yield item.target, item.alias.name_span.shifted(item.base)


def _chains(source: Source) -> Iterator[tuple[str, Span]]:
    """`transformers.DeiTFeatureExtractor`, where `transformers` is bound by imports alone."""
    bound = _bound(source)
    if not bound:
        return
    for unit in source.units:
        for node in walk(unit.node):
            if isinstance(node, syntax.Attribute):
                dotted = _dotted(node, bound)
                if dotted:
                    yield dotted, node.name_span.shifted(unit.start)


def _bound(source: Source) -> dict[str, str]:
    """Names that stand for one module or thing in the whole file."""
    by_name: dict[str, set[str]] = {}
    items: dict[str, Imported] = {}
    for item in imported(source):
        if item.bound != "*" and not item.target.startswith("."):
            by_name.setdefault(item.bound, set()).add(item.target)
            items[item.bound] = item
    return {
        name: next(iter(targets))
        for name, targets in by_name.items()
        if len(targets) == 1 and not any(mention.use == "binding" for mention in mentions(source, name))
    }


def _dotted(node: syntax.Attribute, bound: Mapping[str, str]) -> str:
    names = [node.name]
    value: syntax.Expression = node.value
    while isinstance(value, syntax.Attribute):
        names.append(value.name)
        value = value.value
    if not isinstance(value, syntax.Name) or value.name not in bound:
        return ""
    return ".".join((bound[value.name], *reversed(names)))


def _guarded(source: Source) -> Iterator[Span]:
    """Code that is prepared for a name's absence, or is written for other versions."""
    gates = _gates(source)
    for unit in source.units:
        for node in walk(unit.node):
            if isinstance(node, syntax.Try):
                if any(not handler.types or _FAILURES & set(exceptions(handler.types)) for handler in node.handlers):
                    yield node.span.shifted(unit.start)
            elif isinstance(node, syntax.If | syntax.Conditional) and _asks(node.test, gates):
                # Where the one branch ends the function, what follows is the other.
                leaves = isinstance(node, syntax.If) and node.body and isinstance(node.body[-1], _LEAVING)
                yield Span(node.span.start, unit.node.span.end if leaves else node.span.end).shifted(unit.start)


_LEAVING = (syntax.Return, syntax.Raise)
_COMPARES = re.compile(r"(^|_)(lt|le|lte|gt|ge|gte)_?v?\d", re.IGNORECASE)
"""Names such as `transformers_lt_4_56` and `IS_TRANSFORMERS_GE_V5`."""


def _gates(source: Source) -> frozenset[str]:
    """Names that hold what a test of versions gave."""
    return frozenset(
        target.name
        for unit in source.units
        for node in walk(unit.node)
        if isinstance(node, syntax.Assign) and node.value is not None and is_gate(node.value)
        for target in node.targets
        if isinstance(target, syntax.Name)
    )


def _asks(test: syntax.Expression, gates: frozenset[str]) -> bool:
    """Whether a condition asks for versions, or whether something is there."""
    if is_gate(test):
        return True
    names = (node.name for node in walk(test) if isinstance(node, syntax.Name | syntax.Attribute))
    return any(name in gates or name == "hasattr" or _COMPARES.search(name) for name in names)
