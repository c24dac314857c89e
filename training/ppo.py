"""PPO against a reward model, and PPO-ptx (InstructGPT, section 3.5, equation 2 and appendix C.4).

    python -m training.ppo RUN_DIR

One iteration: sample a batch of responses, score them, take a per-token KL penalty against the initial policy, estimate
advantages, then one pass of clipped updates in minibatches, each with the gradient of ordinary text beside its own.
All dropout is off throughout, so the ratio is 1 before the first update. Where this departs from the paper:
docs/algorithm-notes.md.
"""

import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import torch

from formats.configs import PpoConfig
from formats.records import PretrainingText, Prompt
from inference.models import load_causal_lm, load_reward_model
from inference.sampling import SamplingSettings
from training.adapting import adapt, put_trained_weights, save_policy, trained_weights
from training.advantages import explained_variance
from training.batches import chunks, endless_slice
from training.checkpointing import restore_optimizer
from training.errors import TrainingError
from training.kl_controller import steered_coefficient
from training.moving_average import MovingAverage
from training.optimizing import adam, arithmetic, check_finite, set_learning_rate
from training.policy_update import Learner
from training.process import TrainingRun, main
from training.rollouts import Actors, Episodes, Targets, make_targets, sample_rollouts, score_rollouts
from training.schedules import warmup_factor
from training.sequences import Encoder, Lengths, keep_some
from training.value_network import make_value_network


def train_ppo(run: TrainingRun[PpoConfig]) -> None:
    """Train a policy against a reward model."""
    config = run.config
    actors = load_actors(run)
    policy, value = actors.policy, actors.value
    lengths = Lengths(config.max_prompt_tokens, config.max_response_tokens)
    encoder = Encoder(policy.tokenizer, lengths)
    for model in (policy.model, actors.reward):
        lengths.check_fit(model)
    keep = partial(keep_some, reason=lengths.why_too_long, field="config.max_prompt_tokens", warn=run.warn)
    prompts = keep(encoder.prompts, run.rows("prompts", Prompt), role="prompts")
    texts = keep_some(
        encoder.texts,
        run.rows("pretraining", PretrainingText),
        role="pretraining",
        reason="they are empty",
        field="inputs.pretraining",
        warn=run.warn,
    )

    world = run.world
    for model in (policy.model, actors.reference, actors.reward, value):
        world.shard(model)
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
            "policy": trained_weights(policy.model),
            "value": trained_weights(value),
            "policy_optimizer": policy_optimizer.state_dict(),
            "value_optimizer": value_optimizer.state_dict(),
            "average": average.state_dict(),
            "kl_coefficient": kl_coefficient,
        }

    first_iteration = 0
    saved = run.resume()
    if saved is not None:
        first_iteration = saved["step"]
        put_trained_weights(policy.model, saved["policy"])
        put_trained_weights(value, saved["value"])
        restore_optimizer(policy_optimizer, saved["policy_optimizer"])
        restore_optimizer(value_optimizer, saved["value_optimizer"])
        average.load_state_dict(saved["average"])
        kl_coefficient = saved["kl_coefficient"]

    learner = Learner(
        actors, config, policy_optimizer, value_optimizer, average, texts=texts, precision=precision, world=world
    )
    metrics: dict[str, float] = {}
    with run.progress(total_steps=iterations) as progress:
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
            with precision(), world.whole(policy.model):
                own_size = -(-config.batch_size // world.size)
                parts = chunks(
                    endless_slice(prompts, start=first_episode, count=config.batch_size, seed=config.seed), own_size
                )
                sampled = world.spread(
                    list(enumerate(parts)),
                    lambda numbered: sample_rollouts(
                        policy,
                        numbered[1],
                        first_episode=first_episode + numbered[0] * own_size,  # noqa: B023
                        seed=config.seed,
                        settings=settings,
                        batch_size=config.rollout_batch_size,
                    ),
                )
                rollouts = [rollout for part in sampled for rollout in part]
            sampled_at = time.perf_counter()

            # 2. Score, minibatch by minibatch, in the micro-batches of the update.
            minibatches = [
                world.spread(
                    list(chunks(minibatch, config.micro_batch_size)),
                    lambda part: score_rollouts(
                        actors, part, temperature=config.temperature, precision=precision, world=world
                    ),
                )
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

        average.copy_to(policy.model)
        whole = replace(policy, model=world.assemble(policy.model))

        run.publish(partial(save_policy, whole), kind="ppo", summary={"steps": iterations, **metrics})


def load_actors(run: TrainingRun[PpoConfig]) -> Actors:
    """Policy and reference from the initial policy, value network from the reward model; all in evaluation mode.

    Raises TrainingError where the reward model reads other tokens than the policy writes.
    """
    device = run.config.device
    policy = load_causal_lm(run.model("model"), device=device, precision="float32")
    reward = load_reward_model(run.model("reward_model"), device=device, precision="float32")
    value = load_reward_model(run.model("reward_model"), device=device, precision="float32")
    if policy.tokenizer.get_vocab() != reward.tokenizer.get_vocab():
        message = "the reward model and the policy have different tokenizers; train both from one model"
        raise TrainingError("tokenizer_mismatch", message, field="inputs.reward_model")
    make_value_network(value.model)
    adapt(policy.model, run.config)
    adapt(value.model, run.config)
    reference = policy
    if run.config.method == "full":
        reference = load_causal_lm(run.model("model"), device=device, precision="float32")
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


if __name__ == "__main__":
    sys.exit(main(train_ppo, PpoConfig))
