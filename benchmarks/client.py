"""A client of a language server over stdio, whichever server it is, that notes when each answer came.

Only the standard library is needed. Memory and CPU time are those of the server's whole process tree (Linux).
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import threading
import time
from pathlib import Path
from typing import Any

CAPABILITIES = {
    "general": {"positionEncodings": ["utf-16"]},
    "window": {"workDoneProgress": True},
    "workspace": {
        "configuration": True,
        "workspaceFolders": True,
        "didChangeConfiguration": {"dynamicRegistration": True},
        "diagnostics": {"refreshSupport": True},
    },
    "textDocument": {
        "synchronization": {"didSave": True},
        "publishDiagnostics": {"versionSupport": True, "relatedInformation": True},
        "diagnostic": {"dynamicRegistration": True},
        "hover": {"contentFormat": ["markdown", "plaintext"]},
        "signatureHelp": {
            "signatureInformation": {
                "documentationFormat": ["markdown", "plaintext"],
                "parameterInformation": {"labelOffsetSupport": True},
            }
        },
        "completion": {"completionItem": {"documentationFormat": ["markdown"], "labelDetailsSupport": True}},
        "codeAction": {"codeActionLiteralSupport": {"codeActionKind": {"valueSet": ["quickfix", "source"]}}},
    },
}


class Server:
    """A language server process and the client's side of the protocol."""

    def __init__(self, command: list[str], root: Path, settings: dict, env: dict[str, str]):
        self.root, self.settings = root, settings
        self.answers: dict[int, tuple[float, dict]] = {}
        self.pushed: list[tuple[float, dict]] = []
        self.dynamic: set[str] = set()
        self.news = threading.Condition()
        self.lock = threading.Lock()
        self.last_id = 0
        self.started = time.perf_counter()
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(
            command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, cwd=root, env=os.environ | env
        )
        threading.Thread(target=self.read, daemon=True).start()

    def send(self, message: dict) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        with self.lock:
            self.process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
            self.process.stdin.flush()

    def read(self) -> None:
        stream = self.process.stdout
        while header := stream.readline():
            length = 0
            while header.strip():
                if header.lower().startswith(b"content-length:"):
                    length = int(header.split(b":")[1])
                header = stream.readline()
            body = stream.read(length)
            now = time.perf_counter()
            message = json.loads(body)
            if "method" in message and "id" in message:
                self.send({"id": message["id"], "result": self.answer(message)})
            with self.news:
                if "method" not in message:
                    self.answers[message["id"]] = (now, message)
                elif message["method"] == "textDocument/publishDiagnostics":
                    self.pushed.append((now, message["params"]))
                self.news.notify_all()

    def answer(self, message: dict) -> Any:
        """The client's result for a request the server makes."""
        params = message.get("params") or {}
        if message["method"] == "workspace/configuration":
            return [self.setting(item.get("section", "")) for item in params["items"]]
        if message["method"] == "workspace/workspaceFolders":
            return [{"uri": self.root.as_uri(), "name": self.root.name}]
        if message["method"] == "client/registerCapability":
            self.dynamic.update(entry["method"] for entry in params["registrations"])
        return None

    def setting(self, section: str) -> Any:
        value: Any = self.settings
        for part in filter(None, section.split(".")):
            value = value.get(part) if isinstance(value, dict) else None
        return value

    def ask(self, method: str, params: Any) -> int:
        self.last_id += 1
        self.send({"id": self.last_id, "method": method, "params": params})
        return self.last_id

    def notify(self, method: str, params: Any) -> None:
        self.send({"method": method, "params": params})

    def result(self, number: int, timeout: float) -> tuple[float, Any]:
        """When the answer came, and its result (None for an error)."""
        with self.news:
            if not self.news.wait_for(lambda: number in self.answers or self.process.poll() is not None, timeout):
                raise TimeoutError(f"no answer to request {number} in {timeout:.0f} s")
            if number not in self.answers:
                raise RuntimeError("the server ended")
            when, message = self.answers.pop(number)
        return when, message.get("result")

    def stop(self) -> None:
        """Ends the server, and what it started, if shutdown and exit did not."""
        pids = self.tree()
        try:
            self.result(self.ask("shutdown", None), 5)
            self.notify("exit", None)
            self.process.wait(5)
        except (TimeoutError, RuntimeError, OSError, subprocess.TimeoutExpired):
            for pid in pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            self.process.wait()

    def tree(self) -> list[int]:
        parents: dict[int, int] = {}
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                parents[int(stat.parent.name)] = int(stat.read_text().rsplit(")", 1)[1].split()[1])
            except OSError:
                continue
        found = [self.process.pid]
        for pid in found:
            found += [child for child, parent in parents.items() if parent == pid]
        return found

    def usage(self) -> dict[str, float]:
        """Memory in MiB of the server and of all its processes, now and at its peak, and CPU seconds of all."""
        own = rss = peak = ticks = 0
        for pid in self.tree():
            try:
                status = Path(f"/proc/{pid}/status").read_text()
                fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue
            memory = dict(re.findall(r"(VmRSS|VmHWM):\s+(\d+)", status))
            if not memory:
                continue  # it has ended, and nobody has asked how
            own = own or int(memory["VmRSS"])
            rss += int(memory["VmRSS"])
            peak += int(memory["VmHWM"])
            ticks += sum(map(int, fields[11:15]))  # with those of children that have ended
        return {
            "own_mib": own // 1024,
            "rss_mib": rss // 1024,
            "peak_mib": peak // 1024,
            "cpu_s": ticks / os.sysconf("SC_CLK_TCK"),
        }

    def settle(self, timeout: float) -> None:
        """Waits until the server has nothing left to do: what it does in the background would be measured along."""
        deadline = time.perf_counter() + timeout
        quiet = 0
        while quiet < 5 and time.perf_counter() < deadline:
            before = self.usage()["cpu_s"]
            time.sleep(1)
            quiet = quiet + 1 if self.usage()["cpu_s"] - before < 0.05 else 0
