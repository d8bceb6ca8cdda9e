"""One class over the versions of its library."""

from __future__ import annotations

from keyward.signatures.model import Entry, Field, Parameter, Signature
from keyward.signatures.timeline import Row, Run, timeline


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


def test_presence_and_modules() -> None:
    told = timeline(VERSIONS, lambda version, name: None)
    assert told.presence == (Run("absent", "1.0", "1.0"), Run("present", "2.0", "4.0"), Run("absent", "5.0", "5.0"))
    assert told.modules == (Run("lib.nets", "2.0", "2.0"), Run("lib.models.nets", "3.0", "4.0"))
    assert told.known
    assert not timeline([("1.0", None)], lambda version, name: None).known


def test_what_became_of_each_keyword() -> None:
    (table,) = timeline(VERSIONS, lambda version, name: None).tables
    assert table.within == "forward"
    assert {row.name: row for row in table.rows} == {
        "x": Row("x", (Run("required", "2.0", "4.0"),)),
        "labels": Row("labels", (Run("accepted", "2.0", "3.0"), Run("ignored", "4.0", "4.0"))),
        "mask": Row("mask", (Run("refused", "2.0", "2.0"), Run("accepted", "3.0", "4.0"))),
    }
    assert table.others == (Run("refused", "2.0", "3.0"), Run("ignored", "4.0", "4.0"))
    assert [row.throughout for row in table.rows] == [True, False, False]


def test_fields_of_what_is_returned() -> None:
    old = Entry("Out", "lib.outputs", "output", fields=(Field("loss"), Field("logits")))
    new = Entry("Out", "lib.outputs", "output", fields=(Field("logits"),))
    versions = [("1.0", net(returns="lib.Out")), ("2.0", net(returns="lib.Out"))]
    *_, table = timeline(versions, lambda version, name: old if version == "1.0" else new).tables
    assert table.within == "fields"
    assert {row.name: [run.value for run in row.runs] for row in table.rows} == {
        "loss": ["there", "gone"],
        "logits": ["there"],
    }


def test_successor() -> None:
    versions = [("1.0", net()), ("2.0", Entry("Net", "lib.nets", replaced_by="lib.Better")), ("3.0", None)]
    assert timeline(versions, lambda version, name: None).replaced_by == "lib.Better"
