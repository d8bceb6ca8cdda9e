"""What counts as a difference between two versions, and what it means for callers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from keyward.signatures.difference import (
    Change,
    Consequence,
    Difference,
    Place,
    What,
    compare,
    compare_entries,
    compare_signatures,
)
from keyward.signatures.edition import Edition
from keyward.signatures.model import Entry, Extra, Field, Kind, Parameter, Role, Signature

RAISES, SILENT, UNCERTAIN = Consequence.RAISES, Consequence.SILENT, Consequence.UNCERTAIN
DEPRECATED, NEW = Consequence.DEPRECATED, Consequence.NEW


def sig(*names: str, extra: Extra = "refused", **rest: Any) -> Signature:
    """`a` is optional, `a!` required, `*a` by keyword alone, `a=1` has another default."""
    parameters = []
    for text in names:
        kind = Kind.KEYWORD_ONLY if text.startswith("*") else Kind.POSITIONAL_OR_KEYWORD
        name, _, default = text.strip("*!").partition("=")
        parameters.append(Parameter(name, kind, None if text.endswith("!") else default or "None"))
    return Signature(tuple(parameters), extra=extra, **rest)


def changes(old: Signature, new: Signature) -> set[tuple[str, str, str]]:
    """(consequence, what, subject) of each."""
    return {(change.consequence.value, change.what.value, change.subject) for change in compare_signatures(old, new)}


@pytest.mark.parametrize("signature", [sig(), sig("a", "b!"), sig("a", extra="open"), sig(accepts={"x": "Kwargs"})])
def test_equal_signatures_have_no_difference(signature: Signature) -> None:
    assert changes(signature, signature) == set()


@pytest.mark.parametrize(
    ("extra", "expected"),
    [
        ("refused", ("raises", "keyword-refused", "b")),
        ("ignored", ("silent", "keyword-ignored", "b")),
        ("open", ("uncertain", "keyword-untraced", "b")),
    ],
)
def test_a_keyword_that_is_gone_is_judged_by_what_becomes_of_it(extra: Extra, expected: tuple[str, str, str]) -> None:
    assert changes(sig("a", "b", extra=extra), sig("a", extra=extra)) == {expected}


def test_what_took_a_keywords_place_is_told_where_the_library_says_so() -> None:
    old = sig("tokenizer", renamed={"tokenizer": "processing_class"})
    (change, *_) = compare_signatures(old, sig("processing_class"))
    assert (change.what, change.subject, change.after) == (What.REFUSED, "tokenizer", "processing_class")
    (change, *_) = compare_signatures(old, sig("other"))
    assert change.after == ""


@pytest.mark.parametrize(("extra", "before"), [("refused", ""), ("ignored", "ignored")])
def test_a_new_keyword_says_whether_it_was_passed_in_silence(extra: Extra, before: str) -> None:
    assert list(compare_signatures(sig("a", extra=extra), sig("a", "b", extra=extra))) == [
        Change(NEW, What.KEYWORD_NEW, "b", before)
    ]


def test_what_may_have_been_taken_before_is_new_only_as_a_parameter() -> None:
    (change,) = compare_signatures(sig("a", extra="open"), sig("a", "b", extra="open", accepts={"return_c": "Kwargs"}))
    assert (change.what, change.subject, change.before) == (What.KEYWORD_NEW, "b", "open")


def test_effective_keywords_count_if_they_are_meant_for_callers() -> None:
    old = sig(accepts={"output_attentions": "capture_outputs", "layer_idx": "Cache.update"}, extra="ignored")
    assert changes(old, sig(extra="ignored")) == {("silent", "keyword-ignored", "output_attentions")}
    assert {subject for _, _, subject in changes(old, sig())} >= {"output_attentions", "layer_idx"}
    assert changes(sig(extra="ignored"), old) == {("new", "keyword-new", "output_attentions")}


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (sig("a"), sig("a!"), {("raises", "required-now", "a")}),
        (sig("a!"), sig("a"), {("new", "optional-now", "a")}),
        (sig("a"), sig("a", "b!"), {("raises", "required-now", "b")}),
        (sig("a=1"), sig("a=2"), {("silent", "default-changed", "a")}),
        (sig("a=[1, 2]"), sig("a=(1, 2)"), set()),
        (sig("a=[1]"), sig("a=(1,)"), set()),
        (
            sig("a", "b", "c"),
            sig("a", "*b", "c"),
            {("raises", "keyword-only-now", "b"), ("silent", "positions-changed", "")},
        ),
        (sig("a", "b"), sig("*a", "*b"), {("raises", "keyword-only-now", "")}),
        (sig(extra="refused"), sig(extra="ignored"), {("silent", "other-keywords", "")}),
        (sig(extra="ignored"), sig(extra="refused"), {("raises", "other-keywords", "")}),
        (sig(extra="ignored"), sig(extra="open"), set()),
    ],
)
def test_parameters(old: Signature, new: Signature, expected: set[tuple[str, str, str]]) -> None:
    assert changes(old, new) == expected


@pytest.mark.parametrize(
    ("old", "new", "shift"),
    [
        (("a", "b", "c"), ("a", "c"), ("b", "")),
        (("a", "c"), ("a", "b", "c"), ("", "b")),
        (("a", "b", "c"), ("a", "x", "y", "c"), ("b", "x, y")),
        (("a", "b"), ("b", "a"), ("a, b", "b, a")),
        (("a", "b"), ("a", "x"), None),  # another name, or another parameter: no other one is reached
        (("a", "b"), ("a",), None),
        (("a",), ("a", "b"), None),
    ],
)
def test_positions(old: tuple[str, ...], new: tuple[str, ...], shift: tuple[str, str] | None) -> None:
    found = [c for c in compare_signatures(sig(*old), sig(*new)) if c.what is What.POSITIONS]
    assert [(change.before, change.after) for change in found] == ([shift] if shift else [])


def test_a_deprecation_is_told_while_the_keyword_works() -> None:
    new = sig("a", "b", renamed={"a": "b"})
    assert list(compare_signatures(sig("a", "b"), new)) == [Change(DEPRECATED, What.KEYWORD_DEPRECATED, "a", "", "b")]


def net(name: str = "Net", call: Signature | None = None, role: Role = "model", **rest: Any) -> Entry:
    return Entry(name, "lib.nets", role, call=call, **rest)


def output(*fields: str, members: tuple[str, ...] = ()) -> Entry:
    return Entry("Out", "lib.outputs", "output", fields=tuple(map(Field, fields)), members=members)


def test_fields_of_what_a_call_returns() -> None:
    call = sig("x", returns="lib.outputs.Out")
    old, new = output("loss", "logits", "past"), output("logits", "hidden", members=("past",))
    found = set(compare_entries(net(call=call), net(call=call), lambda _: old, lambda _: new))
    assert found == {
        ("forward", Change(RAISES, What.FIELD_GONE, "loss")),
        ("forward", Change(NEW, What.FIELD_NEW, "hidden")),
    }


def test_keys_mappings_and_attributes() -> None:
    old = net(role="processor", keys=("input_ids", "pixel_values"))
    new = net(role="processor", keys=("input_ids", "audio"))
    assert {change for _, change in compare_entries(old, new)} == {
        Change(RAISES, What.KEY_GONE, "pixel_values"),
        Change(NEW, What.KEY_NEW, "audio"),
    }
    may_have = net(role="processor", keys=("input_ids",), keys_open=True)
    assert {change.what for _, change in compare_entries(old, may_have)} == set()
    auto = net(role="auto", mapping={"bert": ("Bert",), "mega": ("Mega",)})
    assert [change for _, change in compare_entries(auto, net(role="auto", mapping={"bert": ("Bert",)}))] == [
        Change(RAISES, What.MODEL_TYPE_GONE, "mega")
    ]
    config = net(role="config", init=sig("size", "theta"), members=("name", "pad"))
    later = net(role="config", init=sig("size", "theta", "name"), members=("rope",))
    assert {(c.what, c.subject) for _, c in compare_entries(config, later) if c.what is not What.KEYWORD_NEW} == {
        (What.ATTRIBUTE_GONE, "pad"),
        (What.ATTRIBUTE_NEW, "rope"),
    }


def test_methods_are_compared_where_both_versions_list_them() -> None:
    old = net(methods={"push": sig("a", "b"), "prune": sig("heads")})
    new = net(methods={"push": sig("a"), "pull": sig()})
    assert set(compare_entries(old, new)) == {
        ("push", Change(RAISES, What.REFUSED, "b")),
        ("", Change(RAISES, What.METHOD_GONE, "prune")),
        ("", Change(NEW, What.METHOD_NEW, "pull")),
    }
    assert list(compare_entries(old, net())) == []


def test_methods_that_move_to_or_from_a_base_are_still_there() -> None:
    base = net("Base", methods={"push": sig("a")})
    own = net(methods={"push": sig("a", "b"), "forward": sig()}, mro=("lib.nets.Base",))
    bare = net(methods={"forward": sig()}, mro=("lib.nets.Base",))
    find = {"lib.nets.Base": base}.get
    assert list(compare_entries(own, bare, find, find)) == [("push", Change(RAISES, What.REFUSED, "b"))]
    assert [change.what for _, change in compare_entries(bare, own, find, find)] == [What.KEYWORD_NEW]


def test_methods_of_a_base_that_is_gone_are_told_where_they_were_inherited_first() -> None:
    lost = net("Lost", methods={"clean": sig()})
    kept = net("Kept", methods={"go": sig()}, mro=("lib.nets.Lost",))
    own = net(methods={"run": sig()}, mro=("lib.nets.Kept", "lib.nets.Lost"))
    before = {entry.qualified: entry for entry in (lost, kept, own)}.get
    after = {entry.qualified: entry for entry in (kept, own)}.get
    gone = [("", Change(RAISES, What.METHOD_GONE, "clean"))]
    assert list(compare_entries(kept, kept, before, after)) == gone
    assert list(compare_entries(own, own, before, after)) == []


# --- whole editions -------------------------------------------------------------------------------------------------


def edition(version: str, names: dict[str, Entry | None], aliases: dict[str, tuple[str, ...]] | None = None) -> Edition:
    by_name = {name: entry for name, entry in names.items() if entry is not None}
    by_name |= {entry.qualified: entry for entry in by_name.values()}
    find: Callable[[str], Entry | None] = by_name.get
    return Edition("lib", version, names, find, aliases or {})


def facts(difference: Difference) -> list[tuple[str, tuple[str, ...], tuple[str, ...]]]:
    return [
        (
            fact.what.value,
            tuple(change.subject for change in fact.changes),
            tuple(f"{place.name}.{place.within}".removesuffix(".") for place in fact.places),
        )
        for fact in difference.facts
    ]


def test_what_is_the_same_everywhere_is_one_fact() -> None:
    names = [f"lib.Net{i}" for i in range(5)]
    old = edition("1", {name: net(name[4:], sig("x", "mask", "y", extra="ignored")) for name in names})
    new = edition("2", {name: net(name[4:], sig("x", extra="ignored")) for name in names})
    difference = compare(old, new)
    assert facts(difference) == [
        ("keyword-ignored", ("mask", "y"), tuple(f"{name}.forward" for name in names)),
    ]
    assert (difference.n_common, difference.n_changed) == (5, 5)


def test_names_that_come_go_and_move() -> None:
    call = sig("x")
    old = edition(
        "1",
        {
            "lib.Kept": net("Kept", call),
            "lib.Old": net("Old", call, replaced_by="lib.New"),
            "lib.Bare": None,
            "lib.sub.Deep": net("Deep", call),
        },
    )
    moved = Entry("Kept", "lib.elsewhere", "model", call=call)
    new = edition("2", {"lib.Kept": moved, "lib.New": net("New", call), "lib.Deep": net("Deep", call)})
    difference = compare(old, new)
    assert facts(difference) == [
        ("name-gone", ("",), ("lib.Old",)),
        ("name-gone", ("",), ("lib.Bare",)),
        ("moved", ("",), ("lib.sub.Deep",)),
        ("moved", ("",), ("lib.Kept",)),
        ("name-new", ("",), ("lib.New",)),
    ]
    by_place = {fact.places[0]: fact.changes[0] for fact in difference.facts}
    assert by_place[Place("lib.Old")].after == "lib.New"
    assert by_place[Place("lib.sub.Deep")] == Change(RAISES, What.MOVED, "", "lib.sub.Deep", "lib.Deep")
    assert by_place[Place("lib.Kept")] == Change(UNCERTAIN, What.MOVED, "", "lib.nets", "lib.elsewhere")


def test_a_deprecated_class_names_its_successor() -> None:
    old = edition("1", {"lib.Net": net(call=sig())})
    new = edition("2", {"lib.Net": net(call=sig(), replaced_by="lib.Better")})
    (fact,) = compare(old, new).facts
    assert fact.changes == (Change(DEPRECATED, What.NAME_DEPRECATED, after="lib.Better"),)


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("lib.BertModel", {"lib.BertModel"}),
        ("BertModel", {"lib.BertModel"}),
        ("Bert*", {"lib.BertModel", "lib.BertHead"}),
        ("deit", {"lib.DeiT"}),
        ("Nothing", set()),
    ],
)
def test_patterns_narrow_it_down(pattern: str, names: set[str]) -> None:
    def made(signature: Signature) -> dict[str, Entry | None]:
        return {
            "lib.BertModel": net("BertModel", signature, family="bert"),
            "lib.BertHead": net("BertHead", signature, family="bert"),
            "lib.DeiT": net("DeiT", signature, family="deit"),
        }

    difference = compare(edition("1", made(sig("x", "y"))), edition("2", made(sig("x"))), [pattern])
    assert {place.name for fact in difference.facts for place in fact.places} == names


def test_the_gravest_comes_first() -> None:
    old = edition("1", {"lib.Net": net(call=sig("a", "b=1")), "lib.Gone": None})
    new = edition("2", {"lib.Net": net(call=sig("b=2", "c!", "d")), "lib.New": None})
    order = [fact.consequence for fact in compare(old, new).facts]
    assert order == sorted(order, key=list(Consequence).index)
    assert {RAISES, SILENT, NEW} <= set(order)
