"""Telling the pages that a run has changed: the list of runs, and the page of the one."""

from labelapp.common.events import publish
from labelapp.runs.models import Run


def announce(run_id: int, type: str = "progress") -> None:
    """Publish what the row now says. `type` is `state`, `progress` or `metrics`."""
    row = Run.objects.filter(pk=run_id).values("state", "phase", "step", "total_steps", "eta_seconds").first()
    if row is None:
        return
    for topic in ("runs", f"run:{run_id}"):
        publish(topic, type=type, id=run_id, **row)
