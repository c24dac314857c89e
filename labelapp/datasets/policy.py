"""What becomes of the answers to one task: which are taken, as how many rows, in which order, with which weight.

Pure functions over ranks; 1 is best, equal ranks are a tie. The responses of a task are the same for all its labelers,
so ranks stand in one order, that of the responses' ids.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from typing import Any

from labelapp.quality.agreement import TaskAgreement, compare_rankings

Ranks = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """What one labeler said of a task. Of a demonstration `ranks` and `qualities` are empty.

    `content` is what only a file needs, as the database gave it; a preview has none.
    """

    submission_id: int
    task_id: int
    labeler_id: int
    instruction_version_id: int
    split: str
    ranks: Ranks = ()
    qualities: tuple[int | None, ...] = ()
    content: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class TakenRow:
    """A row of a dataset, from one answer or, as a majority, from several."""

    answers: tuple[Answer, ...]
    ranks: Ranks
    weight: float = 1.0


def take(answers: Sequence[Answer], query: Mapping[str, Any]) -> list[TakenRow]:
    """Return the rows that the answers to one task become under a query; none where its rules refuse them."""
    if "min_agreement_percent" in query and not _agrees(answers, query["min_agreement_percent"]):
        return []
    ties = query.get("ties", "keep")
    rows = [_with_ties(row, ties) for row in _of_several(answers, query.get("several", "all"))]
    return [row for row in rows if not _is_left_out(row.ranks, ties)]


def _of_several(answers: Sequence[Answer], several: str) -> list[TakenRow]:
    if several == "majority" and len(answers) > 1:
        return [TakenRow(tuple(answers), majority_ranks([answer.ranks for answer in answers]))]
    if several == "first":
        answers = answers[:1]
    weight = 1 / len(answers) if several == "weight" else 1.0
    return [TakenRow((answer,), answer.ranks, weight) for answer in answers]


def _with_ties(row: TakenRow, ties: str) -> TakenRow:
    if ties != "break_by_quality":
        return row
    return TakenRow(row.answers, break_ties(row.ranks, median_qualities(row.answers)), row.weight)


def _is_left_out(ranks: Ranks, ties: str) -> bool:
    if ties == "only_strict":
        return len(set(ranks)) < len(ranks)
    return ties == "leave_out" and not count_pairs(ranks)


def _agrees(answers: Sequence[Answer], percent: int) -> bool:
    found = agreement_of(answers)
    return found.ordered > 0 and 100 * found.agreeing >= percent * found.ordered


def agreement_of(answers: Sequence[Answer]) -> TaskAgreement:
    """Return how the labelers of one task agree over its pairs of responses."""
    return _agreement(tuple(sorted(answer.ranks for answer in answers)))


@lru_cache(maxsize=65_536)
def _agreement(rankings: tuple[Ranks, ...]) -> TaskAgreement:
    # The order of the labelers does not matter, so a sorted tuple is met again often: there are few short rankings.
    return compare_rankings([dict(enumerate(ranks)) for ranks in rankings])


@lru_cache(maxsize=65_536)
def count_pairs(ranks: Ranks) -> int:
    """Return how many pairs of responses are ranked one above the other."""
    return sum(one != other for one, other in combinations(ranks, 2))


def majority_ranks(rankings: Sequence[Ranks]) -> Ranks:
    """Return the order that most labelers have, pair by pair.

    Copeland's rule: a response scores a point for each other one that more labelers rank below it than above it, and
    loses one for the reverse. Equal scores are a tie, so that a circle of majorities is no order of ours. Where all
    labelers say the same, the result is what they say.
    """
    count = len(rankings[0])
    scores = [0] * count
    for one, other in combinations(range(count), 2):
        votes = sum((ranks[other] > ranks[one]) - (ranks[other] < ranks[one]) for ranks in rankings)
        sign = (votes > 0) - (votes < 0)
        scores[one] += sign
        scores[other] -= sign
    return dense([-score for score in scores])


def break_ties(ranks: Ranks, qualities: Sequence[int | None]) -> Ranks:
    """Order what is tied by the ratings; responses of equal rank and rating, or without one, stay tied.

    A tied group is ordered only where all of it is rated: a missing rating is neither good nor bad.
    """
    unrated = {rank for rank, quality in zip(ranks, qualities, strict=True) if quality is None}
    keys = [(rank, 0 if rank in unrated else -(q or 0)) for rank, q in zip(ranks, qualities, strict=True)]
    return dense(keys)


def median_qualities(answers: Sequence[Answer]) -> list[int | None]:
    """Return the rating of each response: the lower median of those given."""
    return [_lower_median(given) for given in zip(*(answer.qualities for answer in answers), strict=True)]


def _lower_median(given: Sequence[int | None]) -> int | None:
    known = sorted(quality for quality in given if quality is not None)
    return known[(len(known) - 1) // 2] if known else None


def dense(keys: Sequence[Any]) -> Ranks:
    """Return the rank of each key, the lowest being 1 and none left out."""
    place = {key: number for number, key in enumerate(sorted(set(keys)), start=1)}
    return tuple(place[key] for key in keys)
