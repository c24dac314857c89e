"""Rewards along a response, and what each token contributed to them. Masks are True for real tokens."""

import torch
from torch import Tensor


def token_rewards(scores: Tensor, *, kl: Tensor, mask: Tensor, kl_coefficient: float) -> Tensor:
    """-β · KL at each token, and the response's score on top at its last one (the paper's bandit reward).

    scores (B,), kl (B, R) in nats, mask (B, R) with at least one real token in each row; returns (B, R), 0 at padding.
    """
    rewards = (-kl_coefficient * kl).masked_fill(~mask, 0.0)
    last = mask.sum(dim=1, keepdim=True) - 1  # (B, 1)
    return rewards.scatter_add(1, last, scores.unsqueeze(1))


def generalized_advantages(
    rewards: Tensor, *, values: Tensor, mask: Tensor, discount: float, gae_lambda: float
) -> Tensor:
    """Generalized advantage estimation (Schulman et al. 2016, eq. 16); nothing follows a response's last token.

    rewards, values, mask (B, R); returns (B, R), 0 at padding. The return to predict is advantage + value.
    """
    values = values.masked_fill(~mask, 0.0)
    advantages = torch.zeros_like(values)
    following_value = values.new_zeros(values.shape[0])
    following_advantage = values.new_zeros(values.shape[0])
    for t in reversed(range(values.shape[1])):
        surprise = rewards[:, t] + discount * following_value - values[:, t]
        following_advantage = (surprise + discount * gae_lambda * following_advantage) * mask[:, t]
        following_value = values[:, t]
        advantages[:, t] = following_advantage
    return advantages


def whiten(values: Tensor) -> Tensor:
    """`values` (N,) shifted and scaled to mean 0 and variance 1 over all of them; all equal become 0 but for rounding.

    The 1e-8 stands under the root, as in the code of Ziegler et al. 2019: it keeps the deviation divided by over 1e-4.
    Added to the deviation it would make gradients of full size of the rounding of equal advantages.
    """
    centred = values - values.mean()
    return centred * (centred.square().mean() + 1e-8).rsqrt()


def explained_variance(values: Tensor, returns: Tensor) -> float:
    """1 - Var(returns - values) / Var(returns), over (N,) tensors: 1 is perfect, 0 no better than a constant."""
    variance = returns.var(correction=0)
    return float(1.0 - (returns - values).var(correction=0) / variance) if variance > 0 else 0.0
