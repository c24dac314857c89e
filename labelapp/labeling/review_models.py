"""What labelers tell researchers about their work, what researchers decide, and who has read what."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from labelapp.accounts.models import User
from labelapp.labeling.models import InstructionVersion, Project, Task
from labelapp.prompts.models import Prompt, Response


class Decision(models.Model):
    """What a researcher did about a task that was skipped, flagged or asked about. Append-only (a trigger holds it)."""

    class Action(models.TextChoices):
        ANSWER = "answer", "Answered"
        CORRECT = "correct", "What is known of the prompt was corrected"
        REPLACE = "replace", "Replaced by a corrected prompt"
        WITHDRAW = "withdraw", "Withdrawn"
        DISMISS = "dismiss", "Nothing to change"

    task = models.ForeignKey(Task, on_delete=models.PROTECT, related_name="decisions", db_index=False)
    action = models.CharField(max_length=10, choices=Action.choices)
    note = models.TextField(blank=True, help_text="Told to the labelers who skipped, flagged or asked.")
    changes = models.JSONField(default=dict, blank=True, help_text="Field → [before, after], of what was corrected.")
    replacement_prompt = models.ForeignKey(
        Prompt, on_delete=models.PROTECT, null=True, blank=True, related_name="replaces"
    )
    replacement_task = models.ForeignKey(Task, on_delete=models.PROTECT, null=True, blank=True, related_name="replaces")
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("id",)
        constraints = (
            models.CheckConstraint(
                condition=Q(action="replace", replacement_prompt__isnull=False)
                | ~Q(action="replace") & Q(replacement_prompt=None, replacement_task=None),
                name="decision_replacement_holds",
            ),
        )
        indexes = (models.Index(fields=["task", "id"], name="decision_of_task"),)

    def __str__(self) -> str:
        return f"task {self.task_id}: {self.action}"


class Flag(models.Model):
    """Something wrong with a task, pointed out while the work on it goes on. Open until a decision settles it."""

    class Kind(models.TextChoices):
        UNCLEAR = "unclear", "The prompt is wrong or unclear"
        BROKEN = "broken", "An output is broken"
        PERSONAL_DATA = "personal_data", "Personal data"
        UNSAFE = "unsafe", "Illegal or very upsetting content"
        OTHER = "other", "Something else"

    task = models.ForeignKey(Task, on_delete=models.PROTECT, related_name="flags")
    labeler = models.ForeignKey(User, on_delete=models.PROTECT, related_name="flags", db_index=False)
    response = models.ForeignKey(Response, on_delete=models.PROTECT, null=True, blank=True, related_name="flags")
    kind = models.CharField(max_length=16, choices=Kind.choices)
    note = models.TextField(blank=True)
    idempotency_key = models.UUIDField()
    decision = models.ForeignKey(Decision, on_delete=models.PROTECT, null=True, blank=True, related_name="flags")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("-id",)
        constraints = (models.UniqueConstraint(fields=["labeler", "idempotency_key"], name="flag_idempotent"),)
        indexes = (models.Index(fields=["task"], condition=Q(decision=None), name="flag_open"),)

    def __str__(self) -> str:
        return f"{self.labeler} flagged task {self.task_id}: {self.kind}"


class ThreadMessage(models.Model):
    """A message of a thread: a project's, which all its members read, or one labeler's about one task.

    A task's threads are apart by labeler, because two labelers of one task must not sway each other.
    """

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="messages", db_index=False)
    task = models.ForeignKey(
        Task, on_delete=models.PROTECT, null=True, blank=True, related_name="messages", db_index=False
    )
    labeler = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="threads", db_index=False
    )
    author = models.ForeignKey(User, on_delete=models.PROTECT, related_name="messages", db_index=False)
    body = models.TextField(help_text="Markdown.")
    is_open = models.BooleanField(default=False, help_text="A question that no researcher has answered yet.")
    published_from = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="published_as"
    )
    idempotency_key = models.UUIDField()
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(fields=["author", "idempotency_key"], name="message_idempotent"),
            models.CheckConstraint(
                condition=Q(task=None, labeler=None) | Q(task__isnull=False, labeler__isnull=False),
                name="message_thread_holds",
            ),
        )
        indexes = (
            models.Index(fields=["project", "id"], condition=Q(task=None), name="message_of_project"),
            models.Index(fields=["task", "labeler", "id"], condition=Q(task__isnull=False), name="message_of_task"),
            models.Index(fields=["labeler", "id"], condition=Q(task__isnull=False), name="message_of_labeler"),
            models.Index(fields=["task"], condition=Q(is_open=True), name="message_open"),
        )

    def __str__(self) -> str:
        return f"message {self.pk}"


class ThreadRead(models.Model):
    """How far somebody has read a thread."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="thread_reads", db_index=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+", db_index=False)
    task = models.ForeignKey(Task, on_delete=models.CASCADE, null=True, blank=True, related_name="+", db_index=False)
    labeler = models.ForeignKey(User, on_delete=models.CASCADE, null=True, blank=True, related_name="+", db_index=False)
    last_read_id = models.BigIntegerField(help_text="Of the newest message read.")

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["user", "project", "task", "labeler"], nulls_distinct=False, name="thread_read_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.user} read up to {self.last_read_id}"


class InstructionRead(models.Model):
    """Which version of a project's instructions somebody has read last."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="instruction_reads", db_index=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+", db_index=False)
    version = models.ForeignKey(InstructionVersion, on_delete=models.CASCADE, related_name="reads")
    read_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["user", "project"], name="instruction_read_once"),)

    def __str__(self) -> str:
        return f"{self.user} read {self.version}"
