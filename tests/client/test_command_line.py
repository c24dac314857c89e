"""The command's exit statuses and its one line about what is wrong."""

import json
from pathlib import Path
from typing import Any

import pytest

from labelapp_client.command_line import main, skips
from tests.client.server import Answer, json_answer, serving

REFUSAL = {
    "code": "invalid_input",
    "message": "Bad.",
    "errors": [{"field": "name", "message": "Too long."}],
    "data": {},
}
RUN = {
    "id": 5,
    "name": "SFT",
    "kind": "sft",
    "created_at": "2026-01-02T03:04:05Z",
    "phase": "",
    "step": 3,
    "total_steps": 9,
    "sample_batch": None,
    "error_message": "out of memory",
    "checkpoint": None,
}


@pytest.fixture(autouse=True)
def token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABELAPP_TOKEN", "lat_forged")


def command(url: str, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setenv("LABELAPP_URL", url)
    return main([*arguments])


def run_in(state: str) -> dict[str, Any]:
    return RUN | {"state": state}


@pytest.mark.parametrize(
    ("answer", "status", "words"),
    [
        (json_answer(run_in("failed")), 1, "labelapp: Run 5 failed: out of memory"),
        (json_answer(REFUSAL, status=400), 2, "labelapp: name: Too long."),
        (
            json_answer(REFUSAL, status=404),
            2,
            "labelapp: name: Too long. (Or the token's role or scopes do not reach it.)",
        ),
        (Answer(200, b"<html>"), 2, "is not labelapp's API"),
        (json_answer(run_in("cancelled")), 3, "labelapp: Run 5 was cancelled: out of memory"),
        (Answer(500), 4, "answered 500"),
        (Answer(503), 4, "answered 503"),
    ],
)
@pytest.mark.usefixtures("quick")
def test_each_end_has_its_status(
    answer: Answer,
    status: int,
    words: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with serving(lambda _request: answer) as server:
        assert command(server.url, monkeypatch, "wait", "run", "5") == status
    assert words in capsys.readouterr().err.splitlines()[-1]


@pytest.mark.usefixtures("quick")
def test_waiting_no_longer_has_a_status(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    with serving(
        lambda request: Answer(502) if "/events" in request.path else json_answer(run_in("running"))
    ) as server:
        assert command(server.url, monkeypatch, "wait", "run", "5", "--timeout", "0.1") == 5
    assert "Run 5 is not done after 0.1 s; it goes on without you." in capsys.readouterr().err


def test_a_list_is_a_table_or_a_line_of_json(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [run_in("running"), run_in("failed") | {"id": 4, "name": "The\nfirst"}]
    with serving(lambda _request: json_answer({"next": None, "results": rows})) as server:
        assert command(server.url, monkeypatch, "list", "runs") == 0
        assert capsys.readouterr().out.splitlines() == [
            "ID  KIND  STATE    STEP    MADE              NAME",
            "5   sft   running  3 of 9  2026-01-02 03:04  SFT",
            "4   sft   failed   3 of 9  2026-01-02 03:04  The first",
        ]
        assert command(server.url, monkeypatch, "list", "runs", "--limit", "1", "--json") == 0
        assert json.loads(capsys.readouterr().out) == rows[:1]
    with serving(lambda _request: json_answer({"next": None, "results": []})) as server:
        assert command(server.url, monkeypatch, "list", "datasets") == 0
        assert capsys.readouterr().out == "There are no datasets yet.\n"


def test_other_peoples_names_steer_no_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    steering = "a\x1b[2J\x9b1mb"
    rows = [run_in("running") | {"name": steering}]
    with serving(lambda _request: json_answer({"next": None, "results": rows})) as server:
        command(server.url, monkeypatch, "list", "runs")
    refusal = REFUSAL | {"errors": [{"field": "name", "message": f"{steering} has it."}]}
    with serving(lambda _request: json_answer(refusal, status=400)) as server:
        command(server.url, monkeypatch, "list", "runs")
    written = capsys.readouterr()
    assert written.out.endswith("a\ufffd[2J\ufffd1mb\n")
    assert written.err == "labelapp: name: a\ufffd[2J\ufffd1mb has it.\n"


@pytest.mark.parametrize(
    ("arguments", "answer", "status", "words"),
    [
        (["cancel", "5"], run_in("running"), 0, "run 5 'SFT' is told to stop; labelapp wait run 5"),
        (["cancel", "5"], run_in("cancelled"), 0, "run 5 'SFT' is cancelled"),
        (["cancel", "5"], REFUSAL, 2, "name: Too long."),
        (["resume", "run", "5"], run_in("queued"), 0, "run 5 'SFT' queued to go on"),
        (["resume", "run", "5"], REFUSAL, 2, "name: Too long."),
    ],
)
def test_runs_are_cancelled_and_resumed(
    arguments: list[str],
    answer: dict[str, Any],
    status: int,
    words: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with serving(lambda _request: json_answer(answer, status=409 if answer is REFUSAL else 200)) as server:
        assert command(server.url, monkeypatch, *arguments) == status
    (request,) = server.requests
    ending = "cancel" if arguments[0] == "cancel" else "resume"
    assert (request.method, request.path) == ("POST", f"/api/v1/runs/5/{ending}")
    assert words in "".join(capsys.readouterr())


def test_skipped_prompts_stand_together_by_reason() -> None:
    reasons = ["No answer."] * 7 + ["Archived."]
    lines = skips([{"prompt_id": number, "reason": reason} for number, reason in enumerate(reasons, start=1)])
    assert lines == ["prompts 1, 2, 3, 4, 5 … are skipped: No answer.", "prompt 8 is skipped: Archived."]


def test_a_project_without_tasks_is_sampled_by_use_case(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(lambda _request: json_answer(run_in("queued"))) as server:
        assert command(server.url, monkeypatch, "project", "sample", "3", "4", "--use-case", "open_qa") == 0
        asked = json.loads(server.requests[0].body)
    assert asked == {"project_id": 3, "use_cases": ["open_qa"]}


def test_programs_get_their_errors_as_json(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    with serving(lambda _request: json_answer(REFUSAL, status=400)) as server:
        command(server.url, monkeypatch, "follow", "5", "--json")
    written = capsys.readouterr()
    assert written.out == ""
    assert json.loads(written.err) == REFUSAL | {"message": "name: Too long."}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["import", "nowhere.jsonl"], "There is no file nowhere.jsonl."),
        (
            ["project", "create", "x", "--kind", "comparison", "--instructions", "nowhere.md"],
            "nowhere.md: No such file",
        ),
        (["project", "fill", "3"], "Say which prompts: --import"),
        (["wait", "run", "mine"], "Give the number of the run"),
    ],
)
def test_what_is_wrong_with_the_arguments(
    arguments: list[str],
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    with serving(lambda _request: Answer(500)) as server:
        assert command(server.url, monkeypatch, *arguments) == 2
    assert server.requests == []
    assert words in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["launch", "sft", "--input", "model"], "is not NAME=VALUE"),
        (["freeze", "x", "--query", "{"], "it is no JSON"),
        (["freeze", "x", "--query", "[]"], "give a JSON object"),
        (["freeze", "x", "--query", "@nowhere.json"], "nowhere.json: No such file"),
        (["follow", "mine"], "invalid int value"),
        (["list", "runs", "--limit", "0"], "not a whole number from 1 on"),
        (["resume", "project", "3"], "invalid choice"),
    ],
)
def test_arguments_that_cannot_be_read(arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert words in capsys.readouterr().err


def test_without_a_token_it_says_where_to_get_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("LABELAPP_TOKEN")
    assert command("http://labels.example.org", monkeypatch, "follow", "5") == 2
    assert "you make one on your profile page at http://labels.example.org" in capsys.readouterr().err
