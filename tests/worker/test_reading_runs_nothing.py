"""Reading a library leaves no trace of it, whatever is in it: each of these would write a file if it ran."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from worker.reading import imported, read, write

CODE = 'open({mark!r}, "w").close()'
CALL = '__import__("pathlib").Path({mark!r}).touch()'
SHELL = '"touch {mark}"'

RUNS = {
    "statement": "{code}",
    "os.system": "import os\nos.system({shell})",
    "subprocess": "import subprocess\nsubprocess.run(['touch', {mark!r}])",
    "exec": "exec({code!r})",
    "eval": "x = eval({call!r})",
    "compile": "exec(compile({code!r}, 'x', 'exec'))",
    "runpy": "import runpy, sys\nrunpy.run_path(__file__.rpartition('/')[0] + '/other.py')",
    "import_module": "import importlib\nimportlib.import_module('other')",
    "branch": "if True:\n    {code}\nelse:\n    pass",
    "loop": "for _ in range(3):\n    {code}",
    "while": "while True:\n    {code}\n    break",
    "with": "with open({mark!r}, 'w') as file:\n    pass",
    "try": "try:\n    raise ValueError\nexcept ValueError:\n    {code}\nfinally:\n    {code}",
    "assert": "assert {call} is None",
    "lambda": "(lambda: {call})()",
    "default": "def f(x={call}):\n    return x",
    "lambda default": "f = lambda x={call}: x",
    "annotation": "def f(x: {call}) -> {call}:\n    return x",
    "annotation in text": "def f(x: {call!r}) -> {call!r}:\n    return x",
    "variable's annotation": "x: {call} = 1",
    "decorator": "def deco(f):\n    {code}\n    return f\n@deco\ndef f(x):\n    return x\n@deco\nclass K:\n    pass",
    "decorator expression": "@({call} or (lambda f: f))\ndef f(x):\n    return x",
    "class body": "class K:\n    {code}\n    x = {call}",
    "class base": "class K({call} or object):\n    pass",
    "class keyword": "class K(metaclass={call} or type):\n    pass",
    "__init_subclass__": "class K:\n    def __init_subclass__(cls, **kwargs):\n        {code}\nclass L(K, x=1):\n    pass",
    "metaclass": "class M(type):\n    def __new__(mcs, *a, **k):\n        {code}\n        return type.__new__(mcs, *a, **k)\n"
    "    def __call__(cls, *a):\n        {code}\n    def __getattr__(cls, name):\n        {code}\n    @classmethod\n"
    "    def __prepare__(mcs, *a, **k):\n        {code}\n        return {{}}\nclass K(metaclass=M):\n    pass\nk = K()",
    "__set_name__": "class D:\n    def __set_name__(self, owner, name):\n        {code}\n    def __get__(self, *a):\n        {code}\n"
    "class K:\n    x = D()\ny = K().x\nz = K.x",
    "__class_getitem__": "class K:\n    def __class_getitem__(cls, item):\n        {code}\n        return cls\nx: K[1] = K[2]",
    "__getattr__": "def __getattr__(name):\n    {code}\n    raise AttributeError(name)\ndef __dir__():\n    {code}\n    return []",
    "property": "class K:\n    @property\n    def p(self):\n        {code}\n    @classmethod\n    @property\n    def q(cls):\n"
    "        {code}\nx = K().p\ny = K.q",
    "dunders": "class K:\n    def __init__(self):\n        {code}\n    def __eq__(self, other):\n        {code}\n"
    "    def __hash__(self):\n        {code}\n        return 1\n    def __repr__(self):\n        {code}\n        return ''\n"
    "    def __len__(self):\n        {code}\n        return 1\n    def __iter__(self):\n        {code}\n        return iter(())\n"
    "    def __contains__(self, item):\n        {code}\n    def __add__(self, other):\n        {code}\n"
    "    def __format__(self, how):\n        {code}\n        return ''\n    def __del__(self):\n        {code}\n"
    "    def __mro_entries__(self, bases):\n        {code}\n        return ()\n    def __fspath__(self):\n        {code}\n"
    "    def __bool__(self):\n        {code}\n        return True\n    def __getattr__(self, name):\n        {code}\n"
    "k = K()\na = k == k\nb = {{k: k}}\nc = repr(k)\nd = len(k)\ne = list(k)\ng = 1 in k\nh = k + 1\ni = f'{{k}}'\n"
    "class L(k):\n    pass\ndef f(x=k, y={{k}}, z=[k]):\n    return x\nj = [k].index(1)\nl = '{{}}'.format(k)\ndel k",
    "f-string": "x = f'{{{call}}}'\ndef f(y=f'{{{call}}}'):\n    return y",
    "comprehension": "x = [{call} for _ in range(3)]\ny = {{i: {call} for i in range(3)}}\nz = list({call} for _ in 'ab')",
    "walrus": "if (x := {call}):\n    pass",
    "star": "x = [*({call} or ())]\ny = {{**({call} or {{}})}}",
    "generator": "def g():\n    {code}\n    yield 1\nx = list(g())\ny = [*g()]",
    "context manager": "import contextlib\n@contextlib.contextmanager\ndef g():\n    {code}\n    yield\nwith g():\n    pass",
    "partial": "import functools, os\nrun = functools.partial(os.system, {shell})\nx = run()\ndef f(y=run()):\n    return y",
    "lru_cache": "import functools, os\nx = functools.lru_cache(os.system)({shell})\n"
    "y = functools.lru_cache(maxsize=None)(os.system)({shell})\ndef f(a=x, b=y):\n    return a",
    "key": "import os\nx = sorted([{shell}, {shell}], key=os.system)\ny = max([{shell}], key=os.system)\n"
    "z = list(map(os.system, [{shell}]))\ndef f(a=x, b=y, c=z):\n    return a",
    "default factory": "import collections, functools, os\n"
    "x = collections.defaultdict(functools.partial(os.system, {shell}))\ny = x['a']\ndef f(z=x['b']):\n    return z",
    "update_wrapper": "import ast, functools, os\nclass K:\n    parse = os.system\n"
    "x = functools.update_wrapper(ast, K, assigned=('parse',), updated=())\ndef f(y=x):\n    return y",
    "wraps": "import ast, functools, os\nclass K:\n    parse = os.system\n"
    "x = functools.wraps(K, assigned=('parse',), updated=())(ast)\ndef f(y=x):\n    return y",
    "a module's table": "import ast, os\nast.__dict__['parse'] = os.system\nast.__dict__.update(parse=os.system)\n"
    "vars(ast)['parse'] = os.system\nx = ast.__dict__.update({{'parse': os.system}})",
    "globals of a function": "import ast, os\nast.parse.__globals__['compile'] = os.system\nast.literal_eval.__globals__.clear()\n"
    "ast.parse.__globals__.update({{'compile': lambda *a: os.system({shell})}})",
    "setattr": "import ast, os\nsetattr(ast, 'parse', os.system)\nast.parse = os.system",
    "builtins": "import builtins, os\nbuiltins.len = os.system\nbuiltins.__dict__['isinstance'] = os.system\n"
    "__builtins__['len'] = os.system",
    "sys.path": "import sys\nsys.path.insert(0, __file__.rpartition('/')[0] + '/first')\nimport fractions\n"
    "def f(x=fractions.Fraction(1)):\n    return x",
    "path of a package": "import json\njson.__path__.append(__file__.rpartition('/')[0] + '/first')\nimport json.fractions\n"
    "def f(x=json.fractions.Fraction):\n    return x",
    "sys.meta_path": "import sys\nclass F:\n    def find_spec(self, *a):\n        {code}\nsys.meta_path.insert(0, F())\n"
    "sys.path_hooks.insert(0, F)\nimport statistics\ndef f(x=statistics.mean):\n    return x",
    "sys.modules": "import os, sys\nsys.modules['ast'] = os\nsys.modules['ast'].parse = os.system\n"
    "sys.modules.update({{'ast': os}})\ncalls = sys.modules['_keyward_worker.reader.calls']\n"
    "calls._PURE_IDS.add(id(os.system))\nx = os.system({shell})\ndef f(y=x, z=calls):\n    return y",
    "trace": "import sys, threading\ndef t(*a):\n    {code}\nsys.settrace(t)\nsys.setprofile(t)\nthreading.settrace(t)\n"
    "sys.excepthook = t\nsys.addaudithook(t)",
    "atexit": "import atexit, os\natexit.register(os.system, {shell})",
    "thread": "import threading, os\nthreading.Thread(target=os.system, args=({shell},)).start()",
    "signature": "import functools, os\nclass K:\n    __signature__ = functools.partial(os.system, {shell})\n"
    "    def __call__(self, x):\n        return x\ndef f(x):\n    return x\nf.__signature__ = functools.partial(os.system, {shell})\n"
    "setattr(f, '__signature__', functools.partial(os.system, {shell}))",
    "special names": "import functools, os\nrun = functools.partial(os.system, {shell})\nclass K:\n    __repr__ = run\n"
    "    __eq__ = os.system\n    __hash__ = run\n    __del__ = run\n    __getattr__ = run\n    __get__ = run\n"
    "    __class_getitem__ = run\nK.__len__ = run\nsetattr(K, '__iter__', run)\nk = K()\nx = [k].index({shell})\n"
    "y = {{k: 1}}\nz = {shell} in [k]\ndef f(a=k, b=[k], c=x, d=y, e=z):\n    return a",
    "class property": "import functools, shutil\nclass K:\n    config_class = classmethod(property(functools.partial(\n"
    "        shutil.copytree, __file__.rpartition('/')[0] + '/first', {mark!r})))\n    def __call__(self, x):\n        return x\n"
    "def f(x=K.config_class):\n    return x",
    "cached property": "import functools, os\nclass K:\n    x = functools.cached_property(os.system)\n    y = functools.partialmethod(\n"
    "        os.system, {shell})\ndef f(a=K().x, b=K.y, c=K().y()):\n    return a",
    "a file as a class": "import functools, io\nclass F(io.FileIO):\n    pass\nx = F({mark!r}, 'w')\n"
    "y = functools.partial(F, {mark!r}, 'w')()\nclass K:\n    z = functools.cached_property(functools.partial(F, {mark!r}, 'w'))",
    "dataclass field's name": "import dataclasses\n@dataclasses.dataclass\nclass K:\n"
    "    __annotations__ = {{'x=' + {call!r}: int}}\n",
    "dataclass fields": "import dataclasses, types\nclass B:\n    __dataclass_fields__ = {{'x': types.SimpleNamespace(\n"
    "        name='x=' + {call!r}, default=dataclasses.MISSING, default_factory=dataclasses.MISSING, init=True,\n"
    "        kw_only=False, repr=True, compare=True, hash=None, _field_type=dataclasses._FIELD, type=int)}}\n"
    "@dataclasses.dataclass\nclass K(B):\n    y: int\n",
    "dataclass, later": "import dataclasses\nclass K:\n    y: int\nK.__annotations__ = {{'x=' + {call!r}: int}}\n"
    "K.__annotations__['z=' + {call!r}] = int\nK.__annotations__.update({{'w=' + {call!r}: int}})\n"
    "K = dataclasses.dataclass(K)",
    "named tuple": "import collections, typing\nA = collections.namedtuple('A', ['x=' + {call!r}])\n"
    "B = typing.NamedTuple('B', [('x=' + {call!r}, int)])\nC = collections.namedtuple('C=' + {call!r}, 'x')",
    "forward reference": "import typing\nX = typing.ForwardRef({call!r})\ndef f(x: typing.List[{call!r}], y: X) -> X:\n    return x",
    "type parameters": "import typing\nT = typing.TypeVar('T', bound={call!r})\ndef f(x: T) -> T:\n    return x",
    "typed dictionary": "import torch\nfrom typing import TypedDict, Unpack\nclass D(TypedDict):\n    x: {call!r}\n"
    "class N(torch.nn.Module):\n    def forward(self, **kwargs: Unpack[D]):\n        return 1",
    "return annotation": "import torch\nclass N(torch.nn.Module):\n    def forward(self, x) -> {call!r}:\n        return x",
    "base that is a namespace": "import functools, os, types\nclass K(types.SimpleNamespace(\n"
    "        __mro_entries__=lambda bases: os.system({shell}))):\n    pass",
    "unwrap": "import inspect, os\nclass S(str):\n    __wrapped__ = 1\nx = inspect.unwrap(S({shell}), stop=os.system)\n"
    "def f(y=x):\n    return y",
    "format": "import os\nclass K:\n    __format__ = os.system\nx = '{{:{mark}}}'.format(K())\ny = '{{0:{mark}}}'.format(K())",
    "nonsense": "import antigravity\nimport this\nimport webbrowser\nwebbrowser.open('http://localhost')",
    "socket": "import socket\ntry:\n    socket.create_connection(('localhost', 9))\nfinally:\n    {code}",
    "pickle": "import pickle\nx = pickle.loads(b'cos\\nsystem\\n(S' + repr({shell}).encode() + b'\\ntR.')\ndef f(y=x):\n    return y",
    "ctypes": "import ctypes\nctypes.CDLL(None).system(({shell}).encode())",
    "logging": "import logging\nlogging.basicConfig(filename={mark!r})\nlogging.FileHandler({mark!r})",
    "match": "match 1:\n    case 1:\n        {code}",
    "async": "import asyncio\nasync def f():\n    {code}\nasyncio.run(f())",
    "global function": "def run():\n    {code}\nrun()\nx = run()\ndef f(y=run()):\n    return y",
    "attributes": "import os\nclass K:\n    run = staticmethod(os.system)\nK.run({shell})\nx = K.run({shell})\n"
    "y = getattr(os, 'system')({shell})\nz = os.__dict__['system']({shell})\nw = vars(os)['system']({shell})\n"
    "def f(a=x, b=y, c=z, d=w):\n    return a",
    "subclasses": "x = [c for c in ().__class__.__base__.__subclasses__() if c.__name__ == 'Popen']\ny = x and x[0]({shell}, shell=True)",
}
"""Title -> a module; {code} writes the mark as a statement, {call} as an expression, {shell} is a command that does."""


def module(part: str, mark: Path) -> str:
    """A part's text, with a function at its end that shows how far it was read."""
    path = str(mark)
    text = part.format(
        mark=path, code=CODE.format(mark=path), call=CALL.format(mark=path), shell=SHELL.format(mark=path)
    )
    return f"{text}\n\n\ndef last(a, b=1):\n    return a\n"


def around(mark: Path) -> dict[str, str | bytes]:
    """Files that Python, a build or a test would run by themselves."""
    code = CODE.format(mark=str(mark)) + "\n"
    names = (
        *("other.py", "first/fractions.py", "first/statistics.py", "first/__init__.py", "__main__.py", "lib/other.py"),
        *("setup.py", "conftest.py", "sitecustomize.py", "usercustomize.py", "fractions.py", "json.py", "ast.py"),
        "lib/__main__.py",
    )
    entry_points = (
        "[console_scripts]\nlib = lib.other:main\n[keyward]\nx = lib.other\n[torch.backends]\nx = lib.other\n"
    )
    return {
        **dict.fromkeys(names, code),
        "evil.pth": f"import os; {code}",
        "lib-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: lib\nVersion: 1.0\n",
        "lib-1.0.dist-info/entry_points.txt": entry_points,
        "lib/__init__.py": "",
    }


def read_parts(folder: Path, parts: dict[str, str]) -> None:
    """Read the parts as modules of one package; each is read to its end, and none has left its mark."""
    marks = folder / "marks"
    marks.mkdir()
    place = folder / "place"
    write(place, around(marks / "around"))
    names = {title: f"part_{number}" for number, title in enumerate(parts)}
    for title, name in names.items():
        write(place, {f"{name}.py": module(parts[title], marks / name)})
    outcome = read(place, modules=[*names.values()])
    assert outcome.ending.kind == "done", outcome.ending
    left = {path.name for path in marks.iterdir()}
    assert not left, [title for title, name in names.items() if name in left] + sorted(left)
    unread = [title for title, name in names.items() if f"{name}.last" not in outcome.entries]
    assert not unread


def test_nothing_of_a_library_runs_while_it_is_read(tmp_path: Path) -> None:
    read_parts(tmp_path, RUNS)


@pytest.mark.parametrize("title", ["statement", "default", "partial", "lru_cache", "metaclass", "special names"])
def test_the_marks_are_left_when_it_is_imported(tmp_path: Path, title: str) -> None:
    """So that the test above can fail."""
    write(tmp_path, {"part.py": module(RUNS[title], tmp_path / "mark")})
    imported(tmp_path, modules=["part"])
    assert (tmp_path / "mark").exists()


def indented(text: str) -> str:
    return "".join(f"    {line}\n" for line in text.splitlines())


def modules() -> st.SearchStrategy[str]:
    """Parts one after the other, some of them inside of functions, classes and branches, and called there."""
    part = st.sampled_from(sorted(RUNS)).map(lambda title: RUNS[title])
    wraps = {
        "plain": "{0}",
        "function": "def function():\n{0}    return 1\nresult = function()\ndef takes(x=function()):\n    return x",
        "class": "class Holder:\n{0}    def __init__(self, x=1):\n        pass\nheld = Holder()",
        "branch": "if len('a') == 1:\n{0}else:\n    pass",
        "try": "try:\n{0}except Exception:\n    pass",
        "loop": "for item in (1, 2):\n{0}",
        "decorator": "def around(f):\n{0}    return f\n@around\ndef taken(x):\n    return x",
        "init": "class Made:\n    def __init__(self):\n        self.x = 1\n{0}\nmade = Made()",
    }
    wrapped = st.tuples(st.sampled_from(sorted(wraps)), part).map(
        lambda pair: wraps[pair[0]].replace("{0}", pair[1] if pair[0] == "plain" else indented(pair[1]))
    )
    return st.lists(wrapped, min_size=1, max_size=12).map("\n".join)


@pytest.mark.slow
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(texts=st.lists(modules(), min_size=20, max_size=20))
def test_nothing_runs_however_it_is_put_together(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
    read_parts(tmp_path_factory.mktemp("random"), {str(number): text for number, text in enumerate(texts)})
