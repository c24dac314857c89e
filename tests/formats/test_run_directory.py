import shutil
from pathlib import Path
from typing import Any

import pytest

from formats.configs import PpoConfig, RewardModelConfig, SampleConfig, SftConfig
from formats.errors import FormatError
from formats.presets import preset
from formats.run_directory import (
    RunDirectory,
    RunError,
    append_metrics,
    is_whole,
    read_manifest,
    read_metrics,
    write_manifest,
)
from formats.run_spec import RunSpec

SFT = {"model": "/models/base", "train": "inputs/train.jsonl"}


def spec_json(**changes: Any) -> dict[str, Any]:
    return {"kind": "sft", "config": {}, "inputs": SFT} | changes


def test_a_spec_is_read_as_it_was_written(tmp_path: Path) -> None:
    directory = RunDirectory(tmp_path / "run")
    spec = RunSpec("sft", preset("sft", "tiny"), SFT)
    directory.write_spec(spec)
    assert directory.read_spec() == spec
    assert directory.inputs.is_dir()


def test_a_missing_config_is_told(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"config\.json: is required"):
        RunDirectory(tmp_path).read_spec()


@pytest.mark.parametrize(
    ("value", "wrong_field"),
    [
        (spec_json(kind="grpo"), "kind"),
        (spec_json(config={"epochs": "3"}), "config.epochs"),
        (spec_json(config={"lr": 1}), "config.lr"),
        (spec_json(extra=1), "extra"),
        (spec_json(inputs={"model": "m"}), "inputs.train"),
        (spec_json(inputs=SFT | {"prompts": "x"}), "inputs.prompts"),
        (spec_json(inputs=SFT | {"train": "/etc/passwd"}), "inputs.train"),
        (spec_json(inputs=SFT | {"train": "inputs/../../x"}), "inputs.train"),
        (spec_json(inputs=SFT | {"model": ""}), "inputs.model"),
        (spec_json(inputs=SFT | {"pretraining": "inputs/p.jsonl"}), "inputs.pretraining"),
        (spec_json(config={"pretraining_fraction": 0.1}), "inputs.pretraining"),
        (spec_json(inputs=SFT | {"reward_model": "r"}), "inputs.validation"),
        (spec_json(config={"checkpoint_rule": "validation_loss"}), "inputs.validation"),
        (spec_json(config={"checkpoint_rule": "reward"}), "inputs.reward_model"),
        (spec_json(config={"checkpoint_rule": "last"}, inputs=SFT | {"reward_model": "r"}), "inputs.reward_model"),
    ],
)
def test_a_spec_that_cannot_run_is_refused_by_name(value: dict[str, Any], wrong_field: str) -> None:
    with pytest.raises(FormatError) as caught:
        RunSpec.from_json(value)
    assert caught.value.field == wrong_field


def test_settings_decide_which_inputs_are_needed() -> None:
    reward = {"model": "m", "train": "inputs/t.jsonl"}
    with pytest.raises(FormatError, match=r"inputs\.demonstrations: is required"):
        RunSpec("reward_model", RewardModelConfig(), reward).validate()
    RunSpec("reward_model", RewardModelConfig(zero_point="responses"), reward).validate()
    with pytest.raises(FormatError, match=r"inputs\.validation: is required"):
        RunSpec("reward_model", RewardModelConfig(zero_point="responses", cross_validation_folds=5), reward).validate()
    ppo = {"model": "m", "reward_model": "r", "prompts": "inputs/p.jsonl"}
    with pytest.raises(FormatError, match=r"inputs\.pretraining: is required"):
        RunSpec("ppo", PpoConfig(), ppo).validate()
    RunSpec("ppo", PpoConfig(ptx_coefficient=0.0), ppo).validate()
    with pytest.raises(FormatError, match=r"inputs\.model: is required"):
        RunSpec("sample", SampleConfig(), {"prompts": "p"}).validate()
    remote = SampleConfig(endpoint_url="http://h/v1", endpoint_model="m")
    RunSpec("sample", remote, {"prompts": "p"}).validate()
    with pytest.raises(FormatError, match=r"inputs\.model: would not be read"):
        RunSpec("sample", remote, {"prompts": "p", "model": "m"}).validate()


def test_a_config_of_another_kind_is_refused() -> None:
    with pytest.raises(FormatError, match="config: must be a SftConfig"):
        RunSpec("sft", PpoConfig(), SFT).validate()
    RunSpec("sft", SftConfig(), SFT).validate()


def test_status_and_errors_are_read_as_written(tmp_path: Path) -> None:
    attempt = RunDirectory(tmp_path).attempt(3)
    attempt.root.mkdir()
    assert attempt.read_status() is None
    assert attempt.read_error() is None
    attempt.write_status(phase="train", step=2, total_steps=9, eta_seconds=1.5)
    status = attempt.read_status()
    assert status is not None
    assert (status.phase, status.step, status.total_steps, status.eta_seconds) == ("train", 2, 9, 1.5)
    assert status.updated_at.endswith("Z")
    attempt.write_error(RunError("no_pairs", "m", "inputs.train"))
    assert attempt.read_error() == RunError("no_pairs", "m", "inputs.train")


def test_attempts_and_checkpoints_are_listed_by_number(tmp_path: Path) -> None:
    for name in ("attempt-2", "attempt-10", "attempt-x", ".attempt-3"):
        (tmp_path / name).mkdir()
    directory = RunDirectory(tmp_path)
    assert [attempt.epoch for attempt in directory.attempts()] == [2, 10]
    for name in ("step-9", "step-10", ".step-11-ab"):
        (directory.attempt(2).checkpoints / name).mkdir(parents=True)
    assert directory.attempt(2).checkpoint_steps() == [9, 10]


def test_metrics_leave_out_what_json_cannot_say_and_the_line_being_written(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    with path.open("w", encoding="utf-8") as file:
        append_metrics(file, step=1, time=5.0, values={"loss": 0.1, "bad": float("nan"), "worse": float("inf")})
        file.write('{"step": 2, "lo')
    assert read_metrics(path) == [{"step": 1, "time": 5.0, "loss": 0.1}]
    assert read_metrics(tmp_path / "none.jsonl") == []


def test_output_appears_whole_and_a_changed_or_missing_file_is_noticed(tmp_path: Path) -> None:
    directory = RunDirectory(tmp_path)
    assert not directory.is_done()
    staging = tmp_path / ".staging"
    (staging / "model").mkdir(parents=True)
    (staging / "model" / "a.txt").write_text("hello")
    directory.publish_output(staging, kind="sft", summary={"loss": 0.5})
    assert directory.is_done()
    assert not staging.exists()
    manifest = read_manifest(directory.output)
    assert manifest.summary == {"loss": 0.5}
    expected = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
    assert manifest.files["model/a.txt"].to_json() == {"sha256": expected, "bytes": 5}
    (directory.output / "model" / "a.txt").write_text("hallo")
    assert not is_whole(directory.output)
    shutil.rmtree(directory.output / "model")
    assert not is_whole(directory.output)


def test_a_manifest_cannot_be_read_from_a_torn_one(tmp_path: Path) -> None:
    write_manifest(tmp_path, kind="x", summary={})
    assert is_whole(tmp_path)
    (tmp_path / "manifest.json").write_bytes(b'{"files"')
    assert not is_whole(tmp_path)


def test_places_inside_the_run_directory_win_over_hub_names(tmp_path: Path) -> None:
    directory = RunDirectory(tmp_path)
    assert directory.locate("org/model") == "org/model"
    (tmp_path / "inputs" / "model").mkdir(parents=True)
    assert directory.locate("inputs/model") == str(tmp_path / "inputs" / "model")
    assert directory.locate("/models/x") == "/models/x"
