"""Telling the pages that a run has changed: the list of runs, and the page of the one."""

import structlog
from django.db import InterfaceError, OperationalError, connection

from labelapp.common.events import publish
from labelapp.runs.models import Run

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
