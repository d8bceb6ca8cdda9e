"""What the user can set, and how it is read from what an editor, a file or the command line hands over.

Nothing here fails: a value that makes no sense is left out, and a sentence says so. An empty value counts as not set,
since editors hand over all that can be set. What is set in one place takes the place of what is set in another key by
key, never item by item.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from ..rules import RULES, RuleSettings, Severity
from ..rules.words import nearest
from .globs import NOTHING, Globs
from .globs import problem as is_no_glob

ALL = "all"
"""Stands for every rule."""
NAMES = tuple(rule.name for rule in RULES)


@dataclass(frozen=True, slots=True)
class Settings:
    """All that is set for the files of one folder. For what each means, see `KEYS`."""

    python: str = ""
    diagnostics: bool = True
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    severity: tuple[tuple[str, Severity | None], ...] = ()
    per_file: tuple[tuple[Globs, tuple[str, ...]], ...] = ()
    exclude: Globs = NOTHING
    against: tuple[str, ...] = ()
    extra_libraries: tuple[str, ...] = ()

    def rules(self, path: str) -> RuleSettings:
        """How severe each rule is in a file, and which are off."""
        if not (self.select or self.ignore or self.per_file):
            return RuleSettings(self.severity)
        return _rules(self, path)

    def excludes(self, path: str) -> bool:
        """Whether nothing is told of a file (or, with a separator at its end, of a folder)."""
        return self.exclude.match(path)

    def reports(self, path: str) -> bool:
        """Whether an editor is told of findings in a file."""
        return self.diagnostics and not self.excludes(path)


@lru_cache(maxsize=1024)
def _rules(settings: Settings, path: str) -> RuleSettings:
    off = set(settings.ignore)
    if settings.select and ALL not in settings.select:
        off.update(name for name in NAMES if name not in settings.select)
    for globs, names in settings.per_file:
        if globs.match(path):
            off.update(names)
    if ALL in off:
        off.update(NAMES)
    levels = {**dict(settings.severity), **dict.fromkeys(off - {ALL})}
    return RuleSettings(tuple(sorted(levels.items(), key=lambda pair: pair[0])))


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a setting."""

    key: tuple[str, ...]
    """Where: the setting, and below it the name or text that is meant, as far as that tells."""
    text: str
    """The sentence, without the place and without its full stop."""


@dataclass(frozen=True, slots=True)
class Key:
    """A setting: how it is called, what it holds, and what it does."""

    name: str
    default: str
    """As it is documented."""
    summary: str
    """In Markdown."""
    take: Callable[[object, str], Iterator[Any]]
    """Gives the value and each `Problem`, for a raw value and the folder that paths start from."""
    in_files: bool = True
    """Whether it can stand in a file, too."""

    @property
    def field(self) -> str:
        return self.name.replace("-", "_")


def read(
    raw: Mapping[str, object], root: str = "", keys: Iterable[Key] = ()
) -> tuple[dict[str, Any], tuple[Problem, ...]]:
    """The values of settings by field of `Settings`, and what is wrong with those that were left out.

    `root` is the folder that paths and patterns start from; `keys` are those that count, all by default. Names that are
    no settings are left out without a word: see `unknown`.
    """
    values: dict[str, Any] = {}
    problems: list[Problem] = []
    for key in keys or KEYS:
        value = raw.get(key.name)
        if value is None or value in ("", [], {}):
            continue
        for found in key.take(value, root):
            if isinstance(found, Problem):
                problems.append(Problem((key.name, *found.key), found.text))
            else:
                values[key.field] = found
    return values, tuple(problems)


def unknown(raw: Mapping[str, object]) -> Iterator[Problem]:
    """What is wrong with the names of what a file sets."""
    names = [key.name for key in KEYS if key.in_files]
    for name in raw:
        if name in names:
            continue
        if any(key.name == name for key in KEYS):
            yield Problem((name,), f"`{name}` can be set in editors alone")
        else:
            yield Problem((name,), f"there is no setting `{name}`{meant(name, names)}")


def meant(name: str, known: Iterable[str]) -> str:
    """The end of a sentence about a name that does not exist: what there is of nearly that name, else all there is."""
    known = tuple(known)
    near = nearest(name, known) or [other for other in known if name and name in other]
    if near:
        return f"; did you mean {_listed(near, ' or ')}?"
    return f"; there are {_listed(known, ' and ')}"


def _listed(names: Iterable[str], word: str) -> str:
    *first, last = [f"`{name}`" for name in names]
    return f"{', '.join(first)}{word}{last}" if first else last


# --- kinds of values -------------------------------------------------------------------------------------------------


def _python(value: object, root: str) -> Iterator[str | Problem]:
    if not isinstance(value, str):
        yield Problem((), "`python` has to be the path of a Python interpreter or of an environment")
        return
    path = os.path.expanduser(value)
    # A bare name (python3.12) is looked for on PATH unless it is there.
    inside = os.path.join(root, path) if root else path
    yield inside if os.sep in path or "/" in path or os.path.exists(inside) else path


def _flag(value: object, root: str) -> Iterator[bool | Problem]:
    yield value if isinstance(value, bool) else Problem((), "`diagnostics` has to be true or false")


def _texts(name: str, of: str) -> Callable[[object], Iterator[str | Problem]]:
    def take(value: object) -> Iterator[str | Problem]:
        if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
            yield Problem((), f"`{name}` has to be a list of {of}, each as text")
            return
        yield from value

    return take


def _rule_names(name: str) -> Callable[[object, str], Iterator[tuple[str, ...] | Problem]]:
    take_texts = _texts(name, f"names of rules (or `{ALL}`)")

    def take(value: object, root: str = "") -> Iterator[tuple[str, ...] | Problem]:
        taken = tuple(take_texts(value))
        chosen = [item for item in taken if item in NAMES or item == ALL]
        for item in taken:
            if isinstance(item, Problem):
                yield item
            elif item not in chosen:
                yield Problem((item,), f"`{name}` names a rule `{item}` that does not exist{meant(item, NAMES)}")
        if chosen:
            yield tuple(map(str, chosen))

    return take


def _severity(value: object, root: str) -> Iterator[tuple[tuple[str, Severity | None], ...] | Problem]:
    if not isinstance(value, Mapping):
        yield Problem((), "`severity` has to map names of rules to error, warning, information or off")
        return
    for name, level in value.items():
        _, wrong = RuleSettings.read({name: level})
        if name not in NAMES:
            yield Problem((name,), f"`severity` names a rule `{name}` that does not exist{meant(name, NAMES)}")
        elif wrong:
            yield Problem(
                (name,), f"`severity` of `{name}` has to be error, warning, information or off, and not {level!r}"
            )
    yield RuleSettings.read(value)[0].levels


def _globs(value: object, root: str) -> Iterator[Globs | Problem]:
    patterns = []
    for item in _texts("exclude", "patterns of files")(value):
        if isinstance(item, Problem):
            yield item
        elif is_no_glob(item):
            yield Problem((item,), f"`exclude` has a pattern {item!r} that makes no sense")
        else:
            patterns.append(item)
    yield Globs(tuple(patterns), root)


def _per_file(value: object, root: str) -> Iterator[tuple[tuple[Globs, tuple[str, ...]], ...] | Problem]:
    if not isinstance(value, Mapping):
        yield Problem((), "`per-file` has to map patterns of files to lists of rules that are ignored there")
        return
    chosen = []
    for pattern, names in value.items():
        if is_no_glob(pattern):
            yield Problem((pattern,), f"`per-file` has a pattern {pattern!r} that makes no sense")
            continue
        for found in _rule_names(f"per-file` of `{pattern}")(names, root):
            if isinstance(found, Problem):
                yield Problem((pattern, *found.key), found.text)
            else:
                chosen.append((Globs((pattern,), root), found))
    yield tuple(chosen)


def _versions(value: object, root: str) -> Iterator[tuple[str, ...] | Problem]:
    chosen = []
    for item in _texts("against", "versions such as transformers==5.23.0")(value):
        if isinstance(item, Problem):
            yield item
        elif (pair := versioned(item)) is None:
            yield Problem((item,), f"`against` has {item!r}, which is not DISTRIBUTION==VERSION")
        else:
            chosen.append("==".join(pair))
    yield tuple(chosen)


def _libraries(value: object, root: str) -> Iterator[tuple[str, ...] | Problem]:
    taken = tuple(_texts("extra-libraries", "names of distributions")(value))
    yield from (item for item in taken if isinstance(item, Problem))
    yield tuple(item for item in taken if isinstance(item, str))


def versioned(text: str) -> tuple[str, str] | None:
    """Distribution and version of "transformers==5.23.0"; None: it is none."""
    distribution, separator, version = (part.strip() for part in text.partition("=="))
    return (distribution, version) if separator and distribution and version else None


KEYS = (
    Key(
        "python",
        '`""`',
        "interpreter or environment that has the libraries; a relative path starts at the file that says so. Not set: "
        "`VIRTUAL_ENV` or `CONDA_PREFIX`, the nearest `.venv` upwards, `python3`",
        _python,
    ),
    Key(
        "diagnostics",
        "`true`",
        "whether findings are reported; hover and completion go on without. For editors alone",
        _flag,
        in_files=False,
    ),
    Key("select", '`["all"]`', "rules that are on", _rule_names("select")),
    Key("ignore", "`[]`", "rules that are off, though they are selected", _rule_names("ignore")),
    Key(
        "severity",
        "`{}`",
        "`error`, `warning`, `information` or `off` by rule: "
        '`{"ignored-keyword" = "error"}` (JSON: `{"ignored-keyword": "error"}`)',
        _severity,
    ),
    Key(
        "per-file",
        "`{}`",
        'rules that are off in some files, by pattern: `{"tests/**" = ["missing-argument"], "old_*.py" = ["all"]}`',
        _per_file,
    ),
    Key("exclude", "`[]`", "patterns of files and folders that are not checked", _globs),
    Key(
        "against",
        "`[]`",
        'versions of libraries to judge by in place of the installed ones: `["transformers==5.23.0"]`',
        _versions,
    ),
    Key(
        "extra-libraries",
        "`[]`",
        "distributions that are read besides those that define modules and are imported by their own name",
        _libraries,
    ),
)
"""All settings, in the order of the documentation."""
