"""Makes the entry of a live class or function, in the shape of `keyward.signatures.model.Entry` (defaults left out)."""

from __future__ import annotations

import inspect
import os
import re
import types
from typing import Any, Dict, Iterator, List, Optional, Sequence, Set

from . import (
    attributes,
    candidates,
    deprecations,
    dispatch,
    documentation,
    imports,
    keywords,
    members,
    parameters,
    results,
    returns,
    scan,
    source,
)
from .parameters import Entry
from .roles import is_enumeration, is_keras, is_torch_module, role_of


def function_entry(function: Any, name: str, module: str) -> Entry:
    """The entry of a function under its public name."""
    documented = function.__doc__
    function = dispatch.chosen(function)
    entry = _described(function, name, module, "function")
    entry["doc"] = documentation.first_sentence(documented)
    entry["call"] = signature(function, None, [documented])
    entry["replaced_by"] = deprecations.replacement(function)
    return {key: value for key, value in entry.items() if value}


_DOCUMENTED = re.compile(r"^\s*(?:torch\.(?:\w+\.)*)?(\w+)\((.*?)\)\s*->", re.MULTILINE)


def builtin_entry(function: Any, name: str, module: str) -> Optional[Entry]:
    """The entry of a compiled function whose documentation starts with its one signature; else None.

    Compiled functions take more than they document (other overloads, other names), so the rest is open.
    """
    text = imports.documentation(function)
    found = _DOCUMENTED.findall(text)
    if len(found) != 1 or found[0][0] != name:
        return None
    live = parameters.signature_of_text(found[0][1])
    if live is None:
        return None
    entry: Entry = {
        "name": name,
        "module": module,
        "role": "function",
        "doc": documentation.first_sentence(text),
    }
    entry["call"] = {
        "parameters": parameters.parameters(live, False, [text]),
        "extra": "open",
        "reason": "a compiled function",
    }
    return entry


def class_entry(cls: Any, is_public: bool = True) -> Entry:
    """The entry of a class; that of a public one says which methods the class defines."""
    role = role_of(cls)
    entry = _described(cls, cls.__qualname__, cls.__module__, role)
    entry["mro"] = [
        "{}.{}".format(base.__module__, base.__qualname__) for base in cls.__mro__[1:] if base is not object
    ]
    if is_enumeration(cls):
        return {key: value for key, value in entry.items() if value}
    entry["init"] = _constructor(cls)
    entry["call"] = _call(cls, role)
    if role in ("tokenizer", "processor"):
        entry["keys"] = results.keys(cls)
        entry["keys_open"] = True
    if role == "output":
        entry["fields"] = attributes.fields(cls)
        entry["members"] = attributes.of_output(cls)
    elif role == "config":
        entry["members"] = attributes.of_configuration(cls, _named(entry["init"]))
    elif entry["module"] == "torch" and entry["name"] == "Tensor":
        entry["members"] = sorted(name for name in dir(cls) if not name.startswith("_"))
    if role == "auto":
        entry["mapping"] = _mapping(cls)
    if is_public:
        found = {
            name: signature(function, cls if bound else None, [function.__doc__], is_brief=True)
            for name, function, bound in attributes.methods(cls)
        }
        entry["methods"] = {name: method for name, method in sorted(found.items()) if method is not None}
    entry["replaced_by"] = deprecations.replacement(cls)
    entry.update(_family(cls, role))
    return {key: value for key, value in entry.items() if value}


def _call(cls: Any, role: str) -> Optional[Entry]:
    """What calling an instance accepts; None where that is not known or an instance cannot be called."""
    if members.deciding_new(cls) is not None:
        return None
    if is_torch_module(cls):
        return _forward(cls)
    if is_keras(cls, "Layer"):
        return _layer_call(cls)
    return _method(cls, "__call__")


def _layer_call(cls: Any) -> Optional[Entry]:
    """What calling a Keras layer accepts: what its `call` does, and `training`, which every layer takes."""
    defining = next((base for base in cls.__mro__ if "call" in vars(base)), None)
    if defining is None or defining.__name__ in ("Layer", "Model"):
        return None  # whoever derives from it says what it takes
    found = _method(cls, "call")
    if found is not None and "training" not in _named(found):
        found["accepts"] = dict(found.get("accepts", {}), training="Layer.__call__")
    if found is not None and found.get("extra") == "ignored":
        found.update(extra="open", reason="layers can ask for arguments of the layer that calls them")
    return found


def _named(found: Optional[Entry]) -> Set[str]:
    """The names that a signature takes by keyword as far as known."""
    if found is None:
        return set()
    return {entry["name"] for entry in found.get("parameters", ())} | set(found.get("accepts", ()))


def signature(
    function: Any,
    cls: Any,
    docstrings: Sequence[Optional[str]],
    returned: Optional[str] = None,
    is_brief: bool = False,
) -> Optional[Entry]:
    """The signature of a callable; `cls` is the class of `self`, None for plain functions. None where unknown."""
    live = parameters.signature_of(function)
    if live is None:
        return None
    if hasattr(function, "_tf_decorator") and not any(p.kind is p.VAR_KEYWORD for p in live.parameters.values()):
        # TensorFlow's dispatcher tries other implementations of the same signature, and refuses what none takes.
        outcome, extra, reason = keywords.Outcome(), "refused", ""
    else:
        outcome, extra, reason = keywords.effective(function, cls, is_brief)
    takes_self = cls is not None and not source.wraps_bound(function)
    found: Entry = {"parameters": parameters.parameters(live, takes_self, docstrings, function)}
    named = {
        entry["name"]
        for entry in found["parameters"]
        if entry.get("kind") in (None, "positional_or_keyword", "keyword_only")
    }
    if cls is not None:
        # Filled by calling a method, also where a decorator lists it among what it lets through.
        named.add("self")
    found["accepts"] = {
        name: way for name, way in sorted(outcome.names.items()) if name not in named and name.isidentifier()
    }
    found["prefixes"] = sorted(outcome.prefixes)
    found["extra"] = extra if extra != "refused" else ""
    found["reason"] = reason
    found["returns"] = returns.returned_class(function) if returned is None else returned
    found["renamed"] = deprecations.renamed(function, cls, found, docstrings)
    for old in found["renamed"]:
        if old not in named:
            found["accepts"].setdefault(old, "deprecated")
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
    init = members.deciding_new(cls) or cls.__init__
    if not isinstance(init, types.FunctionType):
        if init is object.__init__ and cls.__new__ is object.__new__:
            return {}
        return None
    return signature(init, cls, [init.__doc__, cls.__doc__], returned="")


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
