"""Sets of values for each kind of run: `paper`, and `tiny` for the built-in model on one CPU core."""

from formats.configs import CONFIG_CLASSES, Config, PpoConfig, RewardModelConfig, SampleConfig, SftConfig
from formats.errors import FormatError

PRESET_NAMES = ("tiny", "paper")


def preset(kind: str, name: str) -> Config:
    """The configuration of a kind of run under a preset's name. Raises FormatError for an unknown one."""
    if kind not in CONFIG_CLASSES:
        raise FormatError("kind", f"must be one of {', '.join(CONFIG_CLASSES)}, not {kind!r}")
    if name not in PRESET_NAMES:
        raise FormatError("preset", f"must be one of {', '.join(PRESET_NAMES)}, not {name!r}")
    return _TINY[kind] if name == "tiny" else CONFIG_CLASSES[kind]()


def paper_sft_for_ppo() -> SftConfig:
    """The paper's supervised model that PPO starts from: 2 epochs with a 10 % pretraining mix."""
    return SftConfig(epochs=2, pretraining_fraction=0.1)


_TINY: dict[str, Config] = {
    "sample": SampleConfig(max_response_tokens=256),
    "sft": SftConfig(
        epochs=8,
        batch_size=16,
        micro_batch_size=16,
        learning_rate=2e-3,
        residual_dropout=0.0,
        max_prompt_tokens=384,
        max_response_tokens=256,
        validation_every_steps=10,
        checkpoint_every_steps=20,
    ),
    "reward_model": RewardModelConfig(
        epochs=2,
        batch_size=8,
        micro_batch_size=8,
        learning_rate=1e-3,
        max_prompt_tokens=384,
        max_response_tokens=256,
        validation_every_steps=10,
        checkpoint_every_steps=20,
    ),
    "ppo": PpoConfig(
        episodes=320,
        batch_size=32,
        minibatch_size=16,
        micro_batch_size=16,
        rollout_batch_size=32,
        learning_rate=3e-4,
        value_learning_rate=1e-3,
        kl_coefficient=0.1,  # so small a model drifts fast
        ptx_coefficient=0.0,
        ema_decay=0.9,
        warmup_iterations=2,
        max_prompt_tokens=384,
        max_response_tokens=64,
        checkpoint_every_iterations=5,
    ),
}
