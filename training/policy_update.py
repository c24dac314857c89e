"""The update of one PPO iteration: clipped policy and value losses, with the gradient of ordinary text beside them.

The objective of a step, whose gradients are all summed before the optimizer moves (InstructGPT, equation 2):

    mean over the response tokens of the minibatch of the clipped surrogate
    + γ · mean over all tokens of the ordinary texts of log π(token)

so γ weighs a mean per token against a mean per token, whatever the sizes of the two batches. The minibatches arrive as
the micro-batches in which their log-probabilities were taken, and go through the models in the same shape again: before
the first update every ratio is therefore exactly 1.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from formats.configs import PpoConfig
from inference.scoring import token_logprobs
from training.batches import endless_slice, shuffled_order
from training.distributed import ALONE, World
from training.experience import Actors, Episodes, Targets
from training.kl_controller import KlController
from training.losses import clipped_policy_loss_terms, clipped_value_loss_terms
from training.moving_average import MovingAverage
from training.optimizing import Arithmetic, adam, check_finite, clip_and_step, set_learning_rate
from training.response_loss import ResponseLoss
from training.schedules import warmup_factor
from training.sequences import TokenSequence
from training.steps import Stateful, TrainedWeights
from training.token_batches import TokenBatcher
from training.value_network import token_values


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

    def figures(self) -> dict[str, float]:
        """By name, without a loss that there is none of."""
        found = {name: getattr(self, name) for name in self.__slots__}
        return {name: value for name, value in found.items() if value is not None}


@dataclass(frozen=True, slots=True)
class _Part:
    """What a micro-batch's pass found: the ratios of its tokens (M,), and its shares of the minibatch's losses."""

    ratios: Tensor
    policy_loss: float
    value_loss: float


class Learner:
    """All that learning changes: policy, value network, their optimizers, the average and the KL coefficient."""

    def __init__(
        self,
        actors: Actors,
        config: PpoConfig,
        *,
        texts: Sequence[TokenSequence],
        batcher: TokenBatcher,
        precision: Arithmetic,
        world: World = ALONE,
    ) -> None:
        betas = (config.adam_beta1, config.adam_beta2)
        self.actors = actors
        self.config = config
        self.texts = texts
        self.batcher = batcher
        self.precision = precision
        self.world = world
        self.policy = actors.policy.model
        self.policy_optimizer = adam(self.policy, learning_rate=config.learning_rate, betas=betas)
        self.value_optimizer = adam(actors.value, learning_rate=config.value_learning_rate, betas=betas)
        self.average = MovingAverage(self.policy, decay=config.ema_decay)
        self.kl = KlController(config.kl_coefficient, target_nats=config.kl_target_nats)

    def parts(self) -> dict[str, Stateful]:
        """What a checkpoint holds of it, by name."""
        return {
            "policy": TrainedWeights(self.policy),
            "value": TrainedWeights(self.actors.value),
            "policy_optimizer": self.policy_optimizer,
            "value_optimizer": self.value_optimizer,
            "average": self.average,
            "kl": self.kl,
        }

    def warm_up(self, iteration: int) -> float:
        """Set both learning rates for an iteration; return the policy's."""
        config = self.config
        factor = warmup_factor(
            iteration, warmup_iterations=config.warmup_iterations, start_fraction=config.warmup_start_fraction
        )
        set_learning_rate(self.policy_optimizer, config.learning_rate * factor)
        set_learning_rate(self.value_optimizer, config.value_learning_rate * factor)
        return config.learning_rate * factor

    def update(
        self, minibatches: Sequence[Sequence[Episodes]], targets: Sequence[Sequence[Targets]], *, iteration: int
    ) -> UpdateResults:
        """Learn from all minibatches, `inner_epochs` times, each time in a new order."""
        results = []
        for inner_epoch in range(self.config.inner_epochs):
            pass_number = iteration * self.config.inner_epochs + inner_epoch
            for place, index in enumerate(shuffled_order(len(minibatches), seed=self.config.seed, epoch=pass_number)):
                number = pass_number * len(minibatches) + place
                results.append(self.step(minibatches[index], targets[index], number=number))
        return _mean_results(results)

    def step(self, minibatch: Sequence[Episodes], targets: Sequence[Targets], *, number: int) -> UpdateResults:
        """One step of the policy and one of the value network; `number` counts the steps of the whole run."""
        tokens = sum(len(episodes.log_probs) for episodes in minibatch)
        ratios, policy_loss, value_loss = [], 0.0, 0.0
        for share in self.world.deal(list(zip(minibatch, targets, strict=True))):
            own = self._add_gradients(*share.item, weight=share.weight / tokens)
            policy_loss, value_loss = policy_loss + own.policy_loss, value_loss + own.value_loss
            ratios += [own.ratios] if share.weight else []
        policy_loss, value_loss = self.world.total([policy_loss, value_loss])
        ratio = torch.cat([one for part in self.world.gather(ratios) for one in part])
        ptx_loss = self.add_ptx_gradients(sum(len(e.scores) for e in minibatch), number=number)
        check_finite(policy_loss + value_loss, what="loss")
        gradient_norm = clip_and_step(self.policy, self.policy_optimizer, limit=self.config.gradient_clip_norm)
        clip_and_step(self.actors.value, self.value_optimizer, limit=self.config.gradient_clip_norm)
        self.average.update(self.policy)
        deviation = (ratio - 1.0).abs()
        return UpdateResults(
            policy_loss=policy_loss,
            value_loss=value_loss,
            ptx_loss=ptx_loss,
            clip_fraction=(deviation > self.config.clip_range).float().mean().item(),
            ratio_max=ratio.max().item(),
            first_ratio_deviation=deviation.max().item(),
            gradient_norm=gradient_norm,
        )

    def _add_gradients(self, episodes: Episodes, target: Targets, *, weight: float) -> "_Part":
        """Add a micro-batch's share of the minibatch's gradients: `weight` times the sums over its tokens."""
        config = self.config
        batch = self.batcher.collate(episodes.rows)
        with self.precision():
            log_probs = token_logprobs(self.policy, batch, temperature=config.temperature)
            values = self.world.call(token_values, self.actors.value, batch)
        policy_loss = (
            weight
            * clipped_policy_loss_terms(
                log_probs,
                old_log_probs=episodes.log_probs,
                advantages=target.advantages,
                clip_range=config.clip_range,
            ).sum()
        )
        value_loss = (
            weight
            * clipped_value_loss_terms(
                values, old_values=episodes.values, returns=target.returns, clip_range=config.value_clip_range
            ).sum()
        )
        # The networks share no weights, so one backward pass serves both.
        (self.world.size * (policy_loss + value_loss)).backward()  # type: ignore[no-untyped-call]
        return _Part((log_probs.detach() - episodes.log_probs).exp(), policy_loss.item(), value_loss.item())

    def add_ptx_gradients(self, episodes: int, *, number: int) -> float | None:
        """Add γ times the gradient of the mean token loss on ordinary text; return that loss. None without ptx."""
        config = self.config
        if config.ptx_coefficient == 0.0:
            return None
        count = episodes * config.ptx_examples_per_episode
        rows = endless_slice(self.texts, start=number * count, count=count, seed=config.seed)
        text_loss = ResponseLoss(self.policy, self.batcher, self.world)
        return text_loss.add_gradients(rows, precision=self.precision, coefficient=config.ptx_coefficient)


def _mean_results(results: Sequence[UpdateResults]) -> UpdateResults:
    """Of several steps: means, but the largest ratio, and the first deviation of the first step, before any update."""
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
