"""What to introspect of a distribution: its families and their modules, its exported names, its entries."""

from __future__ import annotations

import inspect
import types
from importlib import metadata
from typing import Any, Dict, Iterable, Iterator, List, Set, Tuple

from . import candidates, imports
from . import entries as make
from .parameters import Entry


def plan(distribution: str, modules: Any) -> Plan:
    """The plan for a distribution; `modules` are those that the scan found."""
    if distribution == "transformers":
        return Transformers(distribution)
    if distribution == "torch":
        return Torch(distribution)
    return Plan(distribution, modules)


def qualified(entry: Entry) -> str:
    """The key of an entry in its family."""
    return "{}.{}".format(entry["module"], entry["name"])


class Plan:
    """Any distribution: every module that defines torch modules is a family."""

    def __init__(self, distribution: str, modules: Iterable[str] = ()) -> None:
        self.distribution = distribution
        self.families = {name: [name] for name in modules}
        self.root = ""
        self.problems: List[str] = []
        self._done: Dict[str, List[str]] = {}
        self._exports: Dict[str, Dict[str, str]] = {}

    @property
    def version(self) -> str:
        """The installed version, "" where the metadata does not say."""
        try:
            return metadata.version(self.distribution)
        except Exception:
            return ""

    def index(self) -> Dict[str, Any]:
        """The content of the `index` answer, as far as it is known now."""
        return {
            "distribution": self.distribution,
            "version": self.version,
            "exports": {module: dict(sorted(names.items())) for module, names in sorted(self._exports.items())},
            "modules": {module: family for family, modules in sorted(self._done.items()) for module in modules},
        }

    def entries(self, family: str, modules: Any) -> Dict[str, Entry]:
        """{name: entry} of a family, from its live modules."""
        found: Dict[str, Entry] = {}
        for module in modules:
            for value in self.members(module):
                self.add(found, value)
            self.export(module)
        self._done[family] = [module.__name__ for module in modules]
        for module in modules:
            self._export_from_packages(module)
        return dict(sorted(found.items()))

    def rest(self) -> Iterable[Tuple[str, Dict[str, Entry]]]:
        """(family, entries) for what no family module defines but exports name."""
        return ()

    def members(self, module: Any) -> Iterator[Any]:
        """The classes and functions of a module that get an entry: here torch modules and dataclass outputs."""
        base = candidates.module_class()
        for value in imports.contents(module).values():
            if not isinstance(value, type) or value.__module__ != module.__name__:
                continue
            if (base is not None and issubclass(value, base)) or make.role_of(value) == "output":
                yield value

    def add(self, found: Any, value: Any, alias: str = "", module: str = "") -> None:
        """Put the entry of a live object into `found`, under an alias in `module` where there is one.

        One that fails is left out with a problem.
        """
        try:
            if isinstance(value, type):
                entry = make.class_entry(value)
            else:
                entry = make.function_entry(value, value.__name__, value.__module__)
            if alias:
                entry.update(name=alias, module=module)
            found[qualified(entry)] = {key: content for key, content in entry.items() if content is not None}
        except Exception as error:
            name = getattr(value, "__qualname__", alias)
            self.problems.append("{} could not be read ({}).".format(name, type(error).__name__))

    def export(self, module: Any) -> None:
        """Note the public names that a module defines itself."""
        names = self._exports.setdefault(module.__name__, {})
        for value in self.members(module):
            if not value.__name__.startswith("_") and imports.names(module, value):
                names[value.__name__] = module.__name__

    def _export_from_packages(self, module: Any) -> None:
        """Note the names of a module that packages above it export."""
        package = str(module.__name__)
        while "." in package:
            package = package.rpartition(".")[0]
            holder = imports.loaded(package)
            for value in self.members(module):
                if imports.names(holder, value):
                    self._exports.setdefault(package, {})[value.__name__] = module.__name__


class Torch(Plan):
    """torch: its modules, functions with a Python signature, losses and optimizers."""

    _PACKAGES = ("torch.nn", "torch.nn.functional", "torch.nn.utils.rnn", "torch.optim", "torch.optim.lr_scheduler")

    def __init__(self, distribution: Any) -> None:
        super().__init__(distribution)
        self.root = "torch"
        names = ["torch", "torch.nn.functional", "torch.nn.utils.rnn", "torch.nn.parallel", "torch.optim"]
        names += ["torch._tensor"]
        for package in ("torch.nn.modules", "torch.nn.parallel", "torch.optim"):
            names += imports.submodules(package)
        self.families = {name: [name] for name in names}

    def members(self, module: Any) -> Iterator[Any]:
        name = module.__name__
        for key, value in imports.contents(module).items():
            if isinstance(value, type) and value.__module__ == name and not key.startswith("_"):
                if name != "torch" or key in ("Tensor", "Generator"):
                    yield value
            elif (
                isinstance(value, types.FunctionType)
                and value.__name__ == key
                and not key.startswith("_")
                and value.__module__ in (name, "torch.functional")
                and (name in self._PACKAGES or name == "torch")
            ):
                yield value

    def entries(self, family: str, modules: Any) -> Dict[str, Entry]:
        found = super().entries(family, modules)
        for module in modules:
            if module.__name__ == "torch.nn.functional":
                names = self._exports[module.__name__]
                for key, value in imports.contents(module).items():
                    if key not in names and not key.startswith("_") and inspect.isbuiltin(value):
                        entry = make.builtin_entry(value, key, module.__name__)
                        if entry is not None:
                            found[qualified(entry)] = entry
                            names[key] = module.__name__
        return dict(sorted(found.items()))

    def _export_from_packages(self, module: Any) -> None:
        super()._export_from_packages(module)
        holder = imports.loaded("torch.nn")
        for value in self.members(module):
            if imports.names(holder, value):
                self._exports.setdefault("torch.nn", {})[value.__name__] = module.__name__


class Transformers(Plan):
    """transformers: a family for each folder of models, the exported names, and their base and output classes."""

    def __init__(self, distribution: Any) -> None:
        super().__init__(distribution)
        self.root = "transformers"
        self.families = {}
        for package in imports.subpackages("transformers.models"):
            modules = [name for name in imports.modules_below(package) if _is_read(name.rpartition(".")[2])]
            if modules:
                self.families[package.rpartition(".")[2]] = modules

    def index(self) -> Dict[str, Any]:
        if not self._exports:
            self._exports["transformers"] = imports.announced(imports.loaded("transformers"))
        return super().index()

    def members(self, module: Any) -> Iterator[Any]:
        base = candidates.module_class()
        for value in imports.contents(module).values():
            if not isinstance(value, type) or value.__module__ != module.__name__:
                continue
            if make.role_of(value) != "class" or (base is not None and issubclass(value, base)):
                yield value

    def export(self, module: Any) -> None:
        return

    def _export_from_packages(self, module: Any) -> None:
        return

    def rest(self) -> Iterable[Tuple[str, Dict[str, Entry]]]:
        """What else the package exports, and the bases and outputs that entries refer to, a module at a time."""
        package = imports.loaded("transformers")
        done = {module for modules in self._done.values() for module in modules}
        by_module: Dict[str, List[Any]] = {}
        aliases: Dict[str, Any] = {}
        exports: Dict[str, str] = {}
        for name in self._public_names(package):
            value = imports.get(package, name)
            module = getattr(value, "__module__", None) or ""
            if not module.startswith("transformers."):
                continue
            exports[name] = module
            if type(value).__name__ == "DummyObject" or "dummy_" in module:
                continue  # the name is there, what it needs is not installed
            if not isinstance(value, (type, types.FunctionType)):
                continue
            if value.__qualname__ != name:
                # The name of another backend's class, say, which this one stands in for.
                exports[name] = "transformers"
                aliases[name] = value
                continue
            if module not in done:
                by_module.setdefault(module, []).append(value)
        self._exports["transformers"] = exports
        for module, extra in self._referred(done).items():
            by_module.setdefault(module, []).extend(value for value in extra if value not in by_module.get(module, ()))
        found: Dict[str, Entry] = {}
        for module, members in sorted(by_module.items()):
            found = {}
            for value in sorted(members, key=lambda item: item.__qualname__):
                self.add(found, value)
            self._done.setdefault(module, []).append(module)
            yield module, found
        found = {}
        for name, value in sorted(aliases.items()):
            self.add(found, value, name, "transformers")
        self._done["transformers"] = ["transformers"]
        yield "transformers", found

    def _public_names(self, package: Any) -> List[str]:
        """What the package lists, and names of tokenizers and processors that it knows without listing them."""
        names = set(imports.public_names(package))
        prefixes = {name[: -len("Config")] for name in names if name.endswith("Config")}
        names |= {prefix + suffix for prefix in prefixes for suffix in _UNLISTED}
        return sorted(names | {name + "Fast" for name in names if name.endswith(("Tokenizer", "ImageProcessor"))})

    def _referred(self, done: Set[str]) -> Dict[str, List[Any]]:
        """Output, model and mixin classes of shared modules, by module."""
        found: Dict[str, List[Any]] = {}
        for name, module in imports.loaded_below("transformers").items():
            if name not in done and ".models." not in name:
                members = [value for value in self.members(module) if make.role_of(value) != "class"]
                if members:
                    found[name] = members
        return found


_UNLISTED = tuple(kind + fast for kind in ("Tokenizer", "ImageProcessor") for fast in ("", "Fast")) + (
    "FeatureExtractor",
    "Processor",
)


_KINDS_OF_FILES = (
    "modeling_",
    "configuration_",
    "tokenization_",
    "processing_",
    "image_processing_",
    "feature_extraction_",
    "video_processing_",
    "auto_factory",
)
_OTHER_FRAMEWORKS = ("modeling_tf_", "modeling_flax_", "tokenization_tf_", "modeling_flash_attention")


def _is_read(file: str) -> bool:
    """Whether a file of a family, by its name, defines something that people use with PyTorch."""
    return file.startswith(_KINDS_OF_FILES) and not file.startswith(_OTHER_FRAMEWORKS)
