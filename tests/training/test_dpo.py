"""DPO: the loss by hand, the paths through the model, and that a run moves a policy towards what was preferred."""

import dataclasses
import math
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from formats.jsonl import read_jsonl
from formats.records import Ranking, RewardedResponse
from formats.run_directory import EXIT_DONE, EXIT_PREEMPTED, RunDirectory, read_manifest, read_metrics
from inference.models import LoadedModel, load_causal_lm
from inference.scoring import response_logprobs
from inference.sequences import collate
from tests.training import test_packing
from tests.training.test_packing import CASES, PRECISION, assert_same, draw_rankings, gradients_of
from tests.training.toy_runs import figures, held_out_loss, make_toy_run, start, stop_after
from training import checkpointing, process
from training.implicit_rewards import ImplicitScorer, Reference
from training.losses import k_wise_loss_terms, plackett_luce_loss_terms
from training.ranking_loss import RankingLoss, pairs_of
from training.ranking_passes import rank
from training.sequences import Encoder, Lengths, TokenRanking, TokenSequence
from training.token_batches import TokenBatcher, make_batcher

REWARDS = torch.tensor([1.0, 0.0, 3.0, 0.5])  # of four responses, ranked 1, 2, 2, 4
TIED = TokenRanking([TokenSequence([1], [2])] * 4, [(0, 1), (0, 2), (0, 3), (1, 3), (2, 3)])


def sigmoid(x: float) -> float:
    return 1.0 / (1.0 + math.exp(-x))


def test_the_plackett_luce_loss_by_hand() -> None:
    pairs = pairs_of([TIED], device=torch.device("cpu"), by_choice=True)
    found = plackett_luce_loss_terms(REWARDS, better=pairs.first, worse=pairs.second, weights=pairs.weights)
    e = math.exp
    first = e(1.0) / (e(1.0) + e(0.0) + e(3.0) + e(0.5))  # the best among all four
    second, third = e(0.0) / (e(0.0) + e(0.5)), e(3.0) / (e(3.0) + e(0.5))  # the tied ones against the last alone
    assert found.tolist() == pytest.approx([-math.log(p) / 3 for p in (first, second, third)])


def test_of_two_responses_plackett_and_luce_say_what_pairs_say() -> None:
    ranking = TokenRanking(TIED.sequences[:2], [(1, 0)])
    by_choice = RankingLoss(preference="plackett_luce")
    pairs = by_choice.pairs([ranking], device=torch.device("cpu"))
    assert by_choice(REWARDS[:2], pairs).tolist() == pytest.approx(RankingLoss()(REWARDS[:2], pairs).tolist())


def test_label_smoothing_by_hand() -> None:
    found = k_wise_loss_terms(
        REWARDS,
        better=torch.tensor([2, 0]),
        worse=torch.tensor([0, 2]),
        weights=torch.tensor([1.0, 0.5]),
        label_smoothing=0.1,
    )
    right, wrong = -math.log(sigmoid(2.0)), -math.log(sigmoid(-2.0))
    assert found.tolist() == pytest.approx([0.9 * right + 0.1 * wrong, 0.5 * (0.9 * wrong + 0.1 * right)])


@pytest.fixture(scope="module", params=["llama", "gpt2"])
def policy(request: pytest.FixtureRequest) -> LoadedModel:
    found = load_causal_lm(request.getfixturevalue(request.param), device="cpu", precision="float32")
    make_batcher(found, packing="packed", micro_batch_tokens=1, lengths=test_packing.LENGTHS, warn=pytest.fail)
    return found


def scorer_of(policy: LoadedModel, *, is_packed: bool = True, tokens: int = 100_000) -> ImplicitScorer:
    batcher = TokenBatcher.of(policy, is_packed=is_packed, micro_batch_tokens=tokens)
    return ImplicitScorer(policy, batcher, beta=0.5, length_normalised=False)


def shifted(rankings: list[TokenRanking]) -> list[TokenRanking]:
    """With a made-up reference, near what the policy says, so that the implied rewards are neither 0 nor alike."""
    return [
        dataclasses.replace(one, reference=[-5.5 * len(row.response_ids) - n for n, row in enumerate(one.sequences)])
        for one in rankings
    ]


def test_the_implied_reward_by_hand(policy: LoadedModel) -> None:
    """β (log π - log π_ref), summed over the response or, per token, divided by its length."""
    rows = [TokenSequence([1, 2], [3, 4, 5]), TokenSequence([1, 2], [6])]
    ranking = TokenRanking(rows, [(0, 1)], reference=[-10.0, -4.0])
    alone = [
        response_logprobs(policy.model, collate([row.prompt_ids], [row.response_ids], pad_id=0)).sum().item()
        for row in rows
    ]
    for is_packed in (True, False):
        scorer = scorer_of(policy, is_packed=is_packed)
        expected = [0.5 * (alone[0] + 10.0), 0.5 * (alone[1] + 4.0)]
        assert scorer.rewards([ranking]).tolist() == pytest.approx(expected, rel=1e-5)
        per_token = dataclasses.replace(scorer, length_normalised=True).rewards([ranking])
        assert per_token.tolist() == pytest.approx([expected[0] / 3, expected[1]], rel=1e-5)


@pytest.mark.parametrize("seed", range(0, CASES, 2))
@pytest.mark.parametrize("preference", ["pairs", "plackett_luce"])
def test_packed_unpacked_and_any_micro_batches_learn_the_same(policy: LoadedModel, seed: int, preference: Any) -> None:
    rankings = shifted(draw_rankings(seed))
    found = []
    for changes in ({}, {"is_packed": False}, {"tokens": 60}):
        policy.model.zero_grad()
        scorer = scorer_of(policy, **changes)
        results = rank(scorer, rankings, loss=RankingLoss(preference=preference), precision=PRECISION, learn=True)
        found.append((results, gradients_of(policy)))
    (expected, gradients), *others = found
    for results, own in others:
        for name in ("loss", "better_mean", "worse_mean", "accuracy"):
            assert getattr(results, name) == pytest.approx(getattr(expected, name), rel=1e-5, abs=1e-5)
        assert_same(own, gradients)


def test_pairs_are_those_of_the_original_loss(policy: LoadedModel) -> None:
    """As in the authors' code: -log σ(β ((log π_w - log π_l) - (log ref_w - log ref_l))), averaged."""
    rankings = shifted(draw_rankings(3))
    found = rank(scorer_of(policy), rankings, loss=RankingLoss(), precision=PRECISION, learn=False)
    total = 0.0
    for ranking in rankings:
        assert ranking.reference is not None
        log_probs = scorer_of(policy, is_packed=False).log_probs([ranking]).tolist()
        losses = [
            -math.log(sigmoid(0.5 * (log_probs[i] - log_probs[j] - ranking.reference[i] + ranking.reference[j])))
            for i, j in ranking.pairs
        ]
        total += sum(losses) / len(losses)
    assert found.loss == pytest.approx(total / len(rankings), rel=1e-5)


def test_the_reference_is_the_policy_before_the_first_step(policy: LoadedModel) -> None:
    reference = Reference(draw_rankings(1))
    reference.find(scorer_of(policy), precision=PRECISION)
    assert reference.is_known
    found = rank(scorer_of(policy), reference.rankings, loss=RankingLoss(), precision=PRECISION, learn=False)
    assert found.loss == pytest.approx(math.log(2.0), abs=1e-6)
    assert [found.better_mean, found.worse_mean] == pytest.approx([0.0, 0.0], abs=1e-5)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, llama: Path) -> RunDirectory:
    directory = make_toy_run(tmp_path_factory.mktemp("dpo") / "run", kind="dpo", models={"model": llama}, epochs=6)
    assert start(directory) == EXIT_DONE
    return directory


def test_a_run_learns_what_was_preferred(finished: RunDirectory, llama: Path) -> None:
    rows = read_metrics(finished.attempt(1).metrics_path)
    assert rows[0]["loss"] == pytest.approx(math.log(2.0), abs=1e-4)
    assert rows[-1]["loss"] < 0.5 * rows[0]["loss"]
    assert rows[-1]["margin"] == pytest.approx(rows[-1]["better_reward"] - rows[-1]["worse_reward"])
    assert rows[-1]["margin"] > 0.5
    assert rows[-1]["validation_accuracy"] > 0.8
    assert [row["learning_rate"] for row in rows[:3]] == pytest.approx([5e-4, 1e-3, 1e-3])
    manifest = read_manifest(finished.output)
    assert manifest.kind == "dpo"
    assert {"validation_rewards.jsonl", "diagnostics.jsonl", "model/model.safetensors"} <= set(manifest.files)
    base, trained = (load_file(path / "model.safetensors") for path in (llama, finished.model_output))
    assert set(trained) == set(base)


def test_its_rewards_are_those_of_the_policies_that_a_stranger_loads(finished: RunDirectory, llama: Path) -> None:
    """The file of implied rewards, against the saved policy and the one it began from, each opened anew."""
    after, before = (load_causal_lm(path, device="cpu", precision="float32") for path in (finished.model_output, llama))
    encoder = Encoder(after.tokenizer, Lengths(64, 64))
    [first, *_] = encoder.rankings(read_jsonl(finished.inputs / "validation.jsonl", Ranking))
    ratios = [scorer_of(model, is_packed=False).log_probs([first]) for model in (after, before)]
    expected = (0.1 * (ratios[0] - ratios[1])).tolist()
    written = list(read_jsonl(finished.validation_rewards_output, RewardedResponse))[: len(expected)]
    assert [row.reward for row in written] == pytest.approx(expected, abs=1e-4)


def test_it_goes_on_to_the_same_bits_without_asking_the_reference_again(
    tmp_path: Path, llama: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make = partial(make_toy_run, kind="dpo", models={"model": llama}, method="lora", lora_dropout=0.1)
    whole, stopped = make(tmp_path / "whole"), make(tmp_path / "stopped")
    assert start(whole) == EXIT_DONE
    stop_after(monkeypatch, step=3)
    assert start(stopped) == EXIT_PREEMPTED
    monkeypatch.undo()
    monkeypatch.setattr(Reference, "find", None)
    assert start(stopped) == EXIT_DONE
    assert figures(stopped) == figures(whole)
    assert read_metrics(whole.attempt(1).metrics_path)[0]["loss"] == pytest.approx(math.log(2.0), abs=0.05)


def test_a_reference_that_is_lost_is_noticed(tmp_path: Path, llama: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make = partial(make_toy_run, kind="dpo", models={"model": llama})
    whole, stopped = make(tmp_path / "whole"), make(tmp_path / "stopped")
    assert start(whole) == EXIT_DONE
    stop_after(monkeypatch, step=3)
    assert start(stopped) == EXIT_PREEMPTED
    monkeypatch.undo()
    load = checkpointing.load_checkpoint

    def forget(path: Path) -> dict[str, Any]:
        state = load(path)
        return state | {"train_reference": {"log_probs": state["train_reference"]["log_probs"] * 0.99}}

    monkeypatch.setattr(process, "load_checkpoint", forget)
    assert start(stopped) == EXIT_DONE
    assert figures(stopped)[:3] == figures(whole)[:3]
    assert figures(stopped)[3:] != figures(whole)[3:]


def test_label_smoothing_is_not_in_the_held_out_loss(tmp_path: Path, llama: Path) -> None:
    smoothing = {"label_smoothing": 0.3, "epochs": 1, "beta": 2.0}
    directory = make_toy_run(tmp_path / "run", kind="dpo", models={"model": llama}, **smoothing)
    assert start(directory) == EXIT_DONE
    summary = read_manifest(directory.output).summary
    assert summary["validation_loss"] == pytest.approx(held_out_loss(directory), abs=1e-5)


def test_with_lora_the_base_is_frozen_under_the_policy(tmp_path: Path, llama: Path) -> None:
    directory = make_toy_run(tmp_path / "run", kind="dpo", models={"model": llama}, method="lora", learning_rate=1e-2)
    assert start(directory) == EXIT_DONE
    base, trained = (load_file(path / "model.safetensors") for path in (llama, directory.model_output))
    assert torch.equal(trained["model.embed_tokens.weight"], base["model.embed_tokens.weight"])
    assert not torch.equal(trained["model.layers.0.mlp.up_proj.weight"], base["model.layers.0.mlp.up_proj.weight"])
    assert read_manifest(directory.output).summary["margin"] > 0.01  # type: ignore[operator]
