"""A reward model from rankings (InstructGPT, section 3.5 and appendix C.2).

    python -m training.reward_model RUN_DIR

The batch element is a ranking: all its pairs stand in one loss term with weight 1/#pairs, ties dropped, and each
response goes through the model once. The reward is read at a response's last real token, by index. At the end a bias
is set so that labelers' demonstrations average 0. Where this departs from the paper: docs/algorithm-notes.md.
"""

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from formats.configs import RewardModelConfig
from formats.records import Demonstration, Ranking, RewardedResponse
from inference.models import LoadedModel, evaluating, reward_model_from_causal_lm
from inference.prompts import pad_id
from inference.scoring import rewards
from training.batches import batch_at_step, chunks, collate, steps_per_epoch
from training.errors import TrainingError
from training.losses import k_wise_loss_terms
from training.optimizing import Arithmetic, adam, arithmetic, check_finite, clip_and_step, set_learning_rate
from training.process import TrainingRun, main
from training.progress import Progress
from training.schedules import cosine_factor
from training.sequences import Encoder, Lengths, TokenRanking, TokenSequence, keep_some


@dataclass(frozen=True, slots=True)
class RankingResults:
    """What a pass over some rankings found."""

    loss: float  # mean over rankings
    accuracy: float  # of all pairs, how many the rewards order as the labeler did
    reward_mean: float
    reward_std: float


def train_reward_model(run: TrainingRun[RewardModelConfig]) -> None:
    """Learn a scalar reward from labelers' rankings."""
    config = run.config
    model = reward_model_from_causal_lm(run.model("model"), device=config.device, precision="float32")
    model.model.config.reward_bias = 0.0
    lengths = Lengths(config.max_prompt_tokens, config.max_response_tokens)
    lengths.check_fit(model.model)
    encoder = Encoder(model.tokenizer, lengths)
    keep = partial(keep_some, reason=lengths.why_too_long, field="config.max_prompt_tokens", warn=run.warn)
    train = _with_pairs(keep(encoder.rankings, run.rows("train", Ranking), role="train"), role="train", warn=run.warn)
    validation = _with_pairs(
        keep(encoder.rankings, run.rows("validation", Ranking), role="validation"), role="validation", warn=run.warn
    )
    demonstrations = keep(encoder.demonstrations, run.rows("demonstrations", Demonstration), role="demonstrations")

    optimizer = adam(
        model.model,
        learning_rate=config.learning_rate,
        betas=(config.adam_beta1, config.adam_beta2),
        weight_decay=config.weight_decay,
    )
    total_steps = config.epochs * steps_per_epoch(len(train), batch_size=config.batch_size)
    precision = arithmetic(config.precision, model.device)

    def state() -> dict[str, Any]:
        return {"model": model.model.state_dict(), "optimizer": optimizer.state_dict()}

    first_step = 0
    saved = run.resume()
    if saved is not None:
        first_step = saved["step"]
        model.model.load_state_dict(saved["model"])
        optimizer.load_state_dict(saved["optimizer"])

    metrics: dict[str, float] = {}
    model.model.train()
    with Progress(run.attempt, total_steps=total_steps) as progress:
        progress.enter("train", step=first_step)
        for step in range(first_step, total_steps):
            run.stop_if_asked(step=step, state=state)
            started_at = time.perf_counter()
            rankings = batch_at_step(train, step=step, batch_size=config.batch_size, seed=config.seed)
            factor = cosine_factor(step, total_steps=total_steps, final_fraction=config.final_learning_rate_fraction)
            set_learning_rate(optimizer, config.learning_rate * factor)

            found = rank(model, rankings, micro_batch_size=config.micro_batch_size, precision=precision, learn=True)
            check_finite(found.loss, what="loss")
            gradient_norm = clip_and_step(model.model, optimizer, limit=config.gradient_clip_norm)

            pairs = sum(len(ranking.pairs) for ranking in rankings)
            metrics = {
                "loss": found.loss,
                "accuracy": found.accuracy,
                "reward_mean": found.reward_mean,
                "reward_std": found.reward_std,
                "learning_rate": config.learning_rate * factor,
                "gradient_norm": gradient_norm,
                "comparisons_per_second": pairs / (time.perf_counter() - started_at),
            }
            is_last = step + 1 == total_steps
            if validation and (is_last or (step + 1) % config.validation_every_steps == 0):
                with evaluating(model.model):
                    held_out = rank(
                        model, validation, micro_batch_size=config.micro_batch_size, precision=precision, learn=False
                    )
                metrics |= {"validation_loss": held_out.loss, "validation_accuracy": held_out.accuracy}
            progress.report(step + 1, metrics)
            if not is_last and (step + 1) % config.checkpoint_every_steps == 0:
                run.save(step=step + 1, state=state())
        progress.enter("zero point", step=total_steps)
        if config.zero_point == "demonstrations":
            zero_rows = demonstrations
        else:
            zero_rows = [sequence for ranking in train for sequence in ranking.sequences]
        bias = set_zero_point(model, zero_rows, micro_batch_size=config.micro_batch_size, precision=precision)
        progress.enter("save", step=total_steps)

        def save_model(directory: Path) -> None:
            model.model.save_pretrained(directory)
            model.tokenizer.save_pretrained(directory)

        rewarded = rewarded_responses(model, validation, micro_batch_size=config.micro_batch_size, precision=precision)
        run.publish(
            save_model,
            kind="reward_model",
            summary={"steps": total_steps, "reward_bias": bias, **metrics},
            rows={run.directory.validation_rewards_output.name: rewarded} if rewarded else None,
        )


def rank(
    model: LoadedModel,
    rankings: Sequence[TokenRanking],
    *,
    micro_batch_size: int,
    precision: Arithmetic,
    learn: bool,
) -> RankingResults:
    """Score all responses and compare them with the rankings; with `learn`, add the loss's gradient to the model's."""
    loss_sum, right = 0.0, 0
    seen: list[Tensor] = []
    for part in chunks(rankings, micro_batch_size):
        with torch.set_grad_enabled(learn), precision():
            found = score_rows(model, [row for ranking in part for row in ranking.sequences])
            better, worse, weights = pair_indices(part, device=model.device)
            loss = k_wise_loss_terms(found, better=better, worse=worse, weights=weights).sum()
        if learn:
            (loss / len(rankings)).backward()  # type: ignore[no-untyped-call]
        loss_sum += loss.item()
        right += int((found[better] > found[worse]).sum())
        seen.append(found.detach())
    every = torch.cat(seen)
    return RankingResults(
        loss=loss_sum / len(rankings),
        accuracy=right / sum(len(ranking.pairs) for ranking in rankings),
        reward_mean=every.mean().item(),
        reward_std=every.std(correction=0).item(),
    )


def pair_indices(rankings: Sequence[TokenRanking], *, device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
    """better (M,), worse (M,) into the responses of all rankings laid end to end, and weights (M,) of 1/#pairs."""
    better: list[int] = []
    worse: list[int] = []
    weights: list[float] = []
    offset = 0
    for ranking in rankings:
        better += [offset + i for i, _ in ranking.pairs]
        worse += [offset + j for _, j in ranking.pairs]
        weights += [1.0 / len(ranking.pairs)] * len(ranking.pairs)
        offset += len(ranking.sequences)
    return (
        torch.tensor(better, device=device),
        torch.tensor(worse, device=device),
        torch.tensor(weights, device=device),
    )


@torch.no_grad()
def set_zero_point(
    model: LoadedModel, rows: Sequence[TokenSequence], *, micro_batch_size: int, precision: Arithmetic
) -> float:
    """Set and return the bias with which the mean reward of `rows` is 0."""
    assert model.model.config.reward_bias == 0.0
    with evaluating(model.model), precision():
        found = [score_rows(model, part) for part in chunks(rows, micro_batch_size)]
    bias = -torch.cat(found).double().mean().item()
    model.model.config.reward_bias = bias
    return bias


@torch.no_grad()
def rewarded_responses(
    model: LoadedModel, rankings: Sequence[TokenRanking], *, micro_batch_size: int, precision: Arithmetic
) -> list[RewardedResponse]:
    """The final reward of each response of some rankings, so that any accuracy can be worked out from the file."""
    found: list[RewardedResponse] = []
    with evaluating(model.model), precision():
        for part in chunks(rankings, micro_batch_size):
            scores = iter(score_rows(model, [row for ranking in part for row in ranking.sequences]).tolist())
            for ranking in part:
                assert ranking.record is not None
                found += [
                    RewardedResponse(ranking.record.id, response.response_id, response.rank, next(scores))
                    for response in ranking.record.responses
                ]
    return found


def score_rows(model: LoadedModel, rows: Sequence[TokenSequence]) -> Tensor:
    """(N,) the rewards of some rows."""
    return rewards(model.model, collate(rows, pad_id=pad_id(model.tokenizer), device=model.device))


def _with_pairs(rankings: list[TokenRanking], *, role: str, warn: Callable[[str], None]) -> list[TokenRanking]:
    """The rankings that order at least one pair. Raises TrainingError where all responses of all are tied."""
    ordered = [ranking for ranking in rankings if ranking.pairs]
    if rankings and not ordered:
        message = f"none of the {len(rankings)} rankings has a pair left once ties are dropped"
        raise TrainingError("no_pairs", message, field=f"inputs.{role}")
    if len(ordered) < len(rankings):
        left_out = len(rankings) - len(ordered)
        warn(f"{role}: {left_out} of {len(rankings)} rankings are left out: they are ties throughout.")
    return ordered


if __name__ == "__main__":
    sys.exit(main(train_reward_model, RewardModelConfig))
