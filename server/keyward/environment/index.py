"""Brings the user's cache up to date with an interpreter's libraries, in the background, by way of the worker."""

from __future__ import annotations

import atexit
import hashlib
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

import msgspec
import platformdirs
from filelock import FileLock, Timeout

from ..signatures.model import Index
from ..signatures.store import Installed, cache_folder, read_index, recipe
from ..signatures.writer import write_atomically
from ..worker import protocol
from ..worker.scan import TENSORFLOW
from .distribution import DistributionIndex, read_lacking
from .fingerprint import Survey, canonical, survey
from .import_path import ImportPath
from .interpreter import Interpreter
from .source_reading import run_readers
from .worker_client import SILENCE_LIMIT, Ending, Message, run_worker

KNOWN = ("transformers", "torch")
"""Distributions that are indexed without looking for torch modules in their files first."""

FRAMEWORKS = ("torch", "keras", *TENSORFLOW)
"""Where none is installed, no other distribution is looked at."""

_KEPT_DAYS = 30
_LOCK_POLL = 0.5
_LOCK_WAIT = 900.0


class Progress(msgspec.Struct, frozen=True):
    """How far an index has come."""

    distribution: str
    done: int
    total: int
    label: str
    """The module that is being read."""


class Report(msgspec.Struct, frozen=True):
    """What a refresh did."""

    cache: Path
    """The folder that was written: the user's, or a temporary one where that cannot be written."""
    indexed: tuple[str, ...] = ()
    """Distributions that were read anew."""
    problems: tuple[str, ...] = ()
    cancelled: bool = False
    moved: bool = False
    """Something was installed or removed while it was read, so that it has to be read again."""


def default_cache() -> Path:
    """The user's cache folder, by the platform's conventions."""
    return Path(platformdirs.user_cache_dir("keyward", appauthor=False))


def is_current(cache: Path, item: Installed, path: ImportPath | None = None, by_source: bool = True) -> bool:
    """Whether the cache holds all of a distribution.

    With an import path: as far as it can be read there, where modules that were missing once may be installed by now.
    `by_source` False: what was read from source does not do.
    """
    folder = cache_folder(cache, item)
    try:
        index = read_index(folder)
    except ValueError:
        return False
    if index is None or not index.complete or _missing(folder, index) or (index.by_source and not by_source):
        return False
    return path is None or not any(path.finds(name) for name in read_lacking(folder))


def cannot_be_imported(index: Index) -> bool:
    """Whether a library was read from source because importing it had failed."""
    said = ("could not be imported", "is not installed")
    return index.by_source and any(part in problem for problem in index.problems for part in said)


def is_begun(cache: Path, item: Installed) -> bool:
    """Whether the cache holds anything of a distribution."""
    try:
        index = read_index(cache_folder(cache, item))
    except ValueError:
        return False
    return index is not None and bool(index.modules)


def _missing(folder: Path, index: Index) -> set[str]:
    try:
        there = {name[: -len(".json")] for name in os.listdir(folder / "families")}
    except OSError:
        there = set()
    return set(index.modules.values()) - there


def update_index(
    interpreter: Interpreter,
    cache: Path | None = None,
    *,
    families: Iterable[str] = (),
    only: Iterable[str] | None = None,
    extra: Iterable[str] = (),
    trusted: bool = True,
    progress: Callable[[Progress], None] | None = None,
    changed: Callable[[Path], None] | None = None,
    cancelled: threading.Event | None = None,
    silence_limit: float = SILENCE_LIMIT,
) -> Report:
    """Index what is installed and not yet in the cache. Blocks, for a minute at the first time; never raises.

    Args:
        interpreter: whose libraries to read.
        cache: the user's cache folder; default: the platform's.
        families: model families that come first, since open files use them.
        only: names of distributions, where not all are wanted.
        extra: names of distributions that are read whether or not they define modules.
        trusted: False starts no interpreter of the folder's: libraries are read from their source.
        progress: called before each module.
        changed: called with the cache folder when there is something new to open.
        cancelled: ends the refresh soon after it is set; what was read is kept.
        silence_limit: seconds that one import may take.
    """
    run = _Run(
        interpreter,
        cache or default_cache(),
        tuple(families),
        progress or (lambda _: None),
        changed or (lambda _: None),
        cancelled or threading.Event(),
        silence_limit,
        trusted,
    )
    if interpreter.path is None:
        return run.report(interpreter.problem)
    run.seen = survey(interpreter)
    here = {item.distribution: item for item in run.seen.installed}
    wanted = None if only is None else set(only)
    for name in KNOWN:
        if name in here and (wanted is None or name in wanted):
            run.bring_up_to_date(here[name], ())
    if any(name in here for name in FRAMEWORKS) and not run.stopped and (wanted is None or wanted - set(KNOWN)):
        scanned = run.scan(tuple(here.values()))
        for name in map(canonical, extra):
            if name in here and name not in scanned and (provided := run.seen.provided(name)) is not None:
                scanned[name] = list(provided.names)
        for name, modules in scanned.items():
            if name in here and name not in KNOWN and (wanted is None or name in wanted):
                run.bring_up_to_date(here[name], tuple(modules))
    return run.report()


def _remove_outdated(cache: Path) -> None:
    """Remove what other versions of the worker wrote and nobody has renewed for a while."""
    limit = time.time() - _KEPT_DAYS * 86400
    with suppress(OSError):  # another process may be at the same
        for folder in cache.iterdir():
            if folder.name != recipe() and folder.is_dir() and folder.stat().st_mtime < limit:
                shutil.rmtree(folder, ignore_errors=True)


def _remove_leftovers(folder: Path) -> None:
    """Remove what a process that was killed had begun to write."""
    for path in (*folder.glob(".*"), *folder.glob("families/.*")):
        with suppress(OSError):
            path.unlink()


def _written(folder: Path) -> int:
    """Changes when the index in a folder is written."""
    try:
        return os.stat(folder / "index.json").st_mtime_ns
    except OSError:
        return 0


@lru_cache(maxsize=1)
def _temporary_cache() -> Path:
    """What stands for a cache folder that cannot be written, until this process ends."""
    folder = Path(tempfile.mkdtemp(prefix="keyward-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


class _Run:
    """One refresh of one interpreter's libraries."""

    def __init__(
        self,
        interpreter: Interpreter,
        cache: Path,
        families: tuple[str, ...],
        progress: Callable[[Progress], None],
        changed: Callable[[Path], None],
        cancelled: threading.Event,
        silence_limit: float,
        trusted: bool,
    ) -> None:
        self._interpreter = interpreter
        self._trusted = trusted
        self._cache = cache
        self._families = families
        self._progress = progress
        self._changed = changed
        self._cancelled = cancelled
        self._silence_limit = silence_limit
        self._problems: list[str] = []
        self._indexed: list[str] = []
        self._moved = False
        self.seen = Survey()
        self._given_up = False

    @property
    def stopped(self) -> bool:
        return self._given_up or self._moved or self._cancelled.is_set()

    def report(self, problem: str = "") -> Report:
        if problem:
            self._problems.append(problem)
        problems = tuple(dict.fromkeys(self._problems))
        return Report(self._cache, tuple(self._indexed), problems, self._cancelled.is_set(), self._moved)

    def scan(self, here: tuple[Installed, ...]) -> dict[str, list[str]]:
        """Distribution -> modules that define torch modules; remembered until something is installed."""
        state = "\0".join(f"{item.distribution} {item.version} {item.fingerprint}" for item in here)
        digest = hashlib.sha256(state.encode()).hexdigest()[:12]
        path = self._cache / recipe() / f"scan-{digest}.json"
        try:
            return msgspec.json.decode(path.read_bytes(), type=dict[str, list[str]])
        except (OSError, msgspec.DecodeError):
            pass
        found: dict[str, list[str]] = {}

        def hear(message: Message) -> None:
            if message["type"] == "scan":
                found.update({item["name"]: item["modules"] for item in message["distributions"]})

        ending = self._run_worker(protocol.scan_request(), hear) if self._trusted else None
        if ending is None or ending.kind in ("not started", "died"):
            ending = self._run_readers(protocol.scan_request(), hear)
        if ending.kind == "done" and self.seen.holds():
            # Without the note the next refresh scans again, and is right all the same.
            with suppress(OSError):
                write_atomically(path, msgspec.json.encode(found))
        return found

    def bring_up_to_date(self, item: Installed, modules: tuple[str, ...]) -> None:
        """Index one distribution unless the cache has it."""
        if self.stopped or self._is_current(item):
            return
        try:
            self._index(item, modules)
        except OSError as error:
            self._problems.append(
                f"The cache folder {self._cache} cannot be written ({error.strerror or error});"
                " what is read now is forgotten at the end."
            )
            try:
                self._cache = _temporary_cache()
                self._index(item, modules)
            except OSError as second:
                self._problems.append(f"No temporary folder can be written either ({second.strerror or second}).")
                self._given_up = True

    def _index(self, item: Installed, modules: tuple[str, ...]) -> None:
        folder = cache_folder(self._cache, item)
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(f"{folder}.lock")
        if not self._acquire(lock, item, folder):
            return
        try:
            if self._is_current(item):  # the other process has done it
                self._changed(self._cache)
                return
            _remove_leftovers(folder)
            index = DistributionIndex(
                item,
                folder,
                self._families,
                modules,
                self._run_worker if self._trusted else self._run_readers,
                lambda done, total, label: self._progress(Progress(item.distribution, done, total, label)),
                lambda: self._changed(self._cache),
                lambda problems: self._stays(item, problems),
                self.seen.path,
            )
            is_whole = index.build() if self._trusted else index.build_from_source(self._run_readers)
            if self._trusted and not self.stopped and (index.is_empty or not is_whole) and self._stays(item, True):
                # It cannot be imported, or not to its end: its source tells the rest.
                is_whole = index.build_from_source(self._run_readers)
            if is_whole:
                self._indexed.append(item.distribution)
                _remove_outdated(self._cache)
            elif not self.stopped:
                self._stays(item, True)
            if self._moved:
                shutil.rmtree(folder, ignore_errors=True)
                self._problems.append(f"Something was installed while {item.distribution} was read: it is read again.")
                return
            self._problems.extend(index.problems)
        finally:
            lock.release()

    def _acquire(self, lock: FileLock, item: Installed, folder: Path) -> bool:
        """Wait while another process reads the same; False: it does so for too long, or nobody wants it any more.

        The system releases the lock of a process that has died. What the other one has written already is used.
        """
        waited = 0.0
        seen = _written(folder)
        while not self.stopped:
            try:
                lock.acquire(timeout=_LOCK_POLL if waited else 0.0)
                return True
            except Timeout:
                self._progress(Progress(item.distribution, 0, 1, "another process reads it"))
            except NotImplementedError:  # a file system without locks: both read it, and what they write is the same
                return True
            waited += _LOCK_POLL
            if waited > _LOCK_WAIT:
                self._problems.append(f"Another process has been indexing {item.distribution} for too long.")
                return False
            if (now := _written(folder)) != seen:
                seen = now
                self._changed(self._cache)
        return False

    def _stays(self, item: Installed, problems: bool) -> bool:
        """Whether what was read of a distribution is about what is installed.

        Not if it was replaced meanwhile; nor if anything else was and there were problems, which may come from that.
        """
        if self.seen.holds():
            return True
        here = survey(self._interpreter).installed
        self._moved = here != self.seen.installed and (problems or item not in here)
        return not self._moved

    def _is_current(self, item: Installed) -> bool:
        # Where a library may be imported, what only its source told is replaced, unless importing it fails.
        return is_current(self._cache, item, self.seen.path, not self._trusted or self._failed_before(item))

    def _failed_before(self, item: Installed) -> bool:
        """Whether the library was read from source because importing it had failed."""
        try:
            index = read_index(cache_folder(self._cache, item))
        except ValueError:
            return False
        return index is not None and cannot_be_imported(index)

    def _run_readers(self, request: Message, hear: Callable[[Message], None]) -> Ending:
        return run_readers(self.seen.path, request, hear, cancelled=self._cancelled, silence_limit=self._silence_limit)

    def _run_worker(self, request: Message, hear: Callable[[Message], None]) -> Ending:
        path = self._interpreter.path
        assert path is not None
        ending = run_worker(path, request, hear, cancelled=self._cancelled, silence_limit=self._silence_limit)
        if ending.kind == "not started":
            self._problems.append(
                f"The interpreter {path} cannot be started ({ending.detail}): its libraries are read from their source."
            )
        return ending
