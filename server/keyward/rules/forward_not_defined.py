"""
## What it does
Reports a call of a module whose class has no `forward`, neither of its own nor inherited.

## Why is this bad
The call raises `NotImplementedError`. The method is misspelt, or indented so far that it stands inside of `__init__`,
and nothing says so before the module is called. Of torch's containers `nn.ModuleList` and `nn.ModuleDict` only hold
modules: they have no `forward` either.

## Example
```py
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(2, 2)

    def foward(self, x):
        return self.layer(x)

net = Net()

def step(x):
    return net(x)  # error: [forward-not-defined] "`foward`"
```

Use instead:
```py
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(2, 2)

    def forward(self, x):
        return self.layer(x)

net = Net()

def step(x):
    return net(x)
```

## Fix
- Rename the method that is probably meant, if nothing else in the file mentions its name. Safe if it is a misspelling
  of `forward`; unsafe for another name, such as `call` or `_forward`.
- Move the `forward` that stands inside of another method out of it. Unsafe: it may use what only that method knows.

## When it stays silent
- Where a base class is not known, or where the class may get its `forward` in another way: assigned, set from outside,
  by a decorator, by `__getattr__`.
- For a model of Keras, which may be made of layers. Of a layer of your own it reports a missing `call`.
- For a class of your own that the file does not make by its name: it may be there to be derived from.
- In the methods of the class itself: a class that derives from it may have a `forward`.
- Within `try` with a handler for `NotImplementedError` or an exception above it, or `pytest.raises`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ..inference.analysis import CallSite
from ..inference.values import UserClass, only
from ..source import syntax
from ..source.references import mentions
from ..source.tree import Source
from ..source.unit import Unit
from ..source.walk import statements
from ..text import Edit, Span
from ..text import Unit as PositionUnit
from .finding import Finding, Fix, Safety, Severity
from .rule import BoundCall, Place, Rule
from .wording import code, listed
from .words import distance

if TYPE_CHECKING:
    from ..inference.engine import Analysis
    from ..inference.world import World

_LIKE = {"forward": ("call", "fwd"), "call": ("forward", "call_fn")}
"""The method that calling a module runs -> what others call theirs."""
_MISSPELT = {"forward": 2, "call": 1}
"""The method -> as many letters may be wrong in it."""


class ForwardNotDefined(Rule):
    name = "forward-not-defined"
    severity = Severity.ERROR
    summary = "The module has no `forward`: calling it raises `NotImplementedError`."

    def check_call(self, call: BoundCall) -> Iterable[Finding]:
        lacking = {callee.unimplemented for callee in call.callees}
        if "NotImplementedError" in call.site.guarded or len(lacking) > 1 or lacking == {""}:
            return
        (method,) = lacking
        names = list(dict.fromkeys(callee.name.removesuffix(f".{method}") for callee in call.callees))
        verb = "has" if len(names) == 1 else "have"
        message = (
            f"{listed([code(name) for name in names])} {verb} no {code(method)}: the call raises NotImplementedError."
        )
        if all(not isinstance(callee.cls, UserClass) for callee in call.callees):
            message += " Call the modules in it."
        yield Finding(self.name, self.severity, message, call.site.node.function.span, call.site, names[0])

    def in_file(self, finding: Finding, analysis: Analysis, world: World) -> Finding | None:
        classes = _classes(finding)
        if not classes:
            return finding
        owners = {unit.owner for unit, _ in analysis.results if unit.start == finding.base}
        if any(cls.path == analysis.source.path and cls.qualname in owners for cls in classes):
            return None
        if not all(_is_made(cls, analysis) for cls in classes):
            return None
        meant = _meant(finding, analysis, world)
        return finding if meant is None else replace(finding, message=f"{finding.message} {meant.told}")

    def fixes(self, place: Place) -> Iterable[Fix]:
        meant = _meant(place.finding, place.analysis, place.world)
        if meant is None or meant.source is not place.analysis.source:
            return
        if meant.inside:
            edits = tuple(_moved_out(meant))
            yield Fix(f"Move `{meant.method}` out of `{meant.inside}`", Safety.UNSAFE, edits)
        elif not _is_used(name := meant.function.name, meant.source):
            safety = Safety.SAFE if meant.is_misspelt else Safety.UNSAFE
            edit = Edit(meant.function.name_span.shifted(meant.unit.start), meant.method)
            yield Fix(f"Rename `{name}` to `{meant.method}`", safety, (edit,), preferred=meant.is_misspelt)


@dataclass(frozen=True)
class _Meant:
    """The function that was probably to be the forward of a class."""

    method: str
    """What it should be called."""
    source: Source
    unit: Unit
    """The method; or that inside of which the function stands."""
    function: syntax.FunctionDef
    inside: str
    """Name of the method inside of which it stands, "" where it is a method itself."""

    @property
    def is_misspelt(self) -> bool:
        return self.function.name.isalpha() and _distance(self.function, self.method) is not None

    @property
    def told(self) -> str:
        at = self.function.name_span.start + self.unit.start
        line = self.source.lines.position(at, PositionUnit.UTF8).line + 1
        if self.inside:
            return f"A {code(self.method)} stands inside of its {code(self.inside)} (line {line}), indented too far."
        return f"Its method {code(self.function.name)} (line {line}) is probably meant to be it."


def _classes(finding: Finding) -> list[UserClass]:
    callees = finding.site.callees if isinstance(finding.site, CallSite) else ()
    return list(dict.fromkeys(callee.cls for callee in callees if isinstance(callee.cls, UserClass)))


def _is_made(cls: UserClass, analysis: Analysis) -> bool:
    """Whether the file makes an instance of just this class, and not only the class itself one of whatever it is."""
    made = only(cls)
    return any(
        result.values.get(site.node.function.span) == made
        for unit, result in analysis.results
        if UserClass(analysis.source.path, unit.owner) != cls
        for site in result.calls
    )


def _meant(finding: Finding, analysis: Analysis, world: World) -> _Meant | None:
    callees = finding.site.callees if isinstance(finding.site, CallSite) else ()
    classes = _classes(finding)
    if len(callees) != 1 or len(classes) != 1:
        return None  # of several, or a container
    (cls,) = classes
    method = callees[0].unimplemented
    source = analysis.source if cls.path == analysis.source.path else world.answers.source(cls.path)
    members = source.members.get(cls.qualname, ()) if source is not None else ()
    named: list[tuple[int, _Meant]] = []
    for unit in members:
        if source is None or not isinstance(unit.node, syntax.FunctionDef):
            continue
        near = _distance(unit.node, method)
        if near is not None or unit.node.name in _LIKE[method]:
            named.append((len(method) if near is None else near, _Meant(method, source, unit, unit.node, "")))
        for inner in _inside(unit.node, method):
            return _Meant(method, source, unit, inner, unit.node.name)
    least = min((near for near, _ in named), default=0)
    best = [meant for near, meant in named if near == least]
    return best[0] if len(best) == 1 else None


def _is_used(name: str, source: Source) -> bool:
    """Whether a file mentions a method beside its definition, be it in a string."""
    quoted = any(quote + name.encode() + quote in source.text for quote in (b"'", b'"'))
    return quoted or len(list(mentions(source, name))) > 1


def _distance(function: syntax.FunctionDef, method: str) -> int | None:
    """How far a function's name is from the method's, underscores left out; None: too far."""
    found = distance(function.name.strip("_").lower(), method)
    return found if found <= _MISSPELT[method] else None


def _inside(outer: syntax.FunctionDef, method: str) -> Iterator[syntax.FunctionDef]:
    """Functions inside of a method that look like the one that its class lacks."""
    for node in statements(outer.body):
        match node:
            case syntax.FunctionDef(name=name, parameters=(syntax.ParameterDef(name="self"), *_)) if name == method:
                yield node


def _moved_out(meant: _Meant) -> Iterator[Edit]:
    """The lines of the function, indented as its method is; nothing where that is not sure to mean the same."""
    text, function, method = meant.source.text, meant.function, meant.unit.node
    first = function.decorators[0] if function.decorators else function
    start, end = first.span.start + meant.unit.start, function.span.end + meant.unit.start
    if not isinstance(method, syntax.FunctionDef) or len(method.body) < 2 or method.body[-1] is not function:
        return
    outer = _indent(text, meant.unit.start)
    inner = _indent(text, start)
    if not inner.startswith(outer) or b'"""' in text[start:end]:
        return
    start = _line_start(text, start)
    edits: list[Edit] = []
    for line in text[start:end].splitlines(keepends=True):
        if line.strip():
            if not line.startswith(inner):
                return
            edits.append(Edit(Span(start + len(outer), start + len(inner)), ""))
        start += len(line)
    yield from edits


def _indent(text: bytes, at: int) -> bytes:
    """The blanks before the statement at an offset."""
    line = text[_line_start(text, at) : at]
    return line[: len(line) - len(line.lstrip())]


def _line_start(text: bytes, at: int) -> int:
    return text.rfind(b"\n", 0, at) + 1
