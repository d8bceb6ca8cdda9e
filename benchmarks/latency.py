"""How long a language server takes, from an edit to the diagnostics about it and from a question to its answer.

A file is opened with a block of lines added at its end, the last two of which are

    _probe_out = _probe_model()    <- hover, completion and signatureHelp are asked here
    <good or bad line>             <- the edited line

Measured, in milliseconds from the client's write to the whole answer read:

    start   spawn to the answer to `initialize`
    cold    spawn to the first diagnostics that show the bad line, the file being opened at once
    appear  one-line edit good -> bad to the first diagnostics that show it
    clear   one-line edit bad -> good to the first diagnostics without it
    burst   the last of 10 edits 30 ms apart, to the diagnostics that show it
    hover, completion, signatureHelp, codeAction   asked right after an edit

A server with a diagnosticProvider (static or registered) is asked by textDocument/diagnostic right after each edit;
pushed diagnostics count as well.
"""

from __future__ import annotations

import os
import re
import statistics
import time
from pathlib import Path
from typing import Any

from client import CAPABILITIES, Server
from peers import BAD, GOOD, Peer

BLOCK = """

from torch.nn import functional as _probe_f
from transformers import DeiTModel as _ProbeModel
_probe_model = _ProbeModel.from_pretrained("x")
_probe_out = _probe_model()
"""
REQUESTS = ("hover", "completion", "signatureHelp", "codeAction")


class Document:
    """The opened file, whose last line is the edited one."""

    def __init__(self, server: Server, capabilities: dict, file: Path, pattern: str, timeout: float) -> None:
        self.server, self.capabilities, self.uri = server, capabilities, file.as_uri()
        self.pattern, self.timeout = pattern, timeout
        sync = capabilities.get("textDocumentSync")
        self.incremental = (sync.get("change") if isinstance(sync, dict) else sync) == 2
        self.lines = (file.read_text("utf-8").rstrip("\n") + BLOCK + BAD).split("\n")
        self.edited = len(self.lines) - 1
        self.asked = self.edited - 1
        self.version = 1
        self.last_pull: int | None = None

    def offers(self, kind: str) -> bool:
        return kind + "Provider" in self.capabilities or f"textDocument/{kind}" in self.server.dynamic

    def open(self) -> float:
        item = {"uri": self.uri, "languageId": "python", "version": 1, "text": "\n".join(self.lines) + "\n"}
        started = time.perf_counter()
        self.server.notify("textDocument/didOpen", {"textDocument": item})
        return started

    def edit(self, number: int, text: str) -> float:
        """Replaces one line; says when."""
        change: dict[str, Any] = {}
        if self.incremental:
            end = {"line": number, "character": len(self.lines[number])}
            change["range"] = {"start": {"line": number, "character": 0}, "end": end}
        self.lines[number] = text
        change["text"] = text if self.incremental else "\n".join(self.lines) + "\n"
        self.version += 1
        identity = {"uri": self.uri, "version": self.version}
        started = time.perf_counter()
        self.server.notify("textDocument/didChange", {"textDocument": identity, "contentChanges": [change]})
        return started

    def pull(self) -> None:
        """Asks for diagnostics as an editor does: the question before it is cancelled."""
        if self.last_pull is not None and self.last_pull not in self.server.answers:
            self.server.notify("$/cancelRequest", {"id": self.last_pull})
        self.last_pull = self.server.ask("textDocument/diagnostic", {"textDocument": {"uri": self.uri}})

    def shows(self, diagnostics: list[dict]) -> bool:
        return any(
            entry["range"]["start"]["line"] == self.edited and re.search(self.pattern, entry["message"])
            for entry in diagnostics
        )

    def wait(self, wanted: bool, started: float) -> tuple[float, str]:
        """Milliseconds until diagnostics of this version show the bad line (or no longer do), and how they came."""
        server = self.server
        seen = next((i for i, (when, _) in enumerate(server.pushed) if when >= started), len(server.pushed))
        pulls = self.offers("diagnostic")
        if pulls:
            self.pull()
        deadline = started + self.timeout
        while time.perf_counter() < deadline:
            with server.news:
                fresh = server.pushed[seen:]
                seen += len(fresh)
                pulled = server.answers.pop(self.last_pull, None) if pulls else None
                if not fresh and pulled is None:
                    server.news.wait(0.05)
            if not pulls and self.offers("diagnostic"):  # registered meanwhile
                pulls = True
                self.pull()
            for when, params in fresh:
                current = params.get("version") in (None, self.version)
                if params["uri"] == self.uri and current and self.shows(params["diagnostics"]) == wanted:
                    return (when - started) * 1000, "push"
            if pulled is not None:
                when, message = pulled
                report = message.get("result") or {}
                if "items" in report and self.shows(report["items"]) == wanted:
                    return (when - started) * 1000, "pull"
                time.sleep(0.02)
                self.pull()
        raise TimeoutError(f"no diagnostics {'with' if wanted else 'without'} the bad line in {self.timeout:.0f} s")

    def request(self, kind: str) -> tuple[float, Any]:
        line = self.lines[self.asked]
        column = line.index("(") + 1 if kind in ("completion", "signatureHelp") else line.index("_probe_model") + 2
        position = {"line": self.asked, "character": column}
        params: dict[str, Any] = {"textDocument": {"uri": self.uri}, "position": position}
        if kind == "codeAction":
            del params["position"]
            edge = {"line": self.edited, "character": len(self.lines[self.edited])}
            params["range"] = {"start": {"line": self.edited, "character": 0}, "end": edge}
            params["context"] = {"diagnostics": []}
        started = time.perf_counter()
        when, result = self.server.result(self.server.ask(f"textDocument/{kind}", params), self.timeout)
        return (when - started) * 1000, result


def summary(values: list[float]) -> dict[str, float]:
    ordered = sorted(values)
    p95 = ordered[min(len(ordered) - 1, round(0.95 * (len(ordered) - 1)))]
    numbers = {"p50": statistics.median(ordered), "p95": p95, "max": ordered[-1]}
    return {key: round(value, 1) for key, value in numbers.items()}


def measure(peer: Peer, root: Path, file: Path, n_edits: int, timeout: float) -> dict[str, Any]:
    """The figures of one server for one file of workspace `root`.

    Raises TimeoutError or RuntimeError when an answer does not come.
    """
    server = Server(list(peer.serve), root, peer.settings, peer.environment)
    try:
        return _measure(server, peer, file, n_edits, timeout)
    finally:
        server.stop()


def _measure(server: Server, peer: Peer, file: Path, n_edits: int, timeout: float) -> dict[str, Any]:
    figures: dict[str, Any] = {"load": round(os.getloadavg()[0], 1)}
    initialize = {
        "processId": os.getpid(),
        "rootUri": server.root.as_uri(),
        "workspaceFolders": [{"uri": server.root.as_uri(), "name": server.root.name}],
        "capabilities": CAPABILITIES,
        "initializationOptions": {},
    }
    when, result = server.result(server.ask("initialize", initialize), timeout)
    figures["start"] = (when - server.started) * 1000
    server.notify("initialized", {})
    server.notify("workspace/didChangeConfiguration", {"settings": server.settings})
    document = Document(server, result["capabilities"], file, peer.pattern, timeout)
    opened = document.open()
    waited, figures["channel"] = document.wait(True, opened)
    figures["cold"] = (opened - server.started) * 1000 + waited
    offered = [kind for kind in REQUESTS if document.offers(kind)]
    for kind in offered:
        document.request(kind)
    server.settle(timeout)

    document.wait(False, document.edit(document.edited, GOOD))
    appear, clear, burst = [], [], []
    before = server.usage()["cpu_s"]
    for _ in range(n_edits // 2):
        appear.append(document.wait(True, document.edit(document.edited, BAD))[0])
        time.sleep(0.1)
        clear.append(document.wait(False, document.edit(document.edited, GOOD))[0])
        time.sleep(0.1)
    figures["cpu"] = (server.usage()["cpu_s"] - before) * 1000 / (2 * len(appear))
    for _ in range(max(2, n_edits // 8)):
        for count in range(9):
            document.edit(document.edited, f"{GOOD}  # {'x' * count}")
            if document.offers("diagnostic"):
                document.pull()
            time.sleep(0.03)
        burst.append(document.wait(True, document.edit(document.edited, BAD))[0])
        document.wait(False, document.edit(document.edited, GOOD))
        time.sleep(0.1)
    figures |= {"appear": summary(appear), "clear": summary(clear), "burst": summary(burst)}

    document.wait(True, document.edit(document.edited, BAD))
    line = document.lines[document.asked]
    for kind in offered:
        times = []
        for count in range(max(4, n_edits // 3)):
            document.edit(document.asked, f"{line}  # {count}")
            times.append(document.request(kind)[0])
            time.sleep(0.05)
        figures[kind] = summary(times)
    return figures | server.usage()
