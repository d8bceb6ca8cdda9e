"""One client's session: its open documents, and the workspace that they are judged in."""

from __future__ import annotations

from collections.abc import Iterable

from ..text import Unit
from .documents import Change, Document, Task
from .settings import Settings
from .workspace import Workspace


class Session:
    """Documents by URI. To be used from one thread."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.documents: dict[str, Document] = {}

    def open(self, uri: str, path: str, version: int, text: str) -> None:
        self.documents[uri] = Document(uri, path, version, text)

    def change(self, uri: str, version: int, changes: Iterable[Change], unit: Unit) -> None:
        if (document := self.documents.get(uri)) is not None:
            document.change(version, changes, unit)

    def close(self, uri: str) -> None:
        self.documents.pop(uri, None)

    def settings(self, uri: str) -> Settings:
        document = self.documents.get(uri)
        return self.workspace.settings(document.path if document is not None else "")

    def task(self, uri: str) -> Task | None:
        """What has to be done for a current snapshot of a document; None: nothing."""
        document = self.documents.get(uri)
        if document is None:
            return None
        return document.task(self.workspace.world(document.path), self.workspace.settings(document.path).rules)
