"""Indexes one distribution: runs the worker over it, again without the culprit where one module takes it down."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from ..signatures.model import FORMAT, Dated, Entry, Exported, Index
from ..signatures.store import Installed, read_family, read_index
from ..signatures.writer import write_atomically, write_family, write_index
from ..worker import protocol
from .import_path import ImportPath
from .worker_client import Ending, Message

_RESTARTS = 8
_INDEX_EVERY = 40
_LACKING = "lacking.json"


def read_lacking(folder: Path) -> tuple[str, ...]:
    """Modules that were not installed and would have been needed to read all of a distribution."""
    try:
        return msgspec.json.decode((folder / _LACKING).read_bytes(), type=tuple[str, ...])
    except (OSError, msgspec.DecodeError):
        return ()


class DistributionIndex:
    """The growing index of one distribution, written to `folder` as the worker's answers come in.

    Args:
        item: the distribution.
        folder: where its files go.
        families: those that come first; `changed` is called once they are there.
        modules: what the scan found, for distributions that the worker does not know by itself.
        run: runs the worker with a request and a listener.
        progress: called with done, total and label.
        changed: called when there is something new to open.
        stays: asked at the end, with whether there were problems: whether what was read is about what is installed.
        path: where the interpreter imports from.
    """

    def __init__(
        self,
        item: Installed,
        folder: Path,
        families: tuple[str, ...],
        modules: tuple[str, ...],
        run: Callable[[Message, Callable[[Message], None]], Ending],
        progress: Callable[[int, int, str], None],
        changed: Callable[[], None],
        stays: Callable[[bool], bool],
        path: ImportPath,
    ) -> None:
        self._item = item
        self._folder = folder
        self._families = families
        self._asked = modules
        self._run = run
        self._progress = progress
        self._changed = changed
        self._stays = stays
        self._path = path
        self._lacking: set[str] = set()
        self._by_source = False
        self._exports: dict[str, dict[str, list[Exported]]] = {}
        self._modules: dict[str, str] = {}
        self._have: list[str] = []
        self._skip: list[str] = []
        self.problems: list[str] = []
        self._resume()

    def _resume(self) -> None:
        """Take over what an earlier, unfinished run has written in the same way."""
        try:
            index = read_index(self._folder)
        except ValueError:
            return
        if index is not None and index.by_source and not self._by_source:
            return
        for family in sorted(set(index.modules.values())) if index else ():
            try:
                entries = read_family(self._folder, family)
            except (OSError, ValueError):
                continue
            self._have.append(family)
            self._note_modules(family, [history[-1].entry for history in entries.values()])

    def build(self) -> bool:
        """Run to the end; whether the index is complete (as far as modules can be imported at all).

        Raises:
            OSError: the folder cannot be written.
        """
        tried: set[str] = set()
        for _ in range(_RESTARTS):
            request = protocol.index_request(
                self._item.distribution, self._families, self._asked, tuple(self._skip), tuple(self._have)
            )
            ending = self._run(request, self._hear)
            if ending.kind == "done":
                if not self._stays(bool(self.problems)):
                    return False
                self._write_lacking()
                self._write_index(complete=True)
                return True
            if ending.kind in ("cancelled", "not started"):
                break
            if self._by_source and ending.kind == "died" and ending.label not in tried:
                tried.add(ending.label)  # nothing of the library ran that could have ended it: somebody did
                continue
            died = "ended the process" if ending.kind == "died" else "hung"
            culprit = ending.label or self._item.distribution
            what = "read" if self._by_source else "imported"
            self.problems.append(f"{culprit} could not be {what}: it {died} ({ending.detail}).")
            if not ending.label or ending.label in self._skip or ending.label == self._item.distribution:
                break
            self._skip.append(ending.label)
        if self._have:
            self._write_index(complete=False)
        return False

    def build_from_source(self, read: Callable[[Message, Callable[[Message], None]], Ending]) -> bool:
        """Read what is not there yet from source; whether the index is complete.

        Raises:
            OSError: the folder cannot be written.
        """
        self._run = read
        self._skip.clear()
        self._by_source = True
        if self.is_empty:
            self._resume()
        return self.build()

    @property
    def is_empty(self) -> bool:
        """Whether nothing could be read."""
        return not self._have

    def _hear(self, message: Message) -> None:
        try:
            self._take(message)
        except (msgspec.ValidationError, KeyError, TypeError, AttributeError) as error:
            what = message.get("family") or message["type"]
            self.problems.append(f"What was read of {what} is not understood ({type(error).__name__}).")

    def _take(self, message: Message) -> None:
        kind = message["type"]
        if kind == "progress":
            self._progress(message["done"], message["total"], message["label"])
        elif kind == "problem":
            self.problems.append(str(message["text"]))
            if missing := message.get("missing"):
                self._lacking.add(str(missing))
        elif kind == "index":
            self._exports = {
                module: {name: [Exported(self._item.version, origin)] for name, origin in names.items()}
                for module, names in message["exports"].items()
            }
        elif kind == "family":
            self._take_family(message["family"], message["entries"])

    def _take_family(self, family: str, raw: dict[str, Any]) -> None:
        entries = msgspec.convert(raw, dict[str, Entry])
        version = self._item.version
        write_family(self._folder, family, {name: [Dated(version, entry)] for name, entry in entries.items()})
        self._have.append(family)
        self._note_modules(family, list(entries.values()))
        if family in self._families or len(self._have) % _INDEX_EVERY == 0:
            self._write_index(complete=False)

    def _note_modules(self, family: str, entries: list[Entry | None]) -> None:
        self._modules.update({entry.module: family for entry in entries if entry is not None})

    def _write_lacking(self) -> None:
        """Note what modules wanted that is not installed: once it is, they can be read."""
        lacking = sorted(name for name in self._lacking if not self._path.finds(name))
        if lacking or (self._folder / _LACKING).exists():
            write_atomically(self._folder / _LACKING, msgspec.json.encode(lacking))

    def _write_index(self, *, complete: bool) -> None:
        write_index(
            self._folder,
            Index(
                format=FORMAT,
                distribution=self._item.distribution,
                versions=(self._item.version,),
                exports=self._exports,
                modules=self._modules,
                problems=tuple(dict.fromkeys(self.problems)),
                complete=complete,
                by_source=self._by_source,
            ),
        )
        self._changed()
