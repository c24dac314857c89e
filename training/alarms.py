"""Alarms of a PPO run: the ways in which it commonly goes wrong, seen from its own figures, and what to do about each.

A figure that is not a number always stops the run at once (`training.optimizing.check_finite`): there is nothing left
to go on from. The others are thresholds of the configuration.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from formats.configs import PpoConfig
from training.errors import TrainingError

Figures = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Alarm:
    """One way to go wrong. `is_out` says, of the settings, earlier figures and the present ones, whether it is so.

    The earlier ones are the first, or, for an alarm `since_best_gold`, those of the batch with the best gold score.
    """

    code: str
    setting: str
    figure: str
    is_out: Callable[[PpoConfig, Figures, Figures], bool]
    what: str
    remedy: str
    since_best_gold: bool = False


def _gold_has_fallen(config: PpoConfig, best: Figures, now: Figures) -> bool:
    if config.alarm_gold_errors == 0.0 or "gold_mean" not in now:
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
        "The gold score has fallen to {now:.3g} from {then:.3g} while the reward rose: the policy learns the faults of "
        "its reward model",
        "end earlier by kl_budget_nats, raise kl_coefficient, or have the policy's samples ranked and train the reward "
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
    best: dict[str, float] = field(default_factory=dict)  # those of the batch with the best gold score so far
    out_for: dict[str, int] = field(default_factory=dict)  # iterations in a row that an alarm's figure has been out
    told: dict[str, str] = field(default_factory=dict)  # by the alarm's code, what was said of it

    def look(self, figures: Figures, *, iteration: int) -> None:
        """Take in an iteration's figures. Raises TrainingError for an alarm that is to stop the run."""
        does_stop = self.config.alarm_action == "stop"
        if not self.first:
            self.first = dict(figures)
        if figures.get("gold_mean", -math.inf) > self.best.get("gold_mean", -math.inf):
            self.best = dict(figures)
        for alarm in ALARMS:
            is_out = alarm.is_out(self.config, self._then(alarm), figures)
            self.out_for[alarm.code] = self.out_for.get(alarm.code, 0) + 1 if is_out else 0
            if self.out_for[alarm.code] == self.config.alarm_iterations and alarm.code not in self.told:
                sentence = self._sentence(alarm, figures, iteration=iteration)
                if does_stop:
                    raise TrainingError(alarm.code, sentence, field=f"config.{alarm.setting}")
                self.told[alarm.code] = sentence
                self.warn(sentence)

    def _then(self, alarm: Alarm) -> Figures:
        return self.best if alarm.since_best_gold else self.first

    def _sentence(self, alarm: Alarm, figures: Figures, *, iteration: int) -> str:
        what = alarm.what.format(now=figures[alarm.figure], then=self._then(alarm)[alarm.figure])
        return f"{what} (iteration {iteration}). To do: {alarm.remedy}; config.{alarm.setting} is the bound."

    def state_dict(self) -> dict[str, Any]:
        """What a resumed run needs to raise the same alarms."""
        return {name: dict(getattr(self, name)) for name in ("first", "best", "out_for", "told")}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from a checkpoint."""
        self.first, self.best = (
            {**state_dict["first"]},
            {**state_dict.get("best", {})},
        )  # older checkpoints have no best
        self.out_for, self.told = {**state_dict["out_for"]}, {**state_dict["told"]}
        for sentence in self.told.values():
            self.warn(sentence)
