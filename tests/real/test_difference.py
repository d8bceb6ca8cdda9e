"""The comparison of two versions held against both of them: names that are said to be gone or new, keywords that are
said to be dropped, arguments that are said to be required."""

from __future__ import annotations

import json
import subprocess
from functools import cache
from typing import Any

import pytest

from environments import interpreter
from keyward.signatures.difference import Difference, What, compare
from keyward.signatures.edition import edition
from keyward.signatures.store import Installed, open_signatures

pytestmark = pytest.mark.real

OLD, NEW = "4.57.6", "5.23.0"
ENVIRONMENTS = {OLD: "transformers4", NEW: "transformers5"}
PROBE = """\
import inspect, json, sys
import transformers

names, keywords = json.load(sys.stdin)

def there(name):
    try:
        getattr(transformers, name)
    except Exception:
        return False
    return True

def named(name, within):
    thing = getattr(transformers, name)
    if thing.__name__ == name + "Pil":  # it stands in where torchvision is not installed
        return None
    try:
        thing = getattr(thing, within) if within else thing
        parameters = inspect.signature(thing).parameters.values()
    except ImportError:  # what it builds on is not installed
        return None
    return {item.name: item.default is item.empty for item in parameters}

json.dump([{name: there(name) for name in names}, [named(*pair) for pair in keywords]], sys.stdout)
"""


@cache
def difference() -> Difference:
    def opened(version: str) -> Any:
        signatures = open_signatures([Installed("transformers", version, "none")])
        return edition(signatures, "transformers", version)

    return compare(opened(OLD), opened(NEW))


def places(what: What) -> list[tuple[str, str, str]]:
    """(subject, name, callable)."""
    return [
        (change.subject, place.name.rpartition(".")[2], place.within)
        for fact in difference().facts
        if fact.what is what
        for change in fact.changes
        for place in fact.places
    ]


def ask(
    version: str, names: list[str], callables: list[tuple[str, str]]
) -> tuple[dict[str, bool], list[dict[str, bool] | None]]:
    """Which names can be imported, and the parameters of callables with whether each is required.

    None: what a callable builds on (torchvision) is not installed.
    """
    python = interpreter(ENVIRONMENTS[version])
    done = subprocess.run([python, "-c", PROBE], input=json.dumps([names, callables]), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    there, parameters = json.loads(done.stdout)
    return there, parameters


def test_names_that_are_gone_cannot_be_imported() -> None:
    names = sorted({name for _, name, _ in places(What.NAME_GONE)})
    assert len(names) > 900
    there, _ = ask(NEW, names, [])
    # What was a function is still the name of the module that held it.
    assert {name for name, found in there.items() if found} <= {"convert_slow_tokenizer"}


def test_names_that_are_new_could_not_be_imported() -> None:
    names = sorted({name for _, name, _ in places(What.NAME_NEW)})
    assert len(names) > 1000
    there, _ = ask(OLD, names, [])
    # A package that was there before, and is exported now.
    assert {name for name, found in there.items() if found} <= {"distributed"}


@pytest.mark.parametrize("what", [What.REFUSED, What.IGNORED])
def test_keywords_that_are_dropped_are_no_parameters_any_more(what: What) -> None:
    asked = places(what)
    assert len(asked) > 30
    _, parameters = ask(NEW, [], [(name, within if within != "__init__" else "") for _, name, within in asked])
    known = [(item, names) for item, names in zip(asked, parameters, strict=True) if names is not None]
    assert len(known) > len(asked) / 3
    assert [item for item, names in known if item[0] in names] == []


def test_arguments_that_are_required_have_no_default() -> None:
    asked = places(What.REQUIRED)
    _, parameters = ask(NEW, [], [(name, within if within != "__init__" else "") for _, name, within in asked])
    known = [(item, required) for item, required in zip(asked, parameters, strict=True) if required is not None]
    assert len(known) > len(asked) / 3
    assert [item for item, required in known if not required.get(item[0])] == []
