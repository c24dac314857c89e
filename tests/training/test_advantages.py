"""Expected numbers are worked out by hand in the comments."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from training.advantages import explained_variance, generalized_advantages, token_rewards, whiten

MASK = torch.tensor([[True, True, True], [True, False, False]])


def test_the_score_stands_at_the_last_real_token_and_kl_at_each() -> None:
    kl = torch.tensor([[1.0, -2.0, 3.0], [4.0, 100.0, float("nan")]])
    rewards = token_rewards(torch.tensor([10.0, 20.0]), kl=kl, mask=MASK, kl_coefficient=0.5)
    torch.testing.assert_close(rewards, torch.tensor([[-0.5, 1.0, 8.5], [18.0, 0.0, 0.0]]))


def test_generalized_advantages_by_hand() -> None:
    # λ = 0.5, γ = 1. Surprises from the end: 1 - 3 = -2; 0 + 3 - 2 = 1; 0 + 2 - 1 = 1.
    # Advantages: -2; 1 + 0.5 · -2 = 0; 1 + 0.5 · 0 = 1. In the second row only 5 - 4 = 1: nothing follows.
    advantages = generalized_advantages(
        torch.tensor([[0.0, 0.0, 1.0], [5.0, 0.0, 0.0]]),
        values=torch.tensor([[1.0, 2.0, 3.0], [4.0, 9.0, float("nan")]]),
        mask=MASK,
        discount=1.0,
        gae_lambda=0.5,
    )
    torch.testing.assert_close(advantages, torch.tensor([[1.0, 0.0, -2.0], [1.0, 0.0, 0.0]]))


def test_discounting_by_hand() -> None:
    # γ = 0.5, λ = 1: the return is 1 + 0.5 · 1 + 0.25 · 1 = 1.75 less the value 1, and so on.
    advantages = generalized_advantages(
        torch.ones(1, 3), values=torch.ones(1, 3), mask=torch.ones(1, 3).bool(), discount=0.5, gae_lambda=1.0
    )
    torch.testing.assert_close(advantages, torch.tensor([[0.75, 0.5, 0.0]]))


@given(st.lists(st.floats(-5, 5), min_size=2, max_size=6), st.integers(0, 2**31))
def test_with_lambda_1_advantage_plus_value_is_the_rewards_still_to_come(rewards: list[float], seed: int) -> None:
    given = torch.tensor([rewards], dtype=torch.float64)
    values = torch.randn(given.shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    advantages = generalized_advantages(
        given, values=values, mask=torch.ones_like(given).bool(), discount=1.0, gae_lambda=1.0
    )
    to_come = given.flip(1).cumsum(1).flip(1)
    torch.testing.assert_close(advantages + values, to_come)


def test_padding_changes_nothing() -> None:
    rewards, values = torch.randn(1, 3), torch.randn(1, 3)
    alone = generalized_advantages(rewards, values=values, mask=torch.ones(1, 3).bool(), discount=0.9, gae_lambda=0.8)
    padded = generalized_advantages(
        torch.cat([rewards, torch.full((1, 2), 99.0)], 1),
        values=torch.cat([values, torch.full((1, 2), 99.0)], 1),
        mask=torch.tensor([[True, True, True, False, False]]),
        discount=0.9,
        gae_lambda=0.8,
    )
    torch.testing.assert_close(padded[:, :3], alone)
    assert padded[:, 3:].eq(0).all()


@given(st.lists(st.floats(-100, 100), min_size=2, max_size=50))
def test_whitened_values_have_mean_0_and_variance_1(values: list[float]) -> None:
    given = torch.tensor(values, dtype=torch.float64)
    whitened = whiten(given)
    assert whitened.mean().item() == pytest.approx(0.0, abs=1e-6)
    if given.std(correction=0) > 1e-2:  # far above the floor of 1e-4
        assert whitened.var(correction=0).item() == pytest.approx(1.0, rel=1e-3)
        assert whitened[given.argsort()].diff().ge(0).all()


@pytest.mark.parametrize(("value", "count"), [(3.0, 4), (0.1, 900), (1.7, 1000)])
def test_whitening_equal_values_does_not_blow_up_their_rounding(value: float, count: int) -> None:
    """The mean of 900 times 0.1 is not 0.1 in float32."""
    assert whiten(torch.full((count,), value)).abs().max() < 0.01


def test_explained_variance_by_hand() -> None:
    returns = torch.tensor([1.0, 2.0, 3.0])
    assert explained_variance(returns + 5.0, returns) == 1.0
    assert explained_variance(torch.zeros(3), returns) == 0.0
    assert explained_variance(-returns, returns) == pytest.approx(-3.0)  # Var(2x) = 4 Var(x)
    assert explained_variance(torch.zeros(2), torch.ones(2)) == 0.0
