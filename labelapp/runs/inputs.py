"""What a run reads: choosing it, and refusing what the run could not use."""

from collections.abc import Mapping
from dataclasses import dataclass

from formats.configs import Config, PpoConfig, RewardModelConfig, SftConfig
from formats.run_spec import sft_checkpoint_rule
from labelapp.checkpoints.models import Checkpoint, Endpoint
from labelapp.common.errors import InvalidInput
from labelapp.datasets.models import DatasetVersion
from labelapp.labeling.models import Project
from labelapp.runs.kinds import KINDS, InputRole, KindSpec
from labelapp.runs.models import RunInput, RunKind


@dataclass(frozen=True, slots=True)
class ChosenInput:
    """One input by its role; exactly one of the three is there."""

    role: str
    checkpoint: Checkpoint | None = None
    endpoint: Endpoint | None = None
    dataset_version: DatasetVersion | None = None

    def row(self) -> RunInput:
        """The row that records it, not yet saved."""
        return RunInput(
            role=self.role,
            checkpoint=self.checkpoint,
            endpoint=self.endpoint,
            dataset_version=self.dataset_version,
        )


Inputs = dict[str, ChosenInput]


def choose_inputs(
    kind: str, given: Mapping[str, Mapping[str, int]], *, config: Config, target_project: Project | None
) -> Inputs:
    """Find what `given` names and check that a run of this kind can use it. Raises InvalidInput naming the role."""
    spec = KINDS[kind]
    chosen = {name: _choose(spec, name, value) for name, value in given.items()}
    for role in spec.roles:
        if role.required and role.role not in chosen:
            raise _wrong(role.role, f"A {spec.kind.label.lower()} run needs this: {role.label.lower()}.")
    _check_sources(kind, chosen, has_project=target_project is not None)
    _check_settings(chosen, config=config)
    return chosen


def _choose(spec: KindSpec, name: str, value: Mapping[str, int]) -> ChosenInput:
    role = spec.role(name)
    if role is None:
        known = ", ".join(role.role for role in spec.roles)
        raise _wrong(name, f"A {spec.kind.label.lower()} run reads {known}, and nothing of this name.")
    column = f"{role.accepts}_id"
    if list(value) != [column]:
        raise _wrong(name, f"Give exactly one {column}.")
    if role.accepts == "checkpoint":
        return ChosenInput(name, checkpoint=_checkpoint(role, value[column]))
    if role.accepts == "endpoint":
        return ChosenInput(name, endpoint=_endpoint(name, value[column]))
    return ChosenInput(name, dataset_version=_dataset_version(role, value[column]))


def _checkpoint(role: InputRole, pk: int) -> Checkpoint:
    checkpoint = Checkpoint.objects.filter(pk=pk, archived_at=None).first()
    if checkpoint is None:
        raise _wrong(role.role, "There is no such checkpoint, or it is archived.")
    if checkpoint.kind not in role.kinds:
        raise _wrong(role.role, f"Must be a checkpoint of kind {' or '.join(role.kinds)}, not {checkpoint.kind}.")
    return checkpoint


def _endpoint(name: str, pk: int) -> Endpoint:
    endpoint = Endpoint.objects.filter(pk=pk, archived_at=None).first()
    if endpoint is None:
        raise _wrong(name, "There is no such endpoint, or it is archived.")
    return endpoint


def _dataset_version(role: InputRole, pk: int) -> DatasetVersion:
    version = DatasetVersion.objects.select_related("dataset").filter(pk=pk).first()
    if version is None:
        raise _wrong(role.role, "There is no such dataset version.")
    if version.dataset.kind not in role.kinds:
        raise _wrong(role.role, f"Must be a dataset of {' or '.join(role.kinds)}, not of {version.dataset.kind}.")
    if version.state != DatasetVersion.State.READY:
        raise _wrong(role.role, f"{version} is not ready: it is {version.get_state_display().lower()}.")
    _check_rows(role, version)
    return version


def _check_rows(role: InputRole, version: DatasetVersion) -> None:
    if not version.rows_total:
        raise _wrong(role.role, f"{version} has no rows.")
    if role.role == "comparisons" and not version.pair_count:
        raise _wrong(role.role, f"{version} has no pairs: nobody ranked one response above another.")
    if role.role in {"comparisons", "demonstrations", "pretraining"} and not version.split_counts.get("train"):
        raise _wrong(role.role, f"{version} has no rows in its train split.")


def _check_sources(kind: str, chosen: Inputs, *, has_project: bool) -> None:
    """A sample run draws from one source, for prompts that somebody chose."""
    if kind != RunKind.SAMPLE:
        return
    if ("model" in chosen) == ("endpoint" in chosen):
        raise _wrong("model", "Give a checkpoint or an endpoint to sample from, and not both.")
    if "prompts" not in chosen and not has_project:
        raise _wrong("prompts", "Give a dataset of prompts, or a target project whose prompts to use.")


def _check_settings(chosen: Inputs, *, config: Config) -> None:
    """An input that the settings need is there, and one that they would leave unread is not."""
    if isinstance(config, SftConfig):
        _check_pair(chosen, "pretraining", is_read=config.pretraining_fraction > 0, setting="pretraining_fraction")
        _check_checkpoint_rule(chosen, config)
    if isinstance(config, PpoConfig):
        _check_pair(chosen, "pretraining", is_read=config.ptx_coefficient > 0, setting="ptx_coefficient")
    if isinstance(config, RewardModelConfig):
        is_read = config.zero_point == "demonstrations"
        _check_pair(chosen, "demonstrations", is_read=is_read, setting="zero_point")
        if config.cross_validation_folds:
            _check_validation(chosen, "comparisons", why="to try the models on that others taught")


def _check_checkpoint_rule(chosen: Inputs, config: SftConfig) -> None:
    """What chooses the epoch to keep has something to choose by."""
    if config.checkpoint_rule != "auto":
        _check_pair(chosen, "reward_model", is_read=config.checkpoint_rule == "reward", setting="checkpoint_rule")
    if sft_checkpoint_rule(config, chosen) != "last":
        _check_validation(chosen, "demonstrations", why="to choose the epoch to keep by")


def _check_validation(chosen: Inputs, role: str, *, why: str) -> None:
    version = chosen[role].dataset_version
    if version is not None and not version.split_counts.get("valid"):
        raise _wrong(role, f"{version} has no rows in its valid split, {why}.")


def _check_pair(chosen: Inputs, role: str, *, is_read: bool, setting: str) -> None:
    if is_read and role not in chosen:
        raise _wrong(role, f"The setting {setting} needs this: choose it, or change the setting.")
    if not is_read and role in chosen:
        raise _wrong(role, f"The setting {setting} leaves this unread: take it out, or change the setting.")


def _wrong(role: str, message: str) -> InvalidInput:
    return InvalidInput(message, field=f"inputs.{role}")
