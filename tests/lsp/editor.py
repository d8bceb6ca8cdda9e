"""An editor for tests: holds texts, counts positions its own way, and talks to a real server over stdio."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from lsprotocol import types
from pygls.protocol import default_converter
from pytest_lsp import LanguageClient
from pytest_lsp.client import DEFAULT_CLIENT_FEATURES, register_lsp_features

SERVER = Path(__file__).resolve().parents[2] / "server"
PATIENCE = 60.0
"""Seconds that a test waits for what has to come."""
ENCODINGS = {"utf-8": ("utf-8", 1), "utf-16": ("utf-16-le", 2), "utf-32": ("utf-32-le", 4)}

Diagnostics = list[types.Diagnostic]


def capabilities(
    *, pull: bool = False, encodings: tuple[str, ...] = (), resolve: bool = False, **more: Any
) -> types.ClientCapabilities:
    """What an editor declares that can do all of it; `more` replaces sections."""
    sections: dict[str, Any] = {
        "general": types.GeneralClientCapabilities(position_encodings=list(encodings) or None),
        "window": types.WindowClientCapabilities(work_done_progress=True),
        "workspace": types.WorkspaceClientCapabilities(
            configuration=True,
            workspace_folders=True,
            workspace_edit=types.WorkspaceEditClientCapabilities(document_changes=True),
            diagnostics=types.DiagnosticWorkspaceClientCapabilities(refresh_support=True),
        ),
        "text_document": types.TextDocumentClientCapabilities(
            diagnostic=types.DiagnosticClientCapabilities() if pull else None,
            hover=types.HoverClientCapabilities(content_format=[types.MarkupKind.Markdown]),
            code_action=types.CodeActionClientCapabilities(
                code_action_literal_support=types.ClientCodeActionLiteralOptions(
                    types.ClientCodeActionKindOptions(value_set=[types.CodeActionKind.QuickFix])
                ),
                data_support=True,
                resolve_support=types.ClientCodeActionResolveOptions(["edit"]) if resolve else None,
            ),
        ),
    }
    return types.ClientCapabilities(**(sections | more))


class Editor:
    def __init__(self, client: LanguageClient, folder: Path) -> None:
        self.client = client
        self.folder = folder
        self.encoding = "utf-16"
        self.pulls = False
        self.texts: dict[str, str] = {}
        self.versions: dict[str, int] = {}
        self.published: list[types.PublishDiagnosticsParams] = []
        self._news = asyncio.Condition()

    async def heard(self, parameters: types.PublishDiagnosticsParams) -> None:
        async with self._news:
            self.published.append(parameters)
            self._news.notify_all()

    def uri(self, name: str) -> str:
        return (self.folder / name).as_uri()

    def open(self, name: str, text: str, uri: str = "") -> str:
        uri = uri or self.uri(name)
        self.texts[uri], self.versions[uri] = text, 1
        document = types.TextDocumentItem(uri=uri, language_id="python", version=1, text=text)
        self.client.text_document_did_open(types.DidOpenTextDocumentParams(document))
        return uri

    def position(self, uri: str, at: int) -> types.Position:
        codec, size = ENCODINGS[self.encoding]
        lines = self.texts[uri][:at].replace("\r\n", "\n").replace("\r", "\n").split("\n")
        return types.Position(len(lines) - 1, len(lines[-1].encode(codec)) // size)

    def range(self, uri: str, start: int, end: int) -> types.Range:
        return types.Range(self.position(uri, start), self.position(uri, end))

    def find(self, uri: str, part: str) -> types.Position:
        """The position in the middle of the last occurrence of `part`."""
        return self.position(uri, self.texts[uri].rindex(part) + len(part) // 2)

    def covered(self, uri: str, range_: types.Range) -> str:
        """The text in a range, read by the editor's own counting."""
        start, end = (self._index(uri, position) for position in (range_.start, range_.end))
        return self.texts[uri][start:end]

    def _index(self, uri: str, position: types.Position) -> int:
        return next(at for at in range(len(self.texts[uri]) + 1) if self.position(uri, at) == position)

    def edit(self, uri: str, *changes: tuple[int, int, str]) -> None:
        """Replaces text, one change after the other, in one notification."""
        sent: list[types.TextDocumentContentChangeEvent] = []
        for start, end, new in changes:
            sent.append(types.TextDocumentContentChangePartial(range=self.range(uri, start, end), text=new))
            self.texts[uri] = self.texts[uri][:start] + new + self.texts[uri][end:]
        self.versions[uri] += 1
        document = types.VersionedTextDocumentIdentifier(uri=uri, version=self.versions[uri])
        self.client.text_document_did_change(types.DidChangeTextDocumentParams(document, sent))

    def replace(self, uri: str, old: str, new: str) -> None:
        at = self.texts[uri].index(old)
        self.edit(uri, (at, at + len(old), new))

    def apply(self, edit: types.WorkspaceEdit | None) -> None:
        """Does what the server asks for, as a user who picked an action would have it."""
        assert edit is not None
        assert edit.document_changes is not None
        for change in edit.document_changes:
            assert isinstance(change, types.TextDocumentEdit)
            uri = change.text_document.uri
            assert change.text_document.version == self.versions[uri]
            edits = [
                (self._index(uri, e.range.start), self._index(uri, e.range.end), e.new_text)
                for e in change.edits
                if isinstance(e, types.TextEdit)
            ]
            self.edit(uri, *sorted(edits, reverse=True))

    def close(self, uri: str) -> None:
        self.client.text_document_did_close(types.DidCloseTextDocumentParams(types.TextDocumentIdentifier(uri)))

    async def diagnostics(self, uri: str, wanted: Callable[[Diagnostics], bool] = lambda _: True) -> Diagnostics:
        """The diagnostics of the present version, once they are as wanted."""
        async with asyncio.timeout(PATIENCE) if sys.version_info >= (3, 11) else _forever():
            return await (self._pulled(uri, wanted) if self.pulls else self._pushed(uri, wanted))

    async def _pulled(self, uri: str, wanted: Callable[[Diagnostics], bool]) -> Diagnostics:
        while True:
            report = await self.pull(uri)
            assert isinstance(report, types.RelatedFullDocumentDiagnosticReport)
            if wanted(found := list(report.items)):
                return found
            await asyncio.sleep(0.05)

    async def pull(self, uri: str, previous: str | None = None) -> types.DocumentDiagnosticReport:
        parameters = types.DocumentDiagnosticParams(types.TextDocumentIdentifier(uri), previous_result_id=previous)
        return await self.client.text_document_diagnostic_async(parameters)

    async def _pushed(self, uri: str, wanted: Callable[[Diagnostics], bool]) -> Diagnostics:
        async with self._news:
            while True:
                for sent in reversed(self.published):
                    if sent.uri == uri:
                        found = list(sent.diagnostics)
                        if sent.version == self.versions[uri] and wanted(found):
                            return found
                        break
                await self._news.wait()

    async def actions(self, uri: str, range_: types.Range, *only: str) -> list[types.CodeAction]:
        context = types.CodeActionContext(diagnostics=[], only=list(only) or None)
        parameters = types.CodeActionParams(types.TextDocumentIdentifier(uri), range_, context)
        found = await self.client.text_document_code_action_async(parameters)
        return [action for action in found or [] if isinstance(action, types.CodeAction)]

    async def hover(self, uri: str, part: str) -> str:
        parameters = types.HoverParams(types.TextDocumentIdentifier(uri), self.find(uri, part))
        found = await self.client.text_document_hover_async(parameters)
        assert found is None or isinstance(found.contents, types.MarkupContent)
        return "" if found is None else found.contents.value

    async def completions(self, uri: str, at: int) -> list[types.CompletionItem]:
        parameters = types.CompletionParams(types.TextDocumentIdentifier(uri), self.position(uri, at))
        found = await self.client.text_document_completion_async(parameters)
        return list(found.items) if isinstance(found, types.CompletionList) else list(found or [])


@asynccontextmanager
async def _forever() -> AsyncIterator[None]:
    yield


@asynccontextmanager
async def editing(
    folder: Path,
    cache_home: Path,
    declared: types.ClientCapabilities,
    options: dict[str, Any],
    folders: tuple[Path, ...] = (),
    settings: dict[str, dict[str, Any]] | None = None,
) -> AsyncIterator[Editor]:
    """A server that is shut down as the protocol has it; `settings` by URI of the folder ("" for all)."""
    client = LanguageClient(converter_factory=default_converter, configuration=settings)
    editor = Editor(client, folder)
    features = {**DEFAULT_CLIENT_FEATURES}

    async def published(ls: LanguageClient, parameters: types.PublishDiagnosticsParams) -> None:
        await editor.heard(parameters)

    features[types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS] = published
    register_lsp_features(client, features)
    kept = {name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "CONDA_PREFIX")}
    environment = kept | {"PYTHONPATH": str(SERVER), "XDG_CACHE_HOME": str(cache_home)}
    await client.start_io(sys.executable, "-m", "keyward", "serve", env=environment)
    result = await client.initialize_session(
        types.InitializeParams(
            capabilities=declared,
            root_uri=folder.as_uri(),
            workspace_folders=[types.WorkspaceFolder(path.as_uri(), path.name) for path in folders or (folder,)],
            initialization_options=options,
        )
    )
    chosen = result.capabilities.position_encoding or types.PositionEncodingKind.Utf16
    editor.encoding = chosen.value if isinstance(chosen, types.PositionEncodingKind) else chosen
    editor.pulls = result.capabilities.diagnostic_provider is not None
    yield editor
    await client.shutdown_session()
    assert client._server is not None
    assert client._server.returncode == 0
    await client.stop()
