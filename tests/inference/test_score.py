"""`python -m inference.score MODEL IN OUT`."""

import json
from pathlib import Path

import pytest

from inference.models import LoadedModel
from inference.prompts import encode_prompt, encode_response
from inference.score import main
from inference.scoring import score
from tests.inference.conftest import user


@pytest.fixture
def saved(reward_model: LoadedModel, tmp_path: Path) -> Path:
    directory = tmp_path / "reward_model"
    reward_model.model.save_pretrained(directory)
    reward_model.tokenizer.save_pretrained(directory)
    return directory


def write(path: Path, *rows: object) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_rows_are_scored_in_order_and_one_that_does_not_fit_is_told(
    saved: Path, reward_model: LoadedModel, tmp_path: Path
) -> None:
    rows = [
        {"id": "whole", "messages": user("hi"), "response": "Hello."},
        {"id": "long", "messages": user("x" * 2000), "response": "y"},
        {"id": "cut", "messages": user("hi"), "response": "Hello.", "finish_reason": "length"},
    ]
    out = tmp_path / "out.jsonl"
    arguments = [str(saved), str(write(tmp_path / "in.jsonl", *rows)), str(out), "--batch-size", "2", "--device", "cpu"]
    assert main(arguments) == 0
    found = [json.loads(line) for line in out.read_text().splitlines()]
    assert [row["id"] for row in found] == ["whole", "long", "cut"]
    assert found[1]["reward"] is None
    assert "do not fit" in found[1]["error"]
    tokenizer = reward_model.tokenizer
    prompt = encode_prompt(tokenizer, user("hi"))
    responses = [encode_response(tokenizer, "Hello."), encode_response(tokenizer, "Hello.", ended=False)]
    expected = score(reward_model.model, tokenizer, [prompt] * 2, responses, batch_size=1)
    assert [found[0]["reward"], found[2]["reward"]] == pytest.approx(expected, abs=1e-5)
    assert expected[0] != pytest.approx(expected[1], abs=1e-3)


@pytest.mark.parametrize(
    ("row", "named"),
    [
        ({"messages": user("hi")}, "line 1: response: is required"),
        ({"messages": [], "response": "x"}, "line 1: messages"),
        ({"messages": user("hi"), "response": "x", "reward": 1}, "line 1: reward: is not a known field"),
    ],
)
def test_a_bad_row_is_named_and_nothing_written(
    saved: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], row: object, named: str
) -> None:
    out = tmp_path / "out.jsonl"
    assert main([str(saved), str(write(tmp_path / "in.jsonl", row)), str(out)]) == 1
    assert named in capsys.readouterr().err
    assert not out.exists()


def test_a_language_model_cannot_score(
    tiny_directory: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = write(tmp_path / "in.jsonl", {"messages": user("hi"), "response": "x"})
    assert main([str(tiny_directory), str(rows), str(tmp_path / "out.jsonl")]) == 1
    assert "is not a reward model" in capsys.readouterr().err
