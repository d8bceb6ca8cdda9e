"""What really becomes of each keyword of a call: refused, swallowed or used. Found out by calling.

*Refused*: the call raises `TypeError`, and does not without the keyword.
*Swallowed*: a tripwire in the keyword's place is touched by nobody and the call returns what it returns without the
keyword. *Used*: anything else. Random numbers are the same in every call that is compared.
"""

from __future__ import annotations

import dataclasses
import random
import re
from collections.abc import Mapping

import torch

REFUSED, SWALLOWED, USED = "refused", "swallowed", "used"
UNEXPECTED = re.compile(r"unexpected keyword argument '(\w+)'")


class Tripped(Exception):
    """Somebody looked at a tripwire."""


class Tripwire:
    """A value that notes its name in `touched` and raises at any use but a test of its class or identity.

    Asked whether it is true it says no, so that one call can tell of several.
    """

    def __init__(self, name="", touched=None):
        object.__setattr__(self, "report", (name, [] if touched is None else touched))

    def __getattribute__(self, name):
        if name == "__class__":
            return Tripwire
        trip(self)

    def __bool__(self):
        note(self)
        return False

    def _trip(self, *arguments, **keywords):
        trip(self)


def note(wire):
    name, touched = object.__getattribute__(wire, "report")
    touched.append(name)
    return name


def trip(wire):
    raise Tripped(note(wire))


for _name in (
    "call contains eq ne lt le gt ge getitem setitem iter len hash index int float str repr format add radd sub "
    "rsub mul rmul matmul rmatmul truediv rtruediv floordiv mod pow and or xor neg pos abs invert enter exit next"
).split():
    setattr(Tripwire, f"__{_name}__", Tripwire._trip)


def call(function, arguments, keywords):
    """The call with fixed random numbers and without a trace in gradients."""
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.random.default_generator.manual_seed(0)  # torch.manual_seed goes through all devices, at some cost
        random.seed(0)
        seed_numpy()
        return function(*arguments, **keywords)


def seed_numpy():
    try:
        import numpy
    except ImportError:
        return
    numpy.random.seed(0)


def same(one, other) -> bool:
    """Whether two results are equal as far as a caller can see."""
    if type(one) is not type(other):
        return False
    if isinstance(one, torch.Tensor):
        return one.shape == other.shape and bool(
            torch.equal(one, other) or torch.allclose(one, other, 0, 0, equal_nan=True)
        )
    if isinstance(one, Mapping):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    if isinstance(one, (tuple, list)):
        return len(one) == len(other) and all(map(same, one, other))
    if dataclasses.is_dataclass(one):
        return all(same(getattr(one, f.name), getattr(other, f.name)) for f in dataclasses.fields(one))
    if isinstance(one, (str, bytes, int, float, bool, type(None))):
        return one == other
    return True


def refused(function, arguments, keywords) -> list[str]:
    """Keywords that make the call raise `TypeError`, in the order in which it names them."""
    found: list[str] = []
    rest = dict(keywords)
    while True:
        try:
            call(function, arguments, rest)
            return found
        except TypeError as error:
            named = UNEXPECTED.search(str(error))
            if named is None or named[1] not in rest:
                return found
            found.append(named[1])
            del rest[named[1]]


def fate(function, arguments, keywords, name) -> str:
    """What becomes of keyword `name`, which the call does not refuse."""
    without = {key: value for key, value in keywords.items() if key != name}
    try:
        touched = []
        expected = call(function, arguments, without)
        result = call(function, arguments, {**keywords, name: Tripwire(name, touched)})
        unmoved = same(result, expected) and same(call(function, arguments, keywords), expected)
        return SWALLOWED if unmoved and not touched else USED
    except Exception:
        return USED


def fates(function, arguments, keywords) -> dict[str, str]:
    """What becomes of each keyword of the call."""
    bad = refused(function, arguments, keywords)
    rest = {key: value for key, value in keywords.items() if key not in bad}
    return {name: REFUSED if name in bad else fate(function, arguments, rest, name) for name in keywords}
