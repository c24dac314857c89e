"""A reward model from rankings (InstructGPT, section 3.5 and appendix C.2).

    python -m training.reward_model RUN_DIR

The batch element is a ranking: all its pairs stand in one loss term with weight 1/#pairs, ties dropped unless a model
of ties is asked for (`training.ranking_loss`), and its prompt and each response go through the model once
(`training.ranking_rewards`). The reward is read at a response's last real token, by index. At the end a bias is set so
that labelers' demonstrations average 0. Before it, where asked for, models that some labelers taught are tried on the
others (`training.cross_validation`). Where this departs from the paper: docs/algorithm-notes.md.
"""

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from formats.configs import RewardModelConfig
from inference.models import LoadedModel, evaluating, load_tokenizer, reward_model_from_causal_lm, save_reward_model
from training.adapting import adapt, merged
from training.batches import batch_at_step, steps_per_epoch
from training.cross_validation import cross_validate, summary_of_folds
from training.optimizing import Arithmetic, adam, arithmetic, check_finite, clip_and_step, set_learning_rate
from training.process import TrainingRun, main
from training.ranking_data import Rankings, read_rankings
from training.ranking_loss import TIE_LEARNING_RATE, RankingLoss, tie_share
from training.ranking_passes import held_out_outputs, rank, rank_held_out
from training.ranking_rewards import RankingScorer, all_rewards
from training.schedules import cosine_factor
from training.sequences import Encoder, Lengths, TokenRanking
from training.steps import Stateful, TrainedWeights, steps
from training.token_batches import make_batcher


@dataclass(frozen=True, slots=True)
class Fitted:
    """A model that has learnt, still without its zero point."""

    scorer: RankingScorer
    loss: RankingLoss
    precision: Arithmetic
    metrics: dict[str, float]  # of the last step

    def rewards(self, rankings: Sequence[TokenRanking]) -> list[Tensor]:
        """(K,) the rewards of each ranking, dropout off."""
        with evaluating(self.scorer.model.model), self.precision():
            return all_rewards(self.scorer, rankings)


def train_reward_model(run: TrainingRun[RewardModelConfig]) -> None:
    """Learn a scalar reward from labelers' rankings."""
    config = run.config
    encoder = Encoder(load_tokenizer(run.model("model")), Lengths(config.max_prompt_tokens, config.max_response_tokens))
    rows = read_rankings(run, encoder)
    folds = cross_validate(run, rows, learn=lambda fold, known: fit(fold, known).rewards(known.validation))
    fitted = fit(run, rows)
    model = fitted.scorer.model
    bias = set_zero_point(fitted, rows.demonstrations if config.zero_point == "demonstrations" else rows.train)
    outputs, figures = held_out_outputs(
        run.directory, fitted.scorer, rows.validation, loss=fitted.loss, precision=fitted.precision
    )
    if folds:
        outputs[run.directory.cross_validation_output.name] = folds
    whole = replace(model, model=run.world.assemble(model.model))
    run.publish(
        partial(_save, run, whole),
        kind="reward_model",
        summary={"reward_bias": bias, **fitted.metrics, **figures, **summary_of_folds(folds)},
        rows=outputs,
    )


def fit(run: TrainingRun[RewardModelConfig], rows: Rankings) -> Fitted:
    """Train from the run's initial weights, a new head on them, through all rankings `config.epochs` times."""
    config = run.config
    torch.manual_seed(config.seed)  # the head is drawn: the same whatever was computed before
    model = reward_model_from_causal_lm(run.model("model"), device=config.device, precision="float32")
    model.model.config.reward_bias = 0.0
    lengths = Lengths(config.max_prompt_tokens, config.max_response_tokens)
    lengths.check_fit(model.model)
    batcher = make_batcher(
        model,
        packing=config.packing,
        micro_batch_tokens=config.micro_batch_tokens,
        lengths=lengths,
        warn=run.warn,
    )
    scorer = RankingScorer(model, batcher, run.world)
    adapt(model.model, config, dropout=config.lora_dropout)
    run.world.shard(model.model)
    loss = RankingLoss(
        ties=config.ties,
        tie_parameter=config.tie_parameter,
        tie_share=tie_share(rows.train, labeler_weights=rows.labeler_weights),
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
    precision = arithmetic(config.precision, model.device)
    total = config.epochs * steps_per_epoch(len(rows.train), batch_size=config.batch_size)

    metrics: dict[str, float] = {}
    model.model.train()
    with run.progress(total_steps=total) as progress:
        parts: dict[str, Stateful] = {
            "model": TrainedWeights(model.model),
            "optimizer": optimizer,
            "ties": loss,
            "tie_optimizer": tie_optimizer,
        }
        for step in steps(run, progress, total=total, parts=parts, checkpoint_every=config.checkpoint_every_steps):
            started_at = time.perf_counter()
            rankings = batch_at_step(rows.train, step=step, batch_size=config.batch_size, seed=config.seed)
            rate = config.learning_rate * cosine_factor(
                step, total_steps=total, final_fraction=config.final_learning_rate_fraction
            )
            set_learning_rate(optimizer, rate)
            found = rank(scorer, rankings, loss=loss, precision=precision, learn=True)
            check_finite(found.loss, what="loss")
            gradient_norm = clip_and_step(model.model, optimizer, limit=config.gradient_clip_norm)
            if loss.learns_ties:
                run.world.mean_gradients(loss)
                tie_optimizer.step()
                tie_optimizer.zero_grad(set_to_none=True)

            pairs = sum(len(ranking.pairs) for ranking in rankings)
            metrics = {
                "loss": found.loss,
                "accuracy": found.accuracy,
                "reward_mean": found.reward_mean,
                "reward_std": found.reward_std,
                **({"tie_parameter": loss.tie_parameter} if config.ties != "drop" else {}),
                "learning_rate": rate,
                "gradient_norm": gradient_norm,
                "comparisons_per_second": pairs / (time.perf_counter() - started_at),
            }
            if rows.validation and (step + 1 == total or (step + 1) % config.validation_every_steps == 0):
                held_out = rank_held_out(scorer, rows.validation, precision=precision)
                metrics |= {"validation_loss": held_out.loss, "validation_accuracy": held_out.accuracy}
            progress.report(step + 1, metrics)
        progress.enter("zero point", step=total)
    return Fitted(scorer, loss, precision, {"steps": total, **metrics})


def set_zero_point(fitted: Fitted, rows: Sequence[TokenRanking]) -> float:
    """Set and return the bias with which the mean reward of all responses of `rows` is 0."""
    config = fitted.scorer.model.model.config
    assert config.reward_bias == 0.0
    bias = -torch.cat(fitted.rewards(rows)).double().mean().item()
    config.reward_bias = bias
    return bias


def _save(run: TrainingRun[RewardModelConfig], whole: LoadedModel, directory: Path) -> None:
    bias = whole.model.config.reward_bias
    with merged(whole.model):
        is_portable = save_reward_model(whole, directory)
    if not is_portable:
        kind = whole.model.config.model_type
        run.warn(f"Plain transformers gives scores lower by {bias:.4g}: a {kind} cannot hold the bias.")


if __name__ == "__main__":
    sys.exit(main(train_reward_model, RewardModelConfig))
