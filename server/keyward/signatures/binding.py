"""Which argument fills which parameter, and what is wrong with a call: Python's rules, with doubt allowed for.

An argument may be *uncertain* (a key that only some paths add) and a call may be *open* (a spread whose content cannot
be seen). A problem is listed only where it holds for every content that the call can have, so a caller may report each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from .model import Kind, Parameter, Signature


class Argument(Protocol):
    """What `bind` has to know about an argument; `name` is its keyword, "" for one by position."""

    @property
    def name(self) -> str: ...

    @property
    def certain(self) -> bool: ...


A = TypeVar("A", bound=Argument)


@dataclass(frozen=True, slots=True)
class Binding(Generic[A]):
    """The outcome for one signature. All but `filled` are problems."""

    filled: tuple[tuple[A, Parameter], ...] = ()
    """Arguments with the parameter that each fills. One that goes into `*args` or `**kwargs` is not among them."""
    unexpected: tuple[A, ...] = ()
    """Keywords that raise `TypeError`."""
    ignored: tuple[A, ...] = ()
    """Keywords that vanish into `**kwargs`."""
    missing: tuple[Parameter, ...] = ()
    """Required parameters that nothing fills."""
    surplus: tuple[A, ...] = ()
    """Positional arguments that no parameter is left for."""
    repeated: tuple[A, ...] = ()
    """Keywords whose parameter, or whose name, is filled already."""

    @property
    def raises(self) -> bool:
        """Whether the call ends in `TypeError`."""
        return bool(self.unexpected or self.missing or self.surplus or self.repeated)


def bind(
    signature: Signature,
    positional: Sequence[A],
    keywords: Sequence[A],
    open_positional: bool = False,
    open_keywords: bool = False,
) -> Binding[A]:
    """Bind a call to a signature.

    An open positional spread may stand anywhere: it only adds arguments, so that the first parameters are filled at
    least as far as the visible arguments reach. With an uncertain positional argument all later ones shift, so it and
    what follows count as part of such a spread.
    """
    slots = [p for p in signature.parameters if p.kind in (Kind.POSITIONAL_ONLY, Kind.POSITIONAL_OR_KEYWORD)]
    variadic = any(p.kind is Kind.VAR_POSITIONAL for p in signature.parameters)
    n_certain = next((i for i, argument in enumerate(positional) if not argument.certain), len(positional))
    open_positional = open_positional or n_certain < len(positional)
    placed = positional[:n_certain]

    filled: list[tuple[A, Parameter]] = list(zip(placed, slots, strict=False))
    taken = {parameter.name for _, parameter in filled if parameter.kind is not Kind.POSITIONAL_ONLY}
    surplus = () if variadic else tuple(placed[len(slots) :])

    unexpected: list[A] = []
    ignored: list[A] = []
    repeated: list[A] = []
    hoped_for: set[str] = set()
    seen: set[str] = set()
    for argument in keywords:
        name = argument.name
        if not argument.certain:
            hoped_for.add(name)
            continue
        parameter = signature.parameter(name)
        if name in taken or name in seen:
            repeated.append(argument)
        elif parameter is not None:
            filled.append((argument, parameter))
            taken.add(name)
        elif not signature.takes(name):
            if signature.extra == "refused":
                unexpected.append(argument)
            elif signature.extra == "ignored":
                ignored.append(argument)
        seen.add(name)

    missing = []
    by_position = {parameter.name for _, parameter in filled[: len(placed)]}
    for parameter in signature.parameters:
        if not parameter.required or parameter.name in taken or parameter.name in by_position:
            continue
        may_come_by_position = open_positional and parameter.kind is not Kind.KEYWORD_ONLY
        may_come_by_keyword = parameter.kind is not Kind.POSITIONAL_ONLY and (
            open_keywords or parameter.name in hoped_for
        )
        if not may_come_by_position and not may_come_by_keyword:
            missing.append(parameter)

    return Binding(tuple(filled), tuple(unexpected), tuple(ignored), tuple(missing), surplus, tuple(repeated))
