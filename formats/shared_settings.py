"""Settings that several kinds of run have in common, each explained once."""

from typing import Any, Literal

from formats.settings import setting

Device = Literal["auto", "cpu", "cuda"]
Precision = Literal["float32", "bfloat16"]
Packing = Literal["auto", "packed", "unpacked"]

LENGTHS = "Paper: prompts over 1k tokens are filtered, responses are at most 1k, the context is 2k."
_ADAM = "Paper: Adam with 0.9 and 0.95."


def seed() -> Any:
    return setting(
        0,
        label="Seed",
        minimum=0,
        maximum=2**31 - 1,
        help="The same seed, inputs and settings on the same kind of device give the same results.",
    )


def device() -> Any:
    return setting("auto", label="Device", help="Where to compute; auto takes the GPU if there is one.")


def precision() -> Any:
    return setting(
        "float32",
        label="Precision",
        help="Number format of the model's arithmetic; weights and optimizer keep 32 bits either way.",
        source="Paper: half-precision arithmetic, 32-bit weights.",
    )


def threads() -> Any:
    return setting(
        1,
        label="CPU threads",
        minimum=1,
        maximum=256,
        help="How many CPU threads to compute with. Results differ in the last bits between thread counts.",
    )


def longest_prompt() -> Any:
    return setting(
        1024,
        label="Longest prompt",
        unit="tokens",
        minimum=1,
        maximum=32768,
        help="Longer prompts are left out, and the log says how many.",
        source=LENGTHS,
    )


def longest_response() -> Any:
    return setting(
        1024,
        label="Longest response",
        unit="tokens",
        minimum=1,
        maximum=32768,
        help="Longer responses are cut at the end, and then carry no end-of-text token.",
        source=LENGTHS,
    )


def packing() -> Any:
    return setting(
        "auto",
        label="Shared prompts",
        help="packed reads a prompt once for all its responses; auto does so if the model can. The result is the same.",
    )


def micro_batch_tokens(least: str) -> Any:
    return setting(
        8192,
        label="Micro-batch",
        unit="tokens",
        minimum=1,
        maximum=16_777_216,
        help=f"How many tokens go through the model at once, but {least} at least; less needs less memory.",
    )


def final_learning_rate() -> Any:
    return setting(
        0.1,
        label="Final learning rate",
        unit="of the peak",
        minimum=0.0,
        maximum=1.0,
        help="The learning rate falls along a cosine to this fraction of its peak at the last step.",
        source="Paper: cosine to 10 %.",
    )


def adam_beta1() -> Any:
    return setting(
        0.9,
        label="Adam beta 1",
        minimum=0.0,
        maximum=0.9999,
        help="How slowly Adam's average of the gradient forgets.",
        source=_ADAM,
    )


def adam_beta2() -> Any:
    return setting(
        0.95,
        label="Adam beta 2",
        minimum=0.0,
        maximum=0.9999,
        help="How slowly Adam's average of the squared gradient forgets.",
        source=_ADAM,
    )


def weight_decay() -> Any:
    return setting(
        0.0,
        label="Weight decay",
        minimum=0.0,
        maximum=1.0,
        help="How strongly each step pulls the weights towards 0, times the learning rate.",
        source="Paper: not stated.",
    )


def gradient_clip() -> Any:
    return setting(
        1.0,
        label="Gradient clipping",
        minimum=0.0,
        maximum=1000.0,
        help="A gradient longer than this is scaled down to it; 0 leaves all as they are.",
        source="Paper: not stated.",
    )


def checkpoint_every_steps() -> Any:
    return setting(
        50,
        label="Checkpoint every",
        unit="steps",
        minimum=1,
        maximum=1_000_000,
        help="Save all that is needed to resume this often; a killed run repeats at most this many steps.",
    )
