"""The kinds of run: what each reads, which program does it, and what it makes.

A role is what a person chooses on the launch form (a dataset version of demonstrations); `directories.py` turns it into
the files that the torch side reads (`formats.run_spec`).
"""

from dataclasses import dataclass
from typing import Any

from formats.configs import CONFIG_CLASSES, Config
from formats.errors import FormatError
from formats.presets import preset, presets
from formats.settings import describe
from labelapp.checkpoints.models import CheckpointKind
from labelapp.common.errors import InvalidInput
from labelapp.datasets.models import DatasetKind
from labelapp.runs.launchers import describe_launchers
from labelapp.runs.models import RunKind

POLICIES = (CheckpointKind.SFT, CheckpointKind.POLICY, CheckpointKind.BASE)
PRESET_LABELS = {
    "paper": "The paper's values",
    "paper_for_ppo": "The paper's model for PPO to start from",
    "tiny": "Tiny: the built-in model, on a CPU",
}
# The address of an endpoint comes from its row, together with its key: a key never goes to an address typed here.
FROM_ENDPOINT = ("endpoint_url", "endpoint_model", "endpoint_timeout_seconds", "endpoint_concurrency")


@dataclass(frozen=True, slots=True)
class InputRole:
    """Something that a run reads. `kinds` are those of the checkpoint or of the dataset that fit."""

    role: str
    label: str
    accepts: str
    kinds: tuple[str, ...] = ()
    required: bool = True
    help: str = ""


@dataclass(frozen=True, slots=True)
class KindSpec:
    """One kind of run. `makes` is the kind of checkpoint it leaves, or None where it makes responses."""

    kind: RunKind
    module: str
    description: str
    roles: tuple[InputRole, ...]
    makes: CheckpointKind | None

    def role(self, name: str) -> InputRole | None:
        """The role of that name, or None."""
        return next((role for role in self.roles if role.role == name), None)


_MODEL = InputRole("model", "Initial weights", "checkpoint", POLICIES, help="The model that training starts from.")
_PRETRAINING = InputRole(
    "pretraining",
    "Pretraining text",
    "dataset_version",
    (DatasetKind.DEMONSTRATIONS,),
    required=False,
    help="Ordinary text against forgetting: its rows are read as plain text. Needed only where the settings mix it in.",
)

KINDS: dict[str, KindSpec] = {
    spec.kind: spec
    for spec in (
        KindSpec(
            RunKind.SAMPLE,
            "inference.sample",
            "Draws K responses for each prompt from a checkpoint or an endpoint, for people to rank.",
            (
                InputRole("model", "Checkpoint", "checkpoint", POLICIES, required=False, help="Or an endpoint."),
                InputRole("endpoint", "Endpoint", "endpoint", required=False, help="Or a checkpoint."),
                InputRole(
                    "prompts",
                    "Prompts",
                    "dataset_version",
                    (DatasetKind.PROMPTS,),
                    required=False,
                    help="Of all splits. With a project as target its own prompts are the default.",
                ),
            ),
            None,
        ),
        KindSpec(
            RunKind.SFT,
            "training.sft",
            "Teaches a model to answer as the demonstrations do.",
            (
                _MODEL,
                InputRole("demonstrations", "Demonstrations", "dataset_version", (DatasetKind.DEMONSTRATIONS,)),
                _PRETRAINING,
                InputRole(
                    "reward_model",
                    "Reward model",
                    "checkpoint",
                    (CheckpointKind.REWARD_MODEL,),
                    required=False,
                    help="Scores answers to validation prompts after each epoch; the best epoch is the output.",
                ),
            ),
            CheckpointKind.SFT,
        ),
        KindSpec(
            RunKind.REWARD_MODEL,
            "training.reward_model",
            "Learns from rankings to score a response as the labelers would.",
            (
                _MODEL,
                InputRole("comparisons", "Comparisons", "dataset_version", (DatasetKind.COMPARISONS,)),
                InputRole(
                    "demonstrations",
                    "Demonstrations",
                    "dataset_version",
                    (DatasetKind.DEMONSTRATIONS,),
                    required=False,
                    help="Rewards are shifted so that these average 0. Not read if reward 0 means the responses' mean.",
                ),
            ),
            CheckpointKind.REWARD_MODEL,
        ),
        KindSpec(
            RunKind.PPO,
            "training.ppo",
            "Improves a policy against a reward model, held near its start by a KL penalty.",
            (
                InputRole("model", "Initial policy", "checkpoint", POLICIES, help="Usually a supervised model."),
                InputRole("reward_model", "Reward model", "checkpoint", (CheckpointKind.REWARD_MODEL,)),
                InputRole("prompts", "Prompts", "dataset_version", (DatasetKind.PROMPTS,)),
                _PRETRAINING,
                InputRole(
                    "gold_reward_model",
                    "Gold reward model",
                    "checkpoint",
                    (CheckpointKind.REWARD_MODEL,),
                    required=False,
                    help="Scores the responses too, and nothing is learnt from it: where its score falls while the "
                    "reward rises, the policy exploits its reward model. One of other labels, or a larger one.",
                ),
            ),
            CheckpointKind.POLICY,
        ),
        KindSpec(
            RunKind.DPO,
            "training.dpo",
            "Improves a policy on rankings directly, without a reward model: the baseline to compare PPO with.",
            (
                InputRole("model", "Initial policy", "checkpoint", POLICIES, help="Usually a supervised model."),
                InputRole("comparisons", "Comparisons", "dataset_version", (DatasetKind.COMPARISONS,)),
            ),
            CheckpointKind.POLICY,
        ),
    )
}


def describe_kinds() -> list[dict[str, Any]]:
    """What the launch form needs to know of each kind: inputs, fields, the paper's defaults, presets."""
    return [_describe(spec) for spec in KINDS.values()]


def _describe(spec: KindSpec) -> dict[str, Any]:
    fields = [field for field in describe(CONFIG_CLASSES[spec.kind]) if field["name"] not in FROM_ENDPOINT]
    return {
        "kind": spec.kind,
        "label": RunKind(spec.kind).label,
        "description": spec.description,
        "inputs": [
            {
                "role": role.role,
                "label": role.label,
                "accepts": role.accepts,
                "kinds": list(role.kinds),
                "required": role.required,
                "help": role.help,
            }
            for role in spec.roles
        ],
        "launchers": describe_launchers(spec.kind),
        "fields": fields,
        "defaults": _values(preset(spec.kind, "paper")),
        "presets": [
            {"name": name, "label": PRESET_LABELS[name], "values": _values(config)}
            for name, config in presets(spec.kind).items()
        ],
    }


def _values(config: Config) -> dict[str, Any]:
    return {name: value for name, value in config.to_json().items() if name not in FROM_ENDPOINT}


def parse_config(kind: str, values: object) -> Config:
    """The checked configuration of a kind; what is not given has the paper's value. Raises InvalidInput."""
    if isinstance(values, dict):
        for name in FROM_ENDPOINT:
            if name in values:
                raise InvalidInput("Choose an endpoint among the inputs instead.", field=f"config.{name}")
    try:
        return CONFIG_CLASSES[kind].from_json(values, field="config")
    except FormatError as error:
        raise InvalidInput(f"{error.field}: {error.message}", errors=[(error.field, error.message)]) from error
