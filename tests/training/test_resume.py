"""A run that is killed goes on to the same figures, bit for bit, and this test notices when it would not."""

import dataclasses
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from formats.files import sha256_of
from formats.run_directory import EXIT_DONE, EXIT_PREEMPTED, RunDirectory, read_manifest, read_metrics
from tests.training.toy_runs import (
    MODULES,
    REWARD_MODEL,
    demonstrations,
    figures,
    make_run,
    make_toy_run,
    start,
    tied_rankings,
)
from training import checkpointing, process
from training.errors import PreemptedError

ROOT = Path(__file__).parents[2]
Models = Callable[[str], dict[str, Path]]


@pytest.fixture(scope="module")
def reward_model(llama: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = make_toy_run(tmp_path_factory.mktemp("rm") / "run", kind="reward_model", models={"model": llama})
    assert start(directory) == EXIT_DONE
    return directory.model_output


@pytest.fixture(scope="module")
def models(llama: Path, reward_model: Path) -> Models:
    return lambda kind: {"model": llama} | ({"reward_model": reward_model} if kind == "ppo" else {})


def resumed_at(directory: RunDirectory) -> int:
    """How many steps the newest attempt took over, clock and all, from the one before: a new start takes over none."""
    before, after = (read_metrics(attempt.metrics_path) for attempt in directory.attempts()[-2:])
    return sum(one == other for one, other in zip(before, after, strict=False))


def weights(directory: RunDirectory) -> str:
    return sha256_of(directory.model_output / "model.safetensors")


@pytest.mark.parametrize(
    ("kind", "moment", "step", "resumed_from"),
    [("sft", "reported", 5, 4), ("reward_model", "saving", 4, 2), ("ppo", "reported", 3, 2)],
)
def test_a_killed_run_goes_on_to_the_same_bits(
    tmp_path: Path, models: Models, kind: str, moment: str, step: int, resumed_from: int
) -> None:
    whole = make_toy_run(tmp_path / "whole", kind=kind, models=models(kind))
    assert start(whole) == EXIT_DONE

    killed = make_toy_run(tmp_path / "killed", kind=kind, models=models(kind))
    command = [sys.executable, "-m", "tests.training.killed_process", MODULES[kind], str(killed.root), moment]
    ended = subprocess.run([*command, str(step)], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    assert not killed.output.exists()
    found = checkpointing.newest_checkpoint(killed)
    assert found is not None
    assert found[1] == resumed_from

    assert start(killed) == EXIT_DONE
    assert resumed_at(killed) == resumed_from
    assert len(figures(whole)) > step
    assert figures(killed) == figures(whole)
    assert weights(killed) == weights(whole)
    assert not list(killed.root.glob("attempt-*/checkpoints/*")), "checkpoints are of no use once the output is there"


@pytest.mark.parametrize(
    ("kind", "lost"),
    [
        ("sft", "optimizer"),
        ("sft", "random"),
        ("reward_model", "optimizer"),
        ("ppo", "policy_optimizer"),
        ("ppo", "value_optimizer"),
        ("ppo", "value"),
        ("ppo", "kl"),
    ],
)
def test_the_comparison_notices_a_part_that_is_lost(
    tmp_path: Path, models: Models, monkeypatch: pytest.MonkeyPatch, kind: str, lost: str
) -> None:
    whole = make_toy_run(tmp_path / "whole", kind=kind, models=models(kind))
    assert start(whole) == EXIT_DONE
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
    assert figures(stopped) != figures(whole)


def save_at_once(run: process.TrainingRun, *, step: int, state: Callable[[], dict[str, Any]]) -> None:
    run.save(step=step, state=state())
    raise PreemptedError


def stop_after(monkeypatch: pytest.MonkeyPatch, *, step: int) -> None:
    """Stop a run in this process before the step after `step`, as SIGTERM does."""
    original = process.TrainingRun.stop_if_asked

    def stop_if_asked(run: process.TrainingRun, **arguments: Any) -> None:
        if arguments["step"] == step:
            signal.raise_signal(signal.SIGTERM)
        original(run, **arguments)

    monkeypatch.setattr(process.TrainingRun, "stop_if_asked", stop_if_asked)


@pytest.mark.parametrize("kind", ["sft", "reward_model", "ppo"])
def test_sigterm_saves_and_the_run_goes_on_from_there(
    tmp_path: Path, models: Models, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    whole = make_toy_run(tmp_path / "whole", kind=kind, models=models(kind))
    assert start(whole) == EXIT_DONE
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
