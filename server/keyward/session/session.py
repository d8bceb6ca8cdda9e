"""One client's session: its open documents, and the workspace that they are judged in."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ..features.definition import Place
from ..text import Unit
from .documents import Change, Document, Task
from .oracle import read_file
from .places import Located, locate
from .workspace import Later, Tell, Workspace, families_named


class Session:
    """Documents by URI. To be used from one thread."""

    def __init__(self, changed: Callable[[], None], tell: Tell, later: Later) -> None:
        """For `changed`, `tell` and `later` see `Workspace`."""
        self.documents: dict[str, Document] = {}
        self.workspace = Workspace(changed, tell, self.text_of, later=later)

    def open(self, uri: str, path: str, version: int, text: str) -> None:
        self.documents[uri] = Document(uri, path, version, text)

    def change(self, uri: str, version: int, changes: Iterable[Change], unit: Unit) -> None:
        if (document := self.documents.get(uri)) is not None:
            document.change(version, changes, unit)

    def close(self, uri: str) -> None:
        document = self.documents.pop(uri, None)
        if document is not None:
            self.workspace.closed(document.path)

    def set_to_work(self, uri: str) -> None:
        """Has jedi and the worker find out what the present snapshot of a document could not know. Does not wait."""
        document = self.documents.get(uri)
        if document is not None and (snapshot := document.snapshot) is not None:
            self.workspace.analysed(document.path, snapshot.analysis.questions, families_named(snapshot.text))

    def text_of(self, path: str) -> bytes | None:
        """The text of a file: the editor's where it is open, else the disk's. May be called from any thread."""
        for document in tuple(self.documents.values()):
            if document.path == path:
                return document.text
        return read_file(path)

    def reports(self, uri: str) -> bool:
        """Whether findings in a document are told."""
        document = self.documents.get(uri)
        return document is None or self.workspace.settings(document.path).reports(document.path)

    def task(self, uri: str) -> Task | None:
        """What has to be done for a current snapshot of a document; None: nothing."""
        document = self.documents.get(uri)
        if document is None:
            return None
        rules = self.workspace.rules(document.path)
        return document.task(self.workspace.world(document.path), rules)

    def locate(self, path: str, place: Place) -> Located | None:
        """Where a place is that a feature found for the file at `path`."""
        return locate(place, self.workspace.ground(path).site_folders, self.text_of)
