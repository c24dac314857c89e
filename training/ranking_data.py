"""What a reward model's run reads: rankings that can be learnt from, those held out, and demonstrations."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Self

from formats.configs import RewardModelConfig
from formats.records import Demonstration, Ranking
from training.errors import TrainingError
from training.process import TrainingRun
from training.ranking_loss import averaging_1, weights_of_labelers
from training.sequences import Encoder, TokenRanking, keep_some


@dataclass(frozen=True, slots=True)
class Rankings:
    """The rows that a run reads, as token ids."""

    train: list[TokenRanking]
    validation: list[TokenRanking]
    demonstrations: list[TokenRanking]  # of one response each
    labeler_weights: dict[str, float] | None

    def of_labelers(self, is_meant: Callable[[str], bool]) -> Self:
        """With the training rankings of some labelers alone, whose weights average 1 over what is left."""
        train = [ranking for ranking in self.train if is_meant(ranking.labeler)]
        weights = None if self.labeler_weights is None else averaging_1(self.labeler_weights, train)
        return replace(self, train=train, labeler_weights=weights)


def read_rankings(run: TrainingRun[RewardModelConfig], encoder: Encoder) -> Rankings:
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
