"""Who works on an import: one worker at a time, noticed when it dies, and never two that both write.

A worker claims the row by compare-and-swap on `attempt` and renews `heartbeat_at` from a thread of its own. Every
batch that it commits checks the claim, so one that wakes up late writes nothing.
"""

from datetime import timedelta
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from labelapp.common.events import publish
from labelapp.common.heartbeat import Heartbeat
from labelapp.prompts.import_models import PromptImport

STALE_SECONDS = 60
BEAT_SECONDS = 2.0
RING_AGAIN_SECONDS = 20
# Workers that die at the same place die of the file: no later one would fare better.
MOST_STOPS = 3
State = PromptImport.State
AT_WORK = (State.CHECKING, State.IMPORTING, State.UNDOING)
LINES_LOCK = 1_768_779_119  # "import" among the database's advisory locks


class ClaimLost(Exception):
    """Another worker has claimed the import since: this one may write nothing more."""


def claim(import_id: int) -> PromptImport | None:
    """Claim an import that waits for work, or whose worker stopped; None where there is nothing to claim.

    One whose workers stopped MOST_STOPS times without a step between is given up: its row says so.
    """
    found = PromptImport.objects.filter(pk=import_id).first()
    if found is None:
        return None
    changes: dict[str, Any] = {"attempt": F("attempt") + 1, "heartbeat_at": timezone.now()}
    if found.heartbeat_at is not None:
        stops = _stops(found)
        changes["position"] = {**found.position, "stops": stops}
        if stops["count"] >= MOST_STOPS:
            changes |= {"heartbeat_at": None, "error": f"Its worker stopped {stops['count']} times at the same place."}
    try:
        with transaction.atomic():
            claimed = waiting().filter(pk=import_id, attempt=found.attempt).update(**changes)
    except IntegrityError:
        return None  # another import is being written; this one's turn comes after it
    if not claimed:
        return None
    found.refresh_from_db()
    if found.error:
        publish_state(found)
        return None
    return found


def _stops(found: PromptImport) -> dict[str, Any]:
    """How often its workers stopped, without a word, where it is now."""
    places = [found.position.get(name, 0) for name in ("written", "undone", "undone_responses")]
    done = [found.state, found.line_count, found.imported_count, found.removed_count + found.archived_count, *places]
    before = found.position.get("stops", {})
    return {"done": done, "count": 1 + (before.get("count", 0) if before.get("done") == done else 0)}


def waiting() -> QuerySet[PromptImport]:
    """The imports that nobody works on and somebody should."""
    stale = timezone.now() - timedelta(seconds=STALE_SECONDS)
    idle = Q(heartbeat_at=None) | Q(heartbeat_at__lt=stale)
    return PromptImport.objects.filter(idle, state__in=AT_WORK, error="")


def ids_to_ring() -> list[int]:
    """The imports to ring for once more: a bell was lost, a worker died, or it was another's turn."""
    rung = timezone.now() - timedelta(seconds=RING_AGAIN_SECONDS)
    return list(waiting().filter(rung_at__lt=rung).order_by("pk").values_list("pk", flat=True))


def lock_lines(import_id: int, *, waits: bool = True) -> bool:
    """Lock an import's settled lines until the transaction ends; say whether it is so, where it does not wait.

    Whoever changes many of them takes it first: two that locked them one by one, in any order, would deadlock. It is
    not the import's row, which the heartbeat renews meanwhile.
    """
    lock = "pg_advisory_xact_lock" if waits else "pg_try_advisory_xact_lock"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {lock}(%s, %s)", [LINES_LOCK, import_id & 0x7FFFFFFF])
        return waits or bool(cursor.fetchone()[0])


def advance(claimed: PromptImport, **changes: Any) -> None:
    """Note how far the work is, as part of the transaction that did it. Raises ClaimLost."""
    updated = PromptImport.objects.filter(pk=claimed.pk, attempt=claimed.attempt).update(**changes)
    if not updated:
        raise ClaimLost
    for name, value in changes.items():
        setattr(claimed, name, value)


def release(claimed: PromptImport, **changes: Any) -> None:
    """End the work on an import. Raises ClaimLost."""
    advance(claimed, heartbeat_at=None, **changes)
    publish_state(claimed)


def publish_state(prompt_import: PromptImport) -> None:
    """Tell the pages how far an import is."""
    publish(
        "imports",
        type="import",
        id=prompt_import.pk,
        state=prompt_import.state,
        steps_done=prompt_import.steps_done,
        steps_total=prompt_import.steps_total,
    )


class ImportHeartbeat(Heartbeat):
    """Keeps a claim alive and tells how far the work is."""

    def __init__(self, claimed: PromptImport) -> None:
        super().__init__(f"import {claimed.pk}", seconds=BEAT_SECONDS)
        self.claimed = claimed

    def beat(self) -> None:
        """Renew the claim, unless another worker has it, and publish the steps that are done."""
        PromptImport.objects.filter(
            pk=self.claimed.pk, attempt=self.claimed.attempt, heartbeat_at__isnull=False
        ).update(heartbeat_at=timezone.now(), steps_done=self.claimed.steps_done)
        publish_state(self.claimed)
