"""Libraries and interpreters that become others while the server runs: noticed, and nothing flickers meanwhile."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from lsprotocol import types
from pygls.protocol import default_converter
from pytest_lsp import LanguageClient
from pytest_lsp.client import DEFAULT_CLIENT_FEATURES, register_lsp_features

from standin.environment import make_environment
from standin.wheel import make_wheel, pip, pip_install, with_labels

from .conftest import Start
from .editor import SERVER, Editor

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.name == "nt", reason="replaces files that are open"),
]

SCRIPT = """\
from transformers import DeiTModel

model = DeiTModel.from_pretrained("x")
outputs = model(pixel_values=x, labels=y)
"""


def said(editor: Editor) -> set[str]:
    """What was published, the last publication left out."""
    return {" ".join(one.message for one in sent.diagnostics) for sent in editor.published[:-1]}


def save(editor: Editor, uri: str) -> None:
    editor.client.text_document_did_save(types.DidSaveTextDocumentParams(types.TextDocumentIdentifier(uri)))


def focus(editor: Editor) -> None:
    """The user is back, and the client says that in the way that there is."""
    editor.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([]))


def judged_by(what: str) -> Callable[[list[types.Diagnostic]], bool]:
    return lambda found: any(what in one.message for one in found)


def site_of(python: Path) -> Path:
    (site,) = (python.parent.parent / "lib").glob("python3*/site-packages")
    return site


def settle(site: Path) -> None:
    """What is installed there was installed a while ago."""
    then = time.time() - 3600
    for path in (site, *site.glob("*.dist-info"), *site.glob("*.dist-info/*")):
        os.utime(path, (then, then))


@pytest.fixture
def python(tmp_path: Path) -> Path:
    """The interpreter of `.venv` in the editor's folder, into which pip has installed transformers 5.0.901."""
    found = make_environment(tmp_path / ".venv")
    site = site_of(found)
    shutil.rmtree(site / "transformers")
    shutil.rmtree(site / "transformers-5.0.9.dist-info")
    pip_install(found, make_wheel(tmp_path, "5.0.901"))
    settle(site)
    return found


async def test_an_upgrade_a_downgrade_and_a_removal_by_pip(start: Start, tmp_path: Path, python: Path) -> None:
    async with start(options={}, settings={"": {}}, cache=tmp_path / "cache") as editor:
        uri = editor.open("train.py", SCRIPT)
        before = await editor.diagnostics(uri, judged_by("transformers 5.0.901 in .venv"))
        editor.published.clear()
        pip_install(python, make_wheel(tmp_path, "5.0.902", with_labels))
        save(editor, uri)
        await editor.diagnostics(uri, lambda found: not found)
        assert said(editor) <= {before[0].message}, "nothing in between"
        pip_install(python, tmp_path / "transformers-5.0.901-py3-none-any.whl")
        focus(editor)
        await editor.diagnostics(uri, judged_by("transformers 5.0.901 in .venv"))
        pip(python, "uninstall", "-y", "transformers")
        focus(editor)
        await editor.diagnostics(uri, judged_by(", shipped signatures)"))


async def test_a_request_after_a_pause_is_occasion_enough(start: Start, tmp_path: Path, python: Path) -> None:
    async with start(options={}, settings={"": {}}, cache=tmp_path / "cache") as editor:
        uri = editor.open("train.py", SCRIPT)
        await editor.diagnostics(uri, judged_by("transformers 5.0.901 in .venv"))
        pip_install(python, make_wheel(tmp_path, "5.0.902", with_labels))
        await asyncio.sleep(2.5)
        await editor.hover(uri, "model(")
        await editor.diagnostics(uri, lambda found: not found)


async def test_a_half_finished_installation_is_waited_for(start: Start, tmp_path: Path, python: Path) -> None:
    """As pip leaves things in the middle of an upgrade: the old version put aside, half of the new one there."""
    site = site_of(python)
    cache = tmp_path / "cache"
    async with start(options={}, settings={"": {}}, cache=cache) as editor:
        uri = editor.open("train.py", SCRIPT)
        before = await editor.diagnostics(uri, judged_by("transformers 5.0.901 in .venv"))
        known = await indexed(cache)
        editor.published.clear()
        for name in ("transformers", "transformers-5.0.901.dist-info"):
            (site / name).rename(site / f"~{name[1:]}")
        (site / "transformers").mkdir()
        (site / "transformers" / "__init__.py").write_text("raise ImportError('only half of it is there')\n")
        for _ in range(6):
            focus(editor)
            await asyncio.sleep(0.5)
        assert said(editor) <= {before[0].message}
        assert await indexed(cache) == known
        with zipfile.ZipFile(make_wheel(tmp_path, "5.0.902", with_labels)) as wheel:
            wheel.extractall(site)
        for name in ("~ransformers", "~ransformers-5.0.901.dist-info"):
            shutil.rmtree(site / name)
        await editor.diagnostics(uri, lambda found: not found)
        assert said(editor) <= {before[0].message}


async def indexed(cache: Path) -> list[str]:
    """The libraries that a cache holds all of, once there are two."""
    while (
        len(found := [path for path in cache.rglob("index.json") if b'"complete":false' not in path.read_bytes()]) < 2
    ):
        await asyncio.sleep(0.1)
    return sorted(path.parent.name for path in found)


@pytest.mark.parametrize("mishap", ["import os\nos._exit(3)\n", "import not_there\n"])
async def test_a_version_that_cannot_be_read_leaves_what_was_known(
    start: Start, tmp_path: Path, python: Path, mishap: str
) -> None:
    def broken(file: str, text: str) -> str:
        return mishap if file == "transformers/__init__.py" else text

    async with start(options={}, settings={"": {}}, cache=tmp_path / "cache") as editor:
        uri = editor.open("train.py", SCRIPT)
        before = await editor.diagnostics(uri, judged_by("transformers 5.0.901 in .venv"))
        editor.published.clear()
        pip_install(python, make_wheel(tmp_path, "5.0.902", broken))
        focus(editor)
        await asyncio.sleep(4)
        assert said(editor) <= {before[0].message}
        pip_install(python, make_wheel(tmp_path, "5.0.903", with_labels))
        focus(editor)
        await editor.diagnostics(uri, lambda found: not found)


async def test_an_environment_that_comes_and_goes(start: Start, tmp_path: Path) -> None:
    async with start(options={}, settings={"": {}}, cache=tmp_path / "cache") as editor:
        uri = editor.open("train.py", SCRIPT)
        await editor.diagnostics(uri, judged_by(", shipped signatures)"))
        site = site_of(make_environment(tmp_path / ".venv"))
        settle(site)
        event = types.FileEvent((tmp_path / ".venv" / "pyvenv.cfg").as_uri(), types.FileChangeType.Created)
        editor.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([event]))
        await editor.diagnostics(uri, judged_by("transformers 5.0.9 in .venv"))
        shutil.rmtree(tmp_path / ".venv")
        focus(editor)
        await editor.diagnostics(uri, judged_by(", shipped signatures)"))


async def test_an_environment_that_is_made_anew_is_waited_for(start: Start, tmp_path: Path, python: Path) -> None:
    async with start(options={}, settings={"": {}}, cache=tmp_path / "cache") as editor:
        uri = editor.open("train.py", SCRIPT)
        before = await editor.diagnostics(uri, judged_by("transformers 5.0.901 in .venv"))
        editor.published.clear()
        (tmp_path / ".venv").rename(tmp_path / "aside")
        focus(editor)
        await asyncio.sleep(1)
        (tmp_path / "aside").rename(tmp_path / ".venv")
        for _ in range(4):
            await asyncio.sleep(0.7)
            focus(editor)
        assert said(editor) <= {before[0].message}


async def test_the_interpreter_is_switched_by_the_setting(start: Start, tmp_path: Path, python: Path) -> None:
    other = make_environment(tmp_path / "elsewhere" / "other")
    site = site_of(other)
    for name in ("transformers", "transformers-5.0.9.dist-info"):
        shutil.rmtree(site / name)
    pip_install(other, make_wheel(tmp_path, "5.0.902", with_labels))
    settle(site)
    async with start(options={}, settings={"": {}}, cache=tmp_path / "cache") as editor:
        uri = editor.open("train.py", SCRIPT)
        await editor.diagnostics(uri, judged_by("transformers 5.0.901 in .venv"))
        for python_, wanted in ((other, False), (python, True), (other, False)):
            editor.client.set_configuration({"keyward": {"python": str(python_)}})
            editor.client.workspace_did_change_configuration(types.DidChangeConfigurationParams(settings=None))
            if wanted:
                await editor.diagnostics(uri, judged_by("transformers 5.0.901 in .venv"))
            else:
                await editor.diagnostics(uri, lambda found: not found)


async def test_a_client_is_asked_to_watch_libraries_outside_of_its_folders(
    start: Start, tmp_path: Path, standin_python: Path
) -> None:
    watched = types.DidChangeWatchedFilesClientCapabilities(dynamic_registration=True, relative_pattern_support=True)
    workspace = types.WorkspaceClientCapabilities(configuration=True, did_change_watched_files=watched)
    async with start(workspace=workspace) as editor:
        asked: list[types.Registration] = []

        @editor.client.feature(types.CLIENT_REGISTER_CAPABILITY)
        def register(parameters: types.RegistrationParams) -> None:
            asked.extend(parameters.registrations)

        uri = editor.open("train.py", SCRIPT)
        await editor.diagnostics(uri, bool)
        while not (found := [one for one in asked if one.id == "keyward/libraries"]):
            await asyncio.sleep(0.1)
        options = found[0].register_options
        assert site_of(standin_python).as_uri() in str(options)


async def test_a_server_takes_over_from_one_that_is_killed(start: Start, tmp_path: Path, python: Path) -> None:
    """Two servers and one cache; the first is killed while it holds the lock and reads."""
    family = site_of(python) / "transformers" / "models" / "late"
    family.mkdir()
    (family / "__init__.py").write_text("")
    (family / "modeling_late.py").write_text(
        f"import os, time\nwhile not os.path.exists({str(tmp_path / 'go-on')!r}):\n    time.sleep(0.05)\n"
    )
    cache = tmp_path / "cache"
    command = (sys.executable, "-m", "keyward", "serve")
    environment = {**os.environ, "PYTHONPATH": str(SERVER), "XDG_CACHE_HOME": str(cache)}
    environment = {name: value for name, value in environment.items() if name != "VIRTUAL_ENV"}
    first = LanguageClient(converter_factory=default_converter)
    register_lsp_features(first, {**DEFAULT_CLIENT_FEATURES})
    await first.start_io(*command, env=environment)
    folders = [types.WorkspaceFolder(tmp_path.as_uri(), "here")]
    await first.initialize_session(
        types.InitializeParams(capabilities=types.ClientCapabilities(), workspace_folders=folders)
    )
    document = types.TextDocumentItem((tmp_path / "train.py").as_uri(), "python", 1, SCRIPT)
    first.text_document_did_open(types.DidOpenTextDocumentParams(document))
    while not list(cache.rglob("families/deit.json")):
        await asyncio.sleep(0.05)
    async with start(options={}, settings={"": {}}, cache=cache) as editor:
        uri = editor.open("train.py", SCRIPT)
        await asyncio.sleep(2)
        assert all(b'"complete":false' in path.read_bytes() for path in cache.rglob("index.json")), "it waits"
        assert first._server is not None
        first._server.send_signal(signal.SIGKILL)
        (tmp_path / "go-on").write_text("")
        await editor.diagnostics(uri, judged_by("transformers 5.0.901 in .venv"))
        assert len(await indexed(cache)) == 2
