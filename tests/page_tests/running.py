"""Running the files of a test page through inference and rules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from keyward import rules
from keyward.inference import values as v
from keyward.inference.engine import Analysis, analyse
from keyward.inference.world import World
from keyward.rules import Checked, Finding, Fix, RuleSettings
from keyward.rules.unused_ignore import UNUSED_IGNORE
from keyward.session.oracle import Oracle
from keyward.source import syntax
from keyward.source.tree import Source
from keyward.source.walk import walk
from keyward.text import Unit, apply_edits

from .page import File, without_comments


@dataclass(frozen=True)
class Run:
    """A file, analysed and checked."""

    source: Source
    analysis: Analysis
    checked: Checked
    world: World
    settings: RuleSettings

    @staticmethod
    def of(path: str, text: bytes, world: World, settings: RuleSettings) -> Run:
        source = Source.parse(path, text)
        analysis = analyse(source, world)
        return Run(source, analysis, rules.check(analysis, world, settings), world, settings)

    def after(self, fix: Fix) -> Run:
        return Run.of(self.source.path, apply_edits(self.source.text, fix.edits), self.world, self.settings)

    def fixes(self, finding: Finding) -> Sequence[Fix]:
        return rules.fixes(finding, self.analysis, self.world)

    def line(self, finding: Finding) -> int:
        return self.source.lines.position(finding.span.start, Unit.UTF8).line


def answered(world: World, sources: Sequence[Source], oracle: Oracle) -> World:
    """The world in which all that these files ask of others is known."""
    while True:
        questions = frozenset(q for source in sources for q in analyse(source, world).questions)
        if questions <= world.answers.questions:
            return world
        world = World(world.signatures, oracle.ask_all(questions))


def run_files(
    files: Sequence[File], folder: Path, world: World, settings: RuleSettings, oracle: Oracle
) -> list[tuple[File, Run]]:
    """The files of a test, written to a folder and checked there."""
    for file in files:
        (folder / file.name).parent.mkdir(parents=True, exist_ok=True)
        (folder / file.name).write_bytes(file.text.encode())
    if len(files) > 1:
        (folder / "pyproject.toml").touch()  # so that this is the project's folder
    world = answered(world, [Source.parse(str(folder / f.name), f.text.encode()) for f in files], oracle)
    return [(file, Run.of(str(folder / file.name), file.text.encode(), world, settings)) for file in files]


def check_file(run: Run, file: File, where: str) -> None:
    """Hold a file against what its page says. Raises AssertionError that names the line of the page."""
    _check_findings(run, file, where)
    _check_revealed(run, file, where)
    for finding in run.checked.findings:
        for fix in run.fixes(finding):
            check_fix(run, finding, fix)
    if file.fixes is not None:
        offered = [_described(fix) for finding in run.checked.findings for fix in run.fixes(finding)]
        assert offered == file.fixes, f"{where}: other fixes are offered"
    for title, text in file.fixed:
        fix = next((f for finding in run.checked.findings for f in run.fixes(finding) if f.title == title), None)
        assert fix is not None, f"{where}: no fix {title!r}; there are {_titles(run)}"
        assert without_comments(run.after(fix).source.text.decode()) == without_comments(text), f"{where}: {title}"


def check_fix(run: Run, finding: Finding, fix: Fix) -> None:
    """What holds of every fix: the text still parses, the finding is gone, and no new one has come."""
    after = run.after(fix)
    text = after.source.text.decode(errors="replace")
    assert run.source.broken or not after.source.broken, f"{fix.title} breaks the text:\n{text}"
    before = Counter((f.rule, f.subject) for f in run.checked.findings)
    now = Counter((f.rule, f.subject) for f in after.checked.findings)
    # Where the cause is mended, a comment that silenced this rule elsewhere has nothing to silence any more.
    stale = {(UNUSED_IGNORE, finding.rule), (UNUSED_IGNORE, "")}
    brought = {key: n for key, n in (now - before).items() if key not in stale}
    assert not brought, f"{fix.title} brings {brought}:\n{text}"
    assert now[finding.rule, finding.subject] < before[finding.rule, finding.subject], (
        f"{fix.title} mends nothing:\n{text}"
    )


def _check_findings(run: Run, file: File, where: str) -> None:
    left = list(run.checked.findings)
    for expected in file.expected:
        match = next(
            (
                finding
                for finding in left
                if run.line(finding) == expected.line
                and (finding.severity.value, finding.rule) == (expected.severity, expected.rule)
                and expected.text in finding.message
            ),
            None,
        )
        assert match is not None, (
            f"{where}, line {file.line + 1 + expected.line}: nothing matches {expected.severity}: [{expected.rule}] "
            f'"{expected.text}"; there is {_listed(run, left, file)}'
        )
        left.remove(match)
    assert not left, f"{where}: not expected: {_listed(run, left, file)}"


def _check_revealed(run: Run, file: File, where: str) -> None:
    for line, text in file.revealed:
        shown = _revealed(run, line)
        assert shown == text, f"{where}, line {file.line + 1 + line}: {shown!r} is revealed, not {text!r}"


def _revealed(run: Run, line: int) -> str:
    """What the statement in a line binds, or the value of its expression."""
    for unit in run.source.units:
        for node in walk(unit.node):
            start = run.source.lines.position(node.span.start + unit.start, Unit.UTF8).line
            if start != line or not isinstance(node, syntax.Assign | syntax.ExpressionStatement | syntax.Return):
                continue
            shown = node.targets[0] if isinstance(node, syntax.Assign) else node.value
            if shown is not None:
                at = shown.name_span.start if isinstance(shown, syntax.Attribute) else shown.span.start
                found = run.analysis.value_at(at + unit.start)
                return described(found[1]) if found is not None else "nothing"
    return "no statement"


def described(value: v.Value) -> str:
    """A value as pages write it: "DeiTModel", "type[DeiTModel]", "A | B", "unknown"."""
    return " | ".join(sorted({_atom(atom) for atom in value})) or "never"


def _atom(atom: v.Atom) -> str:
    match atom:
        case v.Unknown():
            return "unknown"
        case v.Constant(value):
            return repr(value)
        case v.Instance(cls):
            return _class(cls)
        case v.LibraryClass() | v.UserClass():
            return f"type[{_class(atom)}]"
        case v.LibraryFunction(qualified):
            return f"function {qualified}"
        case v.UserFunction(_, qualname):
            return f"function {qualname}"
        case v.Module(name):
            return f"module {name}"
        case v.Wrapped(wrapper, inner):
            return f"{wrapper.rpartition('.')[2]}[{described(inner)}]"
        case v.BoundMethod(owner, name):
            return f"{_atom(owner)}.{name}"
        case v.Mapping(keys, is_open):
            shown = [key.name + ("" if key.certain else "?") for key in keys] + ["..."] * is_open
            return f"{{{', '.join(shown)}}}"
        case v.Collection(kind, items, item):
            inner = ", ".join(map(described, items)) if items is not None else f"{described(item)}, ..."
            return f"{kind}[{inner}]"
        case v.Tensor():
            return "tensor"


def _class(cls: v.Class) -> str:
    return cls.qualified.rpartition(".")[2] if isinstance(cls, v.LibraryClass) else cls.qualname


def _described(fix: Fix) -> str:
    return f"{fix.title} ({fix.safety.value}{', preferred' if fix.preferred else ''})"


def _titles(run: Run) -> list[str]:
    return [fix.title for finding in run.checked.findings for fix in run.fixes(finding)]


def _listed(run: Run, findings: Sequence[Finding], file: File) -> str:
    return (
        "; ".join(f"line {file.line + 1 + run.line(f)}: {f.severity.value}: [{f.rule}] {f.message}" for f in findings)
        or "nothing"
    )
