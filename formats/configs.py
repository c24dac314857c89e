"""What a run is told to do: one frozen dataclass for each kind, with the paper's values as the defaults.

"Paper" is Ouyang et al. 2022 (arXiv 2203.02155), "Stiennon" arXiv 2009.01325, "Ziegler" arXiv 1909.08593.
`formats.presets` holds the sets of values for a model of a given size.
"""

# ruff: noqa: RUF009, since `setting` is a `dataclasses.field` with its explanation.

from dataclasses import dataclass
from typing import Literal

from formats import shared_settings as shared
from formats.codec import Format, join
from formats.errors import FormatError
from formats.settings import setting
from formats.shared_settings import Device, Precision

ZeroPoint = Literal["demonstrations", "responses"]
Packing = Literal["auto", "packed", "unpacked"]
TieModel = Literal["drop", "rao_kupper", "davidson"]
BALANCED = "balanced"  # labeler_weights with which each labeler counts the same


def _check_micro(micro_batch_size: int, batch_size: int, field: str) -> None:
    if micro_batch_size > batch_size:
        raise FormatError(join(field, "micro_batch_size"), f"must be at most the batch of {batch_size}")


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
class SampleConfig(Format):
    """Draw K responses a prompt from a model directory, a hub name or an OpenAI-compatible endpoint."""

    responses_per_prompt: int = setting(
        4,
        label="Responses per prompt",
        group="basic",
        minimum=1,
        maximum=64,
        source="Paper: K is 4 to 9.",
        help="How many answers to draw for each prompt; a labeler ranks them together.",
    )
    temperature: float = setting(
        1.0,
        label="Temperature",
        group="basic",
        minimum=0.0,
        maximum=5.0,
        source="Paper: 1.",
        help="1 samples from the model as it is, less makes answers more alike, 0 always takes the likeliest token.",
    )
    top_p: float = setting(
        1.0,
        label="Top-p",
        minimum=0.01,
        maximum=1.0,
        source="Paper: not used.",
        help="Sample only among the likeliest tokens that together have this probability; 1 keeps all.",
    )
    max_response_tokens: int = setting(
        1024,
        label="Longest response",
        group="basic",
        unit="tokens",
        minimum=1,
        maximum=32768,
        source=shared.LENGTHS,
        help="A response that reaches this length is cut and marked so.",
    )
    batch_size: int = setting(
        32,
        label="Batch size",
        unit="responses",
        minimum=1,
        maximum=4096,
        help="How many responses a local model writes at once; more is faster and needs more memory.",
    )
    endpoint_url: str = setting(
        "",
        label="Endpoint URL",
        help="Base URL of an OpenAI-compatible server, ending in /v1. Empty samples from the run's own model.",
    )
    endpoint_model: str = setting(
        "",
        label="Endpoint model",
        help="The name by which the endpoint knows the model.",
    )
    endpoint_timeout_seconds: float = setting(
        60.0,
        label="Endpoint timeout",
        unit="seconds",
        minimum=0.1,
        maximum=3600.0,
        help="How long to wait for one answer of the endpoint before trying again.",
    )
    endpoint_retries: int = setting(
        4,
        label="Endpoint retries",
        minimum=0,
        maximum=20,
        help="How often to ask again, with growing pauses, when the endpoint is busy or fails.",
    )
    endpoint_concurrency: int = setting(
        8,
        label="Endpoint concurrency",
        unit="requests",
        minimum=1,
        maximum=256,
        help="How many requests may be open at the endpoint at the same time.",
    )
    seed: int = shared.seed()
    device: Device = shared.device()
    precision: Precision = shared.precision()
    threads: int = shared.threads()

    def check_rules(self, field: str) -> None:
        if self.endpoint_url and not self.endpoint_url.startswith(("http://", "https://")):
            raise FormatError(join(field, "endpoint_url"), "must start with http:// or https://")
        if self.endpoint_url and not self.endpoint_model:
            raise FormatError(join(field, "endpoint_model"), "is required when an endpoint URL is given")
        if self.endpoint_model and not self.endpoint_url:
            raise FormatError(join(field, "endpoint_url"), "is required when an endpoint model is given")


@dataclass(frozen=True, slots=True)
class SftConfig(Format):
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
    final_learning_rate_fraction: float = shared.final_learning_rate()
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
    max_prompt_tokens: int = shared.longest_prompt()
    max_response_tokens: int = shared.longest_response()
    micro_batch_size: int = shared.micro_batch("rows")
    adam_beta1: float = shared.adam_beta1()
    adam_beta2: float = shared.adam_beta2()
    weight_decay: float = shared.weight_decay()
    gradient_clip_norm: float = shared.gradient_clip()
    validation_every_steps: int = setting(
        50,
        label="Validate every",
        unit="steps",
        minimum=1,
        maximum=1_000_000,
        help="How often to measure the loss on the validation file, if one is given; the last step always is.",
    )
    checkpoint_every_steps: int = shared.checkpoint_every_steps()
    seed: int = shared.seed()
    device: Device = shared.device()
    precision: Precision = shared.precision()
    threads: int = shared.threads()

    def check_rules(self, field: str) -> None:
        _check_micro(self.micro_batch_size, self.batch_size, field)
        if round(self.batch_size * self.pretraining_fraction) >= self.batch_size:
            raise FormatError(join(field, "pretraining_fraction"), "must leave room for demonstrations")


@dataclass(frozen=True, slots=True)
class RewardModelConfig(Format):
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
    final_learning_rate_fraction: float = shared.final_learning_rate()
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
    max_prompt_tokens: int = shared.longest_prompt()
    max_response_tokens: int = shared.longest_response()
    packing: Packing = setting(
        "auto",
        label="Shared prompts",
        help="packed reads a prompt once for all its responses; auto does so if the model can. The result is the same.",
    )
    micro_batch_tokens: int = setting(
        8192,
        label="Micro-batch",
        unit="tokens",
        minimum=1,
        maximum=16_777_216,
        help="How many tokens go through the model at once, but one whole ranking at least; less needs less memory.",
    )
    adam_beta1: float = shared.adam_beta1()
    adam_beta2: float = shared.adam_beta2()
    weight_decay: float = shared.weight_decay()
    gradient_clip_norm: float = shared.gradient_clip()
    validation_every_steps: int = setting(
        50,
        label="Validate every",
        unit="steps",
        minimum=1,
        maximum=1_000_000,
        help="How often to measure accuracy on the validation file, if one is given; the last step always is.",
    )
    checkpoint_every_steps: int = shared.checkpoint_every_steps()
    seed: int = shared.seed()
    device: Device = shared.device()
    precision: Precision = shared.precision()
    threads: int = shared.threads()

    def check_rules(self, field: str) -> None:
        if self.ties == "rao_kupper" and 0.0 < self.tie_parameter <= 1.0:
            message = "must be above 1 for Rao and Kupper's model, or 0 to learn it"
            raise FormatError(join(field, "tie_parameter"), message)
        if self.ties == "drop" and self.tie_parameter > 0.0:
            raise FormatError(join(field, "tie_parameter"), "would not be read where ties are dropped")
        if self.ties != "drop" and self.likert_margin > 0.0:
            raise FormatError(join(field, "likert_margin"), "must be 0 with a model of ties, which has no margin")
        parse_labeler_weights(self.labeler_weights, field=join(field, "labeler_weights"))


@dataclass(frozen=True, slots=True)
class PpoConfig(Format):
    """PPO against a reward model with a per-token KL penalty; with a pretraining gradient it is PPO-ptx."""

    episodes: int = setting(
        256_000,
        label="Episodes",
        group="basic",
        minimum=1,
        maximum=100_000_000,
        source="Paper: 256k over about 31k prompts.",
        help="How many responses to sample and learn from in all.",
    )
    batch_size: int = setting(
        512,
        label="Batch size",
        group="basic",
        unit="episodes",
        minimum=1,
        maximum=65536,
        source="Paper: 512.",
        help="How many responses are sampled with one version of the policy.",
    )
    minibatch_size: int = setting(
        64,
        label="Minibatch size",
        unit="episodes",
        minimum=1,
        maximum=65536,
        source="Paper: 64.",
        help="How many of them make one update of the weights; it must divide the batch size.",
    )
    inner_epochs: int = setting(
        1,
        label="Inner epochs",
        minimum=1,
        maximum=100,
        source="Paper: 1.",
        help="How often to go through each batch of responses.",
    )
    learning_rate: float = setting(
        5e-6,
        label="Policy learning rate",
        group="basic",
        minimum=1e-9,
        maximum=1.0,
        source="Ours: the paper sweeps it for each size.",
        help="The size of an update of the policy; too high and the policy collapses.",
    )
    value_learning_rate: float = setting(
        9e-6,
        label="Value learning rate",
        minimum=1e-9,
        maximum=1.0,
        source="Paper: 9e-6.",
        help="The size of an update of the network that predicts the return.",
    )
    kl_coefficient: float = setting(
        0.02,
        label="KL coefficient",
        group="basic",
        minimum=0.0,
        maximum=100.0,
        source="Paper: 0.02; 0.01 to 0.02 are best.",
        help="How much reward each nat of drift from the starting policy costs.",
    )
    kl_target_nats: float = setting(
        0.0,
        label="KL target",
        unit="nats per response",
        minimum=0.0,
        maximum=10000.0,
        source="Paper: fixed coefficient. Ziegler: adaptive.",
        help="Steer the KL coefficient so that the drift stays near this; 0 keeps the coefficient fixed.",
    )
    ptx_coefficient: float = setting(
        27.8,
        label="Pretraining coefficient",
        group="basic",
        minimum=0.0,
        maximum=10000.0,
        source="Paper: 27.8 (PPO-ptx); 0 is PPO.",
        help="Weight of the loss on ordinary text, against forgetting; needs a pretraining file; 0 switches it off.",
    )
    ptx_examples_per_episode: int = setting(
        8,
        label="Pretraining texts per episode",
        minimum=1,
        maximum=1000,
        source="Paper: 8.",
        help="How many pieces of ordinary text go with each response.",
    )
    temperature: float = setting(
        1.0,
        label="Rollout temperature",
        minimum=0.05,
        maximum=5.0,
        source="Paper: 1.",
        help="Temperature at which the policy is sampled and its log-probabilities are taken.",
    )
    max_prompt_tokens: int = shared.longest_prompt()
    max_response_tokens: int = setting(
        1024,
        label="Longest response",
        group="basic",
        unit="tokens",
        minimum=1,
        maximum=32768,
        source=shared.LENGTHS,
        help="A response that reaches this length is cut and scored as it is.",
    )
    clip_range: float = setting(
        0.2,
        label="Policy clipping",
        minimum=0.001,
        maximum=10.0,
        source="Paper: 0.2.",
        help="How far an action's probability ratio may move from 1 and still be rewarded.",
    )
    value_clip_range: float = setting(
        0.2,
        label="Value clipping",
        minimum=0.001,
        maximum=1000.0,
        source="Ziegler: 0.2.",
        help="How far a predicted value may move in one batch and still lower the loss.",
    )
    discount: float = setting(
        1.0,
        label="Discount (gamma)",
        minimum=0.0,
        maximum=1.0,
        source="Paper: 1.",
        help="How much less a reward counts for each token it lies ahead; 1 does not discount.",
    )
    gae_lambda: float = setting(
        0.95,
        label="GAE lambda",
        minimum=0.0,
        maximum=1.0,
        source="Stiennon: 0.95; the paper does not say.",
        help="Between trusting the value network (0) and the sampled return alone (1).",
    )
    ema_decay: float = setting(
        0.992,
        label="EMA decay",
        minimum=0.0,
        maximum=0.99999,
        source="Paper: 0.992.",
        help="The output is a running average of the policy's weights that forgets this slowly; 0 takes the last.",
    )
    warmup_iterations: int = setting(
        10,
        label="Warm-up",
        unit="iterations",
        minimum=0,
        maximum=100_000,
        source="Paper: 10.",
        help="Over how many batches both learning rates rise to their full size; then they stay.",
    )
    warmup_start_fraction: float = setting(
        0.1,
        label="Warm-up start",
        unit="of the peak",
        minimum=0.0,
        maximum=1.0,
        source="Paper: 0.1.",
        help="The fraction of the learning rates that the warm-up starts from.",
    )
    rollout_batch_size: int = setting(
        64,
        label="Rollout batch",
        unit="responses",
        minimum=1,
        maximum=65536,
        help="How many responses the policy writes at once; more is faster and needs more memory.",
    )
    micro_batch_size: int = shared.micro_batch("rows")
    adam_beta1: float = shared.adam_beta1()
    adam_beta2: float = shared.adam_beta2()
    gradient_clip_norm: float = shared.gradient_clip()
    checkpoint_every_iterations: int = setting(
        10,
        label="Checkpoint every",
        unit="iterations",
        minimum=1,
        maximum=1_000_000,
        help="A killed run repeats at most this many iterations.",
    )
    seed: int = shared.seed()
    device: Device = shared.device()
    precision: Precision = shared.precision()
    threads: int = shared.threads()

    def check_rules(self, field: str) -> None:
        _check_micro(self.micro_batch_size, self.minibatch_size, field)
        if self.batch_size % self.minibatch_size:
            raise FormatError(join(field, "minibatch_size"), f"must divide the batch size of {self.batch_size}")
        if self.episodes < self.batch_size:
            raise FormatError(join(field, "episodes"), f"must be at least one batch of {self.batch_size}")


Config = SampleConfig | SftConfig | RewardModelConfig | PpoConfig
CONFIG_CLASSES: dict[str, type[SampleConfig] | type[SftConfig] | type[RewardModelConfig] | type[PpoConfig]] = {
    "sample": SampleConfig,
    "sft": SftConfig,
    "reward_model": RewardModelConfig,
    "ppo": PpoConfig,
}
