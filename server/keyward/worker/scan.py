"""Which installed distributions define torch modules or Keras layers: a textual scan that imports nothing."""

from __future__ import annotations

import os
from importlib import metadata
from typing import Any, Dict, List, Optional

from . import imports

TENSORFLOW = ("tensorflow", "tensorflow-cpu", "tensorflow-intel", "tensorflow-macos")
"""Distributions that bring the package `tensorflow`."""

_OWN_PLAN = ("torch", "transformers", "keras", *TENSORFLOW)
_MARKS = {
    b"torch": (b"nn.Module", b"(Module)", b"(PreTrainedModel)"),
    b"keras": (b"(Layer)", b".Layer)", b"(Model)", b".Model)", b"(Loss)", b".Loss)"),
}
"""What a file says that defines a module or layer, by the library that it uses for that."""

_LARGEST = 2000000
_SKIPPED_FOLDERS = ("test", "tests", "testing", "examples", "benchmarks", "docs", "scripts")


def distributions(path: Optional[List[str]] = None) -> List[Dict[str, Any]]:
    """[{name, version, modules}] of every distribution worth an index, those that have a plan of their own first.

    `path` says where to look, in place of the folders that this process imports from.
    """
    found = {}
    for distribution in metadata.distributions() if path is None else metadata.distributions(path=path):
        try:
            name = canonical(distribution.metadata["Name"])
            version = distribution.version
        except Exception:
            continue
        if name in found:  # the first on the path is the one that is imported
            continue
        if name in _OWN_PLAN:
            found[name] = {"name": name, "version": version, "modules": []}
            continue
        modules = _modules(distribution)
        if modules:
            found[name] = {"name": name, "version": version, "modules": modules}
    return sorted(found.values(), key=lambda item: (item["name"] not in _OWN_PLAN, item["name"]))


def canonical(name: Optional[str]) -> str:
    """The normal form of a distribution's name."""
    return (name or "").lower().replace("_", "-").replace(".", "-")


def _modules(distribution: Any) -> List[str]:
    modules = []
    for relative in distribution.files or ():
        parts = relative.parts
        if not parts[-1].endswith(".py") or parts[0] in ("..", "__pycache__"):
            continue
        if any(part in _SKIPPED_FOLDERS or not part.isidentifier() for part in parts[:-1]):
            continue
        stem = parts[-1][:-3]
        if not stem.isidentifier() or stem in ("conftest", "setup", "__main__") or stem.startswith("test_"):
            continue
        path = str(relative.locate())
        if _defines_modules(path):
            dotted = parts[:-1] if stem == "__init__" else parts[:-1] + (stem,)
            if dotted:
                modules.append(".".join(dotted))
    return sorted(modules)


def _defines_modules(path: str) -> bool:
    try:
        if os.path.getsize(path) > _LARGEST:
            return False
        with open(path, "rb") as file:
            text = file.read()
    except OSError:
        return False
    return any(library in text and any(mark in text for mark in marks) for library, marks in _MARKS.items())


def top_folder(module_name: str) -> str:
    """The folder that holds the top-level package of a module, or ""."""
    path = imports.file_of(module_name.partition(".")[0])
    if os.path.basename(path).startswith("__init__."):
        path = os.path.dirname(path)
    return os.path.dirname(path)
