import dataclasses
from pathlib import Path

import pytest
import torch

from formats.configs import PpoConfig
from formats.run_directory import RunDirectory, read_metrics
from formats.run_spec import RunSpec
from inference.models import load_causal_lm, load_reward_model
from inference.sampling import SamplingSettings
from tests.training.toy_runs import PPO, make_toy_run, start, toy_rows
from training.batches import chunks, collate
from training.moving_average import MovingAverage
from training.optimizing import adam, arithmetic
from training.policy_update import Learner
from training.ppo import load_actors
from training.process import TrainingRun
from training.ranking_rewards import score_rows
from training.response_loss import ResponseLoss
from training.rollouts import Actors, Episodes, make_targets, sample_rollouts, score_rollouts
from training.sequences import Encoder, Lengths, TokenSequence
from training.value_network import response_values

PRECISION = arithmetic("float32", torch.device("cpu"))


@pytest.fixture(scope="module", params=["llama", "gpt2"])
def models(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    base: Path = request.getfixturevalue(request.param)
    directory = make_toy_run(tmp_path_factory.mktemp("rm") / "run", kind="reward_model", models={"model": base})
    assert start(directory) == 0
    return {"model": base, "reward_model": directory.model_output}


def actors_of(models: dict[str, Path], config: PpoConfig, root: Path) -> Actors:
    inputs = {role: str(path) for role, path in models.items()}
    return load_actors(TrainingRun(RunDirectory(root), RunDirectory(root).attempt(1), config, inputs))


def experience_of(actors: Actors, *, count: int = 8, micro_batch_size: int = 3) -> list[Episodes]:
    prompts = Encoder(actors.policy.tokenizer, Lengths(64, 12)).prompts(toy_rows("ppo")["prompts"])
    rollouts = sample_rollouts(
        actors.policy,
        prompts[:count],
        first_episode=0,
        seed=0,
        settings=SamplingSettings(max_new_tokens=12),
        batch_size=count,
    )
    return [
        score_rollouts(actors, part, temperature=1.0, precision=PRECISION)
        for part in chunks(rollouts, micro_batch_size)
    ]


@pytest.mark.parametrize(("temperature", "precision"), [(1.0, "float32"), (0.7, "float32"), (1.0, "bfloat16")])
def test_the_ratio_is_exactly_1_before_the_first_update_of_every_iteration(
    tmp_path: Path, models: dict[str, Path], temperature: float, precision: str
) -> None:
    changes = {"temperature": temperature, "precision": precision, "episodes": 24}
    directory = make_toy_run(tmp_path / "run", kind="ppo", models=models, **changes)
    assert start(directory) == 0
    rows = read_metrics(directory.attempt(1).metrics_path)
    assert [row["first_ratio_deviation"] for row in rows] == [0.0] * 3
    assert max(row["ratio_max"] for row in rows) > 1.0, "later minibatches do move"
    assert rows[0]["kl_nats"] == 0.0, "the policy begins as its own reference"
    assert rows[-1]["kl_nats"] != 0.0


def test_the_value_network_begins_as_the_reward_model_bias_included(tmp_path: Path, models: dict[str, Path]) -> None:
    actors = actors_of(models, PPO, tmp_path)
    prompt, response = [257, *b"Hi", 261], [*b"abc"]
    batch = collate([TokenSequence(prompt, response)], pad_id=256, device=torch.device("cpu"))
    values = response_values(actors.value, batch)
    reward = load_reward_model(models["reward_model"], device="cpu", precision="float32")
    # The value before a token is the reward of the text so far.
    rewards = [score_rows(reward, [TokenSequence(prompt, response[:n])]).item() for n in range(3)]
    assert values[0].tolist() == pytest.approx(rewards, abs=1e-5)


def test_advantages_are_whitened_over_the_whole_batch_and_returns_are_not(
    tmp_path: Path, models: dict[str, Path]
) -> None:
    experience = experience_of(actors_of(models, PPO, tmp_path))
    targets = make_targets(experience, kl_coefficient=0.02, discount=1.0, gae_lambda=1.0)
    pairs = list(zip(experience, targets, strict=True))
    every = torch.cat([target.advantages[episodes.mask] for episodes, target in pairs])
    raw = torch.cat([(target.returns - episodes.values)[episodes.mask] for episodes, target in pairs])
    torch.testing.assert_close(every, (raw - raw.mean()) / raw.std(correction=0), rtol=1e-3, atol=1e-4)
    assert every.mean().item() == pytest.approx(0.0, abs=1e-5)
    assert every.var(correction=0).item() == pytest.approx(1.0, rel=1e-3)
    for episodes, target in pairs:
        assert target.advantages[~episodes.mask].eq(0).all()
        # With λ = γ = 1 and no KL yet, the return at each token is the score.
        expected = episodes.scores[:, None].expand_as(target.returns)
        torch.testing.assert_close(target.returns[episodes.mask], expected[episodes.mask], atol=1e-4, rtol=1e-4)


def test_log_probs_are_those_of_the_sampling_temperature_and_the_kl_is_summed_over_the_response(
    tmp_path: Path, models: dict[str, Path]
) -> None:
    actors = actors_of(models, PPO, tmp_path)
    [episodes] = experience_of(actors, count=2, micro_batch_size=2)
    row = episodes.batch
    logits = actors.policy.model(
        input_ids=row.input_ids, attention_mask=row.attention_mask, position_ids=row.position_ids
    ).logits
    expected = logits[:, row.prompt_width - 1 : -1].log_softmax(-1).gather(2, row.response_ids[..., None])[..., 0]
    torch.testing.assert_close(episodes.log_probs[episodes.mask], expected[episodes.mask], rtol=1e-4, atol=1e-5)
    shifted = dataclasses.replace(episodes, reference_log_probs=episodes.log_probs - 0.5)
    torch.testing.assert_close(shifted.kl.sum(1), 0.5 * episodes.mask.sum(1).float())


@pytest.mark.parametrize("micro_batch_size", [1, 4])
def test_the_pretraining_gradient_is_whole_and_added_once(
    tmp_path: Path, models: dict[str, Path], micro_batch_size: int
) -> None:
    config = dataclasses.replace(PPO, ptx_coefficient=27.8, micro_batch_size=micro_batch_size)
    actors = actors_of(models, config, tmp_path)
    texts = Encoder(actors.policy.tokenizer, Lengths(64, 12)).texts(toy_rows("ppo")["pretraining"])
    policy_adam, value_adam = (
        adam(m, learning_rate=1e-9, betas=(0.9, 0.95)) for m in (actors.policy.model, actors.value)
    )
    average = MovingAverage(actors.policy.model, decay=0.9)
    learner = Learner(actors, config, policy_adam, value_adam, average, texts=texts, precision=PRECISION)
    # 6 episodes with 2 texts each are the 12 texts there are: one whole epoch of them.
    loss = learner.add_ptx_gradients(6, number=0)
    found = [w.grad.clone() for w in actors.policy.model.parameters() if w.grad is not None]
    actors.policy.model.zero_grad()
    whole = ResponseLoss(actors.policy, False, micro_batch_tokens=10_000)
    assert loss == pytest.approx(whole.add_gradients(texts, precision=PRECISION), rel=1e-5)
    for ours, weights in zip(found, actors.policy.model.parameters(), strict=True):
        assert weights.grad is not None
        torch.testing.assert_close(ours, 27.8 * weights.grad, rtol=1e-3, atol=1e-4)


def test_without_a_coefficient_there_is_no_pretraining_loss(tmp_path: Path, models: dict[str, Path]) -> None:
    directory = make_toy_run(tmp_path / "run", kind="ppo", models=models)
    plain = dataclasses.replace(PPO, ptx_coefficient=0.0, episodes=8)
    inputs = {role: place for role, place in directory.read_spec().inputs.items() if role != "pretraining"}
    directory.write_spec(RunSpec("ppo", plain, inputs))
    assert start(directory) == 0
    [row] = read_metrics(directory.attempt(1).metrics_path)
    assert "ptx_loss" not in row


@pytest.mark.parametrize(("decay", "moves"), [(0.99999, False), (0.0, True)])
def test_the_output_is_the_moving_average(tmp_path: Path, models: dict[str, Path], decay: float, moves: bool) -> None:
    directory = make_toy_run(tmp_path / "run", kind="ppo", models=models, ema_decay=decay, warmup_iterations=0)
    assert start(directory) == 0
    before = load_causal_lm(models["model"], device="cpu").model.state_dict()
    after = load_causal_lm(directory.model_output, device="cpu").model.state_dict()
    moved = max((after[name] - before[name]).abs().max().item() for name in before)
    assert (moved > 1e-3) == moves


def test_a_run_reports_what_the_dashboard_charts(tmp_path: Path, models: dict[str, Path]) -> None:
    directory = make_toy_run(tmp_path / "run", kind="ppo", models=models, episodes=19)
    assert start(directory) == 0
    rows = read_metrics(directory.attempt(1).metrics_path)
    assert len(rows) == 2, "whole batches of 8 only"
    named = "reward_mean reward_std kl_nats return_mean entropy_nats response_tokens_mean ratio_max clip_fraction"
    named += " value_loss policy_loss ptx_loss explained_variance eos_fraction episodes_per_second learning_rate"
    named += " kl_coefficient sampling_seconds scoring_seconds learning_seconds"
    assert set(named.split()) <= set(rows[0])
    assert rows[0]["learning_rate"] == pytest.approx(1e-4), "a tenth of the peak"
    assert rows[0]["return_mean"] == pytest.approx(rows[0]["reward_mean"])
    assert 0.0 <= rows[0]["eos_fraction"] <= 1.0


def test_a_reward_model_that_reads_other_tokens_is_refused(tmp_path: Path, models: dict[str, Path]) -> None:
    other = load_reward_model(models["reward_model"], device="cpu")
    other.tokenizer.add_tokens(["<new>"])
    other.model.resize_token_embeddings(len(other.tokenizer))
    other.model.save_pretrained(tmp_path / "other")
    other.tokenizer.save_pretrained(tmp_path / "other")
    directory = make_toy_run(
        tmp_path / "run", kind="ppo", models={"model": models["model"], "reward_model": tmp_path / "other"}
    )
    assert start(directory) == 2
    error = directory.attempt(1).read_error()
    assert error is not None
    assert (error.code, error.field) == ("tokenizer_mismatch", "inputs.reward_model")
