"""Changes to many prompts at once, each with exactly what it changed, so that it can be undone."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from labelapp.accounts.models import User


class PromptChange(models.Model):
    """One change to many prompts: those that were picked, or all that a filter found."""

    class Action(models.TextChoices):
        ARCHIVE = "archive", "Archive"
        RESTORE = "restore", "Bring back"
        ADD_TAGS = "add_tags", "Add tags"
        REMOVE_TAGS = "remove_tags", "Remove tags"

    class State(models.TextChoices):
        WAITING = "waiting", "Waits for a worker"
        DONE = "done", "Done"
        REFUSED = "refused", "Refused"
        UNDOING = "undoing", "Being undone"
        UNDONE = "undone", "Undone"

    action = models.CharField(max_length=12, choices=Action.choices)
    tags = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    prompt_ids = ArrayField(models.BigIntegerField(), null=True, blank=True, help_text="Those that were picked.")
    filter = models.JSONField(null=True, blank=True, help_text="As the list has it, where none were picked.")
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    changed_count = models.PositiveBigIntegerField(default=0)
    undone_count = models.PositiveBigIntegerField(default=0, help_text="What was changed again since stays as it is.")
    error = models.TextField(blank=True, default="", help_text="Why it was refused.")
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    done_at = models.DateTimeField(null=True, blank=True, help_text="What it archived has this very time.")

    class Meta:
        ordering = ("-id",)
        indexes = (
            models.Index(
                fields=["id"], condition=models.Q(state__in=["waiting", "undoing"]), name="prompt_change_to_do"
            ),
        )
        constraints = (
            models.CheckConstraint(
                condition=models.Q(prompt_ids__isnull=True) ^ models.Q(filter__isnull=True),
                name="prompt_change_of_ids_or_filter",
            ),
        )

    def __str__(self) -> str:
        return f"{self.action} of {self.changed_count} prompts"


class PromptChangePart(models.Model):
    """The prompts that one change really changed; of tags, those that all of these lacked before, or had."""

    change = models.ForeignKey(PromptChange, on_delete=models.CASCADE, related_name="parts")
    tags = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    prompt_ids = ArrayField(models.BigIntegerField())

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return f"part of {self.change}"
