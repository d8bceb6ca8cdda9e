"""What becomes of a question when the process that should answer it does something else."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from keyward.inference.answers import Answer, Question
from keyward.inference.values import Module, Unknown, UserClass
from keyward.session.jedi_client import JediClient

pytestmark = pytest.mark.slow

QUESTIONS = tuple(Question("/nowhere/a.py", "m", 0, name) for name in ("one", "two", "three"))

FAKE = """
import json, os, sys, time
def say(line): print(line, flush=True)
def reply(request, index):
    candidate = {"kind": "module", "name": request["questions"][index]["name"]}
    say(json.dumps({"number": request["number"], "index": index, "candidates": [candidate]}))
def requests():
    return map(json.loads, sys.stdin)
"""


def fake(body: str, **limits: float) -> JediClient:
    limits = {"limit": 1.0, "start_limit": 10.0, **limits}
    return JediClient(command=(sys.executable, "-c", FAKE + body), **limits)  # type: ignore[arg-type]


@pytest.fixture
def real() -> Iterator[JediClient]:
    client = JediClient(limit=60.0, start_limit=60.0)
    yield client
    client.stop()


def summary(client: JediClient) -> list[str]:
    """For each question the module that it was answered with, or the reason why it was not."""
    answers = list(client.ask("/nowhere", (), QUESTIONS))
    assert [question for question, _ in answers] == list(QUESTIONS)
    return [next(iter(a.value)).name if a.known else _reason(a) for _, a in answers]  # type: ignore[union-attr]


def _reason(answer: Answer) -> str:
    (atom,) = answer.value
    assert isinstance(atom, Unknown)
    return atom.reason


GOOD = "say('\"ready\"')\nfor r in requests():\n    for i in range(len(r['questions'])): reply(r, i)\n"


def test_answers_in_order() -> None:
    client = fake(GOOD)
    assert summary(client) == ["one", "two", "three"]
    assert client.problem == ""
    client.stop()


def test_starts_nothing_before_the_first_question(tmp_path: Path) -> None:
    marker = tmp_path / "started"
    client = fake(f"open({str(marker)!r}, 'w').close()\n" + GOOD)
    assert not client.running
    assert not marker.exists()
    summary(client)
    assert marker.exists()
    client.stop()


@pytest.mark.parametrize(
    "line",
    ["garbage", "{}", "[1, 2", "null", "", "\\x00\\xff", '{"number": 99, "index": 0}', '{"number": 1, "index": 7}'],
)
def test_what_is_no_answer_is_passed_over(line: str) -> None:
    body = "say('\"ready\"')\nfor r in requests():\n    for i in range(len(r['questions'])):\n"
    client = fake(f"{body}        say({line!r})\n        reply(r, i)\n")
    assert summary(client) == ["one", "two", "three"]
    client.stop()


@pytest.mark.parametrize(
    ("misdeed", "reason"),
    [
        ("time.sleep(1000)", "jedi took too long over `two`"),
        ("os._exit(3)", "the jedi process ended over `two`"),
        ("os.kill(os.getpid(), 9)", "the jedi process ended over `two`"),
        ("sys.stdout.close(); os.close(1); time.sleep(1000)", "the jedi process ended over `two`"),
    ],
)
def test_one_bad_question_costs_itself_alone(misdeed: str, reason: str) -> None:
    client = fake(f"""
say('"ready"')
for r in requests():
    for i, q in enumerate(r['questions']):
        if q['name'] == 'two':
            {misdeed}
        reply(r, i)
""")
    assert summary(client) == ["one", reason, "three"]
    assert client.problem == ""
    client.stop()


@pytest.mark.parametrize(
    "body",
    [
        "",
        "raise SystemExit(1)\n",
        "say('hello')\n" + GOOD,
        "say('\"ready\"')\n",
        "say('\"ready\"')\nsys.stdin.read(1)\n",
    ],
)
def test_gives_up_when_nothing_works_and_says_so_in_one_sentence(body: str) -> None:
    client = fake(body, start_limit=5.0)
    summary(client)
    assert client.problem.startswith("jedi has failed")
    assert summary(client) == [client.problem] * 3
    assert not client.running


def test_retries_when_asked_to(tmp_path: Path) -> None:
    works = tmp_path / "works"
    client = fake(f"os.path.exists({str(works)!r}) or os._exit(1)\n" + GOOD)
    summary(client)
    assert client.problem
    works.touch()
    assert summary(client)[0] == client.problem
    client.retry()
    assert summary(client) == ["one", "two", "three"]
    client.stop()


def test_program_that_is_not_there() -> None:
    client = JediClient(command=("/nowhere/python",))
    assert summary(client) == [client.problem] * 3
    assert "could not be started" in client.problem


def test_stop_from_another_thread_ends_a_question() -> None:
    client = fake("say('\"ready\"')\ntime.sleep(1000)\n", limit=100.0, start_limit=100.0)
    threading.Timer(0.5, client.stop).start()
    assert "the session has ended" in summary(client)[1:]
    assert not client.running


def test_killed_between_questions(real: JediClient, tmp_path: Path) -> None:
    (tmp_path / "m.py").write_text("class one: pass\n")
    question = Question(str(tmp_path / "a.py"), "m", 0, "one")
    expected = {UserClass(str(tmp_path / "m.py"), "one")}

    def ask() -> list[Answer]:
        return [answer for _, answer in real.ask(str(tmp_path), (str(tmp_path),), (question, question))]

    assert [answer.value for answer in ask()] == [expected, expected]
    process = real._process
    assert process is not None
    os.kill(process.pid, signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)
    process.wait()
    assert [answer.value for answer in ask()][-1] == expected
    assert real.problem == ""


def test_process_ends_with_its_owner(real: JediClient) -> None:
    list(real.ask("/nowhere", (), QUESTIONS[:1]))
    process = real._process
    assert process is not None and process.stdin is not None
    process.stdin.close()
    assert process.wait(timeout=30) == 0


def test_imports_nothing_from_the_users_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A project may have files that are named as what the process imports, and may be where it is started from."""
    for name in ("jedi", "parso", "msgspec", "json", "m"):
        (tmp_path / f"{name}.py").write_text(f"open({str(tmp_path / 'executed')!r}, 'w').close()\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.syspath_prepend(str(tmp_path))
    client = JediClient(limit=60.0, start_limit=60.0)
    (found,) = client.ask(str(tmp_path), (str(tmp_path),), (Question(str(tmp_path / "a.py"), "m", 0, ""),))
    client.stop()
    assert found[1].value == {Module("m")}
    assert not (tmp_path / "executed").exists()


def test_an_idle_process_is_let_go(real: JediClient) -> None:
    list(real.ask("/nowhere", (), QUESTIONS[:1]))
    assert real.running
    real.rest()
    assert not real.running
    assert len(list(real.ask("/nowhere", (), QUESTIONS))) == 3


def test_limit_holds_for_each_question_and_not_for_all() -> None:
    body = GOOD.replace("reply(r, i)", "time.sleep(0.6); reply(r, i)")
    client = fake(body, limit=1.5)
    assert summary(client) == ["one", "two", "three"]
    client.stop()
