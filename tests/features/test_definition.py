"""Go to what is called."""

from __future__ import annotations

from pathlib import Path

import pytest

from keyward.features.definition import InFile, InLibrary, definitions
from keyward.session.places import Located, locate

from .conftest import At

CODE = """\
import torch.nn.functional as F
from torch import nn
from transformers import BertForSequenceClassification, DeiTModel
class Net(nn.Module):
    def forward(self, x):
        return x
def helper(x):
    return x
net = Net()
model = DeiTModel.from_pretrained("x")
"""


def text_at(place: Located) -> tuple[str, str]:
    """The line that a place is on, and the text that its span covers."""
    text = Path(place.path).read_bytes()
    position = next(i for i in range(place.lines.n_lines) if place.lines.line_span(i).end >= place.span.start)
    line = place.lines.line_span(position)
    return text[line.start : line.end].decode().strip(), text[place.span.start : place.span.end].decode()


@pytest.mark.parametrize(
    ("code", "file", "line", "name"),
    [
        ("mod<CURSOR>el(x)", "modeling_deit.py", "def forward(", "forward"),
        ("model(pixel_<CURSOR>values=x)", "modeling_deit.py", "def forward(", "forward"),
        ("F.cross_<CURSOR>entropy(a, b)", "functional.py", "def cross_entropy(", "cross_entropy"),
        ("DeiT<CURSOR>Model(config)", "modeling_deit.py", "def __init__(", "__init__"),
    ],
)
def test_into_the_installed_library(at: At, standin_python: Path, code: str, file: str, line: str, name: str) -> None:
    (place,) = definitions(*at(CODE + code))
    assert isinstance(place, InLibrary)
    folders = sorted((standin_python.parent.parent / "lib").glob("python3*/site-packages"))
    found = locate(place, folders, lambda path: None)
    assert found is not None
    assert Path(found.path).name == file
    whole, covered = text_at(found)
    assert whole.startswith(line)
    assert covered == name


def test_a_method_is_looked_for_in_its_own_class(tmp_path: Path) -> None:
    (tmp_path / "lib.py").write_text("@final\nclass A(B):\n    x = 1\n\n\nclass C:\n    def forward(self): ...\n")
    found = locate(InLibrary("lib.py", 1, "forward"), [tmp_path], lambda path: None)
    assert found is not None
    assert text_at(found) == ("class A(B):", "A")


def test_a_library_that_is_not_there_has_no_place(tmp_path: Path) -> None:
    assert locate(InLibrary("lib.py", 1, ""), [tmp_path], lambda path: None) is None


def test_a_line_that_is_not_there_is_the_top_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "lib.py").write_text("x = 1\n")
    found = locate(InLibrary("lib.py", 999, ""), [tmp_path], lambda path: None)
    assert found is not None
    assert found.span.start == 0


def test_into_the_users_own_module(at: At) -> None:
    snapshot, offset = at(CODE + "n<CURSOR>et(x)")
    (place,) = definitions(snapshot, offset)
    assert place == InFile("/project/train.py", "Net.forward")
    found = locate(place, [], lambda path: snapshot.text)
    assert found is not None
    assert snapshot.text[found.span.start : found.span.end] == b"forward"


@pytest.mark.parametrize("code", ["unkn<CURSOR>own(x)", "x = <CURSOR>3", "help<CURSOR>er(x)"])
def test_nowhere_but_where_type_checkers_go_too(at: At, code: str) -> None:
    assert definitions(*at(CODE + code)) == ()
