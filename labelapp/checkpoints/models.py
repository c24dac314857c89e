"""The registry of models: what can be sampled from, scored with, or trained further, and what it came from."""

from django.db import models
from django.utils import timezone

from labelapp.accounts.models import User


class CheckpointKind(models.TextChoices):
    BASE = "base", "Base model"
    SFT = "sft", "Supervised fine-tuned"
    REWARD_MODEL = "reward_model", "Reward model"
    POLICY = "policy", "Policy"


class Checkpoint(models.Model):
    """A model: a directory under DATA_DIR that a run made, or a directory or hub name that an admin registered."""

    name = models.CharField(max_length=120, unique=True)
    kind = models.CharField(max_length=20, choices=CheckpointKind.choices)
    location = models.CharField(
        max_length=500,
        help_text="A directory relative to DATA_DIR, an absolute directory, or a Hugging Face hub name.",
    )
    sha256 = models.CharField(max_length=64, blank=True, help_text="Of the manifest; empty for a hub name.")
    size_bytes = models.BigIntegerField(default=0)
    metrics = models.JSONField(default=dict, blank=True)
    description = models.TextField(blank=True)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    archived_at = models.DateTimeField(null=True, blank=True)
    parents = models.ManyToManyField(
        "self", through="CheckpointParent", symmetrical=False, related_name="children", blank=True
    )

    class Meta:
        ordering = ("-created_at", "-id")

    def __str__(self) -> str:
        return self.name


class CheckpointParent(models.Model):
    """A checkpoint that another was made from, and as what: its initial weights or its reward model."""

    class As(models.TextChoices):
        INITIAL_WEIGHTS = "initial_weights", "Initial weights"
        REWARD_MODEL = "reward_model", "Reward model"

    child = models.ForeignKey(Checkpoint, on_delete=models.CASCADE, related_name="parent_links")
    parent = models.ForeignKey(Checkpoint, on_delete=models.PROTECT, related_name="child_links")
    used_as = models.CharField(max_length=20, choices=As.choices)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["child", "parent", "used_as"], name="checkpoint_parent_once"),)

    def __str__(self) -> str:
        return f"{self.parent} → {self.child} ({self.used_as})"


class Endpoint(models.Model):
    """An OpenAI-compatible server to sample from (vLLM, SGLang, TGI, Ollama …). Its key is kept encrypted."""

    name = models.CharField(max_length=120, unique=True)
    base_url = models.URLField(max_length=500)
    model = models.CharField(max_length=200)
    encrypted_api_key = models.TextField(blank=True)
    timeout_seconds = models.PositiveIntegerField(default=60)
    max_concurrency = models.PositiveIntegerField(default=8)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    archived_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name
