"""Agreement: numbers worked out by hand, and properties."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelapp.quality.agreement import (
    TaskAgreement,
    compare_rankings,
    summarise,
    sums_of,
    wilson_interval,
)


def test_two_rankings_by_hand() -> None:
    """Responses 1 to 4. Ann: 1 > 2 = 3 > 4. Bob: 1 > 3 > 2 = 4.

    Pairs  12   13   14   23   24   34
    Ann    1<2  1<3  1<4  tie  2<4  3<4
    Bob    1<2  1<3  1<4  3<2  tie  3<4
    Both order 12, 13, 14 and 34, all alike; 23 and 24 are a tie of one of them.
    """
    ann = {1: 1, 2: 2, 3: 2, 4: 3}
    bob = {1: 1, 2: 3, 3: 2, 4: 3}
    assert compare_rankings([ann, bob]) == TaskAgreement(ordered=4, agreeing=4, tied=2)


def test_three_labelers_make_three_comparisons_by_hand() -> None:
    """Two responses: two labelers say 1 > 2, one says 2 > 1. Of three pairs of labelers one agrees."""
    up, down = {1: 1, 2: 2}, {1: 2, 2: 1}
    assert compare_rankings([up, up, down]) == TaskAgreement(ordered=3, agreeing=1, tied=0, comparisons=3)


def test_opposite_rankings_never_agree() -> None:
    ranking = {pk: pk for pk in range(1, 10)}
    opposite = {pk: 10 - pk for pk in range(1, 10)}
    assert compare_rankings([ranking, opposite]) == TaskAgreement(ordered=36, agreeing=0, tied=0)


def test_one_labeler_agrees_with_nobody() -> None:
    assert compare_rankings([{1: 1, 2: 2}]) == TaskAgreement(0, 0, 0, comparisons=0)
    assert summarise([TaskAgreement(0, 0, 0), TaskAgreement(0, 0, 6)]) is None


def test_wilson_by_hand() -> None:
    """8 of 10, z² = 3.8415: centre (0.8 + 0.19207)/1.38415 = 0.71674, half 1.96·√0.0256037/1.38415 = 0.22657."""
    assert list(wilson_interval(0.8, 10)) == pytest.approx([0.49016, 0.94331], abs=1e-4)


def test_wilson_of_ten_in_ten() -> None:
    """The lower end is n/(n + z²) = 10/13.8415 = 0.7225; the upper is 1."""
    assert list(wilson_interval(1.0, 10)) == pytest.approx([0.7225, 1.0], abs=1e-4)


def test_pairs_of_one_task_are_not_counted_as_independent_by_hand() -> None:
    """Four tasks of 6 pairs; two agree wholly, two not at all. The rate is a half and says as much as few coins.

    spread = Σ(aᵢ − 0.5·6)² = 4·9 = 36; variance = 36/24²·4/3 = 1/12; effective = 0.25/(1/12) = 3 of 24 pairs.
    """
    tasks = [TaskAgreement(6, 6, 0)] * 2 + [TaskAgreement(6, 0, 0)] * 2
    assert sums_of(tasks).effective_pairs() == pytest.approx(3)
    agreement = summarise(tasks)
    assert agreement is not None
    assert (agreement.tasks, agreement.pairs, agreement.agreeing, agreement.rate) == (4, 24, 12, 0.5)
    assert [agreement.low, agreement.high] == pytest.approx([0.1253, 0.8747], abs=1e-3)


def test_tasks_that_are_all_alike_count_once_each() -> None:
    assert sums_of([TaskAgreement(6, 6, 0)] * 5).effective_pairs() == 5


def test_one_task_of_fifty_does_not_drown_five_hundred_of_two_by_hand() -> None:
    """Two responses. Of 50 labelers half say 1 > 2, half 2 > 1: of 1,225 pairs of labelers 2 · 300 = 600 agree, 0.4898.

    Of 500 other tasks both labelers agree. Each task weighs alike: (500 + 600/1225)/501 = 0.99898; the pairs pooled
    would say (500 + 600)/(500 + 1225) = 0.638.
    """
    up, down = {1: 1, 2: 2}, {1: 2, 2: 1}
    agreement = summarise([compare_rankings([up, up])] * 500 + [compare_rankings([up, down] * 25)])
    assert agreement is not None
    assert (agreement.pairs, agreement.agreeing, agreement.tasks) == (1725, 1100, 501)
    assert agreement.rate == pytest.approx(0.99898, abs=1e-5)


@given(st.lists(st.tuples(st.integers(1, 36), st.integers(0, 36), st.integers(1, 1225)), min_size=1, max_size=8))
def test_more_pairs_of_labelers_who_say_the_same_change_no_rate(tasks: list[tuple[int, int, int]]) -> None:
    once = sums_of(TaskAgreement(ordered, min(agreeing, ordered), 0) for ordered, agreeing, _ in tasks)
    often = sums_of(TaskAgreement(n * ordered, n * min(agreeing, ordered), 0, n) for ordered, agreeing, n in tasks)
    assert often.effective_pairs() == once.effective_pairs()
    assert often.agreeing / often.ordered == once.agreeing / once.ordered


task_agreements = st.integers(1, 36).flatmap(
    lambda ordered: st.builds(
        TaskAgreement, st.just(ordered), st.integers(0, ordered), st.integers(0, 36), st.integers(1, 45)
    )
)


@given(st.lists(task_agreements, min_size=1, max_size=30))
def test_the_interval_holds_the_rate_and_knows_no_more_than_the_pairs_do(tasks: list[TaskAgreement]) -> None:
    agreement = summarise(tasks)
    assert agreement is not None
    assert 0 <= agreement.low <= agreement.rate + 1e-9
    assert agreement.rate - 1e-9 <= agreement.high <= 1
    assert sums_of(tasks).effective_pairs() <= agreement.pairs


@given(st.dictionaries(st.integers(1, 9), st.integers(1, 9), min_size=2), st.data())
def test_order_of_labelers_and_names_of_ranks_do_not_matter(ranking: dict[int, int], data: st.DataObject) -> None:
    other = {pk: data.draw(st.integers(1, 9)) for pk in ranking}
    compared = compare_rankings([ranking, other])
    stretched = {pk: rank * 2 + 1 for pk, rank in other.items()}
    assert compare_rankings([stretched, ranking]) == compared
    pairs = len(ranking) * (len(ranking) - 1) // 2
    assert compared.ordered + compared.tied == pairs
