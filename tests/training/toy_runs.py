"""Run directories of a few seconds for the tests, on the toy task."""

import dataclasses
import math
import random
import signal
from collections.abc import Iterable, Mapping
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest

from benchmarks import toy_preference as toy
from formats.codec import Format
from formats.configs import Config, DpoConfig, PpoConfig, RewardModelConfig, SftConfig
from formats.jsonl import read_jsonl, write_jsonl
from formats.records import Demonstration, PretrainingText, Prompt, Ranking, RewardedResponse
from formats.run_directory import RunDirectory, read_metrics
from formats.run_spec import RunSpec
from training import process
from training.dpo import train_dpo
from training.ppo import train_ppo
from training.process import main
from training.reward_model import train_reward_model
from training.sft import train_sft

MODULES = {kind: f"training.{kind}" for kind in ("sft", "reward_model", "ppo", "dpo")}
PROMPTS = toy.make_prompts(24)

SFT = SftConfig(
    epochs=2,
    batch_size=4,
    micro_batch_tokens=200,
    learning_rate=1e-3,
    max_prompt_tokens=64,
    max_response_tokens=64,
    residual_dropout=0.1,
    pretraining_fraction=0.25,
    validation_every_steps=3,
    checkpoint_every_steps=2,
)
REWARD_MODEL = RewardModelConfig(
    epochs=2,
    batch_size=4,
    micro_batch_tokens=600,
    learning_rate=1e-3,
    max_prompt_tokens=64,
    max_response_tokens=64,
    validation_every_steps=3,
    checkpoint_every_steps=2,
)
PPO = PpoConfig(
    episodes=48,
    batch_size=8,
    minibatch_size=4,
    micro_batch_tokens=100,
    rollout_batch_size=8,
    inner_epochs=2,
    learning_rate=1e-3,
    value_learning_rate=1e-3,
    kl_target_nats=0.5,
    best_of_n_samples=3,
    best_of_n_prompts=2,
    ptx_coefficient=0.5,
    ptx_examples_per_episode=2,
    ema_decay=0.9,
    warmup_iterations=3,
    max_prompt_tokens=64,
    max_response_tokens=12,
    checkpoint_every_iterations=2,
)
DPO = DpoConfig(
    epochs=2,
    batch_size=4,
    micro_batch_tokens=600,
    learning_rate=1e-3,
    warmup_steps=2,
    max_prompt_tokens=64,
    max_response_tokens=64,
    validation_every_steps=3,
    checkpoint_every_steps=2,
)
TINY: dict[str, Config] = {"sft": SFT, "reward_model": REWARD_MODEL, "ppo": PPO, "dpo": DPO}


def demonstrations(split: str) -> list[Demonstration]:
    prompts = [prompt for prompt in PROMPTS if prompt.split == split]
    return toy.make_demonstrations(prompts, per_prompt=1)


def rankings(split: str) -> list[Ranking]:
    """Rankings of answers in the toy's styles: nothing needs to be sampled for them."""
    order = random.Random(0)
    styles = list(toy.STYLE_WEIGHTS)
    return [
        toy.make_ranking(
            prompt,
            [toy.ToyResponse(f"r{n}", toy.write_response(style, order=order)) for n, style in enumerate(styles)],
            labeler="labeler-0",
            order=order,
        )
        for prompt in PROMPTS
        if prompt.split == split
    ]


def tied_rankings() -> list[Ranking]:
    """The training rankings, the two best responses of each made equal."""
    found = []
    for row in rankings("train"):
        responses = tuple(dataclasses.replace(one, rank=max(one.rank, 2)) for one in row.responses)
        found.append(dataclasses.replace(row, responses=responses))
    return found


def pretraining_texts() -> list[PretrainingText]:
    return [PretrainingText(f"The {thing} stands in the hall. It is old.") for thing in toy.THINGS]


def toy_rows(kind: str) -> dict[str, list[Any]]:
    """The input files of a kind, by role."""
    if kind == "sft":
        return {
            "train": demonstrations("train"),
            "validation": demonstrations("valid"),
            "pretraining": pretraining_texts(),
        }
    if kind == "reward_model":
        return {
            "train": rankings("train"),
            "validation": rankings("valid"),
            "demonstrations": demonstrations("train"),
        }
    if kind == "dpo":
        return {"train": rankings("train"), "validation": rankings("valid")}
    prompts: list[Prompt] = [prompt for prompt in PROMPTS if prompt.split == "train"]
    return {"prompts": prompts, "pretraining": pretraining_texts()}


def make_run(
    root: Path, *, kind: str, models: dict[str, Path], config: Config, rows: Mapping[str, Iterable[Format]]
) -> RunDirectory:
    """A run directory that is ready to start."""
    directory = RunDirectory(root)
    directory.inputs.mkdir(parents=True)
    for role, own in rows.items():
        write_jsonl(directory.inputs / f"{role}.jsonl", own)
    places = {role: f"inputs/{role}.jsonl" for role in rows}
    inputs = {role: str(model) for role, model in models.items()} | places
    directory.write_spec(RunSpec(kind, config, inputs))  # type: ignore[arg-type]
    return directory


def make_toy_run(root: Path, *, kind: str, models: dict[str, Path], **changes: Any) -> RunDirectory:
    """A run of the tiny settings above, some of them changed, on all the toy's inputs for its kind."""
    config = dataclasses.replace(TINY[kind], **changes)
    return make_run(root, kind=kind, models=models, config=config, rows=toy_rows(kind))


def start(directory: RunDirectory, *, attempt: int | None = None) -> int:
    """Do the run's next attempt inside this process; return the exit code of its command."""
    spec = directory.read_spec()
    arguments = [str(directory.root), *(["--attempt", str(attempt)] if attempt else [])]
    if spec.kind == "sft":
        return main(train_sft, SftConfig, arguments)
    if spec.kind == "reward_model":
        return main(train_reward_model, RewardModelConfig, arguments)
    if spec.kind == "dpo":
        return main(train_dpo, DpoConfig, arguments)
    return main(train_ppo, PpoConfig, arguments)


def stop_after(monkeypatch: pytest.MonkeyPatch, *, step: int) -> None:
    """Stop a run in this process before the step after `step`, as SIGTERM does."""
    original = process.TrainingRun.stop_if_asked

    def stop_if_asked(run: process.TrainingRun, **arguments: Any) -> None:
        if arguments["step"] == step:
            signal.raise_signal(signal.SIGTERM)
        original(run, **arguments)

    monkeypatch.setattr(process.TrainingRun, "stop_if_asked", stop_if_asked)


def figures(directory: RunDirectory) -> list[dict[str, str]]:
    """Every metric of every step that does not depend on the clock, as hexadecimal: equal means bit for bit."""
    rows = read_metrics(directory.attempts()[-1].metrics_path)
    return [
        {name: float(value).hex() for name, value in row.items() if not name.endswith(("time", "second", "seconds"))}
        for row in rows
    ]


def held_out_loss(directory: RunDirectory) -> float:
    """The paper's loss of the toy's held-out rankings, from the rewards that a run left beside its model."""
    return fmean(fmean(math.log1p(math.exp(-value)) for value in own) for own in _differences(directory))


def held_out_differences(directory: RunDirectory) -> list[float]:
    """Of each pair of the toy's held-out rankings, how much more the better response got."""
    return [value for own in _differences(directory) for value in own]


def _differences(directory: RunDirectory) -> list[list[float]]:
    rewards: dict[str, list[float]] = {}
    for row in read_jsonl(directory.validation_rewards_output, RewardedResponse):
        rewards.setdefault(row.ranking_id, []).append(row.reward)
    return [
        [rewards[ranking.id][better] - rewards[ranking.id][worse] for better, worse in ranking.pairs()]
        for ranking in rankings("valid")
    ]


def resumed_at(directory: RunDirectory) -> int:
    """How many steps of the first attempt the newest took over, clock and all: a new start takes over none."""
    attempts = directory.attempts()
    before, after = (read_metrics(attempt.metrics_path) for attempt in (attempts[0], attempts[-1]))
    return sum(one == other for one, other in zip(before, after, strict=False)) if len(attempts) > 1 else 0
