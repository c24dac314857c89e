"""Imports of prompts, and what became of each line of theirs that is no prompt."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

from labelapp.accounts.models import User


class PromptImport(models.Model):
    """One file, dataset or log of prompts: how far it is read, its preview, and what was kept of it."""

    class State(models.TextChoices):
        CHECKING = "checking", "Being read"
        PREVIEWED = "previewed", "Previewed"
        IMPORTING = "importing", "Being imported"
        IMPORTED = "imported", "Imported"
        REFUSED = "refused", "Refused: bad lines"
        UNDOING = "undoing", "Being undone"
        UNDONE = "undone", "Undone"

    class Format(models.TextChoices):
        JSONL = "jsonl", "JSON lines"
        CSV = "csv", "CSV"
        PARQUET = "parquet", "Parquet"
        DIRECTORY = "directory", "Dataset directory"
        HUB = "hub", "Hugging Face hub"
        CHAT_LOG = "chat_log", "Log of an OpenAI-compatible API"

    class OnError(models.TextChoices):
        KEEP_GOOD = "keep_good", "Keep the good lines"
        NOTHING = "nothing", "Import nothing if any line is bad"

    file_name = models.CharField(max_length=255, help_text="Of a dataset directory or hub dataset: its name.")
    title = models.CharField(
        max_length=160, blank=True, default="", db_default="", help_text="What a person calls it; empty: as its file."
    )
    file_format = models.CharField(max_length=12, choices=Format.choices)
    file_path = models.CharField(max_length=500, help_text="Relative to DATA_DIR; empty: an upload that was read.")
    file_sha256 = models.CharField(max_length=64, blank=True, help_text="Of an uploaded file.")
    revision = models.CharField(max_length=120, blank=True, default="", help_text="Of a hub dataset.")
    columns = models.JSONField(default=dict, blank=True, help_text="Field → the column that holds it; {} by name.")
    follows = models.BooleanField(default=False, help_text="A log that grows: what is added to it is imported too.")
    consent_note = models.TextField(blank=True, default="", help_text="Why a log's lines need no record of consent.")
    cap_per_submitter = models.PositiveIntegerField(default=200)
    prefix_characters = models.PositiveIntegerField(default=100, help_text="A shared beginning so long; 0 is off.")
    near_similarity = models.FloatField(default=0.8, help_text="Shared word triples from which on; 0 is off.")
    state = models.CharField(max_length=12, choices=State.choices, default=State.CHECKING)
    on_error = models.CharField(max_length=12, choices=OnError.choices, blank=True)
    # How far it is. Each batch commits its rows and its position together, so a worker that was killed loses neither.
    position = models.JSONField(default=dict, help_text="Where in the source the next line begins.")
    steps_done = models.BigIntegerField(default=0, help_text="Bytes while it is read, lines after that.")
    steps_total = models.BigIntegerField(default=0)
    attempt = models.PositiveIntegerField(default=0, help_text="Counts up with each claim; an older claim loses.")
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    rung_at = models.DateTimeField(default=timezone.now, help_text="When its present work was asked for.")
    error = models.TextField(blank=True, default="")
    line_count = models.PositiveBigIntegerField(default=0)
    good_count = models.PositiveBigIntegerField(default=0)
    duplicate_count = models.PositiveBigIntegerField(default=0, help_text="The same words as another prompt.")
    prefix_count = models.PositiveBigIntegerField(default=0, help_text="The same long beginning as another.")
    near_count = models.PositiveBigIntegerField(default=0, help_text="Nearly the same words as another.")
    over_cap_count = models.PositiveBigIntegerField(default=0)
    no_consent_count = models.PositiveBigIntegerField(default=0)
    bad_count = models.PositiveBigIntegerField(default=0)
    response_count = models.PositiveBigIntegerField(default=0, help_text="Responses that the file brings along.")
    imported_count = models.PositiveBigIntegerField(default=0)
    removed_count = models.PositiveBigIntegerField(default=0, help_text="Undone: prompts that went.")
    archived_count = models.PositiveBigIntegerField(default=0, help_text="Undone: prompts in use, archived instead.")
    report = models.JSONField(default=dict, help_text="The first bad lines; undone: the ids of what is kept.")
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    imported_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-created_at", "-id")
        constraints = (
            # Two imports at once would each see room for a submitter's prompts under the cap.
            models.UniqueConstraint(
                fields=["state"], condition=Q(state="importing", heartbeat_at__isnull=False), name="one_import_writes"
            ),
        )

    def __str__(self) -> str:
        return self.title or self.file_name


class ImportLine(models.Model):
    """A line of an import that is a prompt by its form: until it is written, and afterwards why it was not."""

    class Verdict(models.TextChoices):
        NEW = "new", "New"
        DUPLICATE = "duplicate", "The same prompt"
        PREFIX = "prefix", "The same beginning"
        NEAR = "near", "Nearly the same"
        OVER_CAP = "over_cap", "Over its submitter's cap"
        NO_CONSENT = "no_consent", "Without consent"

    pk = models.CompositePrimaryKey("prompt_import", "line")
    # Copied by the million: the import that writes them is locked, and its row is never deleted.
    prompt_import = models.ForeignKey(
        PromptImport, on_delete=models.CASCADE, related_name="lines", db_index=False, db_constraint=False
    )
    line = models.BigIntegerField()
    verdict = models.CharField(max_length=12, choices=Verdict.choices, default=Verdict.NEW)
    duplicate_of = models.ForeignKey(
        "Prompt", on_delete=models.SET_NULL, null=True, related_name="dropped_lines", db_index=False
    )
    duplicate_of_line = models.BigIntegerField(null=True, help_text="Of the same import, where it is not yet written.")
    similarity = models.FloatField(null=True, help_text="Shared word triples, from 0 to 1.")
    messages = models.JSONField()
    text = models.TextField()
    kind = models.CharField(max_length=12)
    use_case = models.CharField(max_length=16)
    submitter = models.CharField(max_length=200, help_text="Empty: nobody in particular.")
    split = models.CharField(max_length=8)
    language = models.CharField(max_length=12)
    annotations = models.JSONField()
    deployment_context = models.TextField()
    model = models.CharField(max_length=160)
    responses = models.JSONField(null=True)
    dedup_key = models.CharField(max_length=64)
    fingerprints = ArrayField(models.IntegerField())

    class Meta:
        ordering = ("prompt_import", "line")
        indexes = (
            models.Index(
                fields=["duplicate_of"], condition=Q(duplicate_of__isnull=False), name="import_line_duplicate_of"
            ),
        )

    def __str__(self) -> str:
        return f"line {self.line} of import {self.prompt_import_id}"


class Forgetting(models.Model):
    """Imports are to forget what a submitter sent. It stands here from the wish on, until forgetting.py has done it."""

    submitter = models.ForeignKey("Submitter", on_delete=models.CASCADE, related_name="+")
    model = models.CharField(max_length=160, blank=True, help_text="What was sent to it alone; empty: everything.")

    def __str__(self) -> str:
        return f"forgetting of {self.submitter_id}"
