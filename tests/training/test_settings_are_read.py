"""A setting that nothing reads is a lie on the launch form."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from formats.configs import DpoConfig, PpoConfig, RewardModelConfig, SampleConfig, SftConfig
from formats.run_directory import RunDirectory
from formats.run_spec import RunSpec
from inference.process import main
from inference.sample import sample
from tests.inference.fake_endpoint import running_endpoint
from tests.training.toy_runs import PROMPTS, TINY, make_run, make_toy_run, start

seen: set[str] = set()


class Recording:
    """Notes which settings are read; `to_json`, which reads all, does not count."""

    __slots__ = ()

    def __getattribute__(self, name: str) -> Any:
        seen.add(name)
        return super().__getattribute__(name)

    def to_json(self) -> dict[str, Any]:
        return {"recorded": True}


class RecordingSft(Recording, SftConfig):
    __slots__ = ()


class RecordingRewardModel(Recording, RewardModelConfig):
    __slots__ = ()


class RecordingPpo(Recording, PpoConfig):
    __slots__ = ()


class RecordingDpo(Recording, DpoConfig):
    __slots__ = ()


class RecordingSample(Recording, SampleConfig):
    __slots__ = ()


@pytest.mark.parametrize(
    ("kind", "recording"),
    [("sft", RecordingSft), ("reward_model", RecordingRewardModel), ("ppo", RecordingPpo), ("dpo", RecordingDpo)],
)
def test_the_trainer_reads_every_setting(
    tmp_path: Path, llama: Path, monkeypatch: pytest.MonkeyPatch, kind: str, recording: Any
) -> None:
    models = {"model": llama}
    if kind in ("sft", "ppo"):
        reward = make_toy_run(tmp_path / "rm", kind="reward_model", models=models, epochs=1)
        assert start(reward) == 0
        models["reward_model"] = reward.model_output
    directory = make_toy_run(tmp_path / "run", kind=kind, models=models, method="lora")
    spec = directory.read_spec()
    names = set(TINY[kind].to_json())
    recorder = recording(**spec.config.to_json())
    recorded = RunSpec(spec.kind, recorder, spec.inputs)
    starts: list[RunSpec] = [spec, recorded]  # the first answer tells `start` which command to run
    monkeypatch.setattr(RunDirectory, "read_spec", lambda _: starts.pop(0))
    seen.clear()
    assert start(directory) == 0
    assert names - seen == set()


def test_sampling_reads_every_setting(tmp_path: Path, llama: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From a model and from an endpoint, which have settings of their own."""
    read: set[str] = set()
    with running_endpoint() as endpoint:
        at_endpoint = {"endpoint_url": endpoint.url, "endpoint_model": "m", "endpoint_retries": 0}
        for name, changes in (("model", {}), ("endpoint", at_endpoint)):
            settings: dict[str, Any] = {"responses_per_prompt": 1, "max_response_tokens": 2, "device": "cpu", **changes}
            models = {"model": llama} if name == "model" else {}
            rows = {"prompts": PROMPTS[:1]}
            directory = make_run(
                tmp_path / name, kind="sample", models=models, config=SampleConfig(**settings), rows=rows
            )
            recorded = dataclasses.replace(directory.read_spec(), config=RecordingSample(**settings))
            monkeypatch.setattr(RunDirectory, "read_spec", lambda _, spec=recorded: spec)
            seen.clear()
            assert main(sample, [str(directory.root)], description="") == 0
            monkeypatch.undo()
            read |= seen
    assert set(SampleConfig().to_json()) - read == set()
