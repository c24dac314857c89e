"""Frozen, numbered, immutable versions of what people said, with the way back to each label."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from labelapp.accounts.models import User
from labelapp.labeling.models import Submission
from labelapp.prompts.models import Prompt, Split, Submitter


class DatasetKind(models.TextChoices):
    DEMONSTRATIONS = "demonstrations", "Demonstrations"
    COMPARISONS = "comparisons", "Comparisons"
    PROMPTS = "prompts", "Prompts"


class Cohort(models.Model):
    """A named group of labelers, for filters. A frozen query names the members of its day, not the cohort."""

    name = models.CharField(max_length=120, unique=True)
    members = models.ManyToManyField(User, related_name="cohorts")
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class Erasure(models.Model):
    """A person's wish that nothing of theirs is in future versions: what they said, or asked (a submitter)."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="erasures")
    submitter = models.ForeignKey(Submitter, on_delete=models.PROTECT, null=True, blank=True, related_name="erasures")
    note = models.TextField(blank=True, help_text="Who asked, and how.")
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.CheckConstraint(
                condition=Q(user__isnull=False, submitter=None) | Q(user=None, submitter__isnull=False),
                name="erasure_of_one",
            ),
            models.UniqueConstraint(fields=["user"], condition=Q(withdrawn_at=None), name="erasure_user_once"),
            models.UniqueConstraint(
                fields=["submitter"], condition=Q(withdrawn_at=None), name="erasure_submitter_once"
            ),
        )

    def __str__(self) -> str:
        return f"erasure of {self.user or self.submitter}"


class Dataset(models.Model):
    """A named line of versions of one kind."""

    name = models.CharField(max_length=120, unique=True)
    kind = models.CharField(max_length=16, choices=DatasetKind.choices)
    description = models.TextField(blank=True)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    archived_at = models.DateTimeField(null=True, blank=True)
    untidy_at = models.DateTimeField(
        null=True, blank=True, help_text="Since then something may lie there that no version names."
    )

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class DatasetVersion(models.Model):
    """One frozen version. Once ready, nothing about it changes (a trigger holds that)."""

    class State(models.TextChoices):
        QUEUED = "queued", "Queued"
        WRITING = "writing", "Writing"
        READY = "ready", "Ready"
        FAILED = "failed", "Failed"

    dataset = models.ForeignKey(Dataset, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.QUEUED)
    query = models.JSONField(default=dict, help_text="The filters, complete enough to freeze the same again.")
    rows_total = models.PositiveIntegerField(null=True, blank=True)
    rows_written = models.PositiveIntegerField(default=0)
    pair_count = models.PositiveIntegerField(default=0)
    split_counts = models.JSONField(default=dict, blank=True)
    files = models.JSONField(default=list, blank=True, help_text="[{name, split, format, rows, size_bytes, sha256}]")
    directory = models.CharField(max_length=300, blank=True, help_text="Relative to DATA_DIR.")
    sha256 = models.CharField(max_length=64, blank=True, help_text="Of manifest.json.")
    error = models.TextField(blank=True)
    attempt = models.PositiveIntegerField(default=0)
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    snapshot_at = models.DateTimeField(null=True, blank=True, help_text="What was said later is not in it.")
    frozen_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("dataset_id", "-number")
        constraints = (models.UniqueConstraint(fields=["dataset", "number"], name="dataset_version_number_unique"),)

    def __str__(self) -> str:
        return f"{self.dataset} v{self.number}"


class DatasetRow(models.Model):
    """One row of a version and what it came from: the way from a file back to a label.

    A row that is the majority of several labelers stands here once for each of their submissions.
    """

    version = models.ForeignKey(DatasetVersion, on_delete=models.CASCADE, related_name="rows")
    split = models.CharField(max_length=8, choices=Split.choices)
    number = models.PositiveIntegerField(help_text="Line in the split's file, from 0.")
    submission = models.ForeignKey(
        Submission, on_delete=models.PROTECT, null=True, blank=True, related_name="dataset_rows"
    )
    prompt = models.ForeignKey(Prompt, on_delete=models.PROTECT, related_name="dataset_rows")

    class Meta:
        ordering = ("version_id", "split", "number")
        constraints = (
            models.UniqueConstraint(
                fields=["version", "split", "number", "submission"],
                nulls_distinct=False,
                name="dataset_row_source_once",
            ),
        )
        indexes = (
            models.Index(fields=["submission"], condition=Q(submission__isnull=False), name="dataset_row_source"),
        )

    def __str__(self) -> str:
        return f"{self.split} {self.number} of {self.version}"
