"""Who writes a version: a claim that only one worker can win, the heartbeat that keeps it, and what of a lost one.

The row is the truth and Celery only the bell. `attempt` counts the claims; whoever holds the newest may register files,
and an older attempt that wakes up again can register nothing.
"""

from datetime import timedelta

import structlog
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from labelapp.common.events import publish
from labelapp.common.heartbeat import Heartbeat
from labelapp.datasets.models import Dataset, DatasetVersion

logger = structlog.get_logger(__name__)

STALE_SECONDS = 60
BEAT_SECONDS = 1.0
MAX_ATTEMPTS = 3
# A version that was only just made is being rung for; the sweeper need not ring as well.
RING_AGAIN_SECONDS = 20

State = DatasetVersion.State


class ClaimLost(Exception):
    """Another worker has claimed the version since: this attempt may write nothing more."""


def claim(version_id: int) -> DatasetVersion | None:
    """Claim a version that waits, or whose writer stopped beating; None where there is nothing to claim."""
    version = DatasetVersion.objects.filter(pk=version_id).select_related("dataset").first()
    if version is None:
        return None
    now = timezone.now()
    waits = Q(state=State.QUEUED) | Q(state=State.WRITING, heartbeat_at__lt=now - timedelta(seconds=STALE_SECONDS))
    with transaction.atomic():
        claimed = DatasetVersion.objects.filter(waits, pk=version_id, attempt=version.attempt).update(
            state=State.WRITING, attempt=F("attempt") + 1, heartbeat_at=now, rows_written=0
        )
        if not claimed:
            return None
        Dataset.objects.filter(pk=version.dataset_id).update(untidy_at=now)
    version.refresh_from_db()
    publish_state(version)
    return version


def fail(version: DatasetVersion, *, error: str) -> None:
    """End this attempt with a reason; where another attempt has begun, nothing."""
    failed = DatasetVersion.objects.filter(pk=version.pk, attempt=version.attempt, state=State.WRITING).update(
        state=State.FAILED, error=error, rows_written=0
    )
    if failed:
        version.refresh_from_db()
        publish_state(version)


def give_up_lost_versions() -> None:
    """Fail the versions whose workers died too often while they wrote them."""
    for version in _lost_versions().filter(attempt__gte=MAX_ATTEMPTS):
        fail(version, error=f"The worker stopped {MAX_ATTEMPTS} times while writing. Look at its log and its memory.")


def waiting_version_ids() -> list[int]:
    """The versions that nobody is writing and somebody should."""
    queued = DatasetVersion.objects.filter(
        state=State.QUEUED, created_at__lt=timezone.now() - timedelta(seconds=RING_AGAIN_SECONDS)
    )
    return sorted({*_lost_versions().values_list("pk", flat=True), *queued.values_list("pk", flat=True)})


def _lost_versions() -> QuerySet[DatasetVersion]:
    stale_at = timezone.now() - timedelta(seconds=STALE_SECONDS)
    return DatasetVersion.objects.filter(state=State.WRITING, heartbeat_at__lt=stale_at).order_by("pk")


def publish_state(version: DatasetVersion) -> None:
    """Tell the pages that a version has gone on."""
    publish(
        "datasets",
        type="version",
        id=version.pk,
        state=version.state,
        rows_written=version.rows_written,
        rows_total=version.rows_total,
    )


class VersionHeartbeat(Heartbeat):
    """Keeps a claim alive and says how far the writing is, which itself sits in one long read-only transaction.

    Once the row is locked for the files' registration it is stopped: nobody else can claim it then.
    """

    def __init__(self, version: DatasetVersion) -> None:
        super().__init__(f"dataset version {version.pk}", seconds=BEAT_SECONDS)
        self.version = version
        self.rows_total: int | None = None
        self.rows_written = 0
        self.is_lost = False

    def count(self, rows: int = 1) -> None:
        """Note some more rows that are done. Raises ClaimLost."""
        self.rows_written += rows
        if self.is_lost:
            raise ClaimLost

    def beat(self) -> None:
        """Renew the claim and tell how many rows are written; where the claim is lost, note that and stop."""
        written = self.rows_written
        beaten = DatasetVersion.objects.filter(
            pk=self.version.pk, attempt=self.version.attempt, state=State.WRITING
        ).update(heartbeat_at=timezone.now(), rows_written=written, rows_total=self.rows_total)
        if self.is_stopped:
            return
        if not beaten:
            logger.warning("claim lost", version=self.version.pk, attempt=self.version.attempt)
            self.is_lost = True
            self.stop()
            return
        self.version.rows_written, self.version.rows_total = written, self.rows_total
        publish_state(self.version)
