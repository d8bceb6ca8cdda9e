"""The configuration of a checkpoint that is at hand says which class an Auto class gives."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from keyward.inference.engine import analyse
from keyward.inference.values import Instance, LibraryClass
from keyward.inference.world import World
from keyward.session.checkpoints import model_type_of
from keyward.session.oracle import Oracle
from keyward.signatures.store import Signatures
from keyward.source.tree import Source


@pytest.fixture(autouse=True)
def downloads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    return tmp_path / "hub"


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")


def save(folder: Path, model_type: str) -> None:
    write(folder / "config.json", json.dumps({"model_type": model_type, "hidden_size": 8}))


def download(downloads: Path, name: str, model_type: str) -> None:
    repository = downloads / f"models--{name.replace('/', '--')}"
    write(repository / "refs" / "main", "0123abc")
    save(repository / "snapshots" / "0123abc", model_type)


def test_a_folder_is_looked_for_from_each_place_of_the_project(tmp_path: Path) -> None:
    save(tmp_path / "out" / "checkpoint-500", "deit")
    here, above = str(tmp_path / "scripts"), str(tmp_path)
    assert model_type_of("out/checkpoint-500", (here, above)) == (
        "deit",
        str(tmp_path / "out" / "checkpoint-500" / "config.json"),
    )
    assert model_type_of(str(tmp_path / "out" / "checkpoint-500"), (here,))[0] == "deit"
    assert model_type_of("out/checkpoint-500", (here,)) == ("", "")


def test_a_repository_is_looked_for_among_the_downloads(tmp_path: Path, downloads: Path) -> None:
    download(downloads, "somebody/their-model", "bert")
    assert model_type_of("somebody/their-model", (str(tmp_path),))[0] == "bert"
    assert model_type_of("somebody/another", (str(tmp_path),)) == ("", "")


@pytest.mark.parametrize("text", ["", "[", "[]", '{"model_type": 3}', '{"model_type": ""}', "\udcff", "{}"])
def test_what_is_no_configuration_says_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "config.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    assert model_type_of("out", (str(tmp_path),)) == ("", "")


@pytest.mark.parametrize("name", ["", " ", "\0", "../..", "a/b/c", "./x", "x" * 5000, "~nobody/x", "a//b", "/"])
def test_no_name_is_too_strange(tmp_path: Path, name: str) -> None:
    assert model_type_of(name, (str(tmp_path),)) == ("", "")


def test_configuration_goes_before_the_name(tmp_path: Path, standin: Signatures) -> None:
    (tmp_path / "pyproject.toml").touch()
    save(tmp_path / "bert-like", "deit")
    source = Source.parse(
        str(tmp_path / "run.py"),
        b"from transformers import AutoModel\nmodel = AutoModel.from_pretrained('bert-like')\n",
    )
    oracle = Oracle([str(tmp_path)])
    try:
        before = analyse(source, World(standin))
        after = analyse(source, World(standin, oracle.ask_all(before.questions)), before)
    finally:
        oracle.close()
    place = source.text.index(b"model =")
    assert _class(before.value_at(place)) == "BertModel"
    assert _class(after.value_at(place)) == "DeiTModel"


def _class(found: object) -> str:
    assert isinstance(found, tuple)
    (atom,) = found[1]
    assert isinstance(atom, Instance) and isinstance(atom.cls, LibraryClass)
    return atom.cls.qualified.rpartition(".")[2]
