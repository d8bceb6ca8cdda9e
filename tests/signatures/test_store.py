"""What the store finds, under which names, and of which version."""

from __future__ import annotations

from pathlib import Path

import pytest

from keyward.signatures.history import Release, merge
from keyward.signatures.model import Entry, Parameter, Signature
from keyward.signatures.store import Installed, Library, Signatures, open_signatures


@pytest.mark.parametrize(
    ("name", "qualified"),
    [
        ("transformers.DeiTModel", "transformers.models.deit.modeling_deit.DeiTModel"),
        ("transformers.models.deit.modeling_deit.DeiTModel", "transformers.models.deit.modeling_deit.DeiTModel"),
        ("torch.nn.functional.cross_entropy", "torch.nn.functional.cross_entropy"),
        ("torch.nn.CrossEntropyLoss", "torch.nn.modules.loss.CrossEntropyLoss"),
        ("torch.nn.modules.loss.CrossEntropyLoss", "torch.nn.modules.loss.CrossEntropyLoss"),
        ("torch.nn.DataParallel", "torch.nn.parallel.data_parallel.DataParallel"),
        ("torch.optim.AdamW", "torch.optim.adamw.AdamW"),
        ("torch.Tensor", "torch.Tensor"),
    ],
)
def test_a_name_is_found_where_it_is_exported_and_where_it_is_defined(
    standin: Signatures, name: str, qualified: str
) -> None:
    found = standin.find(name)
    assert found is not None
    assert found.entry.qualified == qualified


@pytest.mark.parametrize("name", ["", "transformers", "transformers.Nothing", "DeiTModel", "numpy.array", "torch.nn"])
def test_what_no_library_defines_is_not_found(standin: Signatures, name: str) -> None:
    assert standin.find(name) is None


@pytest.mark.parametrize(
    ("name", "is_module"),
    [
        ("torch", True),
        ("torch.nn", True),
        ("torch.nn.functional", True),
        ("transformers.models", True),
        ("transformers.models.deit.modeling_deit", True),
        ("transformers.DeiTModel", False),
        ("numpy", False),
        ("tor", False),
    ],
)
def test_modules_are_told_from_names(standin: Signatures, name: str, is_module: bool) -> None:
    assert standin.is_module(name) is is_module


def test_exports_are_the_public_names_of_a_module(standin: Signatures) -> None:
    assert {"DeiTModel", "BertModel", "AutoModel", "Trainer"} <= set(standin.exports("transformers"))
    assert "DeiTLayer" not in standin.exports("transformers")
    assert standin.exports("nothing") == ()


def test_sisters_are_the_exported_models_of_the_family(standin: Signatures) -> None:
    found = standin.find("transformers.DeiTModel")
    assert found is not None
    assert {sister.name for sister in standin.sisters(found.entry)} == {
        "DeiTModel",
        "DeiTPreTrainedModel",
        "DeiTForImageClassification",
        "DeiTForImageClassificationWithTeacher",
        "DeiTForMaskedImageModeling",
    }
    loss = standin.find("torch.nn.CrossEntropyLoss")
    assert loss is not None
    assert standin.sisters(loss.entry) == ()


def test_the_public_name_is_the_shortest(standin: Signatures) -> None:
    for name in ("transformers.DeiTModel", "torch.nn.CrossEntropyLoss", "torch.nn.functional.relu"):
        found = standin.find(name)
        assert found is not None
        assert standin.public_name(found.entry) == name
    layer = standin.find("transformers.models.deit.modeling_deit.DeiTLayer")
    assert layer is not None
    assert standin.public_name(layer.entry) == "transformers.models.deit.modeling_deit.DeiTLayer"


def test_generations_grow(tmp_path: Path) -> None:
    assert open_signatures((), None, tmp_path).generation < open_signatures((), None, tmp_path).generation


@pytest.mark.parametrize(
    ("library", "label"),
    [
        (Library("transformers", "5.23.0", "indexed", ".venv"), "transformers 5.23.0 in .venv"),
        (Library("transformers", "5.23.0", "shipped"), "transformers 5.23.0 (shipped signatures)"),
        (Library("transformers", "5.23.0", "shipped", ".venv"), "transformers 5.23.0 in .venv"),
        (Library("torch", "2.13.0", "indexed"), "torch 2.13.0"),
    ],
)
def test_labels_say_where_knowledge_comes_from(library: Library, label: str) -> None:
    assert library.label == label


def entry(*keywords: str, name: str = "Net", module: str = "lib.nets") -> Entry:
    parameters = tuple(Parameter(keyword, default="None") for keyword in keywords)
    return Entry(name, module, "model", call=Signature(parameters))


def release(version: str, *entries: Entry) -> Release:
    exports = {"lib": {item.name: item.module for item in entries}}
    return Release("lib", version, exports, {"nets": {item.qualified: item for item in entries}})


@pytest.fixture
def shipped(tmp_path: Path) -> Path:
    """Net takes `labels` in 1.0 and 1.5 and not in 2.0; Old is gone in 2.0, New is there from 2.0 on."""
    folder = tmp_path / "shipped" / "lib"
    merge(folder, release("2.0", entry("x"), entry("x", name="New")))
    merge(folder, release("1.0", entry("x", "labels"), entry("x", name="Old")))
    merge(folder, release("1.5", entry("x", "labels"), entry("x", name="Old")))
    return tmp_path / "shipped"


def keywords(signatures: Signatures, name: str = "lib.Net") -> tuple[str, ...] | None:
    found = signatures.find(name)
    return None if found is None or found.entry.call is None else found.entry.call.keywords


def of_version(version: str, shipped: Path) -> Signatures:
    return open_signatures([Installed("lib", version, "fingerprint", ".venv")], None, shipped)


@pytest.mark.parametrize(
    ("version", "takes"),
    [("1.0", ("x", "labels")), ("1.5", ("x", "labels")), ("1.5+local", ("x", "labels")), ("2.0", ("x",))],
)
def test_the_installed_version_is_what_counts(shipped: Path, version: str, takes: tuple[str, ...]) -> None:
    signatures = of_version(version, shipped)
    assert keywords(signatures) == takes
    assert signatures.libraries[0].version == version


@pytest.mark.parametrize("version", ["0.9", "1.2", "1.5.1", "2.1"])
def test_of_a_version_that_is_not_covered_nothing_is_said(shipped: Path, version: str) -> None:
    signatures = of_version(version, shipped)
    assert signatures.find("lib.Net") is None
    assert signatures.libraries == ()


def test_without_an_environment_the_newest_counts(shipped: Path) -> None:
    for installed in (None, [Installed("other", "1.0", "fingerprint")]):
        signatures = open_signatures(installed, None, shipped)
        assert keywords(signatures) == ("x",)
        assert signatures.libraries == (Library("lib", "2.0", "shipped", assumed=True),)


def test_names_come_and_go_with_versions(shipped: Path) -> None:
    old, new = of_version("1.5", shipped), of_version("2.0", shipped)
    assert old.exports("lib") == ("Net", "Old")
    assert new.exports("lib") == ("Net", "New")
    assert old.find("lib.New") is None and new.find("lib.Old") is None
    assert old.gone("lib.Old") is None
    assert new.gone("lib.Old") == "2.0"
    assert new.gone("lib.Net") is None and new.gone("lib.Never") is None
