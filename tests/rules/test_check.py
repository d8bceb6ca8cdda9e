"""Settings, comments, and findings that are carried over edits."""

from __future__ import annotations

import pytest

from keyward import rules
from keyward.features import upgrade
from keyward.inference.engine import analyse
from keyward.inference.world import World
from keyward.rules import RuleSettings, Severity, unused_ignore
from keyward.signatures.store import Signatures
from keyward.source.tree import Source
from keyward.text import apply_edits

SCRIPT = """\
import torch.nn.functional as F
from torch import nn
from transformers import DeiTModel


class Net(nn.Module):
    def forward(self, x, mask):
        return x


def loss(logits, y):
    return F.cross_entropy(logits, labels=y)


def step(x, y):
    model = DeiTModel.from_pretrained("facebook/deit-base-distilled-patch16-224")
    outputs = model(pixel_values=x, labels=y)
    return outputs.loss


def own(x):
    Net()(x)
    return Net()(x, x, x)
"""
DEFAULTS = RuleSettings()


def checked(text: str, world: World, settings: RuleSettings = DEFAULTS) -> rules.Checked:
    return rules.check(analyse(Source.parse("script.py", text.encode()), world), world, settings)


def shown(found: rules.Checked) -> list[tuple[str, str, int, int]]:
    return [(f.rule, f.message, f.span.start, f.span.end) for f in found.findings]


def test_findings_are_in_the_order_of_the_text(standin: Signatures) -> None:
    assert [f.rule for f in checked(SCRIPT, World(standin)).findings] == [
        "unexpected-keyword",
        "ignored-keyword",
        "missing-output-field",
        "missing-argument",
        "too-many-positional",
    ]


def test_what_is_underlined(standin: Signatures) -> None:
    found = checked(SCRIPT, World(standin)).findings
    assert [SCRIPT[f.span.start : f.span.end] for f in found] == ["labels=y", "labels=y", "loss", "Net()", "x"]
    assert [f.unnecessary for f in found] == [False, True, False, False, False]


def test_settings(standin: Signatures) -> None:
    settings, problems = RuleSettings.read(
        {"ignored-keyword": "error", "missing-output-field": "off", "unexpected-keyword": "information"}
    )
    assert not problems
    found = checked(SCRIPT, World(standin), settings).findings
    assert [(f.rule, f.severity) for f in found] == [
        ("unexpected-keyword", Severity.INFORMATION),
        ("ignored-keyword", Severity.ERROR),
        ("missing-argument", Severity.ERROR),
        ("too-many-positional", Severity.ERROR),
    ]


@pytest.mark.parametrize(
    ("levels", "problem"),
    [({"ignored-keywords": "off"}, "no rule 'ignored-keywords'"), ({"ignored-keyword": "of"}, "cannot be set to 'of'")],
)
def test_a_wrong_setting_is_named_and_changes_nothing(levels: dict[str, object], problem: str) -> None:
    settings, problems = RuleSettings.read(levels)
    assert settings == DEFAULTS
    assert len(problems) == 1
    assert problem in problems[0]


def test_the_comment_that_silences(standin: Signatures) -> None:
    world, text = World(standin), SCRIPT
    while found := checked(text, world).findings:
        source = Source.parse("script.py", text.encode())
        fix = rules.suppression(found[0], source)
        assert fix is not None
        text = apply_edits(source.text, fix.edits).decode()
        assert len(checked(text, world).findings) == len(found) - 1
    assert text.count("# keyward: ignore[") == 5


def test_a_rule_is_added_to_a_comment_that_is_there(standin: Signatures) -> None:
    world = World(standin)
    text = SCRIPT.replace("labels=y)\n\n", "labels=y)  # keyward: ignore[missing-argument]  # noqa\n\n")
    found = next(f for f in checked(text, world).findings if f.rule == "unexpected-keyword")
    source = Source.parse("script.py", text.encode())
    fix = rules.suppression(found, source)
    assert fix is not None
    text = apply_edits(source.text, fix.edits).decode()
    assert "labels=y)  # keyward: ignore[missing-argument, unexpected-keyword]  # noqa\n" in text
    assert "unexpected-keyword" not in [f.rule for f in checked(text, world).findings]


def test_names_of_comments_that_only_comparisons_look_at() -> None:
    assert unused_ignore.ELSEWHERE - {rule.name for rule in rules.RULES} == {upgrade.SHIFTED}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("import torch.nn", "# a line more\nimport torch.nn"),
        ("labels=y)\n    return outputs", "lables=y)\n    return outputs"),
        ("outputs.loss", "outputs.logits"),
        ("def forward(self, x, mask):", "def forward(self, x):"),
        ("import DeiTModel", "import DeiTForImageClassification as DeiTModel"),
        ("Net()(x)\n", "Net()(x  # keyward: ignore\n    )\n"),
        ("def own(x):", "def own(x:"),
    ],
)
def test_after_an_edit_as_from_scratch(standin: Signatures, old: str, new: str) -> None:
    world = World(standin)
    source = Source.parse("script.py", SCRIPT.encode())
    analysis = analyse(source, world)
    before = rules.check(analysis, world, DEFAULTS)
    for text in (SCRIPT.replace(old, new), SCRIPT):
        source = source.edited(text.encode())
        analysis = analyse(source, world, analysis)
        before = rules.check(analysis, world, DEFAULTS, before)
        assert shown(before) == shown(checked(text, world))
        for finding in before.findings:
            titles = [fix.title for fix in rules.fixes(finding, analysis, world)]
            fresh = analyse(Source.parse("script.py", text.encode()), world)
            again = next(f for f in rules.check(fresh, world, DEFAULTS).findings if f == finding)
            assert titles == [fix.title for fix in rules.fixes(again, fresh, world)]


def test_other_signatures_are_judged_anew(standin: Signatures) -> None:
    source = Source.parse("script.py", SCRIPT.encode())
    world = World(standin)
    before = rules.check(analyse(source, world), world, DEFAULTS)
    empty = World(Signatures())
    after = rules.check(analyse(source, empty), empty, DEFAULTS, before)
    assert after.findings == ()


def test_a_fix_of_an_older_version_is_not_made(standin: Signatures) -> None:
    world = World(standin)
    found = checked(SCRIPT, world).findings[0]
    other = analyse(Source.parse("script.py", SCRIPT.encode()), world)
    assert rules.fixes(found, other, world) == ()
