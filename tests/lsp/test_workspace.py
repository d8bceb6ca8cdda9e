"""Folders, interpreters, settings, trust, and what changes while the server runs."""

from __future__ import annotations

import asyncio
import re
import shutil
import signal
import sys
from pathlib import Path

import psutil
import pytest
from lsprotocol import types
from pytest_lsp.client import make_test_lsp_client

from standin.environment import make_environment

from .conftest import Start
from .editor import PATIENCE, SERVER, Editor, capabilities

pytestmark = pytest.mark.slow

SCRIPT = """\
from transformers import DeiTModel

model = DeiTModel.from_pretrained("x")
outputs = model(pixel_values=x, labels=y)
"""
TWO_FILES = """\
from building import build

model = build()
outputs = model(pixel_values=x, labels=y)
"""
BUILDING = """\
from transformers import DeiTModel


def build():
    return DeiTModel.from_pretrained("x")
"""


def codes(found: list[types.Diagnostic]) -> list[object]:
    return [diagnostic.code for diagnostic in found]


def configure(editor: Editor, settings: dict[str, object]) -> None:
    """The user changes settings."""
    editor.client.set_configuration({"keyward": settings})
    parameters = types.DidChangeConfigurationParams(settings=None)
    editor.client.workspace_did_change_configuration(parameters)


async def test_settings_take_effect_at_once(start: Start, standin_python: Path) -> None:
    python = str(standin_python)
    async with start() as editor:
        uri = editor.open("train.py", SCRIPT)
        assert codes(await editor.diagnostics(uri, bool)) == ["ignored-keyword"]
        configure(editor, {"python": python, "severity": {"ignored-keyword": "error"}})
        assert await editor.diagnostics(uri, lambda them: them[0].severity == types.DiagnosticSeverity.Error)
        configure(editor, {"python": python, "severity": {"ignored-keyword": "off"}})
        assert await editor.diagnostics(uri, lambda them: not them) == []
        configure(editor, {"python": python})
        await editor.diagnostics(uri, bool)
        configure(editor, {"python": python, "diagnostics": False})
        await editor.diagnostics(uri, lambda them: not them)
        assert "DeiTModel.forward(" in await editor.hover(uri, "model("), "only diagnostics are off"


async def test_what_is_not_set_is_as_it_was_given_at_the_start(start: Start, standin_python: Path) -> None:
    python = str(standin_python)
    off = {"ignored-keyword": "off"}
    async with start(options={"python": python, "severity": off}, settings={"": {"keyward": {}}}) as editor:
        uri = editor.open("train.py", SCRIPT)
        await editor.diagnostics(uri, lambda them: not them)
        configure(editor, {"severity": {"ignored-keyword": "error"}, "python": ""})
        (found,) = await editor.diagnostics(uri, bool)
        assert "in .venv" in found.message
        configure(editor, {})
        await editor.diagnostics(uri, lambda them: not them)


async def test_a_client_that_asks_is_told_to_ask_again(start: Start, standin_python: Path) -> None:
    async with start(pull=True) as editor:
        uri = editor.open("train.py", SCRIPT)
        await editor.diagnostics(uri, bool)
        before = editor.client.diagnostic_refresh_count
        configure(editor, {"python": str(standin_python), "severity": {"ignored-keyword": "off"}})
        await editor.diagnostics(uri, lambda them: not them)
        assert editor.client.diagnostic_refresh_count > before


async def test_each_folder_has_its_own_interpreter(start: Start, tmp_path: Path, cache_home: Path) -> None:
    """The one folder's transformers has another version, which the messages name."""
    old, new = tmp_path / "old", tmp_path / "new"
    for folder, version in ((old, "4.0.0"), (new, "5.0.9")):
        folder.mkdir()
        python = make_environment(folder / ".venv")
        (info,) = (python.parent.parent / "lib").rglob("transformers-5.0.9.dist-info")
        text = (info / "METADATA").read_text().replace("Version: 5.0.9", f"Version: {version}")
        (info / "METADATA").write_text(text)
        info.rename(info.with_name(f"transformers-{version}.dist-info"))
    async with start(options={}, folders=(old, new), settings={"": {}}) as editor:
        for folder, version in ((old, "4.0.0"), (new, "5.0.9")):
            uri = editor.open("", SCRIPT, uri=(folder / "train.py").as_uri())
            (found,) = await editor.diagnostics(uri, bool)
            assert f"transformers {version} in .venv" in found.message


async def test_an_index_is_built_with_progress_and_then_used(start: Start, tmp_path: Path) -> None:
    async with start(cache=tmp_path / "empty") as editor:
        uri = editor.open("train.py", SCRIPT)
        assert codes(await editor.diagnostics(uri, bool)) == ["ignored-keyword"]
        for _ in range(100):
            ended = [
                report
                for reports in editor.client.progress_reports.values()
                for report in reports
                if isinstance(report, types.WorkDoneProgressEnd) or getattr(report, "kind", "") == "end"
            ]
            if ended:
                break
            await asyncio.sleep(0.1)
        assert ended


async def test_a_library_that_is_installed_later_is_noticed(start: Start, tmp_path: Path) -> None:
    python = make_environment(tmp_path / ".venv")
    (site,) = (python.parent.parent / "lib").glob("python3*/site-packages")
    aside = tmp_path / "aside"
    aside.mkdir()
    for name in ("transformers", "transformers-5.0.9.dist-info", "torch", "torch-2.0.0.dist-info"):
        shutil.move(site / name, aside / name)
    async with start(options={}, settings={"": {}}, cache=tmp_path / "empty") as editor:
        (tmp_path / "train.py").write_text(SCRIPT)
        uri = editor.open("train.py", SCRIPT)
        await editor.diagnostics(uri)
        for path in aside.iterdir():
            shutil.move(path, site / path.name)
        saved = types.DidSaveTextDocumentParams(types.TextDocumentIdentifier(uri))
        editor.client.text_document_did_save(saved)
        assert await editor.diagnostics(uri, lambda them: any(".venv" in one.message for one in them))


async def test_what_another_file_says_arrives_later(start: Start, tmp_path: Path) -> None:
    (tmp_path / "building.py").write_text(BUILDING)
    async with start() as editor:
        uri = editor.open("train.py", TWO_FILES)
        assert codes(await editor.diagnostics(uri, bool)) == ["ignored-keyword"]
        (tmp_path / "building.py").write_text(BUILDING.replace("DeiTModel", "DeiTForImageClassification"))
        change = types.FileEvent(editor.uri("building.py"), types.FileChangeType.Changed)
        editor.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([change]))
        assert await editor.diagnostics(uri, lambda them: not them) == []


async def test_nothing_is_started_in_an_untrusted_folder(start: Start, tmp_path: Path, standin_python: Path) -> None:
    (tmp_path / "building.py").write_text(BUILDING)
    options = {"trusted": False, "python": str(standin_python)}
    async with start(options=options) as editor:
        train = editor.open("train.py", SCRIPT)
        assert codes(await editor.diagnostics(train, bool)) == ["ignored-keyword"], "what is known needs no process"
        two = editor.open("two.py", TWO_FILES)
        assert await editor.diagnostics(two) == []
        assert editor.client._server is not None
        server = psutil.Process(editor.client._server.pid)
        for _ in range(20):
            assert server.children(recursive=True) == []
            await asyncio.sleep(0.05)


async def test_a_folder_that_goes_takes_its_settings_along(start: Start, tmp_path: Path, standin_python: Path) -> None:
    async with start() as editor:
        uri = editor.open("train.py", SCRIPT)
        await editor.diagnostics(uri, bool)
        here = types.WorkspaceFolder(tmp_path.as_uri(), "here")
        for added, removed in (([], [here]), ([here], [])):
            event = types.WorkspaceFoldersChangeEvent(added=added, removed=removed)
            editor.client.workspace_did_change_workspace_folders(types.DidChangeWorkspaceFoldersParams(event))
            assert len(await editor.diagnostics(uri, bool)) == 1


async def test_over_tcp_clients_come_and_go() -> None:
    command = (sys.executable, "-m", "keyward", "serve", "--tcp", "127.0.0.1:0")
    pipe = asyncio.subprocess.PIPE
    server = await asyncio.create_subprocess_exec(*command, stderr=pipe, env={"PYTHONPATH": str(SERVER)})
    try:
        assert server.stderr is not None
        line = (await asyncio.wait_for(server.stderr.readline(), PATIENCE)).decode()
        port = int(re.findall(r"\d+", line)[-1])
        for _ in range(2):
            client = make_test_lsp_client()
            await client.start_tcp("127.0.0.1", port)
            result = await client.initialize_session(types.InitializeParams(capabilities=capabilities()))
            assert result.server_info is not None
            assert result.server_info.name == "keyward"
            await client.shutdown_session()
            await client.stop()
    finally:
        server.send_signal(signal.SIGINT)
        _, said = await asyncio.wait_for(server.communicate(), PATIENCE)
    assert (server.returncode, said) == (0, b""), "interrupted in peace"


@pytest.mark.parametrize("address", ["nowhere", "127.0.0.1:", "127.0.0.1:99999", "256.0.0.1:80"])
async def test_an_address_that_cannot_be_is_one_sentence(address: str) -> None:
    command = (sys.executable, "-m", "keyward", "serve", "--tcp", address)
    pipe = asyncio.subprocess.PIPE
    server = await asyncio.create_subprocess_exec(*command, stderr=pipe, env={"PYTHONPATH": str(SERVER)})
    _, said = await asyncio.wait_for(server.communicate(), PATIENCE)
    assert server.returncode == 2
    assert b"Traceback" not in said
    assert said
