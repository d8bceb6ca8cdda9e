"""Every conversion between the protocol's types and Keyward's own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from lsprotocol import types
from pygls.uris import from_fs_path, to_fs_path

from ..features.completion import Completion
from ..features.hover import Hover
from ..features.signature_help import SignatureHelp
from ..rules.finding import Finding, Severity
from ..session.documents import Change
from ..session.places import Located
from ..text import Edit, LineIndex, Position, Span, Unit

SOURCE = "keyward"

Markup = types.MarkupKind | None
"""What the client renders; None: it does not say, and gets bare strings."""

_SEVERITIES = {
    Severity.ERROR: types.DiagnosticSeverity.Error,
    Severity.WARNING: types.DiagnosticSeverity.Warning,
    Severity.INFORMATION: types.DiagnosticSeverity.Information,
}
_KINDS = {"keyword": types.CompletionItemKind.Variable, "field": types.CompletionItemKind.Field}


# --- places ----------------------------------------------------------------------------------------------------------


def to_path(uri: str) -> str:
    """The file's path; for a document that is no file (`untitled:...`) the URI itself stands for it."""
    return to_fs_path(uri) or uri


def to_uri(path: str) -> str:
    return from_fs_path(path) or path


def to_unit(encoding: types.PositionEncodingKind | str | None) -> Unit:
    """What columns count; UTF-16 where nothing was agreed on."""
    return Unit(encoding.value if isinstance(encoding, types.PositionEncodingKind) else encoding or Unit.UTF16.value)


def from_position(position: types.Position) -> Position:
    return Position(position.line, position.character)


def to_offset(position: types.Position, lines: LineIndex, unit: Unit) -> int:
    return lines.offset(from_position(position), unit)


def to_span(range_: types.Range, lines: LineIndex, unit: Unit) -> Span:
    return Span(to_offset(range_.start, lines, unit), to_offset(range_.end, lines, unit))


def from_offset(offset: int, lines: LineIndex, unit: Unit) -> types.Position:
    position = lines.position(offset, unit)
    return types.Position(position.line, position.column)


def from_span(span: Span, lines: LineIndex, unit: Unit) -> types.Range:
    return types.Range(from_offset(span.start, lines, unit), from_offset(span.end, lines, unit))


def to_changes(changes: Iterable[types.TextDocumentContentChangeEvent]) -> list[Change]:
    return [
        Change(change.text, (from_position(change.range.start), from_position(change.range.end)))
        if isinstance(change, types.TextDocumentContentChangePartial)
        else Change(change.text)
        for change in changes
    ]


def span_of(data: dict[str, Any]) -> Span:
    """The span that a code action carries to its resolution; an empty one where it carries none."""
    start, end = data.get("start"), data.get("end")
    return Span(start, end) if isinstance(start, int) and isinstance(end, int) else Span(0, 0)


def from_place(place: Located, unit: Unit) -> types.Location:
    return types.Location(uri=to_uri(place.path), range=from_span(place.span, place.lines, unit))


# --- features --------------------------------------------------------------------------------------------------------


def from_finding(finding: Finding, lines: LineIndex, unit: Unit) -> types.Diagnostic:
    return types.Diagnostic(
        range=from_span(finding.span, lines, unit),
        message=finding.message,
        severity=_SEVERITIES[finding.severity],
        code=finding.rule,
        source=SOURCE,
        tags=_tags(finding) or None,
    )


def _tags(finding: Finding) -> list[types.DiagnosticTag]:
    chosen = (
        (finding.unnecessary, types.DiagnosticTag.Unnecessary),
        (finding.deprecated, types.DiagnosticTag.Deprecated),
    )
    return [tag for holds, tag in chosen if holds]


def from_hover(hover: Hover, lines: LineIndex, unit: Unit, kind: Markup) -> types.Hover:
    return types.Hover(contents=_markup(hover.markdown, kind), range=from_span(hover.span, lines, unit))


def from_completions(
    completions: Sequence[Completion], lines: LineIndex, unit: Unit, kind: Markup
) -> types.CompletionList:
    items = [
        types.CompletionItem(
            label=completion.label,
            kind=_KINDS[completion.kind],
            detail=completion.detail or None,
            documentation=_markup(completion.doc, kind) if completion.doc else None,
            sort_text=f"{rank:04}",
            filter_text=completion.label,
            text_edit=types.TextEdit(from_span(completion.replace, lines, unit), completion.text),
        )
        for rank, completion in enumerate(completions)
    ]
    return types.CompletionList(is_incomplete=False, items=items)


def from_signature_help(
    signatures: Sequence[SignatureHelp], kind: Markup, by_offset: bool
) -> types.SignatureHelp | None:
    """`by_offset`: whether the client takes places in the label instead of copies of the parameter's text."""
    if not signatures:
        return None
    return types.SignatureHelp(
        signatures=[
            types.SignatureInformation(
                label=signature.label,
                documentation=_markup(signature.doc, kind) if signature.doc else None,
                parameters=[
                    types.ParameterInformation(
                        label=_label(signature.label, parameter.label, by_offset),
                        documentation=_markup(parameter.doc, kind) if parameter.doc else None,
                    )
                    for parameter in signature.parameters
                ],
                # An index behind the last parameter marks none of them.
                active_parameter=len(signature.parameters) if signature.active is None else signature.active,
            )
            for signature in signatures
        ],
        active_signature=0,
        active_parameter=len(signatures[0].parameters) if signatures[0].active is None else signatures[0].active,
    )


def _label(text: str, span: Span, by_offset: bool) -> str | tuple[int, int]:
    """The protocol counts in UTF-16 here, whatever encoding was agreed on for positions."""
    if not by_offset:
        return text[span.start : span.end]
    return _utf16_length(text[: span.start]), _utf16_length(text[: span.end])


def _utf16_length(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def from_edits(edits: Iterable[Edit], lines: LineIndex, unit: Unit) -> list[types.TextEdit]:
    return [types.TextEdit(from_span(edit.span, lines, unit), edit.text) for edit in edits]


def workspace_edit(uri: str, version: int, edits: Iterable[types.TextEdit], versioned: bool) -> types.WorkspaceEdit:
    """An edit of one document; `versioned`: whether the client can refuse it for a text that has changed since."""
    if not versioned:
        return types.WorkspaceEdit(changes={uri: list(edits)})
    document = types.OptionalVersionedTextDocumentIdentifier(uri=uri, version=version)
    return types.WorkspaceEdit(document_changes=[types.TextDocumentEdit(text_document=document, edits=list(edits))])


def _markup(markdown: str, kind: Markup) -> types.MarkupContent | str:
    if kind is types.MarkupKind.Markdown:
        return types.MarkupContent(kind=kind, value=markdown)
    plain = "\n".join(line for line in markdown.split("\n") if not line.startswith("```"))
    return plain if kind is None else types.MarkupContent(kind=kind, value=plain)
