"""Answers over time: files that change, askers that go, signatures that come, a folder that is not trusted."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from keyward.inference.answers import Answer, Answers, Question
from keyward.inference.values import LibraryClass, Module, Unknown, UserClass, Value
from keyward.session.jedi_client import JediClient
from keyward.session.oracle import Oracle, search_path


class Scripted(JediClient):
    """Answers by a function, without a process, and remembers what it was asked."""

    def __init__(self, answer: Callable[[Question], Answer]) -> None:
        super().__init__(command=("/nowhere/python",))
        self.answer = answer
        self.asked: list[list[Question]] = []
        self.stubs: list[str] = []
        self.entered = threading.Event()
        self.gate = threading.Event()
        self.gate.set()

    def ask(
        self, folder: str, search: Sequence[str], questions: Sequence[Question], stubs: str = ""
    ) -> Iterator[tuple[Question, Answer]]:
        self.entered.set()
        self.gate.wait(60)
        self.asked.append(list(questions))
        self.stubs.append(stubs)
        yield from ((question, self.answer(question)) for question in questions)


def module(name: str, *files: str) -> Answer:
    return Answer(frozenset((Module(name),)), files=frozenset(files))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "m.py").write_text("class One: pass\n")
    return tmp_path


def question(folder: Path, name: str = "One", asker: str = "a.py", source: str = "m") -> Question:
    return Question(str(folder / asker), source, 0, name)


def value(oracle: Oracle, asked: Question) -> Value:
    answer = oracle.answers.get(asked)
    assert answer is not None
    return answer.value


def test_late_answers_are_called_back(folder: Path) -> None:
    called = threading.Event()
    seen: list[Answers] = []

    def note(answers: Answers) -> None:
        seen.append(answers)
        called.set()

    client = Scripted(lambda q: module(q.name))
    client.gate.clear()
    oracle = Oracle([str(folder)], client=client, on_change=note)
    asked = question(folder)
    oracle.ask("a", [asked])
    assert oracle.answers.get(asked) is None  # it did not wait
    client.gate.set()
    assert called.wait(60)
    assert seen[0].get(asked) == module("One")
    assert seen[0].generation > 0
    oracle.close()


def test_same_answer_again_calls_nobody(folder: Path) -> None:
    calls: list[int] = []
    oracle = Oracle(
        [str(folder)], client=Scripted(lambda q: module(q.name, "/m")), on_change=lambda a: calls.append(a.generation)
    )
    asked = question(folder)
    oracle.ask_all([asked])
    oracle.changed(["/m"])
    oracle.ask_all([asked])
    assert len(calls) == 1
    oracle.close()


def test_change_of_a_file_asks_anew_only_what_rests_on_it(folder: Path) -> None:
    first, second = question(folder, "One"), question(folder, "Two")
    rests_on = {"One": "/one", "Two": "/two"}
    client = Scripted(lambda q: module(q.name, rests_on[q.name]))
    oracle = Oracle([str(folder)], client=client)
    oracle.ask_all([first, second])
    client.answer = lambda q: module("new" + q.name, rests_on[q.name])
    oracle.changed(["/one"])
    oracle.ask_all([first, second])
    assert value(oracle, first) == {Module("newOne")}
    assert value(oracle, second) == {Module("Two")}
    oracle.close()


def test_old_answer_stays_until_the_new_one_is_there(folder: Path) -> None:
    client = Scripted(lambda q: module(q.name, "/m"))
    oracle = Oracle([str(folder)], client=client)
    asked = question(folder)
    oracle.ask_all([asked])
    client.gate.clear()
    oracle.changed(["/m"])
    assert value(oracle, asked) == {Module("One")}
    client.gate.set()
    oracle.close()


def test_change_while_jedi_reads_asks_again(folder: Path) -> None:
    client = Scripted(lambda q: module("old"))
    client.gate.clear()
    oracle = Oracle([str(folder)], client=client)
    asked = question(folder)
    oracle.ask("a", [asked])
    assert client.entered.wait(60)
    oracle.changed([str(folder / "m.py")])
    client.answer = lambda q: module("old" if len(client.asked) == 1 else "new")
    client.gate.set()
    while oracle.answers.get(asked) != module("new"):
        oracle.ask_all([asked])
    assert len(client.asked) == 2
    oracle.close()


def test_what_was_not_found_is_asked_anew_after_any_change(folder: Path) -> None:
    client = Scripted(lambda q: Answer.unknown("no"))
    oracle = Oracle([str(folder)], client=client)
    asked = question(folder)
    oracle.ask_all([asked])
    client.answer = lambda q: module(q.name)
    oracle.changed([str(folder / "quite_another.py")])
    oracle.ask_all([asked])
    assert value(oracle, asked) == {Module("One")}
    oracle.close()


def test_new_signatures_ask_everything_anew_with_new_stubs(folder: Path) -> None:
    client = Scripted(lambda q: module(q.name))
    oracle = Oracle([str(folder)], client=client, stubs=lambda: "")
    asked = question(folder)
    oracle.ask_all([asked])
    client.answer = lambda q: Answer(frozenset((LibraryClass("lib.One"),)))
    oracle.renew(lambda: str(folder))
    oracle.ask_all([asked])
    assert value(oracle, asked) == {LibraryClass("lib.One")}
    assert client.stubs == ["", str(folder)]
    oracle.close()


def test_latest_asker_goes_first(folder: Path) -> None:
    client = Scripted(lambda q: module(q.name))
    client.gate.clear()
    oracle = Oracle([str(folder)], client=client)
    for asker in ("First", "Second", "Third"):
        oracle.ask(asker, [question(folder, asker)])
        assert client.entered.wait(60)
    client.gate.set()
    while len(oracle.answers) < 3:
        threading.Event().wait(0.01)
    assert [questions[0].name for questions in client.asked] == ["First", "Third", "Second"]
    oracle.close()


def test_equal_questions_of_files_in_one_folder_are_asked_once(folder: Path) -> None:
    client = Scripted(lambda q: module(q.name))
    oracle = Oracle([str(folder)], client=client)
    asked = [question(folder, "One", asker) for asker in ("a.py", "b.py", "c.py")]
    answers = oracle.ask_all(asked)
    assert [answers.get(q) for q in asked] == [module("One")] * 3
    assert [len(questions) for questions in client.asked] == [1]
    oracle.close()


def test_what_is_outside_the_workspace_costs_no_process(folder: Path) -> None:
    client = Scripted(lambda q: module(q.name))
    oracle = Oracle([str(folder)], client=client)
    asked = [question(folder, "path", source=source) for source in ("os", "tqdm", "datasets.load")]
    answers = oracle.ask_all(asked)
    assert not any(answer.known for q in asked if (answer := answers.get(q)))
    assert client.asked == []
    oracle.close()


def test_untrusted_folder_starts_nothing(folder: Path) -> None:
    client = JediClient(command=("/nowhere/python",))
    oracle = Oracle([str(folder)], client=client, trusted=False, stubs=lambda: pytest.fail("made a stub tree"))
    asked = question(folder)
    answer = oracle.ask_all([asked]).get(asked)
    assert answer is not None
    (atom,) = answer.value
    assert isinstance(atom, Unknown) and "not trusted" in atom.reason
    assert client.problem == ""  # it was not even tried
    oracle.close()


def test_whoever_waits_gets_an_answer_whatever_fails(folder: Path) -> None:
    def fail(_: Question) -> Answer:
        raise RuntimeError

    for client, stubs in (
        (Scripted(fail), str),
        (Scripted(lambda q: module(q.name)), lambda: str(1 // 0)),
    ):
        oracle = Oracle([str(folder)], client=client, stubs=stubs, on_change=lambda _: 1 // 0)  # type: ignore[arg-type, return-value]
        asked = question(folder)
        for _ in range(2):
            answer = oracle.ask_all([asked]).get(asked)
            assert answer is not None and not answer.known
        oracle.close()


def test_failing_to_read_a_file_harms_nothing_else(folder: Path) -> None:
    def read(path: str) -> bytes:
        raise RuntimeError(path)

    path = str(folder / "m.py")
    found = Answer(frozenset((UserClass(path, "One"),)), files=frozenset((path,)))
    oracle = Oracle([str(folder)], client=Scripted(lambda q: found), read=read)
    for _ in range(2):
        assert oracle.ask_all([question(folder)]).get(question(folder)) == found
        oracle.changed([path])
    oracle.close()


def test_what_nobody_asks_for_any_more_is_dropped(folder: Path) -> None:
    oracle = Oracle([str(folder)], client=Scripted(lambda q: module(q.name)))
    kept, dropped = question(folder, "Kept"), question(folder, "Dropped")
    oracle.ask("a", [kept, dropped])
    oracle.ask("b", [kept])
    while len(oracle.answers) < 2:
        threading.Event().wait(0.01)
    oracle.forget("a")
    assert oracle.answers.questions == {kept}
    oracle.close()


def test_an_idle_oracle_lets_the_process_go_and_answers_again(folder: Path) -> None:
    rested = threading.Event()
    client = Scripted(lambda q: module(q.name))
    client.rest = rested.set  # type: ignore[method-assign]
    oracle = Oracle([str(folder)], client=client, idle=0.05)
    oracle.ask_all([question(folder)])
    assert rested.wait(60)
    oracle.ask_all([question(folder, "Again")])
    assert value(oracle, question(folder, "Again")) == {Module("Again")}
    oracle.close()


def test_progress_ends_with_all(folder: Path) -> None:
    oracle = Oracle([str(folder)], client=Scripted(lambda q: module(q.name)))
    told: list[tuple[int, int]] = []
    oracle.ask_all([question(folder, name) for name in "abc"], lambda *numbers: told.append(numbers))
    assert told[-1] == (3, 3)
    assert told == sorted(told)
    oracle.close()


def test_editors_text_goes_before_the_disk(folder: Path) -> None:
    path = str(folder / "m.py")
    texts = {path: b"class One: x = 1\n"}
    oracle = Oracle(
        [str(folder)],
        client=Scripted(lambda q: Answer(frozenset((UserClass(path, "One"),)), files=frozenset((path,)))),
        read=texts.get,
    )
    asked = question(folder)
    source = oracle.ask_all([asked]).source(path)
    assert source is not None and source.text == texts[path]
    texts[path] = b"class One: x = 2\n"
    oracle.changed([path])
    oracle.ask_all([asked, question(folder, "Another")])
    source = oracle.answers.source(path)
    assert source is not None and source.text == texts[path]
    oracle.close()


def test_real_edit_reaches_the_answer(folder: Path) -> None:
    oracle = Oracle([str(folder)], client=JediClient(limit=60.0, start_limit=60.0))
    asked = question(folder)
    path = str(folder / "m.py")
    oracle.ask_all([asked])
    assert value(oracle, asked) == {UserClass(path, "One")}
    (folder / "m.py").write_text("from other import One\n# longer than it was before\n")
    (folder / "other.py").write_text("class One: pass\n")
    oracle.changed([path, str(folder / "other.py")])
    oracle.ask_all([asked])
    assert value(oracle, asked) == {UserClass(str(folder / "other.py"), "One")}
    oracle.close()


@pytest.mark.parametrize(
    ("files", "asker", "folders", "expected"),
    [
        (["a.py"], "a.py", ["."], ["."]),
        (["src/p/__init__.py", "src/p/a.py"], "src/p/a.py", ["."], ["src", ".", "src/p"]),
        (["p/__init__.py", "p/q/__init__.py", "p/q/a.py"], "p/q/a.py", ["."], [".", "p/q", "p"]),
        (["scripts/a.py", "src/p/__init__.py"], "scripts/a.py", ["."], ["scripts", ".", "src"]),
        (["one/a.py", "two/b.py"], "one/a.py", ["one", "two"], ["one", "two"]),
        (["v/lib/site-packages/p/__init__.py", "v/lib/site-packages/p/a.py"], "v/lib/site-packages/p/a.py", ["."], []),
        (["x/pyproject.toml", "x/scripts/a.py"], "x/scripts/a.py", [], ["x/scripts", "x"]),
        (["x/pyproject.toml", "x/src/p/__init__.py", "x/src/p/a.py"], "x/src/p/a.py", [], ["x/src", "x", "x/src/p"]),
    ],
)
def test_search_path(tmp_path: Path, files: list[str], asker: str, folders: list[str], expected: list[str]) -> None:
    for file in files:
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).touch()
    found = search_path(str(tmp_path / asker), [str(tmp_path / folder) for folder in folders])
    assert found == tuple(str(tmp_path / folder) for folder in expected)


def test_search_path_of_a_lone_package(tmp_path: Path) -> None:
    """Without any sign of a project: the folder that holds the outermost package, and no further up."""
    for file in ("y/p/__init__.py", "y/p/q/__init__.py", "y/p/q/a.py"):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).touch()
    if any((above / mark).exists() for above in tmp_path.parents for mark in ("pyproject.toml", "setup.py", ".git")):
        pytest.skip("the temporary folder lies inside a project")
    found = search_path(str(tmp_path / "y/p/q/a.py"), [])
    assert found == tuple(str(tmp_path / folder) for folder in ("y", "y/p/q", "y/p"))
