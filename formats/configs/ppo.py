"""What PPO is told to do."""

# ruff: noqa: RUF009, since `setting` is a `dataclasses.field` with its explanation.

import re
from dataclasses import dataclass
from typing import Literal

from formats.adapting import Adapting
from formats.codec import join
from formats.errors import FormatError
from formats.settings import setting
from formats.shared_settings import LENGTHS

AlarmAction = Literal["warn", "stop"]


@dataclass(frozen=True, slots=True)
class PpoConfig(Adapting):
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
    kl_budget_nats: float = setting(
        0.0,
        label="KL budget",
        unit="nats per response",
        minimum=0.0,
        maximum=10000.0,
        source="Paper: none.",
        help="End learning, with its output, before an update whose responses show more drift than this; 0 is no end.",
    )
    best_of_n_samples: int = setting(
        16,
        label="Best of n: samples",
        unit="responses per prompt",
        minimum=0,
        maximum=1024,
        source="Ours; Gao et al. 2022 (arXiv 2210.10760).",
        help="Before learning, draw and score so many responses to some prompts: the best of n is what PPO is read "
        "against; 0 draws none.",
    )
    best_of_n_prompts: int = setting(
        32,
        label="Best of n: prompts",
        unit="prompts",
        minimum=1,
        maximum=65536,
        source="Ours.",
        help="To how many of the run's prompts those responses are drawn.",
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
    max_response_tokens: int = setting(
        1024,
        label="Longest response",
        group="basic",
        unit="tokens",
        minimum=1,
        maximum=32768,
        source=LENGTHS,
        help="A response that reaches this length is cut and scored as it is.",
    )
    missing_eos_penalty: float = setting(
        0.0,
        label="Penalty without an end",
        unit="reward",
        minimum=0.0,
        maximum=1000.0,
        source="Paper: none. Ziegler: a fixed bad score.",
        help="Taken off the score of a response that was cut at the longest length; 0 takes nothing off.",
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
    rollout_server: str = setting(
        "",
        label="Rollout server",
        help="Address of a vLLM server that writes the rollouts, such as http://10.0.0.5:8000, with this server's data "
        "directory at the same path; empty: the run writes them itself.",
    )
    alarm_action: AlarmAction = setting(
        "warn",
        label="Alarms",
        help="What an alarm does: warn says so on the run's page and goes on, stop ends the run with its reason.",
    )
    alarm_iterations: int = setting(
        3,
        label="Alarm after",
        unit="iterations",
        minimum=1,
        maximum=1000,
        help="How many iterations in a row must be out of bounds before an alarm goes off.",
    )
    alarm_kl_nats: float = setting(
        100.0,
        label="KL alarm",
        unit="nats per response",
        minimum=0.0,
        maximum=100_000.0,
        help="Alarm where the policy has drifted further than this from where it started; 0 is off.",
    )
    alarm_entropy_fraction: float = setting(
        0.1,
        label="Entropy alarm",
        unit="of the first",
        minimum=0.0,
        maximum=1.0,
        help="Alarm where the entropy of a token falls below this part of the first iteration's; 0 is off.",
    )
    alarm_length_fraction: float = setting(
        0.1,
        label="Length alarm",
        unit="of the first",
        minimum=0.0,
        maximum=1.0,
        help="Alarm where responses become shorter than this part of the first iteration's; 0 is off.",
    )
    alarm_score_std: float = setting(
        1e-4,
        label="Constant score alarm",
        unit="reward",
        minimum=0.0,
        maximum=100.0,
        help="Alarm where the scores of a batch differ by less than this standard deviation; 0 is off.",
    )
    alarm_gold_errors: float = setting(
        6.0,
        label="Over-optimisation alarm",
        unit="standard errors",
        minimum=0.0,
        maximum=1000.0,
        source="Ours; Gao et al. 2022 describe what it looks for.",
        help="With a gold reward model: alarm where its mean over 10 batches has fallen from the best such mean by "
        "more than so many standard errors though the reward is higher than then; below 5 cries wolf; 0 is off.",
    )
    checkpoint_every_iterations: int = setting(
        10,
        label="Checkpoint every",
        unit="iterations",
        minimum=1,
        maximum=1_000_000,
        help="A killed run repeats at most this many iterations.",
    )

    def check_rules(self, field: str) -> None:
        Adapting.check_rules(self, field)
        if self.batch_size % self.minibatch_size:
            raise FormatError(join(field, "minibatch_size"), f"must divide the batch size of {self.batch_size}")
        if self.episodes < self.batch_size:
            raise FormatError(join(field, "episodes"), f"must be at least one batch of {self.batch_size}")
        if self.rollout_server and not re.fullmatch(r"https?://[^\s/?#@]+/?", self.rollout_server):
            message = "must be the address of a vLLM server such as http://10.0.0.5:8000, or empty to sample in torch"
            raise FormatError(join(field, "rollout_server"), message)
        if self.best_of_n_samples == 1:
            raise FormatError(join(field, "best_of_n_samples"), "must be 0, or at least 2 to choose among")
        if self.kl_target_nats > 0 and self.kl_coefficient == 0:
            message = "must be above 0 where kl_target_nats is: it is steered by factors, and 0 stays 0"
            raise FormatError(join(field, "kl_coefficient"), message)
