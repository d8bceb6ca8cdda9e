"""Values that cannot be known without running code, and values that are worked out when they are first asked for."""

from __future__ import annotations

from typing import Any, Callable, Dict, Optional

_LONGEST = 1000


class Opaque:
    """Something whose value is not known; `path` is how the source calls it ("torch.float32")."""

    __slots__ = ("path",)

    def __init__(self, path: str) -> None:
        self.path = path if len(path) <= _LONGEST else path[:_LONGEST]

    def __repr__(self) -> str:
        return self.path

    def __or__(self, other: Any) -> Opaque:
        return Opaque("{} | {}".format(self.path, _text(other)))

    def __ror__(self, other: Any) -> Opaque:
        return Opaque("{} | {}".format(_text(other), self.path))

    def __call__(self, *_: Any, **__: Any) -> Opaque:
        # `typing` takes nothing for a type that cannot be called.
        return Opaque("...")

    __name__ = property(lambda self: self.path)


def _text(value: Any) -> str:
    return "None" if value is None else str(getattr(value, "__qualname__", None) or value)


class Thunk:
    """A value that is worked out at the first `force`."""

    __slots__ = ("_make", "_value")

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make: Optional[Callable[[], Any]] = make
        self._value: Any = None

    def force(self) -> Any:
        if self._make is not None:
            make, self._make = self._make, None
            # What is asked for while it is being worked out rests on itself.
            self._value = Opaque("a value that rests on itself")
            try:
                self._value = force(make())
            except RecursionError:
                self._make = make  # asked for from less deep it may well be known
                raise
        return self._value


def force(value: Any) -> Any:
    """The value behind a thunk; any other value as it is."""
    while type(value) is Thunk:
        value = value.force()
    return value


class Names(Dict[str, Any]):
    """The names of a module or function, some of them not worked out yet."""

    __slots__ = ()

    def __getitem__(self, name: str) -> Any:
        value = dict.__getitem__(self, name)
        if type(value) is Thunk:
            value = value.force()
            dict.__setitem__(self, name, value)
        return value

    def get(self, name: str, default: Any = None) -> Any:
        return self[name] if dict.__contains__(self, name) else default
