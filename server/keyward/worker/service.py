"""The worker's loop: a private channel, one request, answers."""

from __future__ import annotations

import gc
import os
import sys
import threading
import warnings
from typing import Any, Dict, List

from . import imports, library, protocol, scan


class Channel:
    """The line to the client, out of reach of what libraries print."""

    def __init__(self) -> None:
        self._out = os.fdopen(os.dup(1), "wb", buffering=0)
        os.dup2(2, 1)
        sys.stdout = sys.stderr

    def send(self, kind: str, **content: Any) -> None:
        """Write one answer. A client that has gone away ends the worker."""
        content["type"] = kind
        data = memoryview(protocol.encode(content))
        try:
            while data:
                data = data[self._out.write(data) :]
        except OSError:
            os._exit(3)


_READER_STACK = 512 * 1024 * 1024
_READER_DEPTH = 20000


def main() -> int:
    """Serve one request; the exit status is 0 even where a library failed (that is a `problem`)."""
    channel = Channel()
    request = protocol.decode(sys.stdin.buffer.readline())
    # A library that reads from the terminal gets end-of-file instead of the client's line.
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    channel.send("hello", protocol=protocol.VERSION, python="{}.{}.{}".format(*sys.version_info[:3]), prefix=sys.prefix)
    if request.get("protocol") != protocol.VERSION:
        channel.send("problem", text="The worker speaks another protocol than the client.")
        return 1
    warnings.simplefilter("ignore")
    if request["path"] is None:
        return _serve(channel, request)
    # Reading one module leads to the next where importing would have them all in turn: that takes a deep stack.
    threading.stack_size(_READER_STACK)
    sys.setrecursionlimit(_READER_DEPTH)
    _read_from(request["path"])
    statuses: List[int] = []
    reader = threading.Thread(target=lambda: statuses.append(_serve(channel, request)))
    reader.start()
    reader.join()
    return statuses[0] if statuses else 1


def _serve(channel: Channel, request: Dict[str, Any]) -> int:
    path = request["path"]
    if request["command"] == protocol.SCAN:
        channel.send("scan", distributions=scan.distributions(path["entries"] if path is not None else None))
    else:
        _index(channel, request)
    channel.send("done")
    return 0


def _read_from(path: Dict[str, Any]) -> None:
    """From now on read modules on this path instead of importing them."""
    from .reader import facade, finder

    finder.install(path["entries"], path["packages"], path["namespaces"], path["is_bare"])
    imports.reader = facade
    # Syntax trees are kept to the end, and looking through them for cycles would take more time than all else.
    gc.disable()


def _index(channel: Channel, request: Dict[str, Any]) -> None:
    plan = library.plan(request["distribution"], request["modules"])
    plan.part, plan.parts = request["part"]
    plan.only_public = bool(request["path"] and request["path"]["is_bare"])
    skip = set(request["skip"])
    have = set(request["have"])
    first = {name: rank for rank, name in enumerate(request["families"])}
    families = sorted(plan.families.items(), key=lambda item: (first.get(item[0], len(first)), item[0]))
    total = sum(len(modules) for _, modules in families)
    done = 0
    lacking: Dict[str, List[str]] = {}

    root = plan.root
    if root and root not in skip:
        channel.send("progress", done=0, total=total, label=root)
        if not _import(channel, root, lacking):
            _report(channel, plan, lacking)
            return
    channel.send("index", **plan.index())
    for family, names in families:
        if plan.leaves_out(family) or (imports.reader is not None and family in have and plan.tells_early):
            plan.leave_out(family, names)
            done += len(names)
            continue
        modules = []
        for name in names:
            channel.send("progress", done=done, total=total, label=name)
            done += 1
            if name not in skip:
                module = _import(channel, name, lacking)
                if module is not None:
                    modules.append(module)
        entries = plan.entries(family, modules)
        if family not in have and entries:
            channel.send("family", family=family, entries=entries)
    for family, entries in plan.rest():
        if family not in have and entries:
            channel.send("family", family=family, entries=entries)
    channel.send("index", **plan.index())
    _report(channel, plan, lacking)


def _report(channel: Channel, plan: library.Plan, lacking: Dict[str, List[str]]) -> None:
    for text in (*plan.problems, *imports.problems()):
        channel.send("problem", text=text)
    for missing, names in sorted(lacking.items()):
        left_out = names[0] if len(names) == 1 else "{} and {} other modules".format(names[0], len(names) - 1)
        text = "{} is not installed: {} left out.".format(missing, left_out)
        channel.send("problem", text=text, missing=missing)


def _import(channel: Channel, name: str, lacking: Dict[str, List[str]]) -> Any:
    """The imported module, or None after a problem was noted; nothing that an import raises gets past here.

    `lacking` collects the modules that want something which is not installed: that is usual and said once for all.
    """
    try:
        return imports.load(name)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        missing = getattr(error, "name", None) if isinstance(error, ModuleNotFoundError) else None
        if missing and (name + ".").startswith(missing + "."):
            return None  # this release of the library does not have the module
        if missing and missing.partition(".")[0] != name.partition(".")[0]:
            lacking.setdefault(missing, []).append(name)
            return None
        first_line = (str(error).strip().splitlines() or [""])[0][:200]
        if isinstance(error, SystemExit):
            what = "it called sys.exit()"
        else:
            what = "{}: {}".format(type(error).__name__, first_line) if first_line else type(error).__name__
        done = "imported" if imports.reader is None else "read"
        channel.send("problem", text="{} could not be {} ({}).".format(name, done, what))
        return None
