"""The workspace: its folders, their settings, and for each file the interpreter whose libraries count.

Used by the language server and by the command line. Asking for a `world` reads a few small files the first time and
starts nothing; the index is brought up to date in a thread of its own, and `changed` is called when that, or jedi, has
something new to say.

Nothing is polled. Whatever happens in the editor is an occasion to look whether libraries or interpreters are others
than they were, at most every other second; once somebody is seen installing, further looks follow until that is over.
"""

from __future__ import annotations

import logging
import os
import re
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from ..environment.fingerprint import QUIET
from ..environment.index import Progress, default_cache, update_index
from ..environment.interpreter import Interpreter, find_interpreter
from ..inference.answers import Question
from ..inference.world import World
from ..rules import UNUSED_IGNORE, RuleSettings
from ..signatures.store import Installed
from . import settings_files
from .ground import Ground
from .known import Library, UnknownVersionError
from .oracle import read_file
from .settings import Settings, read, versioned
from .settings_files import SettingsFile

logger = logging.getLogger(__name__)

_MODEL_NAME = re.compile(rb"\b([A-Z][A-Za-z0-9]+?)(?:Model|For[A-Z][A-Za-z0-9]*|Config|Tokenizer|ImageProcessor)\b")

_LOOK_AGAIN = 2.0
"""Seconds between two looks at what is installed, unless there is a reason for one."""
_SAVED_AGAIN = 0.2
"""The same, when files are saved: all of them may be."""
_TOLD = re.compile(r"(?:pyvenv\.cfg|\.pth|\.egg|\.egg-link|\.(?:dist|egg)-info(?:[/\\][^/\\]+)?)$")
"""Files whose change is a reason."""
_GONE = 3.0
"""Seconds that an interpreter which is gone is waited for: environments are made anew."""

_Key = tuple[Path | None, tuple[Installed, ...], tuple[str, ...]]
"""What a ground is made of: an interpreter, versions to judge by in place of installed ones, libraries to read too."""

Tell = Callable[[str, str, int, int], None]
"""Told of long work: title, what is being done, how many steps of how many are made."""

Later = Callable[[float, Callable[[], None]], None]
"""Has a function called after so many seconds, on the thread that the workspace is used from."""


class Workspace:
    """To be used from one thread; `changed`, `tell` and `later` are called from others."""

    def __init__(
        self,
        changed: Callable[[], None] = lambda: None,
        tell: Tell = lambda *_: None,
        text_of: Callable[[str], bytes | None] = read_file,
        cache: Path | None = None,
        later: Later = lambda *_: None,
        against: Iterable[Installed] | None = None,
        config: SettingsFile | None = None,
        complain: Callable[[str], None] | None = None,
    ) -> None:
        """`text_of` gives the text of a file, so that an editor's unsaved text can go before the disk's; what is in
        `against` takes the place of what is installed, None: what settings say; `config` is the file of settings for
        all files, None: the nearest of each; `complain` is told of settings that make no sense,
        None: the log is."""
        self.trusted = True
        """Whether processes may be started for these folders. To be set before anything else is asked."""
        self._changed = changed
        self._tell = tell
        self._text_of = text_of
        self._later = later
        self._cache = cache or default_cache()
        self._against = None if against is None else tuple(against)
        self._config = config
        self._folders: list[str] = []
        self._given: dict[str, object] = {}
        self._set: dict[str | None, dict[str, Any]] = {None: {}}
        """What the client has set, by workspace folder."""
        self._settings: dict[str, Settings] = {}
        """By the folder that a file is in."""
        self._tell_problem = complain or partial(logger.warning, "%s")
        self._problems: dict[str, None] = {}
        self._grounds: dict[_Key, Ground] = {}
        self._by_folder: dict[str, Ground] = {}
        self._indexer: ThreadPoolExecutor | None = None
        self._indexed: set[_Key] = set()
        self._awaited: set[_Key] = set()
        """Grounds whose interpreters are going to be looked at."""
        self._looked = 0.0
        self._gone: dict[Path, float] = {}
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
            self._set.pop(folder, None)
        self._start_anew()

    def start_with(self, raw: Mapping[str, object]) -> None:
        """Takes what was given when the session began: it holds wherever nothing else is set."""
        self._given = dict(raw)
        self.configure({})

    def configure(self, raw: Mapping[str, object], folder: str | None = None) -> None:
        """Takes the settings of one folder, or those of all that have none of their own.

        What is not set, or empty, is as it was given at the start.
        """
        given = {name: value for name, value in raw.items() if value not in ("", None, [], {})}
        values, problems = read({**self._given, **given}, folder or "")
        self._complain(settings_files.said(problem, "The editor's settings") for problem in problems)
        if values == self._set.get(folder):
            return
        self._set[folder] = values
        self._settle()

    def settings(self, path: str) -> Settings:
        """What is set for a file: by the client, and where it sets nothing by the nearest file of settings."""
        parent = os.path.dirname(path)
        settings = self._settings.get(parent)
        if settings is None:
            settings = self._settings[parent] = self._settings_in(parent)
        return settings

    def rules(self, path: str) -> RuleSettings:
        """How severe each rule is in a file. Whether comments are of use cannot be told by another version."""
        rules = self.settings(path).rules(path)
        return rules.without(UNUSED_IGNORE) if self.ground(path).against else rules

    @property
    def problems(self) -> tuple[str, ...]:
        """A sentence about each setting that makes no sense, of the files that were asked about."""
        return tuple(self._problems)

    def _settings_in(self, folder: str) -> Settings:
        file = self._config or settings_files.nearest(folder)
        inside = self.folder(folder)
        client = self._set.get(inside, self._set[None])
        if file is None:
            return Settings(**client)
        self._complain(file.problems)
        values = {**file.values, **client}
        if inside is not None and self.folder(file.path) is None and "python" not in client:
            values.pop("python", None)  # it would be started, and the user trusts the workspace alone
        return Settings(**values)

    def _settle(self) -> None:
        """Settings may be others now: what rests on them is found out anew, if they are."""
        before, self._settings = self._settings, {}
        self._problems.clear()
        if any(self.settings(os.path.join(folder, "file")) != settings for folder, settings in before.items()):
            self._find_again()
            self._changed()

    def _complain(self, problems: Iterable[str]) -> None:
        """Tells what was not told yet."""
        for problem in problems:
            if problem not in self._problems:
                self._problems[problem] = None
                self._tell_problem(problem)

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
            ground = self._by_folder[parent] = self._ground_of(self._interpreter(path), self.settings(path))
        return ground

    def _ground_of(self, interpreter: Interpreter, settings: Settings) -> Ground:
        against = self._versions(settings.against) if self._against is None else self._against
        key = interpreter.path, against, settings.extra_libraries
        ground = self._grounds.get(key)
        if ground is None or ground.interpreter.problem != interpreter.problem:
            if interpreter.problem:
                logger.warning("%s", interpreter.problem)
            ground = self._grounds[key] = Ground(
                interpreter,
                self._cache,
                self._folders,
                self.trusted,
                self._changed,
                self._text_of,
                against,
                settings.extra_libraries,
            )
        return ground

    def _versions(self, asked: Iterable[str]) -> tuple[Installed, ...]:
        """What is known of the versions that settings ask for; of one that is not known a sentence is told."""
        pairs = [pair for pair in map(versioned, asked) if pair is not None]
        library = Library(self._cache) if pairs else None
        found = []
        for distribution, version in pairs:
            assert library is not None
            try:
                found.append(library.choose(distribution, version).item)
            except UnknownVersionError as error:
                self._complain([f"The setting `against`: {error}"])
        return tuple(found)

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
        if ground.key not in self._indexed:
            self._refresh(ground, tuple(families))
        self.look()

    def closed(self, path: str) -> None:
        self.ground(path).forget(path)

    def files_changed(self, paths: Iterable[str]) -> None:
        """Files were saved, made or removed: what rests on them is asked anew, and libraries are looked at again."""
        changed = tuple(paths)
        if any(os.path.basename(path) in settings_files.NAMES for path in changed):
            self._settle()
        for ground in self._grounds.values():
            ground.files_changed(changed)
        # No files at all: all that the client has to say is that its user is back.
        self.look(0.0 if not changed or any(map(_TOLD.search, changed)) else _SAVED_AGAIN)

    def look(self, again: float = _LOOK_AGAIN) -> None:
        """Looks whether libraries or interpreters are others now, unless that was done less than `again` seconds ago.

        Cheap: to be called whenever something happens. Does not wait; `changed` is called if it is so.
        """
        if time.monotonic() - self._looked >= again:
            self._look()

    @property
    def watched(self) -> frozenset[Path]:
        """Folders in which something comes or goes when libraries are installed or removed."""
        return frozenset(folder for ground in self._grounds.values() for folder in ground.watched)

    def close(self) -> None:
        """Ends all that was started."""
        self._closing.set()
        if self._indexer is not None:
            self._indexer.shutdown(wait=False, cancel_futures=True)
        for ground in self._grounds.values():
            ground.close()

    def _look(self) -> None:
        self._looked = time.monotonic()
        if self._find_again():
            self._changed()
        for ground in self._grounds.values():
            if ground.key in self._indexed:
                self._refresh(ground, ())

    def _find_again(self) -> bool:
        """Finds the interpreter of each folder anew; whether one of them is another now. Unused ones are let go."""
        moved = False
        for folder, ground in tuple(self._by_folder.items()):
            path = os.path.join(folder, "file")
            interpreter = self._interpreter(path)
            if interpreter.path != ground.interpreter.path and self._comes_back(ground):
                continue
            found = self._ground_of(interpreter, self.settings(path))
            if found.key != ground.key:
                self._by_folder[folder] = found
                moved = True
        if moved:
            used = [ground.key for ground in self._by_folder.values()]
            for key in [key for key in self._grounds if key not in used]:
                self._grounds.pop(key).close()
                self._indexed.discard(key)
        return moved

    def _comes_back(self, ground: Ground) -> bool:
        """Whether an interpreter has gone so short a while ago that it is waited for."""
        path = ground.interpreter.path
        if path is None or path.exists():
            return False
        left = self._gone.setdefault(path, time.monotonic()) + _GONE - time.monotonic()
        if left <= 0:
            del self._gone[path]
            return False
        self._later(left, self._look)
        return True

    def _start_anew(self) -> None:
        """The folders are others: interpreters are found again, and jedi looks elsewhere."""
        for ground in self._grounds.values():
            ground.close()
        self._grounds.clear()
        self._by_folder.clear()
        self._settings.clear()

    def _refresh(self, ground: Ground, families: tuple[str, ...]) -> None:
        key = ground.key
        if ground.interpreter.path is None or key in self._awaited:
            return
        self._awaited.add(key)
        self._submit(ground, families, key not in self._indexed)
        self._indexed.add(key)

    def _submit(self, ground: Ground, families: tuple[str, ...], first: bool) -> None:
        if self._closing.is_set():
            return
        if self._indexer is None:
            self._indexer = ThreadPoolExecutor(1, "index")
        self._indexer.submit(self._update, ground, families, first)

    def _update(self, ground: Ground, families: tuple[str, ...], first: bool) -> None:
        """Runs on the index's thread. After the first time there is work only when something was installed."""
        try:
            moved, seconds = ground.look()
            if seconds:
                self._later(seconds, partial(self._submit, ground, families, first))
                return
            self._awaited.discard(ground.key)  # what happens from here on takes another look
            if moved:
                ground.reopen(self._cache)
                self._changed()
            if first or moved:
                self._index(ground, families, moved)
        except Exception:
            logger.exception("The index could not be brought up to date.")
            self._awaited.discard(ground.key)

    def _index(self, ground: Ground, families: tuple[str, ...], moved: bool) -> None:
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
                extra=ground.extra_libraries,
                trusted=self.trusted,
                progress=progress,
                changed=changed,
                cancelled=self._closing,
            )
        finally:
            self._tell(title, "", 1, 1)
        if report.moved:
            self._later(QUIET, partial(self._submit, ground, families, True))
            return
        if ground.behind:
            ground.reopen(report.cache, final=True)
            self._changed()
        if report.indexed or moved:
            ground.renew(report.cache)
        for problem in report.problems:
            logger.warning("%s", problem)


def families_named(text: bytes) -> frozenset[str]:
    """Families that a text seems to name ("deit" for `DeiTModel`), so that they are read first. A wrong guess costs
    nothing."""
    return frozenset(name.decode().lower() for name in _MODEL_NAME.findall(text))
