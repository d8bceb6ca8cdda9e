"""What the history tells: of a version that is not installed, since when, until when, and what took whose place."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from keyward.signatures.history import Release, merge_all
from keyward.signatures.model import Entry, Extra, Field, Kind, Parameter, Signature
from keyward.signatures.periods import Fate
from keyward.signatures.store import Installed, Period, Signatures, open_signatures
from keyward.signatures.versions import nearest

OLD_HOME, HOME = "lib.modeling_net", "lib.models.net.modeling_net"


def call(*keywords: str, extra: Extra = "refused", renamed: dict[str, str] | None = None) -> Signature:
    parameters = [Parameter(keyword, default="None") for keyword in keywords]
    if extra != "refused":
        parameters.append(Parameter("kwargs", Kind.VAR_KEYWORD))
    return Signature(
        tuple(parameters), {"return_dict": "way"} if extra == "ignored" else {}, (), extra, "", "", renamed or {}
    )


def model(signature: Signature, home: str = HOME, name: str = "Net") -> Entry:
    return Entry(name, home, "model", call=signature, family="net")


def output(*fields: str, members: tuple[str, ...] = ()) -> Entry:
    return Entry("Output", "lib.outputs", "output", fields=tuple(map(Field, fields)), members=members)


def release(version: str, *entries: Entry) -> Release:
    exports = {"lib": {item.name: item.module for item in entries}}
    return Release("lib", version, exports, {"any": {item.qualified: item for item in entries}})


OLD = Entry("OldNet", HOME, "model", call=call("x"), replaced_by="MidNet")
MID = Entry("MidNet", HOME, "model", call=call("x"), replaced_by="lib.Net")

RELEASES = (
    release("3.5.1", model(call("x", "masked_labels"), OLD_HOME), output("loss"), OLD),
    release("4.10.0", model(call("x", "labels", renamed={"masked_labels": "labels"})), output("loss", "logits"), OLD),
    release("4.57.6", model(call("x", "labels")), output("loss", members=("logits",)), MID),
    release("5.0.0", model(call("x", extra="ignored")), output("loss")),
    release("5.23.0", model(call("x", "labels", extra="open"))),
)

CURATED = [
    {
        "names": "lib.*Net",
        "replacement": "labels",
        "kind": "keyword",
        "keyword": "lm_labels",
        "source": "https://example.org/guide",
        "versions": "4.10.0",
    },
    {
        "names": "lib.Ancient",
        "replacement": "lib.Net",
        "kind": "name",
        "source": "https://example.org/guide",
        "versions": "3.5.1",
    },
    {
        "names": "lib.*Extractor",
        "replacement": "lib.*",
        "kind": "name",
        "source": "https://example.org/guide",
        "versions": "",
    },
    {
        "names": "lib.OldNet",
        "replacement": "lib.Output",
        "kind": "name",
        "source": "https://example.org/wrong",
        "versions": "",
    },
]


@pytest.fixture
def shipped(tmp_path: Path) -> Path:
    merge_all(tmp_path / "lib", RELEASES)
    (tmp_path / "curated.json").write_text(json.dumps(CURATED))
    return tmp_path


@pytest.fixture
def signatures(shipped: Path) -> Signatures:
    return open_signatures(None, None, shipped)


def told(periods: tuple[Period, ...]) -> list[tuple[Fate, str, str]]:
    return [(period.fate, period.since, period.until) for period in periods]


def test_what_becomes_of_a_keyword(signatures: Signatures) -> None:
    expected: list[tuple[Fate, str, str]] = [
        ("refused", "3.5.1", "3.5.1"),
        ("accepted", "4.10.0", "4.57.6"),
        ("ignored", "5.0.0", "5.0.0"),
        ("accepted", "5.23.0", "5.23.0"),
    ]
    assert told(signatures.keyword_lifetime("lib.Net", "labels")) == expected
    # Where it is defined now says nothing of when it was defined elsewhere.
    assert told(signatures.keyword_lifetime(f"{HOME}.Net", "labels")) == [("absent", "3.5.1", "3.5.1"), *expected[1:]]


def test_effective_keywords_count_and_open_sets_are_told(signatures: Signatures) -> None:
    assert told(signatures.keyword_lifetime("lib.Net", "return_dict"))[1:] == [
        ("accepted", "5.0.0", "5.0.0"),
        ("open", "5.23.0", "5.23.0"),
    ]


def test_a_place_that_is_not_described(signatures: Signatures) -> None:
    assert told(signatures.keyword_lifetime("lib.Net", "x", "init")) == [("open", "3.5.1", "5.23.0")]
    assert told(signatures.keyword_lifetime("lib.Net", "x", "method:generate")) == [("absent", "3.5.1", "5.23.0")]


def test_methods_are_inherited(tmp_path: Path) -> None:
    def version(number: str, *keywords: str, derived: bool = True) -> Release:
        base = Entry("Base", "lib.base", "model", methods={"load": call(*keywords)})
        net = Entry("Net", HOME, "model", mro=("lib.base.Base",) if derived else ())
        return release(number, base, net)

    merge_all(
        tmp_path / "lib",
        [version("1.0", "x", derived=False), version("2.0", "x", "auth"), version("3.0", "x", "token")],
    )
    line = {**CURATED[0], "keyword": "auth", "replacement": "token", "place": "method:load"}
    (tmp_path / "curated.json").write_text(json.dumps([line]))
    signatures = open_signatures(None, None, tmp_path)
    assert told(signatures.keyword_lifetime("lib.Net", "auth", "method:load")) == [
        ("absent", "1.0", "1.0"),
        ("accepted", "2.0", "2.0"),
        ("refused", "3.0", "3.0"),
    ]
    later = signatures.keyword_replacement("lib.Net", "auth", "method:load")
    assert later is not None and later.name == "token"


def test_when_a_class_was_there(signatures: Signatures) -> None:
    assert told(signatures.lifetime("lib.OldNet")) == [("present", "3.5.1", "4.10.0"), ("absent", "4.57.6", "5.23.0")]
    assert told(signatures.lifetime("lib.Net")) == [("present", "3.5.1", "5.23.0")]
    assert told(signatures.lifetime("lib.MidNet")) == [
        ("absent", "3.5.1", "4.10.0"),
        ("present", "4.57.6", "4.57.6"),
        ("absent", "5.0.0", "5.23.0"),
    ]


def test_when_an_output_had_a_field(signatures: Signatures) -> None:
    assert told(signatures.field_lifetime("lib.Output", "logits")) == [
        ("absent", "3.5.1", "3.5.1"),
        ("present", "4.10.0", "4.57.6"),
        ("absent", "5.0.0", "5.23.0"),
    ]


@pytest.mark.parametrize("name", ["lib.Nothing", "other.Net", "lib", ""])
def test_of_what_was_never_there_nothing_is_told(signatures: Signatures, name: str) -> None:
    assert signatures.history(name) == ()
    assert signatures.lifetime(name) == ()
    assert signatures.keyword_lifetime(name, "x") == ()
    assert signatures.field_lifetime(name, "x") == ()
    assert signatures.replacement(name) is None
    assert signatures.keyword_replacement(name, "x") is None


def test_the_versions_covered(signatures: Signatures) -> None:
    assert signatures.versions("lib") == ("3.5.1", "4.10.0", "4.57.6", "5.0.0", "5.23.0")
    assert signatures.versions("other") == ()


def test_the_history_is_there_whatever_is_installed(shipped: Path) -> None:
    signatures = open_signatures([Installed("lib", "4.99.0", "fingerprint")], None, shipped)
    assert signatures.libraries == ()
    assert signatures.versions("lib")[-1] == "5.23.0"
    assert len(signatures.keyword_lifetime("lib.Net", "labels")) == 4


def test_what_the_code_says_of_a_replacement_comes_first(signatures: Signatures) -> None:
    later = signatures.replacement("lib.MidNet")
    assert later is not None
    assert (later.name, later.source, later.derived) == ("lib.Net", "lib 4.57.6", True)


def test_a_replacement_that_is_gone_itself_leads_on(shipped: Path) -> None:
    (shipped / "curated.json").unlink()
    later = open_signatures(None, None, shipped).replacement("lib.OldNet")
    assert later is not None and later.name == "lib.Net"
    here = open_signatures(None, None, shipped, against={"lib": "4.57.6"}).replacement("lib.OldNet")
    assert here is not None and here.name == "lib.MidNet"


def test_curated_replacements_name_their_source(signatures: Signatures) -> None:
    later = signatures.replacement("lib.Ancient")
    assert later is not None
    assert (later.name, later.source, later.derived) == ("lib.Net", "https://example.org/guide", False)


def test_a_curated_pattern_stands_for_many_names(signatures: Signatures) -> None:
    later = signatures.replacement("lib.NetExtractor")
    assert later is not None and later.name == "lib.Net"
    assert signatures.replacement("lib.UnknownExtractor") is None
    assert signatures.replacement("lib.sub.NetExtractor") is None


def test_replaced_keywords(signatures: Signatures) -> None:
    derived = signatures.keyword_replacement("lib.Net", "masked_labels")
    curated = signatures.keyword_replacement("lib.Net", "lm_labels")
    assert derived is not None and curated is not None
    assert (derived.name, derived.source, derived.derived) == ("labels", "lib 4.10.0", True)
    assert (curated.name, curated.source, curated.derived) == ("labels", "https://example.org/guide", False)
    assert signatures.keyword_replacement("lib.Net", "lm_labels", "init") is None


def test_a_keyword_that_is_not_accepted_replaces_nothing(shipped: Path) -> None:
    signatures = open_signatures(None, None, shipped, against={"lib": "5.0.0"})
    assert signatures.keyword_replacement("lib.Net", "masked_labels") is None


def keywords(signatures: Signatures) -> tuple[str, ...]:
    found = signatures.find("lib.Net")
    assert found is not None and found.entry.call is not None
    return found.entry.call.keywords


def test_a_pinned_version_counts_whatever_is_installed(shipped: Path) -> None:
    installed = [Installed("lib", "5.23.0", "fingerprint", ".venv")]
    signatures = open_signatures(installed, None, shipped, against={"lib": "3.5.1"})
    assert keywords(signatures) == ("x", "masked_labels")
    [library] = signatures.libraries
    assert (library.version, library.label) == ("3.5.1", "lib 3.5.1 (history)")


def test_another_patch_speaks_for_one_that_is_not_covered(shipped: Path) -> None:
    signatures = open_signatures(None, None, shipped, against={"lib": "4.57.3"})
    assert keywords(signatures) == ("x", "labels")
    assert signatures.libraries[0].label == "lib 4.57.6 (history, for 4.57.3)"


def test_what_is_not_covered_is_said(shipped: Path) -> None:
    with pytest.raises(ValueError) as error:
        open_signatures(None, None, shipped, against={"lib": "4.56.0"})
    assert str(error.value) == (
        "The history of lib does not cover 4.56.0; it covers 3.5.1, 4.10.0, 4.57.6, 5.0.0 and 5.23.0."
    )
    with pytest.raises(ValueError, match="There is no history of other; it covers lib"):
        open_signatures(None, None, shipped, against={"other": "1.0"})
    with pytest.raises(ValueError, match="does not cover nonsense"):
        open_signatures(None, None, shipped, against={"lib": "nonsense"})


@pytest.mark.parametrize(
    ("version", "chosen"),
    [("1.2.3", "1.2.3"), ("1.2.0", "1.2.1"), ("1.2.9", "1.2.3"), ("1.3", ""), ("1.2.3+cpu", "1.2.3"), ("2", "2.0.1")],
)
def test_the_nearest_version(version: str, chosen: str) -> None:
    assert nearest(version, ("1.2.1", "1.2.3", "2.0.1")) == chosen


def test_a_public_name_is_followed_where_it_moves(signatures: Signatures) -> None:
    homes = [item.entry and item.entry.module for item in signatures.history("lib.Net")]
    assert homes == [OLD_HOME, HOME, HOME, HOME, HOME]
    assert [item.since for item in signatures.history("lib.Net")] == [item.version for item in RELEASES]
