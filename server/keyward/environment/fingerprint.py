"""Which distributions an interpreter has, read from its files: nothing is started."""

from __future__ import annotations

import hashlib
import os
import re
import time
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

import msgspec

from ..signatures.store import Installed
from .import_path import ImportPath, import_path, members
from .interpreter import Interpreter
from .provided import Provided, editable_root, provided

_INFO = re.compile(
    r"^(?P<name>[A-Za-z0-9][\w.-]*?)(?:-(?P<version>v?\d[^-]*))?(?:-py\d.*)?\.(?P<kind>dist-info|egg-info|egg)$",
    re.ASCII,
)
_VERSION_LINE = re.compile(rb"^Version:[ \t]*([\w.+!-]+)[ \t\r]*$", re.MULTILINE | re.IGNORECASE)
_SEPARATORS = re.compile(r"[-_.]+")
_UNKNOWN = "unknown"
_STASH = "~"
"""Begins the names that pip gives to what it is about to replace."""

QUIET = 1.0
"""Seconds without a change after which nobody is taken to be installing any more."""
_UNLISTED = 30.0
"""Seconds that a record without a list of files, or files without a record, are taken to be unfinished."""
_REPLACING = 120.0
"""Seconds that pip is taken to be replacing what it has put aside."""

State = tuple[int, int, int]
"""Of a file or folder: changes when it does."""


class Placed(msgspec.Struct, frozen=True):
    """A distribution, and where its record lies."""

    installed: Installed
    info: Path
    """Its `.dist-info` or `.egg-info`; inside of a zip file where `entry` is one."""
    entry: Path
    """The entry of the import path that it was found in."""
    editable: Path | None = None
    """The folder of its source, where that is what is imported."""


class Survey(msgspec.Struct, frozen=True):
    """What an interpreter has installed, as its files were at one time."""

    path: ImportPath = ImportPath()
    found: tuple[Placed, ...] = ()
    """By name, each once: the one that is imported."""
    shadowed: tuple[Placed, ...] = ()
    """Others of the same names, which are not imported."""
    states: dict[str, State | None] = {}
    """Of all files and folders that this rests on."""
    unfinished: float = 0.0
    """Until when (seconds since the epoch) it looks as if somebody were still installing."""

    @property
    def installed(self) -> tuple[Installed, ...]:
        return tuple(placed.installed for placed in self.found)

    def holds(self) -> bool:
        """Whether nothing has been installed or removed since. Some ten files are looked at, however much there is."""
        return all(_state(path) == state for path, state in self.states.items())

    def provided(self, distribution: str) -> Provided | None:
        """What a distribution provides; None: it is not installed."""
        placed = next((placed for placed in self.found if placed.installed.distribution == distribution), None)
        return None if placed is None else provided(placed.info, placed.entry, placed.editable, self.path)


def survey(interpreter: Interpreter) -> Survey:
    """Look at the files of an interpreter; never raises."""
    return _Look(interpreter).survey()


def installed(interpreter: Interpreter) -> tuple[Installed, ...]:
    """Every distribution of an interpreter, by name; of two with one name the one that is imported."""
    return survey(interpreter).installed


def site_folders(interpreter: Interpreter) -> tuple[Path, ...]:
    """The folders that an interpreter imports distributions from, in its order, as far as files tell."""
    variables = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return tuple(entry for entry in import_path(interpreter, variables).entries if entry.is_dir())


def canonical(name: str) -> str:
    """The normal form of a distribution's name."""
    return _SEPARATORS.sub("-", name).lower()


class _Look:
    def __init__(self, interpreter: Interpreter) -> None:
        self._interpreter = interpreter
        self._path = ImportPath()
        self._states: dict[str, State | None] = {}
        self._unfinished = 0.0
        self._place = interpreter.place
        self._now = time.time()

    def survey(self) -> Survey:
        # Before it is read: what changes meanwhile makes the survey one that does not hold.
        for place in import_path(self._interpreter).read:
            self._note(place)
        self._path = import_path(self._interpreter)
        every = [placed for entry in self._path.entries for placed in self._in(entry)]
        first: dict[str, Placed] = {}
        for placed in every:
            first.setdefault(placed.installed.distribution, placed)
        found = tuple(first[name] for name in sorted(first))
        shadowed = tuple(placed for placed in every if first[placed.installed.distribution] is not placed)
        return Survey(self._path, found, shadowed, self._states, self._unfinished)

    def _in(self, entry: Path) -> Iterator[Placed]:
        """The distributions of one entry of the path; of two records for one, that which was made last comes first."""
        state = self._note(entry)
        if entry.is_dir():
            try:
                names = sorted(os.listdir(entry))
            except OSError:
                return
            if state is not None:
                self._expect(state[0] / 1e9 + QUIET)
            if entry.suffix == ".egg" and "EGG-INFO" in names:
                names.append(entry.name)
            records = [self._record(entry, name) for name in names if name.endswith(("-info", ".egg"))]
        else:
            records = [self._zipped(entry, name, state) for name in _infos_in(entry)]
        by_name: dict[str, list[tuple[int, Placed]]] = {}
        for record in records:
            if record is not None:
                by_name.setdefault(record[1].installed.distribution, []).append(record)
        for alike in by_name.values():
            yield from (placed for _, placed in sorted(alike, key=lambda item: item[0], reverse=True))

    def _record(self, entry: Path, name: str) -> tuple[int, Placed] | None:
        """When a distribution was installed, and the distribution."""
        if name.startswith(_STASH):
            # pip removes it when all is in place; one that is old was left behind. Renaming leaves its mtime alone.
            with suppress(OSError):
                self._expect((entry / name).stat().st_ctime + _REPLACING)
            return None
        match = _INFO.match(name)
        if match is None or (match["kind"] == "egg" and name != entry.name):
            return None
        info = os.path.join(entry, "EGG-INFO" if match["kind"] == "egg" else name)
        states: dict[str, State | None] = {}
        editable = None
        if match["kind"] == "dist-info":
            states["RECORD"] = self._record_list(info)
            states["direct_url.json"] = _state(f"{info}/direct_url.json")
            if states["direct_url.json"] is not None:
                editable = editable_root(Path(info))
            if states["RECORD"] is None:
                states["METADATA"] = _state(f"{info}/METADATA")
        else:
            states["PKG-INFO"] = self._note(Path(info, "PKG-INFO") if os.path.isdir(info) else Path(info))
            if match["kind"] == "egg-info" and entry.name not in ("site-packages", "dist-packages"):
                editable = entry
        digest = hashlib.sha256(f"{info}\0{self._interpreter.path}".encode("utf-8", "surrogateescape"))
        for label, state in states.items():
            if state is not None:
                digest.update(f"\0{label}\0{state[1]}\0{state[0]}".encode())
        if editable is not None:
            self._note_source(Path(info), entry, editable, digest)
        item = Installed(
            canonical(match["name"]), match["version"] or _version_of(Path(info)), digest.hexdigest()[:12], self._place
        )
        made_last = max((state[0] for state in states.values() if state is not None), default=0)
        return made_last, Placed(item, Path(info), entry, editable)

    def _record_list(self, info: str) -> State | None:
        """The list of files, which every installer writes last.

        It is watched while it is new or missing. Later, whoever installs makes another folder for the record, and that
        changes the entry of the path.
        """
        path = f"{info}/RECORD"
        state = _state(path)
        made = state or _state(info)
        if made is not None and self._now < made[0] / 1e9 + _UNLISTED:
            self._states[path] = state
            if state is None:
                self._expect(made[0] / 1e9 + _UNLISTED)
        return state

    def _note_source(self, info: Path, entry: Path, root: Path, digest: hashlib._Hash) -> None:
        """Source that is imported from where it is worked on changes without anybody installing anything."""
        for name in (".git/HEAD", ".git/index"):
            self._note(root / name)
        for place in sorted(provided(info, entry, root, self._path).places.values()):
            for path, state in _source_files(place):
                digest.update(f"\0{path}\0{state}".encode("utf-8", "surrogateescape"))

    def _zipped(self, entry: Path, info: str, state: State | None) -> tuple[int, Placed] | None:
        match = _INFO.match(entry.name if info == "EGG-INFO" else info)
        if match is None or state is None:
            return None
        digest = hashlib.sha256(
            f"{entry}\0{info}\0{self._interpreter.path}\0{state}".encode("utf-8", "surrogateescape")
        )
        version = match["version"] or _version_of(entry / info)
        item = Installed(canonical(match["name"]), version, digest.hexdigest()[:12], self._place)
        return state[0], Placed(item, entry / info, entry)

    def _note(self, path: Path) -> State | None:
        name = str(path)
        if name not in self._states:
            self._states[name] = _state(name)
        return self._states[name]

    def _expect(self, until: float) -> None:
        self._unfinished = max(self._unfinished, until)


_MOST_SOURCE_FILES = 20_000


def _state(path: str) -> State | None:
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


def _source_files(place: Path) -> Iterator[tuple[str, State | None]]:
    """The Python files of a package, or the one file of a module, each with its state."""
    if not place.is_dir():
        yield str(place), _state(str(place))
        return
    left = _MOST_SOURCE_FILES
    for folder, folders, names in os.walk(place):
        folders[:] = sorted(name for name in folders if name.isidentifier() and name != "__pycache__")
        for name in sorted(names):
            if name.endswith(".py") and left:
                left -= 1
                path = os.path.join(folder, name)
                yield path, _state(path)


def _infos_in(archive: Path) -> Iterable[str]:
    """The folders of records at the top of a zip file."""
    tops = {name.partition("/")[0] for name in members(archive) if "/" in name}
    return sorted(top for top in tops if top.endswith((".dist-info", ".egg-info")) or top == "EGG-INFO")


def _version_of(info: Path) -> str:
    """The version that a record's metadata tells."""
    for path in (info / "METADATA", info / "PKG-INFO", info):
        match = _VERSION_LINE.search(_head(path))
        if match is not None:
            return match[1].decode("ascii", "ignore") or _UNKNOWN
    return _UNKNOWN


def _head(path: Path) -> bytes:
    """The beginning of a file, which may be in a zip file."""
    try:
        with open(path, "rb") as file:
            return file.read(4096)
    except NotADirectoryError:
        pass
    except (OSError, ValueError):
        return b""
    archive = path.parent.parent
    try:
        with zipfile.ZipFile(archive) as zipped, zipped.open(path.relative_to(archive).as_posix()) as member:
            return member.read(4096)
    except (OSError, ValueError, KeyError, RuntimeError, zipfile.BadZipFile, NotImplementedError):
        return b""


def still_installing(seen: Survey, before: Survey | None) -> float:
    """Seconds until another look tells more, because somebody seems to be installing; 0.0: all is settled.

    That is so for a moment after every change, and for longer where pip keeps what it is about to replace, a record
    has no list of files yet, or a distribution of `before` has lost its record and not its files. What stays that way
    is taken to be final in the end.
    """
    now = time.time()
    until = seen.unfinished
    names = {placed.installed.distribution for placed in seen.found}
    for gone in before.found if before is not None else ():
        if gone.installed.distribution not in names and gone.editable is None:
            leftover = gone.entry / gone.installed.distribution.replace("-", "_")
            state = _state(str(gone.entry))
            if state is not None and leftover.is_dir():
                until = max(until, state[0] / 1e9 + _UNLISTED)
    # A clock that files are far ahead of, on another machine say, is no reason to wait.
    return min(until - now, QUIET) if now < until <= now + _REPLACING else 0.0
