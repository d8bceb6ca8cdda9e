"""The language of worker and client: one JSON object a line, imported by both sides.

The client writes one request to the worker's standard input; the worker answers with lines on its standard output and
exits. Every answer has a `type`:

`hello`     first line: `protocol`, `python` (version), `prefix`
`scan`      answer to the command `scan`: `distributions`, a list of {`name`, `version`, `modules`}
`progress`  `done`, `total`, `label`; sent *before* the work that `label` (a module) names, so that a client knows what
            a silent or dead worker was at
`family`    `family` and `entries`, a dictionary of entries in the shape of `keyward.signatures.model.Entry`
`index`     `distribution`, `version`, `exports`, `modules`; may come again with more, the last one counts
`problem`   `text`, one sentence
`done`      last line
"""

import json

VERSION = 1

SCAN = "scan"
INDEX = "index"


def encode(message):
    # type: (dict) -> bytes
    """One line."""
    return json.dumps(message, separators=(",", ":"), ensure_ascii=True).encode("ascii") + b"\n"


def decode(line):
    # type: (bytes) -> dict
    """The message of one line; {} for anything that is none."""
    try:
        message = json.loads(line.decode("utf-8"))
    except ValueError:
        return {}
    return message if isinstance(message, dict) else {}


def index_request(distribution, families=(), modules=(), skip=(), have=()):
    # type: (str, tuple, tuple, tuple, tuple) -> dict
    """Introspect `distribution`: `families` come first, modules in `skip` are not imported, families in `have` not sent.

    `modules` are those that the scan found; for torch and transformers the worker knows them itself.
    """
    return {
        "protocol": VERSION,
        "command": INDEX,
        "distribution": distribution,
        "families": list(families),
        "modules": list(modules),
        "skip": list(skip),
        "have": list(have),
    }


def scan_request():
    # type: () -> dict
    """List the distributions that define torch modules; imports nothing."""
    return {"protocol": VERSION, "command": SCAN}
