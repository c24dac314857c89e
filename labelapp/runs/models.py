"""Runs: the row is the truth, Celery only the bell."""

import uuid
from pathlib import Path

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from labelapp.accounts.models import User
from labelapp.checkpoints.models import Checkpoint, Endpoint
from labelapp.datasets.models import DatasetVersion
from labelapp.labeling.models import Project
from labelapp.prompts.models import SampleBatch


class RunKind(models.TextChoices):
    SAMPLE = "sample", "Sample responses"
    SFT = "sft", "Supervised fine-tuning"
    REWARD_MODEL = "reward_model", "Reward model"
    PPO = "ppo", "PPO"
    DPO = "dpo", "DPO"


class RunState(models.TextChoices):
    QUEUED = "queued", "Queued"
    RUNNING = "running", "Running"
    SUCCEEDED = "succeeded", "Succeeded"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Cancelled"


class Launcher(models.TextChoices):
    LOCAL = "local", "This machine"
    ACCELERATE = "accelerate", "This machine, several processes"
    RAY = "ray", "Ray cluster"


LIVE_STATES = (RunState.QUEUED, RunState.RUNNING)


class Run(models.Model):
    """One piece of work of the torch side.

    `lease_epoch` counts the claims: whoever holds the newest may write, an older attempt can register nothing.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField(max_length=16, choices=RunKind.choices)
    name = models.CharField(max_length=160)
    state = models.CharField(max_length=12, choices=RunState.choices, default=RunState.QUEUED)
    config = models.JSONField(default=dict, help_text="A frozen dataclass of formats/, as JSON.")
    directory = models.CharField(max_length=300, help_text="Relative to DATA_DIR.")
    lease_epoch = models.PositiveIntegerField(default=0)
    attempt = models.PositiveIntegerField(default=0, help_text="How often it was started; a resume counts.")
    failures = models.PositiveIntegerField(
        default=0, help_text="Attempts that broke off by themselves since a person last started it."
    )
    max_attempts = models.PositiveIntegerField(default=3, help_text="So many failures end the run.")
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    supervisor_host = models.CharField(max_length=200, blank=True)
    supervisor_pid = models.PositiveIntegerField(null=True, blank=True)
    device = models.CharField(
        max_length=200,
        blank=True,
        help_text="host:cpu:0, host:cuda:0 or host:cuda:0,1, held while it runs; empty if it needs none here.",
    )
    launcher = models.CharField(max_length=12, choices=Launcher.choices, default=Launcher.LOCAL)
    processes = models.PositiveIntegerField(default=1, help_text="So many compute it together, each on its GPU.")
    ray_address = models.CharField(max_length=300, blank=True, help_text="Of the cluster's jobs server.")
    gpu_count = models.PositiveIntegerField(default=0)
    phase = models.CharField(max_length=120, blank=True)
    step = models.PositiveIntegerField(default=0)
    total_steps = models.PositiveIntegerField(null=True, blank=True)
    eta_seconds = models.FloatField(null=True, blank=True)
    running_seconds = models.FloatField(default=0, help_text="Summed over the attempts.")
    summary = models.JSONField(default=dict, blank=True, help_text="Last value of each metric.")
    error_code = models.CharField(max_length=60, blank=True)
    error_message = models.TextField(blank=True)
    cancel_requested_at = models.DateTimeField(null=True, blank=True)
    checkpoint = models.OneToOneField(
        Checkpoint,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="run",
        help_text="What it made.",
    )
    sample_batch = models.OneToOneField(
        SampleBatch,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="run",
        help_text="What it drew.",
    )
    target_project = models.ForeignKey(
        Project,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="sample_runs",
        help_text="Where the samples go to be labeled.",
    )
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.CheckConstraint(condition=Q(kind__in=RunKind.values), name="run_kind_known"),
            models.CheckConstraint(condition=Q(state__in=RunState.values), name="run_state_known"),
            models.CheckConstraint(condition=Q(launcher__in=Launcher.values), name="run_launcher_known"),
            models.CheckConstraint(condition=Q(processes__gte=1), name="run_has_processes"),
        )
        indexes = (models.Index(fields=["state", "heartbeat_at"], name="run_by_state"),)

    def __str__(self) -> str:
        return f"run {self.pk} ({self.kind})"

    @property
    def is_live(self) -> bool:
        """Say whether it is queued or running."""
        return self.state in LIVE_STATES

    @property
    def path(self) -> Path:
        """The run directory."""
        return Path(settings.DATA_DIR) / self.directory

    @property
    def gpu_hours(self) -> float:
        """What it cost; a run on the CPU costs none."""
        return self.running_seconds / 3600 * self.gpu_count


class HeldDevice(models.Model):
    """A GPU or a slot of the CPU while a run has it: the name is unique, so that no other run can."""

    name = models.CharField(max_length=120, unique=True, help_text="host:cpu:0 or host:cuda:0.")
    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="held_devices")

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class RunInput(models.Model):
    """What a run reads: a checkpoint, an endpoint or a dataset version, and as what."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="inputs")
    role = models.CharField(
        max_length=24, help_text="model, endpoint, reward_model, demonstrations, comparisons, prompts or pretraining."
    )
    checkpoint = models.ForeignKey(
        Checkpoint, on_delete=models.PROTECT, null=True, blank=True, related_name="run_inputs"
    )
    endpoint = models.ForeignKey(Endpoint, on_delete=models.PROTECT, null=True, blank=True, related_name="run_inputs")
    dataset_version = models.ForeignKey(
        DatasetVersion, on_delete=models.PROTECT, null=True, blank=True, related_name="run_inputs"
    )

    class Meta:
        ordering = ("run_id", "role")
        constraints = (
            models.UniqueConstraint(fields=["run", "role"], name="run_input_role_once"),
            models.CheckConstraint(
                condition=Q(checkpoint__isnull=False, endpoint=None, dataset_version=None)
                | Q(checkpoint=None, endpoint__isnull=False, dataset_version=None)
                | Q(checkpoint=None, endpoint=None, dataset_version__isnull=False),
                name="run_input_exactly_one",
            ),
        )

    def __str__(self) -> str:
        return f"{self.role} of {self.run}"
