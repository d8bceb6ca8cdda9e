"""`keyward signatures list` and `diff`, `keyward signature --version` and `--history`.

They run over what is shipped, and over the stand-ins, which the cache holds as transformers 5.0.9 and torch 2.0.0.
"""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import msgspec
import pytest

from keyward.environment.fingerprint import installed
from keyward.environment.interpreter import Interpreter
from keyward.signatures.store import cache_folder, read_index
from keyward.signatures.writer import write_index

from .conftest import Command

pytestmark = pytest.mark.slow

OLD, NEW = "4.57.6", "5.23.0"


def diff(keyward: Command, *arguments: str) -> dict[str, Any]:
    result = keyward("signatures", "diff", "transformers", OLD, NEW, "--output-format", "json", *arguments)
    assert result.stderr == ""
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def facts(difference: dict[str, Any]) -> set[tuple[str, str, str, str]]:
    """(what, subject, public name, callable) of each change."""
    return {
        (fact["what"], change["subject"], place["name"].rpartition(".")[2], place["within"])
        for fact in difference["facts"]
        for change in fact["changes"]
        for place in fact["places"]
    }


# --- diff -----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def everything(cli_cache: Path) -> set[tuple[str, str, str, str]]:
    """All facts between the two versions, found once."""
    from click.testing import CliRunner

    from keyward.cli.app import main

    arguments = ["signatures", "diff", "transformers", OLD, NEW, "--output-format", "json"]
    result = CliRunner().invoke(main, arguments, env={"XDG_CACHE_HOME": str(cli_cache)})
    assert result.exit_code == 1
    return facts(json.loads(result.stdout))


# Checked by hand against the two installed versions.
@pytest.mark.parametrize(
    "fact",
    [
        ("name-gone", "", "DeiTFeatureExtractor", ""),
        ("name-gone", "", "TFBertModel", ""),
        ("name-gone", "", "FlaxBertModel", ""),
        ("name-gone", "", "ConstrainedBeamSearchScorer", ""),
        ("name-gone", "", "SpecialTokensMixin", ""),
        ("name-new", "", "WeightConverter", ""),
        ("name-new", "", "TokenizersBackend", ""),
        ("keyword-ignored", "head_mask", "BertModel", "forward"),
        ("positions-changed", "", "BertModel", "forward"),
        ("other-keywords", "", "BertModel", "forward"),
        ("keyword-refused", "tokenizer", "Trainer", "__init__"),
        ("keyword-refused", "overwrite_output_dir", "TrainingArguments", "__init__"),
        ("keyword-refused", "warmup_ratio", "TrainingArguments", "__init__"),
        ("keyword-untraced", "rope_theta", "ApertusConfig", "__init__"),
        ("model-type-gone", "nezha", "AutoModel", ""),
        ("keyword-only-now", "", "ASTConfig", "__init__"),
    ],
)
def test_facts_between_two_versions(
    everything: set[tuple[str, str, str, str]], fact: tuple[str, str, str, str]
) -> None:
    assert fact in everything


@pytest.mark.parametrize(
    "fact",
    [
        ("name-gone", "", "BertModel", ""),
        ("keyword-ignored", "labels", "DeiTModel", "forward"),  # ignored in both
        ("keyword-refused", "output_dir", "TrainingArguments", "__init__"),
        ("keyword-new", "labels", "DeiTForImageClassification", "forward"),
    ],
)
def test_what_is_no_difference(everything: set[tuple[str, str, str, str]], fact: tuple[str, str, str, str]) -> None:
    assert fact not in everything


@pytest.mark.parametrize(("name", "n"), [("BertModel", 1), ("DeiT*", 10), ("deit", 15)])
def test_a_name_narrows_it_down(keyward: Command, name: str, n: int) -> None:
    difference = diff(keyward, name)
    assert difference["summary"]["names"]["old"] == n
    assert {place["name"] for fact in difference["facts"] for place in fact["places"]} != set()


def test_the_text_groups_and_fits(keyward: Command) -> None:
    for width in ("80", "120"):
        result = keyward("signatures", "diff", "transformers", "4.57", "5.23", env={"COLUMNS": width})
        assert result.exit_code == 1
        lines = result.stdout.splitlines()
        assert lines[0] == f"transformers {OLD} → {NEW}"
        headings = [line for line in lines if line in ("Raises now", "Runs and does something else", "New")]
        assert headings == ["Raises now", "Runs and does something else", "New"]
        assert any(re.match(r" +head_mask +\d{3}  \w+\.forward\b", line) for line in lines)
        assert any(re.match(r" +TF… +\d{3}  TF", line) for line in lines)
        assert len(lines) < 250
        assert "\x1b" not in result.stdout
        assert max(map(len, lines)) <= int(width)


def test_a_single_class_is_shown_whole(keyward: Command) -> None:
    stdout = keyward("signatures", "diff", "transformers", OLD, NEW, "TrainingArguments", env={"COLUMNS": "100"}).stdout
    assert "more rows" not in stdout
    for keyword in ("overwrite_output_dir", "jit_mode_eval", "no_cuda", "warmup_ratio", "past_index"):
        assert re.search(rf"\b{keyword}\b", stdout)


def test_equal_versions_differ_in_nothing(keyward: Command) -> None:
    result = keyward("signatures", "diff", "torch", "2.13.0", "newest")
    assert result.exit_code == 0
    assert result.stdout.endswith("Nothing that callers see is different.\n")


def test_a_cached_version_serves_too(keyward: Command) -> None:
    result = keyward("signatures", "diff", "torch", "installed", "newest", "cross_entropy")
    assert result.exit_code == 0
    assert result.stdout.startswith("torch 2.0.0 → 2.13.0\n")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("keras", "1", "2"), "No version of keras is known; libraries that are known: "),
        (("torch", "2.13.0", "99"), "torch 99 is not known; known"),
        (("transformers", OLD, NEW, "NoSuchThing"), f"NoSuchThing is no name of transformers {OLD} or {NEW}."),
    ],
)
def test_what_is_not_known_is_one_sentence(keyward: Command, arguments: tuple[str, ...], sentence: str) -> None:
    result = keyward("signatures", "diff", *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(sentence)
    assert len(result.stderr.splitlines()) == 1


# --- list -----------------------------------------------------------------------------------------------------------


def test_list(keyward: Command, cli_cache: Path) -> None:
    result = keyward("signatures", "list")
    assert (result.exit_code, result.stderr) == (0, "")
    shipped, read = result.stdout.split("Read on this machine")
    assert re.search(r"  transformers  .* to (\S+) +\1: [\d,]+ classes, \d+ functions", shipped)
    assert str(cli_cache / "keyward") in read
    assert re.search(r"  transformers +5\.0\.9 +complete .* of .venv", read)


def test_list_of_one_library_tells_each_version(
    keyward: Command, standin_cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Into the cache that tests share, any of them may have read the library in another way.
    shutil.copytree(standin_cache, tmp_path / "keyward")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    report = json.loads(keyward("signatures", "list", "transformers", "--output-format", "json").stdout)
    (shipped,) = report["shipped"]
    by_version = {item["version"]: item for item in shipped["versions"]}
    assert {OLD, NEW} <= by_version.keys()
    assert by_version[OLD]["classes"] > 2500
    (read,) = report["read"]
    assert (read["version"], read["complete"], read["here"]) == ("5.0.9", True, True)
    assert report["installed"] == {"transformers": "5.0.9"}


# --- signature of another version -----------------------------------------------------------------------------------


def test_signature_of_a_version_that_is_not_installed(keyward: Command) -> None:
    old = keyward("signature", "BertModel", "--version", "4.57")
    assert (old.exit_code, old.stderr) == (0, "")
    assert old.stdout.startswith(f"transformers.BertModel  transformers {OLD}")
    assert "head_mask" in old.stdout
    assert "head_mask" not in keyward("signature", "transformers.BertModel", "--version", NEW).stdout


def test_a_name_that_this_version_has_not(keyward: Command) -> None:
    result = keyward("signature", "DeiTFeatureExtractor", "--version", NEW)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"DeiTFeatureExtractor is not in transformers {NEW}: it is in ")
    assert OLD in result.stderr


def test_history(keyward: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))  # without the stand-ins
    result = keyward("signature", "BertModel", "--history", env={"COLUMNS": "120"})
    assert (result.exit_code, result.stderr) == (0, "")
    assert re.search(rf"  head_mask +accepted .*{OLD}, ignored since ", result.stdout)
    assert re.search(r"  throughout +input_ids, attention_mask", result.stdout)
    assert "defined in transformers.models.bert.modeling_bert" in result.stdout


@pytest.mark.parametrize("option", [("--history",), ("--version", NEW)])
def test_a_name_that_no_version_has(keyward: Command, option: tuple[str, ...]) -> None:
    result = keyward("signature", "Zzzzzz", *option)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("Zzzzzz is a public name of no version that is known of ")


def test_a_version_that_is_not_known(keyward: Command) -> None:
    result = keyward("signature", "BertModel", "--version", "3.0")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("transformers 3.0 is not known; known")


# --- doctor ---------------------------------------------------------------------------------------------------------


def test_doctor_tells_what_could_not_be_read(
    keyward: Command, cli_cache: Path, standin_interpreter: Interpreter
) -> None:
    torch = next(item for item in installed(standin_interpreter) if item.distribution == "torch")
    folder = cache_folder(cli_cache / "keyward", torch)
    index = read_index(folder)
    assert index is not None
    problems = tuple(f"torch.broken{n} could not be imported." for n in range(5))
    write_index(folder, msgspec.structs.replace(index, problems=problems, complete=False))
    try:
        result = keyward("doctor")
    finally:
        write_index(folder, index)
    assert result.exit_code == 1
    assert "torch 2.0.0: read from the installation in part" in result.stdout
    assert "torch.broken0 could not be imported." in result.stdout
    assert "2 more of this kind" in result.stdout
    assert "- torch was not read to its end" in result.stdout
