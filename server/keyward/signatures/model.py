"""What libraries say, as data: the schema of the shipped signatures, of the user's cache and of the worker's answers.

One `Entry` is one class or function of one library. Entries are grouped in *families*: the model family for
transformers (`deit`), the module for everything else (`torch.nn.functional`). A family is one file, so that a look-up
reads kilobytes. All types are immutable and compare by content; nothing here reads files or runs code.
"""

from __future__ import annotations

from enum import Enum
from typing import Literal

import msgspec

FORMAT = 2
"""Version of what is written from these types. A reader refuses any other: the entry is then built anew."""


class Kind(str, Enum):
    """The kinds of `inspect.Parameter`, by the names that the standard library gives them."""

    POSITIONAL_ONLY = "positional_only"
    POSITIONAL_OR_KEYWORD = "positional_or_keyword"
    VAR_POSITIONAL = "var_positional"
    KEYWORD_ONLY = "keyword_only"
    VAR_KEYWORD = "var_keyword"


Extra = Literal["refused", "ignored", "open"]
"""What becomes of a keyword that nothing names: `TypeError`, silence, or it cannot be known."""

Role = Literal[
    "model",  # a transformers.PreTrainedModel
    "module",  # any other torch.nn.Module, losses included
    "auto",  # AutoModelFor...: `mapping` says which class a model type gets
    "output",  # a ModelOutput or another dataclass that a forward returns
    "config",
    "tokenizer",
    "processor",  # image processors, feature extractors and processors: calling one gives `keys`
    "class",  # anything else
]


class Frozen(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=False):
    """Base of all records: immutable, hashable where its fields are, defaults left out of the JSON."""


class Parameter(Frozen, frozen=True):
    """One parameter, `self` never among them."""

    name: str
    kind: Kind = Kind.POSITIONAL_OR_KEYWORD
    default: str | None = None
    """Source text or short `repr` of the default; None: the argument is required (or the parameter is variadic)."""
    annotation: str = ""
    doc: str = ""
    """One line; for tensors the shape first: "`(batch_size, num_channels, height, width)`: pixel values ..."."""

    @property
    def required(self) -> bool:
        return self.default is None and self.kind not in (Kind.VAR_POSITIONAL, Kind.VAR_KEYWORD)


class Signature(Frozen, frozen=True):
    """What a callable accepts, drops and returns.

    `accepts` names the *effective keywords* beyond the parameters: name -> by which way it is accepted
    ("TransformersKwargs", "can_return_tuple", "DeiTEncoder.forward"). `prefixes` does so for computed names
    (`output_` for `kwargs.get(f"output_{name}")`). Without a `**` parameter `extra` is "refused"; with one it says
    what becomes of any other keyword, and `reason` why that cannot be known where it is "open".
    """

    parameters: tuple[Parameter, ...] = ()
    accepts: dict[str, str] = {}
    prefixes: tuple[str, ...] = ()
    extra: Extra = "refused"
    reason: str = ""
    returns: str = ""
    """Qualified name of the class returned ("transformers.modeling_outputs.BaseModelOutput"), "" where unknown."""
    renamed: dict[str, str] = {}
    """Deprecated keyword -> the one that took its place, where the library says so itself; "" where none did."""

    def parameter(self, name: str) -> Parameter | None:
        """The parameter that a keyword `name` would fill."""
        for parameter in self.parameters:
            if parameter.name == name and parameter.kind in (Kind.POSITIONAL_OR_KEYWORD, Kind.KEYWORD_ONLY):
                return parameter
        return None

    def takes(self, name: str) -> bool:
        """Whether a keyword `name` is known to have an effect (parameter or effective keyword)."""
        return self.parameter(name) is not None or name in self.accepts or name.startswith(self.prefixes or ("\0",))

    @property
    def keywords(self) -> tuple[str, ...]:
        """Every name that may be passed by keyword, parameters first."""
        named = [p.name for p in self.parameters if p.kind in (Kind.POSITIONAL_OR_KEYWORD, Kind.KEYWORD_ONLY)]
        return (*named, *(name for name in self.accepts if name not in named))


class Field(Frozen, frozen=True):
    """A field of an output class."""

    name: str
    annotation: str = ""
    doc: str = ""


class Entry(Frozen, frozen=True):
    """One public or internal class or function of a library, as one version has it."""

    name: str
    """Qualified within its module, such as "DeiTModel"."""
    module: str
    """Where it is defined, such as "transformers.models.deit.modeling_deit"."""
    role: Role | Literal["function"] = "class"
    mro: tuple[str, ...] = ()
    """Qualified names of the base classes in resolution order, without the class itself and `object`."""
    init: Signature | None = None
    """What the constructor accepts; None: unknown."""
    call: Signature | None = None
    """What calling it accepts: a function, or an instance (`forward` of a module, `__call__` of a tokenizer)."""
    fields: tuple[Field, ...] = ()
    """Of an output class, in the order of `to_tuple()`."""
    methods: dict[str, Signature] = {}
    """Other public methods, by name: `from_pretrained`, an image processor's `preprocess`. Those that a class defines
    itself; the entries of its bases have theirs. Internal classes have none."""
    members: tuple[str, ...] = ()
    """Of an output class: further attribute names (methods, properties) that do not come from a base with an entry.
    Of a configuration: the attributes that it has beside its constructor's parameters and those of its bases."""
    keys: tuple[str, ...] = ()
    """Of a tokenizer or processor: keys that its result can have."""
    keys_open: bool = False
    """Whether its result may have other keys too."""
    mapping: dict[str, tuple[str, ...]] = {}
    """Of an auto class: model type -> names of the classes it can give (exported by the same library)."""
    model_type: str = ""
    """Of a configuration: its `model_type`; of a model: that of its configuration."""
    family: str = ""
    """Model family ("deit"): models of one family are sisters, between which a class can be swapped."""
    head: str = ""
    """What the name says beyond the family: "Model", "ForImageClassification", ...; "" for internal modules."""
    replaced_by: str = ""
    """Public name of what took the place of a deprecated class or function, where the library says so itself."""
    file: str = ""
    """Path relative to the folder that holds the top-level package."""
    line: int = 0
    """From 1."""
    doc: str = ""
    """First sentence of the docstring."""

    @property
    def qualified(self) -> str:
        return f"{self.module}.{self.name}"


class Dated(Frozen, frozen=True, array_like=True, omit_defaults=False):
    """`entry` holds from version `since` on, until the next one in its list; None: gone as of `since`."""

    since: str
    entry: Entry | None


class Exported(Frozen, frozen=True, array_like=True, omit_defaults=False):
    """A public name is defined in `module` from version `since` on; "": gone as of `since`."""

    since: str
    module: str


class Family(Frozen, frozen=True):
    """A family file of the user's cache: histories of entries by qualified name, oldest version first."""

    format: int
    entries: dict[str, list[Dated]]


class Index(Frozen, frozen=True):
    """The index of one distribution; a file of the user's cache holds it as it is."""

    format: int
    distribution: str
    versions: tuple[str, ...]
    """Versions that the family files cover, oldest first."""
    exports: dict[str, dict[str, list[Exported]]] = {}
    """Public module -> public name -> where it is defined: {"transformers": {"DeiTModel": [...]}}."""
    modules: dict[str, str] = {}
    """Defining module -> name of its family file without suffix."""
    problems: tuple[str, ...] = ()
    """One sentence each: what could not be read, and why."""
    complete: bool = True
    """False while a worker is still at it."""
    by_source: bool = False
    """Whether it was read from source, in part at least, instead of from the imported library."""
