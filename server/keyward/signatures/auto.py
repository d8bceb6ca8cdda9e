"""What is true of every class that an auto class can give."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from .model import Entry, Kind, Parameter, Signature

_UNKNOWN = Signature(extra="open", reason="how one of its classes is called is not known")
_NAMED = (Kind.POSITIONAL_OR_KEYWORD, Kind.KEYWORD_ONLY)


class Given(NamedTuple):
    """The classes that an auto class can give, as one."""

    signature: Signature
    """It refuses or ignores only what all of them do, needs nothing, and by position takes anything."""
    outputs: tuple[str, ...]
    """Qualified names of the classes that calling one returns, each once; () where one of them is not known."""


def given(classes: Sequence[Entry | None]) -> Given | None:
    """What the classes have in common, None among them for one that is not known; None where there is none."""
    calls = [(entry.call if entry is not None else None) or _UNKNOWN for entry in classes]
    if not calls:
        return None
    outputs = tuple(dict.fromkeys(call.returns for call in calls))
    return Given(_common(calls), outputs if all(outputs) else ())


def _common(calls: Sequence[Signature]) -> Signature:
    parameters: dict[str, Parameter] = {}
    accepts: dict[str, str] = {}
    for call in calls:
        accepts.update(call.accepts)
        for parameter in call.parameters:
            if parameter.kind in _NAMED and parameter.name not in parameters:
                parameters[parameter.name] = msgspec.structs.replace(
                    parameter, kind=Kind.KEYWORD_ONLY, default=parameter.default or "..."
                )
    extras = {call.extra for call in calls}
    rest = () if extras == {"refused"} else (Parameter("kwargs", Kind.VAR_KEYWORD),)
    return Signature(
        (Parameter("args", Kind.VAR_POSITIONAL), *parameters.values(), *rest),
        {name: way for name, way in accepts.items() if name not in parameters},
        tuple(dict.fromkeys(prefix for call in calls for prefix in call.prefixes)),
        "open" if "open" in extras else "ignored" if "ignored" in extras else "refused",
        next((call.reason for call in calls if call.extra == "open"), ""),
    )
