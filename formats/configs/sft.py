"""What supervised fine-tuning is told to do."""

# ruff: noqa: RUF009, since `setting` is a `dataclasses.field` with its explanation.

from dataclasses import dataclass
from typing import Literal

from formats.adapting import EpochTraining
from formats.codec import join
from formats.errors import FormatError
from formats.settings import setting
from formats.shared_settings import final_learning_rate

TrainedTurns = Literal["last", "all"]
CheckpointRule = Literal["auto", "reward", "validation_loss", "last"]


@dataclass(frozen=True, slots=True)
class SftConfig(EpochTraining):
    """Supervised fine-tuning on demonstrations: the loss is on the response's tokens only."""

    epochs: int = setting(
        16,
        label="Epochs",
        group="basic",
        minimum=1,
        maximum=1000,
        source="Paper: 16 for the SFT models, 2 for the model that PPO starts from.",
        help="How often to go through all demonstrations.",
    )
    batch_size: int = setting(
        32,
        label="Batch size",
        group="basic",
        unit="demonstrations",
        minimum=1,
        maximum=65536,
        source="Paper: 32 (1.3B and 6B), 8 (175B).",
        help="How many demonstrations make one update of the weights.",
    )
    learning_rate: float = setting(
        9.65e-6,
        label="Learning rate",
        group="basic",
        minimum=1e-9,
        maximum=1.0,
        source="Paper: 9.65e-6 (1.3B and 6B), 5.03e-6 (175B).",
        help="The peak size of an update; small models need more, large models less.",
    )
    final_learning_rate_fraction: float = final_learning_rate()
    residual_dropout: float = setting(
        0.2,
        label="Residual dropout",
        minimum=0.0,
        maximum=0.9,
        source="Paper: 0.2.",
        help="Share of each layer's output that is zeroed while training, against learning by heart.",
    )
    pretraining_fraction: float = setting(
        0.0,
        label="Pretraining mix",
        unit="of each batch",
        minimum=0.0,
        maximum=0.9,
        source="Paper: 10 % for the model that PPO starts from, else none.",
        help="Share of each batch that is ordinary text instead of demonstrations; needs a pretraining file.",
    )
    trained_turns: TrainedTurns = setting(
        "last",
        label="Turns to learn",
        source="Paper: the demonstration.",
        help="last learns the demonstration alone; all learns what the assistant said earlier in its prompt too.",
    )
    checkpoint_rule: CheckpointRule = setting(
        "auto",
        label="Epoch to keep",
        source="Paper: the best by reward on validation prompts.",
        help="What chooses the epoch whose weights are the output; auto: reward if a reward model is given, else last.",
    )
    judged_prompts: int = setting(
        128,
        label="Prompts to judge by",
        unit="prompts",
        minimum=1,
        maximum=100_000,
        source="Ours.",
        help="With a reward model: how many validation prompts are answered and scored at the end of each epoch.",
    )

    def check_rules(self, field: str) -> None:
        EpochTraining.check_rules(self, field)
        if round(self.batch_size * self.pretraining_fraction) >= self.batch_size:
            raise FormatError(join(field, "pretraining_fraction"), "must leave room for demonstrations")
        if self.pretraining_fraction > 0 and not round(self.batch_size * self.pretraining_fraction):
            size = max(self.batch_size, 2)
            message = (
                f"puts no text in a batch of {self.batch_size}: set it to 0, or to {1 / size:.3g} with a batch_size of "
                f"at least {size}"
            )
            raise FormatError(join(field, "pretraining_fraction"), message)
