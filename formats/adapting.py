"""Which weights a run trains, and what it keeps in memory for that: settings that all kinds of training share."""

# ruff: noqa: RUF009, since `setting` is a `dataclasses.field` with its explanation.

from dataclasses import dataclass
from typing import Literal

from formats.codec import join
from formats.errors import FormatError
from formats.settings import setting
from formats.shared_settings import LENGTHS, Training

Method = Literal["full", "lora"]
ALL_LINEAR = "all-linear"


@dataclass(frozen=True, slots=True)
class Adapting(Training):
    """The settings of every kind of training."""

    method: Method = setting(
        "full",
        label="What is trained",
        group="basic",
        source="Paper: all weights. LoRA: Hu et al. 2021 (arXiv 2106.09685).",
        help="full: all weights. lora: small matrices beside frozen layers: less memory, ten times the learning rate.",
    )
    lora_rank: int = setting(
        16,
        label="LoRA rank",
        minimum=1,
        maximum=4096,
        source="Ours; Hu et al.: 1 to 64.",
        help="Width of the small matrices: more can learn more and needs more memory.",
    )
    lora_alpha: int = setting(
        32,
        label="LoRA alpha",
        minimum=1,
        maximum=100_000,
        source="Ours: twice the rank.",
        help="What the small matrices add is multiplied by alpha / rank.",
    )
    lora_targets: str = setting(
        ALL_LINEAR,
        label="LoRA layers",
        source="Ours: all; Hu et al.: q_proj and v_proj.",
        help="all-linear, or names of linear layers such as q_proj, v_proj. A reward's head is always trained whole.",
    )
    gradient_checkpointing: bool = setting(
        False,
        label="Gradient checkpointing",
        source="Chen et al. 2016 (arXiv 1604.06174).",
        help="Compute activations again instead of keeping them: less memory, a third more time, the same results.",
    )

    def check_rules(self, field: str) -> None:
        if not self.lora_target_names and self.lora_targets.strip() != ALL_LINEAR:
            message = f"must be {ALL_LINEAR}, or names of linear layers such as q_proj, v_proj"
            raise FormatError(join(field, "lora_targets"), message)
        if self.method == "full":
            defaults = type(self)()
            for name in type(self).__dataclass_fields__:
                if name.startswith("lora_") and getattr(self, name) != getattr(defaults, name):
                    raise FormatError(join(field, name), "would not be read where all weights are trained")

    @property
    def lora_target_names(self) -> tuple[str, ...]:
        """The layers that `lora_targets` names; none where it means all."""
        names = tuple(name.strip() for name in self.lora_targets.split(","))
        return names if all(names) and names != (ALL_LINEAR,) else ()


@dataclass(frozen=True, slots=True)
class EpochTraining(Adapting):
    """Training that goes through rows which do not change, again and again, with dropout where a model has it."""

    max_response_tokens: int = setting(
        1024,
        label="Longest response",
        unit="tokens",
        minimum=1,
        maximum=32768,
        help="Longer responses are cut at the end, and then carry no end-of-text token.",
        source=LENGTHS,
    )
    weight_decay: float = setting(
        0.0,
        label="Weight decay",
        minimum=0.0,
        maximum=1.0,
        help="How strongly each step pulls the weights towards 0, times the learning rate.",
        source="Paper: not stated.",
    )
    validation_every_steps: int = setting(
        50,
        label="Validate every",
        unit="steps",
        minimum=1,
        maximum=1_000_000,
        help="How often to measure on the validation file, if one is given; at the last step it always is.",
    )
    checkpoint_every_steps: int = setting(
        50,
        label="Checkpoint every",
        unit="steps",
        minimum=1,
        maximum=1_000_000,
        help="Save all that is needed to resume this often; a killed run repeats at most this many steps.",
    )
    # Not under PPO, where it would put the ratio off 1.
    lora_dropout: float = setting(
        0.0,
        label="LoRA dropout",
        minimum=0.0,
        maximum=0.9,
        source="Ours; Hu et al.: 0 to 0.1.",
        help="Share of what goes into the small matrices that is zeroed while training.",
    )
