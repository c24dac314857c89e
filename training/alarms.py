"""Alarms of a PPO run: the ways in which it commonly goes wrong, seen from its own figures, and what to do about each.

A figure that is not a number always stops the run at once (`training.optimizing.check_finite`): there is nothing left
to go on from. The others are thresholds of the configuration.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from statistics import fmean
from typing import Any

from formats.configs import PpoConfig
from training.errors import TrainingError

Figures = Mapping[str, float]

# A gold score is compared by its mean over so many batches. A single batch's best, of hundreds, is the luckiest one:
# a score that never fell lies far below it. docs/algorithm-notes.md says how often either goes wrong.
GOLD_BATCHES = 10
_GOLD_MEANS = ("gold_mean", "reward_mean", "kl_nats")


@dataclass(frozen=True, slots=True)
class Alarm:
    """One way to go wrong. `is_out` says, of the settings, earlier figures and the present ones, whether it is so.

    The earlier ones are the first. For an alarm `since_best_gold` both are means over `GOLD_BATCHES` batches in a row,
    the earlier ones where the gold score was best; there are none before there have been so many.
    """

    code: str
    setting: str
    figure: str
    is_out: Callable[[PpoConfig, Figures, Figures], bool]
    what: str
    remedy: str
    since_best_gold: bool = False


def _gold_has_fallen(config: PpoConfig, best: Figures, now: Figures) -> bool:
    if config.alarm_gold_errors == 0.0 or not now:
        return False
    error = math.hypot(best["gold_standard_error"], now["gold_standard_error"])
    has_fallen = best["gold_mean"] - now["gold_mean"] > config.alarm_gold_errors * error
    return has_fallen and now["reward_mean"] > best["reward_mean"]


ALARMS = (
    Alarm(
        "kl_explosion",
        "alarm_kl_nats",
        "kl_nats",
        lambda config, _, now: 0.0 < config.alarm_kl_nats < now["kl_nats"],
        "The policy has drifted {now:.3g} nats from where it started: it may be exploiting the reward model",
        "raise kl_coefficient, lower learning_rate, or set kl_target_nats",
    ),
    Alarm(
        "entropy_collapse",
        "alarm_entropy_fraction",
        "entropy_nats",
        lambda config, first, now: now["entropy_nats"] < config.alarm_entropy_fraction * first["entropy_nats"],
        "The policy's entropy has fallen to {now:.3g} nats a token from {then:.3g}: it writes the same every time",
        "raise kl_coefficient or lower learning_rate, and read samples: the reward model may have one favourite",
    ),
    Alarm(
        "length_collapse",
        "alarm_length_fraction",
        "response_tokens_mean",
        lambda config, first, now: (
            now["response_tokens_mean"] < config.alarm_length_fraction * first["response_tokens_mean"]
        ),
        "Responses have shrunk to {now:.3g} tokens from {then:.3g}: the policy ends them at once",
        "check that the reward model does not prefer empty responses, raise kl_coefficient, lower missing_eos_penalty",
    ),
    Alarm(
        "constant_score",
        "alarm_score_std",
        "reward_std",
        lambda config, _, now: now["reward_std"] < config.alarm_score_std,
        "All responses of a batch get the same score (they differ by {now:.3g}): there is nothing to learn from",
        "look at the reward model's held-out accuracy, and at samples: they may all be the same or all be cut",
    ),
    Alarm(
        "over_optimization",
        "alarm_gold_errors",
        "gold_mean",
        _gold_has_fallen,
        "The gold score has fallen to {now:.3g} from {then:.3g} at {then_kl:.3g} nats, each the mean of "
        f"{GOLD_BATCHES} batches, while the reward rose: the policy learns the faults of its reward model",
        "end there by kl_budget_nats, raise kl_coefficient, or have the policy's samples ranked and train the reward "
        "model again",
        since_best_gold=True,
    ),
)


@dataclass(slots=True)
class Watch:
    """Follows a run's figures and raises its alarms, each once."""

    config: PpoConfig
    warn: Callable[[str], None]
    first: dict[str, float] = field(default_factory=dict)
    recent: list[dict[str, float]] = field(default_factory=list)  # the last batches that a gold model judged
    best: dict[str, float] = field(default_factory=dict)  # their means where the gold score was best so far
    out_for: dict[str, int] = field(default_factory=dict)  # iterations in a row that an alarm's figure has been out
    told: dict[str, str] = field(default_factory=dict)  # by the alarm's code, what was said of it

    def look(self, figures: Figures, *, iteration: int) -> None:
        """Take in an iteration's figures. Raises TrainingError for an alarm that is to stop the run."""
        does_stop = self.config.alarm_action == "stop"
        if not self.first:
            self.first = dict(figures)
        judged = self._judge(figures)
        for alarm in ALARMS:
            then, now = (self.best, judged) if alarm.since_best_gold else (self.first, figures)
            is_out = alarm.is_out(self.config, then, now)
            self.out_for[alarm.code] = self.out_for.get(alarm.code, 0) + 1 if is_out else 0
            if self.out_for[alarm.code] == self.config.alarm_iterations and alarm.code not in self.told:
                sentence = _sentence(alarm, then, now, iteration=iteration)
                if does_stop:
                    raise TrainingError(alarm.code, sentence, field=f"config.{alarm.setting}")
                self.told[alarm.code] = sentence
                self.warn(sentence)

    def _judge(self, figures: Figures) -> dict[str, float]:
        """Take in what a gold model said, and return the means over the last batches, or nothing while too few."""
        if "gold_mean" not in figures:
            return {}
        row = {name: figures[name] for name in (*_GOLD_MEANS, "gold_standard_error")}
        self.recent = [*self.recent, row][-GOLD_BATCHES:]
        if len(self.recent) < GOLD_BATCHES:
            return {}
        means = {name: fmean(row[name] for row in self.recent) for name in _GOLD_MEANS}
        error = math.hypot(*(row["gold_standard_error"] for row in self.recent)) / GOLD_BATCHES
        judged = means | {"gold_standard_error": error}
        if judged["gold_mean"] > self.best.get("gold_mean", -math.inf):
            self.best = judged
        return judged

    def state_dict(self) -> dict[str, Any]:
        """What a resumed run needs to raise the same alarms."""
        return {
            "first": dict(self.first),
            "gold": {"recent": list(self.recent), "best": dict(self.best)},
            "out_for": dict(self.out_for),
            "told": dict(self.told),
        }

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from a checkpoint; one from before gold scores were compared by such means begins them anew."""
        gold = state_dict.get("gold", {"recent": [], "best": {}})
        self.first, self.recent, self.best = {**state_dict["first"]}, [*gold["recent"]], {**gold["best"]}
        self.out_for, self.told = {**state_dict["out_for"]}, {**state_dict["told"]}
        for sentence in self.told.values():
            self.warn(sentence)


def _sentence(alarm: Alarm, then: Figures, now: Figures, *, iteration: int) -> str:
    what = alarm.what.format(now=now[alarm.figure], then=then[alarm.figure], then_kl=then["kl_nats"])
    return f"{what} (iteration {iteration}). To do: {alarm.remedy}; config.{alarm.setting} is the bound."
