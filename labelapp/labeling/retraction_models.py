"""What labelers took back right after they had sent it."""

from django.db import models
from django.utils import timezone

from labelapp.labeling.models import Submission


class Retraction(models.Model):
    """A submission that its labeler undid within seconds: it stays on record and counts for nothing. Append-only."""

    submission = models.OneToOneField(Submission, on_delete=models.PROTECT, primary_key=True, related_name="retraction")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("submission_id",)

    def __str__(self) -> str:
        return f"submission {self.submission_id} was undone"
