"""Entry point, started by path: `PYTHON .../worker/__main__.py`.

Python puts this file's folder first on `sys.path`, where our modules could shadow the user's; it is taken off again and
the siblings are loaded as a private package.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from typing import Any

_PACKAGE = "_keyward_worker"


def _load() -> Any:
    folder = os.path.dirname(os.path.abspath(__file__))
    if sys.path and os.path.abspath(sys.path[0] or os.getcwd()) == folder:
        del sys.path[0]
    spec = importlib.util.spec_from_file_location(
        _PACKAGE, os.path.join(folder, "__init__.py"), submodule_search_locations=[folder]
    )
    assert spec is not None and spec.loader is not None
    package = importlib.util.module_from_spec(spec)
    sys.modules[_PACKAGE] = package
    spec.loader.exec_module(package)
    return importlib.import_module(_PACKAGE + ".service")


if __name__ == "__main__":
    # Not sys.exit: exit hooks and threads of the libraries that were imported may never return.
    os._exit(_load().main())
