"""Rates and means with 95 % intervals, prompts as clusters.

The answers to one prompt are no independent draws, so the variance of a mean is that between prompts: with the
residuals of each prompt summed up, G/(G−1) · Σ_g (Σ_{i in g} (y_i − ȳ))² / n² (the cluster-robust variance with its
small-sample factor; Cameron and Miller 2015, section II; for evaluations of language models Miller 2024, section 2.2).

A mean gets Student's interval with G − 1 degrees of freedom. A rate gets Wilson's, over the number of independent
answers that would give a plain proportion this variance (Kish's design effect), never more than there are: it stays
within 0 and 1 and does not collapse where everything agrees. Ties count one half, which makes it if anything too wide.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from math import atan, cos, pi, sin, sqrt

from labelapp.quality.agreement import Z_95, wilson_interval

MANY_DEGREES = 1000
CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean of `count` answers to `clusters` prompts; a mean over one prompt has no interval."""

    value: float
    low: float | None
    high: float | None
    count: int
    clusters: int


def rate(answers: Iterable[tuple[int, float]]) -> Estimate | None:
    """Estimate a proportion from (prompt, 0 … 1); None without answers."""
    found = _Sums(answers)
    if not found.count:
        return None
    low, high = wilson_interval(found.mean, _effective_count(found))
    return Estimate(found.mean, low, high, found.count, found.clusters)


def mean(answers: Iterable[tuple[int, float]]) -> Estimate | None:
    """Estimate a mean from (prompt, number); None without answers."""
    found = _Sums(answers)
    if not found.count:
        return None
    if found.clusters < 2:
        return Estimate(found.mean, None, None, found.count, found.clusters)
    half = student_95(found.clusters - 1) * sqrt(found.variance)
    return Estimate(found.mean, found.mean - half, found.mean + half, found.count, found.clusters)


class _Sums:
    """The answers summed up by prompt."""

    def __init__(self, answers: Iterable[tuple[int, float]]) -> None:
        counts: dict[int, int] = defaultdict(int)
        totals: dict[int, float] = defaultdict(float)
        for prompt, value in answers:
            counts[prompt] += 1
            totals[prompt] += value
        self.count = sum(counts.values())
        self.clusters = len(counts)
        self.mean = sum(totals.values()) / self.count if self.count else 0.0
        spread = sum((totals[prompt] - self.mean * counts[prompt]) ** 2 for prompt in counts)
        factor = self.clusters / (self.clusters - 1) if self.clusters > 1 else 0.0
        self.variance = factor * spread / self.count**2 if self.count else 0.0


def _effective_count(found: _Sums) -> float:
    """Return how many independent answers would know as much; where prompts do not differ, each is one."""
    if found.variance < 1e-15:  # nothing but rounding
        return float(found.clusters)
    return min(float(found.count), found.mean * (1 - found.mean) / found.variance)


@cache
def student_95(degrees: int) -> float:
    """Return t with 95 % of Student's distribution between −t and t."""
    if degrees > MANY_DEGREES:
        return Z_95
    low, high = Z_95, 13.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _within(middle, degrees) < CONFIDENCE else (low, middle)
    return (low + high) / 2


def _within(t: float, degrees: int) -> float:
    """Return the probability between −t and t: Abramowitz and Stegun, 26.7.3 and 26.7.4."""
    angle = atan(t / sqrt(degrees))
    is_odd = degrees % 2
    term = cos(angle) if is_odd else 1.0
    total = 0.0
    for power in range(2 if is_odd else 1, degrees, 2):
        total += term
        term *= power / (power + 1) * cos(angle) ** 2
    return 2 / pi * (angle + sin(angle) * total) if is_odd else sin(angle) * total
