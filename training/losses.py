"""The losses of all stages, as pure functions.

Masks are True for real tokens. Functions that end in `_terms` return one value a token, unreduced: the caller divides
by the number of tokens of the whole batch, which is what makes micro-batches and whole batches agree.
"""

import torch
from torch import Tensor
from torch.nn import functional


def masked_sum(values: Tensor, mask: Tensor) -> Tensor:
    """The sum of `values` where `mask` holds; what stands elsewhere may be anything, NaN included."""
    return values.masked_fill(~mask, 0.0).sum()


def k_wise_loss_terms(
    rewards: Tensor,
    *,
    better: Tensor,
    worse: Tensor,
    weights: Tensor,
    margins: Tensor | None = None,
    label_smoothing: float = 0.0,
) -> Tensor:
    """-w · log σ(r_better - r_worse - m) for each pair (InstructGPT, equation 1; the margin m: Llama 2, equation 2).

    rewards (N,) of all responses of some rankings; better, worse (M,) index into it, one entry a pair; weights (M,) are
    1/#pairs of the pair's own ranking, so that each ranking counts the same however many pairs it has; margins (M,) are
    0 where not given. With a label smoothing ε each pair is taken to be the other way round with that probability
    (Mitchell 2023). Returns (M,); its sum over a batch divided by the number of rankings is the loss.
    """
    difference = rewards[better] - rewards[worse]
    if margins is not None:
        difference = difference - margins
    terms = -functional.logsigmoid(difference)
    if label_smoothing > 0.0:
        terms = terms.lerp(-functional.logsigmoid(-difference), label_smoothing)
    return weights * terms


def plackett_luce_loss_terms(rewards: Tensor, *, better: Tensor, worse: Tensor, weights: Tensor) -> Tensor:
    """-w · log of the probability that a response is chosen among itself and all worse ones (Plackett 1975; Luce 1959).

    Without ties their product is the probability of the whole ranking (Rafailov et al. 2023, appendix A.3); tied
    responses do not compete. Arguments as of `k_wise_loss_terms`, but the weights are 1/#choices of the ranking.
    Returns (C,), one entry for each response with a worse one.
    """
    count = len(rewards)
    is_worse = torch.zeros(count, count, dtype=torch.bool, device=rewards.device)
    is_worse[better, worse] = True
    weight_of = torch.zeros(count, device=rewards.device).index_put((better,), weights)
    chosen = is_worse.any(dim=1)
    ahead = (rewards[None, :] - rewards[:, None]).masked_fill(~is_worse, -torch.inf)[chosen]
    return weight_of[chosen] * functional.pad(ahead, (1, 0)).logsumexp(dim=1)


def rao_kupper_loss_terms(differences: Tensor, *, is_tie: Tensor, log_theta: Tensor) -> Tensor:
    """-log P of what the labeler said of each pair under Rao and Kupper's model (1967, JASA 62).

    With π = exp(r) and θ > 1: P(first better) = π₁/(π₁ + θπ₂) = σ(d - log θ), and the rest of 1 is
    P(tie) = (θ² - 1) σ(d - log θ) σ(-d - log θ). At θ = 1 no pair ties, and the model is Bradley and Terry's.
    differences (M,) are r_first - r_second, the first being the better where `is_tie` (M,) does not hold; returns (M,).
    """
    first = functional.logsigmoid(differences - log_theta)
    tie = torch.log(torch.expm1(2.0 * log_theta)) + first + functional.logsigmoid(-differences - log_theta)
    return -torch.where(is_tie, tie, first)


def davidson_loss_terms(differences: Tensor, *, is_tie: Tensor, log_nu: Tensor) -> Tensor:
    """-log P of what the labeler said of each pair under Davidson's model (1970, JASA 65).

    P(first better) : P(second better) : P(tie) = π₁ : π₂ : ν √(π₁π₂) with π = exp(r), ν > 0; a tie is likeliest at
    equal rewards. Arguments as of `rao_kupper_loss_terms`; returns (M,).
    """
    half = differences / 2.0
    total = torch.logsumexp(torch.stack([half, -half, log_nu.expand_as(half)]), dim=0)
    return total - torch.where(is_tie, log_nu, half)


def clipped_policy_loss_terms(
    log_probs: Tensor, *, old_log_probs: Tensor, advantages: Tensor, clip_range: float
) -> Tensor:
    """PPO's pessimistic surrogate, -min(ratio · A, clip(ratio) · A), for each token (Schulman et al. 2017, eq. 7).

    All tensors (B, R); returns (B, R).
    """
    ratio = torch.exp(log_probs - old_log_probs)
    clipped = ratio.clamp(1.0 - clip_range, 1.0 + clip_range)
    return torch.maximum(-advantages * ratio, -advantages * clipped)


def clipped_value_loss_terms(values: Tensor, *, old_values: Tensor, returns: Tensor, clip_range: float) -> Tensor:
    """Half the squared error of the value, or of the value kept within `clip_range` of the old one if that is larger.

    All tensors (B, R); returns (B, R). After Ziegler et al. 2019 (lm-human-preferences, `train_policy.py`).
    """
    clipped = old_values + (values - old_values).clamp(-clip_range, clip_range)
    return 0.5 * torch.maximum((values - returns).square(), (clipped - returns).square())
