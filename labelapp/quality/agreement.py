"""How often labelers agree: over pairs of responses to the same task, for each pair of its labelers.

Ties: a pair of responses counts only where both labelers put one above the other. A tie is no preference, so it can
neither agree nor disagree; the reward model drops such pairs too. How many were left out is told beside the rate.

Weights: 50 labelers of one task are 1,225 pairs of labelers, and pooled they would drown 500 tasks of two. So a task
weighs as much as one pair of its labelers does on average: the rate is that of two labelers drawn by chance from a task
drawn by chance. More answers to a task make its own part surer, and no larger.

The interval is Wilson's at 95 %, over an effective number of pairs: the pairs of one task are answers to one question,
so counting them as independent would promise too much. The effective number is the one that gives a plain proportion
the variance that the rate has between tasks (Kish's design effect), never more than there are pairs.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import comb, lcm, sqrt

Z_95 = 1.959963984540054


@dataclass(frozen=True, slots=True)
class TaskAgreement:
    """The pairs of one task: those that both labelers ordered, those of them alike, and those that one of them tied.

    All of them over `comparisons` pairs of labelers.
    """

    ordered: int
    agreeing: int
    tied: int
    comparisons: int = 1


@dataclass(frozen=True, slots=True)
class Agreement:
    """Agreement over many tasks: `rate`, each task weighing alike, within `low` … `high`; the pairs are mere counts."""

    tasks: int
    pairs: int
    agreeing: int
    tied_pairs: int
    rate: float
    low: float
    high: float


def compare_rankings(rankings: Sequence[Mapping[int, int]]) -> TaskAgreement:
    """Compare the labelers' rankings of one task, each a map from response id to rank (1 is best)."""
    ordered = agreeing = tied = 0
    for first, second in combinations(rankings, 2):
        for one, other in combinations(sorted(first.keys() & second.keys()), 2):
            product = (first[one] - first[other]) * (second[one] - second[other])
            ordered += product != 0
            agreeing += product > 0
            tied += product == 0
    return TaskAgreement(ordered, agreeing, tied, comparisons=comb(len(rankings), 2))


@dataclass(slots=True)
class AgreementSums:
    """All that the agreement over any number of tasks needs to know of them: a few sums.

    Those of weighted pairs are whole numbers of `1 / scale`, so that nothing is rounded.
    """

    tasks: int = 0
    pairs: int = 0
    agreeing_pairs: int = 0
    tied: int = 0
    scale: int = 1
    ordered: int = 0
    agreeing: int = 0
    ordered_squares: int = 0
    agreeing_squares: int = 0
    products: int = 0

    def add(self, task: TaskAgreement) -> None:
        """Take in the pairs of one more task."""
        self.tied += task.tied
        if task.ordered:
            self.tasks += 1
            self.pairs += task.ordered
            self.agreeing_pairs += task.agreeing
            self._rescale(lcm(self.scale, task.comparisons))
            weight = self.scale // task.comparisons
            ordered, agreeing = task.ordered * weight, task.agreeing * weight
            self.ordered += ordered
            self.agreeing += agreeing
            self.ordered_squares += ordered**2
            self.agreeing_squares += agreeing**2
            self.products += ordered * agreeing

    def _rescale(self, scale: int) -> None:
        factor = scale // self.scale
        self.scale = scale
        self.ordered *= factor
        self.agreeing *= factor
        self.ordered_squares *= factor**2
        self.agreeing_squares *= factor**2
        self.products *= factor**2

    def agreement(self) -> Agreement | None:
        """Return the agreement, or None where no pair was ordered by two labelers."""
        if not self.ordered:
            return None
        rate = self.agreeing / self.ordered
        low, high = wilson_interval(rate, self.effective_pairs())
        return Agreement(self.tasks, self.pairs, self.agreeing_pairs, self.tied, rate, low, high)

    def effective_pairs(self) -> float:
        """Return how many independent pairs would know as much as the pairs of these tasks do."""
        # The sum over tasks of (agreeing - rate · ordered)², times ordered²: whole numbers, so that 0 is 0.
        spread = (
            self.ordered**2 * self.agreeing_squares
            - 2 * self.ordered * self.agreeing * self.products
            + self.agreeing**2 * self.ordered_squares
        )
        if self.tasks < 2 or spread == 0:
            return float(self.tasks)  # between tasks nothing is seen to vary: each is one piece of evidence
        rate = self.agreeing / self.ordered
        variance = spread / self.ordered**4 * self.tasks / (self.tasks - 1)
        return min(self.ordered / self.scale, rate * (1 - rate) / variance)


def summarise(tasks: Iterable[TaskAgreement]) -> Agreement | None:
    """Return the agreement over `tasks`, or None where no pair was ordered by two labelers."""
    return sums_of(tasks).agreement()


def sums_of(tasks: Iterable[TaskAgreement]) -> AgreementSums:
    """Return the sums over `tasks`."""
    sums = AgreementSums()
    for task in tasks:
        sums.add(task)
    return sums


def wilson_interval(rate: float, count: float) -> tuple[float, float]:
    """Return Wilson's 95 % score interval of a proportion seen in `count` independent trials.

    Wilson 1927; it stays within 0 and 1, and means something for few trials and for rates of 0 and 1.
    """
    z2 = Z_95**2
    centre = (rate + z2 / (2 * count)) / (1 + z2 / count)
    half = Z_95 * sqrt(rate * (1 - rate) / count + z2 / (4 * count**2)) / (1 + z2 / count)
    return max(0.0, centre - half), min(1.0, centre + half)
