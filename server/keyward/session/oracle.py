"""Has questions about other files answered beside the key strokes, and hands out snapshots of the answers.

Whoever analyses a file says what it asks (`ask`) and looks answers up in `answers`, at once and without waiting. A
thread works the questions off, those of the latest asker first, and calls back when there is a new snapshot. When a
file changes, the old answers stay until the new ones are there, so that nothing flickers.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

from ..inference.answers import Answer, Answers, Question
from ..inference.values import Constant, Instance, UserClass, UserFunction, only, unknown
from ..source.tree import Source
from .checkpoints import model_type_of
from .importers import Importers
from .jedi_client import JediClient

_LOG = logging.getLogger(__name__)
_BATCH = 32
"""Questions that are worked off before newer ones get their turn."""
_INSTALLED = frozenset(("site-packages", "dist-packages"))
_MARKS = ("pyproject.toml", "setup.py", "setup.cfg", ".git")


def read_file(path: str) -> bytes | None:
    """The bytes of a file, None when it cannot be read."""
    try:
        return Path(path).read_bytes()
    except OSError:
        return None


class Oracle:
    """Answers for the files of one workspace, read against one set of stubs."""

    def __init__(
        self,
        folders: Sequence[str],
        *,
        client: JediClient | None = None,
        stubs: Callable[[], str] = str,
        trusted: bool = True,
        on_change: Callable[[Answers], None] | None = None,
        read: Callable[[str], bytes | None] = read_file,
        idle: float = 60.0,
    ) -> None:
        """
        `folders`: the workspace folders (absolute). `stubs` gives the folder of the stub tree, "" for none; it may take
        its time, as it is called on the thread. `on_change` is called on the thread. `read` gives the text of a file,
        so that an editor's unsaved text can go before the disk's. After `idle` seconds without a question the process
        ends.
        """
        self._folders = tuple(folders)
        self._client = client or JediClient()
        self._stubs = stubs
        self._trusted = trusted
        self._on_change = on_change
        self._read = read
        self._idle = idle
        self._importers = Importers(read)
        self._answers = Answers()
        self._wanted: dict[str, frozenset[Question]] = {}
        self._due: set[Question] = set()
        self._asking: frozenset[Question] = frozenset()
        """What jedi is being asked right now."""
        self._served: set[str] = set()
        """Askers that have nothing open."""
        self._changed: set[str] = set()
        self._tree: str | None = None
        self._stamps: dict[str, tuple[int, int]] = {}
        self._closed = False
        self._thread: threading.Thread | None = None
        self._state = threading.Condition()

    @property
    def answers(self) -> Answers:
        """The present snapshot."""
        return self._answers

    @property
    def problem(self) -> str:
        """One sentence when jedi cannot be used, "" otherwise."""
        return self._client.problem

    def ask(self, asker: str, questions: Iterable[Question]) -> None:
        """Note what `asker` (a document) wants to know, in place of what it wanted before. Does not wait."""
        wanted = frozenset(questions)
        with self._state:
            self._wanted.pop(asker, None)
            self._wanted[asker] = wanted
            self._served.discard(asker)
            if self._open(wanted):
                self._wake()

    def forget(self, asker: str) -> None:
        """`asker` wants to know nothing any more: what only it asked for is dropped."""
        with self._state:
            if self._wanted.pop(asker, None):
                self._answers = self._answers.only(frozenset().union(*self._wanted.values()))

    def changed(self, paths: Iterable[str]) -> None:
        """These files have changed, come or gone: ask anew what rests on them."""
        changed = frozenset(paths)
        with self._state:
            self._changed |= changed
            self._due |= self._answers.resting_on(changed) | self._asking
            self._served.clear()
            self._client.retry()
            self._wake()

    def renew(self, stubs: Callable[[], str]) -> None:
        """The signatures have changed: ask everything anew, against other stubs."""
        with self._state:
            self._stubs, self._tree = stubs, None
            self._due |= self._answers.questions | self._asking
            self._served.clear()
            self._client.retry()
            self._wake()

    def ask_all(self, questions: Iterable[Question], progress: Callable[[int, int], None] | None = None) -> Answers:
        """Wait until all questions are answered; `progress` is told how many of how many are."""
        asked = frozenset(questions)
        asker = f"waiting in {threading.get_ident()}"
        self.ask(asker, asked)
        with self._state:
            while not self._closed and (left := len(self._open(asked))):
                if progress:
                    progress(len(asked) - left, len(asked))
                self._state.wait()
            self._wanted.pop(asker, None)
        if progress:
            progress(len(asked), len(asked))
        return self._answers

    def close(self) -> None:
        """End the process and the thread."""
        with self._state:
            self._closed = True
            self._state.notify_all()
        self._client.stop()

    def _wake(self) -> None:
        if self._thread is None and not self._closed:
            self._thread = threading.Thread(target=self._run, name="oracle", daemon=True)
            self._thread.start()
        self._state.notify_all()

    def _open(self, questions: Iterable[Question]) -> list[Question]:
        return [q for q in questions if q in self._due or q in self._asking or self._answers.get(q) is None]

    def _next(self) -> list[Question]:
        """Questions of one folder, from the latest asker that has any."""
        for asker, wanted in reversed(self._wanted.items()):
            if asker in self._served:
                continue
            left = self._open(wanted)
            if not left:
                self._served.add(asker)
            else:
                folder = os.path.dirname(min(left).path)
                return sorted(q for q in left if os.path.dirname(q.path) == folder)[:_BATCH]
        return []

    def _run(self) -> None:
        while True:
            with self._state:
                busy = self._state.wait_for(lambda: self._closed or self._changed or self._next(), self._idle)
                if self._closed:
                    return
                changed, self._changed = self._changed, set()
                batch = self._next()
            if not busy:
                self._client.rest()
            elif changed:
                self._refresh(changed)
            else:
                self._answer(batch)

    def _refresh(self, paths: set[str]) -> None:
        try:
            self._importers.changed(paths)
            sources = list(self._parsed(path for path in paths if self._answers.source(path)))
        except Exception:  # the thread has more to do
            _LOG.exception("changed files could not be read")
        else:
            if sources:
                self._publish({}, sources)

    def _answer(self, batch: list[Question]) -> None:
        with self._state:
            self._asking = frozenset(batch)
            self._due -= self._asking  # before asking: a change while jedi reads makes them due again
        found = {question: Answer.unknown("looking into other files failed") for question in batch}
        sources: list[Source] = []
        try:
            found.update(self._found(batch))
            paths = {path for answer in found.values() for path in _paths(answer)}
            sources += self._parsed(path for path in paths if self._stale(path))
        except Exception:  # whoever waits for the answers must get some
            _LOG.exception("questions about other files could not be answered")
        self._publish(found, sources)

    def _stale(self, path: str) -> bool:
        return self._answers.source(path) is None or self._stamps.get(path) != _stamp(path)

    def _stub_folder(self) -> str:
        """The stub tree. Made once, and again when the signatures change or somebody has emptied the cache."""
        if self._tree is None or (self._tree and not os.path.isdir(self._tree)):
            self._tree = self._stubs()
        return self._tree

    def _publish(self, found: dict[Question, Answer], sources: list[Source]) -> None:
        with self._state:
            same = not sources and all(self._answers.get(q) == answer for q, answer in found.items())
            if not same:
                self._answers = self._answers.with_answers(found, sources)
            self._asking -= found.keys()
            answers = self._answers
            self._state.notify_all()
        if not same and self._on_change:
            try:
                self._on_change(answers)
            except Exception:  # the thread has more to do
                _LOG.exception("new answers could not be taken in")

    def _parsed(self, paths: Iterable[str]) -> Iterator[Source]:
        for path in paths:
            self._stamps[path] = _stamp(path)
            text = self._read(path)
            old = self._answers.source(path)
            if text is not None and (old is None or old.text != text):
                yield old.edited(text) if old else Source.parse(path, text)

    def _found(self, batch: list[Question]) -> Iterator[tuple[Question, Answer]]:
        """Questions of files in one folder, with their answers. What lies outside the workspace costs no process."""
        search = search_path(batch[0].path, self._folders)
        alike: dict[Question, list[Question]] = {}
        for question in batch:
            if question.kind in ("checkpoint", "importers", "hidden"):
                yield question, self._beside(question, search)
                continue
            top = question.module.partition(".")[0]
            if not self._trusted:
                yield question, Answer.unknown("the folder is not trusted, so nothing is started to read other files")
            elif not question.level and not _importable(top, search):
                yield question, Answer.unknown(f"`{top}` is neither in the workspace nor in an indexed library")
            else:
                alike.setdefault(replace(question, path=batch[0].path), []).append(question)
        if alike:
            folder = os.path.dirname(batch[0].path)
            for question, answer in self._client.ask(folder, search, tuple(alike), self._stub_folder()):
                yield from ((same, answer) for same in alike[question])

    def _beside(self, question: Question, search: tuple[str, ...]) -> Answer:
        """The answer to a question that needs no jedi."""
        if question.kind == "importers":
            importers = self._importers.of(question.path, _project(search)) if search else ()
            return Answer(unknown("no name is asked for"), files=frozenset(importers), importers=importers)
        if question.kind == "hidden":
            hidden = _importable(question.module, search)
            return Answer(only(Constant(True))) if hidden else Answer.unknown("no module of the project has that name")
        model_type, file = model_type_of(question.name, search)
        if not model_type:
            return Answer.unknown(f"the configuration of {question.name} is not here")
        return Answer(only(Constant(model_type)), files=frozenset((file,)))


def _project(search: tuple[str, ...]) -> str:
    """The topmost of the folders that are searched."""
    return min(search, key=len)


def _stamp(path: str) -> tuple[int, int]:
    """Changes when the file does."""
    try:
        status = os.stat(path)
    except OSError:
        return 0, 0
    return status.st_mtime_ns, status.st_size


def _paths(answer: Answer) -> Iterator[str]:
    """The files that an answer leads to, where it matters what they say."""
    if answer.definition and answer.definition.kind != "module":
        yield answer.definition.path
    yield from answer.importers
    for atom in answer.value:
        if isinstance(atom, Instance):
            atom = atom.cls
        if isinstance(atom, UserClass | UserFunction):
            yield atom.path


def search_path(path: str, folders: Iterable[str]) -> tuple[str, ...]:
    """The folders that absolute imports of the file at `path` may look in, nearest first.

    Those are its own folder and the ones above it, each with its `src`, up to the workspace folder that holds it;
    outside of any, up to the first that looks like a project's. A folder that is a package comes after all others: its
    files see each other as top-level modules only when they are run as scripts.

    A file of an installed library has none: what it imports is known by the stub tree or not at all, since following it
    would lead through the whole environment.
    """
    own = Path(path).parent
    if not _INSTALLED.isdisjoint(own.parts):
        return ()
    roots = {Path(folder) for folder in folders}
    inside = any(root == own or root in own.parents for root in roots)
    above: list[Path] = []
    for folder in islice((own, *own.parents), 32):
        above.append(folder)
        if folder in roots if inside else any((folder / mark).exists() for mark in _MARKS):
            break
    else:
        above = above[: 1 + sum(1 for _ in _packages(own))]
    plain = [folder for folder in above if not (folder / "__init__.py").exists()]
    found = [place for folder in plain for place in (folder, folder / "src") if folder is place or place.is_dir()]
    found += [root for root in roots if root not in found]
    found += [folder for folder in above if folder not in found]
    return tuple(dict.fromkeys(map(str, found)))


def _packages(folder: Path) -> Iterator[Path]:
    """The folder and those above it, as long as they are packages."""
    for candidate in (folder, *folder.parents):
        if not (candidate / "__init__.py").exists():
            return
        yield candidate


def _importable(top: str, search: Iterable[str]) -> bool:
    return any(os.path.isfile(os.path.join(f, f"{top}.py")) or os.path.isdir(os.path.join(f, top)) for f in search)
