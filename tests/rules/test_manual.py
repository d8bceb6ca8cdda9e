"""The manual under docs/rules says what the code says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from keyward.rules import RULES, Rule
from keyward.rules.manual import pages

FOLDER = Path(__file__).parents[2] / "docs" / "rules"
SECTIONS = ["What it does", "Why is this bad", "Example", "Fix", "When it stays silent"]


def test_the_pages_are_those_of_the_code() -> None:
    written = {path.name: path.read_text("utf-8") for path in FOLDER.glob("*.md")}
    assert written == pages(), "run: python -m keyward.rules.manual docs/rules"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_rule_is_documented_in_fixed_sections(rule: Rule) -> None:
    assert re.findall(r"^## (.+)$", rule.documentation, re.MULTILINE) == SECTIONS
    assert f"[{rule.name}]" in rule.documentation, "the example shows the rule at work"
    assert re.fullmatch(r"[a-z]+(-[a-z]+)+", rule.name)
    assert rule.summary.endswith(".")


def test_names_are_unique() -> None:
    assert len({rule.name for rule in RULES}) == len(RULES)
