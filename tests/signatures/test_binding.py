"""`bind` against Python itself: the same signature as a real function, called with the same arguments."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keyward.signatures.binding import Binding, bind
from keyward.signatures.model import Kind, Parameter, Signature

NAMES = ("a", "b", "c", "d", "e")


@dataclass(frozen=True)
class Passed:
    name: str = ""
    certain: bool = True


@dataclass(frozen=True)
class Call:
    n_positional: int
    keywords: tuple[str, ...]

    def bind(self, signature: Signature, **opened: bool) -> Binding[Passed]:
        return bind(signature, [Passed()] * self.n_positional, [Passed(name) for name in self.keywords], **opened)


@st.composite
def signatures(draw: st.DrawFn) -> Signature:
    """Parameters in an order that Python allows, required ones before defaults among the positional."""
    kinds = sorted(
        draw(st.lists(st.sampled_from(list(Kind)), max_size=len(NAMES))),
        key=list(Kind).index,
    )
    parameters: list[Parameter] = []
    defaults_began = False
    for name, kind in zip(NAMES, kinds, strict=False):
        if kind in (Kind.VAR_POSITIONAL, Kind.VAR_KEYWORD):
            if all(p.kind is not kind for p in parameters):
                parameters.append(Parameter(kind.value, kind))
            continue
        has_default = draw(st.booleans()) or (defaults_began and kind is not Kind.KEYWORD_ONLY)
        defaults_began = defaults_began or (has_default and kind is not Kind.KEYWORD_ONLY)
        parameters.append(Parameter(name, kind, "None" if has_default else None))
    extra = "ignored" if any(p.kind is Kind.VAR_KEYWORD for p in parameters) else "refused"
    return Signature(tuple(parameters), extra=extra)


names = st.lists(st.sampled_from((*NAMES, "z")), max_size=3)
calls = st.builds(Call, st.integers(0, 5), st.lists(st.sampled_from((*NAMES, "z")), unique=True, max_size=4).map(tuple))


def as_function(signature: Signature) -> object:
    """A real function with this signature, which returns what its parameters hold."""
    parts: list[str] = []
    kinds = [p.kind for p in signature.parameters]
    alone = Kind.VAR_POSITIONAL not in kinds
    for i, parameter in enumerate(signature.parameters):
        star = {Kind.VAR_POSITIONAL: "*", Kind.VAR_KEYWORD: "**"}.get(parameter.kind, "")
        if alone and parameter.kind is Kind.KEYWORD_ONLY and kinds.index(parameter.kind) == i:
            parts.append("*")
        parts.append(star + parameter.name + ("=None" if parameter.default else ""))
        if parameter.kind is Kind.POSITIONAL_ONLY and Kind.POSITIONAL_ONLY not in kinds[i + 1 :]:
            parts.append("/")
    namespace: dict[str, object] = {}
    exec(f"def function({', '.join(parts)}): return locals()", namespace)
    return namespace["function"]


def type_error(signature: Signature, call: Call) -> str:
    """The message of the `TypeError` that the call raises, "" when it raises none."""
    try:
        as_function(signature)(*range(call.n_positional), **dict.fromkeys(call.keywords))  # type: ignore[operator]
    except TypeError as error:
        return str(error)
    return ""


@pytest.mark.slow
@settings(max_examples=1000, deadline=None)
@given(signatures(), calls)
def test_raises_exactly_where_python_does(signature: Signature, call: Call) -> None:
    message = type_error(signature, call)
    binding = call.bind(signature)
    assert binding.raises == bool(message), message
    if "multiple values" in message:
        assert binding.repeated
    elif "unexpected keyword" in message or "passed as keyword" in message:
        assert binding.unexpected
    elif "positional argument" in message and "given" in message:
        assert binding.surplus
    elif "missing" in message:
        assert binding.missing
        assert any(f"'{parameter.name}'" in message for parameter in binding.missing)


@pytest.mark.slow
@settings(max_examples=600, deadline=None)
@given(
    signatures(),
    calls,
    st.integers(0, 3),
    st.lists(st.sampled_from((*NAMES, "z")), max_size=3),
    st.booleans(),
    st.booleans(),
)
def test_an_open_call_is_at_fault_only_if_every_content_is(
    signature: Signature, call: Call, n_more: int, more: list[str], open_positional: bool, open_keywords: bool
) -> None:
    binding = call.bind(signature, open_positional=open_positional, open_keywords=open_keywords)
    if binding.raises:
        content = Call(
            call.n_positional + (n_more if open_positional else 0),
            (*call.keywords, *(name for name in dict.fromkeys(more) if open_keywords and name not in call.keywords)),
        )
        assert type_error(signature, content)


@pytest.mark.slow
@settings(max_examples=600, deadline=None)
@given(signatures(), calls, st.sets(st.sampled_from((*NAMES, "z"))))
def test_an_uncertain_keyword_is_never_what_is_wrong(signature: Signature, call: Call, doubtful: set[str]) -> None:
    keywords = [Passed(name, certain=name not in doubtful) for name in call.keywords]
    binding = bind(signature, [Passed()] * call.n_positional, keywords)
    assert all(argument.certain for argument in (*binding.unexpected, *binding.ignored, *binding.repeated))
    if binding.raises:
        for present in (set(), doubtful):
            content = Call(call.n_positional, tuple(k.name for k in keywords if k.certain or k.name in present))
            assert type_error(signature, content)


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(signatures(), calls)
def test_what_a_call_fills_is_what_python_fills(signature: Signature, call: Call) -> None:
    binding = call.bind(signature)
    if binding.raises:
        return
    held = as_function(signature)(*[""] * call.n_positional, **{name: name for name in call.keywords})  # type: ignore[operator]
    passed = {name: value for name, value in held.items() if name in NAMES and value is not None}
    assert {parameter.name: argument.name for argument, parameter in binding.filled} == passed


@pytest.mark.parametrize(
    ("extra", "accepts", "prefixes", "ignored", "unexpected"),
    [
        ("ignored", {}, (), ["labels"], []),
        ("open", {}, (), [], []),
        ("refused", {}, (), [], ["labels"]),
        ("ignored", {"labels": "Encoder.forward"}, (), [], []),
        ("refused", {"labels": "can_return_tuple"}, (), [], []),
        ("ignored", {}, ("lab",), [], []),
    ],
)
def test_a_keyword_that_no_parameter_names(
    extra: str, accepts: dict[str, str], prefixes: tuple[str, ...], ignored: list[str], unexpected: list[str]
) -> None:
    signature = Signature(accepts=accepts, prefixes=prefixes, extra=extra)  # type: ignore[arg-type]
    binding = bind(signature, [], [Passed("labels")])
    assert [a.name for a in binding.ignored] == ignored
    assert [a.name for a in binding.unexpected] == unexpected


def test_a_keyword_given_twice_is_repeated() -> None:
    signature = Signature((Parameter("x"),), extra="ignored")
    binding = bind(signature, [], [Passed("x"), Passed("x"), Passed("z"), Passed("z")])
    assert [a.name for a in binding.repeated] == ["x", "z"]
