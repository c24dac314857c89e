"""Each alarm is driven for real: a policy that learns to end at once trips all of them, with what to do about it."""

import dataclasses
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from formats.run_directory import EXIT_BAD_INPUT, EXIT_DONE, RunDirectory, read_manifest, read_metrics
from inference.models import reward_model_from_causal_lm, save_reward_model
from tests.training.toy_runs import PPO, make_toy_run, start
from training.alarms import ALARMS, Watch
from training.errors import TrainingError

FIGURES = {"kl_nats": 1.0, "entropy_nats": 2.0, "response_tokens_mean": 20.0, "reward_std": 1.0}
# A step of Adam at this rate changes an untrained model of 20k parameters beyond recognition.
HASTY: dict[str, Any] = {"learning_rate": 0.05, "kl_coefficient": 0.0, "kl_target_nats": 0.0, "ptx_coefficient": 1e-4}


@pytest.fixture(scope="module")
def reward_for_ending(llama: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A reward model whose score is how much the last token looks like the end token."""
    torch.manual_seed(0)
    loaded = reward_model_from_causal_lm(llama, device="cpu", precision="float32")
    model: Any = loaded.model
    embeddings = model.get_input_embeddings().weight.detach()
    direction = embeddings[loaded.tokenizer.eos_token_id] - embeddings.mean(dim=0)
    with torch.no_grad():
        model.score.weight.copy_(direction[None] / direction.norm())
    directory = tmp_path_factory.mktemp("ending")
    save_reward_model(loaded, directory)
    return directory


def hasty_run(root: Path, llama: Path, reward_model: Path, **changes: Any) -> RunDirectory:
    models = {"model": llama, "reward_model": reward_model}
    given = (
        HASTY
        | {"alarm_kl_nats": 3.0, "alarm_iterations": 2, "episodes": 12 * 8, "ptx_examples_per_episode": 1}
        | changes
    )
    return make_toy_run(root / "run", kind="ppo", models=models, **given)


def test_a_policy_that_collapses_sets_off_every_alarm(tmp_path: Path, llama: Path, reward_for_ending: Path) -> None:
    bounds = {"alarm_length_fraction": 0.2, "alarm_entropy_fraction": 0.3, "alarm_score_std": 0.3}
    directory = hasty_run(tmp_path, llama, reward_for_ending, **bounds)
    assert start(directory) == EXIT_DONE
    rows = read_metrics(directory.attempt(1).metrics_path)
    status = directory.attempt(1).read_status()
    assert status is not None
    warnings = read_manifest(directory.output).warnings
    assert status.warnings == warnings, "they are told while the run goes on, and kept"
    for alarm in [one for one in ALARMS if not one.since_best_gold]:
        [told] = [sentence for sentence in warnings if f"config.{alarm.setting} " in sentence]
        assert alarm.remedy in told
    assert rows[-1]["response_tokens_mean"] < 0.2 * rows[0]["response_tokens_mean"]


def test_an_alarm_that_stops_ends_the_run_with_its_reason(tmp_path: Path, llama: Path, reward_for_ending: Path) -> None:
    directory = hasty_run(tmp_path, llama, reward_for_ending, alarm_action="stop")
    assert start(directory) == EXIT_BAD_INPUT
    error = directory.attempt(1).read_error()
    assert error is not None
    assert (error.code, error.field) == ("kl_explosion", "config.alarm_kl_nats")
    assert "raise kl_coefficient" in error.message
    rows = read_metrics(directory.attempt(1).metrics_path)
    assert [row["kl_nats"] > 3.0 for row in rows[-3:]] == [False, True, True]
    assert not directory.is_done()


def test_a_figure_that_is_not_a_number_stops_at_once(tmp_path: Path, llama: Path, reward_for_ending: Path) -> None:
    loaded = reward_model_from_causal_lm(reward_for_ending, device="cpu", precision="float32")
    model: Any = loaded.model
    with torch.no_grad():
        model.score.weight.fill_(float("nan"))
    save_reward_model(loaded, tmp_path / "damaged")
    directory = hasty_run(tmp_path, llama, tmp_path / "damaged", packing="unpacked")
    assert start(directory) == EXIT_BAD_INPUT
    error = directory.attempt(1).read_error()
    assert error is not None
    assert error.code == "not_finite"
    assert read_metrics(directory.attempt(1).metrics_path) == []


@pytest.mark.parametrize(
    ("code", "figures"),
    [
        ("kl_explosion", {"kl_nats": 100.1}),
        ("entropy_collapse", {"entropy_nats": 0.19}),
        ("length_collapse", {"response_tokens_mean": 1.9}),
        ("constant_score", {"reward_std": 0.0}),
    ],
)
def test_a_threshold_must_be_passed_in_a_row(code: str, figures: dict[str, float]) -> None:
    told: list[str] = []
    watch = Watch(PPO, told.append)
    for out in (False, True, True, False, True, True):
        watch.look(FIGURES | (figures if out else {}), iteration=1)
    assert told == []
    watch.look(FIGURES | figures, iteration=7)
    assert len(told) == 1
    assert "(iteration 7)" in told[0]
    for iteration, out in enumerate((True, False, True, True, True, True), start=8):
        watch.look(FIGURES | (figures if out else {}), iteration=iteration)
    assert len(told) == 1, "each is told once, also where it goes off again"
    stopping = Watch(dataclasses.replace(PPO, alarm_action="stop", alarm_iterations=1), told.append)
    stopping.look(FIGURES, iteration=1)
    with pytest.raises(TrainingError) as caught:
        stopping.look(FIGURES | figures, iteration=2)
    assert caught.value.code == code


def test_a_resumed_run_still_counts_and_still_tells() -> None:
    told: list[str] = []
    watch = Watch(PPO, told.append)
    for iteration in range(5):
        watch.look(FIGURES | {"kl_nats": 200.0} | ({"reward_std": 0.0} if iteration > 2 else {}), iteration=iteration)
    again: list[str] = []
    resumed = Watch(PPO, again.append)
    resumed.load_state_dict(watch.state_dict())
    assert again == told
    resumed.look(FIGURES | {"reward_std": 0.0}, iteration=5)
    assert len(again) == 2
    for iteration in range(6, 10):
        resumed.look(FIGURES | ({"kl_nats": 200.0} if iteration > 6 else {}), iteration=iteration)
    assert len(again) == 2, "what was told before is not told again"


def test_thresholds_of_0_are_off() -> None:
    off: dict[str, Any] = dict.fromkeys(
        ("alarm_kl_nats", "alarm_entropy_fraction", "alarm_length_fraction", "alarm_score_std"), 0.0
    )
    watch = Watch(dataclasses.replace(PPO, **off), pytest.fail)
    for iteration in range(5):
        watch.look(
            {"kl_nats": 1e9, "entropy_nats": 0.0, "response_tokens_mean": 0.0, "reward_std": 0.0}, iteration=iteration
        )


def gold(mean: float, *, reward: float, error: float = 0.1) -> dict[str, float]:
    return FIGURES | {"gold_mean": mean, "gold_standard_error": error, "reward_mean": reward}


def watch_at_best(warn: Callable[[str], None]) -> Watch:
    """After twenty batches, of which the last ten had a gold score of 1 at a reward of 1."""
    watch = Watch(PPO, warn)
    for iteration in range(1, 21):
        watch.look(gold(0.5 if iteration < 11 else 1.0, reward=1.0), iteration=iteration)
    return watch


def test_a_gold_score_that_falls_while_the_reward_rises_is_told_from_its_best_on() -> None:
    told: list[str] = []
    watch = watch_at_best(told.append)
    # Six standard errors of a difference between two means of ten batches, each of error 0.1, are 0.27.
    for iteration in range(21, 31):
        watch.look(gold(0.74, reward=2.0), iteration=iteration)
    for iteration in (31, 32):
        watch.look(gold(0.5, reward=2.0), iteration=iteration)
    resumed = Watch(PPO, told.append)
    resumed.load_state_dict(watch.state_dict())
    assert told == []
    resumed.look(gold(0.5, reward=2.0), iteration=33)
    assert len(told) == 1
    assert "fallen to 0.668 from 1 at 1 nats, each the mean of 10 batches, while the reward rose" in told[0]
    assert "(iteration 33)" in told[0]


def test_a_gold_score_that_falls_with_the_reward_is_no_over_optimization() -> None:
    watch = watch_at_best(pytest.fail)
    for iteration in range(21, 61):
        watch.look(gold(0.5, reward=0.9), iteration=iteration)


def test_noise_around_a_flat_gold_score_is_no_fall_in_a_thousand_iterations() -> None:
    noise = random.Random(0)
    for _ in range(50):
        watch = Watch(PPO, pytest.fail)
        for iteration in range(1000):
            watch.look(gold(noise.gauss(0.0, 0.1), reward=iteration / 1000), iteration=iteration)


@pytest.mark.parametrize(("fall", "within"), [(0.3, 20), (0.5, 12), (1.0, 9)])
def test_a_true_fall_is_told_soon(fall: float, within: int) -> None:
    """Falls by 3, 5 and 10 standard errors of one batch, after 200 iterations at its best."""
    noise = random.Random(1)
    for _ in range(10):
        told: list[str] = []
        watch = Watch(PPO, told.append)
        for iteration in range(200):
            watch.look(gold(noise.gauss(0.0, 0.1), reward=iteration / 1000), iteration=iteration)
        assert told == []
        for iteration in range(200, 200 + within):
            watch.look(gold(noise.gauss(-fall, 0.1), reward=iteration / 1000), iteration=iteration)
        assert len(told) == 1


def test_a_run_without_a_gold_score_and_an_alarm_that_is_off_tell_nothing_of_it() -> None:
    off = Watch(dataclasses.replace(PPO, alarm_gold_errors=0.0, alarm_iterations=1), pytest.fail)
    without = Watch(dataclasses.replace(PPO, alarm_iterations=1), pytest.fail)
    for iteration in range(40):
        off.look(gold(1.0 if iteration < 20 else 0.0, reward=iteration), iteration=iteration)
        without.look(FIGURES | {"reward_mean": iteration}, iteration=iteration)
