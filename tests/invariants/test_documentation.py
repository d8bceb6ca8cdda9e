"""What the documentation takes from the code is what the code says."""

from __future__ import annotations

import dataclasses
import html
import importlib.util
import json
import re
import xml.etree.ElementTree as ElementTree
from collections import defaultdict
from pathlib import Path
from types import ModuleType

import pytest

from keyward.session.settings import KEYS, Settings

ROOT = Path(__file__).parents[2]
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def generate() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def words(text: str) -> list[str]:
    return re.sub(r"\x1b\[[0-9;]*m", "", text).replace("\xa0", " ").split()


def test_the_readme_lists_rules_and_settings(generate: ModuleType) -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    assert text == generate.readme(text), "run: make docs"


def test_the_picture_shows_what_the_command_prints(generate: ModuleType) -> None:
    """Words are compared and not shapes, since those belong to the library that draws them."""
    rows: dict[float, list[tuple[float, str]]] = defaultdict(list)
    for element in ElementTree.parse(ROOT / "docs" / "check.svg").iter(f"{SVG}text"):
        if "clip-path" in element.attrib:
            rows[float(element.attrib["y"])].append((float(element.attrib["x"]), html.unescape(element.text or "")))
    drawn = [word for _, row in sorted(rows.items()) for _, text in sorted(row) for word in words(text)]
    assert "".join(drawn) == "".join(words(generate.session())), "run: make docs"


def test_settings_are_told_alike() -> None:
    """By the code, the README and the manifest of the VS Code client, which has one more: how to start the server."""
    assert [field.name for field in dataclasses.fields(Settings)] == [key.field for key in KEYS]
    names = {f"keyward.{key.name}" for key in KEYS}
    readme = (ROOT / "README.md").read_text("utf-8").partition("## Settings")[2].partition("\n## ")[0]
    assert {f"keyward.{name}" for name in re.findall(r"^\| `([\w-]+)` \|", readme, re.MULTILINE)} == names
    manifest = json.loads((ROOT / "client-vscode" / "package.json").read_text("utf-8"))
    assert set(manifest["contributes"]["configuration"]["properties"]) == {*names, "keyward.command"}


def test_links_of_the_documentation_lead_somewhere() -> None:
    pages = [ROOT / name for name in ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md")]
    pages += [*(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").glob("*.md")]
    for page in pages:
        for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text("utf-8")):
            assert "://" in target or (page.parent / target).exists(), f"{page.name}: {target}"


def test_invariants_name_tests_that_exist() -> None:
    section = (ROOT / "ARCHITECTURE.md").read_text("utf-8").partition("## Invariants")[2]
    invariants = re.findall(r"^\d+\. .+?(?=^\d+\. |\Z)", section, re.MULTILINE | re.DOTALL)
    assert len(invariants) == 8
    for invariant in invariants:
        named = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", invariant)
        assert named, invariant
        for path, function in named:
            text = (ROOT / path).read_text("utf-8")
            assert not function or re.search(rf"^(?:async )?def {function}\(", text, re.MULTILINE), (
                f"{path}::{function}"
            )
