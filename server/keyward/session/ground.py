"""What the files of one interpreter are judged by: its libraries' signatures, and jedi's answers about other files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from ..environment.fingerprint import installed, site_folders
from ..environment.interpreter import Interpreter
from ..inference.answers import Answers, Question
from ..inference.world import World
from ..signatures.store import Installed, open_signatures
from .jedi_client import JediClient
from .oracle import Oracle
from .stub_tree import stub_tree


class Ground:
    """Opened once for each interpreter; nothing is started by that. To be used from one thread, but for `world`."""

    def __init__(
        self,
        interpreter: Interpreter,
        cache: Path | None,
        folders: Sequence[str],
        trusted: bool,
        changed: Callable[[], None],
        read: Callable[[str], bytes | None],
        against: Sequence[Installed] = (),
    ) -> None:
        """`changed` is called from any thread when `world` is another one; `read` gives the text of a file.

        What is in `against` takes the place of what is installed of that distribution.
        """
        self.interpreter = interpreter
        self.site_folders: tuple[Path, ...] = ()
        self.installed: tuple[Installed, ...] | None = None
        self._changed = changed
        self._against = {item.distribution: item for item in against}
        self._look()
        self._signatures = open_signatures(self._judged, cache)
        self._oracle = Oracle(
            folders,
            client=JediClient(str(cache / "jedi") if cache is not None else ""),
            stubs=self._stubs_in(cache),
            trusted=trusted,
            on_change=self._answered,
            read=read,
        )
        self._world = World(self._signatures, self._oracle.answers)

    @property
    def world(self) -> World:
        """The same object until something in it changes."""
        world, answers, signatures = self._world, self._oracle.answers, self._signatures
        if world.answers is not answers or world.signatures is not signatures:
            world = self._world = World(signatures, answers)
        return world

    def moved(self) -> bool:
        """Whether other libraries are installed than when it was opened last."""
        return self.interpreter.path is not None and installed(self.interpreter) != self.installed

    def reopen(self, cache: Path) -> None:
        """Looks at the installed libraries and the index again, now in this cache folder."""
        self._look()
        self._signatures = open_signatures(self._judged, cache)

    def renew(self, cache: Path) -> None:
        """Has all questions answered anew: the index is complete."""
        self._oracle.renew(self._stubs_in(cache))

    def ask(self, path: str, questions: Iterable[Question]) -> None:
        """Notes what a file wants to know of others; the answers come by `changed`."""
        self._oracle.ask(path, questions)

    def ask_all(self, questions: Iterable[Question]) -> None:
        """Waits until these questions are answered."""
        self._oracle.ask_all(questions)

    def forget(self, path: str) -> None:
        self._oracle.forget(path)

    def files_changed(self, paths: Iterable[str]) -> None:
        self._oracle.changed(paths)

    def close(self) -> None:
        self._oracle.close()

    def _stubs_in(self, cache: Path | None) -> Callable[[], str]:
        judged = self._judged
        return lambda: "" if cache is None else stub_tree(judged, cache, cache / "stubs")

    @property
    def _judged(self) -> tuple[Installed, ...] | None:
        """The distributions whose signatures count."""
        if not self._against:
            return self.installed
        kept = (item for item in self.installed or () if item.distribution not in self._against)
        return (*kept, *self._against.values())

    def _look(self) -> None:
        if self.interpreter.path is not None and not self.interpreter.problem:
            self.site_folders = site_folders(self.interpreter)
            self.installed = installed(self.interpreter)

    def _answered(self, _: Answers) -> None:
        self._changed()
