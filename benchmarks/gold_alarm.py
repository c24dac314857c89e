"""How often the alarm for over-optimisation goes off on a gold score that never falls, and how soon on one that does.

    python -m benchmarks.gold_alarm [--runs 3000]

Runs are simulated: each batch's gold score is its true level and independent noise of a known standard error, while
the reward rises. What watches them is `training.alarms.Watch` itself. One JSON line a rule and a fall; the rules beside
the default are those that were not taken: fewer standard errors, and single batches, as the alarm once had them.
"""

import argparse
import dataclasses
import json
import random
from collections.abc import Iterator, Sequence
from itertools import repeat
from statistics import median, quantiles
from typing import Any
from unittest.mock import patch

from formats.configs import PpoConfig
from training import alarms

ERROR = 0.1  # of one batch's mean
ITERATIONS = 1000
AT_BEST, AFTER = 200, 400  # iterations before a fall and watched after it
FALLS = (1.0, 1.5, 2.0, 3.0, 5.0)  # in standard errors of one batch
OTHER_RULES = ((10, 5.0), (10, 4.0), (1, 3.0))  # batches in a mean, standard errors
STEADY = {"kl_nats": 1.0, "entropy_nats": 2.0, "response_tokens_mean": 20.0, "reward_std": 1.0}


def told_at(config: PpoConfig, levels: Sequence[float], *, noise: random.Random) -> int | None:
    """The iteration at which one run's alarm went off, if it did."""
    told: list[str] = []
    watch = alarms.Watch(config, told.append)
    for iteration, level in enumerate(levels):
        gold = {"gold_mean": noise.gauss(level, ERROR), "gold_standard_error": ERROR}
        watch.look(STEADY | gold | {"reward_mean": float(iteration)}, iteration=iteration)
        if told:
            return iteration
    return None


def false_alarms(config: PpoConfig, *, runs: int) -> dict[str, Any]:
    """The share of runs on a flat gold score that set the alarm off."""
    noise = random.Random(0)
    levels = list(repeat(0.0, ITERATIONS))
    found = sum(told_at(config, levels, noise=noise) is not None for _ in range(runs))
    return {"case": "flat", "runs": runs, "iterations": ITERATIONS, "false_alarms": found / runs}


def delay(config: PpoConfig, fall: float, *, runs: int) -> dict[str, Any]:
    """The iterations from a fall to its alarm in runs without a false one before; one over `AFTER` is missed."""
    noise = random.Random(1)
    levels = [0.0] * AT_BEST + [-fall * ERROR] * AFTER
    found = [told_at(config, levels, noise=noise) for _ in range(runs)]
    waited = [iteration - AT_BEST + 1 if iteration is not None else AFTER + 1 for iteration in found]
    after = [wait for wait in waited if wait > 0]
    return {
        "case": "fall",
        "standard_errors": fall,
        "runs": runs,
        "iterations_median": median(after),
        "iterations_95_percent": quantiles(after, n=20)[-1],
        "missed": sum(wait > AFTER for wait in after) / len(after),
    }


def rows(*, runs: int) -> Iterator[dict[str, Any]]:
    """The default's false alarms and delays, and the false alarms of the rules that were not taken."""
    default = PpoConfig(episodes=1)
    rule = {"bench": "gold_alarm", "batches": alarms.GOLD_BATCHES, "errors": default.alarm_gold_errors}
    yield rule | false_alarms(default, runs=runs)
    for fall in FALLS:
        yield rule | delay(default, fall, runs=max(20, runs // 10))
    for batches, errors in OTHER_RULES:
        with patch.object(alarms, "GOLD_BATCHES", batches):
            other = dataclasses.replace(default, alarm_gold_errors=errors)
            yield {"bench": "gold_alarm", "batches": batches, "errors": errors} | false_alarms(other, runs=runs)


def main() -> None:
    """Print the lines."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--runs", type=int, default=3000, help="flat ones for a rule, a tenth for a fall (default: 3000)"
    )
    options = parser.parse_args()
    if options.runs < 1:
        parser.error("--runs must be at least 1")
    for row in rows(runs=options.runs):
        print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()
