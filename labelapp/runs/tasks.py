"""Celery's bells for runs. What there is to do stands in the rows."""

import structlog
from celery import shared_task
from kombu.exceptions import OperationalError

from labelapp.runs import launching, sweeping
from labelapp.runs.tiny_base import build_tiny_base

logger = structlog.get_logger(__name__)
# A bell that nobody heard in time is worth nothing: the sweeper rings again.
BELL_SECONDS = 30


@shared_task(name="runs.launch")
def launch(run_id: int) -> None:
    """Start a queued run, if it is still queued and a device is free."""
    launching.launch(run_id)


@shared_task(name="runs.sweep")
def sweep() -> None:
    """Queue again what stopped beating, and ring for everything that waits."""
    sweeping.requeue_lost_runs()
    ring(sweeping.waiting_run_ids())


@shared_task(name="runs.register_tiny")
def register_tiny() -> None:
    """Build and register the built-in model, if it is not there: some twenty seconds of one core."""
    build_tiny_base()


def ring(run_ids: list[int]) -> None:
    """Ring for queued runs; a broker that is down costs time only."""
    for run_id in run_ids:
        try:
            launch.apply_async((run_id,), expires=BELL_SECONDS)
        except OperationalError as error:
            logger.warning("broker is down; the sweeper will ring again", run_id=run_id, error=str(error))
            return
