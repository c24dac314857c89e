"""What a reward model's training is told to do."""

# ruff: noqa: RUF009, since `setting` is a `dataclasses.field` with its explanation.

from dataclasses import dataclass
from typing import Literal

from formats.adapting import EpochTraining
from formats.codec import join
from formats.errors import FormatError
from formats.settings import setting
from formats.shared_settings import final_learning_rate

ZeroPoint = Literal["demonstrations", "responses"]
TieModel = Literal["drop", "rao_kupper", "davidson"]
BALANCED = "balanced"  # labeler_weights with which each labeler counts the same


def parse_labeler_weights(text: str, *, field: str) -> dict[str, float]:
    """The weights that "l2=0.5, l7=0" gives, none for "" and "balanced". Raises FormatError."""
    if text.strip() in ("", BALANCED):
        return {}
    found: dict[str, float] = {}
    for item in text.split(","):
        name, _, number = (part.strip() for part in item.partition("="))
        try:
            weight = float(number)
        except ValueError:
            weight = -1.0
        if not name or name in found or not 0.0 <= weight <= 1000.0:
            example = "l2=0.5, l7=0, each name once and each weight from 0 to 1000"
            raise FormatError(field, f"must be empty, {BALANCED}, or such as {example}; {item.strip()!r} is not")
        found[name] = weight
    return found


@dataclass(frozen=True, slots=True)
class RewardModelConfig(EpochTraining):
    """A scalar reward from rankings: all pairs of one prompt are one element, weighted 1/#pairs, ties dropped."""

    epochs: int = setting(
        1,
        label="Epochs",
        group="basic",
        minimum=1,
        maximum=1000,
        source="Paper: 1; more overfits.",
        help="How often to go through all rankings.",
    )
    batch_size: int = setting(
        64,
        label="Batch size",
        group="basic",
        unit="rankings",
        minimum=1,
        maximum=65536,
        source="Paper: 64 prompts, up to 2,304 comparisons.",
        help="How many rankings, each with all its pairs, make one update of the weights.",
    )
    learning_rate: float = setting(
        9e-6,
        label="Learning rate",
        group="basic",
        minimum=1e-9,
        maximum=1.0,
        source="Paper: 9e-6.",
        help="The peak size of an update; small models need more, large models less.",
    )
    final_learning_rate_fraction: float = final_learning_rate()
    zero_point: ZeroPoint = setting(
        "demonstrations",
        label="Reward 0 means",
        group="basic",
        source="Paper: demonstrations score 0 on average.",
        help="Shift all rewards so that these average 0: labelers' demonstrations, or the responses trained on.",
    )
    ties: TieModel = setting(
        "drop",
        label="Ties",
        source="Paper: dropped. Rao and Kupper 1967; Davidson 1970.",
        help="Leave tied pairs out, or learn from them too, by a model of how likely a tie is at what distance.",
    )
    tie_parameter: float = setting(
        0.0,
        label="Tie parameter",
        minimum=0.0,
        maximum=1000.0,
        source="Ours: learned along.",
        help="Rao and Kupper's theta (above 1) or Davidson's nu (above 0), held fixed; 0 learns it from the ties.",
    )
    likert_margin: float = setting(
        0.0,
        label="Margin per quality point",
        unit="reward",
        minimum=0.0,
        maximum=100.0,
        source="Paper: none. Margins by rating: Touvron et al. 2023, Llama 2.",
        help="Ask for this much more reward for each point by which the better response was rated higher; 0 is off.",
    )
    labeler_weights: str = setting(
        "",
        label="Labelers' weights",
        source="Paper: every ranking counts the same.",
        help="Empty: rankings count the same. balanced: labelers do. Or names: l2=0.5, l7=0; the others have 1.",
    )
    cross_validation_folds: int = setting(
        0,
        label="Groups of labelers",
        unit="groups",
        minimum=0,
        maximum=20,
        source="Paper: 5, to see how well rewards hold for labelers who did not teach them.",
        help="Train further models, each without one group of labelers, and try them on it; 0 trains none.",
    )
    cross_validation_seeds: int = setting(
        3,
        label="Seeds of each group",
        unit="seeds",
        minimum=1,
        maximum=20,
        source="Paper: 3.",
        help="With groups of labelers: how many models to train without each of them.",
    )

    def check_rules(self, field: str) -> None:
        EpochTraining.check_rules(self, field)
        if self.ties == "rao_kupper" and 0.0 < self.tie_parameter <= 1.0:
            message = "must be above 1 for Rao and Kupper's model, or 0 to learn it"
            raise FormatError(join(field, "tie_parameter"), message)
        if self.ties == "drop" and self.tie_parameter > 0.0:
            raise FormatError(join(field, "tie_parameter"), "would not be read where ties are dropped")
        if self.ties != "drop" and self.likert_margin > 0.0:
            raise FormatError(join(field, "likert_margin"), "must be 0 with a model of ties, which has no margin")
        if self.cross_validation_folds == 1:
            message = "must be at least 2, so that somebody is left to learn from, or 0 for none"
            raise FormatError(join(field, "cross_validation_folds"), message)
        parse_labeler_weights(self.labeler_weights, field=join(field, "labeler_weights"))
