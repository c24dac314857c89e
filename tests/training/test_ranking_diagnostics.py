"""Expected numbers are worked out by hand in the comments."""

import math
from pathlib import Path
from typing import Any

import pytest

from formats.jsonl import read_jsonl
from formats.messages import Message
from formats.records import RankedResponse, Ranking, RewardDiagnostic
from formats.run_directory import read_manifest
from tests.training.toy_runs import make_toy_run, start
from training.ranking_diagnostics import diagnose
from training.sequences import TokenRanking, TokenSequence


def ranking(ranks: list[int], lengths: list[int], *, labeler: str = "l1", use_case: str = "") -> TokenRanking:
    responses = tuple(RankedResponse(f"r{number}", "text", rank) for number, rank in enumerate(ranks))
    record = Ranking("1", "p1", (Message("user", "Hello?"),), responses, labeler, use_case)
    return TokenRanking([TokenSequence([1], [2] * length) for length in lengths], record.pairs(), record)


GIVEN = [
    ranking([1, 2, 4], [1, 2, 3], use_case="Chat"),
    ranking([2, 1], [1, 3], labeler="l2"),
]
# The first ranking's first pair is wrong (0 < 1) and its others right; the second's pair is right, barely.
REWARDS = [[0.0, 1.0, -2.0], [0.0, 0.1]]


def accuracies(by: str) -> dict[str, tuple[int, Any]]:
    rows = diagnose(GIVEN, REWARDS).rows
    return {row.group: (row.count, row.value) for row in rows if (row.measure, row.by) == ("accuracy", by)}


def test_accuracy_by_each_group() -> None:
    assert accuracies("all") == {"": (4, 0.75)}
    # Ranks 1, 2, 4 are 1, 3 and 2 apart; the second ranking's are 1 apart.
    assert accuracies("rank_distance") == {"1": (2, 0.5), "2": (1, 1.0), "3": (1, 1.0)}
    assert accuracies("labeler") == {"l1": (3, pytest.approx(2 / 3)), "l2": (1, 1.0)}
    assert accuracies("use_case") == {"Chat": (3, pytest.approx(2 / 3)), "": (1, 1.0)}


def test_the_calibration_curve() -> None:
    found = diagnose(GIVEN, REWARDS)
    rows = {row.group: row for row in found.rows if row.measure == "calibration"}
    # Differences 0.1, 1, 2, 3: confidences 0.525, 0.731, 0.881, 0.953; the pair at 0.731 is wrong.
    sure = [1 / (1 + math.exp(-difference)) for difference in (0.1, 1.0, 2.0, 3.0)]
    assert {group: (row.count, row.value) for group, row in rows.items()} == {
        "0.5-0.6": (1, 1.0),
        "0.7-0.8": (1, 0.0),
        "0.8-0.9": (1, 1.0),
        "0.9-1.0": (1, 1.0),
    }
    assert rows["0.7-0.8"].predicted == pytest.approx(sure[1])
    expected = ((1 - sure[0]) + sure[1] + (1 - sure[2]) + (1 - sure[3])) / 4
    assert found.calibration_error == pytest.approx(expected)


def test_under_rao_and_kuppers_model_an_order_is_likelier_given_that_there_is_one() -> None:
    # θ = 2, d = 1: σ(1 - log 2) = 0.576 that the labeler orders them so, σ(-1 - log 2) = 0.155 the other way round;
    # of their sum, 0.788. Without ties it would be σ(1) = 0.731.
    found = diagnose([ranking([1, 2], [1, 1])], [[1.0, 0.0]], theta=2.0)
    [row] = [row for row in found.rows if row.measure == "calibration"]
    assert row.predicted == pytest.approx(0.788, abs=5e-4)
    assert found.calibration_error == pytest.approx(1 - 0.788, abs=5e-4)


def test_equal_rewards_are_not_right() -> None:
    [overall, *_] = diagnose([GIVEN[1]], [[0.5, 0.5]]).rows
    assert overall.value == 0.0


def test_length_and_reward_are_correlated_within_rankings_only() -> None:
    # Longer is better by one each within both rankings, though the ranking with the longer responses has less reward.
    given = [ranking([2, 1], [1, 2]), ranking([2, 1], [11, 12])]
    found = diagnose(given, [[5.0, 6.0], [0.0, 1.0]])
    assert found.length_correlation == pytest.approx(1.0)
    [row] = [row for row in found.rows if row.measure == "length_correlation"]
    assert row.count == 4
    assert row.predicted == pytest.approx(1.0)
    assert diagnose(given, [[6.0, 5.0], [0.0, 1.0]]).length_correlation == pytest.approx(0.0)


def test_where_all_lengths_are_the_same_there_is_no_correlation() -> None:
    found = diagnose([ranking([1, 2], [3, 3])], [[1.0, 0.0]])
    assert found.length_correlation is None
    assert all(row.measure != "length_correlation" for row in found.rows)


def test_a_run_leaves_its_diagnostics_beside_the_rewards(tmp_path: Path, llama: Path) -> None:
    directory = make_toy_run(tmp_path / "run", kind="reward_model", models={"model": llama})
    assert start(directory) == 0
    rows = list(read_jsonl(directory.diagnostics_output, RewardDiagnostic))
    summary = read_manifest(directory.output).summary
    assert rows[0].value == summary["validation_accuracy"]
    assert {row.by for row in rows} == {"all", "rank_distance", "labeler", "use_case", "probability"}
    assert {"calibration_error", "length_correlation"} <= set(summary)
