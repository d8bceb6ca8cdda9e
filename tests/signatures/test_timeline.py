"""One class over the versions of its library."""

from __future__ import annotations

from keyward.signatures.model import Dated, Entry, Field, Parameter, Signature
from keyward.signatures.periods import Period
from keyward.signatures.timeline import Row, Timeline, timeline


def net(*names: str, module: str = "lib.nets", extra: str = "refused", returns: str = "") -> Entry:
    parameters = tuple(Parameter(name.rstrip("!"), default=None if name.endswith("!") else "None") for name in names)
    return Entry("Net", module, "model", call=Signature(parameters, extra=extra, returns=returns))  # type: ignore[arg-type]


VERSIONS = [
    ("1.0", None),
    ("2.0", net("x!", "labels")),
    ("3.0", net("x!", "labels", "mask", module="lib.models.nets")),
    ("4.0", net("x!", "mask", extra="ignored", module="lib.models.nets")),
    ("5.0", None),
]


def told(versions: list[tuple[str, Entry | None]], output: dict[str, Entry] | None = None) -> Timeline:
    history = [Dated(version, entry) for version, entry in versions]
    return timeline(history, [version for version, _ in versions], lambda version, name: (output or {}).get(version))


def test_lifetime_and_modules() -> None:
    found = told(VERSIONS)
    assert found.lifetime == (
        Period("absent", "1.0", "1.0"),
        Period("present", "2.0", "4.0"),
        Period("absent", "5.0", "5.0"),
    )
    assert found.modules == (
        ("lib.nets", Period("present", "2.0", "2.0")),
        ("lib.models.nets", Period("present", "3.0", "4.0")),
    )
    assert found.known
    assert not told([("1.0", None)]).known


def test_what_became_of_each_keyword() -> None:
    (table,) = told(VERSIONS).tables
    assert table.within == "forward"
    assert {row.name: row for row in table.rows} == {
        "x": Row("x", (Period("accepted", "2.0", "4.0"),)),
        "labels": Row("labels", (Period("accepted", "2.0", "3.0"), Period("ignored", "4.0", "4.0"))),
        "mask": Row("mask", (Period("refused", "2.0", "2.0"), Period("accepted", "3.0", "4.0"))),
    }
    assert table.others == (Period("refused", "2.0", "3.0"), Period("ignored", "4.0", "4.0"))
    assert [row.throughout for row in table.rows] == [True, False, False]


def test_fields_of_what_is_returned() -> None:
    old = Entry("Out", "lib.outputs", "output", fields=(Field("loss"), Field("logits")))
    new = Entry("Out", "lib.outputs", "output", fields=(Field("logits"),))
    versions: list[tuple[str, Entry | None]] = [("1.0", net(returns="lib.Out")), ("2.0", net(returns="lib.Out"))]
    *_, table = told(versions, {"1.0": old, "2.0": new}).tables
    assert table.within == "fields"
    assert {row.name: [period.fate for period in row.periods] for row in table.rows} == {
        "loss": ["present", "absent"],
        "logits": ["present"],
    }


def test_a_keyword_that_a_decorator_took_is_told_once_it_is_refused() -> None:
    old = Entry("Net", "lib.nets", "class", init=Signature(accepts={"tokenizer": "deprecate_kwarg", "k": "Cache.put"}))
    new = Entry("Net", "lib.nets", "class", init=Signature(accepts={"k": "Cache.put"}))
    (table,) = told([("1.0", old), ("2.0", new)]).tables
    assert [row.name for row in table.rows] == ["tokenizer"]
