"""Experience for PPO: responses of the policy, scored, with everything that does not change while it is learnt from.

Experience is kept in the very micro-batches in which it is trained on. The log-probabilities before and after an
update then come from the same tensors of the same shape, and the ratio before the first update is 1 exactly, not
nearly.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from transformers import PreTrainedModel

from inference.models import LoadedModel
from inference.prompts import pad_id
from inference.sampling import Sample, SamplingSettings, sample, sample_seed
from inference.scoring import response_logprobs, rewards
from inference.sequences import SequenceBatch
from training.adapting import adapter_off
from training.advantages import generalized_advantages, token_rewards, whiten
from training.batches import collate
from training.distributed import ALONE, World
from training.optimizing import Arithmetic
from training.sequences import TokenPrompt, TokenSequence
from training.value_network import response_values


@dataclass(frozen=True, slots=True)
class Episodes:
    """A micro-batch of scored responses. Tensors are (B, R) unless another shape is given, without gradient."""

    batch: SequenceBatch
    log_probs: Tensor  # of the policy that sampled, recomputed in torch at the sampling temperature
    reference_log_probs: Tensor
    values: Tensor
    scores: Tensor  # (B,) from the reward model
    ended: Tensor  # (B,) bool: the response has its end token

    @property
    def mask(self) -> Tensor:
        """True at real response tokens."""
        return self.batch.response_mask

    @property
    def kl(self) -> Tensor:
        """log π(a) - log π_ref(a) at each sampled token, 0 at padding: its sum estimates the KL of the response."""
        return (self.log_probs - self.reference_log_probs).masked_fill(~self.mask, 0.0)


@dataclass(frozen=True, slots=True)
class Targets:
    """What a micro-batch is to learn, (B, R) each."""

    advantages: Tensor  # whitened over the whole batch
    returns: Tensor


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
class Rollout:
    """A prompt's ids, and the response sampled to it."""

    sequence: TokenSequence
    ended: bool


def sample_rollouts(
    policy: LoadedModel,
    prompts: Sequence[TokenPrompt],
    *,
    first_episode: int,
    seed: int,
    settings: SamplingSettings,
    batch_size: int,
) -> list[Rollout]:
    """One response to each prompt; each depends on the run's seed and its own number, not on its neighbours."""
    seeds = [[sample_seed(seed, prompt.id, first_episode + index)] for index, prompt in enumerate(prompts)]
    sampled = sample(
        policy.model,
        policy.tokenizer,
        [prompt.ids for prompt in prompts],
        seeds=seeds,
        settings=settings,
        batch_size=batch_size,
    )
    return [_rollout(prompt, only) for prompt, [only] in zip(prompts, sampled.samples, strict=True)]


def _rollout(prompt: TokenPrompt, response: Sample) -> Rollout:
    return Rollout(TokenSequence(prompt.ids, response.token_ids), ended=response.finish_reason == "stop")


@torch.no_grad()
def score_rollouts(
    actors: Actors, rollouts: Sequence[Rollout], *, temperature: float, precision: Arithmetic, world: World = ALONE
) -> Episodes:
    """One micro-batch of experience. All models must be in evaluation mode."""
    policy = actors.policy
    batch = collate([rollout.sequence for rollout in rollouts], pad_id=pad_id(policy.tokenizer), device=policy.device)
    with precision(), adapter_off(actors.reference):
        reference_log_probs = response_logprobs(actors.reference, batch, temperature=temperature)
    with precision():
        return Episodes(
            batch=batch,
            log_probs=response_logprobs(policy.model, batch, temperature=temperature),
            reference_log_probs=reference_log_probs,
            values=world.call(response_values, actors.value, batch),
            scores=world.call(rewards, actors.reward, batch),
            ended=torch.tensor([rollout.ended for rollout in rollouts], device=policy.device),
        )


def make_targets(
    experience: Sequence[Episodes], *, kl_coefficient: float, discount: float, gae_lambda: float
) -> list[Targets]:
    """Advantages and returns of all micro-batches, the advantages whitened over all their tokens together."""
    advantages = []
    for episodes in experience:
        earned = token_rewards(episodes.scores, kl=episodes.kl, mask=episodes.mask, kl_coefficient=kl_coefficient)
        advantages.append(
            generalized_advantages(
                earned, values=episodes.values, mask=episodes.mask, discount=discount, gae_lambda=gae_lambda
            )
        )
    masks = [episodes.mask for episodes in experience]
    whitened = whiten(torch.cat([own[mask] for own, mask in zip(advantages, masks, strict=True)]))
    parts = torch.split(whitened, [int(mask.sum()) for mask in masks])
    return [
        Targets(
            advantages=torch.zeros_like(own).masked_scatter(mask, part),
            returns=own + episodes.values.masked_fill(~mask, 0.0),
        )
        for own, mask, part, episodes in zip(advantages, masks, parts, experience, strict=True)
    ]
