"""The jedi process: answers questions about names of other files. The only module that imports jedi.

It is started by `session.jedi_client` with the server's own interpreter, never with the user's, and executes nothing of
the user's: jedi reads source files and the stub tree. It is a process of its own because a jedi call cannot be
interrupted, may take long, and keeps what it has parsed in memory.

jedi's guesses are not complete: where a variable is bound twice or a function returns in two ways it names the
alternatives that it can see and keeps quiet about the others. So a value is given as known only where it is declared
(an import, a definition, an annotated return, a constructor); elsewhere an `unknown` stands beside the guesses, and
`Definition` says where to look closer.
"""

from __future__ import annotations

import os
import queue
import sys
import threading
from collections.abc import Iterable, Iterator
from keyword import iskeyword
from pathlib import Path
from typing import Any, BinaryIO

import jedi
import msgspec
from jedi.api.environment import InterpreterEnvironment
from parso import cache as parso_cache

from .answers import Definition, Question
from .jedi_protocol import READY, Candidate, Reply, Request
from .parsed_files import forget_changed, keep_on_disk

_SNIPPET = "_keyward_question_.py"
"""Questions are asked from a file of this name beside the asking one: jedi can then read that one as it is, where files
import each other."""
_NOT_SEEN = Candidate("unknown", "jedi may not see every value that it can have")


class Questioner:
    """Answers the questions of one request, over one jedi script."""

    def __init__(self, request: Request, environment: InterpreterEnvironment) -> None:
        self._request = request
        self._snippet = str(Path(request.folder, _SNIPPET))
        self._stubs = request.stubs
        lines = [line for at, question in enumerate(request.questions) for line in self._asked(at, question)]
        project = jedi.Project(
            request.folder,
            sys_path=(*((request.stubs,) if request.stubs else ()), *request.search),
            smart_sys_path=False,
        )
        self._lines = lines
        self._script = jedi.Script("\n".join(lines), path=self._snippet, project=project, environment=environment)

    def _asked(self, at: int, question: Question) -> Iterator[str]:
        """Three lines: the import, the thing asked for, and what calling it gives."""
        module, level = question.module, question.level
        folder = Path(self._request.folder)
        package = _package(folder)
        if 0 < level <= len(package):
            # jedi takes the snippet for a file of no package when the folder is in its search path.
            module = ".".join((*package[: len(package) - level + 1], *filter(None, (module,))))
            level = 0
        base = os.path.normpath(Path(folder, *[".."] * (level - 1)))
        top, _, rest = question.name.partition(".")
        if not top and level:
            module, _, top = module.rpartition(".")
        parts = [part for name in (module, question.name) if name for part in name.split(".")]
        if not all(part.isidentifier() and not iskeyword(part) for part in parts) or (
            level and not any(base == place or _below(base, place) for place in self._request.search)
        ):
            module, level, top, rest = "", 1, "_", ""  # found nowhere, and harmless to the other lines
        yield f"from {'.' * level}{module} import {top} as q{at}" if top else f"import {module} as q{at}"
        thing = f"q{at}.{rest}" if rest else f"q{at}"
        yield thing
        yield f"r{at} = {thing}()"

    def replies(self) -> Iterator[Reply]:
        for at, question in enumerate(self._request.questions):
            try:
                reply = self._reply(at, question)
            except Exception as error:
                # jedi fails in many ways (KeyError, RecursionError, AttributeError, ...): none is the user's concern.
                reason = f"jedi failed on `{question.name or question.module}` ({type(error).__name__})"
                reply = Reply(self._request.number, at, (Candidate("unknown", reason),))
            yield reply

    def _reply(self, at: int, question: Question) -> Reply:
        number = self._request.number
        line = 3 * at + 2
        column = len(self._lines[line - 1]) - 1
        leaves, definition = self._follow(self._script.goto(line, column))
        if not leaves:
            label = "." * question.level + question.module
            if self._module_found(at, question):
                reason, missing = f"`{label}` has no `{question.name}`", True
            else:
                reason, missing = f"`{label}` was not found", False
            return Reply(number, at, (Candidate("unknown", reason),), missing=missing, files=self._files())
        if question.kind == "result":
            inferred = self._script.infer(line + 1, 0)
            sure = bool(inferred) and all(_declares_result(name) for name in leaves)
        else:
            inferred = self._script.infer(line, column)
            sure = all(name.type in ("class", "function", "module") and not _imported(name) for name in leaves)
        found = [candidate for name in inferred if (candidate := self._candidate(name))]
        told_apart = len({(name.module_path, name.full_name) for name in leaves}) == len(leaves)
        if not found or not sure or not told_apart:
            found.append(_NOT_SEEN)
        return Reply(number, at, tuple(dict.fromkeys(found)), definition, files=self._files())

    def _follow(self, names: list[Any]) -> tuple[list[Any], Definition | None]:
        """What the names stand for once imports are followed, and the one place where to look closer.

        An import that leads nowhere is a leaf itself: it may well work where the program runs. Where a file binds the
        name in several ways, the place is the name in that file.
        """
        names = _distinct(names)
        if len(names) > 1:
            leaves = [leaf for name in names for leaf in self._follow([name])[0]]
            return leaves, self._located(names[0], "statement")
        if not names:
            return [], None
        name = names[0]
        if _imported(name):
            following = [other for other in _distinct(name.goto()) if _place(other) != _place(name)]
            if following or str(name.module_path) == self._snippet:
                return self._follow(following)
            return [name], self._located(name, "statement")
        return [name], self._located(name, name.type)

    def _module_found(self, at: int, question: Question) -> bool:
        """Whether the module that the name should come from is there."""
        words = self._lines[3 * at].split(" ")
        if set(words[1]) == {"."}:
            return True
        return bool(self._script.infer(3 * at + 1, len(words[0]) + len(words[1])))

    def _located(self, name: Any, kind: str) -> Definition | None:
        path = self._user_path(name)
        if not path:
            return None
        qualname = _qualname(name)
        match kind:
            case "module":
                return Definition("module", path, "")
            case "class" | "function" if qualname:
                return Definition("class" if kind == "class" else "function", path, qualname)
            case "statement" if qualname:
                return Definition("variable", path, qualname)
        return None

    def _user_path(self, name: Any) -> str:
        """The source file that the thing stands in; "" where that is no file of the user's."""
        path = str(name.module_path or "")
        return path if path.endswith(".py") and any(_below(path, folder) for folder in self._request.search) else ""

    def _candidate(self, name: Any) -> Candidate | None:
        path = self._user_path(name)
        kind = name.type
        if kind == "module" and name.full_name:
            return Candidate("module", name.full_name)
        if kind not in ("class", "function", "instance"):
            return None
        if path:
            qualname = _qualname(name)
            return Candidate(kind, qualname, path) if qualname else None
        if self._stubs and name.module_path and _below(str(name.module_path), self._stubs):
            return Candidate(kind, name.full_name)
        return Candidate("unknown", f"`{name.full_name}` is neither in the workspace nor in an indexed library")

    def _files(self) -> tuple[str, ...]:
        """The user's files that jedi has read so far: the answer rests on some of them."""
        modules = self._script._inference_state.module_cache._name_cache.values()
        paths = {str(path) for values in modules for value in values if (path := getattr(value, "py__file__", str)())}
        paths.discard(self._snippet)
        return tuple(sorted(path for path in paths if any(_below(path, f) for f in self._request.search)))


def _package(folder: Path) -> tuple[str, ...]:
    """The dotted name of the package that the folder is, empty where it is none."""
    parts: list[str] = []
    while (folder / "__init__.py").exists() and folder.name.isidentifier():
        parts.insert(0, folder.name)
        folder = folder.parent
    return tuple(parts)


def _distinct(names: Iterable[Any]) -> list[Any]:
    return list({_place(name): name for name in names}.values())


def _place(name: Any) -> tuple[str, int | None, int | None]:
    return str(name.module_path), name.line, name.column


def _statement(name: Any) -> Any:
    """The statement of the parsed file that binds the name; None for a module as a whole and for compiled things."""
    tree_name = name._name.tree_name
    return tree_name and tree_name.get_definition(import_name_always=True)


def _imported(name: Any) -> bool:
    statement = _statement(name)
    return statement is not None and statement.type in ("import_from", "import_name")


def _qualname(name: Any) -> str:
    """Qualified name within its file; "" for what stands inside a function."""
    if _imported(name):
        return str(name.name)
    full, module = name.full_name, name.module_name
    if not full or not full.startswith(f"{module}."):
        return ""
    return str(full[len(module) + 1 :])


def _declares_result(name: Any) -> bool:
    """Whether it is written down what calling it gives: a class its instances, a function what it is annotated with."""
    if name.type == "class":
        return True
    statement = _statement(name)
    return statement is not None and statement.type == "funcdef" and statement.annotation is not None


def _below(path: str, folder: str) -> bool:
    return path.startswith(folder.rstrip(os.sep) + os.sep)


def serve(requests: Iterable[Request], output: BinaryIO) -> None:
    """Answer requests until there are none left."""
    settings: Any = jedi.settings
    # Guesses from how other code calls or fills something are no knowledge, and cost a search through the workspace.
    settings.dynamic_params = False
    settings.dynamic_params_for_other_modules = False
    settings.dynamic_array_additions = False
    settings.auto_import_modules = []
    environment = InterpreterEnvironment()
    constant = [str(Path(jedi.__file__).parent)]

    def kept(path: str) -> bool:
        return bool(settings.cache_directory) and any(_below(path, folder) for folder in constant)

    keep_on_disk(parso_cache, kept)
    output.write(READY + b"\n")
    output.flush()
    for request in requests:
        settings.cache_directory = request.cache or None
        constant[1:] = (request.stubs,) if request.stubs else ()
        forget_changed(parso_cache)
        for reply in Questioner(request, environment).replies():
            output.write(msgspec.json.encode(reply) + b"\n")
            output.flush()


def main() -> None:
    """Serve requests from standard input until it is closed, which ends the process at once, whatever it is doing."""
    output = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    if hasattr(os, "nice"):
        os.nice(5)  # what the user types comes first
    incoming: queue.SimpleQueue[Request] = queue.SimpleQueue()

    def read() -> None:
        decoder = msgspec.json.Decoder(Request)
        for line in sys.stdin.buffer:
            incoming.put(decoder.decode(line))
        os._exit(0)

    threading.Thread(target=read, daemon=True).start()
    serve(iter(incoming.get, None), output)


if __name__ == "__main__":
    main()
