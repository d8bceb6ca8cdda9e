"""Requests: convert, ask a feature about the snapshot, convert back."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.capabilities import get_capability
from pygls.exceptions import JsonRpcException

from ..features import code_actions, completion, definition, hover, signature_help
from ..features.snapshot import Snapshot
from . import convert

if TYPE_CHECKING:
    from ..text import Span
    from .server import Server

FIX_ALL = f"{types.CodeActionKind.SourceFixAll.value}.keyward"

Answer = Generator[Any, Any, Any]
Positioned = types.HoverParams | types.SignatureHelpParams | types.CompletionParams | types.DefinitionParams


class ContentModified(JsonRpcException):
    """The text is no longer the one that the client's request is about."""

    CODE = types.LSPErrorCodes.ContentModified
    MESSAGE = "Content Modified"


def diagnostic(server: Server, parameters: types.DocumentDiagnosticParams) -> Answer:
    return (yield from server.diagnostics.report(parameters.text_document.uri, parameters.previous_result_id))


def no_diagnostics() -> types.DocumentDiagnosticReport:
    return types.RelatedFullDocumentDiagnosticReport(items=[])


def hovering(server: Server, parameters: types.HoverParams) -> Answer:
    snapshot, offset = yield from _at(server, parameters)
    found = hover.hover(snapshot, offset) if snapshot is not None else None
    if snapshot is None or found is None:
        return None
    kind = _markup(server, "text_document.hover.content_format")
    return convert.from_hover(found, snapshot.source.lines, server.unit, kind)


def signatures(server: Server, parameters: types.SignatureHelpParams) -> Answer:
    snapshot, offset = yield from _at(server, parameters)
    if snapshot is None:
        return None
    information = "text_document.signature_help.signature_information"
    kind = _markup(server, f"{information}.documentation_format")
    by_offset = bool(
        get_capability(server.client_capabilities, f"{information}.parameter_information.label_offset_support")
    )
    return convert.from_signature_help(signature_help.signature_help(snapshot, offset), kind, by_offset)


def completions(server: Server, parameters: types.CompletionParams) -> Answer:
    snapshot, offset = yield from _at(server, parameters)
    if snapshot is None:
        return None
    kind = _markup(server, "text_document.completion.completion_item.documentation_format")
    found = completion.completions(snapshot, offset)
    return convert.from_completions(found, snapshot.source.lines, server.unit, kind)


def definitions(server: Server, parameters: types.DefinitionParams) -> Answer:
    snapshot, offset = yield from _at(server, parameters)
    if snapshot is None:
        return None
    places = (server.session.locate(snapshot.path, place) for place in definition.definitions(snapshot, offset))
    return [convert.from_place(place, server.unit) for place in places if place is not None]


def actions(server: Server, parameters: types.CodeActionParams) -> Answer:
    uri = parameters.text_document.uri
    snapshot = yield from server.analyst.current(uri)
    if snapshot is None:
        return None
    only = parameters.context.only
    found: list[types.CodeAction] = []
    if _wanted(types.CodeActionKind.QuickFix.value, only):
        span = convert.to_span(parameters.range, snapshot.source.lines, server.unit)
        lazy = "edit" in _resolvable(server)
        found += [
            _quick_fix(server, uri, snapshot, span, action, lazy) for action in code_actions.actions(snapshot, span)
        ]
    if only and _wanted(FIX_ALL, only):  # for whoever asks for it: it takes the fixes of the whole file to say more
        edits = code_actions.fix_all(snapshot)
        if edits:
            edit = _edit(server, uri, snapshot, edits)
            found.append(types.CodeAction(title="Fix all that is safe to fix", kind=FIX_ALL, edit=edit))
    return found


def _quick_fix(
    server: Server, uri: str, snapshot: Snapshot, span: Span, action: code_actions.Action, lazy: bool
) -> types.CodeAction:
    """`lazy`: the edit is left to `resolve`, since the user takes one of the actions at the most."""
    found = types.CodeAction(
        title=action.fix.title,
        kind=types.CodeActionKind.QuickFix,
        diagnostics=[convert.from_finding(action.finding, snapshot.source.lines, server.unit)],
        is_preferred=True if action.fix.preferred else None,
    )
    if lazy:
        found.data = {"uri": uri, "version": snapshot.version, "start": span.start, "end": span.end}
    else:
        found.edit = _edit(server, uri, snapshot, action.fix.edits)
    return found


def resolve(server: Server, action: types.CodeAction) -> Answer:
    """Raises ContentModified when the text has changed since the action was offered."""
    data = action.data if isinstance(action.data, dict) else {}
    uri = str(data.get("uri", ""))
    snapshot = yield from server.analyst.current(uri)
    if snapshot is None or snapshot.version != data.get("version"):
        raise ContentModified()
    span = convert.span_of(data)
    for offered in code_actions.actions(snapshot, span):
        if offered.fix.title == action.title:
            action.edit = _edit(server, uri, snapshot, offered.fix.edits)
            return action
    raise ContentModified()


def _edit(server: Server, uri: str, snapshot: Snapshot, edits: Any) -> types.WorkspaceEdit:
    versioned = bool(get_capability(server.client_capabilities, "workspace.workspace_edit.document_changes"))
    return convert.workspace_edit(
        uri, snapshot.version, convert.from_edits(edits, snapshot.source.lines, server.unit), versioned
    )


def _at(server: Server, parameters: Positioned) -> Generator[Any, Any, tuple[Snapshot | None, int]]:
    """The snapshot of the document that a request is about, and the offset of its position."""
    snapshot = yield from server.analyst.current(parameters.text_document.uri)
    if snapshot is None:
        return None, 0
    return snapshot, convert.to_offset(parameters.position, snapshot.source.lines, server.unit)


def _wanted(kind: str, only: Any) -> bool:
    """Whether a client that asks for `only` these kinds of actions, or for all, wants one of this kind.

    Kinds are nested: who asks for `source` wants `source.fixAll` too.
    """
    if not only:
        return True
    values = [entry.value if isinstance(entry, types.CodeActionKind) else str(entry) for entry in only]
    return any(not value or kind == value or kind.startswith(f"{value}.") for value in values)


def _markup(server: Server, capability: str) -> convert.Markup:
    """The best kind of text that the client renders."""
    formats = get_capability(server.client_capabilities, capability)
    if not formats:
        return None
    return types.MarkupKind.Markdown if types.MarkupKind.Markdown in formats else types.MarkupKind.PlainText


def _resolvable(server: Server) -> tuple[str, ...]:
    support = get_capability(server.client_capabilities, "text_document.code_action.resolve_support")
    return tuple(support.properties) if support is not None else ()


REQUESTS: dict[str, tuple[Any, Any, Any]] = {
    types.TEXT_DOCUMENT_HOVER: (hovering, None, None),
    types.TEXT_DOCUMENT_SIGNATURE_HELP: (
        signatures,
        types.SignatureHelpOptions(trigger_characters=["(", ","], retrigger_characters=["="]),
        None,
    ),
    types.TEXT_DOCUMENT_COMPLETION: (completions, types.CompletionOptions(trigger_characters=["(", ",", "."]), None),
    types.TEXT_DOCUMENT_DEFINITION: (definitions, None, None),
    types.TEXT_DOCUMENT_CODE_ACTION: (
        actions,
        types.CodeActionOptions(code_action_kinds=[types.CodeActionKind.QuickFix, FIX_ALL], resolve_provider=True),
        None,
    ),
    types.CODE_ACTION_RESOLVE: (resolve, None, None),
}
"""Method -> handler, options of the capability, answer where the handler fails."""
