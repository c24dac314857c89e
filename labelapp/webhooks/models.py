"""Whom to tell what happened, and the outbox: each message to each of them, from the moment it was meant."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

from labelapp.accounts.models import User


class EventType(models.TextChoices):
    """What a webhook can be told of."""

    DATASET_FROZEN = "dataset.frozen", "Dataset frozen"
    RUN_ENDED = "run.ended", "Run ended"
    PROJECT_DONE = "project.done", "Project done"


# Sent only when an admin asks for it, to whatever a webhook listens.
TEST = "webhook.test"


class Webhook(models.Model):
    """An address outside, what it is told, and the secret by which it knows that it was us."""

    name = models.CharField(max_length=120, unique=True)
    url = models.CharField(max_length=500)
    events = ArrayField(models.CharField(max_length=40, choices=EventType.choices))
    encrypted_secret = models.TextField()
    encrypted_previous_secret = models.TextField(blank=True, default="", db_default="")
    previous_secret_until = models.DateTimeField(
        null=True, blank=True, help_text="Until then messages are signed by the previous secret, too."
    )
    paused_at = models.DateTimeField(null=True, blank=True, help_text="Since when its messages wait.")
    paused_because = models.TextField(blank=True, help_text="Why we paused it; empty where a person did.")
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class Delivery(models.Model):
    """A message to one webhook. The body is kept as it is signed: every attempt sends the same bytes."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        DELIVERED = "delivered", "Delivered"
        GIVEN_UP = "given_up", "Given up"

    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="deliveries")
    message_id = models.CharField(max_length=40, unique=True, help_text="The header webhook-id, in every attempt.")
    event = models.CharField(max_length=40, help_text="An EventType, or webhook.test.")
    body = models.TextField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    created_at = models.DateTimeField(default=timezone.now)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(default=timezone.now, help_text="When it is tried next, while it waits.")
    ended_at = models.DateTimeField(null=True, blank=True)
    # Of the last attempt that came to an end.
    tried_at = models.DateTimeField(null=True, blank=True)
    status_code = models.PositiveSmallIntegerField(null=True, blank=True)
    duration_ms = models.PositiveIntegerField(null=True, blank=True)
    error = models.TextField(blank=True)
    response = models.TextField(blank=True, help_text="The beginning of what the receiver answered.")

    class Meta:
        ordering = ("-id",)
        indexes = (
            models.Index(fields=["due_at"], condition=Q(state="waiting"), name="delivery_waiting"),
            models.Index(fields=["webhook", "-id"], name="delivery_by_webhook"),
            models.Index(fields=["ended_at"], condition=~Q(state="waiting"), name="delivery_ended"),
        )
        constraints = (
            models.CheckConstraint(
                condition=Q(state="waiting", ended_at=None) | (~Q(state="waiting") & Q(ended_at__isnull=False)),
                name="delivery_ended_or_waiting",
            ),
        )

    def __str__(self) -> str:
        return f"{self.event} to {self.webhook} ({self.state})"
