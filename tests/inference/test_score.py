"""`python -m inference.score MODEL IN OUT`."""

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from inference.models import LoadedModel, save_reward_model
from inference.prompts import encode_prompt, encode_response
from inference.score import WINDOW_LINES, load_scorer, main
from inference.scoring import rewards
from inference.sequences import collate
from tests.inference.conftest import user


@pytest.fixture
def saved(reward_model: LoadedModel, tmp_path: Path) -> Path:
    reward_model.model.config.reward_bias = 0.5
    save_reward_model(reward_model, tmp_path / "reward_model")
    return tmp_path / "reward_model"


def write(path: Path, *rows: object) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def alone(model: LoadedModel, text: str, response: str, *, ended: bool = True) -> float:
    """The reward of one response in a forward pass of its own."""
    prompt = encode_prompt(model.tokenizer, user(text))
    own = encode_response(model.tokenizer, response, ended=ended)
    with torch.no_grad():
        return rewards(model.model, collate([prompt], [own], pad_id=0)).item()


@pytest.mark.parametrize("tokens", ["1", "100", "8192"])
def test_each_response_is_scored_as_it_would_be_alone(
    saved: Path, reward_model: LoadedModel, tmp_path: Path, tokens: str
) -> None:
    rows = [
        {"id": "several", "prompt": "hi", "responses": ["Hello.", "", "Go away, please."]},
        {"messages": user("bye"), "response": "Bye."},
        {"id": 7, "prompt": "hi", "response": "Hello.", "finish_reason": "length"},
    ]
    out = tmp_path / "out.jsonl"
    given = [str(saved), str(write(tmp_path / "in.jsonl", *rows)), str(out), "--device", "cpu"]
    assert main([*given, "--batch-tokens", tokens]) == 0
    found = [json.loads(line) for line in out.read_text().splitlines()]
    assert [(row["line"], row["id"], row["error"]) for row in found] == [(1, "several", ""), (2, None, ""), (3, 7, "")]
    expected = [
        [alone(reward_model, "hi", text) for text in ("Hello.", "", "Go away, please.")],
        [alone(reward_model, "bye", "Bye.")],
        [alone(reward_model, "hi", "Hello.", ended=False)],
    ]
    assert [row["rewards"] for row in found] == [pytest.approx(own, abs=1e-5) for own in expected]
    assert len({value for own in expected for value in own}) == 5


def test_a_bad_line_says_what_is_wrong_and_costs_the_others_nothing(
    saved: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad: list[tuple[Any, str]] = [
        ({"prompt": "hi"}, "responses: or response is required"),
        ({"prompt": "hi", "response": "x", "responses": ["y"]}, "responses: or response is required, and not both"),
        ({"prompt": "hi", "responses": []}, "responses: must hold at least one"),
        ({"response": "x"}, "prompt: or messages is required"),
        ({"messages": [{"role": "assistant", "content": "x"}], "response": "x"}, "messages[0].role: must be user"),
        ({"prompt": "hi", "response": "x", "reward": 1}, "reward: is not a known field"),
        ({"prompt": "x" * 2000, "response": "y"}, "do not fit the model's context"),
        ([], "must be an object"),
    ]
    good = {"prompt": "hi", "response": "Hello."}
    rows = write(tmp_path / "in.jsonl", good, *(row for row, _ in bad), good)
    with rows.open("ab") as file:
        file.write(b"\xff\n{\n\n")
    out = tmp_path / "out.jsonl"
    assert main([str(saved), str(rows), str(out), "--device", "cpu"]) == 1
    found = [json.loads(line) for line in out.read_text().splitlines()]
    told = [*(message for _, message in bad), "must be UTF-8", "must be JSON", "the line is empty"]
    failed = [row for row in found if row["error"]]
    assert len(failed) == len(told)
    for row, message in zip(failed, told, strict=True):
        assert message in row["error"]
        assert row["rewards"] is None
    assert found[0]["rewards"] == found[len(bad) + 1]["rewards"]
    assert "11 lines have an error instead of rewards, the first is line 2" in capsys.readouterr().err


def test_lines_stream_from_standard_input_to_standard_output(
    saved: Path, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    line = b'{"prompt": "hi", "response": "Hello."}\n'
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(line * 3)))
    assert main([str(saved), "--device", "cpu"]) == 0
    rows = [json.loads(row) for row in capsysbinary.readouterr().out.splitlines()]
    assert [row["line"] for row in rows] == [1, 2, 3]
    assert len({row["rewards"][0] for row in rows}) == 1


def test_no_more_is_read_ahead_than_a_window(saved: Path) -> None:
    scorer = load_scorer(str(saved), device="cpu", precision="float32", batch_tokens=100_000)
    assert scorer.is_packed
    read = 0

    def lines() -> Any:
        nonlocal read
        while True:
            read += 1
            yield b"no JSON"

    results = scorer.score(lines())
    assert [next(results).line for _ in range(WINDOW_LINES + 1)][-1] == WINDOW_LINES + 1
    assert read == 2 * WINDOW_LINES


@pytest.mark.parametrize(
    ("model", "rows", "message"),
    [
        ("{tiny}", "{in}", "is not a reward model"),
        ("{tiny}", "{in}.gone", "No such file"),
        ("{in}.gone", "{in}", "no such directory"),
    ],
)
def test_what_cannot_run_is_told_in_a_line_and_leaves_nothing(
    tiny_directory: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], model: str, rows: str, message: str
) -> None:
    source = write(tmp_path / "in.jsonl", {"prompt": "hi", "response": "x"})
    names = {"tiny": tiny_directory, "in": source}
    assert main([model.format(**names), rows.format(**names), str(tmp_path / "out.jsonl")]) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert message in line
    assert [path.name for path in tmp_path.iterdir()] == ["in.jsonl"]
