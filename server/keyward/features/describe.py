"""Signatures and outputs in words: what hover, signature help, completion and the command line say alike."""

from __future__ import annotations

from collections.abc import Iterable

from ..inference.analysis import Callee
from ..signatures.model import Entry, Kind, Parameter, Signature
from ..signatures.store import Signatures
from ..text import Span

LONGEST_DEFAULT = 40
"""Characters of a default value that are shown."""


def parameter_label(parameter: Parameter) -> str:
    """`pixel_values: torch.Tensor | None = None`, stars included."""
    stars = {Kind.VAR_POSITIONAL: "*", Kind.VAR_KEYWORD: "**"}.get(parameter.kind, "")
    label = stars + parameter.name
    if parameter.annotation:
        label += f": {parameter.annotation}"
    if parameter.default is not None:
        default = parameter.default
        if len(default) > LONGEST_DEFAULT:
            default = default[: LONGEST_DEFAULT - 3] + "..."
        label += f" = {default}" if parameter.annotation else f"={default}"
    return label


def parameter_labels(signature: Signature) -> list[tuple[str, Parameter | None]]:
    """The labels in order, the separators `/` and `*` among them (with no parameter)."""
    labels: list[tuple[str, Parameter | None]] = []
    starred = False
    for at, parameter in enumerate(signature.parameters):
        if parameter.kind is Kind.KEYWORD_ONLY and not starred:
            labels.append(("*", None))
            starred = True
        starred = starred or parameter.kind is Kind.VAR_POSITIONAL
        labels.append((parameter_label(parameter), parameter))
        following = signature.parameters[at + 1].kind if at + 1 < len(signature.parameters) else None
        if parameter.kind is Kind.POSITIONAL_ONLY and following is not Kind.POSITIONAL_ONLY:
            labels.append(("/", None))
    return labels


def one_line(name: str, signature: Signature) -> tuple[str, tuple[tuple[Parameter, Span], ...]]:
    """`name(a, b=None) -> Output`, and where each parameter stands in it (in code points)."""
    text = f"{name}("
    spans: list[tuple[Parameter, Span]] = []
    for at, (label, parameter) in enumerate(parameter_labels(signature)):
        text += ", " if at else ""
        if parameter is not None:
            spans.append((parameter, Span(len(text), len(text) + len(label))))
        text += label
    return f"{text}){_arrow(signature)}", tuple(spans)


def one_parameter_a_line(name: str, signature: Signature) -> str:
    """The signature as Python would have it, one parameter a line."""
    labels = parameter_labels(signature)
    if not labels:
        return f"{name}(){_arrow(signature)}"
    lines = "".join(f"    {label},\n" for label, _ in labels)
    return f"{name}(\n{lines}){_arrow(signature)}"


def _arrow(signature: Signature) -> str:
    return f" -> {last_name(signature.returns)}" if signature.returns else ""


def last_name(qualified: str) -> str:
    return qualified.rpartition(".")[2]


def fate(signature: Signature) -> str:
    """One sentence on what becomes of a keyword that the signature does not name; "" where that goes without saying."""
    if signature.extra == "ignored":
        return "Any other keyword is ignored."
    if signature.extra == "open":
        because = f": {signature.reason}" if signature.reason else ""
        return f"What becomes of other keywords is not known{because}."
    return ""


_PUBLIC = ("output_", "return_", "use_")


def effective_keywords(signature: Signature) -> tuple[str, ...]:
    """Keywords that have an effect, are no parameters, and are meant for callers, sorted.

    Those are the keys of a TypedDict (which is named like a class) and switches by their usual names. Whatever else
    gets through to some inner function has an effect too, and is nothing to recommend.
    """
    named = {parameter.name for parameter in signature.parameters}
    return tuple(
        sorted(
            name
            for name, way in signature.accepts.items()
            if name not in named and ((way[:1].isupper() and "." not in way) or name.startswith(_PUBLIC))
        )
    )


def takers(keyword: str, callee: Callee, signatures: Signatures) -> tuple[str, ...]:
    """Names of the sister classes whose forward takes a keyword that this callee's does not."""
    if callee.entry is None or callee.kind != "forward" or callee.signature.takes(keyword):
        return ()
    return tuple(
        sister.name
        for sister in signatures.sisters(callee.entry)
        if sister.call is not None and sister.call.takes(keyword) and sister.name != callee.entry.name
    )


def dropped(callee: Callee, signatures: Signatures) -> dict[str, list[str]]:
    """Keywords that sisters name as parameters and this callee drops -> the sisters that take them."""
    found: dict[str, list[str]] = {}
    if callee.entry is None or callee.kind != "forward":
        return found
    for sister in signatures.sisters(callee.entry):
        for parameter in sister.call.parameters if sister.call is not None else ():
            named = parameter.kind in (Kind.POSITIONAL_OR_KEYWORD, Kind.KEYWORD_ONLY)
            if named and not callee.signature.takes(parameter.name):
                found.setdefault(parameter.name, []).append(sister.name)
    return found


def fields(entry: Entry) -> list[str]:
    """The fields of an output class, one Markdown list item each."""
    return [item(field.name, field.doc or field.annotation) for field in entry.fields]


def item(name: str, text: str) -> str:
    return f"- `{name}`: {text}" if text else f"- `{name}`"


def listed(names: Iterable[str]) -> str:
    """`a`, `b` and `c`."""
    quoted = [f"`{name}`" for name in names]
    return " and ".join((", ".join(quoted[:-1]), quoted[-1])) if len(quoted) > 1 else "".join(quoted)
