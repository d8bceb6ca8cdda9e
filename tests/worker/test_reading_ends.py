"""Whatever a file holds, reading it ends soon, raises nothing, and keeps what stands beside the trouble."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from worker.reading import Outcome, read, write

pytestmark = pytest.mark.slow

LAST = "\n\ndef last(a, b=1):\n    return a\n"

TOWERS = {
    "while": "x = 0\nwhile True:\n    x += 1\ndef f(y=x):\n    while True:\n        pass",
    "recursion": "def f(n):\n    return f(n + 1)\nx = f(0)\ndef g(y=x):\n    return y",
    "mutual recursion": "def f(n):\n    return g(n) or g(n)\ndef g(n):\n    return f(n) or f(n)\nx = f(0)\ndef h(y=x):\n    return y",
    "calls that double": "f0 = lambda x: x\n"
    + "".join(f"f{n} = lambda x: (f{n - 1}(x), f{n - 1}(x))\n" for n in range(1, 60))
    + "x = f59(1)\ndef g(y=x):\n    return y",
    "functions that double": "def f0(x):\n    return x\n"
    + "".join(f"def f{n}(x):\n    a = f{n - 1}(x)\n    b = f{n - 1}(x)\n    return [a, b]\n" for n in range(1, 20))
    + "x = f19(1)\ndef g(y=x):\n    return y",
    "lists": "x = 1\n" + "x = [x, x]\n" * 100 + "def f(y=x):\n    return y",
    "tuples": "x = 1\n" + "x = (x, x)\n" * 100 + "z = {x: 1}\nw = x == (x, 1)\nv = {x}\ndef f(y=x):\n    return y",
    "equal tuples": "x, y = 1, 1\n"
    + "x = (x, x)\ny = (y, y)\n" * 100
    + "def f(z=x == y, w=x in [y], v=x < y):\n    return z",
    "dictionaries": "x = 1\n" + "x = {'a': x, 'b': x}\n" * 100 + "def f(y=x):\n    return y",
    "lists by a loop": "x = []\nfor _ in range(100):\n    x = [x, x]\ndef f(y=x):\n    return y",
    "tuples by a loop": "x = ()\nfor _ in range(100):\n    x = (x, x)\nz = {x: 1}\ndef f(y=x, z=z):\n    return y",
    "texts that double": "x = 'a'\nfor _ in range(1000):\n    x = x + x\nfor _ in range(1000):\n    x += x\ndef f(y=x):\n    return y",
    "lists that double": "x = [1]\nfor _ in range(1000):\n    x += x\ndef f(y=len(x)):\n    return y",
    "lists that extend themselves": "x = [1]\nfor _ in range(1000):\n    x.extend(x)\ndef f(y=len(x)):\n    return y",
    "a list in itself": "x = []\nx.append(x)\ny = {}\ny['y'] = y\ndef f(a=x, b=y, c=x == x, d=x == [x]):\n    return a",
    "unknown types that double": "import notthere\nx = notthere.X\nfor _ in range(200):\n    x = x | x\ndef f(y: x = 1):\n    return y",
    "types that double": "import typing\nx = int\nfor _ in range(100):\n    x = typing.Tuple[x, x]\ndef f(y: x = 1) -> x:\n    return y",
    "plain types that double": "x = int\nfor _ in range(100):\n    x = tuple[x, x]\ndef f(y: x = 1, z=x) -> x:\n    return y",
    "powers": "x = 10 ** 10 ** 10\ny = 1 << 10 ** 10\nz = 2 ** 63 ** 63\nw = 9.0 ** 9999\ndef f(a=x, b=y, c=z, d=w):\n    return a",
    "numbers in texts": f"x = int('{'9' * 100000}')\ny = float('1' * 10**5)\ndef f(a=x, b=y):\n    return a",
    "huge texts": "x = 'a' * 10 ** 12\ny = b'a' * 10 ** 12\nz = [0] * 10 ** 12\nw = '{:>9999999999}'.format(1)\n"
    "v = '{0:>9999999999}'.format(1)\nu = f'{1:>9999999999}'\nt = '%99999999999d' % 1\n"
    "s = ','.join(['x' * 99999] * 99999)\nr = ('x' * 9999).replace('x', 'y' * 99999)\n"
    "def f(a=x, b=y, c=z, d=w, e=v, g=u, h=t, i=s, j=r):\n    return a",
    "huge ranges": "x = list(range(10 ** 18))\ny = sum(range(10 ** 18))\nz = [i for i in range(10 ** 18)]\n"
    "w = max(range(10 ** 12))\nfor i in range(10 ** 18):\n    pass\ndef f(a=x, b=y, c=z, d=w):\n    return a",
    "nested loops": "x = 0\n"
    + "".join(f"{'    ' * n}for i{n} in range(1999):\n" for n in range(6))
    + "    " * 6
    + "x = x + 1\ndef f(y=x):\n    return y",
    "nested comprehensions": "x = [1 for a in range(9999) for b in range(9999) for c in range(9999) if a < 0]\n"
    "y = {b: 1 for a in range(9999) for b in range(9999) if b == a}\ndef f(a=x, b=y):\n    return a",
    "a class of itself": "class A(A):\n    pass\nclass B(C):\n    pass\nclass C(B):\n    pass\nclass D:\n    class E(D):\n        pass",
    "a class replaced by its heir": "class A:\n    def f(self, x):\n        return x\nclass A(A):\n    def g(self, y):\n        return y",
    "a function of itself": "def f(x=f):\n    return x\ng = g\nh = lambda x=h: x\n@i\ndef i(x):\n    return x",
    "names in a circle": "a = b\nb = c\nc = a\ndef f(x=a, y=b):\n    return x",
    "wrapped in a circle": "def f(x):\n    return x\ndef g(x):\n    return x\nf.__wrapped__ = g\ng.__wrapped__ = f",
    "attributes in a circle": "class A:\n    pass\nA.a = A\nA.b = A()\nA.__call__ = A\nA.__init__ = A\nA.__wrapped__ = A",
    "a long sum": "x = " + " + ".join(["1"] * 20000) + "\ndef f(y=x):\n    return y",
    "a long chain of attributes": "import notthere\nx = notthere" + ".a" * 20000 + "\ndef f(y=x):\n    return y",
    "a long chain of calls": "def f(x):\n    return f\nx = f" + "(1)" * 5000 + "\ndef g(y=x):\n    return y",
    "nested parentheses": "x = " + "(" * 5000 + ")" * 5000,
    "nested lists": "x = " + "[" * 80 + "]" * 80 + "\ndef f(y=x):\n    return y",
    "nested functions": "".join(f"{' ' * n}def f{n}(x):\n" for n in range(90)) + " " * 90 + "return 1",
    "nested lambdas": "f = " + "lambda x: " * 90 + "1",
    "a long line of elif": "if a:\n    pass\n" + "".join(f"elif a == {n}:\n    pass\n" for n in range(3000)),
    "decorators": "def d(f):\n    return f\n" + "@d\n" * 3000 + "def f(x):\n    return x",
    "bases": "class A0:\n    pass\n" + "".join(f"class A{n}(A{n - 1}):\n    pass\n" for n in range(1, 120)),
    "many bases": "".join(f"class A{n}:\n    pass\n" for n in range(300))
    + f"class B({', '.join(f'A{n}' for n in range(300))}):\n    pass",
    "many parameters": f"def f({', '.join(f'a{n}=1' for n in range(3000))}):\n    return a1",
    "a long table": "x = {\n"
    + "".join(f"'k{n}': ['v{n}'],\n" for n in range(40000))
    + "}\ny = {v[0]: k for k, v in x.items()}",
    "a long text": 'x = """\n' + "line of text (not closed\n" * 40000 + '"""',
    "a long list without indentation": "x = [\n" + "1,\n" * 40000 + "]",
    "many lines": "x = 1\n" * 100000,
    "many definitions": "".join(f"def f{n}(x):\n    return x\n" for n in range(20000)) + "__all__ = ['last']",
}
"""Title -> a module of valid Python; what is behind it is read."""


def outcome_of(tmp_path: Path, content: str | bytes, **others: str) -> Outcome:
    write(tmp_path, {"lib.py": content, **{f"{name}.py": text for name, text in others.items()}})
    outcome = read(tmp_path, modules=["lib"])
    assert outcome.ending.kind == "done", outcome.ending
    assert all("\n" not in problem for problem in outcome.problems)
    return outcome


@pytest.mark.parametrize("title", TOWERS)
def test_what_would_never_end_ends(tmp_path: Path, title: str) -> None:
    outcome = outcome_of(tmp_path, TOWERS[title] + LAST)
    assert outcome.keywords("lib.last") == ["a", "b"]


def test_lines_are_right_behind_long_texts(tmp_path: Path) -> None:
    outcome = outcome_of(tmp_path, 'x = """\n(\n"""\n' + LAST)
    assert outcome.entries["lib.last"]["line"] == 6


BROKEN = {
    "a bracket that is not closed": "def broken(a, b:\n    return a\n",
    "a bracket too many": "def broken(a)):\n    return a\n",
    "a text that is not closed": 'x = """never closed\n',
    "a short text that is not closed": "x = 'never closed\n",
    "a statement that is none": "this is no python\n",
    "an indentation": "def broken(a):\nreturn a\n",
    "tabs and spaces": "def broken(a):\n\tif a:\n        return a\n",
    "merge conflict": "<<<<<<< HEAD\nx = 1\n=======\nx = 2\n>>>>>>> other\n",
    "Python 2": "print 'hello'\nexec 'code'\n",
    "newer Python": "def generic[T: (int, str) = int](x: T) -> T:\n    return x\ntype Alias[T] = list[T]\nlazy import that\n",
    "newer f-string": "x = f'{'a'}'\n",
    "newer except": "try:\n    pass\nexcept ValueError, TypeError:\n    pass\n",
    "decorator without a function": "@nothing\n\nx = 1\n",
    "null byte": "x = 'a\0b'\n",
    "form feed": "\fx = 1\n$\n",
    "return outside": "return 1\nyield 2\nbreak\nx = await y\n$\n",
}


@pytest.mark.parametrize("title", BROKEN)
def test_the_rest_of_a_broken_file_is_read(tmp_path: Path, title: str) -> None:
    """Interpreters of other versions than this one may understand more: it is said what was left out."""
    outcome = outcome_of(tmp_path, "def first(x):\n    return x\n\n\n" + BROKEN[title] + LAST)
    assert outcome.keywords("lib.first") == ["x"]
    assert outcome.keywords("lib.last") == ["a", "b"]
    understood = sys.version_info >= (3, 12) and title in ("newer f-string",)
    understood = understood or (sys.version_info >= (3, 14) and title == "newer except")
    (problem,) = outcome.problems or ["lib could not be read wholly (understood here)."] * understood
    assert problem.startswith("lib could not be read wholly")


ENCODED = {
    "latin-1": "# -*- coding: latin-1 -*-\nx = 'é'\n".encode("latin-1"),
    "utf-8 with a mark": "\ufeffx = 'é'\n".encode(),
    "utf-8": "x = 'é日本'\n".encode(),
    "line ends of Windows": b"x = 1\r\n\r\ndef first(a,\r\n          b):\r\n    return a\r\n\r\n",
    "old line ends": b"x = 1\rdef first(a):\r    return a\r",
    "empty": b"",
    "a comment": b"# nothing",
    "no line end": b"x = 1",
}


@pytest.mark.parametrize("title", ENCODED)
def test_encodings(tmp_path: Path, title: str) -> None:
    ends = {"line ends of Windows": "\r\n", "old line ends": "\r"}.get(title, "\n")
    outcome = outcome_of(tmp_path, ENCODED[title] + LAST.replace("\n", ends).encode())
    assert outcome.problems == []
    assert outcome.keywords("lib.last") == ["a", "b"]


@pytest.mark.parametrize(
    "content",
    [b"# coding: no-such-encoding\nx = 1\n", b"x = '\xff\xfe'\n", b"\xff\xfex\x00=\x001\x00", b"\x00" * 1000],
)
def test_a_file_that_is_no_text_is_a_problem(tmp_path: Path, content: bytes) -> None:
    outcome = outcome_of(tmp_path, content)
    (problem,) = outcome.problems
    assert problem.startswith("lib c")


def test_modules_that_import_each_other(tmp_path: Path) -> None:
    one = "from two import *\nfrom two import g, later\nimport two\ndef f(x=two.g):\n    return x\n"
    two = "from lib import *\nfrom lib import f, nothing\nimport lib\ndef g(y=lib.f, z=nothing):\n    return y\nlater = f\n"
    outcome = outcome_of(tmp_path, one + LAST, two=two)
    assert {"lib.f", "lib.last"} <= set(outcome.entries)
    assert outcome.problems == []


def test_modules_that_take_a_name_from_each_other(tmp_path: Path) -> None:
    outcome = outcome_of(tmp_path, "from two import x\nclass A(x):\n    pass\n" + LAST, two="from lib import x\n")
    assert outcome.keywords("lib.last") == ["a", "b"]
