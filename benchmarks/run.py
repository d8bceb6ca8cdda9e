"""Measures Keyward beside its peers, all in one run, and prints Markdown tables.

    python benchmarks/run.py --python VENV/bin/python

The tools are taken from the folder of the interpreter that runs this; `--python` is the one that has torch and
transformers. Times are milliseconds unless a heading says otherwise. Compare within one run only: load and machine
matter more than versions.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
from pathlib import Path
from typing import Any

import latency
import throughput
import workspace
from peers import Peer, peers

LATENCY = (
    "| file | server | load | start | cold | appear p50/p95/max | clear p50/p95 | burst p50/max | hover p50/p95 "
    "| completion | signature help | code action | CPU per edit | memory, MiB: server / all its processes |"
)
THROUGHPUT = "| tool | wall, s | CPU, s | files per CPU second | peak memory, MiB |"


def latency_row(file: str, name: str, figures: dict[str, Any]) -> str:
    if "error" in figures:
        return f"| {file} | {name} | {figures['error']} |" + " |" * 11
    requests = " | ".join(_spread(figures[kind], "p50", "p95") if kind in figures else "-" for kind in latency.REQUESTS)
    return (
        f"| {file} | {name} | {figures['load']} | {figures['start']:.0f} | {figures['cold']:.0f} "
        f"| {_spread(figures['appear'], 'p50', 'p95', 'max')} | {_spread(figures['clear'], 'p50', 'p95')} "
        f"| {_spread(figures['burst'], 'p50', 'max')} | {requests} | {figures['cpu']:.1f} "
        f"| {figures['own_mib']} / {figures['rss_mib']} |"
    )


def _spread(numbers: dict[str, float], *names: str) -> str:
    return "/".join(f"{numbers[name]:.1f}" for name in names)


def throughput_row(name: str, n_files: int, figures: dict[str, Any]) -> str:
    if "error" in figures:
        return f"| {name} | {figures['error']} |" + " |" * 3
    return (
        f"| {name} | {figures['wall']:.2f} | {figures['cpu']:.2f} | {n_files / figures['cpu']:.0f} "
        f"| {figures['peak_mib']:.0f} |"
    )


def measured(measure: Any, *arguments: Any) -> dict[str, Any]:
    try:
        figures: dict[str, Any] = measure(*arguments)
    except (TimeoutError, RuntimeError, OSError) as error:
        return {"error": f"{type(error).__name__}: {error}"}
    return figures


def heading(text: str) -> None:
    print(f"\n{text}\n{' --- '.join('|' * text.count('|'))}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", type=Path, required=True, help="the interpreter that has torch and transformers")
    parser.add_argument("--only", default="", help="names of tools, separated by commas")
    parser.add_argument("--files", default="small,medium,large", help="which of the three files to edit")
    parser.add_argument("--edits", type=int, default=60)
    parser.add_argument("--timeout", type=float, default=120, help="seconds to wait for any one answer")
    parser.add_argument("--json", type=Path, help="write all figures to this file")
    options = parser.parse_args()
    python = options.python.absolute()
    chosen = [
        peer
        for peer in peers(Path(sys.executable).parent, python)
        if not options.only or peer.name in options.only.split(",")
    ]
    print(f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    figures = run(chosen, python, options)
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2), "utf-8")


def run(chosen: list[Peer], python: Path, options: argparse.Namespace) -> dict[str, Any]:
    figures: dict[str, Any] = {"latency": {}, "throughput": {}}
    with tempfile.TemporaryDirectory(prefix="keyward-bench-") as folder:
        root = Path(folder).resolve()
        files = workspace.make(root, python)
        heading(LATENCY)
        for name in options.files.split(","):
            for peer in chosen:
                if peer.serve:
                    found = measured(latency.measure, peer, root, files[name], options.edits, options.timeout)
                    figures["latency"][f"{name} {peer.name}"] = found
                    n_lines = len(files[name].read_text("utf-8").splitlines())
                    print(latency_row(f"{name} ({n_lines} lines)", peer.name, found), flush=True)
    with tempfile.TemporaryDirectory(prefix="keyward-bench-") as folder:
        n_files = workspace.scripts(Path(folder).resolve())
        print(f"\n{n_files} files to check:")
        heading(THROUGHPUT)
        for peer in chosen:
            found = measured(throughput.measure, peer, Path(folder).resolve())
            figures["throughput"][peer.name] = found
            print(throughput_row(peer.name, n_files, found), flush=True)
    return figures


if __name__ == "__main__":
    main()
