"""Models that are made from a part of a configuration: the class is found by reading, and nothing is asked."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator, Mapping, MutableMapping
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from keyward.worker import candidates, configurations, keywords

LIBRARY = """
import copy


class PreTrainedConfig:
    pass


class AutoConfig:
    pass


class SubConfigSpec:
    def __init__(self, config_class, model_type=None, init_kwargs=None):
        pass

    def __getattribute__(self, name):
        raise AssertionError("asked")


class TextConfig(PreTrainedConfig):
    pass


class VisionConfig(PreTrainedConfig):
    pass


class TextModel:
    def __call__(self, x, of_text=None, **kwargs):
        return x


class VisionModel:
    def __call__(self, x):
        return x


class Asked(dict):
    def __getitem__(self, key):
        raise AssertionError("asked")


class AutoModel:
    _model_mapping = Asked()


AutoModel._model_mapping._config_mapping = {"text": "TextConfig", "vision": "VisionConfig", "none": "WholeConfig"}
AutoModel._model_mapping._model_mapping = {"text": "TextModel", "vision": ("VisionModel",)}


def load_backbone(config):
    part = getattr(config, "vision_config", None)
    if part is None:
        return AutoModel.from_config(config=config)
    return AutoModel.from_config(config=part)
"""

NEW = """
class WholeConfig(PreTrainedConfig):
    sub_configs_defaults = {
        "own_config": TextConfig,
        "text_config": SubConfigSpec(config_class=AutoConfig, model_type="text", init_kwargs={"size": 1}),
        "vision_config": SubConfigSpec(AutoConfig, "vision"),
        "other_config": AutoConfig,
    }
"""

OLD = """
class WholeConfig(PreTrainedConfig):
    sub_configs = {
        "own_config": TextConfig, "text_config": AutoConfig, "vision_config": AutoConfig, "other_config": AutoConfig
    }

    def __init__(self, text_config=None, vision_config=None, other_config=None):
        if isinstance(text_config, dict):
            text_config = CONFIG_MAPPING[text_config["model_type"]](**text_config)
        elif text_config is None:
            text_config = CONFIG_MAPPING["text"]()
        self.text_config = text_config
        kind = vision_config["model_type"] if "model_type" in vision_config else "vision"
        self.vision_config = CONFIG_MAPPING[kind](**vision_config)
        self.other_config = other_config
"""

MODELS = """
class Model:
    config_class = WholeConfig

    def __init__(self, config):
        part = config.text_config
        self.own = AutoModel.from_config(config.own_config)
        self.text = AutoModel.from_config(copy.deepcopy(part))
        self.vision = AutoModel.from_config(config=config.vision_config)
        self.other = AutoModel.from_config(config.other_config)
        self.whole = AutoModel.from_config(config)
        self.inner = Inner(config.own_config)
        self.backbone = load_backbone(config)

    def by_own(self, **kwargs): return self.own(1, **kwargs)
    def by_text(self, **kwargs): return self.text(1, **kwargs)
    def by_vision(self, **kwargs): return self.vision(1, **kwargs)
    def by_other(self, **kwargs): return self.other(1, **kwargs)
    def by_whole(self, **kwargs): return self.whole(1, **kwargs)
    def by_inner(self, **kwargs): return self.inner(1, **kwargs)
    def by_backbone(self, **kwargs): return self.backbone(1, **kwargs)


class Inner(Model):
    def __init__(self, config: TextConfig):
        self.model = AutoModel.from_config(config)

    def __call__(self, x, **kwargs): return self.model(x, **kwargs)
"""


def load(folder: Path, text: str, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    path = folder / "library.py"
    path.write_text(text, "utf-8")
    name = f"library_{abs(hash(str(folder)))}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, name, module)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(params=[NEW, OLD], ids=["listed with defaults", "default in the constructor"])
def library(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    module = load(tmp_path, LIBRARY + request.param + MODELS, monkeypatch)
    auto = ModuleType("transformers.models.auto.configuration_auto")
    auto.CONFIG_MAPPING_NAMES = {"text": "TextConfig", "vision": "VisionConfig"}  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, auto.__name__, auto)
    monkeypatch.setitem(sys.modules, "transformers", module)
    return module


@pytest.mark.parametrize(
    ("method", "names", "extra"),
    [
        ("by_own", {"x", "of_text"}, "ignored"),
        ("by_text", {"x", "of_text"}, "ignored"),
        # The default refuses, another may not.
        ("by_vision", {"x"}, "open"),
        # No default, or none that the mapping has: any model may stand there.
        ("by_other", set(), "open"),
        ("by_whole", set(), "open"),
        # The annotation says what part it is given, not the class that the model inherits.
        ("by_inner", {"x", "of_text"}, "ignored"),
        ("by_backbone", {"x"}, "open"),
    ],
)
def test_models_made_from_a_part(library: ModuleType, method: str, names: set[str], extra: str) -> None:
    outcome, found, reason = keywords.effective(getattr(library.Model, method), library.Model)
    assert (set(outcome.names), found) == (names, extra), reason


def test_a_part_that_is_listed_is_certain(library: ModuleType) -> None:
    whole = library.WholeConfig
    assert configurations.part(whole, "own_config") == configurations.Configuration(library.TextConfig, True)
    assert configurations.part(whole, "text_config") == configurations.Configuration(library.TextConfig, False)
    assert configurations.part(whole, "other_config") is None
    assert configurations.part(whole, "no_config") is None


class Registry(MutableMapping[str, Any]):
    """What transformers keeps attention functions in; here it fails when it is asked."""

    _global_mapping = {"one": len, "two": (dict, {})}

    def __init__(self) -> None:
        self._local_mapping = {"two": max}

    def _fail(self, *_: Any) -> Any:
        raise AssertionError("asked")

    __getitem__ = __setitem__ = __delitem__ = __iter__ = __len__ = __contains__ = _fail


class Foreign(Mapping[str, Any]):
    def __getitem__(self, key: str) -> Any:
        raise AssertionError("asked")

    def __iter__(self) -> Iterator[str]:
        raise AssertionError("asked")

    def __len__(self) -> int:
        raise AssertionError("asked")


def test_registries_are_looked_at_and_not_asked() -> None:
    assert candidates.elements(candidates.Live(Registry())) == [candidates.Live(len), candidates.Live(max)]
    assert [type(found) for found in candidates.elements(candidates.Live(Foreign()))] == [candidates.Unknown]
    assert candidates.elements(candidates.Live({"a": (dict, {"b": 1}), "c": None})) == [candidates.Live(dict)]
