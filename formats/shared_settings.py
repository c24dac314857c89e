"""Settings that several kinds of run have in common, each explained once.

A kind's configuration inherits them; the launch form shows them after the kind's own (`formats.settings.describe`).
"""

# ruff: noqa: RUF009, since `setting` is a `dataclasses.field` with its explanation.

from dataclasses import dataclass
from typing import Any, Literal

from formats.codec import Format
from formats.settings import setting

Device = Literal["auto", "cpu", "cuda"]
Precision = Literal["float32", "bfloat16"]
Packing = Literal["auto", "packed", "unpacked"]

LENGTHS = "Paper: prompts over 1k tokens are filtered, responses are at most 1k, the context is 2k."
_ADAM = "Paper: Adam with 0.9 and 0.95."


@dataclass(frozen=True, slots=True)
class Computing(Format):
    """Where and how exactly a run computes: settings of every kind."""

    seed: int = setting(
        0,
        label="Seed",
        minimum=0,
        maximum=2**31 - 1,
        help="The same seed, inputs and settings on the same kind of device give the same results.",
    )
    device: Device = setting("auto", label="Device", help="Where to compute; auto takes the GPU if there is one.")
    precision: Precision = setting(
        "float32",
        label="Precision",
        help="Number format of the model's arithmetic; weights and optimizer keep 32 bits either way.",
        source="Paper: half-precision arithmetic, 32-bit weights.",
    )
    threads: int = setting(
        1,
        label="CPU threads",
        minimum=1,
        maximum=256,
        help="How many CPU threads to compute with. Results differ in the last bits between thread counts.",
    )


@dataclass(frozen=True, slots=True)
class Training(Computing):
    """What every kind of training reads and how its optimizer steps."""

    max_prompt_tokens: int = setting(
        1024,
        label="Longest prompt",
        unit="tokens",
        minimum=1,
        maximum=32768,
        help="Longer prompts are left out, and the log says how many.",
        source=LENGTHS,
    )
    packing: Packing = setting(
        "auto",
        label="Packed rows",
        help="packed pads nothing and reads a shared prompt once; auto does so if the model can. The result is the "
        "same.",
    )
    micro_batch_tokens: int = setting(
        8192,
        label="Micro-batch",
        unit="tokens",
        minimum=1,
        maximum=16_777_216,
        help="How many tokens go through a model at once, but one whole row or ranking at least; less needs less "
        "memory.",
    )
    adam_beta1: float = setting(
        0.9,
        label="Adam beta 1",
        minimum=0.0,
        maximum=0.9999,
        help="How slowly Adam's average of the gradient forgets.",
        source=_ADAM,
    )
    adam_beta2: float = setting(
        0.95,
        label="Adam beta 2",
        minimum=0.0,
        maximum=0.9999,
        help="How slowly Adam's average of the squared gradient forgets.",
        source=_ADAM,
    )
    gradient_clip_norm: float = setting(
        1.0,
        label="Gradient clipping",
        minimum=0.0,
        maximum=1000.0,
        help="A gradient longer than this is scaled down to it; 0 leaves all as they are.",
        source="Paper: not stated.",
    )


def final_learning_rate() -> Any:
    """For the kinds whose learning rate falls."""
    return setting(
        0.1,
        label="Final learning rate",
        unit="of the peak",
        minimum=0.0,
        maximum=1.0,
        help="The learning rate falls along a cosine to this fraction of its peak at the last step.",
        source="Paper: cosine to 10 %.",
    )
