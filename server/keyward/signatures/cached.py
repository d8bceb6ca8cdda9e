"""What the user's cache of signatures holds, whatever environment it was read from."""

from __future__ import annotations

import os
from pathlib import Path

from .model import Frozen, Index
from .store import Installed, order, read_index, recipe


class Cached(Frozen, frozen=True):
    """One distribution of one environment, as it was read once."""

    installed: Installed
    index: Index
    folder: Path
    size: int
    """Bytes."""
    modified: float
    """Seconds since the epoch, when its index was written last."""

    @property
    def complete(self) -> bool:
        """Whether it was read to its end."""
        return self.index.complete


def cached(cache: Path) -> tuple[Cached, ...]:
    """All that the present worker has read, by distribution and version. Damaged entries are left out."""
    found = []
    try:
        folders = [path for path in (cache / recipe()).iterdir() if path.is_dir()]
    except OSError:
        return ()
    for folder in folders:
        try:
            index = read_index(folder)
            if index is None or not index.versions:
                continue
            version = index.versions[-1]
            prefix = f"{index.distribution}-{version}-"
            if not folder.name.startswith(prefix):
                continue
            installed = Installed(index.distribution, version, folder.name[len(prefix) :])
            found.append(Cached(installed, index, folder, _size(folder), (folder / "index.json").stat().st_mtime))
        except (OSError, ValueError):
            continue
    found.sort(key=lambda item: (item.installed.distribution, order(item.installed.version), item.folder.name))
    return tuple(found)


def _size(folder: Path) -> int:
    """Bytes of all files below a folder; those that vanish meanwhile count as none."""
    total = 0
    for at, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.stat(os.path.join(at, name)).st_size
            except OSError:
                continue
    return total
