"""What jedi says of names of other files: a small project, each way of naming a thing, one answer each."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from keyward.inference.answers import Answer, Definition, Question
from keyward.inference.values import Instance, LibraryClass, Module, Unknown, UserClass, UserFunction, Value
from keyward.session.jedi_client import JediClient
from keyward.session.oracle import Oracle

FILES = {
    "pyproject.toml": "",
    "scripts/train.py": "from mylib import build_model\n",
    "scripts/helpers.py": "def helper(): return 1\nfrom train import build_model as again\n",
    "src/mylib/__init__.py": "from .factory import build_model\nfrom .nets import *\nfrom . import circle_a\n",
    "src/mylib/nets.py": """
from transformers import DeiTModel
__all__ = ["Net", "Base"]
class Base:
    @classmethod
    def make(cls) -> "Net": return Net()
    @classmethod
    def guess(cls): return cls()
class Net(Base):
    class Inner: pass
    def forward(self, x): return x
class Left: pass
class Right: pass
""",
    "src/mylib/factory.py": """
from typing import Optional
from .nets import Net, DeiTModel
from mylib.nets import DeiTModel as Renamed
def build_model(): return DeiTModel.from_pretrained("x")
def annotated() -> Net: return load()
def annotated_library() -> DeiTModel: return load()
def one_of_two(flag):
    if flag:
        return load()
    return Net()
def local():
    class Local: pass
    return Local
model = DeiTModel.from_pretrained("x")
count = 3
""",
    "src/mylib/choices.py": """
try:
    from nowhere import Net as Guarded
except ImportError:
    from .nets import Net as Guarded
if condition:
    from .nets import Left as Chosen
else:
    from .nets import Right as Chosen
Replaced = 1
from .nets import Net as Replaced
from .nets import Left as Rebound
Rebound = wrap(Rebound)
class Twice: pass
class Twice: pass
if condition:
    class Branching: x = 1
else:
    class Branching: x = 2
try:
    import nowhere
    Either = nowhere.Either
except ImportError:
    class Either: pass
""",
    "src/mylib/circle_a.py": "from .circle_b import B\nclass A: pass\n",
    "src/mylib/circle_b.py": "from .circle_a import A\nclass B(A): pass\n",
    "src/mylib/deep/__init__.py": "",
    "src/mylib/deep/er/__init__.py": "from ...nets import Net as Deepest\n",
    "src/mylib/deep/er/broken.py": "class Fine: pass\ndef half(:\n    x = (\n",
    "src/mylib/deep/er/binary.py": "\udcff\udcfe\x00",
}

STUBS = {
    "transformers/__init__.pyi": "from transformers.models.deit import DeiTModel as DeiTModel\n",
    "transformers/models/__init__.pyi": "",
    "transformers/models/deit.pyi": """
from typing import Type, TypeVar
_T = TypeVar("_T")
class DeiTModel:
    @classmethod
    def from_pretrained(cls: Type[_T], name: str) -> _T: ...
""",
}

DEIT = LibraryClass("transformers.models.deit.DeiTModel")


@dataclass
class Project:
    folder: Path
    oracle: Oracle

    def path(self, name: str) -> str:
        return str(self.folder / name)

    def ask(self, asker: str, module: str, name: str, kind: str = "object", level: int = 0) -> Answer:
        question = Question(self.path(asker), module, level, name, kind)  # type: ignore[arg-type]
        answer = self.oracle.ask_all((question,)).get(question)
        assert answer is not None
        return answer

    def cls(self, file: str, name: str) -> UserClass:
        return UserClass(self.path(f"src/mylib/{file}"), name)


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8", errors="surrogateescape")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    folder, stubs, cache = (tmp_path_factory.mktemp(name) for name in ("project", "stubs", "cache"))
    write(folder, FILES)
    write(stubs, STUBS)
    client = JediClient(str(cache), limit=60.0, start_limit=120.0)
    oracle = Oracle([str(folder)], client=client, stubs=lambda: str(stubs))
    yield Project(folder, oracle)
    oracle.close()


def sure(answer: Answer) -> Value:
    assert answer.known, answer
    return answer.value


def test_reexport_of_a_function(project: Project) -> None:
    answer = project.ask("scripts/train.py", "mylib", "build_model")
    factory = project.path("src/mylib/factory.py")
    assert sure(answer) == {UserFunction(factory, "build_model")}
    assert answer.definition == Definition("function", factory, "build_model")
    assert {factory, project.path("src/mylib/__init__.py")} <= answer.files


@pytest.mark.parametrize(
    ("module", "name", "file", "qualname"),
    [
        ("mylib", "Net", "nets.py", "Net"),  # through a star import
        ("mylib.nets", "Net.Inner", "nets.py", "Net.Inner"),
        ("mylib.circle_a", "B", "circle_b.py", "B"),
        ("mylib.circle_b", "A", "circle_a.py", "A"),
        ("mylib", "circle_a.A", "circle_a.py", "A"),
        ("mylib.deep.er", "Deepest", "nets.py", "Net"),
        ("mylib.deep.er.broken", "Fine", "deep/er/broken.py", "Fine"),
        ("mylib.choices", "Replaced", "nets.py", "Net"),
        ("mylib.choices", "Twice", "choices.py", "Twice"),
    ],
)
def test_class(project: Project, module: str, name: str, file: str, qualname: str) -> None:
    answer = project.ask("scripts/train.py", module, name)
    assert sure(answer) == {project.cls(file, qualname)}
    assert answer.definition == Definition("class", project.path(f"src/mylib/{file}"), qualname)
    assert project.oracle.answers.source(project.path(f"src/mylib/{file}")) is not None


@pytest.mark.parametrize(
    ("asker", "module", "level", "name", "file", "qualname"),
    [
        ("src/mylib/factory.py", "nets", 1, "Net", "nets.py", "Net"),
        ("src/mylib/factory.py", "", 1, "Net", "nets.py", "Net"),
        ("src/mylib/deep/er/broken.py", "nets", 3, "Net", "nets.py", "Net"),
        ("src/mylib/deep/er/broken.py", "", 3, "circle_a.A", "circle_a.py", "A"),
        ("src/mylib/deep/er/broken.py", "", 1, "Deepest", "nets.py", "Net"),
        ("src/mylib/circle_a.py", "circle_b", 1, "B", "circle_b.py", "B"),
    ],
)
def test_relative_import(
    project: Project, asker: str, module: str, level: int, name: str, file: str, qualname: str
) -> None:
    assert sure(project.ask(asker, module, name, level=level)) == {project.cls(file, qualname)}


@pytest.mark.parametrize(
    ("asker", "module", "level", "name", "full", "file"),
    [
        ("scripts/train.py", "mylib.nets", 0, "", "mylib.nets", "src/mylib/nets.py"),
        ("scripts/train.py", "mylib", 0, "nets", "mylib.nets", "src/mylib/nets.py"),
        ("scripts/train.py", "mylib", 0, "", "mylib", "src/mylib/__init__.py"),
        ("scripts/train.py", "helpers", 0, "", "helpers", "scripts/helpers.py"),
        ("src/mylib/nets.py", "circle_a", 1, "", "mylib.circle_a", "src/mylib/circle_a.py"),
        ("src/mylib/nets.py", "", 1, "circle_a", "mylib.circle_a", "src/mylib/circle_a.py"),
    ],
)
def test_module(project: Project, asker: str, module: str, level: int, name: str, full: str, file: str) -> None:
    answer = project.ask(asker, module, name, level=level)
    assert sure(answer) == {Module(full)}
    assert answer.definition == Definition("module", project.path(file), "")


def test_sibling_of_a_script(project: Project) -> None:
    answer = project.ask("scripts/train.py", "helpers", "helper")
    assert sure(answer) == {UserFunction(project.path("scripts/helpers.py"), "helper")}


def test_circle_through_the_asking_file(project: Project) -> None:
    answer = project.ask("scripts/train.py", "helpers", "again")
    assert sure(answer) == {UserFunction(project.path("src/mylib/factory.py"), "build_model")}


def test_library_class_through_files_of_the_project(project: Project) -> None:
    for name in ("DeiTModel", "Renamed"):
        answer = project.ask("scripts/train.py", "mylib.factory", name)
        assert sure(answer) == {DEIT}
        assert answer.definition is None


@pytest.mark.parametrize(
    ("module", "name", "expected"),
    [
        ("mylib", "Net", "Net"),
        ("mylib", "Net.make", "Net"),
        ("mylib.factory", "annotated", "Net"),
        ("mylib.factory", "annotated_library", DEIT),
        ("mylib.factory", "DeiTModel.from_pretrained", DEIT),
    ],
)
def test_declared_result(project: Project, module: str, name: str, expected: str | LibraryClass) -> None:
    cls = project.cls("nets.py", expected) if isinstance(expected, str) else expected
    assert sure(project.ask("scripts/train.py", module, name, "result")) == {Instance(cls)}


@pytest.mark.parametrize("name", ["build_model", "one_of_two", "local", "Net.guess"])
def test_result_that_is_not_declared_is_a_guess(project: Project, name: str) -> None:
    answer = project.ask("scripts/train.py", "mylib.factory", name, "result")
    assert not answer.known
    assert answer.definition is not None
    assert answer.definition.qualname == name.replace("Net.guess", "Base.guess")


def test_guess_names_what_jedi_sees(project: Project) -> None:
    assert Instance(DEIT) in project.ask("scripts/train.py", "mylib.factory", "build_model", "result").value
    assert Instance(DEIT) in project.ask("scripts/train.py", "mylib.factory", "model").value


@pytest.mark.parametrize(
    ("module", "name", "file"),
    [
        ("mylib.factory", "model", "factory.py"),
        ("mylib.factory", "count", "factory.py"),
        ("mylib.choices", "Guarded", "choices.py"),
        ("mylib.choices", "Rebound", "choices.py"),
        ("mylib.choices", "Either", "choices.py"),
        ("mylib.choices", "Branching", "choices.py"),
    ],
)
def test_variable_is_never_sure_and_says_where_it_is_bound(project: Project, module: str, name: str, file: str) -> None:
    answer = project.ask("scripts/train.py", module, name)
    assert not answer.known
    assert answer.definition == Definition("variable", project.path(f"src/mylib/{file}"), name)


def test_both_branches_of_a_choice(project: Project) -> None:
    answer = project.ask("scripts/train.py", "mylib.choices", "Chosen")
    assert sure(answer) == {project.cls("nets.py", "Left"), project.cls("nets.py", "Right")}


@pytest.mark.slow
@pytest.mark.parametrize("damage", ["garbage", "truncated", "unreadable", "a file in its place"])
def test_damaged_cache_of_parsed_files_is_as_none(tmp_path: Path, damage: str) -> None:
    stubs, cache = tmp_path / "stubs", tmp_path / "cache"
    write(stubs, STUBS)
    write(tmp_path, {"lib.py": "from transformers import DeiTModel\ndef make() -> DeiTModel: ...\n"})
    asked = Question(str(tmp_path / "a.py"), "lib", 0, "make", "result")

    def ask() -> Value:
        client = JediClient(str(cache), limit=60.0, start_limit=120.0)
        ((_, answer),) = client.ask(str(tmp_path), (str(tmp_path),), (asked,), str(stubs))
        client.stop()
        return answer.value

    assert ask() == {Instance(DEIT)}
    pickles = list(cache.rglob("*.pkl"))
    assert pickles
    for pickled in pickles:
        content = pickled.read_bytes()
        match damage:
            case "garbage":
                pickled.write_bytes(b"garbage")
            case "truncated":
                pickled.write_bytes(content[: len(content) // 2])
            case "unreadable":
                pickled.unlink()
                pickled.mkdir()
    if damage == "a file in its place":
        shutil.rmtree(cache)
        cache.touch()
    assert ask() == {Instance(DEIT)}


def test_installed_library_is_known_by_its_stubs_alone(tmp_path: Path) -> None:
    site = tmp_path / "site-packages"
    write(tmp_path / "stubs", STUBS)
    write(site, {"transformers/__init__.py": "", "transformers/real.py": "class Real: pass\n", "other.py": "x = 1\n"})
    client = JediClient(str(tmp_path / "cache"), limit=60.0, start_limit=120.0)
    oracle = Oracle([str(tmp_path)], client=client, stubs=lambda: str(tmp_path / "stubs"))
    asker = str(site / "transformers" / "asking.py")
    known, real, other = (
        Question(asker, "models.deit", 1, "DeiTModel"),
        Question(asker, "real", 1, "Real"),
        Question(asker, "other", 0, "x"),
    )
    answers = oracle.ask_all([known, real, other])
    oracle.close()
    assert [answer.known for q in (known, real, other) if (answer := answers.get(q))] == [True, False, False]
    assert (answer := answers.get(known)) and answer.value == {DEIT}


def test_files_of_the_user_are_never_kept_on_disk(tmp_path: Path) -> None:
    write(tmp_path, {"lib.py": "class One: pass\n", "other.py": "class One: pass\n"})
    asked = Question(str(tmp_path / "a.py"), "lib", 0, "One")

    def ask(client: JediClient) -> Value:
        ((_, answer),) = client.ask(str(tmp_path), (str(tmp_path),), (asked,))
        return answer.value

    client = JediClient(str(tmp_path / "cache"), limit=60.0, start_limit=120.0)
    assert ask(client) == {UserClass(str(tmp_path / "lib.py"), "One")}
    write(tmp_path, {"lib.py": "from other import One\n"})
    os.utime(tmp_path / "lib.py", (1e9, 1e9))  # older than what was there before
    assert ask(client) == {UserClass(str(tmp_path / "other.py"), "One")}
    write(tmp_path, {"lib.py": "class One: x = 1\n"})
    os.utime(tmp_path / "lib.py", (5e8, 5e8))
    client.rest()
    assert ask(client) == {UserClass(str(tmp_path / "lib.py"), "One")}
    client.stop()


def test_nonsense_harms_no_other_question(project: Project) -> None:
    asker = project.path("scripts/train.py")
    names = ("x(", "class", "x y", '"""', "Net", "\\", "x.", "Base")
    questions = {name: Question(asker, "mylib.nets", 0, name) for name in names}
    answers = project.oracle.ask_all(questions.values())
    known = {name for name, question in questions.items() if (answer := answers.get(question)) and answer.known}
    assert known == {"Net", "Base"}


@pytest.mark.parametrize(
    ("asker", "module", "level", "name", "missing"),
    [
        ("scripts/train.py", "mylib", 0, "nothing", True),
        ("scripts/train.py", "mylib.nets", 0, "Net.nothing", True),
        ("scripts/train.py", "mylib.nothing", 0, "x", False),
        ("scripts/train.py", "nothing", 0, "x", False),
        ("scripts/train.py", "", 5, "x", True),
        ("scripts/train.py", "", 1, "", False),
        ("scripts/train.py", "json", 0, "loads", False),
        ("scripts/train.py", "transformers", 0, "Nothing", False),
        ("scripts/train.py", "mylib.deep.er.binary", 0, "x", True),
        ("scripts/train.py", "mylib", 0, "class", True),
        ("scripts/train.py", "mylib", 0, "x y", True),
    ],
)
def test_what_cannot_be_found_is_unknown(
    project: Project, asker: str, module: str, level: int, name: str, missing: bool
) -> None:
    answer = project.ask(asker, module, name, level=level)
    assert not answer.known
    assert all(isinstance(atom, Unknown) and atom.reason for atom in answer.value)
    assert answer.definition is None
    assert answer.missing == missing
