"""Expected numbers are worked out by hand in the comments."""

import itertools
import math
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.best_of_n import best_of_n, best_of_n_kl, frontier


def test_the_kl_in_closed_form() -> None:
    assert best_of_n_kl(1) == 0.0
    assert best_of_n_kl(4) == pytest.approx(1.3863 - 0.75, abs=1e-4)


def test_by_hand() -> None:
    # Of the pairs {1, 2}, {1, 3}, {2, 3} the better by reward is judged 20, 5, 5: a mean of 10.
    assert best_of_n([1.0, 2.0, 3.0], [10.0, 20.0, 5.0], n=2) == pytest.approx(10.0)


@given(st.lists(st.tuples(st.floats(-9, 9), st.floats(-9, 9)), min_size=3, max_size=6, unique_by=lambda one: one[0]))
def test_it_is_the_mean_over_all_draws(samples: list[tuple[float, float]]) -> None:
    rewards, judged = zip(*samples, strict=True)
    for n in (1, 2, len(samples)):
        drawn = [max(draw)[1] for draw in itertools.combinations(samples, n)]
        assert best_of_n(rewards, judged, n=n) == pytest.approx(statistics.fmean(drawn), abs=1e-9)
    assert math.isclose(best_of_n(rewards, rewards, n=len(samples)), max(rewards))


def test_too_few_samples() -> None:
    with pytest.raises(ValueError, match="best of 3 needs at least 3"):
        best_of_n([1.0, 2.0], [1.0, 2.0], n=3)


def test_the_line_that_ppo_is_held_against() -> None:
    # Of rewards 0, 1, 2 two drawn at random have the best 1, 2 or 2: 5/3. Of 3, 3, 3 it is 3. Three samples give no 4.
    found = frontier([[0.0, 2.0, 1.0], [3.0, 3.0, 3.0]])
    assert found == pytest.approx({"best_of_2_kl_nats": math.log(2) - 0.5, "best_of_2_reward": (5 / 3 + 3) / 2})
    assert [name for name in frontier([[0.0] * 8]) if name.endswith("reward")] == [
        f"best_of_{n}_reward" for n in (2, 4, 8)
    ]


def test_what_another_judge_says_of_the_same_choices() -> None:
    # Of rewards 0, 1, 2 the kept ones are the second or the third, in one and two of three draws: gold (7 + 2 · 1) / 3.
    found = frontier([[0.0, 1.0, 2.0]], gold=[[9.0, 7.0, 1.0]])
    assert found["best_of_2_gold"] == pytest.approx(3.0)
    assert found["best_of_2_reward"] == pytest.approx(5 / 3)
