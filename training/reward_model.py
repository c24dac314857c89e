"""A reward model from rankings (InstructGPT, section 3.5 and appendix C.2).

    python -m training.reward_model RUN_DIR

The batch element is a ranking: all its pairs stand in one loss term with weight 1/#pairs, ties dropped unless a model
of ties is asked for (`training.ranking_loss`), and its prompt and each response go through the model once
(`training.ranking_rewards`). The reward is read at a response's last real token, by index. At the end a bias is set so
that labelers' demonstrations average 0. Where this departs from the paper: docs/algorithm-notes.md.
"""

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from formats.codec import Format
from formats.configs import RewardModelConfig
from formats.records import Demonstration, Ranking, RewardedResponse
from formats.run_directory import RunDirectory
from inference.models import evaluating, reward_model_from_causal_lm, save_reward_model
from training.adapting import adapt, merged, put_trained_weights, trained_weights
from training.batches import batch_at_step, draw_seed, own_randomness, steps_per_epoch
from training.checkpointing import restore_optimizer
from training.errors import TrainingError
from training.optimizing import Arithmetic, adam, arithmetic, check_finite, clip_and_step, set_learning_rate
from training.process import TrainingRun, main
from training.ranking_diagnostics import diagnose
from training.ranking_loss import TIE_LEARNING_RATE, RankingLoss, tie_share, weights_of_labelers
from training.ranking_rewards import RankingScorer, all_rewards, make_scorer
from training.schedules import cosine_factor
from training.sequences import Encoder, Lengths, TokenRanking, keep_some


@dataclass(frozen=True, slots=True)
class RankingResults:
    """What a pass over some rankings found."""

    loss: float  # mean over rankings
    accuracy: float  # of all pairs, how many the rewards order as the labeler did
    reward_mean: float
    reward_std: float
    better_mean: float  # of the better and of the worse responses of all pairs
    worse_mean: float


@dataclass(frozen=True, slots=True)
class Rankings:
    """The rows that a run reads, as token ids."""

    train: list[TokenRanking]
    validation: list[TokenRanking]
    demonstrations: list[TokenRanking]  # of one response each
    labeler_weights: dict[str, float] | None


def train_reward_model(run: TrainingRun[RewardModelConfig]) -> None:
    """Learn a scalar reward from labelers' rankings."""
    config = run.config
    model = reward_model_from_causal_lm(run.model("model"), device=config.device, precision="float32")
    model.model.config.reward_bias = 0.0
    lengths = Lengths(config.max_prompt_tokens, config.max_response_tokens)
    lengths.check_fit(model.model)
    rows = _read_rankings(run, Encoder(model.tokenizer, lengths))
    scorer = make_scorer(
        model,
        packing=config.packing,
        lengths=lengths,
        micro_batch_tokens=config.micro_batch_tokens,
        warn=run.warn,
        world=run.world,
    )
    adapt(model.model, config, dropout=config.lora_dropout)
    run.world.shard(model.model)
    loss = RankingLoss(
        ties=config.ties,
        tie_parameter=config.tie_parameter,
        tie_share=tie_share(rows.train),
        likert_margin=config.likert_margin,
        labeler_weights=rows.labeler_weights,
    ).to(model.device)

    optimizer = adam(
        model.model,
        learning_rate=config.learning_rate,
        betas=(config.adam_beta1, config.adam_beta2),
        weight_decay=config.weight_decay,
    )
    tie_optimizer = torch.optim.Adam(loss.parameters(), lr=TIE_LEARNING_RATE)
    total_steps = config.epochs * steps_per_epoch(len(rows.train), batch_size=config.batch_size)
    precision = arithmetic(config.precision, model.device)

    def state() -> dict[str, Any]:
        return {
            "model": trained_weights(model.model),
            "optimizer": optimizer.state_dict(),
            "ties": loss.state_dict(),
            "tie_optimizer": tie_optimizer.state_dict(),
        }

    first_step = 0
    saved = run.resume()
    if saved is not None:
        first_step = saved["step"]
        put_trained_weights(model.model, saved["model"])
        restore_optimizer(optimizer, saved["optimizer"])
        loss.load_state_dict(saved["ties"])
        tie_optimizer.load_state_dict(saved["tie_optimizer"])

    metrics: dict[str, float] = {}
    model.model.train()
    with run.progress(total_steps=total_steps) as progress:
        progress.enter("train", step=first_step)
        for step in range(first_step, total_steps):
            run.stop_if_asked(step=step, state=state)
            started_at = time.perf_counter()
            rankings = batch_at_step(rows.train, step=step, batch_size=config.batch_size, seed=config.seed)
            factor = cosine_factor(step, total_steps=total_steps, final_fraction=config.final_learning_rate_fraction)
            set_learning_rate(optimizer, config.learning_rate * factor)

            found = rank(scorer, rankings, loss=loss, precision=precision, learn=True)
            check_finite(found.loss, what="loss")
            gradient_norm = clip_and_step(model.model, optimizer, limit=config.gradient_clip_norm)
            if loss.learns_ties:
                run.world.sum_gradients(loss)
                tie_optimizer.step()
                tie_optimizer.zero_grad(set_to_none=True)

            pairs = sum(len(ranking.pairs) for ranking in rankings)
            metrics = {
                "loss": found.loss,
                "accuracy": found.accuracy,
                "reward_mean": found.reward_mean,
                "reward_std": found.reward_std,
                **({"tie_parameter": loss.tie_parameter} if config.ties != "drop" else {}),
                "learning_rate": config.learning_rate * factor,
                "gradient_norm": gradient_norm,
                "comparisons_per_second": pairs / (time.perf_counter() - started_at),
            }
            is_last = step + 1 == total_steps
            if rows.validation and (is_last or (step + 1) % config.validation_every_steps == 0):
                with evaluating(model.model):
                    held_out = rank(scorer, rows.validation, loss=loss, precision=precision, learn=False)
                metrics |= {"validation_loss": held_out.loss, "validation_accuracy": held_out.accuracy}
            progress.report(step + 1, metrics)
            if not is_last and (step + 1) % config.checkpoint_every_steps == 0:
                run.save(step=step + 1, state=state())
        progress.enter("zero point", step=total_steps)
        zero_rows = rows.demonstrations if config.zero_point == "demonstrations" else rows.train
        bias = set_zero_point(scorer, zero_rows, precision=precision)
        progress.enter("save", step=total_steps)

        def save_model(directory: Path) -> None:
            with merged(whole.model):
                is_portable = save_reward_model(whole, directory)
            if not is_portable:
                kind = model.model.config.model_type
                run.warn(f"Plain transformers gives scores lower by {bias:.4g}: a {kind} cannot hold the bias.")

        outputs, figures = held_out_outputs(run.directory, scorer, rows.validation, precision=precision)
        whole = replace(model, model=run.world.assemble(model.model))
        run.publish(
            save_model,
            kind="reward_model",
            summary={"steps": total_steps, "reward_bias": bias, **metrics, **figures},
            rows=outputs,
        )


def rank(
    scorer: RankingScorer,
    rankings: Sequence[TokenRanking],
    *,
    loss: RankingLoss,
    precision: Arithmetic,
    learn: bool,
) -> RankingResults:
    """Score all responses and compare them with the rankings; with `learn`, add the loss's gradient to the model's."""
    world = scorer.world
    seed = draw_seed() if learn else 0
    loss_sum = right = better = worse = 0.0
    seen: list[Tensor] = []
    for share in world.deal(list(scorer.micro_batches(rankings))):
        part = [rankings[index] for index in share.item]
        randomness = own_randomness(seed, share.index, device=scorer.model.device)
        with torch.set_grad_enabled(learn), precision(), randomness:
            found = scorer.rewards(part)
            # A held-out loss is of all labelers alike, and can be compared across settings.
            pairs = loss.pairs(part, device=found.device, weighted=learn)
            part_loss = share.weight * loss(found, pairs).sum()
        if learn:
            (part_loss * world.size / len(rankings)).backward()
        loss_sum += part_loss.item()
        is_ordered = ~pairs.is_tie
        above, below = found.detach()[pairs.first[is_ordered]], found.detach()[pairs.second[is_ordered]]
        right += share.weight * int((above > below).sum())
        better += share.weight * above.sum().item()
        worse += share.weight * below.sum().item()
        if share.weight:
            seen.append(found.detach())
    loss_sum, right, better, worse = world.total([loss_sum, right, better, worse])
    every = torch.cat([own for part in world.gather(seen) for own in part])
    count = max(sum(len(ranking.pairs) for ranking in rankings), 1)
    return RankingResults(
        loss=loss_sum / len(rankings),
        accuracy=right / count,
        reward_mean=every.mean().item(),
        reward_std=every.std(correction=0).item(),
        better_mean=better / count,
        worse_mean=worse / count,
    )


def set_zero_point(scorer: RankingScorer, rows: Sequence[TokenRanking], *, precision: Arithmetic) -> float:
    """Set and return the bias with which the mean reward of all responses of `rows` is 0."""
    model = scorer.model.model
    assert model.config.reward_bias == 0.0
    with evaluating(model), precision():
        found = all_rewards(scorer, rows)
    bias = -torch.cat(found).double().mean().item()
    model.config.reward_bias = bias
    return bias


def held_out_outputs(
    directory: RunDirectory,
    scorer: RankingScorer,
    rankings: Sequence[TokenRanking],
    *,
    precision: Arithmetic,
) -> tuple[dict[str, Sequence[Format]], dict[str, float]]:
    """The final rewards of held-out rankings and what they show, as files by name and as figures for the summary."""
    if not rankings:
        return {}, {}
    with evaluating(scorer.model.model), precision():
        found = [values.tolist() for values in all_rewards(scorer, rankings)]
    ordered = [(ranking, own) for ranking, own in zip(rankings, found, strict=True) if ranking.pairs]
    diagnostics = diagnose([ranking for ranking, _ in ordered], [own for _, own in ordered])
    figures = {"calibration_error": diagnostics.calibration_error}
    if diagnostics.length_correlation is not None:
        figures["length_correlation"] = diagnostics.length_correlation
    outputs: dict[str, Sequence[Format]] = {
        directory.validation_rewards_output.name: _rewarded_responses(rankings, found),
        directory.diagnostics_output.name: diagnostics.rows,
    }
    return outputs, figures


def _rewarded_responses(rankings: Sequence[TokenRanking], rewards: Sequence[Sequence[float]]) -> list[RewardedResponse]:
    """The reward of each response beside its rank, so that any accuracy can be worked out from the file."""
    found: list[RewardedResponse] = []
    for ranking, own in zip(rankings, rewards, strict=True):
        assert ranking.record is not None
        found += [
            RewardedResponse(ranking.record.id, response.response_id, response.rank, reward)
            for response, reward in zip(ranking.record.responses, own, strict=True)
        ]
    return found


def _read_rankings(run: TrainingRun[RewardModelConfig], encoder: Encoder) -> Rankings:
    """The rows that can be learnt from; the run's warnings say of each role what is left out."""
    config = run.config
    keep = partial(keep_some, reason=encoder.lengths.why_too_long, field="config.max_prompt_tokens", warn=run.warn)
    train = keep(encoder.rankings, run.rows("train", Ranking), role="train")
    validation = keep(encoder.rankings, run.rows("validation", Ranking), role="validation")
    demonstrations = keep(encoder.demonstrations, run.rows("demonstrations", Demonstration), role="demonstrations")
    if config.ties == "drop":
        train = with_pairs(train, role="train", warn=run.warn)
    elif not any(ranking.ties() for ranking in train):
        raise TrainingError("no_ties", "no two training responses are tied; choose to drop ties", field="config.ties")
    if config.likert_margin and not any(ranking.quality_gap(*pair) for ranking in train for pair in ranking.pairs):
        message = "no training response was rated higher than one that is ranked below it; set it to 0"
        raise TrainingError("no_ratings", message, field="config.likert_margin")
    weights = weights_of_labelers(config.labeler_weights, train)
    return Rankings(
        train=_with_weight(train, weights, warn=run.warn),
        # Held-out figures are of ordered pairs, whatever the loss makes of ties.
        validation=with_pairs(validation, role="validation", warn=run.warn),
        demonstrations=[TokenRanking([sequence], []) for sequence in demonstrations],
        labeler_weights=weights,
    )


def _with_weight(
    rankings: list[TokenRanking], weights: dict[str, float] | None, *, warn: Callable[[str], None]
) -> list[TokenRanking]:
    """The rankings whose labelers count at all."""
    kept = rankings if weights is None else [ranking for ranking in rankings if weights[ranking.labeler] > 0.0]
    if len(kept) < len(rankings):
        left_out = len(rankings) - len(kept)
        warn(f"train: {left_out} of {len(rankings)} rankings are left out: their labelers have a weight of 0.")
    return kept


def with_pairs(rankings: list[TokenRanking], *, role: str, warn: Callable[[str], None]) -> list[TokenRanking]:
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
