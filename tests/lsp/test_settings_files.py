"""Files of settings in an editor: what they say holds, and a changed one is noticed."""

from __future__ import annotations

from pathlib import Path

import pytest
from lsprotocol import types

from .conftest import Start
from .test_workspace import SCRIPT, codes, configure

pytestmark = pytest.mark.slow


async def test_a_changed_file_judges_documents_anew(start: Start, tmp_path: Path, standin_python: Path) -> None:
    file = tmp_path / "keyward.toml"
    file.write_text('ignore = ["ignored-keyword"]\n')

    def change(text: str) -> None:
        file.write_text(text)
        event = types.FileEvent(file.as_uri(), types.FileChangeType.Changed)
        editor.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([event]))

    async with start() as editor:
        uri = editor.open("train.py", SCRIPT)
        assert await editor.diagnostics(uri) == []
        change('[severity]\nignored-keyword = "error"\n')
        (found,) = await editor.diagnostics(uri, bool)
        assert found.severity == types.DiagnosticSeverity.Error
        configure(editor, {"python": str(standin_python), "severity": {"ignored-keyword": "information"}})
        await editor.diagnostics(uri, lambda them: them[0].severity == types.DiagnosticSeverity.Information)
        change('exclude = ["train.py"]\n')
        await editor.diagnostics(uri, lambda them: not them)
        assert "DeiTModel.forward(" in await editor.hover(uri, "model("), "only diagnostics are off"
        change("")
        assert codes(await editor.diagnostics(uri, bool)) == ["ignored-keyword"]


async def test_a_version_that_a_file_names_is_judged_by(start: Start, tmp_path: Path) -> None:
    text = SCRIPT.replace("labels=y", "attention_mask=y")
    async with start() as editor:
        uri = editor.open("train.py", text)
        assert await editor.diagnostics(uri) == []
        (tmp_path / "pyproject.toml").write_text('[tool.keyward]\nagainst = ["transformers==4.57.6"]\n')
        parameters = types.DidSaveTextDocumentParams(
            types.TextDocumentIdentifier((tmp_path / "pyproject.toml").as_uri())
        )
        editor.client.text_document_did_save(parameters)
        (found,) = await editor.diagnostics(uri, bool)
        assert "(transformers 4.57.6, shipped signatures)" in found.message
