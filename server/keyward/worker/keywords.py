"""What becomes of a keyword that no parameter of a function names: the effective keywords.

A function that ends in `**kwargs` is followed wherever the rest goes: names that it reads, functions and modules that
receive it, decorators around it, transitively. Where that cannot be followed the outcome says why ("open"); "refused"
and "ignored" are claimed only of what was followed to its end.
"""

from __future__ import annotations

import ast
import collections.abc
import inspect
import types
from typing import Any, Dict, Iterator, List, Optional, Set, Tuple

from . import candidates, flow, imports, members, source, values
from .candidates import Candidate
from .nodes import is_name
from .scope import Scope


class Outcome:
    """What happens to the rest: accepted `names` (name -> by which way), `prefixes`, open `reasons`, refusal."""

    __slots__ = ("names", "prefixes", "reasons", "refusal", "refuser")

    def __init__(
        self, names: Optional[Dict[str, str]] = None, reason: str = "", refusal: int = flow.NO, refuser: str = ""
    ) -> None:
        self.names = names or {}
        self.prefixes: Dict[str, str] = {}
        self.reasons = [reason] if reason else []
        self.refusal = refusal
        self.refuser = refuser

    def add(self, other: Outcome, only: Optional[Set[str]] = None) -> None:
        """Take over what another outcome accepts, of all names or of some, and cannot tell (not its refusal)."""
        for name, way in other.names.items():
            if only is None or name in only:
                self.names.setdefault(name, way)
        for prefix, way in other.prefixes.items():
            self.prefixes.setdefault(prefix, way)
        self.reasons.extend(reason for reason in other.reasons if reason not in self.reasons)
        self.refuser = self.refuser or other.refuser


def effective(function: Any, cls: Any = None, is_brief: bool = False) -> Tuple[Outcome, str, str]:
    """{accepts, prefixes, extra, reason} of a callable beyond its parameters, in the schema's shape.

    `cls` is the class of `self`; the first parameter is then taken as `self`. A brief look follows calls a few levels
    down: `save_pretrained` and its like reach half of a library.
    """
    if is_brief:
        values.effort.most = _BRIEF_STEPS
        outcome = _Follower(_BRIEF_LEVELS, {}).outcome(function, cls)
        values.effort.most = values.MOST_STEPS
    else:
        outcome = _Follower(_LEVELS, _MEMO).outcome(function, cls)
    decorator = _unknown_decorator(function)
    if decorator:
        extra, reason = "open", "the decorator `{}` is not known".format(decorator)
    elif outcome.refusal == flow.MUST and not any(reason.startswith(flow.COMPUTED_KEY) for reason in outcome.reasons):
        extra, reason = "refused", ""
    elif outcome.reasons:
        extra, reason = "open", outcome.reasons[0]
    elif outcome.refusal == flow.MAY:
        extra, reason = "open", "may be refused by {}".format(outcome.refuser)
    else:
        extra, reason = "ignored", ""
    return outcome, extra, reason


def _unknown_decorator(function: Any) -> str:
    """A decorator around a function that was read of which it is not known what it lets through."""
    if imports.reader is None:
        return ""
    return next(filter(None, map(imports.reader.unknown_decorator, source.wrappers(function))), "")


_MEMO: Dict[Tuple[Any, Any], Outcome] = {}
_AS_A_WHOLE = "the rest is passed on as a whole"
_LEVELS = 40
_BRIEF_LEVELS = 3
_BRIEF_STEPS = 200
_LONGEST_TRAIL = 4
"""Assignments from variable to variable that are followed."""


_HAND_ON = ("partial", *flow.RUNNERS)
"""Functions that call their first argument with the other arguments, now or later."""


class _Follower:
    """One walk; `_cut` notes the functions that a cycle cut short, whose callers' outcomes are not to be kept."""

    def __init__(self, levels: int, memo: Dict[Tuple[Any, Any], Outcome]) -> None:
        self._levels = levels
        self._memo = memo
        self._stack: List[Any] = []
        self._cut: Set[Any] = set()

    def outcome(self, function: Any, cls: Any) -> Outcome:
        """The outcome of passing unknown keywords to a function (with `self` bound where `cls` is given)."""
        function = source.plain(function)
        if function in (inspect.Signature.bind, inspect.Signature.bind_partial):
            return Outcome()  # refuses what the function with that signature refuses, which is followed by itself
        if not isinstance(function, collections.abc.Hashable):
            return _without_source(function, cls)
        key = (function, cls)
        if key in self._memo:
            return self._memo[key]
        if key in self._stack:
            self._cut.add(key)
            return Outcome()
        if len(self._stack) > self._levels:
            return Outcome(reason="calls too deep to follow")
        self._stack.append(key)
        try:
            outcome = self._follow(function, cls)
        except RecursionError:
            outcome = Outcome(reason="calls too deep to follow")
        finally:
            self._stack.pop()
        self._cut.discard(key)
        if not self._cut:
            self._memo[key] = outcome
        return outcome

    def _follow(self, function: Any, cls: Any) -> Outcome:
        node = source.node_of(function) if isinstance(function, types.FunctionType) else None
        if node is None:
            return _without_source(function, cls)
        arguments = node.args
        positional = [argument.arg for argument in arguments.args]
        if cls is not None and positional and not getattr(arguments, "posonlyargs", []):
            positional = positional[1:]
        way = _way(function, cls)
        outcome = Outcome(dict.fromkeys(positional + [argument.arg for argument in arguments.kwonlyargs], way))
        outcome.names.pop("self", None)
        if arguments.kwarg is None:
            outcome.refusal, outcome.refuser = flow.MUST, way
            return outcome
        if _is_left_to_others(node):
            outcome.reasons.append("`{}` is left to classes that are derived".format(way))
            return outcome
        scope = Scope(function, node, cls)
        let_through = self._pursue(outcome, scope, arguments.kwarg.arg, way)
        for name, typed in _typed_dict(arguments.kwarg.annotation, scope):
            # What the annotation promises is refused all the same where what receives the rest does not know it.
            if let_through is None or name in let_through:
                outcome.names.setdefault(name, typed)
        if imports.reader is not None and imports.reader.unknown_decorator(function):
            decorator = imports.reader.unknown_decorator(function)
            outcome.reasons.append("the decorator `{}` of `{}` is not known".format(decorator, way))
        return outcome

    def _pursue(self, outcome: Outcome, scope: Scope, start: str, way: str) -> Optional[Set[str]]:
        """Add to `outcome` what becomes of the dictionary in the parameter `start`.

        Returned are the names that nothing on the way refuses, or None where not all others are refused.
        """
        rest = flow.Rest(scope.node, scope, start)
        for name in rest.names:
            outcome.names.setdefault(name, way)
        for prefix in rest.prefixes:
            outcome.prefixes.setdefault(prefix, way)
        outcome.reasons.extend("{} in `{}`".format(reason, way) for reason in rest.reasons)
        for call, argument in rest.wholes:
            outcome.add(self._whole(call, argument, scope, way))
        sinks = {call: self._sink(call, scope, way, rest) for call in rest.sinks}
        outcome.refusal = flow.refusal(scope.node, {call: sunk.refusal for call, sunk in sinks.items()})
        # Each of these is passed on every path and refuses whatever it does not name itself.
        strict = [sunk for call, sunk in sinks.items() if flow.refusal(scope.node, {call: sunk.refusal}) == flow.MUST]
        let_through = set.intersection(*(set(sunk.names) for sunk in strict)) | set(rest.names) if strict else None
        for sunk in sinks.values():
            outcome.add(sunk, let_through)
        return let_through

    def _sink(self, call: Any, scope: Scope, way: str, rest: flow.Rest) -> Outcome:
        """The outcome of a call that the rest is spread into."""
        targets = self._targets(call)
        result = Outcome()
        refusals = []
        called = targets[0] if targets else call.func
        found = values.evaluate(called, scope)
        if not found and imports.reader is not None and isinstance(called, ast.Attribute):
            # Where a module is imported nothing is left of what is None; where it is read, also of what was not seen.
            owners = values.evaluate(called.value, scope)
            found = [candidates.Unknown("`{}`".format(called.attr))] if owners else []
        if found and all(isinstance(candidate, candidates.Alike) for candidate in found):
            found = [candidates.Unknown("a model that no auto class lists")]
        for candidate in found:
            part = self._candidate(candidate, call, scope)
            result.add(part)
            refusals.append(part.refusal)
        result.refusal = flow.union(refusals)
        if targets and not rest.is_checkpointed(call) and _name_of(call) not in flow.RUNNERS:
            # A partial function may never be called.
            result.refusal = min(result.refusal, flow.MAY)
        _tell_where(result, way)
        return result

    def _whole(self, call: Any, argument: Any, scope: Scope, way: str) -> Outcome:
        """The outcome of a call that gets the rest as one argument, which it may read but not refuse."""
        called = values.evaluate(call.func, scope)
        if isinstance(argument, str) and isinstance(call.func, ast.Attribute):
            called = _receivers(call, argument, scope, _owners(call.func.value, scope))
        return self._given(called, call, argument, scope, way)

    def _given(self, called: candidates.Candidates, call: Any, argument: Any, scope: Scope, way: str) -> Outcome:
        """The outcome of `_whole` where these are what may be called."""
        result = Outcome()
        for candidate in called:
            if isinstance(candidate, candidates.Alike):
                continue
            cls = candidate.cls if isinstance(candidate, candidates.Method) else None
            function = getattr(candidate, "function", getattr(candidate, "value", None))
            function = source.innermost(function)
            node = source.node_of(function) if isinstance(function, types.FunctionType) else None
            start = _parameter(node, argument, cls is not None) if node is not None else ""
            kept = argument if not start and isinstance(argument, str) else ""
            key = (function, cls, start, kept)
            if node is None or not (start or (kept and node.args.kwarg is not None)):
                result.add(Outcome(reason=_AS_A_WHOLE))
            elif key in self._stack:
                self._cut.add(key)
            else:
                self._stack.append(key)
                inner = Scope(function, node, cls, values.bound_arguments(function, cls, call, scope))
                if start:
                    self._pursue(result, inner, start, _way(function, cls))
                else:
                    result.add(self._kept(inner, kept, _way(function, cls)))
                self._stack.pop()
                self._cut.discard(key)
        _tell_where(result, way)
        return result

    def _kept(self, scope: Scope, name: str, way: str) -> Outcome:
        """The outcome of a function that takes the rest by a keyword `name` that it does not name itself.

        It lies among its other keywords then, and has no effect where all that they go through leaves them alone:
        `cache.update(keys, values, kwargs=kwargs)`.
        """
        others = flow.Rest(scope.node, scope, scope.node.args.kwarg.arg)
        if name in others.names or others.prefixes or others.reasons or others.wholes:
            return Outcome(reason=_AS_A_WHOLE)
        result = Outcome()
        for call in others.sinks:
            receivers = _receivers(call, name, scope, [scope.cls] if scope.cls is not None else [])
            result.add(self._given(receivers, call, name, scope, way))
        return result

    def _candidate(self, candidate: Candidate, call: Any, scope: Scope) -> Outcome:
        if isinstance(candidate, candidates.Instance):
            candidate = members.called(candidate.cls)
        if isinstance(candidate, candidates.Method):
            return self.outcome(candidate.function, candidate.cls)
        if isinstance(candidate, candidates.Live):
            live = candidate.value
            if isinstance(live, type):
                return self._constructed(live)
            if isinstance(live, types.MethodType):
                owner = live.__self__
                return self.outcome(live.__func__, owner if isinstance(owner, type) else type(owner))
            if isinstance(live, types.FunctionType):
                return self.outcome(live, self._class_of_self(live, call, scope))
            if callable(live) and isinstance(type(live).__call__, types.FunctionType):
                return self.outcome(type(live).__call__, type(live))
            return _without_source(live, None)
        if isinstance(candidate, candidates.Alike):
            return Outcome()
        if isinstance(candidate, candidates.Unknown):
            return Outcome(reason="{} is not known".format(candidate.reason))
        return Outcome(reason="a call of {} is not followed".format(type(candidate).__name__.lower()))

    def _constructed(self, cls: Any) -> Outcome:
        if cls is dict:  # keeps what it gets; where that goes is seen from the other candidates
            return Outcome()
        init = cls.__init__
        if isinstance(init, types.FunctionType):
            return self.outcome(init, cls)
        return _without_source(cls, None)

    def _class_of_self(self, function: Any, call: Any, scope: Scope) -> Any:
        """The class that a decorator's `func(self, *args, **kwargs)` hands on, or None for a plain function."""
        code = function.__code__
        arguments = call.args[1:] if call.args and call.args[0] in self._targets(call) else call.args
        if scope.cls is None or not arguments:
            return None
        if isinstance(arguments[0], ast.Starred):
            return scope.cls if _is_vararg(arguments[0].value, scope) else None
        if isinstance(arguments[0], ast.Name) and arguments[0].id == scope.self_name:
            takes_self = (code.co_argcount > 0 and code.co_varnames[0] == "self") or code.co_argcount == 0
            return scope.cls if takes_self else None
        return None

    @staticmethod
    def _targets(call: Any) -> List[Any]:
        """The callables among the arguments of `partial(f, ...)` and `checkpoint(f, ...)`."""
        return call.args[:1] if _name_of(call) in _HAND_ON else []


def _receivers(call: Any, argument: str, scope: Scope, owners: List[Any]) -> candidates.Candidates:
    """What a call with a keyword `argument` may call: where that is not known, every method beside the classes `owners`
    that has the name and takes the keyword.

    A cache may be of any class that the module of caches defines, and so may one of its layers. Classes that are
    derived from those elsewhere are taken to pass on what they do not know, as those do.
    """
    found = values.evaluate(call.func, scope)
    if not any(isinstance(candidate, candidates.Unknown) for candidate in found):
        return found
    name = _name_of(call)
    methods: candidates.Candidates = [
        candidates.Method(vars(cls)[name], cls)
        for module in dict.fromkeys(imports.loaded(owner.__module__) for owner in owners)
        for cls in (imports.contents(module).values() if module is not None else ())
        if isinstance(cls, type) and _takes(vars(cls).get(name), argument)
    ]
    return methods or [candidates.Unknown("what is called")]


def _takes(method: Any, argument: str) -> bool:
    """Whether something is a method that does not refuse a keyword."""
    node = source.node_of(source.innermost(method)) if isinstance(method, types.FunctionType) else None
    return node is not None and (node.args.kwarg is not None or bool(_parameter(node, argument, True)))


def _is_left_to_others(node: Any) -> bool:
    """Whether a function only says that it is not implemented."""
    body = node.body if isinstance(node.body, list) else []
    last = body[-1] if len(body) == 1 or (len(body) == 2 and isinstance(body[0], ast.Expr)) else None
    raised = getattr(last, "exc", None)
    return is_name(getattr(raised, "func", raised), "NotImplementedError")


def _owners(node: Any, scope: Scope, depth: int = 0) -> List[Any]:
    """The annotated classes of the variable that an object is, or is taken from."""
    while isinstance(node, (ast.Attribute, ast.Subscript)):
        node = node.value
    if not isinstance(node, ast.Name) or depth > _LONGEST_TRAIL:
        return []
    assigned = [value for value, _ in scope.assigned.get(node.id, ()) if isinstance(value, ast.expr)]
    further = [cls for value in assigned for cls in _owners(value, scope, depth + 1)]
    return values.annotated_classes(node.id, scope) + further


def _name_of(call: Any) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")


def _tell_where(outcome: Outcome, way: str) -> None:
    """Give reasons without a place the place where they arose."""
    outcome.reasons = [reason if " in `" in reason else "{} in `{}`".format(reason, way) for reason in outcome.reasons]


def _parameter(node: Any, argument: Any, is_method: bool) -> str:
    """The name of the parameter that an argument fills, by keyword or position; "" where that is not plain."""
    names = [item.arg for item in getattr(node.args, "posonlyargs", []) + node.args.args]
    if isinstance(argument, str):
        return argument if argument in names + [item.arg for item in node.args.kwonlyargs] else ""
    index = argument + is_method
    return names[index] if index < len(names) else ""


def _is_vararg(node: Any, scope: Scope) -> bool:
    vararg = scope.node.args.vararg
    return isinstance(node, ast.Name) and vararg is not None and node.id == vararg.arg


def _way(function: Any, cls: Any) -> str:
    name = getattr(function, "__name__", "?")
    code = getattr(function, "__code__", None)
    if code is not None and code.co_name != name:
        # A decorator's wrapper goes by the name of what it wraps: say the decorator's.
        parts = getattr(code, "co_qualname", "").split(".<locals>")
        return parts[0] if parts[0] else code.co_name
    return "{}.{}".format(cls.__name__, name) if cls is not None else name


def _without_source(function: Any, cls: Any) -> Outcome:
    """A callable whose source cannot be had: its signature says all that is known."""
    try:
        signature = inspect.signature(function, follow_wrapped=False)
    except (ValueError, TypeError):
        return Outcome(reason="`{}` has no signature".format(getattr(function, "__name__", type(function).__name__)))
    name = getattr(function, "__qualname__", type(function).__name__)
    parameters = list(signature.parameters.values())
    if cls is not None:
        parameters = parameters[1:]
    names = {p.name: name for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)}
    if any(p.kind is p.VAR_KEYWORD for p in parameters):
        return Outcome(names, reason="`{}` has no source".format(name))
    return Outcome(names, refusal=flow.MUST, refuser=name)


def _typed_dict(annotation: Any, scope: Scope) -> Iterator[Tuple[str, str]]:
    """(name, class name) for the keys of `**kwargs: Unpack[X]`."""
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        try:
            annotation = ast.parse(annotation.value, mode="eval").body
        except SyntaxError:
            return
    if not isinstance(annotation, ast.Subscript):
        return
    inner = annotation.slice
    if not isinstance(inner, ast.expr):  # Python 3.8 wraps it
        inner = getattr(inner, "value", None)
    for value in values.evaluate(inner, scope):
        if isinstance(value, candidates.Live) and isinstance(value.value, type):
            for name in _typed_keys(value.value):
                yield name, value.value.__name__


def _typed_keys(cls: Any) -> List[str]:
    keys: List[str] = []
    for base in (cls,) + tuple(getattr(cls, "__orig_bases__", ())):
        keys.extend(key for key in getattr(base, "__annotations__", {}) if key not in keys)
    return keys
