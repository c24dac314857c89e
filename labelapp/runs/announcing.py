"""Telling that a run has changed: the pages, and, when it has ended, whoever listens by webhook."""

import structlog
from django.db import InterfaceError, OperationalError, connection

from labelapp.common.events import publish
from labelapp.runs.models import Run
from labelapp.webhooks.models import EventType
from labelapp.webhooks.outbox import emit

logger = structlog.get_logger(__name__)


def announce(run_id: int, type: str = "progress") -> None:
    """Publish what the row now says. `type` is `state`, `progress` or `metrics`. Costs liveness, never work."""
    try:
        row = Run.objects.filter(pk=run_id).values("state", "phase", "step", "total_steps", "eta_seconds").first()
    except (OperationalError, InterfaceError) as error:
        logger.warning("not announced", run_id=run_id, error=str(error).strip())
        connection.close()
        return
    if row is None:
        return
    for topic in ("runs", f"run:{run_id}"):
        publish(topic, type=type, id=run_id, **row)


def tell_ended(run: Run) -> None:
    """Leave word for the webhooks, in the transaction that ended the run."""
    checkpoint = {"id": run.checkpoint.pk, "name": run.checkpoint.name} if run.checkpoint else None
    told = {"id": run.pk, "name": run.name, "kind": run.kind, "state": run.state, "error_code": run.error_code}
    emit(EventType.RUN_ENDED, path=f"/runs/{run.pk}", run=told, checkpoint=checkpoint)
