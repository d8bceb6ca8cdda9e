"""Our flow and jedi, held against each other on real code: where both say what an expression is, they must agree.

jedi is asked within one file, where the flow needs no help of it, and sees the libraries by the stub tree.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import jedi
import pytest
from jedi.api.environment import InterpreterEnvironment

from environments import REAL, ROOT, interpreter
from keyward.environment.fingerprint import installed, site_folders
from keyward.environment.index import update_index
from keyward.environment.interpreter import find_interpreter
from keyward.inference.engine import analyse
from keyward.inference.libraries import MAKES_INSTANCE, RETURNS_SELF, TRANSPARENT_WRAPPERS
from keyward.inference.results import BUILTINS
from keyward.inference.values import Atom, Instance, LibraryClass, LibraryFunction, UserClass, UserFunction
from keyward.inference.world import World
from keyward.signatures.store import Signatures, open_signatures
from keyward.signatures.stub_text import Methods
from keyward.signatures.stubs import stub_source, write_stubs
from keyward.source.tree import Source
from keyward.text import Unit

pytestmark = pytest.mark.real

FAMILIES = "bart bert clip deberta_v2 deit detr distilbert gpt2 llama roberta segformer swin t5 vit whisper xlnet"
LEAST_AGREEMENTS = 5_000
"""So that the test cannot pass by comparing nothing."""


# `self.downsample = downsample(dim=dim) if downsample is not None else None`: jedi does not look at what the calls in
# the file give the parameter, and keeps None alone. The flow is right: a `SwinPatchMerging` is what runs in that place.
JUDGED = [
    f"modeling_swin.py:{place}: [('instance', 'SwinPatchMerging')] and for jedi [('instance', 'NoneType')]"
    for place in ("675:29", "699:27", "700:44")
]
"""The disagreements, each looked at; any other fails."""


@dataclass
class Library:
    """The installed transformers, what is known of it, and a stub tree of that."""

    folder: Path
    signatures: Signatures
    tree: Path


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    found = find_interpreter(interpreter(REAL[0]))
    signatures = open_signatures(installed(found))
    if signatures.find("transformers.DeiTModel") is None:
        report = update_index(found, tmp_path_factory.mktemp("cache"), only=["torch", "transformers"])
        signatures = open_signatures(installed(found), report.cache)
    folder = next(path for site in site_folders(found) if (path := site / "transformers").is_dir())
    methods = Methods(makers=MAKES_INSTANCE, fluent=RETURNS_SELF)
    tree = write_stubs(tmp_path_factory.mktemp("stubs") / "tree", lambda: stub_source(signatures), methods)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jedi.settings, "cache_directory", str(tmp_path_factory.mktemp("jedi")))
        for guess in ("dynamic_params", "dynamic_params_for_other_modules", "dynamic_array_additions"):
            patch.setattr(jedi.settings, guess, False)
        yield Library(folder, signatures, tree)


def files(library: Library) -> list[Path]:
    models = [path for family in FAMILIES.split() for path in library.folder.glob(f"models/{family}/modeling_*.py")]
    return [*(ROOT / "examples").rglob("*.py"), *models, *library.folder.glob("pipelines/*.py")]


def test_they_agree_where_both_answer(library: Library) -> None:
    agreements = 0
    disagreements = []
    for path in files(library):
        for where, flow, seen in compared(path, library):
            if flow & seen:
                agreements += 1
            elif not explained(flow, seen):
                disagreements.append(f"{where}: {sorted(flow)} and for jedi {sorted(seen)}")
    assert disagreements == JUDGED
    assert agreements > LEAST_AGREEMENTS


Names = set[tuple[str, str]]
"""Kind ("instance", "class", "function") and qualified name."""


def explained(flow: Names, seen: Names) -> bool:
    # `name: Class` in a class body: jedi gives the annotation itself. A TypedDict: jedi knows that it is a dictionary.
    return {("class", name) for _, name in flow} == seen or seen == {("instance", "dict")}


def compared(path: Path, library: Library) -> Iterator[tuple[str, Names, Names]]:
    """Each expression that the flow and jedi both know: where it is, what it is for the one and for the other."""
    text = path.read_bytes()
    source = Source.parse(str(path), text)
    project = jedi.Project(path.parent, sys_path=[str(library.tree), str(path.parent)], smart_sys_path=False)
    script = jedi.Script(text.decode(), path=path, project=project, environment=InterpreterEnvironment())
    for unit, result in analyse(source, World(library.signatures)).results:
        for span, value in result.values.items():
            flow = {name for atom in value if (name := named(atom))}
            if not flow or len(flow) < len(value):
                continue
            place = source.lines.position(unit.start + span.end, Unit.CODE_POINT)
            seen: Names = set()
            for name in script.infer(place.line + 1, place.column):
                own = name.module_path == path
                full = name.full_name or ""
                seen.add((name.type, full[len(name.module_name) + 1 :] if own else full.removeprefix("builtins.")))
            if seen:
                yield f"{path.name}:{place.line + 1}:{place.column + 1}", flow, seen


def named(atom: Atom) -> tuple[str, str] | None:
    """None where jedi would say it otherwise, or nothing."""
    match atom:
        case Instance(LibraryClass(name)) | Instance(UserClass(_, name)):
            return "instance", name
        case LibraryClass(name) | UserClass(_, name):
            return "class", name
        case LibraryFunction(name) if name not in BUILTINS and name not in TRANSPARENT_WRAPPERS:
            return "function", name
        case UserFunction(_, name):
            return "function", name
    return None
