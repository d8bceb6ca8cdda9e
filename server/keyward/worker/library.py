"""What to introspect of a distribution: its families and their modules, its exported names, its entries."""

import inspect
import os
import pkgutil
import sys
import types

try:
    from importlib import metadata
except ImportError:  # pragma: no cover - Python 3.7 and earlier
    metadata = None

from . import entries as make
from . import values


def plan(distribution, modules):
    """The plan for a distribution; `modules` are those that the scan found."""
    if distribution == "transformers":
        return Transformers(distribution)
    if distribution == "torch":
        return Torch(distribution)
    return Plan(distribution, modules)


def qualified(entry):
    """The key of an entry in its family."""
    return "{}.{}".format(entry["module"], entry["name"])


class Plan:
    """Any distribution: every module that defines torch modules is a family."""

    def __init__(self, distribution, modules=()):
        self.distribution = distribution
        self.families = {name: [name] for name in modules}
        self.root = ""
        self.problems = []
        self._done = {}
        self._exports = {}

    @property
    def version(self):
        """The installed version, "" where the metadata does not say."""
        try:
            return metadata.version(self.distribution)
        except Exception:
            return ""

    def index(self):
        """The content of the `index` answer, as far as it is known now."""
        return {
            "distribution": self.distribution,
            "version": self.version,
            "exports": {module: dict(sorted(names.items())) for module, names in sorted(self._exports.items())},
            "modules": {module: family for family, modules in sorted(self._done.items()) for module in modules},
        }

    def entries(self, family, modules):
        """{name: entry} of a family, from its live modules."""
        found = {}
        for module in modules:
            for value in self.members(module):
                self.add(found, value)
            self.export(module)
        self._done[family] = [module.__name__ for module in modules]
        for module in modules:
            self._export_from_packages(module)
        return dict(sorted(found.items()))

    def rest(self):
        """(family, entries) for what no family module defines but exports name."""
        return ()

    def members(self, module):
        """The classes and functions of a module that get an entry: here torch modules and dataclass outputs."""
        base = values.module_class()
        for value in list(vars(module).values()):
            if isinstance(value, type) and value.__module__ == module.__name__:
                if (base is not None and issubclass(value, base)) or make.role_of(value) == "output":
                    yield value

    def add(self, found, value, alias="", module=""):
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
            name = getattr(value, "__qualname__", repr(value))
            self.problems.append("{} could not be read ({}).".format(name, type(error).__name__))

    def export(self, module):
        """Note the public names that a module defines itself."""
        names = self._exports.setdefault(module.__name__, {})
        for value in self.members(module):
            if not value.__name__.startswith("_") and vars(module).get(value.__name__) is value:
                names[value.__name__] = module.__name__

    def _export_from_packages(self, module):
        """Note the names of a module that packages above it export."""
        package = module.__name__
        while "." in package:
            package = package.rpartition(".")[0]
            holder = sys.modules.get(package)
            for value in self.members(module):
                if holder is not None and vars(holder).get(value.__name__) is value:
                    self._exports.setdefault(package, {})[value.__name__] = module.__name__


class Torch(Plan):
    """torch: its modules, functions with a Python signature, losses and optimizers."""

    _PACKAGES = ("torch.nn", "torch.nn.functional", "torch.nn.utils.rnn", "torch.optim", "torch.optim.lr_scheduler")

    def __init__(self, distribution):
        super().__init__(distribution)
        self.root = "torch"
        names = ["torch", "torch.nn.functional", "torch.nn.utils.rnn", "torch.nn.parallel", "torch.optim"]
        names += ["torch._tensor"]
        for package in ("torch.nn.modules", "torch.nn.parallel", "torch.optim"):
            names += _submodules(package)
        self.families = {name: [name] for name in names}

    def members(self, module):
        name = module.__name__
        for key, value in list(vars(module).items()):
            if isinstance(value, type) and value.__module__ == name and not key.startswith("_"):
                if name != "torch" or key in ("Tensor", "Generator"):
                    yield value
            elif isinstance(value, types.FunctionType) and value.__name__ == key and not key.startswith("_"):
                if value.__module__ in (name, "torch.functional") and (name in self._PACKAGES or name == "torch"):
                    yield value

    def entries(self, family, modules):
        found = super().entries(family, modules)
        for module in modules:
            if module.__name__ == "torch.nn.functional":
                names = self._exports[module.__name__]
                for key, value in list(vars(module).items()):
                    if key not in names and not key.startswith("_") and inspect.isbuiltin(value):
                        entry = make.builtin_entry(value, key, module.__name__)
                        if entry is not None:
                            found[qualified(entry)] = entry
                            names[key] = module.__name__
        return dict(sorted(found.items()))

    def _export_from_packages(self, module):
        super()._export_from_packages(module)
        holder = sys.modules.get("torch.nn")
        for value in self.members(module):
            if holder is not None and vars(holder).get(value.__name__) is value:
                self._exports.setdefault("torch.nn", {})[value.__name__] = module.__name__


class Transformers(Plan):
    """transformers: a family for each folder of models, the exported names, and their base and output classes."""

    def __init__(self, distribution):
        super().__init__(distribution)
        self.root = "transformers"
        self.families = {}
        folder = _package_folder("transformers")
        models = os.path.join(folder, "models") if folder else ""
        for name in sorted(os.listdir(models)) if os.path.isdir(models) else ():
            modules = _files(os.path.join(models, name), "transformers.models." + name)
            if modules:
                self.families[name] = modules

    def index(self):
        if not self._exports:
            self._exports["transformers"] = self._announced()
        return super().index()

    def _announced(self):
        """name -> module, as the lazy package announces them, before anything is imported."""
        package = sys.modules.get("transformers")
        known = getattr(package, "_class_to_module", None)
        if not isinstance(known, dict):
            return {}
        return {
            name: "transformers." + module
            for name, module in sorted(known.items())
            if not name.startswith("_") and "dummy_" not in module
        }

    def members(self, module):
        base = values.module_class()
        for value in list(vars(module).values()):
            if isinstance(value, type) and value.__module__ == module.__name__:
                if make.role_of(value) != "class" or (base is not None and issubclass(value, base)):
                    yield value

    def export(self, module):
        return

    def _export_from_packages(self, module):
        return

    def rest(self):
        """What else the package exports, and the bases and outputs that entries refer to, a module at a time."""
        package = sys.modules.get("transformers")
        done = {module for modules in self._done.values() for module in modules}
        by_module = {}
        aliases = {}
        exports = {}
        for name in self._public_names(package):
            try:
                value = getattr(package, name)
            except Exception:
                continue
            if type(value).__name__ == "DummyObject" or not isinstance(value, (type, types.FunctionType)):
                continue
            module = getattr(value, "__module__", "") or ""
            if not module.startswith("transformers.") or "dummy_" in module:
                continue
            if value.__qualname__ != name:
                # The name of another backend's class, say, which this one stands in for.
                exports[name] = "transformers"
                aliases[name] = value
                continue
            exports[name] = module
            if module not in done:
                by_module.setdefault(module, []).append(value)
        self._exports["transformers"] = exports
        for module, extra in self._referred(done).items():
            by_module.setdefault(module, []).extend(value for value in extra if value not in by_module.get(module, ()))
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

    def _public_names(self, package):
        return sorted(name for name in dir(package) if not name.startswith("_"))

    def _referred(self, done):
        """Output, model and mixin classes of shared modules, by module."""
        found = {}
        for name, module in sorted(sys.modules.items()):
            if name.startswith("transformers.") and name not in done and isinstance(module, types.ModuleType):
                if ".models." in name:
                    continue
                members = [value for value in self.members(module) if make.role_of(value) != "class"]
                if members:
                    found[name] = members
        return found


def _package_folder(name):
    module = sys.modules.get(name)
    if module is None:
        try:
            from importlib import util

            spec = util.find_spec(name)
        except Exception:
            return ""
        locations = list(getattr(spec, "submodule_search_locations", None) or ())
        return locations[0] if locations else ""
    return os.path.dirname(getattr(module, "__file__", "") or "")


_KINDS_OF_FILES = ("modeling_", "configuration_", "tokenization_", "processing_", "image_processing_")
_KINDS_OF_FILES += ("feature_extraction_", "video_processing_", "auto_factory")
_OTHER_FRAMEWORKS = ("modeling_tf_", "modeling_flax_", "tokenization_tf_", "modeling_flash_attention")


def _files(folder, package):
    """Dotted names of a family's files, those of subfolders too."""
    found = []
    for root, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if name.isidentifier() and name != "__pycache__")
        inside = os.path.relpath(root, folder)
        dotted = package if inside == "." else package + "." + inside.replace(os.sep, ".")
        for name in sorted(files):
            if name.endswith(".py") and name.startswith(_KINDS_OF_FILES) and not name.startswith(_OTHER_FRAMEWORKS):
                found.append(dotted + "." + name[:-3])
    return found


def _submodules(package):
    folder = _package_folder(package)
    if not folder:
        return []
    return [package + "." + item.name for item in pkgutil.iter_modules([folder]) if not item.ispkg]
