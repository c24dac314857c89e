"""Supervised fine-tuning on demonstrations (InstructGPT, section 3.5 and appendix C.1).

    python -m training.sft RUN_DIR

The loss is the mean negative log-likelihood of the response tokens of a batch, end-of-text token included. With a
pretraining mix, the same batch holds ordinary texts too, all of whose tokens count. Where this departs from the paper:
docs/algorithm-notes.md.
"""

import sys
import time
from collections.abc import Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor
from transformers import PreTrainedModel

from formats.configs import SftConfig
from formats.records import Demonstration, PretrainingText
from inference.models import LoadedModel, evaluating, load_causal_lm
from inference.prompts import pad_id
from inference.scoring import response_logprobs
from training.adapting import adapt, put_trained_weights, save_policy, trained_weights
from training.batches import batch_at_step, chunks, collate, endless_slice, steps_per_epoch
from training.dropout import add_residual_dropout
from training.optimizing import Arithmetic, adam, arithmetic, check_finite, clip_and_step, set_learning_rate
from training.process import TrainingRun, main
from training.progress import Progress
from training.schedules import cosine_factor
from training.sequences import Encoder, Lengths, TokenSequence, keep_some


def train_sft(run: TrainingRun[SftConfig]) -> None:
    """Fine-tune a language model on demonstrations."""
    config = run.config
    policy = load_causal_lm(run.model("model"), device=config.device, precision="float32")
    lengths = Lengths(config.max_prompt_tokens, config.max_response_tokens)
    lengths.check_fit(policy.model)
    encoder = Encoder(policy.tokenizer, lengths)
    keep = partial(keep_some, reason=lengths.why_too_long, field="config.max_prompt_tokens", warn=run.warn)
    demonstrations = keep(encoder.demonstrations, run.rows("train", Demonstration), role="train")
    validation = keep(encoder.demonstrations, run.rows("validation", Demonstration), role="validation")
    texts = keep_some(
        encoder.texts,
        run.rows("pretraining", PretrainingText),
        role="pretraining",
        reason="they are empty",
        field="inputs.pretraining",
        warn=run.warn,
    )

    adapt(policy.model, config, dropout=config.lora_dropout)
    add_residual_dropout(policy.model, config.residual_dropout)
    optimizer = adam(
        policy.model,
        learning_rate=config.learning_rate,
        betas=(config.adam_beta1, config.adam_beta2),
        weight_decay=config.weight_decay,
    )
    texts_per_batch = round(config.batch_size * config.pretraining_fraction)
    demonstrations_per_batch = config.batch_size - texts_per_batch
    total_steps = config.epochs * steps_per_epoch(len(demonstrations), batch_size=demonstrations_per_batch)
    precision = arithmetic(config.precision, policy.device)

    def state() -> dict[str, Any]:
        return {"model": trained_weights(policy.model), "optimizer": optimizer.state_dict()}

    first_step = 0
    saved = run.resume()
    if saved is not None:
        first_step = saved["step"]
        put_trained_weights(policy.model, saved["model"])
        optimizer.load_state_dict(saved["optimizer"])

    metrics: dict[str, float] = {}
    policy.model.train()
    with Progress(run.attempt, total_steps=total_steps) as progress:
        progress.enter("train", step=first_step)
        for step in range(first_step, total_steps):
            run.stop_if_asked(step=step, state=state)
            started_at = time.perf_counter()
            rows = batch_at_step(demonstrations, step=step, batch_size=demonstrations_per_batch, seed=config.seed)
            if texts_per_batch:
                start = step * texts_per_batch
                rows += endless_slice(texts, start=start, count=texts_per_batch, seed=config.seed)
            factor = cosine_factor(step, total_steps=total_steps, final_fraction=config.final_learning_rate_fraction)
            set_learning_rate(optimizer, config.learning_rate * factor)

            loss = accumulate_gradients(policy, rows, micro_batch_size=config.micro_batch_size, precision=precision)
            check_finite(loss, what="loss")
            gradient_norm = clip_and_step(policy.model, optimizer, limit=config.gradient_clip_norm)

            tokens = sum(len(row.prompt_ids) + len(row.response_ids) for row in rows)
            metrics = {
                "loss": loss,
                "learning_rate": config.learning_rate * factor,
                "gradient_norm": gradient_norm,
                "tokens_per_second": tokens / (time.perf_counter() - started_at),
            }
            is_last = step + 1 == total_steps
            if validation and (is_last or (step + 1) % config.validation_every_steps == 0):
                metrics["validation_loss"] = mean_loss(
                    policy, validation, micro_batch_size=config.micro_batch_size, precision=precision
                )
            progress.report(step + 1, metrics)
            if not is_last and (step + 1) % config.checkpoint_every_steps == 0:
                run.save(step=step + 1, state=state())
        progress.enter("save", step=total_steps)
        run.publish(partial(save_policy, policy), kind="sft", summary={"steps": total_steps, **metrics})


def accumulate_gradients(
    policy: LoadedModel,
    rows: Sequence[TokenSequence],
    *,
    micro_batch_size: int,
    precision: Arithmetic,
    coefficient: float = 1.0,
) -> float:
    """Add `coefficient` times the gradient of the mean token loss of `rows` to the model's; return that loss."""
    tokens = sum(len(row.response_ids) for row in rows)
    total = 0.0
    for micro_batch in chunks(rows, micro_batch_size):
        with precision():
            loss = summed_loss(policy, micro_batch) / tokens
        (coefficient * loss).backward()  # type: ignore[no-untyped-call]
        total += loss.item()
    return total


@torch.no_grad()
def mean_loss(
    policy: LoadedModel, rows: Sequence[TokenSequence], *, micro_batch_size: int, precision: Arithmetic
) -> float:
    """The mean token loss of `rows`, dropout off."""
    tokens = sum(len(row.response_ids) for row in rows)
    with evaluating(policy.model), precision():
        total = sum(summed_loss(policy, part).item() for part in chunks(rows, micro_batch_size))
    return total / tokens


def summed_loss(policy: LoadedModel, rows: Sequence[TokenSequence]) -> Tensor:
    """The summed negative log-likelihood of all response tokens of some rows, in nats."""
    model: PreTrainedModel = policy.model
    batch = collate(rows, pad_id=pad_id(policy.tokenizer), device=policy.device)
    return -response_logprobs(model, batch).sum()


if __name__ == "__main__":
    sys.exit(main(train_sft, SftConfig))
