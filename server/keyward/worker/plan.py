"""What is read of a distribution: what its public packages export, and the torch modules and Keras layers in it."""

from __future__ import annotations

import types
import zlib
from importlib import metadata
from typing import Any, Dict, Iterable, Iterator, List, Mapping, Set, Tuple

from . import entries as make
from . import imports
from .parameters import Entry
from .roles import is_keras, is_torch_module, role_of


class Plan:
    """Any distribution.

    `families` are the modules that are imported, by the family that their entries make; `packages` say which module
    gives the public names of a package, by the name that people import it by. Nothing is read where `root` cannot be
    imported. The entries come at the end, when all is there, one family for each module that defines something.
    """

    def __init__(
        self, distribution: str, packages: Mapping[str, str], modules: Iterable[str] = (), root: str = ""
    ) -> None:
        self.distribution = distribution
        self.packages = dict(packages)
        self.families: Dict[str, List[str]] = {name: [name] for name in (*self.packages.values(), *modules)}
        self.tops = {name.partition(".")[0] for name in self.families}
        self.root = root
        self.part, self.parts = 0, 1
        """Which part of the work is done here, of how many that are done at once."""
        self.only_public = False
        """Whether modules that no public name leads to are left out."""
        self.problems: List[str] = []
        self._modules: List[Any] = []
        self._elsewhere: Set[str] = set()
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

    tells_early = False
    """Whether the entries of a family are told as soon as its modules are there."""

    def leaves_out(self, family: str) -> bool:
        """Whether another worker tells of a family."""
        return self.tells_early and not self.is_mine(family)

    def is_mine(self, name: str) -> bool:
        """Whether a family or module is told of here; every worker comes to the same answer."""
        return zlib.crc32(name.encode()) % self.parts == self.part

    def leave_out(self, family: str, names: List[str]) -> None:
        """Note that the modules of a family are told of elsewhere."""
        self._done[family] = names
        self._elsewhere.update(names)

    def entries(self, family: str, modules: Any) -> Dict[str, Entry]:
        """{name: entry} of a family that can be told as soon as its modules are there; here none."""
        self._modules += modules
        return {}

    def rest(self) -> Iterable[Tuple[str, Dict[str, Entry]]]:
        """(family, entries) of what could not be told before."""
        collected = Collected(self)
        for module in self._modules:
            for value in self.members(module):
                if not (self.only_public and is_module(value)):
                    collected.add(value)
        for public, package in self.packages.items():
            self._collect_exports(public, imports.loaded(package), collected)
        for value in list(collected.public):
            for base in value.__mro__[1:] if isinstance(value, type) else ():
                if self.belongs(base):
                    collected.add(base, is_public=True)
        mine = [(module, values) for module, values in sorted(collected.by_module.items()) if self.is_mine(module)]
        found = {module: self._family(collected, values) for module, values in mine}
        for module, values in collected.returned_by(found).items():
            found.setdefault(module, {}).update(self._family(collected, values))
        for package, aliases in collected.aliases.items():
            found.setdefault(package, {}).update(self._aliases(package, aliases))
        for module, entries in sorted(found.items()):
            self._done[module] = [module]
            yield module, dict(sorted(entries.items()))

    def members(self, module: Any) -> Iterator[Any]:
        """The classes that are read although no public name may refer to them: torch modules, layers, outputs."""
        for value in own_classes(module):
            if is_module(value) or role_of(value) == "output":
                yield value

    def belongs(self, value: Any) -> bool:
        """Whether a class or function is the distribution's own."""
        return isinstance(value, (type, types.FunctionType)) and _top(value) in self.tops

    def public_names(self, package: Any) -> List[str]:
        """The names that a package exports."""
        return imports.public_names(package)

    def _collect_exports(self, public: str, package: Any, collected: Collected) -> None:
        exports = self._exports.setdefault(public, {})
        for name in self.public_names(package):
            value = imports.get(package, name)
            if not self.belongs(value) or is_absent(value) or _is_exception(value):
                continue
            if value.__qualname__ == name and imports.names(imports.loaded(value.__module__), value):
                exports[name] = value.__module__
                collected.add(value, is_public=True)
            else:
                exports[name] = public
                collected.aliases.setdefault(public, {})[name] = value

    def _family(self, collected: Collected, values: Iterable[Any]) -> Dict[str, Entry]:
        found: Dict[str, Entry] = {}
        for value in values:
            self.add(found, value, is_public=value in collected.public)
            self._export_where_defined(value)
        return found

    def _aliases(self, package: str, aliases: Mapping[str, Any]) -> Dict[str, Entry]:
        found: Dict[str, Entry] = {}
        for name, value in aliases.items():
            self.add(found, value, name, package, is_public=True)
        return found

    def add(self, found: Any, value: Any, alias: str = "", module: str = "", is_public: bool = False) -> None:
        """Put the entry of a live object into `found`, under an alias in `module` where there is one.

        One that fails is left out with a problem. Those that are public are told of with their methods.
        """
        try:
            if isinstance(value, type):
                entry = make.class_entry(value, is_public)
            else:
                entry = make.function_entry(value, value.__name__, value.__module__)
            if alias:
                entry.update(name=alias, module=module)
            found[qualified(entry)] = {key: content for key, content in entry.items() if content is not None}
        except Exception as error:
            name = getattr(value, "__qualname__", alias)
            self.problems.append("{} could not be read ({}).".format(name, type(error).__name__))

    def _export_where_defined(self, value: Any) -> None:
        """Note a public name in the module that defines it and in the packages above that have it too."""
        if value.__name__.startswith("_") or value.__qualname__ != value.__name__:
            return
        package = value.__module__
        while package:
            if imports.names(imports.loaded(package), value):
                self._exports.setdefault(package, {})[value.__name__] = value.__module__
            package = package.rpartition(".")[0]


class Collected:
    """Classes and functions to be read, by the module that defines them; `aliases` by the package that names them."""

    def __init__(self, plan: Plan) -> None:
        self.by_module: Dict[str, Dict[Any, None]] = {}
        self.aliases: Dict[str, Dict[str, Any]] = {}
        self.public: Dict[Any, None] = {}
        self._plan = plan

    def add(self, value: Any, is_public: bool = False) -> None:
        """Take in a class or function."""
        self.by_module.setdefault(value.__module__, {})[value] = None
        if is_public:
            self.public[value] = None

    def returned_by(self, found: Mapping[str, Mapping[str, Entry]]) -> Dict[str, List[Any]]:
        """The classes, by module, that calls among the entries return and that have no entry themselves."""
        wanted: Set[str] = set()
        for entries in found.values():
            for entry in entries.values():
                for signature in (entry.get("call") or {}, *(entry.get("methods") or {}).values()):
                    wanted.add(signature.get("returns", ""))
        known = {name for entries in found.values() for name in entries}
        classes: Dict[str, List[Any]] = {}
        for name in sorted(wanted - known - {""}):
            module, _, last = name.rpartition(".")
            value = imports.get(imports.loaded(module), last)
            if isinstance(value, type) and self._plan.belongs(value):
                classes.setdefault(module, []).append(value)
        return classes


def qualified(entry: Entry) -> str:
    """The key of an entry in its family."""
    return "{}.{}".format(entry["module"], entry["name"])


def own_classes(module: Any) -> Iterator[Any]:
    """The classes that a module defines."""
    for value in imports.contents(module).values():
        if isinstance(value, type) and value.__module__ == module.__name__:
            yield value


def is_module(cls: Any) -> bool:
    """Whether a class is a torch module or a Keras layer."""
    return is_torch_module(cls) or is_keras(cls, "Layer")


def is_absent(value: Any) -> bool:
    """Whether a class merely stands where one would be whose requirements are not installed, or is that of such."""
    placeholder = "DummyObject" in (type(value).__name__, getattr(value, "__name__", None))
    return placeholder or "dummy_" in (getattr(value, "__module__", None) or "")


def _is_exception(value: Any) -> bool:
    return isinstance(value, type) and issubclass(value, BaseException)


def _top(value: Any) -> str:
    module = getattr(value, "__module__", None)
    return module.partition(".")[0] if isinstance(module, str) else ""


def documented(module: Any) -> Iterator[Tuple[str, Any]]:
    """(name, function) of a module's compiled functions."""
    for name, value in imports.contents(module).items():
        if not name.startswith("_") and imports.is_compiled(value):
            yield name, value
