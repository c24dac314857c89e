"""Records that are only ever added to: who consented to what, and what a person decided about personal data."""

from django.db import models
from django.utils import timezone

from labelapp.accounts.models import User
from labelapp.prompts.models import Prompt, Submitter


class Consent(models.Model):
    """A submitter's consent to the use of what they send to a model, or its withdrawal. The latest one holds."""

    class Action(models.TextChoices):
        GIVEN = "given", "Given"
        WITHDRAWN = "withdrawn", "Withdrawn"

    submitter = models.ForeignKey(Submitter, on_delete=models.PROTECT, related_name="consents", db_index=False)
    model = models.CharField(max_length=160, help_text="The model at whose switch they were asked.")
    action = models.CharField(max_length=12, choices=Action.choices)
    wording_version = models.CharField(max_length=80, blank=True)
    wording = models.TextField(blank=True, help_text="The words that they agreed to.")
    way = models.CharField(
        max_length=160, blank=True, default="", db_default="", help_text="How they said so: on a page, by mail."
    )
    occurred_at = models.DateTimeField(help_text="When they said so.")
    recorded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("-id",)
        indexes = (models.Index(fields=["submitter", "model", "-id"], name="consent_latest"),)
        constraints = (
            models.CheckConstraint(
                condition=models.Q(action="withdrawn") | ~models.Q(wording_version=""), name="consent_names_its_wording"
            ),
        )

    def __str__(self) -> str:
        return f"{self.submitter}: {self.action} for {self.model}"


class PiiReview(models.Model):
    """What a person decided about the personal data in a prompt, and what the prompt said before."""

    prompt = models.ForeignKey(Prompt, on_delete=models.PROTECT, related_name="pii_reviews")
    reviewed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    findings = models.JSONField(help_text="[{message, start, end, kind, score, is_redacted}] in the original.")
    original_messages = models.JSONField(null=True, help_text="Null where nothing was redacted. For admins alone.")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"review of prompt {self.prompt_id}"


class OriginalAccess(models.Model):
    """Somebody looked at what a prompt said before it was redacted."""

    prompt = models.ForeignKey(Prompt, on_delete=models.PROTECT, related_name="original_accesses")
    seen_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    seen_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{self.seen_by} saw prompt {self.prompt_id}"
