"""The options of the reward model's loss. Expected numbers are worked out by hand in the comments."""

import dataclasses
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch

from formats.jsonl import read_jsonl
from formats.messages import Message
from formats.records import RankedResponse, Ranking, RewardDiagnostic
from formats.run_directory import EXIT_DONE, RunDirectory, read_manifest, read_metrics
from inference.models import reward_model_from_causal_lm
from tests.training.toy_runs import (
    REWARD_MODEL,
    held_out_differences,
    held_out_loss,
    make_run,
    rankings,
    start,
    tied_rankings,
    toy_rows,
)
from training.errors import TrainingError
from training.losses import davidson_loss_terms, k_wise_loss_terms, rao_kupper_loss_terms
from training.optimizing import arithmetic
from training.ranking_loss import RankingLoss, pairs_of, tie_share, weights_of_labelers
from training.ranking_passes import rank
from training.ranking_rewards import RankingScorer
from training.sequences import TokenRanking, TokenSequence
from training.token_batches import TokenBatcher

CPU = torch.device("cpu")
DIFFERENCES = torch.linspace(-6, 6, 25, dtype=torch.float64)


def ranking(ranks: list[int], *, qualities: list[int | None] | None = None, labeler: str = "l1") -> TokenRanking:
    responses = tuple(
        RankedResponse(f"r{number}", "text", rank, quality=(qualities or [None] * len(ranks))[number])
        for number, rank in enumerate(ranks)
    )
    record = Ranking("1", "p1", (Message("user", "Hello?"),), responses, labeler)
    return TokenRanking([TokenSequence([1], [2])] * len(ranks), record.pairs(), record)


def weighing(plain: TokenRanking, weight: float) -> TokenRanking:
    assert plain.record is not None
    return dataclasses.replace(plain, record=dataclasses.replace(plain.record, weight=weight))


def test_rao_and_kuppers_probabilities_add_up_to_1_and_are_those_of_their_formula() -> None:
    theta = torch.tensor(1.5, dtype=torch.float64)
    is_tie = torch.ones(len(DIFFERENCES), dtype=torch.bool)
    tie, better, worse = (
        torch.exp(-rao_kupper_loss_terms(own, is_tie=mask, log_theta=theta.log()))
        for own, mask in ((DIFFERENCES, is_tie), (DIFFERENCES, ~is_tie), (-DIFFERENCES, ~is_tie))
    )
    torch.testing.assert_close(tie + better + worse, torch.ones_like(tie))
    strength = DIFFERENCES.exp()  # π₁ with π₂ = 1
    torch.testing.assert_close(better, strength / (strength + theta))


def test_davidsons_probabilities_add_up_to_1_and_are_those_of_his_formula() -> None:
    nu = torch.tensor(0.7, dtype=torch.float64)
    is_tie = torch.ones(len(DIFFERENCES), dtype=torch.bool)
    tie, better, worse = (
        torch.exp(-davidson_loss_terms(own, is_tie=mask, log_nu=nu.log()))
        for own, mask in ((DIFFERENCES, is_tie), (DIFFERENCES, ~is_tie), (-DIFFERENCES, ~is_tie))
    )
    torch.testing.assert_close(tie + better + worse, torch.ones_like(tie))
    strength = DIFFERENCES.exp()
    torch.testing.assert_close(tie, nu * strength.sqrt() / (strength + 1 + nu * strength.sqrt()))


def test_where_ties_hardly_happen_both_models_are_the_papers() -> None:
    is_tie = torch.zeros(len(DIFFERENCES), dtype=torch.bool)
    paper = -torch.nn.functional.logsigmoid(DIFFERENCES)
    small = torch.tensor(1e-9, dtype=torch.float64)
    torch.testing.assert_close(rao_kupper_loss_terms(DIFFERENCES, is_tie=is_tie, log_theta=small), paper)
    torch.testing.assert_close(davidson_loss_terms(DIFFERENCES, is_tie=is_tie, log_nu=small.log()), paper)


@pytest.mark.parametrize("ties", ["rao_kupper", "davidson"])
def test_a_learned_tie_parameter_starts_where_equals_tie_as_often_as_they_did(ties: Any) -> None:
    loss = RankingLoss(ties=ties, tie_share=0.3)
    pair = ranking([1, 1])
    [cost] = loss(torch.zeros(2), loss.pairs([pair], device=CPU))
    assert math.exp(-cost.item()) == pytest.approx(0.3, rel=1e-5)


@pytest.mark.parametrize("ties", ["rao_kupper", "davidson"])
def test_a_tie_draws_rewards_together_and_teaches_the_parameter(ties: Any) -> None:
    loss = RankingLoss(ties=ties)
    rewards = torch.tensor([1.0, 0.0, 3.0], requires_grad=True)
    pairs = loss.pairs([ranking([2, 2, 1])], device=CPU)
    assert pairs.is_tie.tolist() == [False, False, True]
    torch.testing.assert_close(pairs.weights, torch.full((3,), 1 / 3))
    only_the_tie = loss(rewards, pairs)[2]
    only_the_tie.backward()
    assert rewards.grad is not None
    assert rewards.grad[0] > 0
    assert rewards.grad[1] < 0
    assert loss.raw.grad is not None
    assert loss.raw.grad < 0  # more ties
    assert not RankingLoss(ties=ties, tie_parameter=1.5).raw.requires_grad
    assert RankingLoss(ties=ties, tie_parameter=1.5).tie_parameter == pytest.approx(1.5)


def test_the_share_of_ties() -> None:
    # Of the first ranking's weight a third lies on its one tie among three pairs, of the second's nothing.
    tied, ordered = ranking([1, 2, 2], labeler="a"), ranking([1, 2], labeler="b")
    assert tie_share([tied, ordered], labeler_weights=None) == pytest.approx((1 / 3 + 0) / 2)
    # a counts half as much as b: (0.5 · 1/3) of 1.5. So does a row of half the weight.
    assert tie_share([tied, ordered], labeler_weights={"a": 0.5, "b": 1.0}) == pytest.approx(1 / 9)
    assert tie_share([weighing(tied, 0.5), ordered], labeler_weights=None) == pytest.approx(1 / 9)


class Scripted(RankingScorer):
    """A scorer whose rewards are given, those of each ranking by its labeler."""

    def rewards(self, rankings: Sequence[TokenRanking]) -> torch.Tensor:
        given = {"a": [1.0, 0.0], "b": [0.0, 1.0], "c": [2.0, 1.0, 3.0]}
        return torch.tensor([value for one in rankings for value in given[one.labeler]], requires_grad=True)


@pytest.mark.parametrize("learn", [True, False])
def test_an_accuracy_counts_each_pair_once_and_the_training_loss_by_its_weights(llama: Path, learn: bool) -> None:
    model = reward_model_from_causal_lm(llama, device="cpu", precision="float32")
    scorer = Scripted(model, TokenBatcher.of(model, is_packed=False, micro_batch_tokens=4))  # two go through together
    given = [ranking([1, 2], labeler="a"), weighing(ranking([1, 2], labeler="b"), 0.5), ranking([1, 2, 3], labeler="c")]
    loss = RankingLoss(labeler_weights={"a": 1.0, "b": 4.0, "c": 1.0})
    found = rank(scorer, given, loss=loss, precision=arithmetic("float32", CPU), learn=learn)
    # a's pair is right and b's is wrong; of c's differences 2 - 1, 2 - 3 and 1 - 3 one is right: two of five pairs.
    assert found.accuracy == pytest.approx(2 / 5)
    cost = {difference: math.log(1 + math.exp(-difference)) for difference in (1, -1, -2)}
    a, b, c = cost[1], cost[-1], (cost[1] + cost[-1] + cost[-2]) / 3
    # Training: b's ranking weighs half of 4, in a batch whose rows weigh 1 + 0.5 + 1. Held out: all weigh the same.
    assert found.loss == pytest.approx((a + 2 * b + c) / 2.5 if learn else (a + b + c) / 3, rel=1e-6)


def test_a_margin_is_asked_for_each_point_of_quality() -> None:
    # Gaps 6 - 3 = 3 and, where the order contradicts the ratings or one is missing, 0; half a reward a point.
    given = [ranking([1, 2], qualities=[6, 3]), ranking([1, 2], qualities=[2, 5]), ranking([1, 2], qualities=[7, None])]
    pairs = pairs_of(given, device=CPU, likert_margin=0.5)
    assert pairs.margins.tolist() == [1.5, 0.0, 0.0]
    terms = k_wise_loss_terms(
        torch.tensor([1.5, 0.0, 0.0, 0.0, 0.0, 0.0]),
        better=pairs.first,
        worse=pairs.second,
        weights=pairs.weights,
        margins=pairs.margins,
    )
    # A difference that is just the margin costs as much as none without one: log 2.
    torch.testing.assert_close(terms, torch.full((3,), math.log(2)))


def test_labelers_weights_average_1_over_the_rankings() -> None:
    given = [ranking([1, 2], labeler=name) for name in ("a", "a", "a", "b")]
    assert weights_of_labelers("", given) is None
    # Each labeler's rankings add up to half of the four.
    assert weights_of_labelers("balanced", given) == pytest.approx({"a": 2 / 3, "b": 2.0})
    # 3 · 0.5 + 1 · 1 = 2.5 over 4 rankings.
    assert weights_of_labelers("a=0.5", given) == pytest.approx({"a": 0.8, "b": 1.6})
    # Only b's ranking counts, and alone averages 1.
    assert weights_of_labelers("a=0", given) == pytest.approx({"a": 0.0, "b": 1.0})
    # a's three rows of a third weigh what b's one does.
    assert weights_of_labelers("balanced", [*([weighing(given[0], 1 / 3)] * 3), given[3]]) == pytest.approx(
        {"a": 1.0, "b": 1.0}
    )
    pairs = pairs_of([ranking([1, 2, 3], labeler="a")], device=CPU, labeler_weights={"a": 1.5})
    torch.testing.assert_close(pairs.weights, torch.full((3,), 0.5))


@pytest.mark.parametrize(("setting", "code"), [("c=1", "unknown_labeler"), ("a=0, b=0", "no_rows_left")])
def test_weights_that_make_no_sense_name_the_setting(setting: str, code: str) -> None:
    with pytest.raises(TrainingError) as caught:
        weights_of_labelers(setting, [ranking([1, 2], labeler=name) for name in "ab"])
    assert (caught.value.code, caught.value.field) == (code, "config.labeler_weights")


def test_a_rankings_own_weight_counts_in_training_only() -> None:
    """Three ranked responses are three pairs of weight 1/3; half of that where the ranking weighs a half."""
    plain = ranking([1, 2, 3])
    light = weighing(plain, 0.5)
    loss = RankingLoss(labeler_weights={"l1": 2.0})
    learned = loss.pairs([plain, light], device=torch.device("cpu"))
    held_out = loss.pairs([plain, light], device=torch.device("cpu"), weighted=False)
    torch.testing.assert_close(learned.weights, torch.tensor([2 / 3] * 3 + [1 / 3] * 3))
    torch.testing.assert_close(held_out.weights, torch.full((6,), 1 / 3))


def run_with(root: Path, llama: Path, rows: list[Ranking], **changes: Any) -> RunDirectory:
    config = dataclasses.replace(REWARD_MODEL, **changes)
    inputs = toy_rows("reward_model") | {"train": rows}
    return make_run(root / "run", kind="reward_model", models={"model": llama}, config=config, rows=inputs)


@pytest.mark.parametrize("ties", ["rao_kupper", "davidson"])
def test_a_run_with_ties_learns_their_parameter_and_says_it(tmp_path: Path, llama: Path, ties: str) -> None:
    directory = run_with(tmp_path, llama, tied_rankings(), ties=ties)
    assert start(directory) == EXIT_DONE
    learnt = [row["tie_parameter"] for row in read_metrics(directory.attempt(1).metrics_path)]
    assert len(set(learnt)) > 1
    summary = read_manifest(directory.output).summary
    assert summary["tie_parameter"] == learnt[-1]
    assert summary["validation_loss"] == pytest.approx(held_out_loss(directory), abs=1e-5), "it is of plain pairs"
    rows = [row for row in read_jsonl(directory.diagnostics_output, RewardDiagnostic) if row.measure == "calibration"]
    sure = sum(row.count * (row.predicted or 0.0) for row in rows) / sum(row.count for row in rows)
    assert sure == pytest.approx(confidence(directory, ties, learnt[-1]), abs=1e-5)


def confidence(directory: RunDirectory, ties: str, parameter: float) -> float:
    """The mean probability of the likelier order of held-out pairs, given that there is one, by the model's losses."""
    differences = torch.tensor(held_out_differences(directory)).abs()
    logarithm, no_tie = torch.tensor(parameter).log(), torch.zeros(len(differences), dtype=torch.bool)
    likelier, other = (
        torch.exp(
            -rao_kupper_loss_terms(own, is_tie=no_tie, log_theta=logarithm)
            if ties == "rao_kupper"
            else -davidson_loss_terms(own, is_tie=no_tie, log_nu=logarithm)
        )
        for own in (differences, -differences)
    )
    return (likelier / (likelier + other)).mean().item()


def test_a_margin_is_not_in_the_held_out_loss(tmp_path: Path, llama: Path) -> None:
    directory = run_with(tmp_path, llama, rankings("train"), likert_margin=0.5, epochs=1)
    assert start(directory) == EXIT_DONE
    summary = read_manifest(directory.output).summary
    assert summary["validation_loss"] == pytest.approx(held_out_loss(directory), abs=1e-5)


def test_labelers_without_weight_are_left_out_and_counted(tmp_path: Path, llama: Path) -> None:
    rows = [dataclasses.replace(row, labeler=f"l{number % 2}") for number, row in enumerate(rankings("train"))]
    directory = run_with(tmp_path, llama, rows, labeler_weights="l0=0", epochs=1)
    assert start(directory) == EXIT_DONE
    [warning] = read_manifest(directory.output).warnings
    assert (
        warning
        == f"train: {(len(rows) + 1) // 2} of {len(rows)} rankings are left out: their labelers have a weight of 0."
    )


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"ties": "davidson"}, "no_ties"),
        ({"likert_margin": 0.5}, "no_ratings"),
        ({"labeler_weights": "x=2"}, "unknown_labeler"),
    ],
)
def test_an_option_that_the_data_cannot_follow_stops_the_run(
    tmp_path: Path, llama: Path, changes: dict[str, Any], code: str
) -> None:
    rows = [
        dataclasses.replace(
            row,
            responses=tuple(
                dataclasses.replace(one, rank=rank, quality=None) for rank, one in enumerate(row.responses, start=1)
            ),
        )
        for row in rankings("train")
    ]
    directory = run_with(tmp_path, llama, rows, **changes)
    assert start(directory) == 2
    error = directory.attempt(1).read_error()
    assert error is not None
    assert (error.code, error.field) == (code, f"config.{next(iter(changes))}")
