"""What a run is told to do: one frozen dataclass for each kind, with the paper's values as the defaults.

"Paper" is Ouyang et al. 2022 (arXiv 2203.02155), "Stiennon" arXiv 2009.01325, "Ziegler" arXiv 1909.08593.
`formats.shared_settings` explains what several kinds have in common; `formats.presets` holds the sets of values for a
model of a given size.
"""

from formats.configs.dpo import DpoConfig
from formats.configs.ppo import PpoConfig
from formats.configs.reward_model import RewardModelConfig
from formats.configs.sample import SampleConfig
from formats.configs.sft import SftConfig

__all__ = ["CONFIG_CLASSES", "Config", "DpoConfig", "PpoConfig", "RewardModelConfig", "SampleConfig", "SftConfig"]

Config = SampleConfig | SftConfig | RewardModelConfig | PpoConfig | DpoConfig
CONFIG_CLASSES: dict[
    str, type[SampleConfig] | type[SftConfig] | type[RewardModelConfig] | type[PpoConfig] | type[DpoConfig]
] = {
    "sample": SampleConfig,
    "sft": SftConfig,
    "reward_model": RewardModelConfig,
    "ppo": PpoConfig,
    "dpo": DpoConfig,
}
