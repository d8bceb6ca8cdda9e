"""Holds the flow against jedi within files: where both say what an expression is, they should agree.

    python benchmarks/inference/against_jedi.py --python VENV/bin/python FOLDER...

jedi sees the libraries by the stub tree and looks at one file at a time, where the flow needs no help of it. What is
printed are the disagreements, to be judged one by one.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import jedi
from jedi.api.environment import InterpreterEnvironment

from keyward.environment.fingerprint import installed
from keyward.environment.index import default_cache, update_index
from keyward.environment.interpreter import find_interpreter
from keyward.inference.containers import BUILTINS
from keyward.inference.engine import analyse
from keyward.inference.libraries import MAKES_INSTANCE, RETURNS_SELF, WITHOUT_SIGNATURE
from keyward.inference.values import Atom, Instance, LibraryClass, LibraryFunction, UserClass, UserFunction
from keyward.inference.world import World
from keyward.signatures.store import Signatures, open_signatures
from keyward.signatures.stub_text import Methods
from keyward.signatures.stubs import stub_source, write_stubs
from keyward.source.tree import Source
from keyward.text import Unit

Names = set[tuple[str, str]]
"""Kind ("instance", "class", "function") and qualified name."""


def make_stubs(folder: Path, signatures: Signatures) -> Path:
    """The stub tree that jedi sees in place of libraries."""
    methods = Methods(makers=MAKES_INSTANCE, fluent=RETURNS_SELF)
    return Path(write_stubs(folder, lambda: stub_source(signatures), methods))


def stop_guessing() -> None:
    """jedi's guesses by call sites and appended elements are not what the flow is to agree with."""
    for guess in ("dynamic_params", "dynamic_params_for_other_modules", "dynamic_array_additions"):
        setattr(jedi.settings, guess, False)


def explained(flow: Names, seen: Names) -> bool:
    # `name: Class` in a class body: jedi gives the annotation itself. A TypedDict: jedi knows that it is a dictionary.
    return {("class", name) for _, name in flow} == seen or seen == {("instance", "dict")}


def compared(path: Path, signatures: Signatures, tree: Path) -> Iterator[tuple[str, Names, Names]]:
    """Each expression that the flow and jedi both know: where it is, what it is for the one and for the other."""
    text = path.read_bytes()
    source = Source.parse(str(path), text)
    project = jedi.Project(path.parent, sys_path=[str(tree), str(path.parent)], smart_sys_path=False)
    script = jedi.Script(text.decode(), path=path, project=project, environment=InterpreterEnvironment())
    for unit, result in analyse(source, World(signatures)).results:
        for span, value in result.values.items():
            flow = {name for atom in value if (name := named(atom))}
            if not flow or len(flow) < len(value):
                continue
            place = source.lines.position(unit.start + span.end, Unit.CODE_POINT)
            seen: Names = set()
            # jedi tells a call's result behind it; behind a name a bracket may stand, of which it would tell
            column = (
                place.column if text[unit.start + span.end - 1 : unit.start + span.end] == b")" else place.column - 1
            )
            for name in script.infer(place.line + 1, column):
                own = name.module_path == path
                full = name.full_name or ""
                seen.add((name.type, full[len(name.module_name) + 1 :] if own else full.removeprefix("builtins.")))
            if seen:
                yield f"{path.name}:{place.line + 1}:{place.column + 1}", flow, seen


def named(atom: Atom) -> tuple[str, str] | None:
    """None where jedi would say it otherwise, or nothing."""
    match atom:
        case Instance(LibraryClass(name)) | Instance(UserClass(_, name)):
            return "instance", name
        case LibraryClass(name) | UserClass(_, name):
            return "class", name
        case LibraryFunction(name) if name not in BUILTINS and name not in WITHOUT_SIGNATURE:
            return "function", name
        case UserFunction(_, name):
            return "function", name
    return None


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--python", required=True, type=Path, help="interpreter whose libraries count")
    parser.add_argument("--every", type=int, default=1, help="take every n-th file")
    options = parser.parse_args()

    found = find_interpreter(options.python)
    signatures = open_signatures(installed(found), update_index(found, default_cache()).cache)
    paths = sorted(path for folder in options.folders for path in folder.rglob("*.py"))[:: options.every]
    n_agreed = n_differing = n_unread = 0
    started = time.monotonic()
    stop_guessing()
    with tempfile.TemporaryDirectory() as folder:
        tree = make_stubs(Path(folder) / "tree", signatures)
        for number, path in enumerate(paths, 1):
            try:
                for where, flow, seen in compared(path, signatures, tree):
                    if flow & seen:
                        n_agreed += 1
                    elif not explained(flow, seen):
                        n_differing += 1
                        print(f"{path.parent.name}/{where}: {sorted(flow)} and for jedi {sorted(seen)}")
            except (UnicodeDecodeError, RecursionError, KeyError, AttributeError, ValueError) as error:
                n_unread += 1  # jedi fails in many ways on text that is no plain Python
                print(f"{path}: {type(error).__name__}", file=sys.stderr)
            print(f"\r{number} of {len(paths)} files, {time.monotonic() - started:.0f} s", end="", file=sys.stderr)
    print(f"\n{len(paths)} files, of which jedi failed on {n_unread}: {n_agreed} agree, {n_differing} differ")
    return int(n_differing > 0)


if __name__ == "__main__":
    sys.exit(main())
