"""`config.json` of a run directory: the kind of run, its settings and where its inputs lie."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Literal

from formats.codec import Format, join
from formats.configs import CONFIG_CLASSES, Config, PpoConfig, RewardModelConfig, SampleConfig, SftConfig
from formats.errors import FormatError

ChosenBy = Literal["reward", "validation_loss", "last"]
RunKind = Literal["sample", "sft", "reward_model", "ppo", "dpo"]

# Roles that name a model: a directory (absolute, or relative to the run directory) or a hub name.
MODEL_ROLES = frozenset({"model", "reward_model", "gold_reward_model"})
REQUIRED_ROLES: dict[str, tuple[str, ...]] = {
    "sample": ("prompts",),
    "sft": ("model", "train"),
    "reward_model": ("model", "train"),
    "ppo": ("model", "reward_model", "prompts"),
    "dpo": ("model", "train"),
}
OPTIONAL_ROLES: dict[str, tuple[str, ...]] = {
    "sample": ("model",),
    "sft": ("validation", "pretraining", "reward_model"),
    "reward_model": ("validation", "demonstrations"),
    "ppo": ("pretraining", "gold_reward_model"),
    "dpo": ("validation",),
}


@dataclass(frozen=True, slots=True)
class RunSpec(Format):
    """What `config.json` says. Data roles are paths of JSONL files inside the run directory."""

    kind: RunKind
    config: Config
    inputs: dict[str, str]

    @classmethod
    def from_json(cls, value: object, *, field: str = "") -> "RunSpec":
        """The checked specification, its config read by the class of its kind. Raises FormatError."""
        outer = _Outer.from_json(value, field=field)
        config = CONFIG_CLASSES[outer.kind].from_json(outer.config, field=join(field, "config"))
        spec = cls(kind=outer.kind, config=config, inputs=outer.inputs)
        spec.check_rules(field)
        return spec

    def check_rules(self, field: str) -> None:
        if type(self.config) is not CONFIG_CLASSES[self.kind]:
            raise FormatError(join(field, "config"), f"must be a {CONFIG_CLASSES[self.kind].__name__}")
        self.config.validate(field=join(field, "config"))
        known = REQUIRED_ROLES[self.kind] + OPTIONAL_ROLES[self.kind]
        for role, place in self.inputs.items():
            if role not in known:
                raise FormatError(join(field, f"inputs.{role}"), f"is not one of {', '.join(known)}")
            _check_place(role, place, join(field, f"inputs.{role}"))
        for role in _required_roles(self):
            if role not in self.inputs:
                raise FormatError(join(field, f"inputs.{role}"), "is required")
        for role in _unread_roles(self.config):
            if role in self.inputs:
                raise FormatError(join(field, f"inputs.{role}"), "would not be read with these settings")


@dataclass(frozen=True, slots=True)
class _Outer(Format):
    kind: RunKind
    config: dict[str, Any]
    inputs: dict[str, str]


def _required_roles(spec: RunSpec) -> tuple[str, ...]:
    """The roles that this kind needs, and those that these settings and inputs ask for."""
    config = spec.config
    extra: tuple[str, ...] = ()
    if isinstance(config, SampleConfig) and not config.endpoint_url:
        extra = ("model",)
    if isinstance(config, RewardModelConfig):
        extra = (
            *(("demonstrations",) if config.zero_point == "demonstrations" else ()),
            *(("validation",) if config.cross_validation_folds else ()),
        )
    if isinstance(config, PpoConfig) and config.ptx_coefficient > 0:
        extra = ("pretraining",)
    if isinstance(config, SftConfig):
        rule = sft_checkpoint_rule(config, spec.inputs)
        by_rule = {"reward": ("reward_model", "validation"), "validation_loss": ("validation",), "last": ()}[rule]
        extra = (*(("pretraining",) if config.pretraining_fraction > 0 else ()), *by_rule)
    return REQUIRED_ROLES[spec.kind] + extra


def sft_checkpoint_rule(config: SftConfig, inputs: Mapping[str, object]) -> ChosenBy:
    """By what a supervised run chooses its output, where the settings leave it to the inputs too."""
    if config.checkpoint_rule == "auto":
        return "reward" if "reward_model" in inputs else "last"
    return config.checkpoint_rule


def _unread_roles(config: Config) -> tuple[str, ...]:
    """Optional roles that these settings would leave unread: an input that nothing reads is a mistake."""
    if isinstance(config, SampleConfig):
        return ("model",) if config.endpoint_url else ()
    if isinstance(config, RewardModelConfig):
        return ("demonstrations",) if config.zero_point != "demonstrations" else ()
    if isinstance(config, PpoConfig):
        return ("pretraining",) if config.ptx_coefficient == 0 else ()
    if isinstance(config, SftConfig):
        return (
            *(("pretraining",) if config.pretraining_fraction == 0 else ()),
            *(("reward_model",) if config.checkpoint_rule in ("validation_loss", "last") else ()),
        )
    return ()


def _check_place(role: str, place: str, field: str) -> None:
    if not place or "\0" in place:
        raise FormatError(field, "must be a path or a model's name")
    if role in MODEL_ROLES:
        return
    path = PurePosixPath(place)
    if path.is_absolute() or ".." in path.parts:
        raise FormatError(field, f"must be a path inside the run directory, such as inputs/{role}.jsonl")
