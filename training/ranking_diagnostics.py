"""Where a reward model agrees with labelers and where it does not, on rankings that were held out."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import exp, sqrt
from statistics import fmean

from formats.records import Ranking, RewardDiagnostic
from training.sequences import TokenRanking

CALIBRATION_BINS = 5  # of the probability that the pair's likelier response is the better one, from 0.5 to 1


@dataclass(frozen=True, slots=True)
class JudgedPair:
    """A pair that a labeler ordered, and what the rewards say of it."""

    ranking: Ranking
    rank_distance: int
    difference: float  # the reward of the better response less that of the worse
    theta: float  # of Rao and Kupper's model of ties; 1 without it

    @property
    def is_right(self) -> bool:
        """Whether the rewards order the pair as the labeler did; equal rewards order nothing."""
        return self.difference > 0.0

    @property
    def confidence(self) -> float:
        """The model's probability that the order that it gives the pair is the labeler's, who gave it one.

        Under Rao and Kupper's model that is p / (p + q) with p = σ(|d| - log θ) and q = σ(-|d| - log θ), the rest of 1
        being a tie. Under Davidson's a tie takes alike from both orders: σ(|d|), as without ties.
        """
        odds = exp(-abs(self.difference))
        return 1.0 / (1.0 + odds * (1.0 + self.theta * odds) / (self.theta + odds))  # q / p, multiplied out


@dataclass(frozen=True, slots=True)
class Diagnostics:
    """The rows for the output, and the figures that its summary names."""

    rows: list[RewardDiagnostic]
    calibration_error: float  # mean distance of stated and found shares, weighted by pairs (Naeini et al. 2015)
    length_correlation: float | None  # None where all lengths or all rewards are the same


def diagnose(
    rankings: Sequence[TokenRanking], rewards: Sequence[Sequence[float]], *, theta: float = 1.0
) -> Diagnostics:
    """All diagnostics of some rankings, at least one pair among them; `rewards[i]` are those of ranking i.

    `theta` is of the model of ties under which the rewards were learnt, where it is Rao and Kupper's.
    """
    pairs = list(_judged(rankings, rewards, theta=theta))
    calibration = list(_calibration(pairs))
    length = length_correlation(rankings, rewards)
    rows = [
        *_accuracy(pairs, "all", [""] * len(pairs)),
        *_accuracy(pairs, "rank_distance", [str(pair.rank_distance) for pair in pairs]),
        *_accuracy(pairs, "labeler", [pair.ranking.labeler for pair in pairs]),
        *_accuracy(pairs, "use_case", [pair.ranking.use_case for pair in pairs]),
        *calibration,
        *([] if length is None else [length]),
    ]
    error = sum(row.count * abs(row.value - (row.predicted or 0.0)) for row in calibration) / len(pairs)
    return Diagnostics(rows, calibration_error=error, length_correlation=None if length is None else length.value)


def _judged(
    rankings: Sequence[TokenRanking], rewards: Sequence[Sequence[float]], *, theta: float
) -> Iterator[JudgedPair]:
    for ranking, own in zip(rankings, rewards, strict=True):
        assert ranking.record is not None
        ranks = [response.rank for response in ranking.record.responses]
        for better, worse in ranking.pairs:
            yield JudgedPair(ranking.record, ranks[worse] - ranks[better], own[better] - own[worse], theta)


def _accuracy(pairs: Sequence[JudgedPair], by: str, groups: Sequence[str]) -> Iterator[RewardDiagnostic]:
    """One row a group, in order; what has no use case stands under an empty name."""
    found: dict[str, list[bool]] = defaultdict(list)
    for pair, group in zip(pairs, groups, strict=True):
        found[group].append(pair.is_right)
    for group, right in sorted(found.items()):
        yield RewardDiagnostic("accuracy", by, group, len(right), fmean(right))  # type: ignore[arg-type]


def _calibration(pairs: Sequence[JudgedPair]) -> Iterator[RewardDiagnostic]:
    """The curve: how often the model is right among the pairs of which it is about as sure; empty bins are left out."""
    bins: dict[int, list[JudgedPair]] = defaultdict(list)
    for pair in pairs:
        bins[min(int((pair.confidence - 0.5) * 2 * CALIBRATION_BINS), CALIBRATION_BINS - 1)].append(pair)
    width = 0.5 / CALIBRATION_BINS
    for number, own in sorted(bins.items()):
        low = 0.5 + number * width
        yield RewardDiagnostic(
            "calibration",
            "probability",
            f"{low:.1f}-{low + width:.1f}",
            len(own),
            fmean(pair.is_right for pair in own),
            fmean(pair.confidence for pair in own),
        )


def length_correlation(rankings: Sequence[TokenRanking], rewards: Sequence[Sequence[float]]) -> RewardDiagnostic | None:
    """Pearson's correlation of reward and length within rankings: both less their ranking's mean.

    `predicted` is the same for the labelers' order (the rank, turned so that more is better): where they prefer long
    responses too, a correlation is no flaw. None where there is nothing to correlate.
    """
    lengths: list[float] = []
    scores: list[float] = []
    orders: list[float] = []
    for ranking, own in zip(rankings, rewards, strict=True):
        assert ranking.record is not None
        lengths += _less_mean([len(row.response_ids) for row in ranking.sequences])
        scores += _less_mean(own)
        orders += _less_mean([-response.rank for response in ranking.record.responses])
    value = _correlation(lengths, scores)
    if value is None:
        return None
    return RewardDiagnostic("length_correlation", "all", "", len(lengths), value, _correlation(lengths, orders))


def _less_mean(values: Sequence[float]) -> list[float]:
    mean = fmean(values)
    return [value - mean for value in values]


def _correlation(first: Sequence[float], second: Sequence[float]) -> float | None:
    """Of values whose means are 0."""
    spread = sqrt(sum(value * value for value in first)) * sqrt(sum(value * value for value in second))
    return sum(a * b for a, b in zip(first, second, strict=True)) / spread if spread > 0.0 else None
