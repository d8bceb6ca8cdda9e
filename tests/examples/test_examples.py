"""The examples, run for real on tiny random models, against what Keyward says about them.

Both directions: what raises or is swallowed at run time has its finding, and whatever is fine has none.
"""

from __future__ import annotations

import json
import math
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from environments import REAL, ROOT, interpreter

HERE = Path(__file__).parent
EXAMPLES = ROOT / "examples"
SCRIPTS = sorted(path.relative_to(EXAMPLES) for path in EXAMPLES.rglob("*.py") if path.name != "model.py")
RULES = {"refused": "unexpected-keyword", "swallowed": "ignored-keyword", "missing": "missing-output-field"}
NOTHING_TO_REPORT = {"right_head.py", "own_head.py", "wrapped_encoder_loss_outside.py"}

pytestmark = pytest.mark.real


def observe(python: Path, folder: Path, photos: Path) -> dict[str, Any]:
    """What really happens in the scripts of a folder, by script."""
    scripts = [folder / script for script in SCRIPTS if (folder / script).exists()]
    command = [python, HERE / "observe.py", photos, *scripts]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout)
    return {str(script): found[str((folder / script).resolve())] for script in SCRIPTS if (folder / script).exists()}


def check(python: Path, folder: Path, cache: Path) -> list[dict[str, Any]]:
    """Keyward's diagnostics about a folder."""
    command = [sys.executable, "-m", "keyward", "check", "--python", python, "--output-format", "json", "."]
    environment = os.environ | {"XDG_CACHE_HOME": str(cache), "PYTHONPATH": str(ROOT / "server")}
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder, env=environment, timeout=600)
    assert done.returncode in (0, 1), done.stderr
    return json.loads(done.stdout)["diagnostics"]


@pytest.fixture(scope="session")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `photos/CLASS/*.jpg`."""
    folder = tmp_path_factory.mktemp("data")
    code = (
        "import sys; from pathlib import Path; from PIL import Image\n"
        "for number in range(10):\n"
        "    path = Path(sys.argv[1], 'photos', ('cat', 'dog')[number % 2], f'{number}.jpg')\n"
        "    path.parent.mkdir(parents=True, exist_ok=True)\n"
        "    Image.new('RGB', (48, 40), (25 * number, 120, 90)).save(path)\n"
    )
    subprocess.run([interpreter(REAL[0]), "-c", code, folder], check=True)
    return folder


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module", params=REAL)
def python(request: pytest.FixtureRequest) -> Path:
    return interpreter(request.param)


@pytest.fixture(scope="module")
def observed(python: Path, photos: Path) -> dict[str, Any]:
    return observe(python, EXAMPLES, photos)


@pytest.fixture(scope="module")
def diagnostics(python: Path, cache: Path) -> list[dict[str, Any]]:
    return check(python, EXAMPLES, cache)


def matches(diagnostic: dict[str, Any], observation: list[Any]) -> bool:
    """Whether a diagnostic says what was observed: same place, same thing, same consequence."""
    file, first, last, kind, name = observation
    return (
        Path(file).samefile(EXAMPLES / diagnostic["path"])
        and first <= diagnostic["range"]["start"]["line"] <= last
        and diagnostic["rule"] == RULES[kind]
        and f"`{name}`" in diagnostic["message"]
    )


@pytest.mark.parametrize("script", SCRIPTS, ids=str)
def test_every_call_of_the_script_runs(observed: dict[str, Any], script: Path) -> None:
    assert observed[str(script)]["missed"] == []


@pytest.mark.parametrize("script", SCRIPTS, ids=str)
def test_keyward_says_what_happens(observed: dict[str, Any], diagnostics: list[dict[str, Any]], script: Path) -> None:
    about = [diagnostic for diagnostic in diagnostics if Path(diagnostic["path"]) == script]
    happened = observed[str(script)]["observations"]
    assert bool(happened) == (script.name not in NOTHING_TO_REPORT)
    for observation in happened:
        assert sum(matches(diagnostic, observation) for diagnostic in about) == 1, observation
    for diagnostic in about:
        assert any(matches(diagnostic, observation) for observation in happened), diagnostic["message"]


def test_versions_differ_where_the_example_says(python: Path, observed: dict[str, Any]) -> None:
    kind = "refused" if "transformers4" in str(python) else "swallowed"
    kinds = [observation[3] for observation in observed["version_matters.py"]["observations"]]
    assert kinds == [kind, kind]


def apply(text: str, edits: list[dict[str, Any]]) -> str:
    """The text with the edits of one fix applied, as a reader of the JSON output would."""
    lines = text.splitlines(keepends=True)
    starts = [sum(map(len, lines[:number])) for number in range(len(lines) + 1)]

    def offset(place: dict[str, int]) -> int:
        return starts[place["line"] - 1] + place["column"] - 1

    for edit in sorted(edits, key=lambda edit: offset(edit["range"]["start"]), reverse=True):
        text = text[: offset(edit["range"]["start"])] + edit["text"] + text[offset(edit["range"]["end"]) :]
    return text


def test_each_fix_mends_its_finding(
    python: Path, cache: Path, diagnostics: list[dict[str, Any]], tmp_path: Path
) -> None:
    """The text parses, that finding is gone, and no new one has come."""
    fixes = [(d, fix) for d in diagnostics for fix in d["fixes"]]
    assert fixes
    for number, (diagnostic, fix) in enumerate(fixes):
        folder = tmp_path / str(number)
        shutil.copytree(EXAMPLES, folder)
        target = folder / diagnostic["path"]
        target.write_text(apply(target.read_text("utf-8"), fix["edits"]), "utf-8")
        compile(target.read_text("utf-8"), target, "exec")
    mended = check(python, tmp_path, cache)
    for number, (diagnostic, fix) in enumerate(fixes):
        here = [
            d | {"path": str(Path(*Path(d["path"]).parts[1:]))} for d in mended if d["path"].startswith(f"{number}/")
        ]
        before, after = Counter(map(gist, diagnostics)), Counter(map(gist, here))
        assert after[gist(diagnostic)] == before[gist(diagnostic)] - 1, fix["title"]
        assert not after - before, fix["title"]


def gist(diagnostic: dict[str, Any]) -> tuple[str, str, str]:
    """What stays the same when lines move and classes get other names: file, rule, and what it is about."""
    [about] = re.findall(r"(?:ignores|no parameter|no) `(\w+)`", diagnostic["message"])[:1]
    return diagnostic["path"], diagnostic["rule"], about


def test_the_swapped_class_trains(
    python: Path, cache: Path, photos: Path, diagnostics: list[dict[str, Any]], tmp_path: Path
) -> None:
    """Every class that is offered for labels computes a loss that is a number, and nothing is left to report."""
    swaps = [
        (diagnostic, fix)
        for diagnostic in diagnostics
        for fix in diagnostic["fixes"]
        if diagnostic["path"] == "base_model_labels.py"
        and diagnostic["rule"] == "ignored-keyword"
        and re.match(r"Use \w+ instead of \w+", fix["title"])
    ]
    assert swaps
    for number, (diagnostic, fix) in enumerate(swaps):
        folder = tmp_path / str(number)
        folder.mkdir()
        script = folder / diagnostic["path"]
        script.write_text(apply((EXAMPLES / diagnostic["path"]).read_text("utf-8"), fix["edits"]), "utf-8")
        found = observe(python, folder, photos)[diagnostic["path"]]
        losses = [float(loss) for loss in re.findall(r"loss (\S+)", found["output"])]
        assert found["observations"] == []
        assert losses
        assert all(math.isfinite(loss) and loss > 0 for loss in losses)
