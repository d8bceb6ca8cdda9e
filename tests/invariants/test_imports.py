"""What each part of the code may import: the architecture's invariants, read off the source."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "server" / "keyward"
MODULES = {
    ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted(PACKAGE.rglob("*.py"))
}

# Layers from the bottom up; those of one row know nothing of each other.
ROWS = (
    ("text",),
    ("source", "signatures"),
    ("environment",),
    ("inference",),
    ("rules",),
    ("features",),
    ("session",),
    ("lsp", "cli"),
)
RANKS = {layer: rank for rank, row in enumerate(ROWS) for layer in row}
# Imports across layers that are meant, each with its reason.
BRIDGES = {
    ("cli.app", "lsp"): "the command `serve` starts the server",
    ("environment", "worker"): "both sides of a channel read one description of its messages",
}

PROTOCOL_LIBRARIES = {"pygls", "lsprotocol"}
LOOKED_AT = {"torch", "transformers", "tensorflow", "keras", "numpy", "PIL"}
NETWORK = {"socket", "ssl", "http", "urllib.request", "ftplib", "smtplib", "requests", "httpx", "aiohttp", "urllib3"}
# What a pure function of a snapshot has no use for.
IMPURE = {"os", "io", "subprocess", "threading", "multiprocessing", "asyncio", "time", "random", "tempfile", "shutil"}
CHILD_PROCESS = {"inference.jedi_process", "inference.jedi_protocol", "inference.parsed_files"}


def layer(module: str) -> str:
    return module.split(".")[0]


def imports(module: str) -> Iterator[str]:
    """Absolute names of the modules that a module imports anywhere in its text, its own package's as `keyward...`."""
    path = MODULES[module]
    package = ["keyward", *path.relative_to(PACKAGE).parent.parts]
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            prefix = ".".join([*base, *filter(None, [node.module])])
            yield from (f"{prefix}.{alias.name}" for alias in node.names)


def top(name: str) -> str:
    return name.split(".")[0]


def own(module: str) -> Iterator[str]:
    """Modules of the package itself that a module imports, without the package's name."""
    for name in imports(module):
        if top(name) == "keyward" and name not in ("keyward", "keyward.__version__"):
            yield name.removeprefix("keyward.")


def importers(names: set[str]) -> set[str]:
    return {
        module
        for module in MODULES
        if any(found == name or found.startswith(f"{name}.") for found in imports(module) for name in names)
    }


def test_the_package_is_found() -> None:
    assert {"text", "cli.app", "rules.finding", "signatures.model"} <= set(MODULES)


@pytest.mark.parametrize("module", [module for module in MODULES if layer(module) in RANKS])
def test_a_layer_imports_only_those_below_it(module: str) -> None:
    mine = layer(module)
    wrong = []
    for name in own(module):
        other = layer(name)
        bridged = (module, other) in BRIDGES or (mine, other) in BRIDGES
        if other != mine and not bridged and RANKS.get(other, len(ROWS)) >= RANKS[mine]:
            wrong.append(name)
    assert not wrong


def test_each_module_belongs_to_a_layer() -> None:
    assert {layer(module) for module in MODULES} - set(RANKS) == {"__init__", "__main__", "worker"}


def test_only_lsp_imports_the_protocol_libraries() -> None:
    assert {layer(module) for module in importers(PROTOCOL_LIBRARIES)} == {"lsp"}


def test_one_module_imports_jedi() -> None:
    assert importers({"jedi", "parso"}) == {"inference.jedi_process"}


def test_nothing_imports_a_library_that_is_looked_at() -> None:
    assert importers(LOOKED_AT) == set()


def test_nothing_outside_lsp_can_reach_the_network() -> None:
    assert {module for module in importers(NETWORK) if layer(module) != "lsp"} == set()


@pytest.mark.parametrize(
    "module", [module for module in MODULES if layer(module) in ("rules", "features", "inference")]
)
def test_what_works_on_snapshots_does_no_input_or_output(module: str) -> None:
    if module not in CHILD_PROCESS:
        assert {top(name) for name in imports(module)} & IMPURE == set()


@pytest.mark.parametrize("module", [module for module in MODULES if layer(module) == "worker"])
def test_the_worker_uses_the_standard_library_alone(module: str) -> None:
    foreign = {top(name) for name in imports(module)} - sys.stdlib_module_names - {"keyward"}
    assert not foreign
    assert {layer(name) for name in own(module)} <= {"worker"}
