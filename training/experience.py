"""What is known of a batch of responses while it is learnt from: log-probabilities, values, scores, advantages.

Experience is kept in the very micro-batches in which it is trained on. The log-probabilities before and after an
update then come from the same tensors of the same shape, and the ratio before the first update is 1 exactly, not
nearly.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence
from transformers import PreTrainedModel

from inference.models import LoadedModel
from inference.scoring import rewards, token_logprobs
from training.adapting import adapter_off
from training.advantages import explained_variance, generalized_advantages, token_rewards, whiten
from training.batches import chunks
from training.distributed import ALONE, World
from training.optimizing import Arithmetic
from training.rollouts import Rollout
from training.sequences import TokenSequence
from training.token_batches import TokenBatcher
from training.value_network import token_values


@dataclass(frozen=True, slots=True)
class Actors:
    """The four networks of PPO. The reference is the initial policy and, like the reward model, never changes.

    With LoRA it is the policy itself, whose adapter is off while it is asked.
    """

    policy: LoadedModel
    reference: PreTrainedModel
    reward: PreTrainedModel
    value: PreTrainedModel


@dataclass(frozen=True, slots=True)
class Episodes:
    """A micro-batch of N scored responses of M tokens in all, which lie end to end in the tensors (M,). No gradient."""

    rows: list[TokenSequence]
    lengths: Tensor  # (N,) tokens of each response
    log_probs: Tensor  # (M,) of the policy that sampled, recomputed in torch at the sampling temperature
    reference_log_probs: Tensor  # (M,)
    values: Tensor  # (M,)
    scores: Tensor  # (N,) from the reward model, less the penalty of those that have no end
    has_ended: Tensor  # (N,) bool: the response has its end token, or a stop string

    @property
    def kl(self) -> Tensor:
        """(M,) log π(a) - log π_ref(a) at each sampled token; its sum over a response estimates the KL."""
        return self.log_probs - self.reference_log_probs


@dataclass(frozen=True, slots=True)
class Targets:
    """What a micro-batch is to learn, (M,) each."""

    advantages: Tensor  # whitened over the whole batch
    returns: Tensor


@torch.no_grad()
def score_rollouts(
    actors: Actors,
    rollouts: Sequence[Rollout],
    *,
    minibatch_size: int,
    batcher: TokenBatcher,
    temperature: float,
    missing_eos_penalty: float,
    precision: Arithmetic,
    world: World = ALONE,
) -> list[list[Episodes]]:
    """The experience of a batch, minibatch by minibatch, in the micro-batches of the update.

    All models must be in evaluation mode.
    """

    def score_part(part: Sequence[Rollout]) -> Episodes:
        rows = [rollout.sequence for rollout in part]
        batch = batcher.collate(rows)
        with precision(), adapter_off(actors.reference):
            reference_log_probs = token_logprobs(actors.reference, batch, temperature=temperature)
        with precision():
            return Episodes(
                rows=rows,
                lengths=torch.tensor([len(row.response_ids) for row in rows], device=batcher.device),
                log_probs=token_logprobs(actors.policy.model, batch, temperature=temperature),
                reference_log_probs=reference_log_probs,
                values=world.call(token_values, actors.value, batch),
                scores=scores_of(
                    actors.reward, part, batcher=batcher, missing_eos_penalty=missing_eos_penalty, world=world
                ),
                has_ended=_has_ended(part, batcher),
            )

    return [
        world.spread(
            [
                [minibatch[index] for index in part]
                for part in batcher.split([rollout.sequence for rollout in minibatch])
            ],
            score_part,
        )
        for minibatch in chunks(rollouts, minibatch_size)
    ]


def scores_of(
    model: PreTrainedModel,
    rollouts: Sequence[Rollout],
    *,
    batcher: TokenBatcher,
    missing_eos_penalty: float,
    world: World,
) -> Tensor:
    """(N,) from a reward model for a micro-batch of responses, less the penalty of those that have no end."""
    found = world.call(rewards, model, batcher.collate([rollout.scored for rollout in rollouts]))
    return found - missing_eos_penalty * ~_has_ended(rollouts, batcher)


def _has_ended(rollouts: Sequence[Rollout], batcher: TokenBatcher) -> Tensor:
    return torch.tensor([rollout.has_ended for rollout in rollouts], device=batcher.device)


def make_targets(
    minibatches: Sequence[Sequence[Episodes]], *, kl_coefficient: float, discount: float, gae_lambda: float
) -> list[list[Targets]]:
    """Advantages and returns of all micro-batches, the advantages whitened over all their tokens together."""
    experience = [episodes for minibatch in minibatches for episodes in minibatch]
    lengths = torch.cat([episodes.lengths for episodes in experience])
    sizes = lengths.tolist()

    def in_rows(of: Callable[[Episodes], Tensor]) -> Tensor:
        """(B, R), a row for each response of the whole batch."""
        return pad_sequence(list(torch.split(torch.cat([of(one) for one in experience]), sizes)), batch_first=True)

    values = in_rows(lambda one: one.values)
    mask = torch.arange(values.shape[1], device=values.device) < lengths[:, None]
    scores = torch.cat([episodes.scores for episodes in experience])
    earned = token_rewards(scores, kl=in_rows(lambda one: one.kl), mask=mask, kl_coefficient=kl_coefficient)
    advantages = generalized_advantages(earned, values=values, mask=mask, discount=discount, gae_lambda=gae_lambda)
    tokens = [len(episodes.values) for episodes in experience]
    whitened, returns = whiten(advantages[mask]), (advantages + values)[mask]
    pairs = zip(torch.split(whitened, tokens), torch.split(returns, tokens), strict=True)
    targets = iter([Targets(*pair) for pair in pairs])
    return [[next(targets) for _ in minibatch] for minibatch in minibatches]


def summarize(
    minibatches: Sequence[Sequence[Episodes]], targets: Sequence[Sequence[Targets]], *, kl_coefficient: float
) -> dict[str, float]:
    """What a batch of responses is like, before it is learnt from."""
    experience = [episodes for minibatch in minibatches for episodes in minibatch]
    returns = torch.cat([target.returns for minibatch in targets for target in minibatch])
    scores, lengths, log_probs, values, has_ended = (
        torch.cat([getattr(episodes, name) for episodes in experience])
        for name in ("scores", "lengths", "log_probs", "values", "has_ended")
    )
    kl = torch.cat([episodes.kl for episodes in experience]).sum() / len(scores)
    return {
        "reward_mean": scores.mean().item(),
        "reward_std": scores.std(correction=0).item(),
        "kl_nats": kl.item(),
        "return_mean": (scores.mean() - kl_coefficient * kl).item(),
        # An unbiased estimate that needs no second pass over the vocabulary: E[-log π(a)] is the entropy.
        "entropy_nats": -log_probs.mean().item(),
        "response_tokens_mean": lengths.float().mean().item(),
        "eos_fraction": has_ended.float().mean().item(),
        "explained_variance": explained_variance(values, returns),
    }
