"""How long a command takes to check a folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from peers import Peer

# In a process of its own, because the operating system sums up the children of one process and never forgets any.
WRAPPER = """
import json, resource, subprocess, sys, time
started = time.perf_counter()
code = subprocess.call(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
wall = time.perf_counter() - started
usage = resource.getrusage(resource.RUSAGE_CHILDREN)
figures = {"code": code, "wall": wall, "cpu": usage.ru_utime + usage.ru_stime, "peak_mib": usage.ru_maxrss / 1024}
print(json.dumps(figures))
"""
N_RUNS = 3


def measure(peer: Peer, folder: Path) -> dict[str, Any]:
    """Wall and CPU seconds and peak memory in MiB (of the largest process) of the fastest of some runs.

    Raises RuntimeError when the tool could not check the folder.
    """
    runs = []
    for _ in range(N_RUNS):
        command = [sys.executable, "-c", WRAPPER, *peer.check, str(folder)]
        environment = os.environ | peer.environment
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment, cwd=folder)
        runs.append(json.loads(done.stdout))
        if runs[-1]["code"] not in (0, 1):
            raise RuntimeError(f"{peer.name} ended with {runs[-1]['code']}")
    return min(runs, key=lambda run: run["wall"])
