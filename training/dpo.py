"""Direct preference optimisation on whole rankings (Rafailov et al. 2023): the baseline to compare PPO with.

    python -m training.dpo RUN_DIR

The batch element is a ranking, as for the reward model, and so are its rows, its loss and what is measured: only the
reward is another, the one that the policy implies (`training.implicit_rewards`). Dropout is off, but for LoRA's own.
Where this departs from the paper: docs/algorithm-notes.md.
"""

import sys
import time
from dataclasses import replace
from functools import partial

from formats.configs import DpoConfig
from formats.records import Ranking
from inference.models import load_causal_lm
from training.adapting import adapt, save_policy, switch_lora_dropout_on
from training.batches import batch_at_step, steps_per_epoch
from training.implicit_rewards import ImplicitScorer, Reference
from training.optimizing import adam, arithmetic, check_finite, clip_and_step, set_learning_rate
from training.process import TrainingRun, main
from training.ranking_data import with_pairs
from training.ranking_loss import RankingLoss
from training.ranking_passes import RankingResults, held_out_outputs, rank, rank_held_out
from training.schedules import warmup_factor
from training.sequences import Encoder, Lengths, TokenRanking, keep_some
from training.steps import Stateful, TrainedWeights, steps
from training.token_batches import make_batcher


def train_dpo(run: TrainingRun[DpoConfig]) -> None:
    """Move a policy towards the responses that labelers preferred."""
    config = run.config
    policy = load_causal_lm(run.model("model"), device=config.device, precision="float32")
    lengths = Lengths(config.max_prompt_tokens, config.max_response_tokens)
    lengths.check_fit(policy.model)
    encoder = Encoder(policy.tokenizer, lengths)
    train, validation = (Reference(_read(run, encoder, role=role)) for role in ("train", "validation"))
    scorer = ImplicitScorer(
        policy,
        batcher=make_batcher(
            policy,
            packing=config.packing,
            micro_batch_tokens=config.micro_batch_tokens,
            lengths=lengths,
            warn=run.warn,
        ),
        beta=config.beta,
        length_normalised=config.length_normalised,
        world=run.world,
    )
    adapt(policy.model, config, dropout=config.lora_dropout)
    run.world.shard(policy.model)
    loss = RankingLoss(preference=config.preference, label_smoothing=config.label_smoothing).to(policy.device)
    optimizer = adam(
        policy.model,
        learning_rate=config.learning_rate,
        betas=(config.adam_beta1, config.adam_beta2),
        weight_decay=config.weight_decay,
    )
    precision = arithmetic(config.precision, policy.device)
    total = config.epochs * steps_per_epoch(len(train.rankings), batch_size=config.batch_size)
    parts: dict[str, Stateful] = {
        "model": TrainedWeights(policy.model),
        "optimizer": optimizer,
        "train_reference": train,
        "validation_reference": validation,
    }

    metrics: dict[str, float] = {}
    switch_lora_dropout_on(policy.model)
    with run.progress(total_steps=total) as progress:
        for step in steps(run, progress, total=total, parts=parts, checkpoint_every=config.checkpoint_every_steps):
            if not train.is_known:
                progress.enter("reference", step=step)
                for rows in (train, validation):
                    rows.find(scorer, precision=precision)
                progress.enter("train", step=step)
            started_at = time.perf_counter()
            rankings = batch_at_step(train.rankings, step=step, batch_size=config.batch_size, seed=config.seed)
            # The first step counts: at a rate of 0 it would learn nothing.
            factor = warmup_factor(step + 1, warmup_iterations=config.warmup_steps, start_fraction=0.0)
            set_learning_rate(optimizer, config.learning_rate * factor)

            found = rank(scorer, rankings, loss=loss, precision=precision, learn=True)
            check_finite(found.loss, what="loss")
            gradient_norm = clip_and_step(policy.model, optimizer, limit=config.gradient_clip_norm)

            pairs = sum(len(ranking.pairs) for ranking in rankings)
            metrics = {
                **_figures(found),
                "learning_rate": config.learning_rate * factor,
                "gradient_norm": gradient_norm,
                "comparisons_per_second": pairs / (time.perf_counter() - started_at),
            }
            is_last = step + 1 == total
            if validation.rankings and (is_last or (step + 1) % config.validation_every_steps == 0):
                held_out = rank_held_out(scorer, validation.rankings, precision=precision)
                metrics |= {f"validation_{name}": value for name, value in _figures(held_out).items()}
            progress.report(step + 1, metrics)
        progress.enter("save", step=total)
        outputs, figures = held_out_outputs(run.directory, scorer, validation.rankings, loss=loss, precision=precision)
        whole = replace(policy, model=run.world.assemble(policy.model))
        run.publish(
            partial(save_policy, whole),
            kind="dpo",
            summary={"steps": total, **metrics, **figures},
            rows=outputs,
        )


def _read(run: TrainingRun[DpoConfig], encoder: Encoder, *, role: str) -> list[TokenRanking]:
    """The rankings of a role that fit and order at least one pair; the run's warnings say what is left out."""
    rows = keep_some(
        encoder.rankings,
        run.rows(role, Ranking),
        role=role,
        reason=encoder.lengths.why_too_long,
        field="config.max_prompt_tokens",
        warn=run.warn,
    )
    return with_pairs(rows, role=role, warn=run.warn)


def _figures(found: RankingResults) -> dict[str, float]:
    """What is charted. The better responses' reward may fall too, as long as the worse ones' falls faster."""
    return {
        "loss": found.loss,
        "accuracy": found.accuracy,
        "margin": found.better_mean - found.worse_mean,
        "better_reward": found.better_mean,
        "worse_reward": found.worse_mean,
    }


if __name__ == "__main__":
    sys.exit(main(train_dpo, DpoConfig))
