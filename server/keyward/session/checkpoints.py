"""What the `config.json` of a checkpoint says, be it in a folder or in the cache of downloads. Nothing is fetched."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec


class _Config(msgspec.Struct):
    model_type: str = ""


def model_type_of(checkpoint: str, folders: Iterable[str]) -> tuple[str, str]:
    """The `model_type` of a checkpoint, and the file that says so; two empty strings where there is none.

    Args:
        checkpoint: a folder, absolute or relative to one of `folders`, or the name of a repository.
    """
    for path in _candidates(checkpoint, folders):
        try:
            config = msgspec.json.decode(path.read_bytes(), type=_Config)
        except (OSError, ValueError, msgspec.MsgspecError):
            continue
        if config.model_type:
            return config.model_type, str(path)
    return "", ""


def _candidates(checkpoint: str, folders: Iterable[str]) -> Iterator[Path]:
    if "\0" in checkpoint or not checkpoint.strip():
        return
    for folder in folders:
        yield Path(folder, os.path.expanduser(checkpoint), "config.json")
    parts = checkpoint.split("/")
    if len(parts) > 2 or any(part in ("", ".", "..") for part in parts):
        return
    repository = _downloads() / "--".join(("models", *parts))
    try:
        commit = (repository / "refs" / "main").read_text("utf-8").strip()
    except (OSError, ValueError):
        return
    if commit.isalnum():
        yield repository / "snapshots" / commit / "config.json"


def _downloads() -> Path:
    """Where huggingface_hub keeps what it downloads, by the variables that it reads itself."""
    home = os.environ.get("HF_HOME") or os.path.join(os.environ.get("XDG_CACHE_HOME") or "~/.cache", "huggingface")
    return Path(os.path.expanduser(os.environ.get("HF_HUB_CACHE") or os.path.join(home, "hub")))
