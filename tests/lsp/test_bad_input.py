"""Texts, positions, settings and folders as they come: the server stays, and the rest of what it knows with it."""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
from pathlib import Path

import pytest
from lsprotocol import types

from .conftest import Start
from .editor import SERVER

pytestmark = pytest.mark.slow

SCRIPT = """\
from transformers import DeiTModel

model = DeiTModel.from_pretrained("x")
outputs = model(pixel_values=x, labels=y)
"""
LONG = "".join(
    f"def function_{number}(x):\n    y = model(pixel_values=x)\n    return [y, x.shape]\n\n\n"
    for number in range(10_000)
)
EMOJI = SCRIPT.replace("outputs = model", '"é漢😀"; outputs = model')


TEXTS = {
    "plain": SCRIPT,
    "emoji": EMOJI,
    "CRLF": EMOJI.replace("\n", "\r\n"),
    "CR": EMOJI.replace("\n", "\r"),
    "BOM": "\ufeff" + EMOJI,
    "tabs": SCRIPT.replace("outputs", "if True:\n\toutputs"),
    "far down": "\n" * 30 + SCRIPT,
}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
async def test_ranges_and_edits_are_right_in_every_encoding(start: Start, encoding: str) -> None:
    async with start(encodings=(encoding,), pull=True) as editor:
        assert editor.encoding == encoding
        for name, text in TEXTS.items():
            uri = editor.open(f"{name}.py", text)
            (found,) = await editor.diagnostics(uri)
            assert editor.covered(uri, found.range) == "labels=y", name
            (swap, *_) = await editor.actions(uri, found.range)
            editor.apply(swap.edit)
            assert editor.texts[uri] == text.replace("DeiTModel", "DeiTForImageClassification"), name
            assert await editor.diagnostics(uri, lambda them: not them) == []


async def test_utf_8_is_chosen_where_it_is_offered(start: Start) -> None:
    async with start(encodings=("utf-32", "utf-16", "utf-8")) as editor:
        assert editor.encoding == "utf-8"


@pytest.mark.parametrize(
    "broken", ["def f(:\n", "outputs = model(\n", "x = [\n", '"""\n', "class A\n    pass\n", "\0\x01\x02\n"]
)
async def test_half_written_code_costs_other_files_nothing(start: Start, broken: str) -> None:
    async with start() as editor:
        good = editor.open("good.py", SCRIPT)
        assert len(await editor.diagnostics(good)) == 1
        bad = editor.open("bad.py", SCRIPT.replace("outputs", broken + "outputs", 1))
        await editor.diagnostics(bad)
        editor.replace(bad, broken, "")
        assert len(await editor.diagnostics(bad)) == 1
        editor.edit(good, (0, 0, "\n"))
        assert len(await editor.diagnostics(good)) == 1


async def test_fifty_thousand_lines_do_not_stop_another_file(start: Start) -> None:
    assert LONG.count("\n") >= 50_000
    async with start() as editor:
        big = editor.open("big.py", SCRIPT + LONG)
        small = editor.open("small.py", SCRIPT)
        assert len(await editor.diagnostics(small)) == 1
        assert not any(sent.uri == big for sent in editor.published), "the small file did not wait for the big one"
        assert len(await editor.diagnostics(big)) == 1
        for typed in "\n1 = x":
            editor.edit(big, (0, 0, "#"), (1, 1, typed))
        editor.replace(big, "labels=y", "labels=None, label=y")
        (found,) = await editor.diagnostics(big)
        assert editor.covered(big, found.range) == "label=y"


async def test_a_question_about_a_long_file_can_be_taken_back(start: Start) -> None:
    async with start(pull=True) as editor:
        uri = editor.open("big.py", SCRIPT + LONG)
        parameters = types.DocumentDiagnosticParams(types.TextDocumentIdentifier(uri))
        asked = editor.client.protocol.send_request(types.TEXT_DOCUMENT_DIAGNOSTIC, parameters, msg_id="taken back")
        editor.client.cancel_request(types.CancelParams("taken back"))
        with pytest.raises(Exception, match="canceled"):
            await asyncio.wrap_future(asked)
        assert len(await editor.diagnostics(uri)) == 1


async def test_a_missing_interpreter_leaves_shipped_signatures(start: Start, tmp_path: Path) -> None:
    missing = {"python": str(tmp_path / "nowhere" / "python")}
    async with start(options=missing, settings={"": {"keyward": missing}}) as editor:
        uri = editor.open("train.py", SCRIPT)
        (found,) = await editor.diagnostics(uri)
        assert "shipped signatures)" in found.message


async def test_a_damaged_cache_is_silence_and_then_made_anew(start: Start, standin_cache: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    shutil.copytree(standin_cache, home / "keyward")
    for path in (home / "keyward").rglob("*.json"):
        path.write_bytes(b'{"format": 1, "entr')
    async with start(cache=home) as editor:
        uri = editor.open("train.py", SCRIPT)
        assert len(await editor.diagnostics(uri, lambda them: bool(them))) == 1


async def test_a_cache_folder_that_cannot_be_is_done_without(start: Start, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    async with start(cache=tmp_path / "file") as editor:
        uri = editor.open("train.py", SCRIPT)
        assert len(await editor.diagnostics(uri, bool)) == 1


@pytest.mark.parametrize(
    "options", [{"python": 3, "severity": "all", "diagnostics": "yes"}, {"severity": {"no-such-rule": "off"}}, {}]
)
async def test_settings_that_make_no_sense_are_left_out(start: Start, options: dict[str, object]) -> None:
    async with start(settings={"": {"keyward": options}}) as editor:
        uri = editor.open("train.py", SCRIPT)
        assert len(await editor.diagnostics(uri)) == 1


async def test_positions_outside_the_text(start: Start) -> None:
    async with start() as editor:
        uri = editor.open("train.py", SCRIPT)
        document = types.TextDocumentIdentifier(uri)
        far = types.Position(1_000_000, 1_000_000)
        assert await editor.client.text_document_hover_async(types.HoverParams(document, far)) is None
        assert await editor.actions(uri, types.Range(far, far)) == []
        nowhere = types.HoverParams(types.TextDocumentIdentifier("file:///not/open.py"), far)
        assert await editor.client.text_document_hover_async(nowhere) is None


async def test_documents_that_are_no_files(start: Start) -> None:
    async with start() as editor:
        uri = editor.open("", SCRIPT, uri="untitled:Untitled-1")
        assert len(await editor.diagnostics(uri)) == 1
        odd = editor.open("", SCRIPT, uri=editor.uri("a file") + "%3A%C3%A9.py")
        assert len(await editor.diagnostics(odd)) == 1


async def conversation(*messages: object) -> tuple[list[dict[str, object]], int]:
    """What a server answers to bytes and messages sent at once, and its exit code."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "keyward",
        "serve",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={"PYTHONPATH": str(SERVER), "PATH": ""},
    )
    sent = b""
    for message in messages:
        body = message if isinstance(message, bytes) else json.dumps(message).encode()
        sent += b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
    output, _ = await asyncio.wait_for(process.communicate(sent), 60)
    answers = []
    while output:
        header, _, output = output.partition(b"\r\n\r\n")
        length = int(header.split(b":")[1])
        answers.append(json.loads(output[:length]))
        output = output[length:]
    return answers, process.returncode or 0


def request(number: int, method: str, params: object = None) -> dict[str, object]:
    return {"jsonrpc": "2.0", "id": number, "method": method, "params": params}


INITIALIZE = request(1, "initialize", {"processId": None, "rootUri": None, "capabilities": {}})
EXIT = {"jsonrpc": "2.0", "method": "exit"}


async def test_every_request_is_answered_exactly_once() -> None:
    position = {"textDocument": {"uri": "file:///a.py"}, "position": {"line": 0, "character": 0}}
    answers, code = await conversation(
        request(0, "textDocument/hover", position),
        INITIALIZE,
        b"this is no JSON",
        b"[1, 2]",
        {"id": 17},
        request(2, "textDocument/hover", {"textDocument": 3}),
        request(3, "no/such/method", {}),
        request(4, "textDocument/hover", position),
        request(5, "codeAction/resolve", {"title": "x", "data": {"uri": 5, "start": "?"}}),
        request(6, "workspace/executeCommand", {"command": "rm"}),
        {"jsonrpc": "2.0", "method": "textDocument/didChange", "params": {"textDocument": {}}},
        {"jsonrpc": "2.0", "method": "$/cancelRequest", "params": {"id": 4}},
        request(7, "shutdown"),
        request(8, "textDocument/hover", position),
        EXIT,
    )
    assert sorted(answer["id"] for answer in answers if "method" not in answer) == list(range(9))
    failed = {answer["id"] for answer in answers if "error" in answer}
    assert failed == {0, 2, 3, 5, 6, 8}
    assert code == 0


async def test_a_client_that_goes_away_ends_the_server() -> None:
    answers, code = await conversation(INITIALIZE)
    assert [answer["id"] for answer in answers] == [1]
    assert code == 1
