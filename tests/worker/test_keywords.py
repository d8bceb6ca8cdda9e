"""What becomes of keywords that no parameter names: each way that libraries use is one case."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from keyward.signatures.store import Signatures
from keyward.worker import keywords

PRELUDE = """
import functools
from typing import Any, TypedDict


class Unpack:
    def __class_getitem__(cls, item):
        return item


class Base(TypedDict, total=False):
    inherited: int


class Options(Base, total=False):
    own: int


def closed(x, named=None):
    return x


def swallows(x, deep=None, **kwargs):
    return x


def unknown(function):
    return eval(function)


REGISTRY = {"one": swallows, "two": lambda x, other=1, **kwargs: x}
NAMES = ("first", "second")
NAMED = {"first": 1}
"""

# name -> (source of `f`, names accepted beyond its parameters, prefixes, extra)
LAYERS = """
class Plain:
    def update(self, x, **others): return x
class Own(Plain):
    def update(self, x, **others): {}
class Whole:
    def __init__(self, parts): self.parts = parts
    def update(self, x, **others): return self.parts[0].update(x, **others)
"""
CASES: dict[str, tuple[str, set[str], set[str], str]] = {
    "no rest": ("def f(a): return a", set(), set(), "refused"),
    "rest that nobody reads": ("def f(a, **kwargs): return a", set(), set(), "ignored"),
    "left to derived classes": (
        "def f(*args, **kwargs):\n    'What others do.'\n    raise NotImplementedError('not here')",
        set(),
        set(),
        "open",
    ),
    "get": ("def f(**kwargs): return kwargs.get('x')", {"x"}, set(), "ignored"),
    "pop": ("def f(**kwargs): return kwargs.pop('x', None)", {"x"}, set(), "ignored"),
    "item": ("def f(**kwargs): return kwargs['x']", {"x"}, set(), "ignored"),
    "membership": ("def f(**kwargs): return 'x' in kwargs or 'y' not in kwargs", {"x", "y"}, set(), "ignored"),
    "names in a loop": (
        "def f(**kwargs):\n    for name in ['x', 'y']:\n        print(kwargs.get(name))",
        {"x", "y"},
        set(),
        "ignored",
    ),
    "names in a local list": (
        "def f(**kwargs):\n    wanted = ['x']\n    for name in wanted:\n        print(kwargs.get(name))",
        {"x"},
        set(),
        "ignored",
    ),
    "names in a comprehension, beside another of the same variable": (
        "def f(a, **kwargs):\n    b = {k: v for k, v in a.items()}\n    return any(kwargs.get(k) for k in ('x', 'y'))",
        {"x", "y"},
        set(),
        "ignored",
    ),
    "names of the module": (
        "def f(**kwargs):\n    for name in NAMES:\n        print(kwargs.get(name))",
        {"first", "second"},
        set(),
        "ignored",
    ),
    "a computed name": (
        "def f(**kwargs):\n    for n in 'ab':\n        kwargs.get(f'out_{n}')",
        set(),
        {"out_"},
        "ignored",
    ),
    "any name": ("def f(name, **kwargs): return kwargs[name]", set(), set(), "open"),
    "typed dictionary": ("def f(**kwargs: Unpack[Options]): return 1", {"own", "inherited"}, set(), "ignored"),
    "typed dictionary as text": (
        "def f(**kwargs: 'Unpack[Options]'): return 1",
        {"own", "inherited"},
        set(),
        "ignored",
    ),
    "callee that refuses": ("def f(**kwargs): return closed(1, **kwargs)", {"x", "named"}, set(), "refused"),
    "callees that both get it, of which one refuses": (
        "def f(**kwargs):\n    swallows(1, **kwargs)\n    return closed(1, **kwargs)",
        {"x", "named"},
        set(),
        "refused",
    ),
    "callees that both get it, of which one may not": (
        "def f(a, **kwargs):\n    swallows(1, **kwargs)\n    return closed(1, **kwargs) if a else a",
        {"x", "deep", "named"},
        set(),
        "open",
    ),
    "callee that refuses what is not taken out before": (
        "def f(**kwargs):\n    y = kwargs.pop('y', None)\n    swallows(1, **kwargs)\n    return closed(1, **kwargs)",
        {"x", "y", "named"},
        set(),
        "refused",
    ),
    "typed dictionary whose keys the callee refuses": (
        "def f(**kwargs: Unpack[Options]): return closed(1, **kwargs)",
        {"x", "named"},
        set(),
        "refused",
    ),
    "typed dictionary whose keys the callee may refuse": (
        "def f(a, **kwargs: Unpack[Options]): return closed(1, **kwargs) if a else a",
        {"x", "named", "own", "inherited"},
        set(),
        "open",
    ),
    "callee that swallows": ("def f(**kwargs): return swallows(1, **kwargs)", {"x", "deep"}, set(), "ignored"),
    "callee on one path": (
        "def f(a, **kwargs):\n    if a:\n        return closed(1, **kwargs)\n    return a",
        {"x", "named"},
        set(),
        "open",
    ),
    "callee on both paths": (
        "def f(a, **kwargs):\n    if a:\n        return closed(1, **kwargs)\n    return closed(2, **kwargs)",
        {"x", "named"},
        set(),
        "refused",
    ),
    "paths that raise do not count": (
        "def f(a, **kwargs):\n    if a:\n        raise ValueError\n    else:\n        return closed(2, **kwargs)",
        {"x", "named"},
        set(),
        "refused",
    ),
    "TypeError that is caught": (
        "def f(**kwargs):\n    try:\n        return closed(1, **kwargs)\n    except TypeError:\n        return None",
        {"x", "named"},
        set(),
        "open",
    ),
    "TypeError that is raised again": (
        "def f(**kwargs):\n    try:\n        return closed(1, **kwargs)\n    except TypeError as e:\n        raise e",
        {"x", "named"},
        set(),
        "refused",
    ),
    "TypeError that may come and is raised again": (
        "def f(a, **kwargs):\n    try:\n        return closed(1, **kwargs) if a else a\n"
        "    except TypeError as e:\n        raise e",
        {"x", "named"},
        set(),
        "open",
    ),
    "TypeError that is answered by another refusal": (
        "def f(**kwargs):\n    try:\n        return closed(1, **kwargs)\n"
        "    except TypeError:\n        return closed(2, **kwargs)",
        {"x", "named"},
        set(),
        "refused",
    ),
    "registry": (
        "def f(name, **kwargs): return REGISTRY.get(name, closed)(1, **kwargs)",
        {"x", "deep", "other", "named"},
        set(),
        "open",
    ),
    "registry by index": (
        "def f(name, **kwargs): return REGISTRY[name](1, **kwargs)",
        {"x", "deep", "other"},
        set(),
        "ignored",
    ),
    "callee that is not known": ("def f(name, **kwargs): return unknown(name)(**kwargs)", set(), set(), "open"),
    "callee that is an argument": ("def f(g, **kwargs): return g(**kwargs)", set(), set(), "open"),
    "compiled callee": (
        "def f(**kwargs): return print(1, **kwargs)",
        {"sep", "end", "file", "flush"},
        set(),
        "refused",
    ),
    "passed on with defaults": (
        "def f(**kwargs): return swallows(1, **dict(NAMED, **kwargs))",
        {"x", "deep"},
        set(),
        "ignored",
    ),
    "passed on among others": (
        "def f(**kwargs): return closed(1, **{'a': 1, **kwargs})",
        {"x", "named"},
        set(),
        "refused",
    ),
    "passed on as a copy": ("def f(**kwargs): return closed(1, **kwargs.copy())", {"x", "named"}, set(), "refused"),
    "passed on, united with others": (
        "def f(**kwargs): return closed(1, **({'a': 1} | kwargs))",
        {"x", "named"},
        set(),
        "refused",
    ),
    "passed on but for some": (
        "def f(**kwargs): return closed(1, **{k: v for k, v in kwargs.items() if k not in ('a', 'b')})",
        {"x", "named"},
        set(),
        "refused",
    ),
    "read from a copy": ("def f(**kwargs): return dict(NAMED, **kwargs)['y']", {"y"}, set(), "ignored"),
    "kept in a dictionary": ("def f(self, **kwargs):\n    self.kept = {'a': 1, **kwargs}", set(), set(), "open"),
    "returned in a dictionary": ("def f(**kwargs): return {'a': 1, **kwargs}", set(), set(), "open"),
    "built from": ("def f(**kwargs): return dict(**kwargs)", set(), set(), "open"),
    "copy": ("def f(**kwargs):\n    rest = kwargs.copy()\n    return rest.pop('x')", {"x"}, set(), "ignored"),
    "merged": (
        "def f(**kwargs):\n    rest = {**kwargs, 'a': 1}\n    return swallows(**rest)",
        {"x", "deep"},
        set(),
        "ignored",
    ),
    "returned": ("def f(**kwargs): return kwargs", set(), set(), "open"),
    "stored": ("def f(a, **kwargs):\n    a.options = kwargs", set(), set(), "open"),
    "iterated over": ("def f(**kwargs):\n    for k, v in kwargs.items():\n        print(k)", set(), set(), "open"),
    "tested as a whole": ("def f(**kwargs):\n    if kwargs:\n        raise ValueError", set(), set(), "open"),
    "known names are let through": (
        "def f(**kwargs):\n    kwargs = {k: v for k, v in kwargs.items() if k in NAMES}\n    closed(1, **kwargs)",
        {"first", "second"},
        set(),
        "ignored",
    ),
    "known names are taken out": (
        "def f(**kwargs):\n    kwargs = {k: v for k, v in kwargs.items() if k not in NAMES}\n    closed(**kwargs)",
        {"x", "named"},
        set(),
        "refused",
    ),
    "passed on as a dictionary": (
        "def g(a, options): return options.get('inner')\ndef f(**kwargs): return g(1, kwargs)",
        {"inner"},
        set(),
        "ignored",
    ),
    "passed on as a dictionary with the name to read": (
        "def g(options, name='usual', fallback=None): return options.pop(name, fallback)\n"
        "def f(**kwargs): return g(kwargs), g(kwargs, name='special')",
        {"usual", "special"},
        set(),
        "ignored",
    ),
    "kept among others that nobody asks for it": (
        "def h(x=None, **others): return x\ndef g(a, **others): return h(**others)\n"
        "def f(**kwargs): return g(1, kept=kwargs)",
        set(),
        set(),
        "ignored",
    ),
    "kept among others and taken out there": (
        "def h(x=None, **others): return others.get('kept')\ndef g(a, **others): return h(**others)\n"
        "def f(**kwargs): return g(1, kept=kwargs)",
        set(),
        set(),
        "open",
    ),
    "kept among others by name further down": (
        "def h(kept=None): return kept['deep']\ndef g(a, **others): return h(**others)\n"
        "def f(**kwargs): return g(1, kept=kwargs)",
        {"deep"},
        set(),
        "ignored",
    ),
    "kept by a part that may be of any class here": (
        LAYERS.format("return x") + "def f(part: Whole, **kwargs): return part.update(1, kept=kwargs)",
        set(),
        set(),
        "ignored",
    ),
    "kept by a part that may be of a class here that asks for it": (
        LAYERS.format("return others['kept']") + "def f(part: Whole, **kwargs): return part.update(1, kept=kwargs)",
        set(),
        set(),
        "open",
    ),
    "list that is filled": (
        "def f(**kwargs):\n    ps = []\n    ps.append(swallows)\n    for p in ps:\n        p(1, **kwargs)",
        {"x", "deep"},
        set(),
        "ignored",
    ),
    "dictionary that is filled": (
        "def f(**kwargs):\n    parts = {}\n    parts['a'] = closed\n    return parts['a'](1, **kwargs)",
        {"x", "named"},
        set(),
        "refused",
    ),
    "list that is filled out of sight": (
        "def f(fill, **kwargs):\n    parts = []\n    fill(parts)\n    for part in parts:\n        part(1, **kwargs)",
        set(),
        set(),
        "open",
    ),
    "a nested function's own rest": (
        "def f(**kwargs):\n    def inner(**kwargs):\n        return kwargs['not_ours']\n    return inner",
        set(),
        set(),
        "ignored",
    ),
    "partial that may be called": (
        "def f(**kwargs):\n    later = functools.partial(closed, **kwargs)",
        {"x", "named"},
        set(),
        "open",
    ),
    "decorator that pops": (
        "def pops(function):\n    @functools.wraps(function)\n    def wrapper(*args, **kwargs):\n"
        "        kwargs.pop('popped', None)\n        return function(*args, **kwargs)\n    return wrapper\n"
        "@pops\ndef f(a): return a",
        {"popped", "a"},
        set(),
        "refused",
    ),
    "decorator with an argument": (
        "def renames(old):\n    def decorator(function):\n        @functools.wraps(function)\n"
        "        def wrapper(*args, **kwargs):\n            if old in kwargs:\n                kwargs.pop(old)\n"
        "            return function(*args, **kwargs)\n        return wrapper\n    return decorator\n"
        "@renames('ancient')\ndef f(a, **kwargs): return a",
        {"ancient", "a"},
        set(),
        "ignored",
    ),
    "recursion": (
        "def f(a, **kwargs): return f(a - 1, **kwargs) if a else kwargs.get('x')",
        {"x"},
        set(),
        "ignored",
    ),
}


def load(folder: Path, text: str) -> ModuleType:
    path = folder / "library.py"
    path.write_text(PRELUDE + text, "utf-8")
    spec = importlib.util.spec_from_file_location(f"library_{abs(hash(str(folder)))}", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("case", CASES)
def test_functions(case: str, tmp_path: Path) -> None:
    text, names, prefixes, expected = CASES[case]
    function = load(tmp_path, text).f
    outcome, extra, reason = keywords.effective(function)
    code = function.__code__
    own = set(code.co_varnames[: code.co_argcount + code.co_kwonlyargcount])
    assert (set(outcome.names) - own, set(outcome.prefixes), extra) == (names, prefixes, expected), reason
    assert bool(reason) is (extra == "open")


METHODS = """
class Part:
    def __call__(self, x, inner=None, **kwargs):
        return kwargs.get("read")


class Strict:
    def __call__(self, x):
        return x


class Parent:
    def __init__(self):
        self.inherited = Part()

    def forward(self, from_parent=None, **kwargs):
        return self.inherited(1, **kwargs)


class Whole(Parent):
    def __init__(self, config):
        super().__init__()
        self.part = Part()
        self.strict = Strict()
        self.either = Part() if config else Strict()
        self.none = None
        self.parts = [Part() for _ in range(2)]
        self.joined = [Part()] * 2 + [Part() for _ in range(2)]
        self.filled = []
        for _ in range(2):
            self.filled.append(Part())
        self.hidden = []
        config.fill(self.hidden)

    @property
    def chosen(self):
        return REGISTRY["one"]

    def made(self):
        return Part()

    def one(self, **kwargs): return self.part(1, **kwargs)
    def refuses(self, **kwargs): return self.strict(1, **kwargs)
    def union(self, **kwargs): return self.either(1, **kwargs)
    def loops(self, **kwargs):
        for part in self.parts:
            part(1, **kwargs)
    def joins(self, **kwargs):
        for part in self.joined:
            part(1, **kwargs)
    def fills(self, **kwargs):
        for part in self.filled:
            part(1, **kwargs)
    def hides(self, **kwargs):
        for part in self.hidden:
            part(1, **kwargs)
    def enumerates(self, **kwargs):
        for i, part in enumerate(self.parts[:1]):
            part(1, **kwargs)
    def parent(self, **kwargs): return super().forward(**kwargs)
    def by_property(self, **kwargs): return self.chosen(1, **kwargs)
    def by_method(self, **kwargs): return self.made()(1, **kwargs)
    def missing(self, **kwargs): return self.nowhere(1, **kwargs)
    def by_getattr(self, **kwargs): return getattr(self, "part")(1, **kwargs)
"""


@pytest.mark.parametrize(
    ("method", "names", "expected"),
    [
        ("one", {"x", "inner", "read"}, "ignored"),
        ("refuses", {"x"}, "refused"),
        ("union", {"x", "inner", "read"}, "open"),
        ("loops", {"x", "inner", "read"}, "ignored"),
        ("joins", {"x", "inner", "read"}, "ignored"),
        ("fills", {"x", "inner", "read"}, "ignored"),
        ("hides", set(), "open"),
        ("enumerates", {"x", "inner", "read"}, "ignored"),
        ("parent", {"from_parent", "x", "inner", "read"}, "ignored"),
        ("by_property", {"x", "deep", "other"}, "ignored"),
        ("by_method", {"x", "inner", "read"}, "ignored"),
        ("missing", set(), "open"),
        ("by_getattr", {"x", "inner", "read"}, "ignored"),
    ],
)
def test_methods(method: str, names: set[str], expected: str, tmp_path: Path) -> None:
    cls = load(tmp_path, METHODS).Whole
    outcome, extra, reason = keywords.effective(getattr(cls, method), cls)
    assert (set(outcome.names), extra) == (names, expected), reason


CALLS = """
import json, torch, transformers
fates = {}
for name in dir(transformers):
    cls = getattr(transformers, name)
    if not (isinstance(cls, type) and issubclass(cls, transformers.PreTrainedModel)) or "PreTrained" in name:
        continue
    model = cls(cls.config_class())
    first = "pixel_values" if name.startswith("DeiT") else "input_ids"
    for keyword in ("labels", "bogus", "return_dict", "token_type_ids", "output_attentions", "bool_masked_pos"):
        try:
            model(**{first: torch.ones(1, 3), keyword: None})
            fates[f"{name}.{keyword}"] = "accepted"
        except TypeError:
            fates[f"{name}.{keyword}"] = "refused"
print(json.dumps(fates))
"""


def test_the_stand_ins_do_what_is_claimed_of_them(standin: Signatures, standin_python: Path) -> None:
    done = subprocess.run([str(standin_python), "-c", CALLS], capture_output=True, check=True, text=True)
    fates = json.loads(done.stdout)
    assert "refused" in fates.values() and "accepted" in fates.values()
    for name, fate in fates.items():
        cls, _, keyword = name.partition(".")
        found = standin.find(f"transformers.{cls}")
        assert found is not None and found.entry.call is not None
        call = found.entry.call
        claimed = "refused" if not call.takes(keyword) and call.extra == "refused" else "accepted"
        assert fate == claimed, name
