"""`keyward check --against`: by a version that is not installed.

The environment has the stand-in for transformers 5.0.9; what is asked about is a real version that is shipped.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from .conftest import Command

OLD, NEW = "4.57.6", "5.23.0"


def report(keyward: Command, project: Path, text: str, version: str = OLD) -> list[dict[str, Any]]:
    (project / "code.py").write_text(text, "utf-8")
    result = keyward("check", "--against", f"transformers=={version}", "--output-format", "json")
    assert result.stderr == ""
    found: list[dict[str, Any]] = json.loads(result.stdout)["diagnostics"]
    return found


MODEL = "from transformers import {0}\n\ndef step(x, y):\n    model = {0}.from_pretrained('x')\n    return model({1})\n"


def test_what_is_right_today_and_wrong_then_is_new(keyward: Command, project: Path) -> None:
    (found,) = report(keyward, project, MODEL.format("DeiTModel", "pixel_values=x, attention_mask=y"))
    assert (found["rule"], found["upgrade"]) == ("ignored-keyword", "new")
    assert f"(transformers {OLD}, shipped signatures)" in found["message"]
    assert found["message"].endswith("transformers 5.0.9 accepts it.")
    assert keyward("check", "--against", f"transformers=={OLD}").stdout.endswith(
        "1 warning in 1 file. 1 of them is new with the upgrade.\n"
    )


def test_what_is_wrong_in_both_is_said_to_be_so(keyward: Command, project: Path) -> None:
    (found,) = report(keyward, project, MODEL.format("DeiTModel", "pixel_values=x, labels=y"))
    assert (found["rule"], found["upgrade"]) == ("ignored-keyword", "same")
    assert found["message"].endswith("So it is today.")


def test_what_changes_from_an_error_to_silence_is_not_new(keyward: Command, project: Path) -> None:
    (found,) = report(keyward, project, MODEL.format("BertModel", "input_ids=x, labels=y"), NEW)
    assert (found["rule"], found["upgrade"]) == ("ignored-keyword", "same")
    assert found["message"].endswith("transformers 5.0.9 refuses it.")


def test_arguments_by_position_that_reach_another_parameter(keyward: Command, project: Path) -> None:
    text = MODEL.format("BertModel", "x, x, x, x, y, None")
    (found,) = report(keyward, project, text)
    assert (found["rule"], found["severity"], found["upgrade"]) == ("shifted-positional", "warning", "new")
    assert found["range"]["start"] == {"line": 5, "column": 30}
    assert found["message"] == (
        f"BertModel.forward takes this as `head_mask` (transformers {OLD}, shipped signatures); "
        "transformers 5.0.9 takes it as `inputs_embeds`. Pass it by keyword."
    )
    silent = text.replace("y, None)", "y, None)  # keyward: ignore[shifted-positional]")
    assert report(keyward, project, silent) == []
    assert report(keyward, project, text, NEW) == []


def test_other_libraries_stay_as_they_are_installed(keyward: Command, project: Path) -> None:
    text = "import torch.nn.functional as F\n\ndef f(a, b):\n    return F.cross_entropy(a, labels=b)\n"
    (found,) = report(keyward, project, text)
    assert "torch 2.0.0 in .venv" in found["message"]
    assert found["upgrade"] == "same"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("from transformers import DeiTFeatureExtractor\n", 1),
        ("import transformers\n\nx = transformers.DeiTFeatureExtractor\n", 3),
        ("import transformers as t\n\ndef f():\n    return t.DeiTFeatureExtractor()\n", 4),
        ("from transformers import (\n    BertModel,\n    DeiTFeatureExtractor,\n)\n", 3),
        ("from transformers import TFBertModel\n", 1),
    ],
)
def test_names_that_are_gone(keyward: Command, project: Path, text: str, line: int) -> None:
    (found,) = unknown_today(keyward, project, text)
    assert (found["range"]["start"]["line"], found["rule"], found["severity"]) == (line, "removed-api", "error")
    assert f"transformers {NEW} has no" in found["message"]


def unknown_today(keyward: Command, project: Path, text: str) -> list[dict[str, Any]]:
    """The findings where no environment tells what is installed."""
    (project / "code.py").write_text(text, "utf-8")
    bare = project / "bare"
    bare.mkdir(exist_ok=True)
    python = bare / "python"
    python.write_text("#!/bin/sh\n", "utf-8")
    python.chmod(0o755)
    arguments = ("check", "code.py", "--python", str(python), "--against", f"transformers=={NEW}")
    result = keyward(*arguments, "--output-format", "json")
    assert result.stderr == "Which transformers is installed is not known, so it is not told what would be new.\n"
    found: list[dict[str, Any]] = json.loads(result.stdout)["diagnostics"]
    assert all("upgrade" not in item for item in found)
    return found


@pytest.mark.parametrize(
    "text",
    [
        "try:\n    from transformers import DeiTFeatureExtractor\nexcept ImportError:\n    pass\n",
        "try:\n    import elsewhere\nexcept:\n    from transformers import DeiTFeatureExtractor\n",
        "import transformers\n\nif transformers.__version__ < '5':\n    x = transformers.DeiTFeatureExtractor\n",
        "import transformers as t\n\nold = t.__version__ < '5'\nif old:\n    x = t.DeiTFeatureExtractor\n",
        "from u import IS_TRANSFORMERS_LT_5 as LT_5\n\nif LT_5:\n    from transformers import DeiTFeatureExtractor\n",
        "import transformers as t\n\nif hasattr(t, 'DeiTFeatureExtractor'):\n    x = t.DeiTFeatureExtractor\n",
        "import transformers as t\n\ndef f(ge_5):\n    if ge_5:\n        return 1\n    return t.DeiTFeatureExtractor\n",
        "import transformers as t\nfrom u import version\n\nx = None if version > 5 else t.DeiTFeatureExtractor\n",
        "from transformers import DeiTFeatureExtractor  # keyward: ignore[removed-api]\n",
        "from transformers import NeverWas\n",
        "from elsewhere import DeiTFeatureExtractor\n",
        "from .transformers import DeiTFeatureExtractor\n",
        "import transformers\n\ndef f(transformers):\n    return transformers.DeiTFeatureExtractor\n",
        "from transformers import BertModel, DeiTImageProcessor\n",
        "import transformers.models.nezha\n",
    ],
)
def test_what_may_be_meant_that_way_is_no_removed_name(keyward: Command, project: Path, text: str) -> None:
    assert unknown_today(keyward, project, text) == []


def test_findings_of_today_that_are_none_then_are_counted(keyward: Command, project: Path) -> None:
    text = MODEL.format("DistilBertModel", "input_ids=x, head_mask=y")
    (project / "code.py").write_text(text, "utf-8")
    result = keyward("check", "--against", f"transformers=={OLD}")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == "Nothing found in 1 file. 1 finding of today is none then.\n"


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ("transformers==9.9", "transformers 9.9 is not known; known"),
        ("keras==3.0", "No version of keras is known; libraries that are known: "),
        ("transformers", "'transformers' is not DISTRIBUTION==VERSION, such as transformers==5.23.0."),
        ("==5", "'==5' is not DISTRIBUTION==VERSION"),
    ],
)
def test_a_version_that_is_not_known(keyward: Command, project: Path, asked: str, sentence: str) -> None:
    (project / "code.py").write_text("import transformers\n", "utf-8")
    result = keyward("check", "--against", asked)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(sentence)
    assert len(result.stderr.splitlines()) == 1


def test_it_fixes_nothing(keyward: Command, project: Path) -> None:
    (project / "code.py").write_text("x = 1\n", "utf-8")
    result = keyward("check", "--fix", "--against", f"transformers=={NEW}")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "--against" in result.stderr


def test_a_comment_that_is_needed_today_is_not_called_unused(keyward: Command, project: Path) -> None:
    """The version that is asked about needs one that the installed one does not."""
    text = MODEL.format("DeiTModel", "pixel_values=x, attention_mask=y)  # keyward: ignore[ignored-keyword]\n    (x")
    (project / "code.py").write_text(text, "utf-8")
    assert keyward("check").stdout.endswith("\n1 note in 1 file.\n")
    assert keyward("check", "--against", f"transformers=={OLD}").exit_code == 0
    assert keyward("check", "--against", f"transformers=={NEW}").exit_code == 0
