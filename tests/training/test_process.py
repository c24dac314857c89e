"""What a person gets to see when a run cannot go on: an exit code, and one line that names what to change."""

import dataclasses
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from formats.configs import SftConfig
from formats.jsonl import write_json
from formats.records import Ranking
from formats.run_directory import EXIT_BAD_INPUT, EXIT_DONE, RunDirectory, RunError, read_manifest
from tests.training.toy_runs import (
    REWARD_MODEL,
    make_run,
    make_toy_run,
    rankings,
    start,
    toy_rows,
)
from training import process
from training.process import main
from training.sft import train_sft


def error_of(directory: RunDirectory) -> RunError:
    """Start a run that must fail; return what it says."""
    assert start(directory) == EXIT_BAD_INPUT
    error = directory.attempts()[-1].read_error()
    assert error is not None
    assert "\n" not in error.message
    assert not directory.output.exists()
    return error


def sft_run(root: Path, model: Path, **changes: Any) -> RunDirectory:
    return make_toy_run(root / "run", kind="sft", models={"model": model}, **changes)


def tied(ranking: Ranking) -> Ranking:
    return dataclasses.replace(
        ranking, responses=tuple(dataclasses.replace(response, rank=1) for response in ranking.responses)
    )


def test_no_pairs_once_ties_are_dropped(tmp_path: Path, llama: Path) -> None:
    rows = toy_rows("reward_model") | {"train": [tied(ranking) for ranking in rankings("train")]}
    directory = make_run(tmp_path / "run", kind="reward_model", models={"model": llama}, config=REWARD_MODEL, rows=rows)
    error = error_of(directory)
    assert (error.code, error.field) == ("no_pairs", "inputs.train")
    assert error.message == "none of the 20 rankings has a pair left once ties are dropped"


def test_some_rankings_without_pairs_are_left_out(tmp_path: Path, llama: Path) -> None:
    some = rankings("train")
    rows = toy_rows("reward_model") | {"train": [tied(some[0]), *some[1:5]]}
    config = dataclasses.replace(REWARD_MODEL, epochs=1)
    directory = make_run(tmp_path / "run", kind="reward_model", models={"model": llama}, config=config, rows=rows)
    assert start(directory) == EXIT_DONE
    status = directory.attempt(1).read_status()
    assert status is not None
    assert status.total_steps == 1, "4 rankings are one batch"
    warnings = read_manifest(directory.output).warnings
    assert warnings == ("train: 1 of 5 rankings are left out: they are ties throughout.",)


@pytest.mark.parametrize(
    ("content", "code", "message"),
    [
        (b"", "empty_dataset", "inputs/train.jsonl has no rows"),
        (b"{}\n", "bad_input", "inputs/train.jsonl: line 1: id: is required"),
        (b"\xff\n", "bad_input", "inputs/train.jsonl: line 1: must be UTF-8; byte 0 is not"),
        (None, "bad_input", "names a file that is not there: inputs/train.jsonl"),
    ],
)
def test_input_files_that_are_not_right(
    tmp_path: Path, llama: Path, content: bytes | None, code: str, message: str
) -> None:
    directory = sft_run(tmp_path, llama)
    path = directory.inputs / "train.jsonl"
    path.unlink() if content is None else path.write_bytes(content)
    assert error_of(directory) == RunError(code, message, "inputs.train")


def test_prompts_that_are_all_too_long(tmp_path: Path, llama: Path) -> None:
    error = error_of(sft_run(tmp_path, llama, max_prompt_tokens=4))
    assert (error.code, error.field) == ("no_rows_left", "config.max_prompt_tokens")


def test_lengths_beyond_the_context(tmp_path: Path, llama: Path) -> None:
    error = error_of(sft_run(tmp_path, llama, max_prompt_tokens=1024))
    assert (error.code, error.field) == ("context_too_long", "config.max_response_tokens")
    assert "1088" in error.message


@pytest.mark.parametrize("kind", ["sft", "reward_model", "ppo"])
def test_a_loss_that_is_not_a_number_stops_the_run(tmp_path: Path, llama: Path, kind: str) -> None:
    reward = make_toy_run(tmp_path / "rm", kind="reward_model", models={"model": llama}, epochs=1)
    assert start(reward) == EXIT_DONE
    broken = "reward_model" if kind == "ppo" else "model"
    models = {"model": llama} | ({"reward_model": reward.model_output} if kind == "ppo" else {})
    models[broken] = break_weights(models[broken], tmp_path / "broken")
    error = error_of(make_toy_run(tmp_path / "run", kind=kind, models=models))
    assert error.code == "not_finite"
    assert "nan" in error.message
    assert error.field == "config.learning_rate"


def break_weights(model: Path, copy: Path) -> Path:
    """A copy of a model in which one weight of a norm is not a number."""
    shutil.copytree(model, copy)
    weights = load_file(copy / "model.safetensors")
    weights["model.layers.0.input_layernorm.weight"][0] = float("nan")
    save_file(weights, copy / "model.safetensors", metadata={"format": "pt"})
    return copy


def test_a_model_that_is_not_there(tmp_path: Path, llama: Path) -> None:
    directory = sft_run(tmp_path, tmp_path / "nowhere")
    error = error_of(directory)
    assert error.code == "model_error"
    assert "no such directory" in error.message
    status = directory.attempt(1).read_status()
    assert status is not None
    assert status.phase == "load"


@pytest.mark.parametrize(
    ("change", "wrong_field"),
    [
        ({"config": {"learning_rat": 1.0}}, "config.learning_rat"),
        ({"config": {"epochs": -1}}, "config.epochs"),
        ({"inputs": {}}, "inputs.model"),
        ({"kind": "ppo", "config": {"ptx_coefficient": 0}}, "inputs.train"),
    ],
)
def test_settings_that_are_not_right(tmp_path: Path, llama: Path, change: dict[str, Any], wrong_field: str) -> None:
    directory = sft_run(tmp_path, llama)
    write_json(directory.config_path, json.loads(directory.config_path.read_bytes()) | change)
    assert main(train_sft, SftConfig, [str(directory.root)]) == EXIT_BAD_INPUT
    error = directory.attempt(1).read_error()
    assert error is not None
    assert (error.code, error.field) == ("bad_input", wrong_field)


def test_a_run_of_another_kind(tmp_path: Path, llama: Path) -> None:
    directory = make_toy_run(tmp_path / "run", kind="reward_model", models={"model": llama})
    assert main(train_sft, SftConfig, [str(directory.root)]) == EXIT_BAD_INPUT
    assert directory.attempt(1).read_error() == RunError(
        "bad_input", "is reward_model, which another command runs", "kind"
    )


def test_a_crash_is_told_in_a_line_and_is_still_a_crash(
    tmp_path: Path, llama: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = sft_run(tmp_path, llama)

    def crash(*_args: Any, **_named: Any) -> None:
        raise IndexError("out of range")

    monkeypatch.setattr(process.TrainingRun, "publish", crash)
    with pytest.raises(IndexError):
        start(directory)
    error = directory.attempt(1).read_error()
    assert error is not None
    assert (error.code, error.message) == ("crash", "IndexError: out of range")


def test_too_little_memory_says_what_to_lower(tmp_path: Path, llama: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def exhaust(*_args: Any, **_named: Any) -> None:
        raise torch.OutOfMemoryError

    monkeypatch.setattr(process.TrainingRun, "save", exhaust)
    error = error_of(sft_run(tmp_path, llama))
    assert (error.code, error.field) == ("out_of_memory", "config.micro_batch_tokens")


def test_a_directory_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(train_sft, SftConfig, [str(tmp_path / "nowhere")])
    assert "is not a directory" in capsys.readouterr().err


def test_what_a_kill_left_of_an_output_does_not_stand_in_the_way(tmp_path: Path, llama: Path) -> None:
    directory = sft_run(tmp_path, llama, epochs=1)
    (directory.root / ".output-1" / "model").mkdir(parents=True)
    (directory.output / "model").mkdir(parents=True)
    assert start(directory, attempt=1) == EXIT_DONE
    assert directory.is_done()
    assert not list(directory.root.glob(".output-*"))


def test_validation_and_pretraining_files_are_checked_like_the_rest(tmp_path: Path, llama: Path) -> None:
    directory = sft_run(tmp_path, llama)
    (directory.inputs / "validation.jsonl").write_bytes(b"")
    assert error_of(directory).field == "inputs.validation"
