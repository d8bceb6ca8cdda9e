"""The actions offered in a range, and the safe fixes of a whole file."""

from __future__ import annotations

from keyward.features.code_actions import actions, fix_all
from keyward.features.snapshot import take
from keyward.rules.finding import Safety
from keyward.text import Span, apply_edits

from .conftest import At

CODE = """\
from transformers import DeiTModel
model = DeiTModel.from_pretrained("x")
outputs = model(pixel_values=x, labels=y)<CURSOR>
other = model(pixel_values=x, bool_masked_po=y)
"""


def test_the_range_decides_what_is_offered(at: At) -> None:
    snapshot, _ = at(CODE)
    first, second = snapshot.findings
    here = {action.finding for action in actions(snapshot, Span(first.span.start, first.span.start))}
    assert here == {first}
    assert {action.finding for action in actions(snapshot, Span(0, len(snapshot.text)))} == {first, second}
    assert actions(snapshot, Span(0, 0)) == ()


def test_each_action_mends_or_silences_its_finding(at: At) -> None:
    snapshot, _ = at(CODE)
    whole = Span(0, len(snapshot.text))
    offered = actions(snapshot, whole)
    assert len(offered) >= 4
    for action in offered:
        text = apply_edits(snapshot.text, action.fix.edits)
        after = take(snapshot.path, 2, text, snapshot.world, snapshot.settings, snapshot)
        left = [(finding.rule, finding.subject) for finding in after.findings]
        assert (action.finding.rule, action.finding.subject) not in left, action.fix.title
        assert len(left) < len(snapshot.findings)


def test_silence_is_offered_last(at: At) -> None:
    snapshot, _ = at(CODE)
    titles = [action.fix.title for action in actions(snapshot, snapshot.findings[0].span)]
    assert titles[-1] == "Ignore ignored-keyword on this line"


def test_fix_all_applies_what_is_safe_and_nothing_else(at: At) -> None:
    snapshot, _ = at(CODE)
    safe = [f for f in snapshot.findings if any(fix.safety is Safety.SAFE for fix in snapshot.fixes(f))]
    assert [finding.subject for finding in safe] == ["bool_masked_po"]
    after = apply_edits(snapshot.text, fix_all(snapshot)).decode()
    assert after == CODE.replace("<CURSOR>", "").replace("bool_masked_po=", "bool_masked_pos=")


def test_fix_all_of_a_clean_file_is_nothing(at: At) -> None:
    snapshot, _ = at("from transformers import DeiTModel<CURSOR>\n")
    assert fix_all(snapshot) == ()
