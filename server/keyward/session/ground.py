"""What the files of one interpreter are judged by: its libraries' signatures, and jedi's answers about other files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from ..environment.fingerprint import Survey, still_installing, survey
from ..environment.index import is_begun, is_current
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
        extra_libraries: Sequence[str] = (),
    ) -> None:
        """`changed` is called from any thread when `world` is another one; `read` gives the text of a file.

        What is in `against` takes the place of what is installed of that distribution; `extra_libraries` are read too,
        whatever is in them.
        """
        self.interpreter = interpreter
        self.against = tuple(against)
        self.extra_libraries = tuple(extra_libraries)
        self._survey = Survey() if interpreter.path is None else survey(interpreter)
        self._settled = False
        self._judging = None if interpreter.path is None else self._survey.installed
        self._changed = changed
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
    def key(self) -> tuple[Path | None, tuple[Installed, ...], tuple[str, ...]]:
        """What it is made of."""
        return self.interpreter.path, self.against, self.extra_libraries

    @property
    def world(self) -> World:
        """The same object until something in it changes."""
        world, answers, signatures = self._world, self._oracle.answers, self._signatures
        if world.answers is not answers or world.signatures is not signatures:
            world = self._world = World(signatures, answers)
        return world

    @property
    def site_folders(self) -> tuple[Path, ...]:
        """The folders that hold the interpreter's libraries."""
        path = self._survey.path
        return (*path.entries, *(place.parent for name, place in path.packages.items() if "." not in name))

    @property
    def watched(self) -> tuple[Path, ...]:
        """The folders in which something comes or goes when libraries are installed or removed."""
        return tuple(entry for entry in self._survey.path.entries if entry.is_dir())

    @property
    def behind(self) -> bool:
        """Whether a library is still judged by the one that it took the place of."""
        return self.interpreter.path is not None and self._judging != self._survey.installed

    def look(self) -> tuple[bool, float]:
        """Looks whether other libraries are installed than when it was looked last, and takes note once they are.

        Returns:
            whether there are; and in how many seconds to look again, because somebody seems to be installing (what is
            known stays as it is until then), 0.0 where there is no reason to.
        """
        path = self.interpreter.path
        holds = self._survey.holds()
        if (
            path is None or not path.exists() or (holds and self._settled)
        ):  # of an environment that is gone the last stays
            return False, 0.0
        seen = self._survey if holds else survey(self.interpreter)
        if seconds := still_installing(seen, self._survey):
            return False, seconds
        before, self._survey, self._settled = self._survey, seen, True
        return seen.installed != before.installed, 0.0

    def reopen(self, cache: Path, *, final: bool = False) -> None:
        """Opens the signatures of what was seen last, in this cache folder.

        A library that was replaced is judged by what was known of it until as much is known of the one that took its
        place. `final`: no more is going to be known.
        """
        before = {item.distribution: item for item in self._judging or ()}
        self._judging = tuple(
            item
            if (old := before.get(item.distribution, item)) == item or _replaces(item, old, cache, final=final)
            else old
            for item in self._survey.installed
        )
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
    def installed(self) -> tuple[Installed, ...] | None:
        """What was seen last, whatever is judged by; None where there is no interpreter."""
        return None if self.interpreter.path is None else self._survey.installed

    @property
    def _judged(self) -> tuple[Installed, ...] | None:
        """The distributions whose signatures count."""
        asked = {item.distribution for item in self.against}
        if not asked:
            return self._judging
        return (*(item for item in self._judging or () if item.distribution not in asked), *self.against)

    def _answered(self, _: Answers) -> None:
        self._changed()


def _replaces(new: Installed, old: Installed, cache: Path, *, final: bool) -> bool:
    """Whether enough is known of a library to judge by it, and no longer by the one that it took the place of."""
    if _is_shipped(new) or (is_begun(cache, new) and (final or is_current(cache, new))):
        return True
    return not is_begun(cache, old) and not _is_shipped(old)


def _is_shipped(item: Installed) -> bool:
    """Whether this very version came with Keyward."""
    return any(library.distribution == item.distribution for library in open_signatures((item,)).libraries)
