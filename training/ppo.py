"""PPO against a reward model, and PPO-ptx (InstructGPT, section 3.5, equation 2 and appendix C.4).

    python -m training.ppo RUN_DIR

One iteration: sample a batch of responses, score them, take a per-token KL penalty against the initial policy, estimate
advantages, then one pass of clipped updates in minibatches, each with the gradient of ordinary text beside its own.
All dropout is off throughout, so the ratio is 1 before the first update. Where this departs from the paper:
docs/algorithm-notes.md.
"""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from functools import partial

from transformers import PreTrainedModel

from formats.configs import PpoConfig
from formats.records import PretrainingText, Prompt
from inference.models import LoadedModel, load_causal_lm, load_reward_model
from inference.writers import VllmWriter, Writer
from training.adapting import adapt, save_policy
from training.alarms import Watch
from training.batches import chunks, endless_slice
from training.best_of_n import frontier
from training.distributed import World
from training.experience import Actors, Episodes, Targets, make_targets, score_rollouts, summarize
from training.gold import Judge, RewardJudge, gold_figures
from training.optimizing import Arithmetic, arithmetic, check_all_finite
from training.policy_update import Learner
from training.process import TrainingRun, main
from training.rollouts import Rollout, make_writer, rollout_settings, write_rollouts
from training.sequences import Encoder, Lengths, TokenPrompt, TokenSequence, check_same_tokens, keep_some
from training.steps import steps
from training.token_batches import TokenBatcher, make_batcher, takes_packed_rows
from training.value_network import make_value_network


def train_ppo(run: TrainingRun[PpoConfig]) -> None:
    """Train a policy against a reward model."""
    config = run.config
    ppo = prepare(run)
    learner, watch = ppo.learner, ppo.watch
    # Whole batches only: a smaller last one would be a noisier step of the same size.
    iterations = config.episodes // config.batch_size
    parts = learner.parts() | {"watch": watch}
    metrics: dict[str, float] = {}
    done = 0
    with run.progress(total_steps=iterations) as progress:
        every = config.checkpoint_every_iterations
        for iteration in steps(run, progress, total=iterations, parts=parts, checkpoint_every=every):
            clock = Clock()
            rates = {"learning_rate": learner.warm_up(iteration), "kl_coefficient": learner.kl.coefficient}
            with clock.measure("sampling"):
                rollouts = ppo.sample(iteration)
            best_of_n = ppo.best_of_n() if iteration == 0 else {}
            with clock.measure("scoring"):
                experience = ppo.score(rollouts)
                targets = ppo.targets(experience)
                batch = summarize(experience, targets, kl_coefficient=learner.kl.coefficient)
                batch |= gold_figures(ppo.gold, rollouts)
                check_all_finite(batch)
            if 0.0 < config.kl_budget_nats < batch["kl_nats"]:
                run.warn(_budget_is_spent(config, batch["kl_nats"], iteration=iteration, iterations=iterations))
                # This batch's figures alone: those of the update before are not there where a run has just resumed.
                done, metrics = iteration, batch
                break
            with clock.measure("learning"):
                results = learner.update(experience, targets, iteration=iteration)
            learner.kl.steer(kl_nats=batch["kl_nats"], episodes=config.batch_size)
            done, metrics = iteration + 1, batch | results.figures() | rates | clock.figures(config.batch_size)
            progress.report(done, metrics | best_of_n)
            watch.look(metrics, iteration=done)
        progress.enter("save", step=done)
        save = partial(save_policy, ppo.outcome())
        run.publish(save, kind="ppo", summary={"steps": done, **metrics})


def _budget_is_spent(config: PpoConfig, kl_nats: float, *, iteration: int, iterations: int) -> str:
    return (
        f"Learning has ended after {iteration} of {iterations} iterations: the policy's responses lie {kl_nats:.3g} "
        f"nats from where it started, over the budget of {config.kl_budget_nats:g} (config.kl_budget_nats)."
    )


@dataclass(slots=True)
class Clock:
    """Seconds of the phases of one iteration."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def measure(self, phase: str) -> Iterator[None]:
        """Take the time of the block as the phase's."""
        started_at = time.perf_counter()
        yield
        self.seconds[phase] = time.perf_counter() - started_at

    def figures(self, episodes: int) -> dict[str, float]:
        """The phases' seconds, and the rate at which the iteration's episodes went by."""
        rate = {"episodes_per_second": episodes / sum(self.seconds.values())}
        return rate | {f"{phase}_seconds": seconds for phase, seconds in self.seconds.items()}


@dataclass(frozen=True, slots=True)
class Ppo:
    """The parts of a PPO run, and the two phases before learning."""

    config: PpoConfig
    prompts: list[TokenPrompt]
    actors: Actors
    writer: Writer
    batcher: TokenBatcher
    precision: Arithmetic
    learner: Learner
    watch: Watch
    world: World
    gold: Judge | None

    def sample(self, iteration: int) -> list[Rollout]:
        """The rollouts of an iteration: the next batch of an endless stream of prompts, one response each."""
        config = self.config
        if isinstance(self.writer, VllmWriter):
            policy = replace(self.actors.policy, model=self.world.assemble(self.actors.policy.model))
            self.world.from_main(partial(self.writer.refresh, policy))
        first_episode = iteration * config.batch_size
        prompts = endless_slice(self.prompts, start=first_episode, count=config.batch_size, seed=config.seed)
        return self.write(prompts, first_episode=first_episode)

    def write(self, prompts: Sequence[TokenPrompt], *, first_episode: int) -> list[Rollout]:
        """A response to each prompt, of the policy as it is, or as a server has it; each process writes its share."""
        config = self.config
        settings = rollout_settings(
            self.actors.policy, max_response_tokens=config.max_response_tokens, temperature=config.temperature
        )
        own_size = -(-len(prompts) // self.world.size)

        def write(start: int) -> list[Rollout]:
            return write_rollouts(
                self.writer,
                self.actors.policy,
                prompts[start : start + own_size],
                first_episode=first_episode + start,
                seed=config.seed,
                settings=settings,
            )

        own_weights: AbstractContextManager[None] = self.world.whole(self.actors.policy.model)
        if isinstance(self.writer, VllmWriter):
            own_weights = nullcontext()
        with self.precision(), own_weights:
            parts = self.world.spread(range(0, len(prompts), own_size), write)
        return [rollout for part in parts for rollout in part]

    def best_of_n(self) -> dict[str, float]:
        """What best-of-n by the run's reward model reaches from the initial policy, of which a batch was just sampled.

        Prompts come from the run's own, and random numbers after those of all episodes: learning is the same without.
        """
        config = self.config
        prompts = endless_slice(self.prompts, start=0, count=config.best_of_n_prompts, seed=config.seed)
        asked = [prompt for prompt in prompts for _ in range(config.best_of_n_samples)]
        if not asked:
            return {}
        rollouts = self.write(asked, first_episode=config.episodes)
        reward = RewardJudge(
            self.actors.reward, self.batcher, self.precision, self.world, self.config.missing_eos_penalty
        )

        def by_prompt(judge: Judge) -> list[Sequence[float]]:
            return list(chunks(judge(rollouts), config.best_of_n_samples))

        return frontier(by_prompt(reward), gold=by_prompt(self.gold) if self.gold else None)

    def score(self, rollouts: list[Rollout]) -> list[list[Episodes]]:
        """The experience of an iteration, minibatch by minibatch."""
        config = self.config
        return score_rollouts(
            self.actors,
            rollouts,
            minibatch_size=config.minibatch_size,
            batcher=self.batcher,
            temperature=config.temperature,
            missing_eos_penalty=config.missing_eos_penalty,
            precision=self.precision,
            world=self.world,
        )

    def targets(self, experience: list[list[Episodes]]) -> list[list[Targets]]:
        """What an iteration is to learn from its experience."""
        config = self.config
        return make_targets(
            experience,
            kl_coefficient=self.learner.kl.coefficient,
            discount=config.discount,
            gae_lambda=config.gae_lambda,
        )

    def outcome(self) -> LoadedModel:
        """The policy with the average of its weights, whole in the first process."""
        policy = self.actors.policy
        self.learner.average.copy_to(policy.model)
        return replace(policy, model=self.world.assemble(policy.model))


def prepare(run: TrainingRun[PpoConfig], *, gold: Judge | None = None) -> Ppo:
    """Load models and rows, and refuse what cannot work. `gold` judges instead of a `gold_reward_model` of the run."""
    config = run.config
    lengths = Lengths(config.max_prompt_tokens, config.max_response_tokens)
    is_packed = True

    def take_in(network: PreTrainedModel) -> None:
        """Before the next is loaded: a process then holds one network as a whole, and its share of the others."""
        nonlocal is_packed
        lengths.check_fit(network)
        is_packed = is_packed and takes_packed_rows(network, packing=config.packing, lengths=lengths, warn=run.warn)
        run.world.shard(network)

    actors = load_actors(run, take_in)
    policy = actors.policy
    prompts, texts = _read_rows(run, Encoder(policy.tokenizer, lengths))
    batcher = TokenBatcher.of(policy, is_packed=is_packed, micro_batch_tokens=config.micro_batch_tokens)
    precision = arithmetic(config.precision, policy.device)
    if "gold_reward_model" in run.inputs:
        gold = load_gold(run, policy, lengths=lengths, precision=precision)
    return Ppo(
        config=config,
        prompts=prompts,
        actors=actors,
        writer=make_writer(config, policy, directory=run.directory.root / "rollout-policy"),
        batcher=batcher,
        precision=precision,
        learner=Learner(actors, config, texts=texts, batcher=batcher, precision=precision, world=run.world),
        watch=Watch(config, run.warn),
        world=run.world,
        gold=gold,
    )


def _read_rows(run: TrainingRun[PpoConfig], encoder: Encoder) -> tuple[list[TokenPrompt], list[TokenSequence]]:
    """The prompts to answer, and the ordinary texts."""
    keep = partial(keep_some, warn=run.warn)
    prompts = keep(
        encoder.prompts,
        run.rows("prompts", Prompt),
        role="prompts",
        reason=encoder.lengths.why_too_long,
        field="config.max_prompt_tokens",
    )
    texts = keep(
        encoder.texts,
        run.rows("pretraining", PretrainingText),
        role="pretraining",
        reason="they are empty",
        field="inputs.pretraining",
    )
    return prompts, texts


def load_actors(run: TrainingRun[PpoConfig], take_in: Callable[[PreTrainedModel], None]) -> Actors:
    """Policy and reference from the initial policy, value network from the reward model; all in evaluation mode.

    `take_in` gets each once it is ready, and before the next is loaded. Raises TrainingError where the reward model
    reads other tokens than the policy writes.
    """
    device = run.config.device
    policy = load_causal_lm(run.model("model"), device=device, precision="float32")
    adapt(policy.model, run.config)
    take_in(policy.model)
    reward = load_reward_model(run.model("reward_model"), device=device, precision="float32")
    check_same_tokens(policy, reward, role="reward_model")
    take_in(reward.model)
    value = load_reward_model(run.model("reward_model"), device=device, precision="float32")
    make_value_network(value.model)
    adapt(value.model, run.config)
    take_in(value.model)
    reference = policy
    if run.config.method == "full":
        reference = load_causal_lm(run.model("model"), device=device, precision="float32")
        take_in(reference.model)
    return Actors(policy, reference.model, reward.model, value.model)


def load_gold(
    run: TrainingRun[PpoConfig], policy: LoadedModel, *, lengths: Lengths, precision: Arithmetic
) -> RewardJudge:
    """The reward model that only judges. One that cannot be packed is padded alone: training is the same without it.

    Raises TrainingError where it reads other tokens than the policy writes, or not so many.
    """
    config = run.config
    gold = load_reward_model(run.model("gold_reward_model"), device=config.device, precision="float32")
    check_same_tokens(policy, gold, role="gold_reward_model")
    lengths.check_fit(gold.model)
    batcher = make_batcher(
        gold,
        packing="unpacked" if config.packing == "unpacked" else "auto",
        micro_batch_tokens=config.micro_batch_tokens,
        lengths=lengths,
        warn=lambda sentence: run.warn(f"To the gold reward model: {sentence}"),
    )
    run.world.shard(gold.model)
    return RewardJudge(gold.model, batcher, precision, run.world)


if __name__ == "__main__":
    sys.exit(main(train_ppo, PpoConfig))
