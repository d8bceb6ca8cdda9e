"""The differences between two versions: for people, grouped by what they mean for callers; and as plain data."""

from __future__ import annotations

import re
import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import click

from ...signatures.difference import Consequence, Difference, Fact, Place, What

HEADINGS = {
    Consequence.RAISES: ("Raises now", "red"),
    Consequence.SILENT: ("Runs and does something else", "yellow"),
    Consequence.UNCERTAIN: ("Cannot be told", "magenta"),
    Consequence.DEPRECATED: ("Deprecated now", "cyan"),
    Consequence.NEW: ("New", "green"),
}
_TITLES = {
    What.NAME_GONE: ("Names gone", "name", "gone", "ImportError"),
    What.MOVED: ("Names moved", "name", "moved", "an import from the old place may fail"),
    What.METHOD_GONE: ("Methods gone", "method", "gone", "AttributeError"),
    What.REFUSED: ("Keywords refused", "keyword", "refused", "TypeError"),
    What.IGNORED: ("Keywords ignored", "keyword", "ignored", "they had an effect"),
    What.LOST: ("Keywords untraced", "keyword", "untraced", "named before, now among **kwargs that are not followed"),
    What.REQUIRED: ("Arguments required", "argument", "required", "TypeError without"),
    What.KEYWORD_ONLY: ("Arguments by keyword alone", "argument", "by keyword alone", "TypeError by position"),
    What.POSITIONS: ("Positions shifted", "kind", "of shifted positions", "values reach other parameters"),
    What.OTHERS: ("Keywords that nothing names", "kind", "of change for keywords that nothing names", ""),
    What.DEFAULT: ("Defaults changed", "default", "changed", ""),
    What.FIELD_GONE: ("Output fields gone", "output field", "gone", "AttributeError"),
    What.KEY_GONE: ("Keys gone", "key", "gone", "KeyError"),
    What.ATTRIBUTE_GONE: ("Attributes gone", "attribute", "gone", "AttributeError"),
    What.MODEL_TYPE_GONE: ("Model types gone", "model type", "gone", "not known to these auto classes"),
    What.KEYWORD_DEPRECATED: ("Keywords deprecated", "keyword", "", ""),
    What.NAME_DEPRECATED: ("Names deprecated", "name", "", ""),
    What.NAME_NEW: ("Names", "name", "", ""),
    What.METHOD_NEW: ("Methods", "method", "", ""),
    What.KEYWORD_NEW: ("Keywords", "keyword", "", ""),
    What.OPTIONAL: ("Arguments optional", "argument", "optional", ""),
    What.FIELD_NEW: ("Output fields", "output field", "", ""),
    What.KEY_NEW: ("Keys", "key", "", ""),
    What.ATTRIBUTE_NEW: ("Attributes", "attribute", "", ""),
    What.MODEL_TYPE_NEW: ("Model types", "model type", "", ""),
}
"""What a section is called, what its subjects are and became, and what happens or is meant."""

N_ROWS = 8
"""Rows of a section that are shown unless everything is wanted."""
LEFT = 30
"""Columns for the subject of a row."""
N_ALIKE = 3
"""Names that were replaced alike and make a row together."""
N_LINES = 3
"""Lines that a long subject is given."""
_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z0-9]+|[A-Z0-9]+|_")


def plain(difference: Difference) -> dict[str, Any]:
    """For machines: everything, with counts."""
    counts = {
        consequence.value: {
            what.value: {"subjects": n, "places": places}
            for what, (n, places) in _counts(difference, consequence).items()
        }
        for consequence in Consequence
    }
    return {
        "distribution": difference.distribution,
        "old": difference.old,
        "new": difference.new,
        "summary": {
            "names": {"old": difference.n_before, "new": difference.n_after, "common": difference.n_common},
            "changed": difference.n_changed,
            "counts": counts,
        },
        "facts": [
            {
                "consequence": fact.consequence.value,
                "what": fact.what.value,
                "changes": [
                    {"subject": change.subject, "before": change.before, "after": change.after}
                    for change in fact.changes
                ],
                "places": [{"name": place.name, "within": place.within} for place in fact.places],
            }
            for fact in difference.facts
        ],
    }


def text(difference: Difference, width: int, everything: bool = False) -> str:
    """Styled; lines of at most `width` columns. Long sections are cut unless everything is wanted."""
    title = f"{difference.distribution} {difference.old} → {difference.new}"
    lines = [click.style(title, bold=True), *_summary(difference, width)]
    hidden = 0
    for consequence in Consequence:
        facts = [fact for fact in difference.facts if fact.consequence is consequence]
        if not facts:
            continue
        heading, colour = HEADINGS[consequence]
        lines += ["", click.style(heading, fg=colour, bold=True)]
        for what in What:
            chosen = [fact for fact in facts if fact.what is what]
            if not chosen:
                continue
            rows = list(_rows(what, chosen, width, everything))
            shown = len(rows) if everything or len(rows) <= N_ROWS + 1 else N_ROWS
            lines += _headline(what, chosen, width)
            lines += [row for block in rows[:shown] for row in block]
            if shown < len(rows):
                hidden += len(rows) - shown
                lines.append(_dim(f"    … and {len(rows) - shown:,} more rows"))
    if hidden:
        hint = "Shortened: a NAME (BertModel, 'Bert*', deit) narrows it down, --all shows everything."
        lines += ["", *map(_dim, textwrap.wrap(hint, width))]
    return "\n".join(lines)


def _headline(what: What, facts: Sequence[Fact], width: int) -> list[str]:
    title, subject, _, note = _TITLES[what]
    n, places = _count(facts)
    counted = _counted(n, subject) + (f" at {_counted(places, 'place')}" if places != n else "")
    told = f"  {counted}; {note}" if note else f"  {counted}"
    if 2 + len(title) + len(told) <= width:
        return [f"  {click.style(title, bold=True)}{_dim(told)}"]
    return [f"  {click.style(title, bold=True)}{_dim(f'  {counted}')}", _dim(f"    {note}")]


def _summary(difference: Difference, width: int) -> Iterator[str]:
    gone, new = (
        sum(len(fact.places) for fact in difference.facts if fact.what is what)
        for what in (What.NAME_GONE, What.NAME_NEW)
    )
    in_both = f"{_counted(difference.n_common, 'public name')} in both, {difference.n_changed:,} of them changed"
    yield from textwrap.wrap(f"{in_both}; {gone:,} gone, {new:,} new.", width)
    rows = []
    for consequence in Consequence:
        counts = _counts(difference, consequence)
        if counts:
            told = (f"{_counted(n, _TITLES[what][1])} {_TITLES[what][2]}".strip() for what, (n, _) in counts.items())
            rows.append((consequence, ", ".join(told)))
    if not rows:
        yield "Nothing that callers see is different."
        return
    yield ""
    left = max(len(HEADINGS[consequence][0]) for consequence, _ in rows)
    for consequence, told_of in rows:
        heading, colour = HEADINGS[consequence]
        first, *rest = textwrap.wrap(told_of, max(20, width - left - 2), break_on_hyphens=False)
        yield f"{click.style(f'{heading:<{left}}', fg=colour)}  {first}"
        yield from (" " * (left + 2) + line for line in rest)


def _counts(difference: Difference, consequence: Consequence) -> dict[What, tuple[int, int]]:
    """Kinds of changes with the number of subjects and of places."""
    facts = [fact for fact in difference.facts if fact.consequence is consequence]
    chosen = {what: [fact for fact in facts if fact.what is what] for what in What}
    return {what: _count(members) for what, members in chosen.items() if members}


def _count(facts: Sequence[Fact]) -> tuple[int, int]:
    """Different subjects, and places (of a name its own)."""
    places = sum(len(fact.places) for fact in facts)
    subjects = {(change.subject, change.before, change.after) for fact in facts for change in fact.changes}
    if facts[0].what in (What.NAME_GONE, What.NAME_NEW, What.NAME_DEPRECATED, What.MOVED):
        return places, places
    if facts[0].what not in (What.POSITIONS, What.OTHERS):
        return len({subject for subject, _, _ in subjects}), places
    return len(subjects), places


def _counted(n: int, one: str) -> str:
    return f"{n:,} {one}{'' if n == 1 else 's'}"


# --- rows -----------------------------------------------------------------------------------------------------------


def _rows(what: What, facts: Sequence[Fact], width: int, everything: bool) -> Iterator[list[str]]:
    """Each row as its lines, the widest first."""
    if what in (What.NAME_GONE, What.NAME_NEW):
        yield from _names(facts, width, everything)
        return
    for fact in facts:
        yield _row(_subject(fact), *_where(fact.places), width, everything)


def _subject(fact: Fact) -> str:
    what, first = fact.what, fact.changes[0]
    subjects = ", ".join(change.subject for change in fact.changes)
    if what is What.MOVED:
        return f"{_last(first.before)} → {_last(first.after)}" if fact.consequence.breaks else first.before
    if what is What.POSITIONS:
        return _shift(first.before, first.after)
    if what is What.OTHERS:
        return f"{first.before} → {first.after}"
    if what is What.DEFAULT:
        return f"{subjects}: {_short(first.before)} → {_short(first.after)}"
    if what is What.KEYWORD_ONLY and not subjects:
        return "all of them"
    if what is What.NAME_DEPRECATED:
        return f"use {_last(first.after)}"
    if what is What.KEYWORD_NEW and first.before:
        return f"{subjects} ({'ignored before' if first.before == 'ignored' else 'a parameter now'})"
    return f"{subjects} → {first.after}" if first.after else subjects


def _shift(removed: str, added: str) -> str:
    """What made later parameters move."""
    if removed and added and set(removed.split(", ")) & set(added.split(", ")):
        return "another order"
    out = [f"-{name}" for name in removed.split(", ") if name]
    into = [f"+{name}" for name in added.split(", ") if name]
    return " ".join((*out, *into))


def _where(places: Sequence[Place]) -> tuple[str, list[str]]:
    """What is common to all places, and the names of each."""
    common = {place.within for place in places}
    if len(common) == 1:
        within = common.pop()
        return {"__init__": "constructor", "": ""}.get(within, within), [_last(place.name) for place in places]
    calls = {"__init__": "()", "": ""}
    return "", [f"{_last(place.name)}{calls.get(place.within, f'.{place.within}')}" for place in places]


def _row(left: str, within: str, names: Sequence[str], width: int, everything: bool) -> list[str]:
    """Subject, number of places, and as many of them as there is room for."""
    room = LEFT if width < 100 else LEFT + 10
    count = f"{len(names):>5,}  "
    label = f"{within}: " if within else ""
    lines: list[str] = []
    if len(left) > room:
        *above, left = textwrap.wrap(left, max(20, width - 6), break_on_hyphens=False) or [""]
        if not everything and len(above) >= N_LINES:
            above, left = above[: N_LINES - 1], f"{above[N_LINES - 1]} …"
        lines = [f"    {click.style(line, fg='cyan')}" for line in above]
        if len(left) > room:
            lines.append(f"    {click.style(left, fg='cyan')}")
            left = ""
    head = f"    {click.style(f'{left:<{room}}', fg='cyan')}{count}"
    used = 4 + room + len(count)
    if not everything:
        return [*lines, f"{head}{_dim(label)}{_fitting(names, width - used - len(label))}"]
    listed = f"{label}{', '.join(names)}"
    if used + len(listed) <= width:
        return [*lines, f"{head}{listed}"]
    body = textwrap.wrap(listed, max(20, width - 8), break_on_hyphens=False)
    return [*lines, head.rstrip(), *(f"        {line}" for line in body)]


def _fitting(names: Sequence[str], room: int) -> str:
    """As many names as fit, the first cut down if need be, then how many more."""
    n_shown, used = 0, 0
    for at, name in enumerate(names):
        more = f" +{len(names) - at - 1:,}" if at + 1 < len(names) else ""
        longer = used + (2 if at else 0) + len(name)
        if longer + len(more) > room and at:
            break
        n_shown, used = at + 1, longer
    left = len(names) - n_shown
    more = f" +{left:,}" if left else ""
    shown = ", ".join(names[:n_shown])
    if len(shown) + len(more) > room:
        shown = f"{shown[: max(room - len(more) - 1, 1)]}…"
    return f"{shown}{_dim(more)}" if more else shown


def _names(facts: Sequence[Fact], width: int, everything: bool) -> Iterator[list[str]]:
    """Names that came or went, by what they have in common: first those whose successor is known."""
    successors = {
        _last(place.name): _last(fact.changes[0].after)
        for fact in facts
        for place in fact.places
        if fact.changes[0].after
    }
    for left, names in _by_successor(successors, everything):
        yield _row(left, "", names, width, everything)
    rest = [_last(place.name) for fact in facts if not fact.changes[0].after for place in fact.places]
    for affix, names in _by_affix(rest):
        if not affix:
            listed = textwrap.wrap(", ".join(names), max(20, width - 4), break_on_hyphens=False)
            yield [f"    {line}" for line in (listed if everything else listed[:N_ROWS])]
            continue
        yield _row(affix, "", names, width, everything)


def _by_successor(successors: Mapping[str, str], everything: bool) -> Iterator[tuple[str, list[str]]]:
    """`…FeatureExtractor → …ImageProcessor` with its names where several were replaced alike; the others with what
    took the place of each, together unless everything is wanted."""
    alike: dict[str, list[str]] = {}
    for old, new in sorted(successors.items()):
        n = next((at for at, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))
        alike.setdefault(f"…{old[n:]} → …{new[n:]}", []).append(old)
    single = {old for names in alike.values() if len(names) < N_ALIKE for old in names}
    for change, names in sorted(alike.items(), key=lambda item: -len(item[1])):
        if len(names) >= N_ALIKE:
            yield change, names
    if everything or len(single) < N_ALIKE:
        yield from ((f"→ {successors[old]}", [old]) for old in sorted(single))
    elif single:
        yield "others that have a successor", [f"{old} → {successors[old]}" for old in sorted(single)]


def _by_affix(names: Iterable[str]) -> Iterator[tuple[str, list[str]]]:
    """Names grouped by a first word (`TF…`) or last words (`…FeatureExtractor`) that many share, largest group first;
    the rest last."""
    left = {name: _affixes(name) for name in sorted(set(names))}
    groups: list[tuple[str, list[str]]] = []
    while True:
        sizes = Counter(affix for affixes in left.values() for affix in affixes)
        best = max(
            (affix for affix in sizes if sizes[affix] >= _smallest(affix)),
            key=lambda affix: (sizes[affix] * len(affix), affix),
            default="",
        )
        if not best:
            break
        members = [name for name, affixes in left.items() if best in affixes or _begins(name, best)]
        groups.append((best, members))
        for name in members:
            del left[name]
    yield from sorted(groups, key=lambda group: (-len(group[1]), group[0]))
    if left:
        yield ("others" if groups else "", list(left))


def _begins(name: str, affix: str) -> bool:
    """Whether a name begins with `TF…` and another word, be that written in capitals."""
    start = affix.removesuffix("…")
    return start != affix and name.startswith(start) and name[len(start) : len(start) + 1].isupper()


def _smallest(affix: str) -> int:
    """How many names make a group: a few of one beginning, many of one end."""
    return 10 if affix.startswith("…") else 3


def _affixes(name: str) -> list[str]:
    words = _WORD.findall(name)
    if len(words) < 2:
        return []
    found = [f"{words[0]}…"]
    if len(words) > 2 and len(words[0]) < 3:
        found.append(f"{words[0]}{words[1]}…")
    if len(words) > 2 and words[-1] != "Model" and (len(words) < 4 or words[-3] != "For"):
        found.append(f"…{words[-2]}{words[-1]}")
    return found


def _last(name: str) -> str:
    return name.rpartition(".")[2]


def _short(value: str) -> str:
    return value if len(value) <= 24 else f"{value[:23]}…"


def _dim(part: str) -> str:
    return click.style(part, dim=True)
