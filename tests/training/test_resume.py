"""A run that is killed goes on to the same figures, bit for bit, and this test notices when it would not."""

import dataclasses
import functools
import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from formats.files import sha256_of
from formats.run_directory import EXIT_DONE, EXIT_PREEMPTED, RunDirectory, read_manifest
from tests.training.kills import run_killed, run_through, run_without
from tests.training.toy_runs import (
    REWARD_MODEL,
    demonstrations,
    figures,
    make_run,
    make_toy_run,
    resumed_at,
    start,
    stop_after,
    tied_rankings,
)
from training import checkpointing, process
from training.errors import PreemptedError

Models = Callable[[str], dict[str, Path]]


@pytest.fixture(scope="module")
def reward_model(llama: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = make_toy_run(tmp_path_factory.mktemp("rm") / "run", kind="reward_model", models={"model": llama})
    assert start(directory) == EXIT_DONE
    return directory.model_output


@pytest.fixture(scope="module")
def models(llama: Path, reward_model: Path) -> Models:
    return lambda kind: {"model": llama} | ({"reward_model": reward_model} if kind == "ppo" else {})


@pytest.fixture(scope="module")
def whole_run(models: Models, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], RunDirectory]:
    """The toy run of a kind from beginning to end without a stop; made once."""

    @functools.cache
    def run(kind: str) -> RunDirectory:
        directory = make_toy_run(tmp_path_factory.mktemp(kind) / "whole", kind=kind, models=models(kind))
        assert start(directory) == EXIT_DONE
        return directory

    return run


def weights(directory: RunDirectory) -> str:
    return sha256_of(directory.model_output / "model.safetensors")


KINDS = ("sft", "reward_model", "ppo", "dpo")
KILLS = 20
# What a killed run must go on with, or it is found out: its random numbers, and PPO's KL controller.
CONTROLS = {"sft": ("random",), "reward_model": ("random",), "ppo": ("random", "kl"), "dpo": ("random",)}


def killable_run(root: Path, kind: str, models: Models, gpt2: Path) -> RunDirectory:
    """A run of that kind with something random in each step where there is anything: dropout, for DPO LoRA's."""
    if kind == "reward_model":
        settings: dict[str, Any] = {"epochs": 1, "checkpoint_every_steps": 1, "packing": "unpacked"}
        return make_toy_run(root, kind=kind, models={"model": gpt2}, **settings)
    if kind == "ppo":
        roles = models(kind)
        roles["gold_reward_model"] = roles["reward_model"]
        return make_toy_run(root, kind=kind, models=roles, episodes=32, checkpoint_every_iterations=1)
    if kind == "dpo":
        settings = {"epochs": 1, "checkpoint_every_steps": 1, "method": "lora", "lora_dropout": 0.3}
        return make_toy_run(root, kind=kind, models=models(kind), **settings)
    return make_toy_run(root, kind=kind, models=models(kind), epochs=1, checkpoint_every_steps=1)


@pytest.mark.parametrize("kind", KINDS)
def test_a_run_that_is_killed_at_any_moment_goes_on_to_the_same_bits(
    tmp_path: Path, models: Models, gpt2: Path, kind: str
) -> None:
    names = itertools.count()

    def make() -> RunDirectory:
        return killable_run(tmp_path / f"run-{next(names)}", kind, models, gpt2)

    whole = make()
    seconds = run_through(whole)

    killed = run_killed(make, kills=KILLS, seconds=seconds, seed=kind)
    # One that is killed when its output is out needs no other attempt.
    assert sum(len(run.attempts()) - 1 for run in killed) in range(KILLS + 1 - len(killed), KILLS + 2)
    assert resumed_at(killed[0]), "no attempt has gone on from a checkpoint"
    for run in killed:
        assert figures(run) == figures(whole)
        assert weights(run) == weights(whole)
        assert read_manifest(run.output).summary.keys() == read_manifest(whole.output).summary.keys()
        assert not list(run.root.glob("attempt-*/checkpoints/*")), "checkpoints are of no use once the output is there"

    for part in CONTROLS[kind]:
        control = make()
        run_without(control, part=part)
        assert figures(control) != figures(whole), f"{part} is lost and nobody notices"


@pytest.mark.parametrize(
    ("kind", "lost"),
    [
        ("sft", "model"),
        ("sft", "optimizer"),
        ("sft", "random"),
        ("reward_model", "model"),
        ("reward_model", "optimizer"),
        ("ppo", "policy"),
        ("ppo", "average"),
        ("ppo", "policy_optimizer"),
        ("ppo", "value_optimizer"),
        ("ppo", "value"),
        ("ppo", "kl"),
    ],
)
def test_the_comparison_notices_a_part_that_is_lost(
    tmp_path: Path,
    models: Models,
    whole_run: Callable[[str], RunDirectory],
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
    lost: str,
) -> None:
    whole = whole_run(kind)
    stopped = make_toy_run(tmp_path / "stopped", kind=kind, models=models(kind))
    stop_after(monkeypatch, step=2)
    assert start(stopped) == EXIT_PREEMPTED
    monkeypatch.undo()
    load = checkpointing.load_checkpoint

    def load_without(path: Path) -> dict[str, Any]:
        """As if the part had never been saved: what a fresh run has stands in its place."""
        fresh = make_toy_run(tmp_path / "fresh", kind=kind, models=models(kind))
        with monkeypatch.context() as patch:
            patch.setattr(process.TrainingRun, "stop_if_asked", save_at_once)
            patch.setattr(process, "load_checkpoint", load)
            assert start(fresh) == EXIT_PREEMPTED
        found = checkpointing.newest_checkpoint(fresh)
        assert found is not None
        at_start = load(found[0].checkpoint(found[1]))  # sets the random state of step 0
        if lost == "random":
            random_state = checkpointing._random_state()
            state = load(path)
            checkpointing._set_random_state(random_state)
            return state
        return load(path) | {lost: at_start[lost]}

    monkeypatch.setattr(process, "load_checkpoint", load_without)
    assert start(stopped) == EXIT_DONE
    assert figures(stopped)[:2] == figures(whole)[:2]
    assert weights(stopped) != weights(whole)
    if lost != "average":  # nothing is charted of it; it is the output and nothing else
        assert figures(stopped) != figures(whole)


def save_at_once(run: process.TrainingRun, *, step: int, state: Callable[[], dict[str, Any]]) -> None:
    run.save(step=step, state=state())
    raise PreemptedError


@pytest.mark.parametrize("kind", ["sft", "reward_model", "ppo"])
def test_sigterm_saves_and_the_run_goes_on_from_there(
    tmp_path: Path,
    models: Models,
    whole_run: Callable[[str], RunDirectory],
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
) -> None:
    whole = whole_run(kind)
    stopped = make_toy_run(tmp_path / "stopped", kind=kind, models=models(kind))
    stop_after(monkeypatch, step=3)
    assert start(stopped, attempt=4) == EXIT_PREEMPTED
    assert stopped.attempt(4).checkpoint_steps() == [3]
    assert stopped.attempt(4).read_error() is None
    monkeypatch.undo()
    assert start(stopped) == EXIT_DONE
    assert [attempt.epoch for attempt in stopped.attempts()] == [4, 5]
    assert resumed_at(stopped) == 3
    assert figures(stopped) == figures(whole)
    assert weights(stopped) == weights(whole)
    assert read_manifest(stopped.output).kind == kind


@pytest.mark.usefixtures("products")
@pytest.mark.parametrize("products", ["onednn"], indirect=True)
def test_a_run_that_multiplies_by_onednn_goes_on_to_the_bit(tmp_path: Path, models: Models) -> None:
    whole, stopped = (make_toy_run(tmp_path / name, kind="sft", models=models("sft")) for name in ("whole", "stopped"))
    assert start(whole) == EXIT_DONE
    with pytest.MonkeyPatch.context() as stopping:
        stop_after(stopping, step=3)
        assert start(stopped) == EXIT_PREEMPTED
    assert start(stopped) == EXIT_DONE
    assert resumed_at(stopped) == 3
    assert figures(stopped) == figures(whole)
    assert weights(stopped) == weights(whole)


def test_a_learned_tie_parameter_goes_on_with_its_optimizer(
    tmp_path: Path, models: Models, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = dataclasses.replace(REWARD_MODEL, ties="davidson", validation_every_steps=100)
    rows: dict[str, Any] = {"train": tied_rankings(), "demonstrations": demonstrations("train")}
    found = {}
    for name, lost in (("whole", ""), ("stopped", ""), ("parameter lost", "ties"), ("optimizer lost", "tie_optimizer")):
        directory = make_run(
            tmp_path / name, kind="reward_model", models=models("reward_model"), config=config, rows=rows
        )
        if name != "whole":
            stop_after(monkeypatch, step=3)
            assert start(directory) == EXIT_PREEMPTED
            monkeypatch.undo()
        if lost:
            monkeypatch.setattr(process, "load_checkpoint", without(lost))
        assert start(directory) == EXIT_DONE
        monkeypatch.undo()
        found[name] = [row["tie_parameter"] for row in figures(directory)]
    assert found["stopped"] == found["whole"]
    assert found["parameter lost"][3:] != found["whole"][3:]
    assert found["optimizer lost"][3:] != found["whole"][3:]


def without(part: str) -> Callable[[Path], dict[str, Any]]:
    """Loading as if a part of the state had been reset."""
    load = checkpointing.load_checkpoint

    def load_without(path: Path) -> dict[str, Any]:
        state = load(path)
        if part == "ties":
            return state | {part: {name: value * 0.5 for name, value in state[part].items()}}
        return state | {part: state[part] | {"state": {}}}

    return load_without


def test_a_finished_run_is_left_as_it_is(tmp_path: Path, models: Models) -> None:
    directory = make_toy_run(tmp_path / "run", kind="sft", models=models("sft"), epochs=1)
    assert start(directory) == EXIT_DONE
    before = weights(directory)
    assert start(directory) == EXIT_DONE
    assert [attempt.epoch for attempt in directory.attempts()] == [1]
    assert weights(directory) == before


def test_settings_may_not_change_under_a_checkpoint(
    tmp_path: Path, models: Models, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = make_toy_run(tmp_path / "run", kind="sft", models=models("sft"))
    stop_after(monkeypatch, step=1)
    assert start(directory) == EXIT_PREEMPTED
    monkeypatch.undo()
    changed = make_toy_run(tmp_path / "other", kind="sft", models=models("sft"), learning_rate=2e-3)
    directory.config_path.write_bytes(changed.config_path.read_bytes())
    assert start(directory) == 2
    error = directory.attempts()[-1].read_error()
    assert error is not None
    assert error.code == "config_changed"


def test_a_checkpoint_from_before_a_setting_was_known_is_gone_on_from(
    tmp_path: Path, models: Models, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = make_toy_run(tmp_path / "run", kind="sft", models=models("sft"))
    stop_after(monkeypatch, step=1)
    assert start(directory) == EXIT_PREEMPTED
    monkeypatch.undo()
    load = checkpointing.load_checkpoint

    def load_old(path: Path) -> dict[str, Any]:
        state = load(path)
        assert state["config"].pop("gradient_checkpointing") is False
        return state

    monkeypatch.setattr(process, "load_checkpoint", load_old)
    assert start(directory) == EXIT_DONE
