"""Releases of a small library, for hypothesis: names come and go, move between modules, and change in every field."""

from __future__ import annotations

from hypothesis import strategies as st

from keyward.signatures.history import Release
from keyward.signatures.model import Entry, Field, Kind, Parameter, Signature

VERSIONS = ("3.5.1", "4.9.2", "4.10.0", "4.57.6", "5.0.0rc1", "5.0.0")
_MODULES = ("lib", "lib.nets", "lib.models.deit.modeling_deit", "lib.models.deprecated.deit.modeling_deit")
_NAMES = ("Net", "Old", "Outer.Inner")

_words = st.sampled_from(("", "Pixels.", "`(batch, 3)`: Bilder – «x»", "Optional[Tensor]", "\n\0"))
_ways = st.sampled_from(("TransformersKwargs", "can_return_tuple", "Net.forward"))
_keywords = st.sampled_from(("x", "labels", "mask", "return_dict", "größe"))
_classes = st.sampled_from(("lib.Net", "lib.Old", "torch.Tensor"))


def _tuples(items: st.SearchStrategy[str], most: int = 3) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(items, max_size=most, unique=True).map(tuple)


_parameters = st.lists(
    st.builds(
        Parameter,
        name=_keywords,
        kind=st.sampled_from(Kind),
        default=st.none() | st.sampled_from(("None", "", "0.1")),
        annotation=_words,
        doc=_words,
    ),
    max_size=4,
    unique_by=lambda parameter: parameter.name,
).map(tuple)

_signatures = st.builds(
    Signature,
    parameters=_parameters,
    accepts=st.dictionaries(_keywords, _ways, max_size=3),
    prefixes=_tuples(st.sampled_from(("output_", "use_"))),
    extra=st.sampled_from(("refused", "ignored", "open")),
    reason=_words,
    returns=st.just("") | _classes,
    renamed=st.dictionaries(_keywords, st.just("") | _keywords, max_size=2),
)

_bodies = st.builds(
    Entry,
    name=st.just(""),
    module=st.just(""),
    role=st.sampled_from(("model", "output", "config", "auto", "class", "function")),
    mro=_tuples(_classes),
    init=st.none() | _signatures,
    call=st.none() | _signatures,
    fields=st.lists(
        st.builds(Field, name=_keywords, annotation=_words, doc=_words), max_size=3, unique_by=lambda field: field.name
    ).map(tuple),
    methods=st.dictionaries(st.sampled_from(("from_pretrained", "preprocess")), _signatures, max_size=2),
    members=_tuples(_keywords),
    keys=_tuples(_keywords),
    keys_open=st.booleans(),
    mapping=st.dictionaries(st.sampled_from(("deit", "bert", "a:b")), _tuples(_classes), max_size=2),
    model_type=st.sampled_from(("", "deit")),
    family=st.sampled_from(("", "deit")),
    head=st.sampled_from(("", "Model")),
    replaced_by=st.sampled_from(("", "New")),
    file=st.sampled_from(("", "lib/nets.py")),
    line=st.integers(0, 3),
    doc=_words,
)


@st.composite
def _releases(draw: st.DrawFn, version: str) -> Release:
    families: dict[str, dict[str, Entry]] = {}
    exports: dict[str, dict[str, str]] = {"lib": {}}
    places = draw(st.lists(st.tuples(st.sampled_from(_MODULES), st.sampled_from(_NAMES)), max_size=5, unique=True))
    bodies = draw(st.lists(_bodies, min_size=1, max_size=2))
    for module, name in places:
        # Few bodies, so that many versions say the same.
        body = draw(st.sampled_from(bodies))
        entry = Entry(**{**{f: getattr(body, f) for f in body.__struct_fields__}, "name": name, "module": module})
        families.setdefault(draw(st.sampled_from(("one", "two"))), {})[entry.qualified] = entry
        if draw(st.booleans()):
            exports["lib"][name] = module
    return Release("lib", version, exports, families)


@st.composite
def histories(draw: st.DrawFn) -> list[Release]:
    """Releases of different versions in any order; a version may say what another one says."""
    versions = draw(st.lists(st.sampled_from(VERSIONS), min_size=1, max_size=5, unique=True))
    found: list[Release] = []
    for version in versions:
        release = draw(_releases(version))
        if found and draw(st.booleans()):
            like = draw(st.sampled_from(found))
            release = Release("lib", version, like.exports, like.families)
        found.append(release)
    return found
