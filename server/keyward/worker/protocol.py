"""The language of worker and client: one JSON object a line, imported by both sides.

The client writes one request to the worker's standard input; the worker answers with lines on its standard output and
exits. Every answer has a `type`:

`hello`     first line: `protocol`, `python` (version), `prefix`
`scan`      answer to the command `scan`: `distributions`, a list of {`name`, `version`, `modules`}
`progress`  `done`, `total`, `label`; sent *before* the work that `label` (a module) names, so that a client knows what
            a silent or dead worker was at
`family`    `family` and `entries`, a dictionary of entries in the shape of `keyward.signatures.model.Entry`
`index`     `distribution`, `version`, `exports`, `modules`; may come again with more, the last one counts
`problem`   `text`, one sentence; `missing`, where all that is amiss is that a module of this name is not installed
`done`      last line
"""

from __future__ import annotations

import json
from typing import Any, Iterable

VERSION = 1

SCAN = "scan"
INDEX = "index"


def encode(message: dict[str, Any]) -> bytes:
    """One line."""
    return json.dumps(message, separators=(",", ":"), ensure_ascii=True).encode("ascii") + b"\n"


def decode(line: bytes) -> dict[str, Any]:
    """The message of one line; {} for anything that is none."""
    try:
        message = json.loads(line.decode("utf-8"))
    except ValueError:
        return {}
    return message if isinstance(message, dict) else {}


def index_request(
    distribution: str,
    families: Iterable[str] = (),
    modules: Iterable[str] = (),
    skip: Iterable[str] = (),
    have: Iterable[str] = (),
    path: dict[str, Any] | None = None,
    part: tuple[int, int] = (0, 1),
) -> dict[str, Any]:
    """Introspect `distribution`: `families` come first, `skip` is not imported, families in `have` are not sent.

    `modules` are those that the scan found; for torch and transformers the worker knows them itself. With a `path`
    ({`entries`: folders and zip files, `packages`: {module: place}, `namespaces`: {package: places}, `is_bare`: whether
    what is not on it counts as there all the same}) nothing is
    imported: modules on that path are read. Of several workers at once each does a `part` (number, of how many).
    """
    return {
        "protocol": VERSION,
        "command": INDEX,
        "distribution": distribution,
        "families": list(families),
        "modules": list(modules),
        "skip": list(skip),
        "have": list(have),
        "path": path,
        "part": list(part),
    }


def scan_request(path: dict[str, Any] | None = None) -> dict[str, Any]:
    """List the distributions that define torch modules or Keras layers; imports nothing.

    `path` says where, in place of the folders that the worker imports from.
    """
    return {"protocol": VERSION, "command": SCAN, "path": path}
