"""The update of one PPO iteration: clipped policy and value losses, with the gradient of ordinary text beside them.

The minibatches arrive as the micro-batches in which their log-probabilities were taken, and go through the model in
the same shape again: before the first update every ratio is therefore exactly 1.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from formats.configs import PpoConfig
from inference.scoring import response_logprobs
from training.batches import endless_slice, shuffled_order
from training.distributed import ALONE, World
from training.losses import clipped_policy_loss_terms, clipped_value_loss_terms, masked_sum
from training.moving_average import MovingAverage
from training.optimizing import Arithmetic, check_finite, clip_and_step
from training.response_loss import ResponseLoss
from training.rollouts import Actors, Episodes, Targets
from training.sequences import TokenSequence
from training.value_network import response_values


@dataclass(frozen=True, slots=True)
class UpdateResults:
    """Means over the minibatches of one iteration; the ratio's extremes are over all tokens."""

    policy_loss: float
    value_loss: float
    ptx_loss: float | None
    clip_fraction: float
    ratio_max: float
    first_ratio_deviation: float  # the furthest that a ratio was from 1 before the first update: always 0
    gradient_norm: float


class Learner:
    """The update of an iteration: clipped policy and value losses, and the pretraining gradient."""

    def __init__(
        self,
        actors: Actors,
        config: PpoConfig,
        policy_optimizer: torch.optim.Optimizer,
        value_optimizer: torch.optim.Optimizer,
        average: MovingAverage,
        *,
        texts: Sequence[TokenSequence],
        precision: Arithmetic,
        world: World = ALONE,
    ) -> None:
        self.actors = actors
        self.config = config
        self.policy_optimizer = policy_optimizer
        self.value_optimizer = value_optimizer
        self.average = average
        self.texts = texts
        self.precision = precision
        self.world = world

    def update(
        self, minibatches: Sequence[Sequence[Episodes]], targets: Sequence[Targets], *, iteration: int
    ) -> UpdateResults:
        """Learn from all minibatches, `inner_epochs` times, each time in a new order."""
        offsets = [sum(len(earlier) for earlier in minibatches[:index]) for index in range(len(minibatches))]
        results = []
        for inner_epoch in range(self.config.inner_epochs):
            pass_number = iteration * self.config.inner_epochs + inner_epoch
            for place, index in enumerate(shuffled_order(len(minibatches), seed=self.config.seed, epoch=pass_number)):
                own_targets = targets[offsets[index] : offsets[index] + len(minibatches[index])]
                number = pass_number * len(minibatches) + place
                results.append(self.step(minibatches[index], own_targets, number=number))
        return _mean_results(results)

    def step(self, minibatch: Sequence[Episodes], targets: Sequence[Targets], *, number: int) -> UpdateResults:
        """One step of the policy and one of the value network; `number` counts the steps of the whole run."""
        config = self.config
        tokens = sum(int(episodes.mask.sum()) for episodes in minibatch)
        policy_loss = value_loss = clipped = 0.0
        ratios = []
        for share in self.world.deal(list(zip(minibatch, targets, strict=True))):
            episodes, target = share.item
            with self.precision():
                log_probs = response_logprobs(self.actors.policy.model, episodes.batch, temperature=config.temperature)
                values = self.world.call(response_values, self.actors.value, episodes.batch)
            policy_terms = clipped_policy_loss_terms(
                log_probs,
                old_log_probs=episodes.log_probs,
                advantages=target.advantages,
                clip_range=config.clip_range,
            )
            value_terms = clipped_value_loss_terms(
                values,
                old_values=episodes.values,
                returns=target.returns,
                clip_range=config.value_clip_range,
            )
            own_policy_loss = share.weight * masked_sum(policy_terms, episodes.mask) / tokens
            own_value_loss = share.weight * masked_sum(value_terms, episodes.mask) / tokens
            # The networks share no weights, so one backward pass serves both.
            (self.world.size * (own_policy_loss + own_value_loss)).backward()  # type: ignore[no-untyped-call]
            policy_loss += own_policy_loss.item()
            value_loss += own_value_loss.item()
            if share.weight:
                ratio = (log_probs.detach() - episodes.log_probs)[episodes.mask].exp()
                ratios.append(ratio)
                clipped += float(((ratio - 1.0).abs() > config.clip_range).sum())
        policy_loss, value_loss, clipped = self.world.total([policy_loss, value_loss, clipped])
        ptx_loss = self.add_ptx_gradients(sum(len(e.scores) for e in minibatch), number=number)
        check_finite(policy_loss + value_loss, what="loss")
        gradient_norm = clip_and_step(self.actors.policy.model, self.policy_optimizer, limit=config.gradient_clip_norm)
        clip_and_step(self.actors.value, self.value_optimizer, limit=config.gradient_clip_norm)
        self.average.update(self.actors.policy.model)
        every = torch.cat([own for part in self.world.gather(ratios) for own in part])
        return UpdateResults(
            policy_loss=policy_loss,
            value_loss=value_loss,
            ptx_loss=ptx_loss,
            clip_fraction=clipped / tokens,
            ratio_max=every.max().item(),
            first_ratio_deviation=(every - 1.0).abs().max().item(),
            gradient_norm=gradient_norm,
        )

    def add_ptx_gradients(self, episodes: int, *, number: int) -> float | None:
        """Add γ times the gradient of the mean token loss on ordinary text; return that loss. None without ptx."""
        config = self.config
        if config.ptx_coefficient == 0.0:
            return None
        count = episodes * config.ptx_examples_per_episode
        rows = endless_slice(self.texts, start=number * count, count=count, seed=config.seed)
        longest = max(row.length for row in rows)
        limit = config.micro_batch_size * longest
        loss = ResponseLoss(self.actors.policy, False, micro_batch_tokens=limit, world=self.world)
        return loss.add_gradients(rows, precision=self.precision, coefficient=config.ptx_coefficient)


def _mean_results(results: Sequence[UpdateResults]) -> UpdateResults:
    """The results of an iteration from those of its steps, in order."""
    count = len(results)
    ptx = [result.ptx_loss for result in results if result.ptx_loss is not None]
    return UpdateResults(
        policy_loss=sum(result.policy_loss for result in results) / count,
        value_loss=sum(result.value_loss for result in results) / count,
        ptx_loss=sum(ptx) / count if ptx else None,
        clip_fraction=sum(result.clip_fraction for result in results) / count,
        ratio_max=max(result.ratio_max for result in results),
        first_ratio_deviation=results[0].first_ratio_deviation,
        gradient_norm=sum(result.gradient_norm for result in results) / count,
    )
