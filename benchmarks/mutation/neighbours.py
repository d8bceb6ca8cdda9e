"""The two modules called `compare` of the neighbouring benchmarks, which cannot be imported by that name together."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

BENCHMARKS = Path(__file__).resolve().parent.parent


def _load(folder: str) -> ModuleType:
    place = BENCHMARKS / folder
    if str(place) not in sys.path:
        sys.path.append(str(place))
    name = f"{folder}_compare"
    spec = importlib.util.spec_from_file_location(name, place / "compare.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


inference = _load("inference")
keywords = _load("keywords")
