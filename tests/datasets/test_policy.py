"""What several rankings of one task become: worked out by hand, and laws."""

from collections.abc import Sequence
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from formats.jsonl import dump_json
from labelapp.datasets.policy import (
    Answer,
    Ranks,
    break_ties,
    count_pairs,
    dense,
    majority_ranks,
    median_qualities,
    take,
)
from labelapp.datasets.records import majority_answers, to_bytes

rankings = st.integers(2, 9).flatmap(
    lambda count: st.lists(
        st.lists(st.integers(1, count), min_size=count, max_size=count).map(dense), min_size=1, max_size=6
    )
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda values: st.lists(values, max_size=3) | st.dictionaries(st.text(), values, max_size=3),
    max_leaves=8,
)


def answer(ranks: Sequence[int], *, number: int = 1, qualities: Sequence[int | None] = ()) -> Answer:
    return Answer(number, 1, number, 1, "train", tuple(ranks), tuple(qualities or [None] * len(ranks)))


def answers_of(*given_ranks: Sequence[int]) -> list[Answer]:
    return [answer(ranks, number=number) for number, ranks in enumerate(given_ranks, start=1)]


def test_the_majority_orders_pair_by_pair() -> None:
    """A over B: 2 of 3 say so; A over C: 2 of 3; B over C: all. Scores: A +2, B 0, C -2."""
    assert majority_ranks([(1, 2, 3), (1, 2, 3), (3, 1, 2)]) == (1, 2, 3)


def test_a_circle_of_majorities_is_a_tie() -> None:
    """A > B > C, B > C > A, C > A > B: each beats one and loses to one."""
    assert majority_ranks([(1, 2, 3), (3, 1, 2), (2, 3, 1)]) == (1, 1, 1)


def test_two_who_contradict_each_other_are_a_tie() -> None:
    assert majority_ranks([(1, 2, 3), (2, 1, 3)]) == (1, 1, 2)


@given(rankings)
def test_the_majority_of_one_opinion_is_that_opinion(given_ranks: list[Ranks]) -> None:
    ranks = given_ranks[0]
    assert majority_ranks([ranks] * len(given_ranks)) == ranks


@given(rankings, st.randoms())
def test_the_majority_does_not_depend_on_who_comes_first(given_ranks: list[Ranks], random: Random) -> None:
    shuffled = list(given_ranks)
    random.shuffle(shuffled)
    assert majority_ranks(shuffled) == majority_ranks(given_ranks)


@given(rankings)
def test_who_wins_against_all_others_is_first(given_ranks: list[Ranks]) -> None:
    merged = majority_ranks(given_ranks)
    count = len(merged)

    def beats(one: int, other: int) -> bool:
        return 2 * sum(ranks[one] < ranks[other] for ranks in given_ranks) > len(given_ranks)

    for one in range(count):
        if all(beats(one, other) for other in range(count) if other != one):
            assert merged[one] == 1
            assert merged.count(1) == 1


def test_ratings_order_what_is_tied() -> None:
    assert break_ties((1, 1, 2, 2), (3, 6, 7, 7)) == (2, 1, 3, 3)


def test_a_missing_rating_leaves_its_tie() -> None:
    assert break_ties((1, 1, 1, 2), (3, None, 6, 5)) == (1, 1, 1, 2)


@given(rankings, st.data())
def test_breaking_ties_turns_no_pair_around(given_ranks: list[Ranks], data: st.DataObject) -> None:
    ranks = given_ranks[0]
    ratings = st.lists(st.none() | st.integers(1, 7), min_size=len(ranks), max_size=len(ranks))
    broken = break_ties(ranks, data.draw(ratings))
    for one in range(len(ranks)):
        for other in range(len(ranks)):
            assert not ranks[one] < ranks[other] or broken[one] < broken[other]
    assert count_pairs(broken) >= count_pairs(ranks)


def test_medians_are_of_what_was_rated() -> None:
    qualities = [answer((1, 1), qualities=given_) for given_ in [(1, None), (5, None), (4, 3), (7, None)]]
    assert median_qualities(qualities) == [4, 3]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, [((1, 2, 2), 1.0), ((1, 1, 1), 1.0), ((1, 2, 3), 1.0)]),
        ({"several": "weight"}, [((1, 2, 2), 1 / 3), ((1, 1, 1), 1 / 3), ((1, 2, 3), 1 / 3)]),
        ({"several": "majority"}, [((1, 2, 3), 1.0)]),
        ({"several": "first"}, [((1, 2, 2), 1.0)]),
        ({"ties": "leave_out"}, [((1, 2, 2), 1.0), ((1, 2, 3), 1.0)]),
        ({"ties": "only_strict"}, [((1, 2, 3), 1.0)]),
        ({"ties": "only_strict", "several": "weight"}, [((1, 2, 3), 1 / 3)]),
        ({"min_agreement_percent": 100}, [((1, 2, 2), 1.0), ((1, 1, 1), 1.0), ((1, 2, 3), 1.0)]),
    ],
)
def test_rules(query: dict[str, object], expected: list[tuple[Ranks, float]]) -> None:
    taken = take(answers_of((1, 2, 2), (1, 1, 1), (1, 2, 3)), query)
    assert [(row.ranks, row.weight) for row in taken] == expected


def test_agreement_is_asked_of_ordered_pairs() -> None:
    """Of the pairs 12, 13, 23 both order all, and 12 and 13 alike: two of three."""
    said = answers_of((1, 2, 3), (1, 3, 2))
    assert take(said, {"min_agreement_percent": 66})
    assert not take(said, {"min_agreement_percent": 67})
    assert not take(said[:1], {"min_agreement_percent": 1}), "who is alone agrees with nobody"
    assert not take(answers_of((1, 1), (1, 2)), {"min_agreement_percent": 1})


def test_a_majority_names_all_that_it_came_from() -> None:
    said = answers_of((1, 2), (2, 1), (1, 2))
    (row,) = take(said, {"several": "majority"})
    assert row.answers == tuple(said)


def test_answers_by_majority() -> None:
    given_ = [{"a": True, "b": False}, {"a": True, "b": True}, {"a": False}, {"c": True}]
    assert majority_answers(given_) == {"a": True, "c": True}


@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.text(), json_values))
def test_lines_are_the_bytes_of_the_contract(value: dict[str, object]) -> None:
    assert to_bytes(value) == dump_json(value) + b"\n"
