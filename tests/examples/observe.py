"""Runs scripts as they are on tiny random models and writes down what really happened at each call and field.

    python observe.py FOLDER SCRIPT...

FOLDER becomes the current folder (the scripts' data lies in it). Every call and every attribute that the scripts and
the modules beside them read goes through `Observer`, by a rewriting of their syntax. A call that raises, or a field
that is missing, is written down and mended, so that the script runs on. Prints JSON: for each script its
`observations` ([file, first line, last line, kind, name]), the sites that were `missed` because they never ran, and
what the script printed (`output`).
"""

from __future__ import annotations

import ast
import contextlib
import dataclasses
import importlib.machinery
import importlib.util
import inspect
import io
import json
import os
import sys
import warnings
from pathlib import Path

warnings.simplefilter("ignore")

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks" / "keywords"))

# After the filter: importing them warns.
import probe  # noqa: E402
import tiny  # noqa: E402
import torch  # noqa: E402

N_PROBED = 2
"""A site inside a loop is probed this many times."""


class Observer:
    def __init__(self) -> None:
        self.sites: dict[tuple[str, int, int, int], str] = {}
        self.ran: set[tuple[str, int, int, int]] = set()
        self.found: set[tuple[str, int, int, str, str]] = set()
        self.n_probed: dict[tuple[str, int, int, int], int] = {}
        self.bad: dict[tuple[str, int, int, int], set[str]] = {}
        self.probing = False

    def note(self, site, kind, name) -> None:
        self.found.add((site[0], site[1], site[2], kind, name))

    def call(self, site, function, /, *arguments, **keywords):
        self.ran.add(site)
        if not isinstance(function, torch.nn.Module) and not is_judged(function):
            return function(*arguments, **keywords)
        if not self.probing and self.n_probed.get(site, 0) < N_PROBED:
            self.n_probed[site] = self.n_probed.get(site, 0) + 1
            self.probing = True
            try:
                for name, fate in probe.fates(function, arguments, keywords).items():
                    if fate != probe.USED:
                        self.note(site, fate, name)
                    if fate == probe.REFUSED:
                        self.bad.setdefault(site, set()).add(name)
            finally:
                self.probing = False
        rest = {name: value for name, value in keywords.items() if name not in self.bad.get(site, ())}
        try:
            return function(*arguments, **rest)
        except TypeError:
            if len(rest) == len(keywords):
                raise
            return torch.zeros((), requires_grad=True)  # nothing is left to call it with: stands for the loss

    def read(self, site, value, name):
        self.ran.add(site)
        try:
            return getattr(value, name)
        except AttributeError:
            if not dataclasses.is_dataclass(value):
                raise
            self.note(site, "missing", name)
            return torch.zeros((), requires_grad=True)


def is_judged(function) -> bool:
    """Losses and other functions of torch, and a `forward` called by name."""
    if inspect.ismethod(function):
        return isinstance(function.__self__, torch.nn.Module) and function.__name__ == "forward"
    return inspect.isfunction(function) and function.__module__ == "torch.nn.functional"


class Rewriter(ast.NodeTransformer):
    """`f(x)` becomes `__observer__.call(site, f, x)`, and `a.b` becomes `__observer__.read(site, a, "b")`."""

    def __init__(self, path: str, observer: Observer) -> None:
        self.path, self.observer = path, observer

    def site(self, node: ast.expr) -> ast.expr:
        # The end of an expression tells apart those that start together: `a.b`, `a.b()`, `a.b().c`.
        site = (self.path, node.lineno, node.end_lineno, node.end_col_offset)
        self.observer.sites[site] = type(node).__name__
        return ast.Constant(site)

    def hook(self, name: str, node: ast.expr, *arguments: ast.expr, starting: list | None = None, keywords=()):
        function = ast.Attribute(ast.Name("__observer__", ast.Load()), name, ast.Load())
        made = ast.Call(function, [self.site(node), *arguments, *(starting or [])], list(keywords))
        return ast.fix_missing_locations(ast.copy_location(made, node))

    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        if isinstance(node.func, ast.Name) and node.func.id == "super":
            return node
        return self.hook("call", node, node.func, starting=node.args, keywords=node.keywords)

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        self.generic_visit(node)
        if not isinstance(node.ctx, ast.Load):
            return node
        return self.hook("read", node, node.value, ast.Constant(node.attr))

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        if node.value is not None:
            node.value = self.visit(node.value)
        return node

    def visit_arg(self, node: ast.arg) -> ast.AST:
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.body = [self.visit(statement) for statement in node.body]
        return node


class Loader(importlib.machinery.SourceFileLoader):
    """Loads a module with its calls observed."""

    observer: Observer

    def get_code(self, fullname):
        tree = ast.parse(self.get_data(self.path), self.path)
        return compile(Rewriter(self.path, self.observer).visit(tree), self.path, "exec")

    def exec_module(self, module) -> None:
        module.__dict__["__observer__"] = self.observer
        super().exec_module(module)


def observe(script: Path) -> dict:
    """Runs the script as `__main__`."""
    observer = Observer()
    loader = type("ObservingLoader", (Loader,), {"observer": observer})
    finder = importlib.machinery.FileFinder(str(script.parent), (loader, [".py"]))
    before = set(sys.modules)
    sys.meta_path.insert(0, Finder(finder))
    try:
        torch.manual_seed(0)
        spec = importlib.util.spec_from_loader("__main__", loader("__main__", str(script)))
        with contextlib.redirect_stdout(io.StringIO()) as output:
            spec.loader.exec_module(importlib.util.module_from_spec(spec))
    finally:
        sys.meta_path.pop(0)
        for name in set(sys.modules) - before:
            if (
                getattr(sys.modules[name], "__file__", None)
                and Path(sys.modules[name].__file__).parent == script.parent
            ):
                del sys.modules[name]
    missed = sorted(site for site in observer.sites if site not in observer.ran)
    return {"observations": sorted(observer.found), "missed": missed, "output": output.getvalue()}


class Finder:
    """Finds modules beside the script before any other of that name."""

    def __init__(self, finder: importlib.machinery.FileFinder) -> None:
        self.finder = finder

    def find_spec(self, name, path=None, target=None):
        return None if path is not None else self.finder.find_spec(name)


def main() -> None:
    folder, *scripts = map(Path, sys.argv[1:])
    scripts = [script.resolve() for script in scripts]
    os.chdir(folder)
    tiny.patch()
    print(json.dumps({str(script): observe(script) for script in scripts}))


if __name__ == "__main__":
    main()
