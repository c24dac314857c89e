"""What direct preference optimisation is told to do."""

# ruff: noqa: RUF009, since `setting` is a `dataclasses.field` with its explanation.

from dataclasses import dataclass
from typing import Literal

from formats.adapting import EpochTraining
from formats.codec import join
from formats.errors import FormatError
from formats.settings import setting

PreferenceForm = Literal["pairs", "plackett_luce"]
_RAFAILOV = "Rafailov et al. 2023 (arXiv 2305.18290)"


@dataclass(frozen=True, slots=True)
class DpoConfig(EpochTraining):
    """A policy straight from rankings, without a reward model: the baseline to compare PPO with."""

    epochs: int = setting(
        1,
        label="Epochs",
        group="basic",
        minimum=1,
        maximum=1000,
        source="Ours: 1, as for the reward model.",
        help="How often to go through all rankings.",
    )
    batch_size: int = setting(
        64,
        label="Batch size",
        group="basic",
        unit="rankings",
        minimum=1,
        maximum=65536,
        source=f"{_RAFAILOV}: 64, of one pair each.",
        help="How many rankings, each with all its pairs, make one update of the weights.",
    )
    learning_rate: float = setting(
        1e-6,
        label="Learning rate",
        group="basic",
        minimum=1e-9,
        maximum=1.0,
        source=f"{_RAFAILOV}: 1e-6.",
        help="The size of an update after the warm-up; small models and LoRA need more.",
    )
    warmup_steps: int = setting(
        150,
        label="Warm-up",
        unit="steps",
        minimum=0,
        maximum=1_000_000,
        source=f"{_RAFAILOV}: 150.",
        help="Over how many updates the learning rate rises from 0 to its full size; then it stays.",
    )
    beta: float = setting(
        0.1,
        label="Beta",
        group="basic",
        minimum=0.0001,
        maximum=1000.0,
        source=f"{_RAFAILOV}: 0.1, and 0.5 for summaries.",
        help="How dear drift from the starting policy is: less lets the policy move further for the same preferences.",
    )
    preference: PreferenceForm = setting(
        "pairs",
        label="Loss",
        source=f"{_RAFAILOV}: pairs; appendix A.3: Plackett and Luce.",
        help="pairs: which of two is better, for all pairs. plackett_luce: which is best of those left, rank by rank.",
    )
    label_smoothing: float = setting(
        0.0,
        label="Label smoothing",
        minimum=0.0,
        maximum=0.499,
        source="Mitchell 2023, conservative DPO; 0 is the paper's DPO.",
        help="The share of pairs that labelers are thought to get wrong; stops the policy short of certainty.",
    )
    length_normalised: bool = setting(
        False,
        label="Per token",
        source="Lambert et al. 2024 (arXiv 2411.15124), with a beta near 5; off is the paper's DPO.",
        help="Divide each response's log-ratio by its length, so that longer is not better by itself; needs more beta.",
    )

    def check_rules(self, field: str) -> None:
        EpochTraining.check_rules(self, field)
        if self.preference == "plackett_luce" and self.label_smoothing > 0.0:
            raise FormatError(join(field, "label_smoothing"), "must be 0 with plackett_luce, which has no pairs")
