import dataclasses
import math
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoTokenizer, MistralConfig, MistralForSequenceClassification

from formats.configs import PpoConfig
from formats.run_directory import EXIT_BAD_INPUT, EXIT_PREEMPTED, RunDirectory, read_manifest, read_metrics
from formats.run_spec import RunSpec
from formats.shared_settings import Packing
from inference.models import load_causal_lm, load_reward_model, reward_model_from_causal_lm, save_reward_model
from inference.sampling import Sample, SamplingSettings
from inference.writers import TorchWriter
from tests.training.single_rows import score_rows
from tests.training.toy_runs import PPO, figures, make_toy_run, start, stop_after, toy_rows
from training.batches import endless_slice
from training.experience import Actors, Episodes, make_targets, score_rollouts, summarize
from training.optimizing import arithmetic
from training.policy_update import Learner
from training.ppo import load_actors
from training.process import TrainingRun
from training.rollouts import Rollout, read_rollout, rollout_settings, write_rollouts
from training.sequences import Encoder, Lengths, TokenPrompt, TokenSequence
from training.token_batches import TokenBatcher, make_batcher
from training.value_network import token_values

CPU = torch.device("cpu")
PRECISION = arithmetic("float32", CPU)


@pytest.fixture(scope="module", params=["llama", "gpt2"])
def models(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    base: Path = request.getfixturevalue(request.param)
    directory = make_toy_run(tmp_path_factory.mktemp("rm") / "run", kind="reward_model", models={"model": base})
    assert start(directory) == 0
    return {"model": base, "reward_model": directory.model_output}


def actors_of(models: dict[str, Path], config: PpoConfig, root: Path) -> Actors:
    inputs = {role: str(path) for role, path in models.items()}
    run = TrainingRun(RunDirectory(root), RunDirectory(root).attempt(1), config, inputs)
    return load_actors(run, lambda _network: None)


def batcher_of(actors: Actors, *, packing: Packing = "packed", micro_batch_tokens: int = 100) -> TokenBatcher:
    lengths = Lengths(64, 12)
    models = (actors.policy, actors.reference, actors.reward, actors.value)
    given: dict[str, Any] = {"micro_batch_tokens": micro_batch_tokens, "lengths": lengths, "warn": pytest.fail}
    return make_batcher(*models, packing=packing, **given)


def rollouts_of(actors: Actors, *, count: int = 8, stop: tuple[str, ...] = ()) -> list[Rollout]:
    prompts = Encoder(actors.policy.tokenizer, Lengths(64, 12)).prompts(toy_rows("ppo")["prompts"])[:count]
    settings = SamplingSettings(max_new_tokens=12, stop=stop)
    return write_rollouts(TorchWriter(count), actors.policy, prompts, first_episode=0, seed=0, settings=settings)


def experience_of(actors: Actors, rollouts: Sequence[Rollout], **changes: Any) -> list[list[Episodes]]:
    given: dict[str, Any] = {"minibatch_size": 4, "temperature": 1.0, "missing_eos_penalty": 0.0}
    given |= {"batcher": batcher_of(actors), "precision": PRECISION}
    return score_rollouts(actors, rollouts, **(given | changes))


def flat(minibatches: Sequence[Sequence[Any]], name: str) -> torch.Tensor:
    return torch.cat([getattr(one, name) for minibatch in minibatches for one in minibatch])


@pytest.mark.usefixtures("products")
@pytest.mark.parametrize(
    ("products", "temperature", "precision"),
    [("mkl", 1.0, "float32"), ("mkl", 0.7, "float32"), ("mkl", 1.0, "bfloat16"), ("onednn", 1.0, "float32")],
    indirect=["products"],
)
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
    reward = load_reward_model(models["reward_model"], device="cpu", precision="float32")
    # The value before a token is the reward of the text so far.
    rewards = [score_rows(reward, [TokenSequence(prompt, response[:n])]).item() for n in range(3)]
    for packing in ("packed", "unpacked"):
        batch = batcher_of(actors, packing=packing).collate([TokenSequence(prompt, response)])
        assert token_values(actors.value, batch).tolist() == pytest.approx(rewards, abs=1e-5)


def test_advantages_are_whitened_over_the_whole_batch_and_returns_are_not(
    tmp_path: Path, models: dict[str, Path]
) -> None:
    actors = actors_of(models, PPO, tmp_path)
    experience = experience_of(actors, rollouts_of(actors))
    assert len(experience) == 2
    assert all(len(minibatch) > 1 for minibatch in experience)
    targets = make_targets(experience, kl_coefficient=0.02, discount=1.0, gae_lambda=1.0)
    every = flat(targets, "advantages")
    returns = flat(targets, "returns")
    raw = returns - flat(experience, "values")
    torch.testing.assert_close(every, (raw - raw.mean()) / raw.std(correction=0), rtol=1e-3, atol=1e-4)
    assert every.mean().item() == pytest.approx(0.0, abs=1e-5)
    assert every.var(correction=0).item() == pytest.approx(1.0, rel=1e-3)
    # With λ = γ = 1 and no KL yet, the return at each token is the score of its response.
    expected = flat(experience, "scores").repeat_interleave(flat(experience, "lengths"))
    torch.testing.assert_close(returns, expected, atol=1e-4, rtol=1e-4)


def test_log_probs_are_those_of_the_sampling_temperature_and_the_kl_is_summed_over_the_response(
    tmp_path: Path, models: dict[str, Path]
) -> None:
    actors = actors_of(models, PPO, tmp_path)
    rollouts = rollouts_of(actors, count=3)
    [[episodes]] = experience_of(actors, rollouts, temperature=0.7, batcher=batcher_of(actors, micro_batch_tokens=999))
    alone = []
    for row in sorted((one.sequence for one in rollouts), key=lambda row: row.prompt_ids):
        ids = torch.tensor([row.prompt_ids + row.response_ids])
        logits = actors.policy.model(ids, attention_mask=torch.ones_like(ids)).logits[0, len(row.prompt_ids) - 1 : -1]
        chosen = torch.tensor(row.response_ids)[:, None]
        alone.append((logits / 0.7).log_softmax(-1).gather(1, chosen)[:, 0])
    torch.testing.assert_close(episodes.log_probs.sort()[0], torch.cat(alone).sort()[0], rtol=1e-4, atol=1e-5)
    shifted = dataclasses.replace(episodes, reference_log_probs=episodes.log_probs - 0.5)
    targets = make_targets([[shifted]], kl_coefficient=0.1, discount=1.0, gae_lambda=1.0)
    found = summarize([[shifted]], targets, kl_coefficient=0.1)
    tokens = episodes.lengths.float().mean().item()
    assert found["kl_nats"] == pytest.approx(0.5 * tokens)
    assert found["return_mean"] == pytest.approx(found["reward_mean"] - 0.05 * tokens, abs=1e-4)


@pytest.mark.usefixtures("products")
def test_packed_and_padded_experience_and_gradients_agree(tmp_path: Path, models: dict[str, Path]) -> None:
    found = {}
    for packing in ("packed", "unpacked"):
        actors = actors_of(models, PPO, tmp_path)
        prompts = rollouts_of(actors, count=3)
        # The second response to the first prompt shares it, where prompts are shared.
        rollouts = [*prompts, dataclasses.replace(prompts[0], sequence=prompts[0].sequence)]
        batcher = batcher_of(actors, packing=packing)
        experience = experience_of(actors, rollouts, batcher=batcher)
        targets = make_targets(experience, kl_coefficient=0.1, discount=1.0, gae_lambda=0.95)
        learner = Learner(actors, PPO, texts=[], batcher=batcher, precision=PRECISION)
        for episodes, target in zip(experience[0], targets[0], strict=True):
            learner._add_gradients(episodes, target, weight=1.0 / len(flat(experience, "values")))
        models_of = (actors.policy.model, actors.value)
        gradients = [w.grad for model in models_of for w in model.parameters() if w.grad is not None]
        found[packing] = (flat(experience, "scores").sort()[0], flat(experience, "values").sort()[0], *gradients)
    for packed, padded in zip(found["packed"], found["unpacked"], strict=True):
        torch.testing.assert_close(packed, padded, rtol=1e-3, atol=1e-5)


def test_a_response_without_an_end_pays_the_penalty(tmp_path: Path, models: dict[str, Path]) -> None:
    actors = actors_of(models, PPO, tmp_path)
    cut, *others = rollouts_of(actors)
    end = actors.policy.tokenizer.eos_token_id
    whole = TokenSequence(cut.sequence.prompt_ids, [*cut.sequence.response_ids[:-1], end])
    rollouts = [Rollout(whole, whole, has_ended=True), *(dataclasses.replace(one, has_ended=False) for one in others)]
    plain, fined = (
        experience_of(actors, rollouts, missing_eos_penalty=penalty, minibatch_size=8) for penalty in (0.0, 1.5)
    )
    difference = flat(plain, "scores") - flat(fined, "scores")
    torch.testing.assert_close(difference, torch.where(flat(plain, "has_ended"), 0.0, 1.5))
    assert flat(plain, "has_ended").sum() == 1


def test_a_stop_string_ends_a_response_and_is_not_shown_to_the_reward_model(
    tmp_path: Path, models: dict[str, Path]
) -> None:
    actors = actors_of(models, PPO, tmp_path)
    tokenizer = actors.policy.tokenizer
    whole = [one.sequence.response_ids for one in rollouts_of(actors, count=18)]
    number, ids = next((n, ids) for n, ids in enumerate(whole) if ids[0] < 128 and 33 <= ids[1] < 127)
    rollout = rollouts_of(actors, count=18, stop=(chr(ids[1]),))[number]
    assert rollout.has_ended
    assert rollout.sequence.response_ids == ids[:2], "the policy learns from all that it wrote"
    assert rollout.scored.response_ids == [ids[0], tokenizer.eos_token_id]
    assert rollout_settings(actors.policy, max_response_tokens=12, temperature=1.0).stop == ()
    tokenizer.chat_template = None
    settings = rollout_settings(actors.policy, max_response_tokens=12, temperature=1.0)
    assert settings.stop == ("\n\nUser:",), "a model without turns of its own must not speak for the user"


def test_what_is_no_text_before_a_stop_string_is_scored_within_the_limit(llama: Path) -> None:
    policy = load_causal_lm(llama, device="cpu")
    drawn = Sample([0xFF] * 10 + [ord("!")], "\ufffd" * 10, "stop")
    rollout = read_rollout(policy, TokenPrompt("p", [1]), drawn, settings=SamplingSettings(12, stop=("!",)))
    assert rollout.sequence.response_ids == drawn.token_ids
    assert rollout.scored.response_ids == [*("\ufffd" * 4).encode()], "30 bytes spell what 10 did"


def test_a_prompt_that_a_batch_has_twice_gets_two_responses_of_its_own(tmp_path: Path, models: dict[str, Path]) -> None:
    actors = actors_of(models, PPO, tmp_path)
    prompts = Encoder(actors.policy.tokenizer, Lengths(64, 12)).prompts(toy_rows("ppo")["prompts"])[:2]
    settings = SamplingSettings(max_new_tokens=12)
    asked: list[int] = []

    class Counting(TorchWriter):
        def write(self, policy: Any, prompts: Any, *, seeds: Any, settings: Any) -> Any:
            asked.append(len(prompts))
            return super().write(policy, prompts, seeds=seeds, settings=settings)

    given: dict[str, Any] = {"first_episode": 5, "seed": 0, "settings": settings}
    twice = write_rollouts(Counting(8), actors.policy, [*prompts, prompts[0]], **given)
    assert asked == [2]
    assert [one.sequence.prompt_ids for one in twice] == [prompts[0].ids, prompts[1].ids, prompts[0].ids]
    assert twice[0].sequence.response_ids != twice[2].sequence.response_ids
    assert twice[:2] == write_rollouts(TorchWriter(8), actors.policy, prompts, **given)


@pytest.mark.parametrize("micro_batch_tokens", [1, 200])
def test_the_pretraining_gradient_is_whole_and_added_once(
    tmp_path: Path, models: dict[str, Path], micro_batch_tokens: int
) -> None:
    config = dataclasses.replace(PPO, ptx_coefficient=27.8)
    actors = actors_of(models, config, tmp_path)
    model = actors.policy.model
    texts = Encoder(actors.policy.tokenizer, Lengths(64, 12)).texts(toy_rows("ppo")["pretraining"])
    batcher = batcher_of(actors, micro_batch_tokens=micro_batch_tokens)
    learner = Learner(actors, config, texts=texts, batcher=batcher, precision=PRECISION)
    # 6 episodes with 2 texts each are the 12 texts there are: one whole epoch of them.
    loss = learner.add_ptx_gradients(6, number=0)
    found = [w.grad.clone() for w in model.parameters() if w.grad is not None]
    model.zero_grad()
    # By the definition: γ times the mean over all tokens of -log π, each text by itself.
    terms = []
    for text in texts:
        ids = torch.tensor([text.prompt_ids + text.response_ids])
        logits = model(ids, attention_mask=torch.ones_like(ids)).logits[0, :-1]
        terms.append(-logits.log_softmax(-1).gather(1, ids[0, 1:, None])[:, 0])
    expected = torch.cat(terms).mean()
    (27.8 * expected).backward()  # type: ignore[no-untyped-call]
    assert loss == pytest.approx(expected.item(), rel=1e-5)
    for ours, weights in zip(found, model.parameters(), strict=True):
        assert weights.grad is not None
        torch.testing.assert_close(ours, weights.grad, rtol=1e-3, atol=1e-4)


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


@pytest.mark.parametrize("role", ["reward_model", "gold_reward_model"])
def test_a_reward_model_that_reads_other_tokens_is_refused(tmp_path: Path, models: dict[str, Path], role: str) -> None:
    other = load_reward_model(models["reward_model"], device="cpu")
    other.tokenizer.add_tokens(["<new>"])
    other.model.resize_token_embeddings(len(other.tokenizer))
    other.model.save_pretrained(tmp_path / "other")
    other.tokenizer.save_pretrained(tmp_path / "other")
    directory = make_toy_run(tmp_path / "run", kind="ppo", models=models | {role: tmp_path / "other"})
    assert start(directory) == EXIT_BAD_INPUT
    error = directory.attempt(1).read_error()
    assert error is not None
    assert (error.code, error.field) == ("tokenizer_mismatch", f"inputs.{role}")


def test_the_first_row_has_what_best_of_n_reaches_and_learning_is_the_same_without(
    tmp_path: Path, models: dict[str, Path]
) -> None:
    plain = make_toy_run(tmp_path / "plain", kind="ppo", models=models, episodes=16, best_of_n_samples=0)
    judged = make_toy_run(tmp_path / "judged", kind="ppo", models=models, episodes=16, best_of_n_samples=4)
    assert start(plain) == start(judged) == 0
    first, second = figures(judged)
    line = {name: float.fromhex(first.pop(name)) for name in list(first) if name.startswith("best_of_")}
    assert [first, second] == figures(plain)
    assert set(line) == {f"best_of_{n}_{what}" for n in (2, 4) for what in ("kl_nats", "reward")}
    assert line["best_of_2_reward"] < line["best_of_4_reward"]
    assert line["best_of_2_kl_nats"] == pytest.approx(math.log(2) - 1 / 2)
    # By the plain way: the same samples, each scored by itself.
    actors = actors_of(models, dataclasses.replace(PPO, best_of_n_samples=4), tmp_path)
    encoder = Encoder(actors.policy.tokenizer, Lengths(64, 12))
    prompts = endless_slice(encoder.prompts(toy_rows("ppo")["prompts"]), start=0, count=2, seed=PPO.seed)
    asked = [prompt for prompt in prompts for _ in range(4)]
    settings = rollout_settings(actors.policy, max_response_tokens=12, temperature=1.0)
    drawn = write_rollouts(TorchWriter(8), actors.policy, asked, first_episode=16, seed=PPO.seed, settings=settings)
    reward = load_reward_model(models["reward_model"], device="cpu", precision="float32")
    scores = [score_rows(reward, [one.scored]).item() for one in drawn]
    assert line["best_of_4_reward"] == pytest.approx((max(scores[:4]) + max(scores[4:])) / 2, abs=1e-5)


def test_a_gold_model_judges_all_responses_and_teaches_nothing(tmp_path: Path, models: dict[str, Path]) -> None:
    torch.manual_seed(7)
    other = reward_model_from_causal_lm(models["model"], device="cpu", precision="float32")
    save_reward_model(other, tmp_path / "gold")
    plain = make_toy_run(tmp_path / "plain", kind="ppo", models=models, episodes=16)
    roles = models | {"gold_reward_model": tmp_path / "gold"}
    judged = make_toy_run(tmp_path / "judged", kind="ppo", models=roles, episodes=16)
    assert start(plain) == start(judged) == 0
    found = figures(judged)
    gold = [{name: float.fromhex(row.pop(name)) for name in list(row) if "gold" in name} for row in found]
    assert found == figures(plain)
    assert [set(row) for row in gold] == [
        {"gold_mean", "gold_standard_error", "best_of_2_gold"},
        {"gold_mean", "gold_standard_error"},
    ]
    # By the plain way: the first batch again, each response scored by itself.
    actors = actors_of(models, PPO, tmp_path)
    prompts = Encoder(actors.policy.tokenizer, Lengths(64, 12)).prompts(toy_rows("ppo")["prompts"])
    asked = endless_slice(prompts, start=0, count=8, seed=PPO.seed)
    settings = rollout_settings(actors.policy, max_response_tokens=12, temperature=1.0)
    drawn = write_rollouts(TorchWriter(8), actors.policy, asked, first_episode=0, seed=PPO.seed, settings=settings)
    scores = [score_rows(other, [one.scored]).item() for one in drawn]
    assert gold[0]["gold_mean"] == pytest.approx(statistics.fmean(scores), abs=1e-5)
    assert gold[0]["gold_standard_error"] == pytest.approx(statistics.pstdev(scores) / math.sqrt(8), abs=1e-5)


@pytest.mark.parametrize("packing", ["auto", "packed"])
def test_a_gold_model_that_cannot_be_packed_leaves_training_as_it_is(
    tmp_path: Path, models: dict[str, Path], packing: str
) -> None:
    tokenizer = AutoTokenizer.from_pretrained(models["model"])
    heads = {"num_hidden_layers": 1, "num_attention_heads": 2, "num_key_value_heads": 2, "num_labels": 1}
    sizes: dict[str, Any] = {"vocab_size": len(tokenizer), "hidden_size": 32, "intermediate_size": 32} | heads
    gold: Any = MistralForSequenceClassification
    gold(MistralConfig(**sizes, sliding_window=16, pad_token_id=0)).save_pretrained(tmp_path / "gold")
    tokenizer.save_pretrained(tmp_path / "gold")
    plain = make_toy_run(tmp_path / "plain", kind="ppo", models=models, episodes=8, packing=packing)
    roles = models | {"gold_reward_model": tmp_path / "gold"}
    judged = make_toy_run(tmp_path / "judged", kind="ppo", models=roles, episodes=8, packing=packing)
    assert start(plain) == start(judged) == 0
    found = [{name: value for name, value in row.items() if "gold" not in name} for row in figures(judged)]
    assert found == figures(plain)
    [warning] = read_manifest(judged.output).warnings
    assert warning.startswith("To the gold reward model: Rows are not packed: a model of type mistral has a sliding")


def test_a_run_ends_with_its_output_once_its_kl_budget_is_spent(
    tmp_path: Path, models: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = make_toy_run(tmp_path / "whole", kind="ppo", models=models)
    assert start(whole) == 0
    drift = [row["kl_nats"] for row in read_metrics(whole.attempt(1).metrics_path)]
    budget = max(drift[:3]) * 1.0001 + 1e-6
    kept = next((number for number, nats in enumerate(drift) if nats > budget), len(drift))
    assert 1 <= kept < len(drift), "the toy policy drifts on"
    held = make_toy_run(tmp_path / "held", kind="ppo", models=models, kl_budget_nats=budget)
    assert start(held) == 0
    assert figures(held) == figures(whole)[:kept]
    manifest = read_manifest(held.output)
    assert manifest.summary["steps"] == kept
    assert f"ended after {kept} of 6 iterations" in manifest.warnings[0]
    assert manifest.summary["kl_nats"] == pytest.approx(drift[kept], abs=1e-6)

    resumed = make_toy_run(tmp_path / "resumed", kind="ppo", models=models, kl_budget_nats=budget)
    stop_after(monkeypatch, step=kept)
    assert start(resumed) == EXIT_PREEMPTED
    monkeypatch.undo()
    assert start(resumed) == 0
    assert read_manifest(resumed.output).summary == manifest.summary
