"""Rates and means with prompts as clusters: by hand, and against other ways to work them out."""

import random
from math import sqrt

import pytest

from labelapp.evaluations.intervals import mean, rate, student_95


@pytest.mark.parametrize(
    ("degrees", "quantile"),
    [(1, 12.7062), (2, 4.3027), (3, 3.1824), (4, 2.7764), (9, 2.2622), (30, 2.0423), (120, 1.9799), (5000, 1.95996)],
)
def test_students_quantiles_are_those_of_the_tables(degrees: int, quantile: float) -> None:
    assert student_95(degrees) == pytest.approx(quantile, abs=5e-5)


def test_a_mean_by_hand() -> None:
    # Prompt 1 was answered twice. The mean is 16 / 4 = 4; the residuals by prompt are (1−4)+(3−4) = −4, 1 and 3.
    # Their squares sum to 26, so the variance is 3/2 · 26 / 4² = 2.4375; t with 2 degrees is 4.30265.
    found = mean([(1, 1), (1, 3), (2, 5), (3, 7)])
    assert found is not None
    assert (found.value, found.count, found.clusters) == (4, 4, 3)
    assert found.low == pytest.approx(4 - 4.30265 * sqrt(2.4375), abs=1e-4)
    assert found.high == pytest.approx(4 + 4.30265 * sqrt(2.4375), abs=1e-4)


def test_a_win_rate_by_hand() -> None:
    # Two wins on prompt 1, a loss on 2, a tie on 3: 2.5 / 4. The residuals by prompt are 0.75, −0.625 and −0.125.
    # Their squares sum to 0.96875; the variance is 3/2 · 0.96875 / 16, and 0.625 · 0.375 over it is 2.5806 answers.
    found = rate([(1, 1), (1, 1), (2, 0), (3, 0.5)])
    assert found is not None
    assert (found.value, found.count, found.clusters) == (0.625, 4, 3)
    n, z2 = 0.234375 / (1.5 * 0.96875 / 16), 1.959964**2
    centre, half = 0.625 + z2 / (2 * n), 1.959964 * sqrt(0.234375 / n + z2 / (4 * n * n))
    assert found.low == pytest.approx((centre - half) / (1 + z2 / n), abs=1e-6)
    assert found.high == pytest.approx((centre + half) / (1 + z2 / n), abs=1e-6)


def test_a_rate_at_its_end_still_has_a_width() -> None:
    always = rate([(prompt, 1.0) for prompt in range(10)])
    assert always is not None
    assert always.value == 1
    assert always.high == pytest.approx(1)
    assert always.low == pytest.approx(1 / (1 + 1.959964**2 / 10)), "Wilson's lower end at 10 of 10"


def test_repeating_the_answers_to_a_prompt_tells_nothing_new() -> None:
    once = [(1, 1.0), (2, 0.0), (3, 1.0), (4, 1.0)]
    first, again = rate(once), rate(once * 5)
    assert first is not None
    assert again is not None
    assert again.count == 20
    assert again.low == pytest.approx(first.low, abs=0.05)
    assert again.high == pytest.approx(first.high, abs=0.05)


def test_too_little_to_say_more() -> None:
    assert rate([]) is None
    assert mean([]) is None
    alone = mean([(1, 4), (1, 6)])
    assert alone is not None
    assert (alone.value, alone.low, alone.high) == (5, None, None), "one prompt has no variance between prompts"


def drawn(seed: int) -> list[tuple[int, float]]:
    """Answers that are alike within a prompt."""
    source = random.Random(seed)
    taste = {prompt: source.gauss(4, 1) for prompt in range(40)}
    return [(prompt, taste[prompt] + source.gauss(0, 0.5)) for prompt in taste for _ in range(source.randint(1, 5))]


def interval(answers: list[tuple[int, float]]) -> tuple[float, float]:
    """The mean's interval, which must be there."""
    found = mean(answers)
    assert found is not None
    assert found.low is not None
    assert found.high is not None
    return found.low, found.high


def test_a_mean_against_the_cluster_bootstrap() -> None:
    answers = drawn(1)
    low, high = interval(answers)
    by_prompt = {prompt: [value for other, value in answers if other == prompt] for prompt, _ in answers}
    source = random.Random(2)
    means = []
    for _ in range(2_000):
        values = [value for prompt in source.choices(list(by_prompt), k=len(by_prompt)) for value in by_prompt[prompt]]
        means.append(sum(values) / len(values))
    centre = sum(means) / len(means)
    error = sqrt(sum((value - centre) ** 2 for value in means) / (len(means) - 1))
    assert (high - low) / 2 == pytest.approx(student_95(39) * error, rel=0.08)


def test_the_interval_of_a_mean_covers_the_truth_about_95_times_of_100() -> None:
    covered = 0
    for seed in range(400):
        low, high = interval(drawn(seed))
        covered += low <= 4 <= high
    assert 0.92 <= covered / 400 <= 0.98
