"""PPO against a reward model, and PPO-ptx (InstructGPT, section 3.5, equation 2 and appendix C.4).

    python -m training.ppo RUN_DIR

One iteration: sample a batch of responses, score them, take a per-token KL penalty against the initial policy, estimate
advantages, then one pass of clipped updates in minibatches, each with the gradient of ordinary text beside its own.
All dropout is off throughout, so the ratio is 1 before the first update. Where this departs from the paper:
docs/algorithm-notes.md.
"""

import logging
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from formats.configs import PpoConfig
from formats.records import PretrainingText, Prompt
from inference.models import load_causal_lm, load_reward_model
from inference.sampling import SamplingSettings
from inference.scoring import response_logprobs
from training.advantages import explained_variance
from training.batches import chunks, endless_slice, shuffled_order
from training.errors import TrainingError
from training.kl_controller import steered_coefficient
from training.losses import clipped_policy_loss_terms, clipped_value_loss_terms, masked_sum
from training.moving_average import MovingAverage
from training.optimizing import Arithmetic, adam, arithmetic, check_finite, clip_and_step, set_learning_rate
from training.process import TrainingRun, main
from training.progress import Progress
from training.rollouts import Actors, Episodes, Targets, make_targets, sample_rollouts, score_rollouts
from training.schedules import warmup_factor
from training.sequences import Encoder, Lengths, TokenSequence, keep_some
from training.sft import accumulate_gradients
from training.value_network import make_value_network, response_values

logger = logging.getLogger(__name__)


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


def train_ppo(run: TrainingRun[PpoConfig]) -> None:
    """Train a policy against a reward model."""
    config = run.config
    actors = load_actors(run)
    policy, value = actors.policy, actors.value
    lengths = Lengths(config.max_prompt_tokens, config.max_response_tokens)
    encoder = Encoder(policy.tokenizer, lengths)
    for model in (policy.model, actors.reward):
        lengths.check_fit(model)
    prompts = keep_some(encoder.prompts, run.rows("prompts", Prompt), role="prompts")
    texts = keep_some(encoder.texts, run.rows("pretraining", PretrainingText), role="pretraining")

    betas = (config.adam_beta1, config.adam_beta2)
    policy_optimizer = adam(policy.model, learning_rate=config.learning_rate, betas=betas)
    value_optimizer = adam(value, learning_rate=config.value_learning_rate, betas=betas)
    average = MovingAverage(policy.model, decay=config.ema_decay)
    precision = arithmetic(config.precision, policy.device)
    settings = SamplingSettings(max_new_tokens=config.max_response_tokens, temperature=config.temperature)
    kl_coefficient = config.kl_coefficient
    # Whole batches only: a smaller last one would be a noisier step of the same size.
    iterations = config.episodes // config.batch_size

    def state() -> dict[str, Any]:
        return {
            "policy": policy.model.state_dict(),
            "value": value.state_dict(),
            "policy_optimizer": policy_optimizer.state_dict(),
            "value_optimizer": value_optimizer.state_dict(),
            "average": average.state_dict(),
            "kl_coefficient": kl_coefficient,
        }

    first_iteration = 0
    saved = run.resume()
    if saved is not None:
        first_iteration = saved["step"]
        policy.model.load_state_dict(saved["policy"])
        value.load_state_dict(saved["value"])
        policy_optimizer.load_state_dict(saved["policy_optimizer"])
        value_optimizer.load_state_dict(saved["value_optimizer"])
        average.load_state_dict(saved["average"])
        kl_coefficient = saved["kl_coefficient"]

    learner = Learner(actors, config, policy_optimizer, value_optimizer, average, texts=texts, precision=precision)
    metrics: dict[str, float] = {}
    with Progress(run.attempt, total_steps=iterations) as progress:
        progress.enter("train", step=first_iteration)
        for iteration in range(first_iteration, iterations):
            run.stop_if_asked(step=iteration, state=state)
            factor = warmup_factor(
                iteration,
                warmup_iterations=config.warmup_iterations,
                start_fraction=config.warmup_start_fraction,
            )
            set_learning_rate(policy_optimizer, config.learning_rate * factor)
            set_learning_rate(value_optimizer, config.value_learning_rate * factor)

            # 1. Sample.
            started_at = time.perf_counter()
            first_episode = iteration * config.batch_size
            with precision():
                rollouts = sample_rollouts(
                    policy,
                    endless_slice(prompts, start=first_episode, count=config.batch_size, seed=config.seed),
                    first_episode=first_episode,
                    seed=config.seed,
                    settings=settings,
                    batch_size=config.rollout_batch_size,
                )
            sampled_at = time.perf_counter()

            # 2. Score, minibatch by minibatch, in the micro-batches of the update.
            minibatches = [
                [
                    score_rollouts(actors, part, temperature=config.temperature, precision=precision)
                    for part in chunks(minibatch, config.micro_batch_size)
                ]
                for minibatch in chunks(rollouts, config.minibatch_size)
            ]
            experience = [episodes for minibatch in minibatches for episodes in minibatch]
            targets = make_targets(
                experience,
                kl_coefficient=kl_coefficient,
                discount=config.discount,
                gae_lambda=config.gae_lambda,
            )
            summary = summarize(experience, targets, kl_coefficient=kl_coefficient)
            for name, figure in summary.items():
                check_finite(figure, what=name)
            scored_at = time.perf_counter()

            # 3. Learn.
            results = learner.update(minibatches, targets, iteration=iteration)
            ended_at = time.perf_counter()

            metrics = {
                **summary,
                "policy_loss": results.policy_loss,
                "value_loss": results.value_loss,
                **({} if results.ptx_loss is None else {"ptx_loss": results.ptx_loss}),
                "clip_fraction": results.clip_fraction,
                "ratio_max": results.ratio_max,
                "first_ratio_deviation": results.first_ratio_deviation,
                "gradient_norm": results.gradient_norm,
                "kl_coefficient": kl_coefficient,
                "learning_rate": config.learning_rate * factor,
                "episodes_per_second": config.batch_size / (ended_at - started_at),
                "sampling_seconds": sampled_at - started_at,
                "scoring_seconds": scored_at - sampled_at,
                "learning_seconds": ended_at - scored_at,
            }
            kl_coefficient = steered_coefficient(
                kl_coefficient,
                kl_nats=summary["kl_nats"],
                target_nats=config.kl_target_nats,
                episodes=config.batch_size,
            )
            progress.report(iteration + 1, metrics)
            if iteration + 1 < iterations and (iteration + 1) % config.checkpoint_every_iterations == 0:
                run.save(step=iteration + 1, state=state())
        progress.enter("save", step=iterations)

        def save_model(directory: Path) -> None:
            average.copy_to(policy.model)
            policy.model.save_pretrained(directory)
            policy.tokenizer.save_pretrained(directory)

        run.publish(save_model, kind="ppo", summary={"steps": iterations, **metrics})


def load_actors(run: TrainingRun[PpoConfig]) -> Actors:
    """Policy and reference from the initial policy, value network from the reward model; all in evaluation mode.

    Raises TrainingError where the reward model reads other tokens than the policy writes.
    """
    device = run.config.device
    policy = load_causal_lm(run.model("model"), device=device, precision="float32")
    reference = load_causal_lm(run.model("model"), device=device, precision="float32")
    reward = load_reward_model(run.model("reward_model"), device=device, precision="float32")
    value = load_reward_model(run.model("reward_model"), device=device, precision="float32")
    if policy.tokenizer.get_vocab() != reward.tokenizer.get_vocab():
        message = "the reward model and the policy have different tokenizers; train both from one model"
        raise TrainingError("tokenizer_mismatch", message, field="inputs.reward_model")
    make_value_network(value.model)
    return Actors(policy, reference.model, reward.model, value.model)


def summarize(experience: Sequence[Episodes], targets: Sequence[Targets], *, kl_coefficient: float) -> dict[str, float]:
    """What a batch of responses is like, before it is learnt from."""
    scores = torch.cat([episodes.scores for episodes in experience])
    kl = torch.cat([episodes.kl.sum(dim=1) for episodes in experience])
    tokens = torch.cat([episodes.mask.sum(dim=1) for episodes in experience]).float()
    surprise = torch.cat([-episodes.log_probs[episodes.mask] for episodes in experience])
    values = torch.cat([episodes.values[episodes.mask] for episodes in experience])
    returns = torch.cat([own.returns[e.mask] for e, own in zip(experience, targets, strict=True)])
    return {
        "reward_mean": scores.mean().item(),
        "reward_std": scores.std(correction=0).item(),
        "kl_nats": kl.mean().item(),
        "return_mean": (scores - kl_coefficient * kl).mean().item(),
        # An unbiased estimate that needs no second pass over the vocabulary: E[-log π(a)] is the entropy.
        "entropy_nats": surprise.mean().item(),
        "response_tokens_mean": tokens.mean().item(),
        "eos_fraction": torch.cat([episodes.ended for episodes in experience]).float().mean().item(),
        "explained_variance": explained_variance(values, returns),
    }


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
    ) -> None:
        self.actors = actors
        self.config = config
        self.policy_optimizer = policy_optimizer
        self.value_optimizer = value_optimizer
        self.average = average
        self.texts = texts
        self.precision = precision

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
        for episodes, target in zip(minibatch, targets, strict=True):
            with self.precision():
                log_probs = response_logprobs(self.actors.policy.model, episodes.batch, temperature=config.temperature)
                values = response_values(self.actors.value, episodes.batch)
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
            own_policy_loss = masked_sum(policy_terms, episodes.mask) / tokens
            own_value_loss = masked_sum(value_terms, episodes.mask) / tokens
            # The networks share no weights, so one backward pass serves both.
            (own_policy_loss + own_value_loss).backward()  # type: ignore[no-untyped-call]
            policy_loss += own_policy_loss.item()
            value_loss += own_value_loss.item()
            ratio = (log_probs.detach() - episodes.log_probs)[episodes.mask].exp()
            ratios.append(ratio)
            clipped += float(((ratio - 1.0).abs() > config.clip_range).sum())
        ptx_loss = self.add_ptx_gradients(sum(len(e.scores) for e in minibatch), number=number)
        check_finite(policy_loss + value_loss, what="loss")
        gradient_norm = clip_and_step(self.actors.policy.model, self.policy_optimizer, limit=config.gradient_clip_norm)
        clip_and_step(self.actors.value, self.value_optimizer, limit=config.gradient_clip_norm)
        self.average.update(self.actors.policy.model)
        every = torch.cat(ratios)
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
        return accumulate_gradients(
            self.actors.policy,
            rows,
            micro_batch_size=config.micro_batch_size,
            precision=self.precision,
            coefficient=config.ptx_coefficient,
        )


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


if __name__ == "__main__":
    sys.exit(main(train_ppo, PpoConfig))
