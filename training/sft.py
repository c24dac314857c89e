"""Supervised fine-tuning on demonstrations (InstructGPT, section 3.5 and appendix C.1).

    python -m training.sft RUN_DIR

The loss is the mean negative log-likelihood of the response tokens of a batch, end-of-text token included. With a
pretraining mix, the same batch holds ordinary texts too, all of whose tokens count. The output is the end of the epoch
that a reward model likes best, where one is given (`training.checkpoint_choice`). Where this departs from the paper:
docs/algorithm-notes.md.
"""

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from formats.configs import SftConfig
from formats.records import Demonstration, PretrainingText
from formats.run_spec import sft_checkpoint_rule
from inference.models import LoadedModel, load_causal_lm, load_reward_model
from training.adapting import adapt, save_policy
from training.batches import batch_at_step, endless_slice, steps_per_epoch
from training.checkpoint_choice import CheckpointChoice, Judge, prompts_to_judge
from training.dropout import add_residual_dropout
from training.optimizing import adam, arithmetic, check_finite, clip_and_step, set_learning_rate
from training.process import TrainingRun, main
from training.response_loss import ResponseLoss
from training.schedules import cosine_factor
from training.sequences import Encoder, Lengths, TokenSequence, check_same_tokens, keep_some
from training.steps import Stateful, TrainedWeights, steps
from training.token_batches import make_batcher


def train_sft(run: TrainingRun[SftConfig]) -> None:
    """Fine-tune a language model on demonstrations."""
    config = run.config
    policy = load_causal_lm(run.model("model"), device=config.device, precision="float32")
    lengths = Lengths(config.max_prompt_tokens, config.max_response_tokens)
    lengths.check_fit(policy.model)
    encoder = Encoder(policy.tokenizer, lengths)
    data = _read_data(run, encoder)
    batcher = make_batcher(
        policy,
        packing=config.packing,
        micro_batch_tokens=config.micro_batch_tokens,
        lengths=lengths,
        warn=run.warn,
    )
    response_loss = ResponseLoss(policy.model, batcher, run.world)
    adapt(policy.model, config, dropout=config.lora_dropout)
    add_residual_dropout(policy.model, config.residual_dropout)
    run.world.shard(policy.model)
    judge = _judge(run, policy, encoder)
    optimizer = adam(
        policy.model,
        learning_rate=config.learning_rate,
        betas=(config.adam_beta1, config.adam_beta2),
        weight_decay=config.weight_decay,
    )
    choice = CheckpointChoice(sft_checkpoint_rule(config, run.inputs))
    precision = arithmetic(config.precision, policy.device)
    total = config.epochs * data.steps_per_epoch

    policy.model.train()
    with run.progress(total_steps=total) as progress:
        parts: dict[str, Stateful] = {"model": TrainedWeights(policy.model), "optimizer": optimizer, "choice": choice}
        for step in steps(run, progress, total=total, parts=parts, checkpoint_every=config.checkpoint_every_steps):
            started_at = time.perf_counter()
            rows = data.batch(step, seed=config.seed)
            rate = config.learning_rate * cosine_factor(
                step, total_steps=total, final_fraction=config.final_learning_rate_fraction
            )
            set_learning_rate(optimizer, rate)
            loss = response_loss.add_gradients(rows, precision=precision)
            check_finite(loss, what="loss")
            gradient_norm = clip_and_step(policy.model, optimizer, limit=config.gradient_clip_norm)

            seconds = time.perf_counter() - started_at
            metrics = {
                "loss": loss,
                "learning_rate": rate,
                "gradient_norm": gradient_norm,
                "tokens_per_second": sum(row.length for row in rows) / seconds,
            }
            epoch, steps_into_epoch = divmod(step + 1, data.steps_per_epoch)
            if data.validation and (steps_into_epoch == 0 or (step + 1) % config.validation_every_steps == 0):
                metrics["validation_loss"] = response_loss.mean(data.validation, precision=precision)
            if steps_into_epoch == 0:
                if judge is not None:
                    progress.enter("judge", step=step + 1)
                    with precision():
                        metrics["validation_reward"] = judge.mean_reward(policy)
                    progress.enter("train", step=step + 1)
                metrics |= choice.offer(policy.model, epoch=epoch, figures=metrics)
            progress.report(step + 1, metrics)

        progress.enter("save", step=total)
        choice.take(policy.model)
        whole = replace(policy, model=run.world.assemble(policy.model))
        run.publish(partial(save_policy, whole), kind="sft", summary={"steps": total, **choice.summary()})


@dataclass(frozen=True, slots=True)
class Data:
    """The rows that a run reads, as token ids, and how many of each kind make a batch."""

    demonstrations: Sequence[TokenSequence]
    validation: Sequence[TokenSequence]
    texts: Sequence[TokenSequence]
    demonstrations_per_batch: int
    texts_per_batch: int

    @property
    def steps_per_epoch(self) -> int:
        """Once through all demonstrations; the texts are an endless stream beside them."""
        return steps_per_epoch(len(self.demonstrations), batch_size=self.demonstrations_per_batch)

    def batch(self, step: int, *, seed: int) -> list[TokenSequence]:
        """The rows of a step."""
        rows = batch_at_step(self.demonstrations, step=step, batch_size=self.demonstrations_per_batch, seed=seed)
        if self.texts_per_batch:
            start = step * self.texts_per_batch
            rows += endless_slice(self.texts, start=start, count=self.texts_per_batch, seed=seed)
        return rows


def _read_data(run: TrainingRun[SftConfig], encoder: Encoder) -> Data:
    """The rows that can be learnt from; the run's warnings say of each role what is left out."""
    config = run.config
    encode = partial(encoder.conversations, turns=config.trained_turns)
    keep = partial(keep_some, reason=encoder.lengths.why_too_long, field="config.max_prompt_tokens", warn=run.warn)
    train = keep(encode, run.rows("train", Demonstration), role="train")
    validation = keep(encode, run.rows("validation", Demonstration), role="validation")
    texts = keep_some(
        encoder.texts,
        run.rows("pretraining", PretrainingText),
        role="pretraining",
        reason="they are empty",
        field="inputs.pretraining",
        warn=run.warn,
    )
    texts_per_batch = round(config.batch_size * config.pretraining_fraction)
    return Data(
        demonstrations=[row for own in train for row in own],
        validation=[row for own in validation for row in own],
        texts=texts,
        demonstrations_per_batch=config.batch_size - texts_per_batch,
        texts_per_batch=texts_per_batch,
    )


def _judge(run: TrainingRun[SftConfig], policy: LoadedModel, encoder: Encoder) -> Judge | None:
    """Who compares the epochs, where a reward model is given."""
    config = run.config
    if "reward_model" not in run.inputs:
        return None
    reward_model = load_reward_model(run.model("reward_model"), device=config.device, precision="float32")
    check_same_tokens(policy, reward_model, role="reward_model")
    encoder.lengths.check_fit(reward_model.model)
    rows = run.rows("validation", Demonstration)
    run.world.shard(reward_model.model)
    return Judge(
        reward_model,
        prompts_to_judge(rows, encoder=encoder, most=config.judged_prompts),
        max_response_tokens=config.max_response_tokens,
        batch_size=max(1, config.micro_batch_tokens // (config.max_prompt_tokens + config.max_response_tokens)),
        micro_batch_tokens=config.micro_batch_tokens,
        seed=config.seed,
        world=run.world,
    )


if __name__ == "__main__":
    sys.exit(main(train_sft, SftConfig))
