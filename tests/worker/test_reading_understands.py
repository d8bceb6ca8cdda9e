"""The reader understands what importing gives: both are asked about the same packages, and must say the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from worker.reading import differences, imported, read, write

LAZY = """\
import importlib, importlib.util, os
from types import ModuleType
class OptionalDependencyNotAvailable(BaseException): pass
def is_torch_available(): return importlib.util.find_spec("torch") is not None
def is_jaxy_available(): return importlib.util.find_spec("jaxy") is not None
class _LazyModule(ModuleType):
    def __init__(self, name, file, structure, module_spec=None, extra_objects=None):
        super().__init__(name)
        self._modules = set(structure)
        self._class_to_module = {v: k for k, vs in structure.items() for v in vs}
        self.__all__ = list(structure) + [v for vs in structure.values() for v in vs]
        self.__file__ = file
        self.__spec__ = module_spec
        self.__path__ = [os.path.dirname(file)]
        self._objects = {}
    def __dir__(self):
        return list(super().__dir__()) + self.__all__
    def __getattr__(self, name):
        if name in self._modules:
            return importlib.import_module("." + name, self.__name__)
        if name in self._class_to_module:
            value = getattr(importlib.import_module("." + self._class_to_module[name], self.__name__), name)
            setattr(self, name, value)
            return value
        raise AttributeError(name)
"""
"""A package that imports what is asked for, as those of Hugging Face do."""

PACKAGES: dict[str, dict[str, str | bytes]] = {
    "names that registering adds": {
        "lib/__init__.py": """\
from .nets import *
from .bare import *
""",
        "lib/registry.py": """\
import sys
_entries = {}
def register(fn):
    module = sys.modules[fn.__module__]
    if hasattr(module, "__all__"):
        module.__all__.append(fn.__name__)
    else:
        module.__all__ = [fn.__name__]
    _entries[fn.__name__] = fn
    return fn
def _shim(name, current):
    def _fn(pretrained=False, **kwargs):
        return current(pretrained=pretrained, **kwargs)
    return _fn
def register_old(module_name, names):
    module = sys.modules[module_name]
    for name, current in names.items():
        module.__all__.append(name)
        setattr(module, name, _shim(name, getattr(module, current)))
def make(name, **options):
    return _entries[name](**options)
""",
        "lib/nets.py": """\
import torch
from .registry import register, register_old
__all__ = ["Net"]
class Net(torch.nn.Module):
    def __init__(self, width=1): pass
    def forward(self, x): return x
@register
def net_small(pretrained=False, width=2): return Net(width)
@register
def net_large(pretrained=False, *, width=3): return Net(width)
def hidden(): return Net()
register_old(__name__, {"tiny_net": "net_small"})
""",
        "lib/bare.py": """\
from .registry import register
@register
def only(pretrained=True): return None
def hidden_too(): return None
""",
    },
    "classes that make others": {
        "lib/__init__.py": """\
import torch
class Base(torch.nn.Module):
    def forward(self, *args, **kwargs): return self.update(*args, **kwargs)
    def update(self, *args, **kwargs): raise NotImplementedError
class One(Base):
    def update(self, x, y=1): return x
class Chosen(Base):
    def __new__(cls, kind, size=1, **kwargs): return One(**kwargs)
class Same(One):
    def __new__(cls, *args, **kwargs):
        made = super().__new__(cls)
        return made
class NoInit:
    def __new__(cls, a, b=2): return One()
    def __call__(self, z): return z
""",
    },
    "members that are instances": {
        "lib/__init__.py": """\
from dataclasses import dataclass
from enum import Enum
@dataclass
class Weights:
    url: str
    meta: dict
class Net_Weights(Enum):
    FIRST = Weights("a", {"n": 1})
    DEFAULT = FIRST
def net(weights=Net_Weights.FIRST, other: Net_Weights = Net_Weights.DEFAULT): return weights
""",
    },
    "properties of classes and managers of contexts": {
        "lib/__init__.py": """\
import contextlib
import torch
class ClassProperty:
    def __init__(self, getter): self.getter = getter
    def __get__(self, instance, owner=None): return self.getter(owner)
class Net(torch.nn.Module):
    @ClassProperty
    def kind(cls): return 1
    @staticmethod
    @contextlib.contextmanager
    def paused(model, hard=True): yield
    def forward(self, x): return x
@contextlib.contextmanager
def swapped(model, state): yield
swapped.__module__ = "lib"
""",
    },
    "names that are given again": {
        "lib/__init__.py": """\
from .first import Net, make, Out
class Net(Net):
    def forward(self, y, z=1): return y
class Out(Out):
    def __init__(self, *args, **kwargs): super().__init__(*args, **kwargs)
def make(x, made=make): return made
import datetime, os
def wait(limit=datetime.timedelta(minutes=30), where=os.getenv("NOT_SET_ANYWHERE")): pass
""",
        "lib/first.py": """\
import torch
class Net(torch.nn.Module):
    def forward(self, x): return x
    def twice(self, y): return y
class Out:
    def __init__(self, a, b=2): pass
def make(x): return x
""",
    },
    "plain": {
        "lib/__init__.py": """\
import torch
class Net(torch.nn.Module):
    def forward(self, x, *, scale: float = 1.0, **kwargs):
        return x
def f(a, b=2, *c, d: int, **e): return a
""",
    },
    "decorators": {
        "lib/__init__.py": """\
import functools
def plain(f):
    @functools.wraps(f)
    def inner(*args, **kwargs):
        return f(*args, **kwargs)
    return inner
def with_arguments(n, m=2):
    def decorate(f):
        @functools.wraps(f)
        def inner(*args, **kwargs):
            kwargs.pop("popped", None)
            return f(*args, **kwargs)
        return inner
    return decorate
def same(f):
    f.marked = True
    return f
class ByClass:
    def __init__(self, f):
        functools.update_wrapper(self, f)
        self.f = f
    def __call__(self, *args, **kwargs):
        return self.f(*args, **kwargs)
def unwrapped(f):
    def inner(a, only):
        return f(a)
    return inner
def partial_wraps(f):
    wrapper = functools.wraps(f)
    def inner(self, extra, *a, **k): return f(*a, **k)
    return wrapper(inner)
@plain
def a(x, y=1): return x
@with_arguments(3)
def b(x, y=1): return x
@same
def c(x, y=1): return x
@plain
@with_arguments(1)
@same
def e(x, y=1, *, z): return x
@unwrapped
def g(x, y=1): return x
@functools.lru_cache(maxsize=None)
def h(x, y=1): return x
@functools.lru_cache
def h2(x, y=1): return x
@functools.cache
def h3(x, y=1): return x
@partial_wraps
def i(x, y): return x
class K:
    @plain
    def m(self, q, w=3): return q
    @with_arguments(m=4, n=1)
    def __call__(self, q, w=3): return q
    @unwrapped
    def __init__(self, q): pass
""",
    },
    "context managers": {
        "lib/__init__.py": """\
from contextlib import contextmanager, asynccontextmanager
import contextlib
@contextmanager
def a(x, y=2):
    yield x
@contextlib.contextmanager
def b(x, y=2):
    yield x
@asynccontextmanager
async def c(x):
    yield x
""",
    },
    "decorators that keep a table": {
        "lib/__init__.py": """\
import functools
import os
_table = {}
def registered(name):
    def deco(f):
        _table[name] = f
        return _table[name]
    return deco
def chosen(f):
    return f if os.environ.get("NOTTHERE") else f
@registered("x")
def a(x): return x
@chosen
def b(x): return x
""",
    },
    "enumerations": {
        "lib/__init__.py": """\
import enum
from enum import Enum
class Kind(Enum):
    A = "a"
    B = "b"
class Number(enum.IntEnum):
    ONE = 1
    TWO = enum.auto()
class Text(str, Enum):
    X = "x"
class Flags(enum.Flag):
    R = 1
    W = 2
def f(a=Kind.A, b=Number.ONE, c=Number.TWO, d=Text.X, e=Kind.A.value, g=Kind["B"], h=Kind("a"), i=Flags.R, j=[Kind.A]): return a
""",
    },
    "typed dictionaries and the like": {
        "lib/__init__.py": """\
import torch
from typing import TypedDict, Optional, NamedTuple, Protocol, Generic, TypeVar
from typing_extensions import Unpack
class Base(TypedDict, total=False):
    one: int
    two: Optional[str]
class More(Base, total=False):
    three: float
class P(NamedTuple):
    x: int
    y: str = "a"
class Q(P):
    def f(self, z): return z
class Proto(Protocol):
    def __call__(self, a, b=1): ...
T = TypeVar("T")
class G(Generic[T]):
    def __init__(self, a: T, b: "list[T]"): self.a = a
class H(G[int]):
    pass
class Net(torch.nn.Module):
    def forward(self, x, **kwargs: Unpack[More]):
        return x
""",
    },
    "dataclasses": {
        "lib/__init__.py": """\
from dataclasses import dataclass, field, KW_ONLY
from typing import ClassVar, Optional
import dataclasses
@dataclass
class A:
    x: int
    y: Optional[int] = None
    z: list = field(default_factory=list)
    w: ClassVar[int] = 3
    v: int = field(default=3, init=False)
@dataclass
class B(A):
    q: str = "hello"
    x: int = 4
@dataclasses.dataclass(frozen=True)
class C:
    a: int
    b: "str" = "x"
@dataclass(kw_only=True)
class D:
    a: int = 1
    b: int
@dataclass
class E:
    a: int
    _: KW_ONLY
    b: int = 2
@dataclass(init=False)
class F:
    a: int
    def __init__(self, b): self.a = b
""",
    },
    "nested": {
        "lib/__init__.py": """\
import torch
def outer(n=3):
    def inner(a, b=n): return a
    class Local:
        def m(self, z): return inner(z)
    return inner, Local
made, Made = outer()
class Out:
    class In:
        def __init__(self, a, b=2): pass
        class Deep:
            def __call__(self, c): return c
    def m(self): return self.In(1)
f = lambda x, y=2: x
Alias = Out.In
def factory(scale):
    class Net(torch.nn.Module):
        def forward(self, x, k=scale): return x
    return Net
Small = factory(1)
""",
    },
    "properties and methods": {
        "lib/__init__.py": """\
class A:
    @property
    def p(self): return 1
    @p.setter
    def p(self, v): pass
    @staticmethod
    def s(a, b=1): return a
    @classmethod
    def c(cls, a, b=1): return cls()
    @classmethod
    def from_pretrained(cls, path, *a, **kw): return cls(**kw)
    def __init__(self, p=1): self.p = p
class B(A):
    @A.p.getter
    def p(self): return 2
    @classmethod
    def c(cls, a, *, d): return super().c(a)
""",
    },
    "star imports": {
        "lib/__init__.py": """\
from .a import *
from .b import *
from . import c as _c
from .c import h as renamed, Hidden
from .sub import deep
""",
        "lib/a.py": """\
__all__ = ['f']
__all__ += ['g']
__all__.extend(['k'])
__all__.append('l')
def f(a): return a
def g(b): return b
def k(c): return c
def l(d): return d
def private(e): return e
""",
        "lib/b.py": """\
from .a import private
def m(a): return a
def _n(a): return a
""",
        "lib/c.py": """\
def h(a): return a
class Hidden:
    def __call__(self, z): return z
""",
        "lib/sub/__init__.py": """\
from ..a import f
from .deep import deep
__all__ = ['f', 'deep']
""",
        "lib/sub/deep.py": """\
from ..a import g
from ..c import Hidden
def deep(x: Hidden = None): return x
""",
    },
    "conditions": {
        "lib/__init__.py": """\
import sys, os
def is_torch_available():
    import importlib.util
    return importlib.util.find_spec("torch") is not None
def is_numpyx_available():
    import importlib.util
    return importlib.util.find_spec("numpyx") is not None
if is_torch_available():
    import torch
    class Net(torch.nn.Module):
        def forward(self, x): return x
else:
    class Net:
        def forward(self, y): return y
if is_numpyx_available():
    def f(a): return a
else:
    def f(b): return b
try:
    import notthere_at_all
    def g(a): return a
except ImportError:
    def g(b): return b
try:
    from torch import nothing_like_it
    HAS = True
except ImportError:
    HAS = False
if HAS:
    def h(a): return a
else:
    def h(b): return b
if sys.version_info >= (3, 3):
    def i(a): return a
else:
    def i(b): return b
if sys.version_info < (3, 3):
    def j(a): return a
else:
    def j(b): return b
if sys.platform == "nothing":
    def k(a): return a
else:
    def k(b): return b
from typing import TYPE_CHECKING
if TYPE_CHECKING:
    def l(a): return a
else:
    def l(b): return b
if HAS: pass
elif not HAS:
    def m(a): return a
else:
    def m(b): return b
""",
    },
    "changed from outside": {
        "lib/__init__.py": """\
import torch
class A(torch.nn.Module):
    def forward(self, x): return x
def other(self, y, z=1): return y
A.forward = other
class B:
    def __call__(self, a): return a
setattr(B, "__call__", lambda self, q: q)
class C:
    pass
for name in ("one", "two"):
    setattr(C, name, lambda self, w: w)
C.__init__ = lambda self, m=1: None
""",
    },
    "boolean dispatch": {
        "lib/__init__.py": """\
import torch
def boolean_dispatch(arg_name, arg_index, default, if_true, if_false, module_name, func_name):
    def fn(*args, **kwargs):
        dispatch_flag = default
        if arg_name in kwargs:
            dispatch_flag = kwargs[arg_name]
        elif arg_index < len(args):
            dispatch_flag = args[arg_index]
        if dispatch_flag:
            return if_true(*args, **kwargs)
        return if_false(*args, **kwargs)
    if if_true.__doc__ is None and if_false.__doc__ is not None:
        doc = if_false.__doc__
        if_true.__doc__ = doc
    if module_name is not None:
        fn.__module__ = module_name
    if func_name is not None:
        fn.__name__ = func_name
    return fn
def _with(x, size, return_indices=False): return x
def _without(x, size, return_indices=False): return x
pool = boolean_dispatch("return_indices", 2, False, _with, _without, __name__, "pool")
""",
    },
    "submodules": {
        "lib/__init__.py": """\
import torch
from torch import nn
class Block(nn.Module):
    def __init__(self, size): super().__init__()
    def forward(self, x, mask=None, **kwargs): return self.attn(x, **kwargs)
class Attn(nn.Module):
    def forward(self, x, heads=1, position=None): return x
class WithAttn(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.attn = Attn()
        setattr(self, "late", Attn())
        self.layers = nn.ModuleList([Block(1) for _ in range(n)])
    def forward(self, x, **kwargs):
        for layer in self.layers:
            x = layer(x, **kwargs)
        return self.attn(x, **kwargs)
class Closed(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = Attn()
    def forward(self, x, **kwargs): return self.inner(x, **kwargs)
class Table(nn.Module):
    def __init__(self):
        super().__init__()
        self.parts = nn.ModuleDict({"a": Attn()})
    def forward(self, x, **kwargs): return self.parts["a"](x, **kwargs)
class Heir(Closed):
    def forward(self, x, more=1, **kwargs): return super().forward(x, **kwargs)
""",
    },
    "lazy package by its structure": {
        "lib/__init__.py": """\
import os
from typing import TYPE_CHECKING
from .utils import _LazyModule, OptionalDependencyNotAvailable, is_torch_available, is_jaxy_available
_import_structure = {"conf": ["Conf"], "utils": []}
try:
    if not is_torch_available():
        raise OptionalDependencyNotAvailable()
except OptionalDependencyNotAvailable:
    from . import dummy
    _import_structure["dummy"] = [n for n in dir(dummy) if not n.startswith("_")]
else:
    _import_structure["modeling"] = ["Net"]
    _import_structure["modeling"].append("Other")
    _import_structure["modeling"].extend(["Third"])
try:
    if not is_jaxy_available():
        raise OptionalDependencyNotAvailable()
except OptionalDependencyNotAvailable:
    pass
else:
    _import_structure["jaxy"] = ["J"]
try:
    if not is_torch_available() and not is_jaxy_available():
        raise OptionalDependencyNotAvailable()
except OptionalDependencyNotAvailable:
    pass
else:
    _import_structure["modeling"].append("Gated")
if TYPE_CHECKING or os.environ.get("LIB_SLOW_IMPORT", "") in {"1"}:
    from .conf import Conf
    try:
        if not (is_torch_available() and is_jaxy_available()):
            raise OptionalDependencyNotAvailable()
    except OptionalDependencyNotAvailable:
        from .dummy import *
    else:
        from .modeling import Gated
else:
    import sys
    sys.modules[__name__] = _LazyModule(__name__, globals()["__file__"], _import_structure, module_spec=__spec__)
""",
        "lib/utils.py": LAZY,
        "lib/conf.py": """\
class Conf:
    def __init__(self, size=3, **kwargs): self.size = size
""",
        "lib/modeling.py": """\
import torch
from .conf import Conf
class Net(torch.nn.Module):
    def __init__(self, conf: Conf): pass
    def forward(self, x): return x
class Other(Net):
    def forward(self, y): return y
class Third: pass
class Gated(Net):
    def forward(self, z): return z
""",
        "lib/dummy.py": """\
class Net: pass
class Gated: pass
""",
        "lib/jaxy.py": """\
class J: pass
""",
    },
    "lazy package by its files": {
        "lib/conf.py": """\
class Conf:
    def __init__(self, size=3, **kwargs): self.size = size
""",
        "lib/utils.py": LAZY
        + r"""
import re
def define_import_structure(path, prefix=None):
    folder = os.path.dirname(path)
    found = {}
    for name in sorted(os.listdir(folder)):
        if name.endswith(".py") and name != "__init__.py" and not name.startswith("convert_"):
            text = open(os.path.join(folder, name)).read()
            listed = re.search(r"__all__ = \[(.*?)\]", text, re.S)
            if listed:
                found[name[:-3]] = re.findall(r'"(\w+)"', listed.group(1))
    return found
""",
        "lib/__init__.py": """\
from . import models
""",
        "lib/models/__init__.py": """\
from typing import TYPE_CHECKING
from ..utils import _LazyModule
from ..utils import define_import_structure
if TYPE_CHECKING:
    from .modeling_net import *
else:
    import sys
    sys.modules[__name__] = _LazyModule(__name__, globals()["__file__"], define_import_structure(globals()["__file__"]), module_spec=__spec__)
""",
        "lib/models/modeling_net.py": """\
import torch
from ..conf import Conf
class Net(torch.nn.Module):
    def __init__(self, conf: Conf):
        pass
    def forward(self, x):
        return x
class Hidden(torch.nn.Module):
    pass

__all__ = [
    "Net",
]
""",
        "lib/models/configuration_net.py": """\
class NetConfig:
    def __init__(self, size=1):
        pass
__all__ = ["NetConfig"]
""",
    },
    "defaults": {
        "lib/__init__.py": """\
from __future__ import annotations
import torch
import math
from functools import partial, partialmethod
def f(a: torch.Tensor | None = None, b: "list[int]" = [1, 2], c=(1,), d={"a": 1}, e={3, 1, 2}, g=1e-5, h=math.inf, i=-1, j=not True, k=3*4, l=f"{1}", m=b"x", n=..., o=torch.nn.Linear, p=lambda x: x, q=None, r="x" * 100, s=max(1, 2), t=float("inf"), u=math.pi, v=1 << 3, w=range(3), x_=type(None), y=int, z=print): return a
g = partial(f, 1, c=2)
def h(x, /, y, *, z): return x
async def i(x): return x
def j(*args): return args
class A:
    def m(self, x): return x
    n = partialmethod(m, 1)
    m2 = m
    def __call__(self, x): return self.m(x)
B = A
class C(A):
    __call__ = A.m
X = 1 if f else 2
def k(a=X, b=A.m, c=B): return a
del X
shown = A()
def l(x, a=shown, *, b=shown): return a
""",
    },
}


def modules_of(files: dict[str, str | bytes]) -> list[str]:
    return sorted({name[: -len(".py")].replace("/", ".").removesuffix(".__init__") for name in files})


@pytest.mark.parametrize("title", PACKAGES)
def test_what_is_read_is_what_is_imported(tmp_path: Path, title: str) -> None:
    files = PACKAGES[title]
    write(tmp_path, files)
    live = imported(tmp_path, modules=modules_of(files))
    assert (live.ending.kind, live.problems) == ("done", [])
    assert live.entries
    found = read(tmp_path, modules=modules_of(files))
    assert (found.ending.kind, found.problems) == ("done", [])
    assert differences(found, live) == []


PARTS: dict[str, str | bytes] = {
    "lib/__init__.py": """\
try:
    from .video_processing_net import NetVideoProcessor
except ImportError:
    pass
from .feature_extraction_net import NetFeatureExtractor
from .processing_net import NetProcessor
""",
    "lib/video_processing_net.py": """\
import torchvision
class NetVideoProcessor:
    model_input_names = ["pixel_values_videos"]
__all__ = ["NetVideoProcessor"]
""",
    "lib/feature_extraction_net.py": """\
class NetFeatureExtractor:
    model_input_names = ["input_features"]
__all__ = ["NetFeatureExtractor"]
""",
    "lib/processing_net.py": """\
class ProcessorMixin: pass
class NetProcessor(ProcessorMixin):
    video_processor_class = "NetVideoProcessor"
    feature_extractor_class = "NetFeatureExtractor"
    def __init__(self, video_processor, feature_extractor): pass
    def __call__(self, images): return images
""",
}


def test_a_part_whose_requirements_are_missing_gives_no_keys(tmp_path: Path) -> None:
    write(tmp_path, PARTS)
    for outcome in (imported(tmp_path, modules=["lib"]), read(tmp_path, modules=["lib"])):
        assert outcome.entries["lib.processing_net.NetProcessor"]["keys"] == ["input_features"]


UNKNOWN = """\
import os
import functools
import notthere


class ByClass:
    def __init__(self, f):
        functools.update_wrapper(self, f)
        self.f = f

    def __call__(self, *args, **kwargs):
        return self.f(*args, **kwargs)


def chosen(f):
    return TABLE[os.environ["HOME"]](f)


@notthere.magic
def a(x, **kwargs):
    return x


@notthere.magic(1, b=2)
def b(x):
    return x


@chosen
def c(x):
    return x


@ByClass
def d(x):
    return x


class K:
    @notthere.magic
    def __call__(self, x):
        return x

    @chosen
    def method(self, x):
        return x


class L(notthere.Base):
    def __call__(self, x, **kwargs):
        return super().__call__(x, **kwargs)


class M(L):
    pass


class N(notthere.Base):
    pass
"""


def test_what_cannot_be_followed_is_open(tmp_path: Path) -> None:
    """Never a refusal or a keyword said to be ignored: what is not known may take anything."""
    write(tmp_path, {"lib.py": UNKNOWN})
    found = read(tmp_path, modules=["lib"])
    claims = {}
    for name, entry in found.entries.items():
        if name.rpartition(".")[2] not in ("chosen", "ByClass"):
            signatures = {"call": entry.get("call"), **entry.get("methods", {})}
            claims.update({(name, of): signature.get("extra") for of, signature in signatures.items() if signature})
    assert {("lib.a", "call"), ("lib.b", "call"), ("lib.c", "call"), ("lib.K", "call")} <= set(claims)
    assert [claim for claim, extra in claims.items() if extra != "open"] == []
    assert found.entries["lib.N"].get("init", {"extra": "open"})["extra"] == "open"
