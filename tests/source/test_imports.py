"""Edits of imports, and where a file mentions a name."""

from __future__ import annotations

import pytest

from keyward.source.imports import added, imported, removed, replaced
from keyward.source.references import mentions
from keyward.source.tree import Source
from keyward.text import apply_edits


def source(text: str) -> Source:
    return Source.parse("example.py", text.encode())


def test_what_imports_bind() -> None:
    parsed = source(
        "import a\nimport b.c\nimport d.e as f\nfrom g.h import i, j as k\nfrom . import l\n"
        "from ..m import n\nfrom o import *\n"
        "def function():\n    from p import q\ntry:\n    import r\nexcept ImportError:\n    r = None\n"
    )
    assert [(name.bound, name.target) for name in imported(parsed)] == [
        ("a", "a"),
        ("b", "b"),
        ("f", "d.e"),
        ("i", "g.h.i"),
        ("k", "g.h.j"),
        ("l", ".l"),
        ("n", "..m.n"),
        ("*", "o"),
        ("q", "p.q"),
        ("r", "r"),
    ]


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("from lib import B\n", "from lib import New\n"),
        ("from lib import B as X\n", "from lib import New as X\n"),
        ("from lib import A, B, Z\n", "from lib import A, New, Z\n"),
        ("from lib import B, C, Z\n", "from lib import C, New, Z\n"),
        ("from lib import Z, B, A\n", "from lib import Z, New, A\n"),
        # Constants, classes, functions: the order that isort gives.
        ("from lib import CONSTANT, B, Z, function\n", "from lib import CONSTANT, New, Z, function\n"),
        (
            "from lib import (\n    A,  # one\n    B,\n    Z,\n)\n",
            "from lib import (\n    A,  # one\n    New,\n    Z,\n)\n",
        ),
    ],
)
def test_replaced(text: str, after: str) -> None:
    parsed = source(text)
    old = next(name for name in imported(parsed) if name.target == "lib.B")
    assert apply_edits(parsed.text, replaced(parsed, old, "New")).decode() == after


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("import a\nfrom lib import B\nx = 1\n", "import a\nx = 1\n"),
        ("from lib import A, B, Z\n", "from lib import A, Z\n"),
        ("from lib import B, Z\n", "from lib import Z\n"),
        ("from lib import A, B\n", "from lib import A\n"),
        ("from lib import (\n    A,\n    B,\n)\n", "from lib import (\n    A,\n)\n"),
    ],
)
def test_removed(text: str, after: str) -> None:
    parsed = source(text)
    old = next(name for name in imported(parsed) if name.target == "lib.B")
    assert apply_edits(parsed.text, [removed(parsed, old)]).decode() == after


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("", "import torch\n\n"),
        ("x = 1\n", "import torch\n\nx = 1\n"),
        ("#!/usr/bin/env python\nx = 1\n", "#!/usr/bin/env python\nimport torch\n\nx = 1\n"),
        ('"""Doc."""\n\nx = 1\n', '"""Doc."""\n\nimport torch\n\nx = 1\n'),
        (
            "from __future__ import annotations\n\nx = 1\n",
            "from __future__ import annotations\n\nimport torch\n\nx = 1\n",
        ),
        (
            "import os\n\nimport numpy\nfrom transformers import B\n",
            "import os\n\nimport numpy\nimport torch\nfrom transformers import B\n",
        ),
        ("import os\n\nimport numpy\n\nx = 1\n", "import os\n\nimport numpy\nimport torch\n\nx = 1\n"),
        ("import os\n\nfrom transformers import B\n", "import os\n\nimport torch\nfrom transformers import B\n"),
        ("from transformers import B", "import torch\nfrom transformers import B"),
        ("import numpy", "import numpy\nimport torch"),
        ("import numpy\r\nx = 1\r\n", "import numpy\r\nimport torch\r\nx = 1\r\n"),
        ("from .own import x\n", "import torch\n\nfrom .own import x\n"),
        ("import os\n\nx = 1\n", "import os\n\nimport torch\n\nx = 1\n"),
        ("\ufeffx = 1\n", "\ufeffimport torch\n\nx = 1\n"),
    ],
)
def test_added(text: str, after: str) -> None:
    parsed = source(text)
    assert apply_edits(parsed.text, [added(parsed, "import torch")]).decode() == after


def test_mentions() -> None:
    parsed = source(
        "from lib import B\n"
        "x: B = B()\n"
        "lib.B\n"
        "call(B=1)\n"
        'text = "B"  # B\n'
        "match x:\n    case B():\n        pass\n"
        "def function(B, c=B): ...\n"
        "B = 1\n"
        'f"{B}"\n'
        "for B in y: pass\n"
        "class C(B): pass\n"
        "Bee, aB = 1, 2\n"
    )
    lines = parsed.text.decode().splitlines()
    found = [(lines[parsed.text[: m.span.start].count(b"\n")], m.use) for m in mentions(parsed, "B")]
    assert found == [
        ("from lib import B", "other"),
        ("x: B = B()", "name"),
        ("x: B = B()", "name"),
        ("lib.B", "attribute"),
        ("call(B=1)", "other"),
        ("    case B():", "name"),
        ("def function(B, c=B): ...", "binding"),
        ("def function(B, c=B): ...", "name"),
        ("B = 1", "binding"),
        ('f"{B}"', "name"),
        ("for B in y: pass", "binding"),
        ("class C(B): pass", "name"),
    ]
