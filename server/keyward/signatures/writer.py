"""Writes index and family files: atomically, sorted, one entry a line, so that a difference can be read."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from .model import FORMAT, Dated, Index
from .store import family_path


def write_family(folder: Path, family: str, entries: Mapping[str, list[Dated]]) -> None:
    """Write one family file.

    Raises:
        OSError: the folder cannot be written.
    """
    rows = [f'"{name}":{_json(history)}' for name, history in sorted(entries.items())]
    body = ",\n".join(rows)
    write_atomically(family_path(folder, family), f'{{"format":{FORMAT},"entries":{{\n{body}\n}}}}\n'.encode())


def write_index(folder: Path, index: Index) -> None:
    """Write the index file, one exported name a line.

    Raises:
        OSError: the folder cannot be written.
    """
    fields = {name: value for name, value in msgspec.to_builtins(index).items() if name not in ("exports", "modules")}
    parts = [f"{_json(name)}:{_json(value)}" for name, value in fields.items()]
    parts.append(f'"modules":{{\n{_rows(index.modules)}\n}}')
    exports = [f"{_json(module)}:{{\n{_rows(names)}\n}}" for module, names in sorted(index.exports.items())]
    parts.append('"exports":{\n' + ",\n".join(exports) + "\n}")
    write_atomically(folder / "index.json", ("{" + ",\n".join(parts) + "}\n").encode())


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file so that a reader sees all of it or nothing.

    Raises:
        OSError: the folder cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise


def _rows(items: Mapping[str, Any] | Iterable[tuple[str, Any]]) -> str:
    return ",\n".join(f"{_json(name)}:{_json(value)}" for name, value in sorted(dict(items).items()))


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
