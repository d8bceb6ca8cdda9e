"""What all the classes of an auto class have in common."""

from __future__ import annotations

from keyward.signatures.auto import given
from keyward.signatures.model import Entry, Kind, Parameter, Signature

REST = Parameter("kwargs", Kind.VAR_KEYWORD)


def model(name: str, *keywords: str, extra: str = "ignored", returns: str = "m.Output") -> Entry:
    parameters = (*(Parameter(keyword) for keyword in keywords), *(() if extra == "refused" else (REST,)))
    return Entry(name, "m", "model", call=Signature(parameters, extra=extra, returns=returns))  # type: ignore[arg-type]  # a Literal


def test_what_one_takes_is_taken_and_nothing_is_needed() -> None:
    common = given([model("One", "input_ids", "labels"), model("Two", "pixel_values")])
    assert common is not None
    assert all(common.signature.takes(name) for name in ("input_ids", "labels", "pixel_values"))
    assert not common.signature.takes("inputs")
    assert not any(parameter.required for parameter in common.signature.parameters)
    assert (common.signature.extra, common.outputs) == ("ignored", ("m.Output",))


def test_the_kindest_says_what_becomes_of_other_keywords() -> None:
    refusing, ignoring, handing_on = (model("A", extra=extra) for extra in ("refused", "ignored", "open"))
    for classes, extra in (
        ([refusing, refusing], "refused"),
        ([refusing, ignoring], "ignored"),
        ([refusing, ignoring, handing_on], "open"),
    ):
        common = given(classes)
        assert common is not None and common.signature.extra == extra


def test_a_class_that_is_not_known_may_take_and_return_anything() -> None:
    for unknown in (None, Entry("Two", "m", "model")):
        common = given([model("One", "input_ids"), unknown])
        assert common is not None
        assert (common.signature.extra, common.outputs) == ("open", ())
    assert given([]) is None
