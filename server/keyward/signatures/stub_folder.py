"""Stub packages on disk: written file by file, so that nothing of anybody else's is lost."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from .writer import write_atomically

_MARK = "# Written by `keyward stubs`"
"""How each file of Keyward's begins."""


class ForeignPackageError(ValueError):
    """A package of that name is there and is not Keyward's."""


@dataclass(frozen=True, slots=True)
class Written:
    """What became of a package."""

    files: int
    left: tuple[Path, ...]
    """Files of others that stand where Keyward's would: they are as they were."""


def write_package(folder: Path, files: Mapping[str, str], origin: str) -> Written:
    """Write a package, in place of what Keyward wrote there before.

    Args:
        files: path within the folder and text of each file; the first `.pyi` says later whose the package is.
        origin: what the files were made from, such as "transformers 5.23.0".

    Raises:
        ForeignPackageError: the folder is another's.
        OSError: it cannot be written.
    """
    first = next((path for path in files if path.endswith(".pyi")), "")
    if folder.is_dir() and any(folder.iterdir()) and not _is_ours(folder / first):
        raise ForeignPackageError(f"{folder} was not written by Keyward and is left as it is.")
    left: list[Path] = []
    for path, text in files.items():
        file = folder / path
        if not path.endswith(".pyi"):
            write_atomically(file, text.encode())
        elif file.exists() and not _is_ours(file):
            left.append(file)
        else:
            write_atomically(file, f"{_MARK} from {origin}; written again by the next run.\n{text}".encode())
    _remove_others_of_ours(folder, {folder / path for path in files})
    return Written(len(files) - len(left), tuple(left))


def _is_ours(file: Path) -> bool:
    try:
        with file.open("rb") as opened:
            return opened.read(len(_MARK)) == _MARK.encode()
    except OSError:
        return False


def _remove_others_of_ours(folder: Path, kept: set[Path]) -> None:
    """Remove what an earlier version of the library had; of folders those that are empty then."""
    for at, _, names in os.walk(folder, topdown=False):
        for name in names:
            file = Path(at, name)
            if file not in kept and name.endswith(".pyi") and _is_ours(file):
                file.unlink()
        with suppress(OSError):
            os.rmdir(at)
