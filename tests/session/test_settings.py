"""Settings, wherever they come from: what they mean, and what is said of those that make no sense."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from keyward.rules import RuleSettings, Severity
from keyward.session import settings_files
from keyward.session.settings import KEYS, NAMES, Settings, read
from keyward.session.workspace import Workspace

IGNORED, MISSING = "ignored-keyword", "missing-argument"


def levels(raw: dict[str, object], path: str = "/project/train.py") -> dict[str, Severity | None]:
    values, problems = read(raw, "/project")
    assert problems == ()
    return dict(Settings(**values).rules(path).levels)


def test_nothing_set() -> None:
    assert Settings().rules("/project/train.py") == RuleSettings()
    assert read({"select": [], "ignore": [], "python": "", "severity": {}, "unknown": 1}) == ({}, ())


def test_rules_are_selected_ignored_and_made_more_severe() -> None:
    assert levels({"select": [IGNORED, MISSING]}) == dict.fromkeys(set(NAMES) - {IGNORED, MISSING})
    assert levels({"ignore": [IGNORED]}) == {IGNORED: None}
    assert levels({"select": ["all"], "ignore": [MISSING], "severity": {IGNORED: "error"}}) == {
        MISSING: None,
        IGNORED: Severity.ERROR,
    }
    assert levels({"ignore": ["all"], "severity": {IGNORED: "error"}}) == dict.fromkeys(NAMES)
    assert levels({"severity": {IGNORED: "off"}}) == {IGNORED: None}


@pytest.mark.parametrize(
    ("pattern", "path", "holds"),
    [
        ("tests/**", "/project/tests/deep/test_x.py", True),
        ("tests/", "/project/tests/test_x.py", True),
        ("/tests", "/project/src/tests/test_x.py", False),
        ("old_*.py", "/project/src/old_train.py", True),
        ("*.py", "/elsewhere/train.py", False),
        ("src/*.py", "/project/src/train.py", True),
        ("src/*.py", "/project/src/deep/train.py", False),
    ],
)
def test_patterns_are_those_of_gitignore_from_the_folder_of_the_file(pattern: str, path: str, holds: bool) -> None:
    assert levels({"per-file": {pattern: [IGNORED]}}, path) == ({IGNORED: None} if holds else {})
    values, _ = read({"exclude": [pattern]}, "/project")
    assert Settings(**values).excludes(path) is holds
    assert Settings(**values).reports(path) is not holds


def test_a_later_pattern_takes_back() -> None:
    values, _ = read({"exclude": ["data/*", "!data/train.py"]}, "/project")
    assert Settings(**values).excludes("/project/data/x.py")
    assert not Settings(**values).excludes("/project/data/train.py")


def test_paths_of_interpreters_start_at_the_file_that_names_them(tmp_path: Path) -> None:
    def python(text: str) -> object:
        return read({"python": text}, str(tmp_path))[0]["python"]

    assert python(".venv/bin/python") == os.path.join(tmp_path, ".venv/bin/python")
    assert python("python3.12") == "python3.12"
    (tmp_path / "env").mkdir()
    assert python("env") == os.path.join(tmp_path, "env")
    assert python("/usr/bin/python3") == "/usr/bin/python3"


# --- what makes no sense -------------------------------------------------------------------------------------------

WRONG = """\
# settings
python = 3
selct = ["all"]
diagnostics = true
select = [
    "all",
    "ignored-keywrd",
]
ignore = "missing-argument"
exclude = ["build", ""]
against = ["transformers 5.23"]
extra-libraries = [1]

[severity]
ignored-keyword = "fatal"
no-rule-at-all = "off"

[per-file]
"tests/**" = ["missing-argumnt"]
"old.py" = "all"
"""
SENTENCES = [
    "2: `python` has to be the path of a Python interpreter or of an environment.",
    "3: there is no setting `selct`; did you mean `select`?",
    "4: `diagnostics` can be set in editors alone.",
    "7: `select` names a rule `ignored-keywrd` that does not exist; did you mean `ignored-keyword`?",
    "9: `ignore` has to be a list of names of rules (or `all`), each as text.",
    "10: `exclude` has a pattern '' that makes no sense.",
    "11: `against` has 'transformers 5.23', which is not DISTRIBUTION==VERSION.",
    "12: `extra-libraries` has to be a list of names of distributions, each as text.",
    "15: `severity` of `ignored-keyword` has to be error, warning, information or off, and not 'fatal'.",
    f"16: `severity` names a rule `no-rule-at-all` that does not exist; there are "
    f"{', '.join(f'`{name}`' for name in NAMES[:-1])} and `{NAMES[-1]}`.",
    "19: `per-file` of `tests/**` names a rule `missing-argumnt` that does not exist; did you mean `missing-argument`?",
    "20: `per-file` of `old.py` has to be a list of names of rules (or `all`), each as text.",
]


def test_each_wrong_setting_is_told_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "keyward.toml"
    path.write_text(WRONG)
    found = settings_files.opened(str(path))
    assert found is not None
    assert list(found.problems) == [f"{path}:{sentence}" for sentence in SENTENCES]
    assert Settings(**found.values).exclude.patterns == ("build",)
    assert Settings(**found.values).select == ("all",)


def test_lines_within_a_pyproject(tmp_path: Path) -> None:
    path = tmp_path / "pyproject.toml"
    path.write_text(
        '[project]\nname = "x"\nignore = 1\n\n[tool.ruff]\nselect = ["E"]\nignore = ["all"]\n\n'
        '[tool.keyward]\nignore = ["x-y"]\n\n[tool.keyward."per-file"]\n"a.py" = []\n'
        '"b.py" = ["nothing-like-it"]\n'
    )
    found = settings_files.opened(str(path))
    assert found is not None
    assert [problem.split(": ")[0] for problem in found.problems] == [f"{path}:10", f"{path}:14"]


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("keyward.toml", b"ignore = [", ": this is no TOML (invalid value)."),
        ("keyward.toml", b"select = ['all']\nselect = 1\n", ":2: this is no TOML (cannot overwrite a value)."),
        ("keyward.toml", b"# \xff", " is not UTF-8, which TOML has to be."),
        ("pyproject.toml", b"[tool]\nkeyward = 3\n", ":2: `tool.keyward` has to be a table."),
        ("pyproject.toml", b"[tool.keyward\n", ":1: this is no TOML (expected ']' at the end of a table declaration)."),
    ],
)
def test_a_damaged_file_is_one_sentence(tmp_path: Path, name: str, text: bytes, sentence: str) -> None:
    (tmp_path / name).write_bytes(text)
    found = settings_files.nearest(str(tmp_path))
    assert found is not None
    assert found.problems == (f"{tmp_path / name}{sentence}",)
    assert found.values == {}


# --- which file counts ---------------------------------------------------------------------------------------------


def test_the_nearest_file_counts(tmp_path: Path) -> None:
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)

    def nearest() -> str | None:
        found = settings_files.nearest(str(inner))
        return None if found is None else os.path.relpath(found.path, tmp_path)

    (tmp_path / "pyproject.toml").write_text("[tool.keyward]\n")
    assert nearest() == "pyproject.toml"
    (inner / "pyproject.toml").write_text("[tool.ruff]\n# keyward\n")
    assert nearest() == "pyproject.toml", "one without the table is passed over"
    (tmp_path / "keyward.toml").write_text("")
    assert nearest() == "keyward.toml"
    (tmp_path / "a" / "pyproject.toml").write_text("[tool]\nkeyward.ignore = ['all']\n")
    assert nearest() == os.path.join("a", "pyproject.toml")
    (inner / "pyproject.toml").write_text("[tool.other\n")
    assert nearest() == os.path.join("a", "pyproject.toml"), "somebody else's mistake"


def test_what_a_client_sets_goes_before_a_file_setting_by_setting(tmp_path: Path) -> None:
    (tmp_path / "keyward.toml").write_text(f'ignore = ["{MISSING}"]\nexclude = ["*.py"]\nagainst = ["torch==2.0.0"]\n')
    file = str(tmp_path / "train.py")
    workspace = Workspace()
    workspace.add_folders([str(tmp_path)])
    workspace.configure({"ignore": [IGNORED], "exclude": []})
    settings = workspace.settings(file)
    assert (settings.ignore, settings.against) == ((IGNORED,), ("torch==2.0.0",))
    assert settings.excludes(file), "an empty value counts as not set"
    assert workspace.settings(str(tmp_path.parent / "x.py")).ignore == (IGNORED,)
    workspace.configure({}, str(tmp_path))
    assert workspace.settings(file).ignore == (MISSING,)


def test_an_interpreter_is_not_taken_from_beyond_the_workspace(tmp_path: Path) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    (tmp_path / "keyward.toml").write_text(f'python = "bin/python"\nignore = ["{MISSING}"]\n')
    workspace = Workspace()
    workspace.add_folders([str(inner)])
    assert (workspace.settings(str(inner / "x.py")).python, workspace.settings(str(inner / "x.py")).ignore) == (
        "",
        (MISSING,),
    )
    (inner / "keyward.toml").write_text('python = "bin/python"\n')
    workspace.files_changed([str(inner / "keyward.toml")])
    assert workspace.settings(str(inner / "x.py")).python == str(inner / "bin/python")
    workspace.close()


def test_a_changed_file_is_noticed_and_one_that_says_the_same_is_not(tmp_path: Path) -> None:
    told: list[str] = []
    complaints: list[str] = []
    workspace = Workspace(changed=lambda: told.append("changed"), complain=complaints.append)
    workspace.add_folders([str(tmp_path)])
    file = str(tmp_path / "train.py")
    assert workspace.settings(file) == Settings()
    (tmp_path / "keyward.toml").write_text('ignore = ["all"]\nsevrity = {}\n')
    workspace.files_changed([str(tmp_path / "keyward.toml")])
    assert (told, len(complaints)) == (["changed"], 1)
    assert workspace.settings(file).ignore == ("all",)
    (tmp_path / "keyward.toml").write_text('# the same\nignore = ["all"]\n')
    workspace.files_changed([str(tmp_path / "keyward.toml")])
    assert told == ["changed"]
    workspace.close()


def test_every_setting_is_a_field_and_has_a_documentation() -> None:
    for key in KEYS:
        assert hasattr(Settings(), key.field)
        assert key.summary
        assert not key.summary.endswith(".")
