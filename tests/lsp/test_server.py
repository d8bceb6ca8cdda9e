"""The server end to end, over stdio: each feature in a session as an editor would have it."""

from __future__ import annotations

from pathlib import Path

import pytest
from lsprotocol import types

from .conftest import Start

SCRIPT = """\
from transformers import DeiTModel

model = DeiTModel.from_pretrained("x")
outputs = model(pixel_values=x, labels=y)
"""
CLEAN = SCRIPT.replace(", labels=y", "")
FIX = "DeiTForImageClassification"


@pytest.mark.parametrize("pull", [False, True])
async def test_a_diagnostic_comes_is_fixed_and_goes(start: Start, pull: bool) -> None:
    async with start(pull=pull, resolve=True) as editor:
        assert editor.pulls == pull
        uri = editor.open("train.py", SCRIPT)
        (found,) = await editor.diagnostics(uri)
        assert (found.source, found.code) == ("keyward", "ignored-keyword")
        assert found.severity == types.DiagnosticSeverity.Warning
        assert "DeiTModel.forward ignores `labels` (transformers 5.0.9 in .venv)" in found.message
        assert "labels" in editor.covered(uri, found.range)

        offered = await editor.actions(uri, types.Range(found.range.start, found.range.start))
        (swap,) = [action for action in offered if FIX in action.title and "Output" not in action.title]
        assert swap.edit is None, "edits are resolved when they are wanted"
        resolved = await editor.client.code_action_resolve_async(swap)
        editor.apply(resolved.edit)
        assert editor.texts[uri] == SCRIPT.replace("DeiTModel", FIX)
        assert await editor.diagnostics(uri, lambda them: not them) == []
        assert bool(editor.published) is not pull, "never both ways"


async def test_an_edit_makes_a_diagnostic_and_takes_it_away(start: Start) -> None:
    async with start() as editor:
        uri = editor.open("train.py", CLEAN)
        assert await editor.diagnostics(uri) == []
        editor.replace(uri, "pixel_values=x", "pixel_values=x, labels=y")
        assert len(await editor.diagnostics(uri)) == 1
        editor.replace(uri, ", labels=y", "")
        assert await editor.diagnostics(uri) == []


async def test_several_changes_in_one_notification(start: Start) -> None:
    async with start() as editor:
        uri = editor.open("train.py", CLEAN)
        at = CLEAN.rindex(")")
        editor.edit(uri, (0, 0, "# 😀\n\n"), (at + 5, at + 5, ", labels=y"), (0, 3, "#"))
        (found,) = await editor.diagnostics(uri)
        assert "labels" in editor.covered(uri, found.range)


async def test_closing_publishes_an_empty_list(start: Start) -> None:
    async with start() as editor:
        uri = editor.open("train.py", SCRIPT)
        await editor.diagnostics(uri)
        editor.close(uri)
        other = editor.open("other.py", SCRIPT)
        await editor.diagnostics(other)
        assert [list(sent.diagnostics) for sent in editor.published if sent.uri == uri][-1] == []


async def test_a_clean_file_is_told_so_once(start: Start) -> None:
    async with start() as editor:
        uri = editor.open("train.py", CLEAN)
        await editor.diagnostics(uri)
        for _ in range(3):
            editor.edit(uri, (0, 0, "\n"))
        assert await editor.hover(uri, "model(") != ""
        assert [sent.version for sent in editor.published] == [1]


async def test_an_unchanged_report_is_not_sent_again(start: Start) -> None:
    async with start(pull=True) as editor:
        uri = editor.open("train.py", SCRIPT)
        first = await editor.pull(uri)
        assert isinstance(first, types.RelatedFullDocumentDiagnosticReport)
        again = await editor.pull(uri, first.result_id)
        assert isinstance(again, types.RelatedUnchangedDocumentDiagnosticReport)
        editor.edit(uri, (0, 0, "\n"))
        moved = await editor.pull(uri, first.result_id)
        assert isinstance(moved, types.RelatedFullDocumentDiagnosticReport)


async def test_features_at_the_cursor(start: Start, standin_python: Path) -> None:
    async with start() as editor:
        uri = editor.open("train.py", CLEAN)
        document = types.TextDocumentIdentifier(uri)
        assert "DeiTModel.forward(" in await editor.hover(uri, "model(")

        inside = editor.position(uri, CLEAN.rindex(")"))
        help = await editor.client.text_document_signature_help_async(types.SignatureHelpParams(document, inside))
        assert help is not None
        assert help.signatures[0].label.startswith("DeiTModel.forward(pixel_values")

        where = await editor.client.text_document_definition_async(
            types.DefinitionParams(document, editor.find(uri, "model("))
        )
        assert isinstance(where, list)
        (location,) = where
        assert isinstance(location, types.Location)
        assert location.uri.endswith("/modeling_deit.py")
        assert standin_python.parent.parent.as_uri() in location.uri

        editor.edit(uri, (len(CLEAN), len(CLEAN), "model("))
        names = [item.label for item in await editor.completions(uri, len(editor.texts[uri]))]
        assert names[:2] == ["pixel_values=", "bool_masked_pos="]
        editor.edit(uri, (len(CLEAN), len(CLEAN) + 6, "outputs."))
        names = [item.label for item in await editor.completions(uri, len(editor.texts[uri]))]
        assert names[:2] == ["last_hidden_state", "pooler_output"]


async def test_without_resolve_support_the_edit_comes_at_once(start: Start) -> None:
    async with start(resolve=False) as editor:
        uri = editor.open("train.py", SCRIPT)
        (found,) = await editor.diagnostics(uri)
        offered = await editor.actions(uri, found.range)
        assert offered
        assert all(action.edit is not None for action in offered)


async def test_an_action_for_a_text_that_has_changed_is_refused(start: Start) -> None:
    async with start(resolve=True) as editor:
        uri = editor.open("train.py", SCRIPT)
        (found,) = await editor.diagnostics(uri)
        offered = await editor.actions(uri, found.range)
        editor.edit(uri, (0, 0, "\n"))
        with pytest.raises(Exception, match="Content Modified"):
            await editor.client.code_action_resolve_async(offered[0])


async def test_fix_all_is_for_whoever_asks_and_takes_safe_fixes_alone(start: Start) -> None:
    async with start() as editor:
        uri = editor.open("train.py", SCRIPT + "model(bool_masked_po=x)\n")
        assert len(await editor.diagnostics(uri)) == 2
        whole = editor.range(uri, 0, len(editor.texts[uri]))
        assert "source.fixAll.keyward" not in {action.kind for action in await editor.actions(uri, whole)}
        (action,) = await editor.actions(uri, whole, "source.fixAll")
        editor.apply(action.edit)
        assert editor.texts[uri] == SCRIPT + "model(bool_masked_pos=x)\n"


async def test_only_quick_fixes_for_whoever_asks_for_those(start: Start) -> None:
    async with start() as editor:
        uri = editor.open("train.py", SCRIPT)
        (found,) = await editor.diagnostics(uri)
        assert {action.kind for action in await editor.actions(uri, found.range, "quickfix")} == {"quickfix"}
        assert await editor.actions(uri, found.range, "refactor") == []
