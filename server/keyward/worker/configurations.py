"""Which class a configuration or a part of one is of, as the source of configurations says."""

from __future__ import annotations

import ast
from typing import Any, Iterator, List, NamedTuple, Optional

from . import imports, source
from .candidates import Instance
from .nodes import is_name, own_nodes
from .scope import Scope, outer

_AUTO = "AutoConfig"
_PARTS = ("sub_configs_defaults", "sub_configs")
_CONSTRUCTORS = ("__init__", "__post_init__")
_DEEPEST = 8


class Configuration(NamedTuple):
    """A configuration class; `certain` is False where it is the default and another can be chosen."""

    cls: Any
    certain: bool = True


def evaluate(node: Any, scope: Scope, depth: int = 0) -> Optional[Configuration]:
    """The configuration that an expression in a model's method gives (`config.text_config`); None: it may be any."""
    if depth > _DEEPEST:
        return None
    if isinstance(node, ast.Attribute):
        if node.attr == "config" and is_name(node.value, scope.self_name or ""):
            return _own(scope)
        whole = evaluate(node.value, scope, depth + 1)
        found = part(whole.cls, node.attr) if whole is not None else None
        return Configuration(found.cls, found.certain and whole.certain) if found and whole else None
    if isinstance(node, ast.Call) and node.args:
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        if name in ("copy", "deepcopy"):
            return evaluate(node.args[0], scope, depth + 1)
        if name == "getattr" and len(node.args) > 1 and isinstance(node.args[1], ast.Constant):
            return evaluate(ast.Attribute(node.args[0], str(node.args[1].value), ast.Load()), scope, depth + 1)
        return None
    if isinstance(node, ast.Name):
        assigned = scope.assigned.get(node.id, [])
        if len(assigned) == 1 and assigned[0][1] == ():
            return evaluate(assigned[0][0], scope, depth + 1)
        if not assigned and node.id in scope.parameters:
            return _argument(node.id, scope)
    return None


def _own(scope: Scope) -> Optional[Configuration]:
    """The configuration of the model that `self` is."""
    cls = imports.settle(getattr(scope.cls, "config_class", None))[1]
    return Configuration(cls) if isinstance(cls, type) else None


def _argument(name: str, scope: Scope) -> Optional[Configuration]:
    """The configuration that a function is given: by its caller, by what the model has, or as the annotation says."""
    given = scope.bound.get(name, [])
    if len(given) == 1 and isinstance(given[0], Instance) and is_configuration(given[0].cls):
        return Configuration(given[0].cls)
    own = _own(scope) if name == "config" else None
    annotation = scope.annotations.get(name)
    text = getattr(annotation, "id", getattr(annotation, "value", None))
    named = outer(text, scope.function)[1] if isinstance(text, str) else None
    if not (isinstance(named, type) and is_configuration(named)):
        return own
    # A model within a model may inherit the whole's configuration class and be given a part.
    return own if own is not None and issubclass(own.cls, named) else Configuration(named)


def is_configuration(cls: Any) -> bool:
    """Whether a class is that of a configuration."""
    return any(base.__name__ in ("PretrainedConfig", "PreTrainedConfig") for base in cls.__mro__)


def part(cls: Any, name: str) -> Optional[Configuration]:
    """The configuration in the attribute `name` of another, as its class lists its parts."""
    for base in cls.__mro__:
        for listed in _listed(base, name):
            named, model_type = _specified(listed)
            found = _named(base, named)
            if found is None:
                return None
            if found.__name__ != _AUTO:
                return Configuration(found)
            default = _of_type(model_type) if model_type else _default(cls, name)
            return Configuration(default, False) if default is not None else None
    return None


def _listed(cls: Any, name: str) -> Iterator[Any]:
    """The expression that a class body lists for a part."""
    for statement in getattr(source.class_node(cls), "body", ()):
        targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
        value = getattr(statement, "value", None)
        if isinstance(value, ast.Dict) and any(is_name(target, known) for target in targets for known in _PARTS):
            for key, listed in zip(value.keys, value.values):
                if isinstance(key, ast.Constant) and key.value == name:
                    yield listed


def _specified(node: Any) -> Any:
    """(class, model type or "") of `TextConfig` or `SubConfigSpec(AutoConfig, model_type="llama")`, as expressions."""
    if not isinstance(node, ast.Call):
        return node, ""
    keywords = {keyword.arg: keyword.value for keyword in node.keywords}
    positional = dict(zip(("config_class", "model_type"), node.args))
    model_type = keywords.get("model_type", positional.get("model_type"))
    return (
        keywords.get("config_class", positional.get("config_class")),
        model_type.value if isinstance(model_type, ast.Constant) else "",
    )


def _named(cls: Any, node: Any) -> Any:
    """The class that a name in the body of `cls` means; None where it means none."""
    if not isinstance(node, ast.Name):
        return None
    found = imports.get(imports.known(cls.__module__), node.id)
    return found if isinstance(found, type) else None


def _of_type(model_type: Any) -> Any:
    """The configuration class of a model type."""
    names = imports.get(imports.known("transformers.models.auto.configuration_auto"), "CONFIG_MAPPING_NAMES")
    name = names.get(model_type) if isinstance(names, dict) else None
    found = imports.get(imports.known("transformers"), name) if isinstance(name, str) else None
    return found if isinstance(found, type) else None


def _default(cls: Any, name: str) -> Any:
    """The configuration class that is taken where the constructor is given none for the part `name`."""
    found: List[Any] = []
    for base in cls.__mro__:
        for method in _CONSTRUCTORS:
            node = source.node_of(source.innermost(vars(base).get(method)))
            for child in own_nodes(node) if isinstance(node, ast.FunctionDef) else ():
                if isinstance(child, ast.Assign) and any(_is_part(target, name) for target in child.targets):
                    default = _made(child.value, base, node)
                    if default is not None and default not in found:
                        found.append(default)
        if found:
            break
    return found[0] if len(found) == 1 else None


def _is_part(target: Any, name: str) -> bool:
    return is_name(target, name) or (
        isinstance(target, ast.Attribute) and target.attr == name and is_name(target.value, "self")
    )


def _made(node: Any, cls: Any, function: Any) -> Any:
    """The class of `TextConfig(...)` or `CONFIG_MAPPING["llama"](...)`; None for anything else."""
    if not isinstance(node, ast.Call):
        return None
    if isinstance(node.func, ast.Name):
        found = _named(cls, node.func)
        return found if found is not None and is_configuration(found) else None
    if not (isinstance(node.func, ast.Subscript) and is_name(node.func.value, "CONFIG_MAPPING")):
        return None
    key: Any = node.func.slice
    key = key if isinstance(key, ast.expr) else getattr(key, "value", None)  # Python 3.8 wraps it
    if isinstance(key, ast.Name):
        # `kind = given["model_type"] if "model_type" in given else "llama"`
        for child in own_nodes(function):
            if isinstance(child, ast.Assign) and is_name(child.targets[0], key.id):
                key = getattr(child.value, "orelse", None)
                break
    return _of_type(key.value) if isinstance(key, ast.Constant) else None


def models(auto: Any, config: Any) -> Optional[List[Any]]:
    """The classes that an auto class makes of a configuration class, [] where it refuses it; None: not known."""
    mapping = imports.settle(getattr(auto, "_model_mapping", None))[1]
    types, names = (imports.settle(getattr(mapping, name, None))[1] for name in ("_config_mapping", "_model_mapping"))
    if not isinstance(types, dict) or not isinstance(names, dict):
        return None
    for model_type, name in types.items():
        if name == config.__name__ and model_type in names:
            named = names[model_type]
            package = imports.known("transformers")
            found = [imports.get(package, item) for item in (named if isinstance(named, (tuple, list)) else [named])]
            return found if all(isinstance(item, type) for item in found) else None
    return []
