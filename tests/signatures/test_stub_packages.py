"""Stub packages for type checkers: what their files say, read as Python."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest

from keyward.cli.stubs import METHODS
from keyward.signatures.model import Entry, Field, Kind, Parameter, Signature
from keyward.signatures.store import Signatures, open_signatures
from keyward.signatures.stub_annotations import plain_default, shown
from keyward.signatures.stub_folder import ForeignPackageError, write_package
from keyward.signatures.stub_packages import Checker, package_files
from keyward.signatures.stub_text import StubSource
from keyward.signatures.stubs import stub_source

REST = Parameter("kwargs", Kind.VAR_KEYWORD)
PIXELS = Parameter("pixels", default="None", annotation="torch.FloatTensor | None", doc='`(batch,)`: the "pixels"')


def files(*entries: Entry, top: str = "lib") -> dict[str, str]:
    modules: dict[str, list[Entry]] = {}
    for entry in entries:
        modules.setdefault(entry.module, []).append(entry)
    find = {entry.qualified: entry for entry in entries}.get
    return dict(package_files(top, StubSource(modules, {}, find), METHODS))


def classes(text: str) -> dict[str, ast.ClassDef]:
    return {node.name: node for node in ast.parse(text).body if isinstance(node, ast.ClassDef)}


def method(cls: ast.ClassDef, name: str) -> ast.FunctionDef:
    (found,) = [node for node in cls.body if isinstance(node, ast.FunctionDef) and node.name == name]
    return found


def model(name: str = "Model", call: Signature | None = None, **fields: Any) -> Entry:
    return Entry(name, "lib.models", "model", call=call or Signature((PIXELS,)), **fields)


def forward(call: Signature, *others: Entry) -> ast.FunctionDef:
    """The `forward` of a class that is called so, beside one that is closed."""
    return method(classes(files(model(call=call), model("Closed"), *others)["models.pyi"])["Model"], "forward")


@pytest.fixture(scope="module")
def written(standin: Signatures) -> dict[str, str]:
    return dict(package_files("transformers", stub_source(standin, "transformers"), METHODS))


# --- which files there are -------------------------------------------------------------------------------------------


def test_a_package_is_partial_and_lazy_ones_have_their_names(written: dict[str, str]) -> None:
    assert written["py.typed"] == "partial\n"
    assert "import DeiTForImageClassification as DeiTForImageClassification" in written["__init__.pyi"]
    assert "import DeiTModel as DeiTModel" not in written["models/__init__.pyi"]
    assert "DeiTModel as DeiTModel" in written["models/deit/__init__.pyi"]


def test_what_the_source_says_as_well_is_left_to_it(written: dict[str, str]) -> None:
    assert {"models/deit/modeling_deit.pyi", "modeling_outputs.pyi", "models/auto/modeling_auto.pyi"} <= set(written)
    assert not {"modeling_utils.pyi", "models/deit/configuration_deit.pyi", "trainer.pyi"} & set(written)


def test_every_file_is_python(written: dict[str, str]) -> None:
    for path, text in written.items():
        if path.endswith(".pyi"):
            compile(text, path, "exec")


@pytest.mark.slow
def test_every_file_of_the_shipped_signatures_is_python() -> None:
    signatures = open_signatures(None)
    if signatures.find("transformers.DeiTModel") is None:
        pytest.skip("no signatures are shipped")
    found = dict(package_files("transformers", stub_source(signatures, "transformers"), METHODS))
    names = [path for path in found if "modeling_" in path]
    assert len(names) > 100
    for path in names:
        compile(found[path], path, "exec")


def test_a_module_with_other_things_in_it_is_left_alone() -> None:
    assert files(model(), Entry("helper", "lib.models", "function", call=Signature())) == {}


def test_a_library_of_open_calls_is_left_alone() -> None:
    assert files(model(call=Signature((PIXELS, REST), extra="open"))) == {}


# --- what a call takes -----------------------------------------------------------------------------------------------


def test_parameters_keep_names_kinds_and_plain_defaults() -> None:
    call = Signature((Parameter("a"), PIXELS, Parameter("c", Kind.KEYWORD_ONLY, "object()"), REST), extra="ignored")
    args = forward(call).args
    assert [arg.arg for arg in args.args] == ["self", "a", "pixels"]
    assert [ast.unparse(default) for default in args.defaults] == ["None"]
    assert [arg.arg for arg in args.kwonlyargs] == ["c"]
    assert [default and ast.unparse(default) for default in args.kw_defaults] == ["..."]


def test_dropped_keywords_find_no_place() -> None:
    accepts = {"output_attentions": "Way", "pixels": "Way", "self": "Way", "kwargs": "Way", "class": "Way", "a-b": ""}
    args = forward(Signature((PIXELS, REST), accepts=accepts, extra="ignored", renamed={"images": "pixels"})).args
    assert [arg.arg for arg in args.kwonlyargs] == ["output_attentions", "images"]
    assert args.kwarg is None


@pytest.mark.parametrize(
    "call",
    [
        Signature((PIXELS, REST), accepts={"x": "Way"}, extra="open"),
        Signature((PIXELS, REST), accepts={"x": "Way"}, extra="ignored", prefixes=("image_",)),
        Signature((PIXELS, REST), accepts={"x": "Way"}, extra="ignored", prefixes=("output_",)),
    ],
)
def test_an_open_call_takes_any_keyword(call: Signature) -> None:
    args = forward(call).args
    assert [arg.arg for arg in args.kwonlyargs] == ["x"]
    assert args.kwarg is not None and args.kwarg.arg == "kwargs"


def test_what_is_asked_of_an_output_has_the_names_of_its_fields() -> None:
    output = Entry("Out", "lib.outputs", "output", fields=(Field("states"), Field("masks")))
    call = Signature((REST,), extra="ignored", prefixes=("output_",), returns=output.qualified)
    found = forward(call, output)
    assert [arg.arg for arg in found.args.kwonlyargs] == ["output_states", "output_masks"]
    assert found.args.kwarg is None


def test_a_call_takes_what_the_forward_of_the_very_class_takes(written: dict[str, str]) -> None:
    """`__call__` stands in the base alone and is bound by `forward`, so that a class of the user's may override it."""
    found = classes(written["models/deit/modeling_deit.pyi"])
    assert "ParamSpec" in written["_keyward_types.pyi"]
    text = ast.unparse(found["DeiTPreTrainedModel"])
    assert "def __call__(self: _Forward[_P, _R], *args: _P.args, **kwargs: _P.kwargs) -> _R" in text
    assert "__call__" not in ast.unparse(found["DeiTModel"])
    named = {arg.arg for arg in method(found["DeiTModel"], "forward").args.kwonlyargs}
    assert {"output_hidden_states"} <= named and "labels" not in named


def test_unknown_bases_are_for_pyright_alone(standin: Signatures) -> None:
    source = stub_source(standin, "transformers")
    checkers: tuple[Checker, ...] = ("pyright", "mypy", "ty")
    texts = [dict(package_files("transformers", source, METHODS, checker)) for checker in checkers]
    told = ["self: _Nobody" in files["models/deit/modeling_deit.pyi"] for files in texts]
    assert told == [True, False, False]


def test_documentation_can_hold_anything() -> None:
    call = Signature((Parameter("a", doc='ends in """ and \\'), PIXELS))
    assert (ast.get_docstring(forward(call)) or "").splitlines() == [
        "Args:",
        "    a: ends in ''' and \\",
        "    pixels: `(batch,)`: the 'pixels'",
    ]


# --- what a class has ------------------------------------------------------------------------------------------------


def test_what_is_not_known_of_a_model_is_no_error(written: dict[str, str]) -> None:
    found = classes(written["models/deit/modeling_deit.pyi"])
    base = found["DeiTPreTrainedModel"]
    assert [ast.unparse(keyword) for keyword in base.keywords] == ["metaclass=_Open"]
    assert {"to", "eval", "from_pretrained", "generate", "__getattr__", "__setattr__"} <= {
        node.name for node in base.body if isinstance(node, ast.FunctionDef)
    }
    assert "config: Any" in ast.unparse(base)
    assert not found["DeiTModel"].keywords
    for path, text in written.items():
        if path.endswith(".pyi") and path != "_keyward_types.pyi":
            assert "def __getattr__(name: str) -> _Any" in text


def test_bases_without_signatures_are_named_where_they_are() -> None:
    entry = model(mro=("other.place.Base", "abc.ABC", "Bad"))
    text = files(entry)["models.pyi"]
    assert [ast.unparse(base) for base in classes(text)["Model"].bases] == ["_0_Base"]
    assert "from other.place import Base as _0_Base\n" in text


def test_a_mixin_before_the_base_does_not_hide_what_models_override() -> None:
    mixin = Entry("Mixin", "elsewhere.mixin")
    text = files(model("Base"), model(mro=("elsewhere.mixin.Mixin", "lib.models.Base")), mixin)["models.pyi"]
    assert method(classes(text)["Model"], "generate")


def test_outputs_are_dataclasses_of_anything(written: dict[str, str]) -> None:
    output = classes(written["modeling_outputs.pyi"])["ImageClassifierOutput"]
    assert [ast.unparse(decorator) for decorator in output.decorator_list] == ["_dataclass"]
    assert {"loss: Any = ...", "logits: Any = ..."} <= {ast.unparse(node) for node in output.body}
    assert "__getattr__" not in ast.unparse(output)
    forward = method(classes(written["models/deit/modeling_deit.pyi"])["DeiTForImageClassification"], "forward")
    assert ast.unparse(forward.returns or forward).endswith("_ImageClassifierOutput | Any")


def test_what_an_auto_class_gives_is_not_guessed(written: dict[str, str]) -> None:
    made = method(classes(written["models/auto/modeling_auto.pyi"])["AutoModel"], "from_pretrained")
    assert ast.unparse(made.returns or made) == "Any"


# --- annotations and defaults ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("annotation", "expected"),
    [
        ("torch.Tensor | None", "torch.Tensor | Any | None"),
        ("Optional[torch.LongTensor]", "torch.LongTensor | Any | None"),
        ("typing.Union[int, torch.Tensor]", "int | torch.Tensor | Any"),
        ("Optional[Tuple[Tuple[torch.Tensor, ...], ...]]", "tuple[tuple[torch.Tensor, ...], ...] | Any | None"),
        ("List[int] | Dict[str, torch.Tensor]", "list[int] | dict[str, torch.Tensor] | Any"),
        ("bool", "bool | Any"),
        ("dict[str, Any]", "dict[str, Any] | Any"),
        ("Any", "Any"),
        ("int | Any", "Any"),
        ("None", "Any"),
        ("Cache | None", "Any"),
        ("list[Cache]", "Any"),
        ("torch.nn.Module", "Any"),
        ("torch.Tensr", "Any"),
        ("Callable[[int], str]", "Any"),
        ("", "Any"),
        ("int |", "Any"),
    ],
)
def test_annotations_are_shown_and_accept_everything(annotation: str, expected: str) -> None:
    assert shown(annotation) == expected


@pytest.mark.parametrize(
    ("default", "expected"),
    [
        ("None", "None"),
        ("-1.5", "-1.5"),
        ("'mean'", "'mean'"),
        ("<object>", "..."),
        ("[1]", "..."),
        ("'" + "x" * 99 + "'", "..."),
    ],
)
def test_defaults(default: str, expected: str) -> None:
    assert plain_default(default) == expected


# --- on disk ---------------------------------------------------------------------------------------------------------

OLD = {"py.typed": "partial\n", "helper.pyi": "", "old/a.pyi": "a: int\n", "b.pyi": "b: int\n"}
NEW = {"py.typed": "partial\n", "helper.pyi": "", "b.pyi": "b: str\n"}


def test_a_package_takes_the_place_of_its_former_version(tmp_path: Path) -> None:
    folder = tmp_path / "lib-stubs"
    assert write_package(folder, OLD, "lib 1.0").files == 4
    (folder / "old" / "mine.txt").touch()
    assert write_package(folder, NEW, "lib 2.0").files == 3
    assert sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()) == [
        "b.pyi",
        "helper.pyi",
        "old/mine.txt",
        "py.typed",
    ]
    assert (folder / "b.pyi").read_text().endswith("lib 2.0; written again by the next run.\nb: str\n")
    (folder / "old" / "mine.txt").unlink()
    write_package(folder, NEW, "lib 2.0")
    assert not (folder / "old").exists()


def test_files_of_others_are_left_as_they_are(tmp_path: Path) -> None:
    write_package(tmp_path, OLD, "lib 1.0")
    (tmp_path / "b.pyi").write_text("mine: int\n")
    assert write_package(tmp_path, NEW, "lib 1.0").left == (tmp_path / "b.pyi",)
    assert (tmp_path / "b.pyi").read_text() == "mine: int\n"


def test_a_package_of_others_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "__init__.pyi").write_text("x: int\n")
    with pytest.raises(ForeignPackageError, match="was not written by Keyward"):
        write_package(tmp_path, NEW, "lib 1.0")
    assert [path.name for path in tmp_path.iterdir()] == ["__init__.pyi"]
