"""The losses of the three stages, as pure functions.

Masks are True for real tokens. Functions that end in `_terms` return one value a token, unreduced: the caller divides
by the number of tokens of the whole batch, which is what makes micro-batches and whole batches agree.
"""

import torch
from torch import Tensor
from torch.nn import functional


def masked_sum(values: Tensor, mask: Tensor) -> Tensor:
    """The sum of `values` where `mask` holds; what stands elsewhere may be anything, NaN included."""
    return values.masked_fill(~mask, 0.0).sum()


def k_wise_loss_terms(rewards: Tensor, *, better: Tensor, worse: Tensor, weights: Tensor) -> Tensor:
    """-w · log σ(r_better - r_worse) for each pair (InstructGPT, equation 1).

    rewards (N,) of all responses of some rankings; better, worse (M,) index into it, one entry a pair; weights (M,) are
    1/#pairs of the pair's own ranking, so that each ranking counts the same however many pairs it has.
    Returns (M,); its sum over a batch divided by the number of rankings is the loss.
    """
    return weights * -functional.logsigmoid(rewards[better] - rewards[worse])


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
