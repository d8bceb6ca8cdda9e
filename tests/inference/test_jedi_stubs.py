"""The stub tree, read by jedi: each public name leads to its entry, calling a model shows `forward`'s parameters."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jedi
import pytest
from jedi.api.environment import InterpreterEnvironment

from keyward.inference.libraries import MAKES_INSTANCE, RETURNS_SELF
from keyward.session.stub_tree import stub_tree
from keyward.signatures.model import Entry, Kind, Parameter, Signature
from keyward.signatures.store import Installed, Signatures, open_signatures
from keyward.signatures.stub_text import Methods, StubSource
from keyward.signatures.stubs import is_complete, stub_files, stub_source, write_stubs

METHODS = Methods(makers=MAKES_INSTANCE, fluent=RETURNS_SELF)


class Reader:
    """jedi, which sees a stub tree and nothing else."""

    def __init__(self, tree: Path) -> None:
        self.tree = tree
        self._project = jedi.Project(tree.parent, sys_path=[str(tree)], smart_sys_path=False)
        self._environment = InterpreterEnvironment()

    def _script(self, code: str) -> Any:
        return jedi.Script(code, project=self._project, environment=self._environment)

    def infer(self, code: str) -> list[str]:
        """What the last line of the code is: "instance a.B", "class a.B", ..."""
        lines = code.splitlines()
        found = self._script(code).infer(len(lines), len(lines[-1]) - 1)
        return sorted(f"{name.type} {name.full_name}" for name in found)

    def parameters(self, code: str) -> list[str]:
        """The names of what the call takes that the code ends in the midst of."""
        lines = code.splitlines()
        found = self._script(code).get_signatures(len(lines), len(lines[-1]))
        return [parameter.name for signature in found for parameter in signature.params]


@pytest.fixture(scope="module", autouse=True)
def _cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jedi.settings, "cache_directory", str(tmp_path_factory.mktemp("jedi")))
        yield


@pytest.fixture(scope="module")
def reader(standin: Signatures, tmp_path_factory: pytest.TempPathFactory) -> Reader:
    folder = tmp_path_factory.mktemp("trees") / "standin"
    return Reader(write_stubs(folder, lambda: stub_source(standin), METHODS))


def test_every_public_name_leads_to_its_entry(reader: Reader, standin: Signatures) -> None:
    asked = 0
    for module in standin.modules:
        for name in standin.exports(module):
            found = standin.find(f"{module}.{name}")
            if found is None:
                continue
            kind = "function" if found.entry.role == "function" else "class"
            assert reader.infer(f"from {module} import {name}\n{name}") == [f"{kind} {found.entry.qualified}"]
            asked += 1
    assert asked > 30


@pytest.mark.slow
def test_calling_an_instance_shows_forward(reader: Reader, standin: Signatures) -> None:
    asked = 0
    for name in standin.exports("transformers"):
        found = standin.find(f"transformers.{name}")
        if found is None or found.entry.role != "model" or found.entry.call is None:
            continue
        code = f"import transformers\nm = transformers.{name}.from_pretrained('x').to('cuda').eval()\nm("
        assert reader.parameters(code) == [parameter.name for parameter in found.entry.call.parameters]
        asked += 1
    assert asked > 5


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("from transformers import DeiTModel\nDeiTModel.from_pretrained('x')", "DeiTModel"),
        ("from transformers import DeiTModel as D\nx = D(None).half().cuda()\nx", "DeiTModel"),
        ("from transformers import DeiTModel\nx = DeiTModel(None)(None)\nx", "BaseModelOutputWithPooling"),
        ("from transformers import DeiTModel\nx = DeiTModel(None).forward(None)\nx", "BaseModelOutputWithPooling"),
        ("from transformers import BertTokenizer as T\nx = T.from_pretrained('x')\nx", "BertTokenizer"),
        ("from transformers import BertConfig as C\nx = C.from_pretrained('x')\nx", "BertConfig"),
        ("import torch.nn as nn\nx = nn.Linear(1, 2).to('cuda')\nx", "Linear"),
        ("from torch import nn\nclass Net(nn.Module):\n    pass\nx = Net().train()\nx", "Net"),
        ("from transformers import BertModel\nclass Own(BertModel): pass\nx = Own.from_pretrained('x')\nx", "Own"),
    ],
)
def test_instances(reader: Reader, code: str, expected: str) -> None:
    if code.endswith(")"):
        code = code.replace("\n", "\nx = ", 1) + "\nx"
    found = reader.infer(code)
    assert [name.rpartition(".")[2] for name in found] == [expected]
    assert all(name.startswith("instance ") for name in found)


def test_what_an_auto_class_gives_is_not_guessed(reader: Reader) -> None:
    assert reader.infer("from transformers import AutoModel\nx = AutoModel.from_pretrained('bert')\nx") == []


def source(*entries: Entry) -> StubSource:
    modules: dict[str, list[Entry]] = {}
    for entry in entries:
        modules.setdefault(entry.module, []).append(entry)
    return StubSource(modules, {}, {entry.qualified: entry for entry in entries}.get)


ALL_KINDS = (
    Parameter("a", Kind.POSITIONAL_ONLY),
    Parameter("b", Kind.POSITIONAL_ONLY, "1"),
    Parameter("c", default="None"),
    Parameter("rest", Kind.VAR_POSITIONAL),
    Parameter("d", Kind.KEYWORD_ONLY),
    Parameter("e", Kind.KEYWORD_ONLY, "object()"),
    Parameter("more", Kind.VAR_KEYWORD),
)


@pytest.mark.parametrize(
    "parameters",
    [ALL_KINDS[:end] for end in range(len(ALL_KINDS) + 1)]
    + [ALL_KINDS[start:] for start in range(len(ALL_KINDS))]
    + [(ALL_KINDS[2], *ALL_KINDS[4:]), (ALL_KINDS[0], ALL_KINDS[4]), (ALL_KINDS[4], ALL_KINDS[6])],
)
def test_parameters_are_written_as_they_are(parameters: tuple[Parameter, ...]) -> None:
    """Python reads the same parameters, of the same kinds, out of the stub."""
    entries = (
        Entry("f", "m", "function", call=Signature(parameters)),
        Entry("C", "m", init=Signature(parameters)),
    )
    ((_, text),) = stub_files(source(*entries), METHODS)
    definitions = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)]
    assert [definition.name for definition in definitions] == ["f", "__init__"]
    for definition in definitions:
        args = definition.args
        variadic = [arg for arg in (args.vararg, args.kwarg) if arg]
        found = {
            Kind.POSITIONAL_ONLY: [arg.arg for arg in args.posonlyargs],
            Kind.POSITIONAL_OR_KEYWORD: [arg.arg for arg in args.args],
            Kind.KEYWORD_ONLY: [arg.arg for arg in args.kwonlyargs],
        }
        names = [name for group in found.values() for name in group if name != "self"]
        assert sorted(names + [arg.arg for arg in variadic]) == sorted(p.name for p in parameters)
        for parameter in parameters:
            if parameter.kind in found:
                assert parameter.name in found[parameter.kind]


def test_a_base_that_another_base_brings_is_not_named_again() -> None:
    top = Entry("Top", "m")
    middle = Entry("Middle", "m", mro=("m.Top",))
    mixin = Entry("Mixin", "n")
    low = Entry("Low", "n", mro=("m.Middle", "m.Top", "n.Mixin", "nowhere.Unknown"))
    texts = dict(stub_files(source(top, middle, mixin, low), METHODS))
    (cls,) = [node for node in ast.parse(texts["n.pyi"]).body if isinstance(node, ast.ClassDef) and node.name == "Low"]
    assert [ast.unparse(base) for base in cls.bases] == ["_0_Middle", "Mixin"]


def test_packages_and_modules_have_their_places() -> None:
    paths = [path for path, _ in stub_files(source(Entry("C", "a.b.c"), Entry("D", "a.b")), METHODS)]
    assert paths == ["a/__init__.pyi", "a/b/__init__.pyi", "a/b/c.pyi"]


def test_names_that_python_cannot_write_are_left_out() -> None:
    entries = (Entry("Fine", "m"), Entry("f.<locals>.g", "m", "function"), Entry("Outer.Inner", "m"))
    ((_, text),) = stub_files(source(*entries), METHODS)
    assert [node.name for node in ast.parse(text).body if isinstance(node, ast.ClassDef)] == ["Fine"]


def test_a_tree_is_written_once_and_whole(tmp_path: Path) -> None:
    made: list[int] = []

    def make() -> StubSource:
        made.append(1)
        return source(Entry("C", "m"))

    (tmp_path / "tree" / "m").mkdir(parents=True)  # what is left of a tree that somebody has cleared
    for _ in range(2):
        assert is_complete(write_stubs(tmp_path / "tree", make, METHODS))
    assert made == [1]
    assert [path.name for path in tmp_path.iterdir()] == ["tree"]


def test_failing_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        write_stubs(tmp_path / "tree", lambda: 1 // 0, METHODS)  # type: ignore[arg-type, return-value]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_tree_of_what_is_installed(tmp_path: Path) -> None:
    """Made in a process of its own; where it cannot be written there is none."""
    installed = (Installed("nothing", "1.0", "fingerprint"),)
    tree = stub_tree(installed, tmp_path, tmp_path / "stubs")
    assert tree and is_complete(Path(tree))
    assert stub_tree(installed, tmp_path, tmp_path / "stubs") == tree
    (tmp_path / "file").touch()
    assert stub_tree(installed, tmp_path, tmp_path / "file") == ""


@pytest.mark.slow
def test_shipped_signatures(tmp_path: Path) -> None:
    """What users get who have no library installed."""
    signatures = open_signatures(None)
    if signatures.find("transformers.DeiTModel") is None:
        pytest.skip("no signatures are shipped")
    reader = Reader(Path(stub_tree(None, None, tmp_path / "stubs")))
    code = "from transformers import DeiTForImageClassification as D\nm = D.from_pretrained('x')\nm("
    assert {"pixel_values", "labels"} <= set(reader.parameters(code))
    assert reader.parameters("import torch.nn.functional as F\nF.cross_entropy(")[:2] == ["input", "target"]
    assert reader.infer("import torch\nx = torch.nn.DataParallel(1)\nx") == [
        "instance torch.nn.parallel.data_parallel.DataParallel"
    ]
