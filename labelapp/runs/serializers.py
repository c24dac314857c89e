"""Shapes of the requests and answers about runs."""

from typing import Any

from rest_framework import serializers

from labelapp.checkpoints.models import Checkpoint, Endpoint
from labelapp.common.search import NamedQuery
from labelapp.common.serializers import StrictSerializer
from labelapp.datasets.models import DatasetKind, DatasetVersion
from labelapp.labeling.models import Project
from labelapp.labeling.project_serializers import PersonSerializer
from labelapp.prompts.models import SampleBatch, UseCase
from labelapp.runs.launchers import MOST_PROCESSES
from labelapp.runs.models import Launcher, Run, RunInput, RunKind, RunState
from labelapp.runs.tiny_base import TINY_BASE_STATES

MAX_ID = 2**63 - 1


class InputChoice(StrictSerializer):
    """What a run reads in one role: exactly one of the three."""

    checkpoint_id = serializers.IntegerField(min_value=1, max_value=MAX_ID, required=False)
    endpoint_id = serializers.IntegerField(min_value=1, max_value=MAX_ID, required=False)
    dataset_version_id = serializers.IntegerField(min_value=1, max_value=MAX_ID, required=False)


class LaunchSerializer(StrictSerializer):
    """Where a run computes; `run-kinds` says what this server offers."""

    launcher = serializers.ChoiceField(choices=Launcher.choices, default=Launcher.LOCAL)
    processes = serializers.IntegerField(
        min_value=1, max_value=MOST_PROCESSES, default=1, help_text="Each takes a GPU, where there are any."
    )
    ray_address = serializers.CharField(
        max_length=300, allow_blank=True, default="", help_text="One of the addresses that `run-kinds` lists."
    )


class CreateRun(StrictSerializer):
    """A run to start. `run-kinds` says which inputs and settings each kind has."""

    kind = serializers.ChoiceField(choices=RunKind.choices)
    name = serializers.CharField(max_length=160, required=False, allow_blank=True, default="")
    config = serializers.DictField(help_text="Settings by name; those left out have the paper's values.")
    inputs = serializers.DictField(child=InputChoice(), help_text="By role.")
    launch = LaunchSerializer(required=False)
    target_project_id = serializers.IntegerField(
        min_value=1,
        max_value=MAX_ID,
        required=False,
        allow_null=True,
        default=None,
        help_text="Sample runs: the project whose queue the responses go to.",
    )


class SampleInto(StrictSerializer):
    """Which of a project's prompts to sample for."""

    project_id = serializers.IntegerField(min_value=1, max_value=MAX_ID)
    limit = serializers.IntegerField(min_value=1, max_value=1_000_000, required=False)
    use_cases = serializers.ListField(
        child=serializers.ChoiceField(choices=UseCase.choices),
        required=False,
        allow_empty=False,
        help_text="All prompts of these, instead of the project's own.",
    )
    config = serializers.DictField(required=False)


class RunQuery(NamedQuery):
    """Filters of the list of runs."""

    kind = serializers.ChoiceField(choices=RunKind.choices, required=False)
    state = serializers.ChoiceField(choices=RunState.choices, required=False)
    checkpoint = serializers.IntegerField(
        min_value=1, max_value=MAX_ID, required=False, help_text="Those that read this checkpoint."
    )


class MetricsQuery(StrictSerializer):
    """Where to go on reading curves."""

    after = serializers.IntegerField(min_value=0, max_value=MAX_ID, default=0)


class LogQuery(StrictSerializer):
    """Where to go on reading the log."""

    after = serializers.IntegerField(
        min_value=0, max_value=MAX_ID, required=False, help_text="A byte; left out, the end of the log is read."
    )


class OutputFileSerializer(serializers.Serializer[Any]):
    """A file that a run left."""

    name = serializers.CharField()
    size_bytes = serializers.IntegerField()
    sha256 = serializers.CharField()


class CheckpointBriefSerializer(serializers.ModelSerializer[Checkpoint]):
    """A checkpoint by name."""

    class Meta:
        model = Checkpoint
        fields = ("id", "name", "kind")
        read_only_fields = fields


class EndpointBriefSerializer(serializers.ModelSerializer[Endpoint]):
    """An endpoint by name."""

    class Meta:
        model = Endpoint
        fields = ("id", "name", "model")
        read_only_fields = fields


class DatasetVersionBriefSerializer(serializers.ModelSerializer[DatasetVersion]):
    """A dataset version by name."""

    name = serializers.CharField(source="__str__", read_only=True)
    dataset_id = serializers.IntegerField(read_only=True)
    kind = serializers.ChoiceField(source="dataset.kind", choices=DatasetKind.choices, read_only=True)

    class Meta:
        model = DatasetVersion
        fields = ("id", "name", "dataset_id", "number", "kind")
        read_only_fields = fields


class RunInputSerializer(serializers.ModelSerializer[RunInput]):
    """What a run reads in one role."""

    checkpoint = CheckpointBriefSerializer(read_only=True, allow_null=True)
    endpoint = EndpointBriefSerializer(read_only=True, allow_null=True)
    dataset_version = DatasetVersionBriefSerializer(read_only=True, allow_null=True)

    class Meta:
        model = RunInput
        fields = ("role", "checkpoint", "endpoint", "dataset_version")
        read_only_fields = fields


class SampleBatchBriefSerializer(serializers.ModelSerializer[SampleBatch]):
    """What a sample run drew."""

    response_count = serializers.IntegerField(read_only=True)

    class Meta:
        model = SampleBatch
        fields = ("id", "name", "response_count")
        read_only_fields = fields


class ProjectBriefSerializer(serializers.ModelSerializer[Project]):
    """A project by name."""

    class Meta:
        model = Project
        fields = ("id", "name")
        read_only_fields = fields


class RunSerializer(serializers.ModelSerializer[Run]):
    """A run: what it was told, how far it is, what it made."""

    config = serializers.DictField(read_only=True)
    summary = serializers.DictField(
        read_only=True,
        help_text="Last value of each metric, final figures, and `warnings`: a list of sentences where there are any.",
    )
    inputs = RunInputSerializer(many=True, read_only=True)
    phase = serializers.SerializerMethodField()
    gpu_hours = serializers.FloatField(read_only=True)
    checkpoint = CheckpointBriefSerializer(read_only=True, allow_null=True)
    sample_batch = SampleBatchBriefSerializer(read_only=True, allow_null=True)
    target_project = ProjectBriefSerializer(read_only=True, allow_null=True)
    created_by = PersonSerializer(read_only=True, allow_null=True)

    class Meta:
        model = Run
        fields = (
            "id",
            "kind",
            "name",
            "state",
            "config",
            "inputs",
            "attempt",
            "failures",
            "max_attempts",
            "device",
            "launcher",
            "processes",
            "ray_address",
            "phase",
            "step",
            "total_steps",
            "eta_seconds",
            "running_seconds",
            "gpu_hours",
            "summary",
            "error_code",
            "error_message",
            "cancel_requested_at",
            "heartbeat_at",
            "checkpoint",
            "sample_batch",
            "target_project",
            "created_by",
            "created_at",
            "started_at",
            "ended_at",
        )
        read_only_fields = fields

    def get_phase(self, run: Run) -> str:
        """What it does now; of a queued run also why nobody takes it."""
        why_not: str = self.context.get("why_not_taken", "")
        return why_not if why_not and run.state == RunState.QUEUED else run.phase


class RunInputKindSerializer(serializers.Serializer[Any]):
    """A role of a kind of run."""

    role = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # DRF has an attribute of this name
    accepts = serializers.ChoiceField(choices=("checkpoint", "endpoint", "dataset_version"))
    kinds = serializers.ListField(child=serializers.CharField(), help_text="Of checkpoints or datasets that fit.")
    required = serializers.BooleanField()  # type: ignore[assignment]
    help = serializers.CharField(allow_blank=True)


class SettingSerializer(serializers.Serializer[Any]):
    """A setting that explains itself."""

    name = serializers.CharField()
    type = serializers.ChoiceField(choices=("integer", "number", "boolean", "text", "choice"))
    choices = serializers.ListField(child=serializers.CharField())
    default = serializers.JSONField()
    label = serializers.CharField()  # type: ignore[assignment]
    help = serializers.CharField(allow_blank=True)
    unit = serializers.CharField(allow_blank=True)
    minimum = serializers.FloatField(allow_null=True)
    maximum = serializers.FloatField(allow_null=True)
    group = serializers.ChoiceField(choices=("basic", "advanced"))
    source = serializers.CharField(allow_blank=True)  # type: ignore[assignment]


class LauncherSerializer(serializers.Serializer[Any]):
    """A place where this server can compute a run of the kind."""

    launcher = serializers.ChoiceField(choices=Launcher.choices)
    label = serializers.CharField()  # type: ignore[assignment]
    help = serializers.CharField()
    most_processes = serializers.IntegerField()
    addresses = serializers.ListField(child=serializers.CharField(), help_text="Of the clusters to choose from.")


class PresetSerializer(serializers.Serializer[Any]):
    """A named set of values."""

    name = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    values = serializers.DictField()


class RunKindSerializer(serializers.Serializer[Any]):
    """All that the launch form of one kind of run shows."""

    kind = serializers.ChoiceField(choices=RunKind.choices)
    label = serializers.CharField()  # type: ignore[assignment]
    description = serializers.CharField()
    inputs = RunInputKindSerializer(many=True)
    launchers = LauncherSerializer(many=True)
    fields = SettingSerializer(many=True)  # type: ignore[assignment]
    defaults = serializers.DictField()
    presets = PresetSerializer(many=True)


class TinyBaseSerializer(serializers.Serializer[Any]):
    """Where the built-in model is; `building` ends by itself, in `ready` or `failed`."""

    state = serializers.ChoiceField(choices=TINY_BASE_STATES)
    problem = serializers.CharField(allow_blank=True, help_text="Why building failed, in one line.")


class MetricsSerializer(serializers.Serializer[Any]):
    """Rows of curves. A row whose step is smaller than the one before replaces everything from that step on."""

    rows = serializers.ListField(child=serializers.DictField(child=serializers.FloatField()))
    next = serializers.IntegerField(help_text="What to pass as `after` to get what comes next.")


class LogSerializer(serializers.Serializer[Any]):
    """A piece of the log."""

    text = serializers.CharField(allow_blank=True)
    next = serializers.IntegerField(help_text="What to pass as `after` to get what comes next.")
