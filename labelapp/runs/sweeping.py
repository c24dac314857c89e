"""Putting right what a lost message, a killed supervisor or a dead machine left behind."""

from datetime import timedelta

import structlog
from django.db import connection, transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from labelapp.runs.announcing import announce, tell_ended
from labelapp.runs.lease import Lease, LeaseLost
from labelapp.runs.models import Run, RunState

LOST_SECONDS = 30.0
SUPERVISOR_LOST = "Its supervisor stopped reporting: the process or the machine went down."
logger = structlog.get_logger(__name__)


def waiting_run_ids() -> list[int]:
    """The queued runs, oldest first."""
    return list(Run.objects.filter(state=RunState.QUEUED).order_by("pk").values_list("pk", flat=True)[:100])


def lost_runs() -> QuerySet[Run]:
    """Runs whose heartbeat has stopped, by the database's clock, which all their supervisors share."""
    return Run.objects.filter(
        state=RunState.RUNNING, heartbeat_at__lt=Now() - timedelta(seconds=LOST_SECONDS)
    ).order_by("pk")


def requeue_lost_runs(*, settle_seconds: float = LOST_SECONDS) -> int:
    """Queue again the runs that nobody looks after any more; return how many.

    None while the database has not been up for `settle_seconds`: living supervisors renew their leases first.
    """
    if not database_is_settled(settle_seconds):
        return 0
    count = 0
    for run in lost_runs():
        lease = Lease(run.pk, run.lease_epoch, seconds_before=run.running_seconds)
        try:
            give_back(lease, reason=SUPERVISOR_LOST, is_failure=True, only=lost_runs())
        except LeaseLost:
            continue  # it beat again, or another sweeper was faster
        logger.warning("run queued again", run_id=run.pk, epoch=run.lease_epoch)
        announce(run.pk, "state")
        count += 1
    return count


def database_is_settled(seconds: float) -> bool:
    """Say whether the database has been up for so long."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT now() - pg_postmaster_start_time() > make_interval(secs => %s)", [seconds])
        return bool(cursor.fetchone()[0])


@transaction.atomic
def give_back(
    lease: Lease,
    *,
    reason: str,
    is_failure: bool,
    code: str = "attempts_used_up",
    is_final: bool = False,
    only: QuerySet[Run] | None = None,
) -> None:
    """End an attempt that made nothing: to the queue, or to `cancelled` or `failed`. Raises LeaseLost.

    A full stop of the server is no failure; `only` narrows which rows may be touched.
    """
    rows = lease.rows() if only is None else lease.rows() & only.order_by()
    run = rows.select_for_update().order_by("pk").first()
    if run is None:
        raise LeaseLost
    failures = run.failures + is_failure
    run.device, run.eta_seconds, run.supervisor_pid, run.failures = "", None, None, failures
    if run.cancel_requested_at is not None:
        run.state, run.phase = RunState.CANCELLED, "Cancelled"
    elif is_final or failures >= run.max_attempts:
        run.state, run.phase = RunState.FAILED, "Failed"
        run.error_code = code
        run.error_message = reason if is_final else f"Gave up after {failures} attempts. {reason}"
    else:
        run.state = RunState.QUEUED
        run.phase = "Queued to go on after a failure" if is_failure else "Queued to go on at the next start"
        run.error_message = reason
    run.save()
    run.held_devices.all().delete()
    if run.state != RunState.QUEUED:
        Run.objects.filter(pk=run.pk).update(ended_at=Now())
        tell_ended(run)
    if only is None:
        Run.objects.filter(pk=run.pk).update(running_seconds=lease.running_seconds())
