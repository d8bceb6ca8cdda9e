"""Every page under tests/pages, and the manual of the rules, whose examples must do what they say."""

from __future__ import annotations

from pathlib import Path

import pytest

from keyward.inference.world import World
from keyward.rules import RuleSettings
from keyward.session.oracle import Oracle
from page_tests.page import Page, Test, read
from page_tests.real import SHIPPED, signatures
from page_tests.running import check_file, run_files

ROOT = Path(__file__).parents[2]
OF_REAL_LIBRARIES = frozenset(
    ("deprecated-api", "removed-api", "renamed-keyword", "trainer-no-labels", "unknown-config-keyword")
)
"""Pages of the manual about what the stand-ins have not: a past, fields of configurations, a Trainer that trains."""
PAGES = sorted([*(ROOT / "tests" / "pages").rglob("*.md"), *(ROOT / "docs" / "rules").glob("*-*.md")])


def _cases() -> list[object]:
    cases = []
    for path in PAGES:
        page = read(path)
        marks = [pytest.mark.real] if page.settings.get("environment", SHIPPED) != SHIPPED else []
        cases += [pytest.param(page, test, id=f"{path.stem}: {test.title}", marks=marks) for test in page.tests]
    return cases


@pytest.mark.parametrize(("page", "test"), _cases())
def test_page(page: Page, test: Test, oracle: Oracle, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    environment = page.settings.get("environment", SHIPPED if page.path.stem in OF_REAL_LIBRARIES else None)
    world = World(signatures(str(environment)) if environment else request.getfixturevalue("standin"))
    settings, problems = RuleSettings.read(page.settings.get("rules", {}))
    assert not problems
    for file, run in run_files(test.files, tmp_path, world, settings, oracle):
        check_file(run, file, f"{page.path.relative_to(ROOT)}: {test.title}")
