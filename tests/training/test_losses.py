"""Expected numbers are worked out by hand in the comments."""

import math

import pytest
import torch

from training.losses import (
    clipped_policy_loss_terms,
    clipped_value_loss_terms,
    k_wise_loss_terms,
    masked_sum,
)
from training.ranking_loss import pairs_of
from training.sequences import TokenRanking, TokenSequence

CPU = torch.device("cpu")


def ranking(count: int, pairs: list[tuple[int, int]]) -> TokenRanking:
    return TokenRanking([TokenSequence([1], [2])] * count, pairs)


def loss_of(rewards: torch.Tensor, rankings: list[TokenRanking]) -> torch.Tensor:
    pairs = pairs_of(rankings, device=CPU)
    return k_wise_loss_terms(rewards, better=pairs.first, worse=pairs.second, weights=pairs.weights).sum()


def test_k_wise_loss_by_hand() -> None:
    # Rewards 2, 1, 0 ranked in this order: differences 1, 2, 1, so
    # (2 · log(1 + e^-1) + log(1 + e^-2)) / 3 = (2 · 0.3132617 + 0.1269280) / 3 = 0.2511505.
    loss = loss_of(torch.tensor([2.0, 1.0, 0.0]), [ranking(3, [(0, 1), (0, 2), (1, 2)])])
    assert loss.item() == pytest.approx(0.2511505, abs=1e-6)


def test_every_ranking_counts_the_same_however_many_pairs_it_has() -> None:
    # Equal rewards cost log 2 a pair; a ranking of 6 pairs and one of 1 pair each add log 2.
    pairs = [(i, j) for i in range(4) for j in range(i + 1, 4)]
    loss = loss_of(torch.zeros(6), [ranking(4, pairs), ranking(2, [(1, 0)])])
    assert loss.item() == pytest.approx(2 * math.log(2), abs=1e-6)


def test_the_second_rankings_pairs_point_at_its_own_responses() -> None:
    # Only the second ranking's response 1 (index 3 of all) is high: log(1 + e^-5) and log 2.
    loss = loss_of(torch.tensor([0.0, 0.0, 0.0, 5.0]), [ranking(2, [(0, 1)]), ranking(2, [(1, 0)])])
    assert loss.item() == pytest.approx(math.log(2) + math.log1p(math.exp(-5)), abs=1e-6)


def test_tied_responses_get_no_gradient() -> None:
    rewards = torch.tensor([1.0, 0.5, 0.2], requires_grad=True)
    loss_of(rewards, [ranking(3, [(0, 1)])]).backward()  # type: ignore[no-untyped-call]
    assert rewards.grad is not None
    assert rewards.grad[2] == 0.0
    assert rewards.grad[0] == -rewards.grad[1] != 0.0


def test_only_differences_of_rewards_count() -> None:
    rewards, pairs = torch.randn(4, dtype=torch.float64), [(0, 1), (2, 3), (3, 1)]
    shifted = loss_of(rewards + 7.0, [ranking(4, pairs)])
    assert shifted.item() == pytest.approx(loss_of(rewards, [ranking(4, pairs)]).item(), abs=1e-6)


def test_a_wrongly_ordered_pair_far_apart_stays_finite() -> None:
    assert loss_of(torch.tensor([-500.0, 500.0]), [ranking(2, [(0, 1)])]).item() == 1000.0


def test_clipped_policy_loss_by_hand() -> None:
    # Ratios 1, 1.5, 1.5, 0.5, 0.5 and advantages 2, 1, -1, 1, -1 at a clip of 0.2:
    # 1 · 2; min(1.5, 1.2) · 1; the worse of -1.5 and -1.2; min(0.5, 0.8); the worse of -0.5 and -0.8.
    ratio = torch.tensor([[1.0, 1.5, 1.5, 0.5, 0.5]])
    terms = clipped_policy_loss_terms(
        ratio.log(),
        old_log_probs=torch.zeros(1, 5),
        advantages=torch.tensor([[2.0, 1.0, -1.0, 1.0, -1.0]]),
        clip_range=0.2,
    )
    torch.testing.assert_close(terms, torch.tensor([[-2.0, -1.2, 1.5, -0.5, 0.8]]))


def test_the_policy_gradient_stops_beyond_the_clip_where_it_would_go_on_and_not_where_it_would_go_back() -> None:
    log_probs = torch.tensor([[1.5, 1.5]]).log().requires_grad_()
    clipped_policy_loss_terms(
        log_probs, old_log_probs=torch.zeros(1, 2), advantages=torch.tensor([[1.0, -1.0]]), clip_range=0.2
    ).sum().backward()  # type: ignore[no-untyped-call]
    assert log_probs.grad is not None
    torch.testing.assert_close(log_probs.grad, torch.tensor([[0.0, 1.5]]))


def test_before_the_first_update_the_policy_gradient_is_the_plain_one() -> None:
    log_probs = torch.tensor([[-1.0, -2.0]], requires_grad=True)
    advantages = torch.tensor([[0.7, -0.3]])
    clipped_policy_loss_terms(
        log_probs, old_log_probs=log_probs.detach(), advantages=advantages, clip_range=0.2
    ).sum().backward()  # type: ignore[no-untyped-call]
    assert log_probs.grad is not None
    torch.testing.assert_close(log_probs.grad, -advantages)


def test_clipped_value_loss_by_hand() -> None:
    # Old values 0, clip 0.2. Value 0.1 to return 1: 0.9² / 2. Value 0.5 to return 1: kept at 0.2 it errs by 0.8, more
    # than 0.5. Value 0.5 to return 0: kept at 0.2 it errs by 0.2, less than 0.5.
    terms = clipped_value_loss_terms(
        torch.tensor([[0.1, 0.5, 0.5]]),
        old_values=torch.zeros(1, 3),
        returns=torch.tensor([[1.0, 1.0, 0.0]]),
        clip_range=0.2,
    )
    torch.testing.assert_close(terms, torch.tensor([[0.405, 0.32, 0.125]]))


def test_masked_sums_leave_out_even_nan() -> None:
    values = torch.tensor([[1.0, float("nan")], [2.0, 4.0]])
    assert masked_sum(values, torch.tensor([[True, False], [True, True]])).item() == 7.0
