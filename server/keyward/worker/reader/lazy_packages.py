"""Packages that announce their names and import them on request, in the style of Hugging Face's `_LazyModule`."""

from __future__ import annotations

import ast
import re
import sys
from typing import Any, Dict, Iterator, List, Optional, Set, Tuple

from . import availability, finder, modules

_ALL = re.compile(r"^__all__\s*(?::[^=\n]*)?=\s*", re.MULTILINE)
_REQUIRES = re.compile(
    r"^@(?:requires|export)\((?P<arguments>[^@]*?)\)\s*\n"
    r"(?:@[^\n]*\n(?:[ \t)][^\n]*\n|\)\n)*)*(?:class|def)\s+(?P<name>\w+)",
    re.MULTILINE,
)
_TORCHVISION = re.compile(r"^class\s+\w+\s*\([^)]*\bTorchvisionBackend\b", re.MULTILINE)


def announced(structure: Any) -> Optional[modules.Announced]:
    """What a lazy module holds, from its import structure; None where that is not known.

    The structure is {submodule: names}, or {back ends: {submodule: names}}.
    """
    if not isinstance(structure, dict):
        return None
    names: Dict[str, str] = {}
    missing: Set[str] = set()
    for key, value in structure.items():
        if isinstance(key, frozenset) and isinstance(value, dict):
            lacks = not all(availability.has(backend) for backend in key if isinstance(backend, str))
            for submodule, content in value.items():
                _note(names, missing, submodule, content, lacks)
        elif isinstance(key, str):
            _note(names, missing, key, value, False)
    for name in missing:
        fallback = names.get(name + "Pil")
        if name.endswith("ImageProcessor") and fallback is not None and name + "Pil" not in missing:
            names[name] = "{}:{}Pil".format(fallback, name)
    return modules.Announced(names)


def _note(names: Dict[str, str], missing: Set[str], submodule: Any, content: Any, lacks: bool) -> None:
    if not isinstance(submodule, str):
        return
    names.setdefault(submodule.partition(".")[0], "")
    for name in content if isinstance(content, (list, tuple, set, frozenset)) else ():
        if isinstance(name, str):
            names[name] = submodule
            if lacks:
                missing.add(name)
            else:
                missing.discard(name)


def lacks_backends(cls: Any) -> bool:
    """Whether the file of a class that was read says that it needs what is not on the import path."""
    try:
        exported = _exported(cls.__module__.rpartition(".")[2], finder.PATH.text(sys.modules[cls.__module__].path))
    except Exception:  # it is no module of a file
        return False
    return any(cls.__name__ in names and not all(map(availability.has, backends)) for backends, names in exported)


def structure_of(path: Any, prefix: Any) -> Any:
    """The import structure of the folder that a path lies in, from what its files list in `__all__` and `@requires`."""
    folder = str(path)
    if folder.endswith(".py"):
        folder = folder.rpartition("/")[0]
    structure: Dict[Any, Dict[str, Set[str]]] = {}
    start = "{}.".format(prefix) if isinstance(prefix, str) else ""
    for dotted, file in _files(folder, ""):
        try:
            text = finder.PATH.text(file)
        except Exception:
            continue
        for backends, names in _exported(dotted.rpartition(".")[2], text):
            structure.setdefault(backends, {}).setdefault(start + dotted, set()).update(names)
    return structure


def _files(folder: str, prefix: str) -> Iterator[Tuple[str, str]]:
    for name, is_folder in sorted(finder.PATH.listing(folder).items()):
        if is_folder and name.isidentifier() and name != "__pycache__":
            yield from _files("{}/{}".format(folder, name), prefix + name + ".")
        elif name.endswith(".py") and name != "__init__.py" and not name.startswith(("convert_", "modular_")):
            yield prefix + name[:-3], "{}/{}".format(folder, name)


def _exported(module: str, text: str) -> Iterator[Tuple[Any, Set[str]]]:
    base = _backends(module, text)
    marked: Set[str] = set()
    if "@requires" in text or "@export" in text:
        for match in _REQUIRES.finditer(text):
            named = re.findall(r"[\"']([\w\-<>=.]+)[\"']", match.group("arguments"))
            marked.add(match.group("name"))
            yield frozenset((*base, *named)), {match.group("name")}
    rest = set(_listed(text)) - marked
    if rest:
        yield frozenset(base), rest


def _listed(text: str) -> List[str]:
    names: List[str] = []
    for match in _ALL.finditer(text):
        end = text.find("]", match.end())
        try:
            value = ast.literal_eval(text[match.end() : end + 1])
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            continue
        names = [name for name in value if isinstance(name, str)]
    return names


def _backends(module: str, text: str) -> Tuple[str, ...]:
    """What every name of a file needs, by the file's name."""
    if "modeling_tf_" in module:
        return ("tf",)
    if "modeling_flax_" in module:
        return ("flax",)
    if "modeling_" in module or "generation_" in module:
        return ("torch",)
    if "tokenization_" in module and module.endswith("_fast"):
        return ("tokenizers",)
    if "image_processing_" in module:
        needs_torchvision = module.endswith("_fast") or _TORCHVISION.search(text)
        return ("vision", "torch", "torchvision") if needs_torchvision else ("vision",)
    return ("vision", "torch", "torchvision") if "video_processing_" in module else ()
