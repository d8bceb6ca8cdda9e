"""What configurations of transformers can be given, and the names that are slips of it.

What 4.57.6 and 5.23.0 do when they run: a constructor keeps any keyword as an attribute; `from_pretrained` of a
configuration drops what is no attribute of it; that of a model hands such to the model's constructor, which raises.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import TYPE_CHECKING

from ..signatures.model import Entry
from .words import distance

if TYPE_CHECKING:
    from ..signatures.store import Signatures

FROM_PRETRAINED = "from_pretrained"
_LOADING = "transformers.modeling_utils.PreTrainedModel"
_AUTO = "transformers.models.auto.configuration_auto.AutoConfig"
_BASES = tuple(f"transformers.configuration_utils.{name}" for name in ("PreTrainedConfig", "PretrainedConfig"))
"""What configurations derive from, in transformers 5 and before."""
_SHORTEST, _LONG = 6, 12
"""How many letters a name has that can be misspelt by one letter, and by two."""


def is_config(entry: Entry) -> bool:
    """Whether it is a configuration of transformers, or the auto class that makes them."""
    return entry.role == "config" or entry.qualified == _AUTO


def known_fields(entry: Entry, signatures: Signatures) -> frozenset[str]:
    """Attributes that the configuration of a class of transformers can be given: of the configuration itself or of a
    model's. Of an auto class, those that all configurations have."""
    if entry.role == "auto":
        bases = (signatures.find(base) for base in _BASES)
        return next((_fields(found.entry, signatures) for found in bases if found is not None), frozenset())
    configurations = (entry,) if entry.role == "config" else _configurations((entry.model_type,), signatures)
    return frozenset().union(*(_fields(config, signatures) for config in configurations))


def may_be_field(name: str, auto: Entry, signatures: Signatures) -> bool:
    """Whether some configuration that an auto class may load has a field of that name. Reads hundreds of families."""
    if auto.role != "auto":
        return False
    return any(name in _fields(config, signatures) for config in _configurations(auto.mapping, signatures))


def options(entry: Entry, signatures: Signatures) -> frozenset[str]:
    """What `from_pretrained` of a class takes for itself, or hands to the constructor of a model."""
    loading = [signatures.method(entry, FROM_PRETRAINED)]
    if makes_models(entry) and (base := signatures.find(_LOADING)) is not None:
        loading += [signatures.method(base.entry, FROM_PRETRAINED), entry.init]
    return frozenset(name for signature in loading if signature is not None for name in signature.keywords)


def _configurations(types: Iterable[str], signatures: Signatures) -> Iterator[Entry]:
    """The configurations of model types."""
    auto = signatures.find(_AUTO)
    mapping = {} if auto is None else auto.entry.mapping
    for name in dict.fromkeys(name for type_ in types for name in mapping.get(type_, ())):
        if (found := signatures.find(f"transformers.{name}")) is not None:
            yield found.entry


def _fields(config: Entry, signatures: Signatures) -> frozenset[str]:
    names: set[str] = set()
    for entry in (config, *(found.entry for base in config.mro if (found := signatures.find(base)) is not None)):
        names.update(entry.members)
        if entry.init is not None:
            names.update(entry.init.keywords)
    loading = signatures.method(config, FROM_PRETRAINED)
    return frozenset(names.union(() if loading is None else loading.keywords))


def makes_models(entry: Entry) -> bool:
    """Whether `from_pretrained` of a class gives a model, which refuses what is left of the keywords."""
    return entry.role == "model" or (entry.role == "auto" and entry.name.startswith("AutoModel"))


def slip_of(name: str, known: Collection[str]) -> str:
    """The one known name that another one is a slip of the pen for, "" where there is none.

    Words of it that differ begin with the same letter (`decoder_layers` is no slip of `encoder_layers`), and short ones
    differ by one letter (nor is `min_length` one of `max_length`). One letter is forgiven, two in long names. A number
    at the end makes another name on purpose (`hidden_size2`).
    """
    if len(name) < _SHORTEST or name.startswith("_"):
        return ""
    most = 2 if len(name) >= _LONG else 1
    near = [
        other
        for other in known
        if abs(len(other) - len(name)) <= most
        and other[:1] == name[:1]
        and _is_slip(name, other, most)
        and name.rstrip("0123456789") != other
    ]
    return near[0] if len(near) == 1 else ""


def _is_slip(name: str, other: str, most: int) -> bool:
    words, others = name.split("_"), other.split("_")
    if len(words) != len(others):
        return distance(name, other) == 1
    total = 0
    for word, right in zip(words, others, strict=True):
        if word != right:
            apart = distance(word, right)
            if word[:1] != right[:1] or apart > (1 if len(right) < _SHORTEST else 2):
                return False
            total += apart
    return total <= most
