"""Sets of values for each kind of run: of the paper, and `tiny` for the built-in model on one CPU core."""

from formats.configs import CONFIG_CLASSES, Config, DpoConfig, PpoConfig, RewardModelConfig, SampleConfig, SftConfig
from formats.errors import FormatError


def preset(kind: str, name: str) -> Config:
    """The configuration of a kind of run under a preset's name. Raises FormatError for an unknown one."""
    if kind not in CONFIG_CLASSES:
        raise FormatError("kind", f"must be one of {', '.join(CONFIG_CLASSES)}, not {kind!r}")
    found = presets(kind)
    if name not in found:
        raise FormatError("preset", f"must be one of {', '.join(found)}, not {name!r}")
    return found[name]


def presets(kind: str) -> dict[str, Config]:
    """The configurations of a kind of run by their presets' names."""
    found = {"tiny": _TINY[kind], "paper": CONFIG_CLASSES[kind]()}
    if kind == "sft":
        # PPO starts from another supervised model than the one that the paper compares it with.
        found["paper_for_ppo"] = SftConfig(epochs=2, pretraining_fraction=0.1)
    return found


# The longest prompt of the demo has 615 of the built-in model's tokens, which are bytes; its context is 1,024.
_TINY: dict[str, Config] = {
    "sample": SampleConfig(max_response_tokens=256),
    "sft": SftConfig(
        epochs=8,
        batch_size=16,
        micro_batch_tokens=4096,
        learning_rate=2e-3,
        residual_dropout=0.0,
        max_prompt_tokens=640,
        max_response_tokens=256,
        validation_every_steps=10,
        checkpoint_every_steps=20,
    ),
    "reward_model": RewardModelConfig(
        epochs=2,
        batch_size=8,
        micro_batch_tokens=2048,
        learning_rate=1e-3,
        max_prompt_tokens=640,
        max_response_tokens=256,
        validation_every_steps=10,
        checkpoint_every_steps=20,
    ),
    # On the demo, from its tiny supervised and reward models, the mean reward of a batch goes from 0.3 to 1.6 in 70 s
    # on a CPU core (python -m benchmarks.demo). Responses are short because what is computed grows with them.
    "ppo": PpoConfig(
        episodes=960,
        batch_size=32,
        minibatch_size=8,
        micro_batch_tokens=4096,
        rollout_batch_size=32,
        learning_rate=2e-4,  # at 5e-4 and 0.05 a KL of 27 nats instead of 12
        value_learning_rate=2e-3,
        kl_coefficient=0.1,  # so small a model drifts fast
        best_of_n_samples=8,
        best_of_n_prompts=16,
        ptx_coefficient=0.0,
        ema_decay=0.9,
        warmup_iterations=2,
        max_prompt_tokens=640,
        max_response_tokens=32,
        checkpoint_every_iterations=5,
    ),
    "dpo": DpoConfig(
        epochs=2,
        batch_size=8,
        micro_batch_tokens=2048,
        learning_rate=5e-4,
        warmup_steps=2,
        max_prompt_tokens=640,
        max_response_tokens=256,
        validation_every_steps=10,
        checkpoint_every_steps=20,
    ),
}
