"""The right to write a run's row: held by the newest epoch while the row says `running`, renewed every two seconds."""

import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

import structlog
from django.db import InterfaceError, OperationalError, connection
from django.db.models import QuerySet
from django.db.models.functions import Now

from labelapp.runs.models import Run, RunState

RENEW_SECONDS = 2.0
# So long may the database be out of reach before the trainer is told to write a checkpoint and stop.
ABANDON_SECONDS = 600.0
LONGEST_PAUSE_SECONDS = 5.0
DATABASE_IS_AWAY = (OperationalError, InterfaceError)
Result = TypeVar("Result")
logger = structlog.get_logger(__name__)


class LeaseLost(Exception):
    """A newer attempt has the run, or it has ended: this one may write nothing more."""


class Lease:
    """What one attempt may do to its row."""

    def __init__(self, run_id: int, epoch: int, *, seconds_before: float = 0.0) -> None:
        self.run_id = run_id
        self.epoch = epoch
        self._seconds_before = seconds_before
        self._started_at = time.monotonic()

    def rows(self) -> QuerySet[Run]:
        """The row, as long as the lease holds."""
        return Run.objects.filter(pk=self.run_id, lease_epoch=self.epoch, state=RunState.RUNNING)

    def write(self, **fields: Any) -> None:
        """Update the row. Raises LeaseLost."""
        if not self.rows().update(running_seconds=self.running_seconds(), **fields):
            raise LeaseLost

    def renew(self) -> bool:
        """Say that this attempt lives; return whether a person asked to cancel. Raises LeaseLost."""
        self.write(heartbeat_at=Now())
        return self.rows().filter(cancel_requested_at__isnull=False).exists()

    def running_seconds(self) -> float:
        """How long all attempts ran until now."""
        return self._seconds_before + time.monotonic() - self._started_at


class Heartbeat(threading.Thread):
    """Renews a lease from its own thread, so that nothing the supervisor waits for can cost it the run."""

    def __init__(self, lease: Lease) -> None:
        super().__init__(name="heartbeat", daemon=True)
        self.lease = lease
        self.is_lost = threading.Event()
        self.is_cancel_asked = threading.Event()
        self.is_abandoned = threading.Event()
        self._is_done = threading.Event()
        self._renewed_at = time.monotonic()

    def run(self) -> None:
        try:
            while not self._is_done.wait(RENEW_SECONDS) and not self.is_lost.is_set():
                self.beat()
        finally:
            connection.close()

    def beat(self) -> None:
        """Renew once; a database that is away is asked again at the next beat."""
        try:
            if self.lease.renew():
                self.is_cancel_asked.set()
            self._renewed_at = time.monotonic()
        except LeaseLost:
            self.is_lost.set()
        except DATABASE_IS_AWAY as error:
            logger.warning("lease not renewed", run_id=self.lease.run_id, error=str(error).strip())
            connection.close()
            if time.monotonic() - self._renewed_at > ABANDON_SECONDS:
                self.is_abandoned.set()

    def stop(self) -> None:
        """End the thread; it holds no lease any more."""
        self._is_done.set()
        if self.is_alive():
            self.join()


def patiently(act: Callable[[], Result], *, give_up_seconds: float = ABANDON_SECONDS) -> Result:
    """Call `act`, and again with growing pauses while the database is away, for at most so long."""
    deadline = time.monotonic() + give_up_seconds
    pause = 0.2
    while True:
        try:
            return act()
        except DATABASE_IS_AWAY as error:
            if time.monotonic() > deadline:
                raise
            logger.warning("database is away; trying again", error=str(error).strip(), pause_seconds=pause)
        connection.close()
        time.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
