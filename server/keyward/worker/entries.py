"""Makes the entry of a live class or function, in the shape of `keyward.signatures.model.Entry` (defaults left out)."""

from __future__ import annotations

import dataclasses
import inspect
import os
import re
import types
from typing import Any, Dict, Iterator, List, Optional, Sequence

from . import candidates, documentation, imports, keywords, members, parameters, returns, scan, source
from .parameters import Entry


def function_entry(function: Any, name: str, module: str) -> Entry:
    """The entry of a function under its public name."""
    entry = _described(function, name, module, "function")
    entry["call"] = signature(function, None, [function.__doc__])
    return entry


_DOCUMENTED = re.compile(r"^\s*(?:torch\.(?:\w+\.)*)?(\w+)\((.*?)\)\s*->", re.MULTILINE)


def builtin_entry(function: Any, name: str, module: str) -> Optional[Entry]:
    """The entry of a compiled function whose documentation starts with its one signature; else None.

    Compiled functions take more than they document (other overloads, other names), so the rest is open.
    """
    found = _DOCUMENTED.findall(function.__doc__ or "")
    if len(found) != 1 or found[0][0] != name:
        return None
    try:
        namespace: Dict[str, Any] = {}
        exec("def {}({}): pass".format(name, found[0][1]), namespace)
    except Exception:
        return None
    live = inspect.signature(namespace[name])
    entry: Entry = {
        "name": name,
        "module": module,
        "role": "function",
        "doc": documentation.first_sentence(function.__doc__),
    }
    entry["call"] = {
        "parameters": parameters.parameters(live, False, [function.__doc__]),
        "extra": "open",
        "reason": "a compiled function",
    }
    return entry


def class_entry(cls: Any) -> Entry:
    """The entry of a class."""
    role = role_of(cls)
    entry = _described(cls, cls.__qualname__, cls.__module__, role)
    entry["mro"] = [
        "{}.{}".format(base.__module__, base.__qualname__) for base in cls.__mro__[1:] if base is not object
    ]
    entry["init"] = _constructor(cls)
    if role in ("model", "module"):
        entry["call"] = _forward(cls)
    elif role in ("tokenizer", "processor"):
        entry["call"] = _method(cls, "__call__")
        entry["keys"] = _keys(cls)
        entry["keys_open"] = True
    if role == "output":
        entry["fields"] = _fields(cls)
        entry["members"] = _members(cls)
    elif entry["module"] == "torch" and entry["name"] == "Tensor":
        entry["members"] = sorted(name for name in dir(cls) if not name.startswith("_"))
    if role == "auto":
        entry["mapping"] = _mapping(cls)
    entry.update(_family(cls, role))
    return {key: value for key, value in entry.items() if value}


def role_of(cls: Any) -> str:
    """The role of a class, see `keyward.signatures.model.Role`."""
    names = {base.__name__ for base in cls.__mro__}
    module = candidates.module_class()
    if cls.__module__.startswith("transformers.models.auto.") and cls.__name__.startswith("Auto"):
        return "auto"
    if module is not None and issubclass(cls, module):
        return "model" if "PreTrainedModel" in names else "module"
    if "ModelOutput" in names or (cls.__name__.endswith("Output") and dataclasses.is_dataclass(cls)):
        return "output"
    if names & {"PretrainedConfig", "PreTrainedConfig"}:
        return "config"
    if "PreTrainedTokenizerBase" in names:
        return "tokenizer"
    if names & {"ImageProcessingMixin", "FeatureExtractionMixin", "ProcessorMixin", "BaseVideoProcessor"}:
        return "processor"
    return "class"


def signature(
    function: Any, cls: Any, docstrings: Sequence[Optional[str]], returned: Optional[str] = None
) -> Optional[Entry]:
    """The signature of a callable; `cls` is the class of `self`, None for plain functions. None where unknown."""
    live = parameters.signature_of(function)
    if live is None:
        return None
    outcome, extra, reason = keywords.effective(function, cls)
    found: Entry = {"parameters": parameters.parameters(live, cls is not None, docstrings)}
    named = {
        entry["name"]
        for entry in found["parameters"]
        if entry.get("kind") in (None, "positional_or_keyword", "keyword_only")
    }
    found["accepts"] = {name: way for name, way in sorted(outcome.names.items()) if name not in named}
    found["prefixes"] = sorted(outcome.prefixes)
    found["extra"] = extra if extra != "refused" else ""
    found["reason"] = reason
    found["returns"] = returns.returned_class(function) if returned is None else returned
    return {key: value for key, value in found.items() if value}


def _described(value: Any, name: str, module: str, role: str) -> Entry:
    entry: Entry = {"name": name, "module": module, "role": "" if role == "class" else role}
    path = imports.file_of(value.__module__)
    if path.endswith(".py"):
        entry["file"] = os.path.relpath(path, scan.top_folder(value.__module__) or "/").replace(os.sep, "/")
    entry["line"] = source.line_of(value)
    entry["doc"] = documentation.first_sentence(
        value.__dict__.get("__doc__") if isinstance(value, type) else value.__doc__
    )
    return {key: content for key, content in entry.items() if content}


def _constructor(cls: Any) -> Optional[Entry]:
    init = cls.__init__
    if not isinstance(init, types.FunctionType):
        if init is object.__init__ and cls.__new__ is object.__new__:
            return {}
        return None
    docs = [init.__doc__, cls.__doc__]
    return signature(init, cls, docs, returned="")


def _forward(cls: Any) -> Optional[Entry]:
    call = members.called(cls)
    if not isinstance(call, (candidates.Method, candidates.Live)):
        return None
    forward = inspect.getattr_static(cls, "forward", None)
    static = isinstance(forward, staticmethod)
    forward = source.plain(forward)
    if not isinstance(forward, types.FunctionType) or forward.__name__ == "_forward_unimplemented":
        return None
    found = signature(forward, None if static else cls, [forward.__doc__, cls.__doc__])
    if found is not None and isinstance(call, candidates.Method) and call.function is not forward:
        outcome, extra, reason = keywords.effective(call.function, cls)
        shown = {entry["name"] for entry in found.get("parameters", ())}
        found["accepts"] = {name: way for name, way in sorted(outcome.names.items()) if name not in shown}
        found["extra"] = extra if extra != "refused" else ""
        found["reason"] = reason
        found = {key: value for key, value in found.items() if value}
    return found


def _method(cls: Any, name: str) -> Optional[Entry]:
    function = source.plain(inspect.getattr_static(cls, name, None))
    return signature(function, cls, [function.__doc__]) if isinstance(function, types.FunctionType) else None


def _fields(cls: type) -> List[Entry]:
    if not dataclasses.is_dataclass(cls):
        return []
    live = dataclasses.fields(cls)
    names = {field.name for field in live}
    docs: Dict[str, str] = {}
    for base in inspect.getmro(cls):
        for name, line in documentation.items(base.__dict__.get("__doc__"), names).items():
            docs.setdefault(name, line)
    found = []
    for field in live:
        entry = {"name": field.name, "annotation": parameters.annotation(field.type), "doc": docs.get(field.name, "")}
        found.append({key: value for key, value in entry.items() if value})
    return found


def _members(cls: Any) -> List[str]:
    """Attribute names that come neither from a field nor from a base that has an entry of its own."""
    fields = {field.name for field in dataclasses.fields(cls)} if dataclasses.is_dataclass(cls) else set()
    inherited = set()
    for base in cls.__mro__[1:]:
        if base is not object and role_of(base) == "output":
            inherited.update(dir(base))
    return sorted(name for name in set(dir(cls)) - inherited - fields if not name.startswith("_"))


def _keys(cls: Any) -> List[str]:
    names = getattr(cls, "model_input_names", None)
    if isinstance(names, property) or names is None:
        return []
    return [name for name in names if isinstance(name, str)]


_NAMED_MAPPINGS = {
    "AutoConfig": ("configuration_auto", "CONFIG_MAPPING_NAMES"),
    "AutoTokenizer": ("tokenization_auto", "TOKENIZER_MAPPING_NAMES"),
    "AutoImageProcessor": ("image_processing_auto", "IMAGE_PROCESSOR_MAPPING_NAMES"),
    "AutoFeatureExtractor": ("feature_extraction_auto", "FEATURE_EXTRACTOR_MAPPING_NAMES"),
    "AutoVideoProcessor": ("video_processing_auto", "VIDEO_PROCESSOR_MAPPING_NAMES"),
    "AutoProcessor": ("processing_auto", "PROCESSOR_MAPPING_NAMES"),
}


def _mapping(cls: Any) -> Dict[str, List[str]]:
    """model type -> names of the classes that it can give."""
    live = getattr(getattr(cls, "_model_mapping", None), "_model_mapping", None)
    if live is None and cls.__name__ in _NAMED_MAPPINGS:
        module, name = _NAMED_MAPPINGS[cls.__name__]
        live = imports.get(imports.loaded("transformers.models.auto." + module), name)
        live = None if live is imports.MISSING else live
    mapping = {}
    for model_type, names in dict(live or {}).items():
        flat = list(dict.fromkeys(_strings(names)))
        if flat:
            mapping[model_type] = flat
    return dict(sorted(mapping.items()))


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _strings(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _strings(item)


_FOLDER = re.compile(r"transformers\.models\.(?:deprecated\.)?(\w+)\.")


def _family(cls: Any, role: str) -> Dict[str, str]:
    found = {}
    folder = _FOLDER.match(cls.__module__)
    if folder and role != "auto":
        found["family"] = folder.group(1)
    config = cls if role == "config" else getattr(cls, "config_class", None) if role == "model" else None
    if isinstance(config, type):
        found["model_type"] = config.__dict__.get("model_type") or getattr(config, "model_type", "") or ""
    if role == "model" and folder:
        found["head"] = _head(cls.__name__, config, folder.group(1))
    return found


def _head(name: str, config: Any, family: str) -> str:
    prefixes = [re.sub(r"Config$", "", config.__name__)] if isinstance(config, type) else []
    for prefix in prefixes:
        if prefix and name.startswith(prefix):
            return name[len(prefix) :]
    squeezed = family.replace("_", "")
    if name.lower().startswith(squeezed):
        return name[len(squeezed) :]
    match = re.search(r"(For[A-Z]\w*|LMHeadModel|DoubleHeadsModel|PreTrainedModel|Model)$", name)
    return match.group(1) if match else ""
