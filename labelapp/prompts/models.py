"""Prompts, who submitted them, and the responses that models gave to them."""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.db import models
from django.utils import timezone

from labelapp.accounts.models import User
from labelapp.checkpoints.models import Checkpoint, Endpoint
from labelapp.prompts.import_models import PromptImport


class Split(models.TextChoices):
    TRAIN = "train", "Train"
    VALID = "valid", "Validation"
    TEST = "test", "Test"


class PromptKind(models.TextChoices):
    PLAIN = "plain", "Plain"
    FEW_SHOT = "few_shot", "Few-shot"
    USER_BASED = "user_based", "User-based"
    CUSTOMER = "customer", "Customer"
    IMPORTED = "imported", "Imported"


class PiiState(models.TextChoices):
    """Whether personal data was looked for in a prompt, and found."""

    UNSCANNED = "unscanned", "Not looked at yet"
    CLEAN = "clean", "Nothing found"
    OPEN = "open", "To be reviewed"
    REVIEWED = "reviewed", "Reviewed"


# What people of the workspace write themselves (the paper, section 3.2); the others come from elsewhere.
WRITABLE_KINDS = (PromptKind.PLAIN, PromptKind.FEW_SHOT, PromptKind.USER_BASED)


class UseCase(models.TextChoices):
    """The ten use cases of the paper, table 1."""

    GENERATION = "generation", "Generation"
    OPEN_QA = "open_qa", "Open QA"
    BRAINSTORMING = "brainstorming", "Brainstorming"
    CHAT = "chat", "Chat"
    REWRITE = "rewrite", "Rewrite"
    SUMMARIZATION = "summarization", "Summarization"
    CLASSIFICATION = "classification", "Classification"
    OTHER = "other", "Other"
    CLOSED_QA = "closed_qa", "Closed QA"
    EXTRACT = "extract", "Extract"


class Submitter(models.Model):
    """Where prompts come from: a labeler, a customer, a file. The split hangs here, so no submitter can be in two.

    Triggers refuse to move a submitter to another split, to delete one (who came back might get another split), and
    to give a prompt to another submitter.
    """

    key = models.CharField(max_length=200, unique=True)
    split = models.CharField(max_length=8, choices=Split.choices)
    user = models.OneToOneField(User, on_delete=models.PROTECT, null=True, blank=True, related_name="submitter")
    created_at = models.DateTimeField(default=timezone.now)
    erased_at = models.DateTimeField(
        null=True, blank=True, help_text="Since when what they sent is not shown: they asked for its deletion."
    )

    class Meta:
        indexes = (models.Index(fields=["id"], condition=models.Q(erased_at__isnull=False), name="submitter_erased"),)

    def __str__(self) -> str:
        return self.key


class WrittenPrompt(models.Model):
    """What a person of the workspace wrote at once: one prompt, or a few-shot one, whose K pairs are K prompts.

    Each prompt of a few-shot family has the instruction and the K−1 other pairs before its own query; the author's
    response to that query stands on it as `written_response`.
    """

    author = models.ForeignKey(User, on_delete=models.PROTECT, related_name="written_prompts", db_index=False)
    key = models.UUIDField(default=uuid.uuid4, help_text="Of the draft it was: sent twice, it is kept once.")
    source = models.TextField(
        blank=True, help_text="User-based: the use case that it was made from. No dataset and no labeler gets it."
    )
    created_at = models.DateTimeField(default=timezone.now)
    edited_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-id",)
        constraints = (models.UniqueConstraint(fields=["author", "key"], name="written_prompt_key_once"),)
        indexes = (models.Index(fields=["author", "-id"], name="written_prompt_by_author"),)

    def __str__(self) -> str:
        return f"written prompt {self.pk}"


class WritingDraft(models.Model):
    """A prompt that somebody is writing. Its content is the page's own."""

    author = models.ForeignKey(User, on_delete=models.CASCADE, related_name="writing_drafts", db_index=False)
    key = models.UUIDField()
    content = models.JSONField(default=dict)
    revision = models.PositiveIntegerField(default=1, help_text="Counts up with every save; an older save loses.")
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("-updated_at", "-id")
        constraints = (models.UniqueConstraint(fields=["author", "key"], name="writing_draft_key_once"),)

    def __str__(self) -> str:
        return f"draft {self.key} of {self.author}"


class Prompt(models.Model):
    """What a person asked. A plain prompt is one user message; the last message is always the user's."""

    messages = models.JSONField(help_text="[{role: system|user|assistant, content}], the last of them the user's.")
    text = models.TextField(help_text="The messages' contents in one text: what is searched and compared.")
    kind = models.CharField(max_length=12, choices=PromptKind.choices, default=PromptKind.PLAIN)
    use_case = models.CharField(max_length=16, choices=UseCase.choices, default=UseCase.OTHER)
    submitter = models.ForeignKey(Submitter, on_delete=models.PROTECT, related_name="prompts")
    language = models.CharField(max_length=12, blank=True)
    annotations = models.JSONField(
        default=dict, blank=True, help_text="Name → true or false; a missing name is not a no."
    )
    deployment_context = models.TextField(blank=True)
    pii_findings = models.JSONField(
        default=list,
        blank=True,
        db_default=[],
        help_text="[{message, start, end, kind, score}], until they are reviewed.",
    )
    pii_state = models.CharField(
        max_length=10, choices=PiiState.choices, default=PiiState.UNSCANNED, db_default=PiiState.UNSCANNED
    )
    language_score = models.FloatField(null=True, blank=True, help_text="How sure the detector is; null: it was given.")
    tags = ArrayField(models.CharField(max_length=40), default=list, blank=True, db_default=[])
    model = models.CharField(max_length=160, blank=True, default="", db_default="", help_text="Which it was sent to.")
    dedup_key = models.CharField(max_length=64, unique=True, help_text="sha256 of the normalised messages.")
    fingerprints = ArrayField(
        models.IntegerField(), default=list, blank=True, db_default=[], help_text="Prompts that share one may be alike."
    )
    prompt_import = models.ForeignKey(
        PromptImport, on_delete=models.PROTECT, null=True, blank=True, related_name="prompts", db_index=False
    )
    import_line = models.BigIntegerField(null=True, blank=True)
    written = models.ForeignKey(
        WrittenPrompt, on_delete=models.PROTECT, null=True, blank=True, related_name="prompts", db_index=False
    )
    written_number = models.PositiveSmallIntegerField(default=0, db_default=0, help_text="0 … K−1 in its family.")
    written_response = models.TextField(
        blank=True, default="", db_default="", help_text="Few-shot: what its author answers to it."
    )
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    archived_at = models.DateTimeField(null=True, blank=True)
    search = models.GeneratedField(
        expression=SearchVector("text", config="simple"), output_field=SearchVectorField(), db_persist=True
    )

    class Meta:
        ordering = ("-id",)
        indexes = (
            GinIndex(fields=["search"], name="prompt_search"),
            models.Index(fields=["use_case", "-id"], name="prompt_use_case"),
            models.Index(fields=["submitter", "-id"], name="prompt_submitter"),
            models.Index(fields=["kind", "-id"], name="prompt_kind"),
            models.Index(fields=["language", "-id"], name="prompt_language"),
            models.Index(
                fields=["prompt_import", "import_line"],
                condition=models.Q(prompt_import__isnull=False),
                name="prompt_of_import",
            ),
            models.Index(fields=["id"], condition=models.Q(pii_state="unscanned"), name="prompt_unscanned"),
            models.Index(fields=["id"], condition=models.Q(pii_state="open"), name="prompt_pii_open"),
            models.Index(fields=["id"], condition=models.Q(archived_at__isnull=False), name="prompt_archived"),
            GinIndex(fields=["tags"], condition=~models.Q(tags=[]), name="prompt_tags"),
            # A pending list would be read from end to end by each of the many look-ups of an import.
            GinIndex(fields=["fingerprints"], fastupdate=False, name="prompt_fingerprints"),
        )
        constraints = (
            models.CheckConstraint(condition=models.Q(kind__in=PromptKind.values), name="prompt_kind_known"),
            models.CheckConstraint(condition=models.Q(use_case__in=UseCase.values), name="prompt_use_case_known"),
            models.UniqueConstraint(
                fields=["written", "written_number"],
                condition=models.Q(written__isnull=False),
                name="prompt_once_per_family",
            ),
        )

    def __str__(self) -> str:
        return self.text[:80]

    @property
    def is_withheld(self) -> bool:
        """Say whether its text is not shown, as its submitter asked for its deletion."""
        return self.submitter.erased_at is not None

    @property
    def is_closed_domain(self) -> bool:
        """Say whether the answer must come from the prompt itself; Hallucination is asked on these only."""
        return bool(self.annotations.get("closed_domain"))


class SampleBatch(models.Model):
    """Responses drawn together: from one checkpoint or endpoint, with one set of sampling parameters."""

    name = models.CharField(max_length=160)
    checkpoint = models.ForeignKey(
        Checkpoint, on_delete=models.PROTECT, null=True, blank=True, related_name="sample_batches"
    )
    endpoint = models.ForeignKey(
        Endpoint, on_delete=models.PROTECT, null=True, blank=True, related_name="sample_batches"
    )
    prompt_import = models.ForeignKey(
        PromptImport, on_delete=models.PROTECT, null=True, blank=True, related_name="sample_batches"
    )
    parameters = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.CheckConstraint(
                condition=models.Q(checkpoint=None) | models.Q(endpoint=None), name="sample_batch_one_source"
            ),
        )

    def __str__(self) -> str:
        return self.name


class Response(models.Model):
    """One sample of a model for a prompt."""

    prompt = models.ForeignKey(Prompt, on_delete=models.PROTECT, related_name="responses")
    batch = models.ForeignKey(SampleBatch, on_delete=models.PROTECT, related_name="responses")
    number = models.PositiveSmallIntegerField(help_text="0 … K−1 within the batch and prompt.")
    text = models.TextField()
    finish_reason = models.CharField(max_length=16, blank=True)
    prompt_tokens = models.PositiveIntegerField(null=True, blank=True)
    response_tokens = models.PositiveIntegerField(null=True, blank=True)
    seed = models.BigIntegerField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("batch_id", "prompt_id", "number")
        constraints = (models.UniqueConstraint(fields=["prompt", "batch", "number"], name="response_once_per_batch"),)

    def __str__(self) -> str:
        return self.text[:80]


# Defined apart for their size; Django finds models from here.
from labelapp.prompts import change_models, record_models  # noqa: E402, F401
from labelapp.prompts.import_models import Forgetting, ImportLine  # noqa: E402

__all__ = [
    "WRITABLE_KINDS",
    "Forgetting",
    "ImportLine",
    "PiiState",
    "Prompt",
    "PromptImport",
    "PromptKind",
    "Response",
    "SampleBatch",
    "Split",
    "Submitter",
    "UseCase",
    "WritingDraft",
    "WrittenPrompt",
]  # fmt: skip
