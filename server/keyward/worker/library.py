"""Which plan a distribution is read by: the general one over its public packages, or one of those that differ."""

from __future__ import annotations

import types
from typing import Any, Dict, Iterable, Iterator, List, Set, Tuple

from . import entries, imports, scan
from .parameters import Entry
from .plan import Plan, documented, is_absent, is_module, own_classes, qualified
from .roles import role_of

__all__ = ("Plan", "plan")

_PACKAGES: Dict[str, Tuple[str, ...]] = {
    "accelerate": ("accelerate", "accelerate.utils", "accelerate.data_loader"),
    "diffusers": (
        "diffusers",
        "diffusers.models",
        "diffusers.pipelines",
        "diffusers.schedulers",
        "diffusers.optimization",
        "diffusers.training_utils",
        "diffusers.loaders",
        "diffusers.image_processor",
        "diffusers.utils",
    ),
    "lightning": (
        "lightning",
        "lightning.pytorch",
        "lightning.pytorch.callbacks",
        "lightning.pytorch.loggers",
        "lightning.pytorch.strategies",
        "lightning.pytorch.tuner",
        "lightning.pytorch.utilities",
        "lightning.fabric",
    ),
    "peft": ("peft", "peft.utils", "peft.tuners", "peft.optimizers"),
    "pytorch-lightning": (
        "pytorch_lightning",
        "pytorch_lightning.callbacks",
        "pytorch_lightning.loggers",
        "pytorch_lightning.strategies",
        "pytorch_lightning.utilities",
    ),
    "sentence-transformers": (
        "sentence_transformers",
        "sentence_transformers.losses",
        "sentence_transformers.models",
        "sentence_transformers.evaluation",
        "sentence_transformers.readers",
        "sentence_transformers.training_args",
        "sentence_transformers.trainer",
        "sentence_transformers.util",
        "sentence_transformers.cross_encoder",
        "sentence_transformers.cross_encoder.losses",
        "sentence_transformers.cross_encoder.evaluation",
        "sentence_transformers.sparse_encoder",
        "sentence_transformers.sparse_encoder.losses",
        "sentence_transformers.sparse_encoder.evaluation",
        "sentence_transformers.sparse_encoder.models",
    ),
    "timm": (
        "timm",
        "timm.models",
        "timm.layers",
        "timm.loss",
        "timm.optim",
        "timm.scheduler",
        "timm.data",
        "timm.utils",
    ),
    "torch": (
        "torch",
        "torch.nn",
        "torch.nn.functional",
        "torch.nn.init",
        "torch.nn.attention",
        "torch.nn.parallel",
        "torch.nn.utils",
        "torch.nn.utils.parametrizations",
        "torch.nn.utils.parametrize",
        "torch.nn.utils.rnn",
        "torch.optim",
        "torch.optim.lr_scheduler",
        "torch.optim.swa_utils",
        "torch.utils.data",
        "torch.utils.data.distributed",
        "torch.utils.checkpoint",
        "torch.amp",
        "torch.cuda.amp",
    ),
    "torchvision": (
        "torchvision",
        "torchvision.models",
        "torchvision.models.detection",
        "torchvision.models.optical_flow",
        "torchvision.models.quantization",
        "torchvision.models.segmentation",
        "torchvision.models.video",
        "torchvision.models.feature_extraction",
        "torchvision.transforms",
        "torchvision.transforms.functional",
        "torchvision.transforms.v2",
        "torchvision.transforms.v2.functional",
        "torchvision.datasets",
        "torchvision.io",
        "torchvision.ops",
        "torchvision.utils",
    ),
    "trl": ("trl", "trl.trainer", "trl.rewards", "trl.models", "trl.extras"),
}
"""The packages whose names people import, the distribution's own first. One that a release lacks is no harm."""


def plan(distribution: str, modules: Iterable[str]) -> Plan:
    """The plan for a distribution; `modules` are those that the scan found."""
    if distribution == "transformers":
        return Transformers(distribution)
    if distribution == "torch":
        return Torch(distribution)
    if distribution == "keras":
        return Keras(distribution)
    if distribution in scan.TENSORFLOW:
        return TensorFlow(distribution)
    packages = _PACKAGES.get(distribution)
    if packages is not None:
        return Plan(distribution, dict(zip(packages, packages)), modules, root=packages[0])
    tops = sorted({name.partition(".")[0] for name in modules})
    return Plan(distribution, dict(zip(tops, tops)), modules)


class Torch(Plan):
    """torch: its public packages, all modules of `torch.nn`, and functions that only their documentation tells of."""

    def __init__(self, distribution: str) -> None:
        packages = _PACKAGES["torch"]
        modules = ["torch._tensor"]
        for package in ("torch.nn.modules", "torch.nn.parallel", "torch.optim"):
            modules += imports.submodules(package)
        super().__init__(distribution, dict(zip(packages, packages)), modules, root="torch")

    def public_names(self, package: Any) -> List[str]:
        # Its `__all__` lacks some that it documents.
        return imports.listed(package) if package is imports.loaded("torch") else super().public_names(package)

    def members(self, module: Any) -> Iterator[Any]:
        return (value for value in own_classes(module) if not value.__name__.startswith("_"))

    def rest(self) -> Iterable[Tuple[str, Dict[str, Entry]]]:
        functional = "torch.nn.functional"
        for module, found in super().rest():
            if module == functional:
                exports = self._exports[functional]
                for name, function in documented(imports.loaded(functional)):
                    entry = entries.builtin_entry(function, name, functional) if name not in exports else None
                    if entry is not None:
                        found[qualified(entry)] = entry
                        exports[name] = functional
            yield module, dict(sorted(found.items()))


class Keras(Plan):
    """Keras, whose names are `tensorflow.keras`'s too; its public packages are made of names from `keras.src`."""

    def __init__(self, distribution: str) -> None:
        names = ["keras", *imports.packages_below("keras")]
        packages = {name: name for name in names if not name.startswith(("keras.src", "keras._tf_keras", "keras.api"))}
        twin = "keras._tf_keras.keras"
        packages.update(
            ("tensorflow.keras" + name[len(twin) :], name) for name in names if (name + ".").startswith(twin + ".")
        )
        super().__init__(distribution, packages, root="keras")


class TensorFlow(Plan):
    """TensorFlow, whose public packages are made of names from `tensorflow.python`."""

    _HIDDEN = ("compat", "raw_ops", "__internal__", "__operators__", "keras")

    def __init__(self, distribution: str) -> None:
        made = "tensorflow._api.v2"
        packages = {"tensorflow": "tensorflow"}
        for name in imports.packages_below(made):
            public = name[len(made) + 1 :]
            if not any(part in self._HIDDEN for part in public.split(".")):
                packages["tensorflow." + public] = name
        super().__init__(distribution, packages, root="tensorflow")


class Transformers(Plan):
    """transformers: a family for each folder of models, told as soon as it is there; the shared modules at the end."""

    tells_early = True

    def __init__(self, distribution: str) -> None:
        super().__init__(distribution, {"transformers": "transformers"}, root="transformers")
        self.families = {}
        self._announced: Dict[str, str] = {}
        for package in imports.subpackages("transformers.models"):
            modules = [name for name in imports.modules_below(package) if _is_read(name.rpartition(".")[2])]
            if modules:
                self.families[package.rpartition(".")[2]] = modules

    def index(self) -> Dict[str, Any]:
        if not self._exports:
            self._announced = imports.announced(imports.loaded("transformers"))
            self._exports["transformers"] = self._announced
        return super().index()

    def entries(self, family: str, modules: Any) -> Dict[str, Entry]:
        self._done[family] = [module.__name__ for module in modules]
        values: Dict[Any, None] = {}
        public: Set[Any] = set()
        for module in modules:
            for value in self.members(module):
                values[value] = None
            for name in imports.contents(module):
                home = self._announced.get(name, "")
                # Older releases announce the family's package, newer ones the module.
                if home == module.__name__ or module.__name__.startswith(home + "."):
                    value = imports.get(module, name)
                    if self.belongs(value) and value.__qualname__ == name:
                        values[value] = None
                        public.update(self._own_bases(value))
        for base in public:
            if base.__module__ in self._done[family]:
                values[base] = None
        found: Dict[str, Entry] = {}
        for value in values:
            # A package that imports everything at once does not say beforehand what is public.
            if value in public or not (self.only_public and self._announced and is_module(value)):
                self.add(found, value, is_public=value in public)
        return dict(sorted(found.items()))

    def leave_out(self, family: str, names: List[str]) -> None:
        super().leave_out(family, names)
        self._elsewhere.add("transformers.models." + family)

    def members(self, module: Any) -> Iterator[Any]:
        return (value for value in own_classes(module) if is_module(value) or role_of(value) != "class")

    def _own_bases(self, value: Any) -> List[Any]:
        """A class or function with all of its base classes that are transformers' own."""
        return (
            [value, *(base for base in value.__mro__[1:] if self.belongs(base))] if isinstance(value, type) else [value]
        )

    def rest(self) -> Iterable[Tuple[str, Dict[str, Entry]]]:
        """What else the package exports, and the bases and outputs that entries refer to, a module at a time."""
        done = {module for modules in self._done.values() for module in modules}
        by_module: Dict[str, Dict[Any, None]] = {}
        aliases: Dict[str, Any] = {}
        exports: Dict[str, str] = {}
        package = imports.loaded("transformers")
        listed = set(imports.listed(package))
        for name in self.public_names(package):
            if self._announced.get(name) in self._elsewhere or not (name in listed or self.is_mine(name)):
                continue
            value = imports.get(package, name)
            module = getattr(value, "__module__", None) or ""
            if not module.startswith("transformers.") or isinstance(value, types.ModuleType):
                continue
            if getattr(value, "__name__", "") == "DummyObject":
                continue  # the class of placeholders, which some releases let out by mistake
            exports[name] = module
            if is_absent(value) or not self.belongs(value):
                continue  # the name is there, what it needs is not installed
            if value.__qualname__ != name:
                # The name of another backend's class, say, which this one stands in for.
                exports[name] = "transformers"
                aliases[name] = value
                continue
            for item in self._own_bases(value):
                if item.__module__ not in done:
                    by_module.setdefault(item.__module__, {})[item] = None
        self._exports["transformers"] = exports
        referred = self._referred(done)
        for module, extra in referred.items():
            by_module.setdefault(module, {}).update(dict.fromkeys(extra))
        found: Dict[str, Entry] = {}
        for module, values in sorted(by_module.items()):
            # The worker whose module it is may not have come across what is only referred to from here.
            told = values if self.is_mine(module) else referred.get(module, ())
            if not told:
                continue
            found = {}
            for value in sorted(told, key=lambda item: item.__qualname__):
                self.add(found, value, is_public=True)
            self._done.setdefault(module, []).append(module)
            yield module, found
        self._done["transformers"] = ["transformers"]
        if aliases or self.parts == 1:
            yield "transformers", self._aliases("transformers", aliases)

    def public_names(self, package: Any) -> List[str]:
        """What the package lists, and names of tokenizers and processors that it knows without listing them."""
        names = set(imports.listed(package))
        prefixes = {name[: -len("Config")] for name in names if name.endswith("Config")}
        names |= {prefix + suffix for prefix in prefixes for suffix in _UNLISTED}
        return sorted(names | {name + "Fast" for name in names if name.endswith(("Tokenizer", "ImageProcessor"))})

    def _referred(self, done: Set[str]) -> Dict[str, List[Any]]:
        """Output, model and mixin classes of shared modules, by module."""
        found: Dict[str, List[Any]] = {}
        for name, module in imports.loaded_below("transformers").items():
            if name not in done and ".models." not in name:
                members = [value for value in self.members(module) if role_of(value) != "class"]
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
