"""The workspace: its folders, their settings, and for each file the interpreter whose libraries count.

Used by the language server and by the command line. Asking for a `world` reads a few small files the first time and
starts nothing; the index is brought up to date in a thread of its own, and `changed` is called when that, or jedi, has
something new to say.
"""

from __future__ import annotations

import logging
import os
import re
import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ..environment.index import Progress, default_cache, update_index
from ..environment.interpreter import Interpreter, find_interpreter
from ..inference.answers import Question
from ..inference.world import World
from ..signatures.store import Installed
from .ground import Ground
from .oracle import read_file
from .settings import Settings, read

logger = logging.getLogger(__name__)

_MODEL_NAME = re.compile(rb"\b([A-Z][A-Za-z0-9]+?)(?:Model|For[A-Z][A-Za-z0-9]*|Config|Tokenizer|ImageProcessor)\b")

Tell = Callable[[str, str, int, int], None]
"""Told of long work: title, what is being done, how many steps of how many are made."""


class Workspace:
    """To be used from one thread; `changed` and `tell` are called from others."""

    def __init__(
        self,
        changed: Callable[[], None] = lambda: None,
        tell: Tell = lambda *_: None,
        text_of: Callable[[str], bytes | None] = read_file,
        cache: Path | None = None,
        against: Iterable[Installed] = (),
    ) -> None:
        """`text_of` gives the text of a file, so that an editor's unsaved text can go before the disk's; what is in
        `against` takes the place of what is installed."""
        self.trusted = True
        """Whether processes may be started for these folders. To be set before anything else is asked."""
        self._changed = changed
        self._tell = tell
        self._text_of = text_of
        self._cache = cache or default_cache()
        self._against = tuple(against)
        self._folders: list[str] = []
        self._given: dict[str, object] = {}
        self._settings: dict[str | None, Settings] = {None: Settings()}
        self._grounds: dict[Path | None, Ground] = {}
        self._by_folder: dict[str, Ground] = {}
        self._indexer: ThreadPoolExecutor | None = None
        self._indexed: set[Path | None] = set()
        self._closing = threading.Event()

    # --- folders and settings ---------------------------------------------------------------------------------------

    @property
    def folders(self) -> tuple[str, ...]:
        return tuple(self._folders)

    def add_folders(self, folders: Iterable[str]) -> None:
        self._folders += [folder for folder in folders if folder not in self._folders]
        self._start_anew()

    def remove_folders(self, folders: Iterable[str]) -> None:
        gone = set(folders)
        self._folders = [folder for folder in self._folders if folder not in gone]
        for folder in gone:
            self._settings.pop(folder, None)
        self._start_anew()

    def start_with(self, raw: Mapping[str, object]) -> None:
        """Takes what was given when the session began: it holds wherever nothing else is set."""
        self._given = dict(raw)
        self.configure({})

    def configure(self, raw: Mapping[str, object], folder: str | None = None) -> None:
        """Takes the settings of one folder, or those of all that have none of their own.

        What is not set, or empty, is as it was given at the start.
        """
        settings, problems = read(
            {**self._given, **{name: value for name, value in raw.items() if value not in ("", None)}}
        )
        for problem in problems:
            logger.warning("%s", problem)
        before = self._settings.get(folder)
        if settings == before:
            return
        self._settings[folder] = settings
        if before is None or before.python != settings.python:
            self._by_folder.clear()
        self._changed()

    def settings(self, path: str) -> Settings:
        return self._settings.get(self.folder(path)) or self._settings[None]

    def folder(self, path: str) -> str | None:
        """The innermost workspace folder that a file is in; None: it is in none."""
        holding = [f for f in self._folders if path == f or path.startswith(f.rstrip(os.sep) + os.sep)]
        return max(holding, key=len, default=None)

    # --- what files are judged by -----------------------------------------------------------------------------------

    def ground(self, path: str) -> Ground:
        """What a file is judged by; that of its interpreter."""
        parent = os.path.dirname(path)
        ground = self._by_folder.get(parent)
        if ground is None:
            interpreter = self._interpreter(path)
            ground = self._grounds.get(interpreter.path)
            if ground is None:
                ground = Ground(
                    interpreter, self._cache, self._folders, self.trusted, self._changed, self._text_of, self._against
                )
                self._grounds[interpreter.path] = ground
            self._by_folder[parent] = ground
        return ground

    def world(self, path: str) -> World:
        return self.ground(path).world

    def _interpreter(self, path: str) -> Interpreter:
        folder = self.folder(path)
        return find_interpreter(
            self.settings(path).python or None,
            chosen_by="the setting keyward.python",
            start=Path(path).parent,
            workspace=Path(folder) if folder is not None else None,
        )

    # --- what comes later -------------------------------------------------------------------------------------------

    def analysed(self, path: str, questions: Iterable[Question], families: Iterable[str]) -> None:
        """A file has been analysed: its questions go to jedi, and the index of its interpreter is brought up to date,
        starting with these model families. Neither is waited for."""
        ground = self.ground(path)
        ground.ask(path, questions)
        if ground.interpreter.path not in self._indexed:
            self._refresh(ground, tuple(families))

    def closed(self, path: str) -> None:
        self.ground(path).forget(path)

    def files_changed(self, paths: Iterable[str]) -> None:
        """Files were saved, made or removed: what rests on them is asked anew, and libraries are looked at again."""
        changed = tuple(paths)
        if any(os.path.basename(path) in ("pyvenv.cfg", "METADATA") for path in changed):
            self._by_folder.clear()
        for ground in self._grounds.values():
            ground.files_changed(changed)
            self._refresh(ground, ())

    def close(self) -> None:
        """Ends all that was started."""
        self._closing.set()
        if self._indexer is not None:
            self._indexer.shutdown(wait=False, cancel_futures=True)
        for ground in self._grounds.values():
            ground.close()

    def _start_anew(self) -> None:
        """The folders are others: interpreters are found again, and jedi looks elsewhere."""
        for ground in self._grounds.values():
            ground.close()
        self._grounds.clear()
        self._by_folder.clear()

    def _refresh(self, ground: Ground, families: tuple[str, ...]) -> None:
        first = ground.interpreter.path not in self._indexed
        self._indexed.add(ground.interpreter.path)
        if ground.interpreter.path is None or self._closing.is_set():
            return
        if self._indexer is None:
            self._indexer = ThreadPoolExecutor(1, "index")
        self._indexer.submit(self._update, ground, families, first)

    def _update(self, ground: Ground, families: tuple[str, ...], first: bool) -> None:
        """Runs on the index's thread. After the first time there is work only when something was installed."""
        try:
            moved = ground.moved()
            if moved:
                ground.reopen(self._cache)
                self._changed()
            if first or moved:
                self._index(ground, families)
        except Exception:
            logger.exception("The index could not be brought up to date.")

    def _index(self, ground: Ground, families: tuple[str, ...]) -> None:
        title = "Reading signatures"

        def progress(step: Progress) -> None:
            self._tell(title, f"{step.distribution}: {step.label}", step.done, max(step.total, step.done + 1))

        def changed(cache: Path) -> None:
            self._cache = cache
            ground.reopen(cache)
            self._changed()

        try:
            report = update_index(
                ground.interpreter,
                self._cache,
                families=families,
                trusted=self.trusted,
                progress=progress,
                changed=changed,
                cancelled=self._closing,
            )
        finally:
            self._tell(title, "", 1, 1)
        if report.indexed:
            ground.renew(report.cache)
        for problem in report.problems:
            logger.warning("%s", problem)


def families_named(text: bytes) -> frozenset[str]:
    """Families that a text seems to name ("deit" for `DeiTModel`), so that they are read first. A wrong guess costs
    nothing."""
    return frozenset(name.decode().lower() for name in _MODEL_NAME.findall(text))
