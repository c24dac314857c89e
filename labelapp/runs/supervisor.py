"""The process that looks after one attempt: starts the trainer, keeps the lease, tells how far it is, and ends it.

It is started by a worker but belongs to nobody, so restarts of the worker and of the web server do not touch it. It
writes the row only while its epoch is the newest (`lease.py`), and starts a trainer only with the device's lock.
"""

import os
import signal
import threading
import time
from collections.abc import Sequence
from types import FrameType

import structlog
from django.db import DatabaseError

from formats.run_directory import EXIT_BAD_INPUT, EXIT_DONE, RunDirectory
from labelapp.common.errors import DomainError
from labelapp.runs.announcing import announce
from labelapp.runs.collecting import DamagedOutput, collect
from labelapp.runs.devices import DeviceLock, Holder, Orphan, host_name, parse_devices, process_created
from labelapp.runs.lease import DATABASE_IS_AWAY, Heartbeat, Lease, LeaseLost, patiently
from labelapp.runs.models import Launcher, Run, RunState
from labelapp.runs.progress import Progress
from labelapp.runs.ray_jobs import JobNotStarted, RayJob
from labelapp.runs.sweeping import give_back, waiting_run_ids
from labelapp.runs.tasks import ring
from labelapp.runs.trainer import Trainer, describe_end, told_error

POLL_SECONDS = 0.25
REPORT_SECONDS = 1.0
WAITING_FOR_ORPHAN = "Waiting for an earlier process to leave the device"
logger = structlog.get_logger(__name__)


def supervise(run_id: int, *, epoch: int) -> None:
    """See one attempt through to its end. Returns at once if another attempt has the run by now."""
    run = patiently(lambda: Run.objects.filter(pk=run_id, lease_epoch=epoch, state=RunState.RUNNING).first())
    if run is None:
        logger.warning("this attempt has been overtaken", run_id=run_id, epoch=epoch)
        return
    Supervisor(run).see_through()


class Supervisor:
    """One attempt. `stop` is set when this process is asked to end, as when the whole server stops."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.epoch = run.lease_epoch
        self.attempt = RunDirectory(run.path).attempt(self.epoch)
        self.devices = parse_devices(run.device)
        self.lease = Lease(run.pk, self.epoch, seconds_before=run.running_seconds)
        self.heartbeat = Heartbeat(self.lease)
        self.progress = Progress(self.attempt)
        self.stop = threading.Event()
        self._reported_at = 0.0

    def see_through(self) -> None:
        """Compute, and make of the end what it means. Whatever happens, no trainer is left and the lease is let go."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._ask_to_stop)
        try:
            self._see_through()
        except LeaseLost:
            logger.warning("lease lost; nothing is registered", run_id=self.run.pk, epoch=self.epoch)
        finally:
            self.heartbeat.stop()
        announce(self.run.pk, "state")
        if not self.stop.is_set():
            ring(patiently(waiting_run_ids))

    def _see_through(self) -> None:
        try:
            patiently(lambda: self.lease.write(supervisor_host=host_name(), supervisor_pid=os.getpid()))
            self.heartbeat.start()
            self._finish(self._compute())
        except DomainError as error:
            self._fail(error.code, error.message)
        except JobNotStarted as error:
            self._give_back(str(error), is_failure=False)
        except OSError as error:
            # A full disk, a process that cannot be started: the next attempt may find it put right.
            self._give_back(str(error), is_failure=True)

    def _ask_to_stop(self, _number: int, _frame: FrameType | None) -> None:
        self.stop.set()

    def is_to_end(self) -> bool:
        """Say whether the trainer should stop now: cancelled, the server stops, or the database is gone for good."""
        return self.stop.is_set() or self.heartbeat.is_cancel_asked.is_set() or self.heartbeat.is_abandoned.is_set()

    def _compute(self) -> int | None:
        """Run the trainer on the devices; its exit status, or None if it was not started because the run is to end."""
        locks = [DeviceLock(device) for device in self.devices]
        try:
            return self._watch(locks=locks) if all(self._acquire(lock) for lock in locks) else None
        finally:
            for lock in locks:
                lock.close()

    def _acquire(self, lock: DeviceLock) -> bool:
        """Wait for the device's lock; a process that outlived its supervisor is made to leave it."""
        orphan: Orphan | None = None
        while not lock.try_acquire():
            if self.heartbeat.is_lost.is_set():
                raise LeaseLost
            if self.is_to_end():
                return False
            orphan = self._push_orphan(lock.read_holder(), orphan)
            self.stop.wait(POLL_SECONDS)
        return True

    def _push_orphan(self, holder: Holder | None, orphan: Orphan | None) -> Orphan | None:
        """Make whoever holds the device leave it, unless its attempt still counts."""
        if holder is None or not is_orphaned(holder):
            return None
        if orphan is None or orphan.holder != holder:
            orphan = Orphan(holder)
            patiently(lambda: self.lease.write(phase=WAITING_FOR_ORPHAN))
        orphan.push()
        return orphan

    def _watch(self, *, locks: Sequence[DeviceLock]) -> int | None:
        """Start the trainer and follow it to its end; return its exit status. Raises LeaseLost with it killed."""
        if self.run.launcher == Launcher.RAY:
            return self._watch_job()
        fds = [lock.descriptor for lock in locks]
        trainer = Trainer.start(self.run, epoch=self.epoch, devices=self.devices, pass_fds=fds)
        for lock in locks:
            lock.note_holder(Holder(trainer.pid, process_created(trainer.pid), self.run.pk, self.epoch))
        try:
            return self._follow(trainer)
        finally:
            trainer.kill()

    def _watch_job(self) -> int | None:
        """The same on a Ray cluster, where the jobs of earlier attempts must have ended first."""
        job = RayJob(self.run, epoch=self.epoch)
        while not job.have_earlier_ended():
            if self.heartbeat.is_lost.is_set():
                raise LeaseLost
            if self.is_to_end():
                return None
            self.stop.wait(POLL_SECONDS)
        job.start()
        try:
            return self._follow(job)
        finally:
            job.kill()

    def _follow(self, trainer: Trainer | RayJob) -> int:
        while True:
            status = trainer.wait(POLL_SECONDS)
            if self.heartbeat.is_lost.is_set():
                raise LeaseLost
            self._report(force=status is not None)
            if status is not None:
                return status
            if self.is_to_end():
                trainer.ask_to_stop()

    def _report(self, *, force: bool) -> None:
        """Write what the attempt says of itself into the row, about once a second, and tell the pages."""
        if not force and time.monotonic() - self._reported_at < REPORT_SECONDS:
            return
        self._reported_at = time.monotonic()
        changed = self.progress.read()
        if not changed:
            return
        if self.heartbeat.is_cancel_asked.is_set():
            changed.pop("phase", None)  # it says "Cancelling" until it is
        patiently(lambda: self.lease.write(**changed))
        announce(self.run.pk, "metrics" if "summary" in changed else "progress")

    def _finish(self, status: int | None) -> None:
        """Turn how the trainer ended into the run's state."""
        if status == EXIT_DONE:
            self._collect()
        elif self.heartbeat.is_cancel_asked.is_set() or self.stop.is_set() or self.heartbeat.is_abandoned.is_set():
            self._give_back("", is_failure=False)
        elif status == EXIT_BAD_INPUT or self._is_hopeless(status):
            error = told_error(self.attempt)
            assert status is not None
            self._fail(error.code if error else "bad_input", describe_end(status, attempt=self.attempt))
        else:
            assert status is not None
            self._give_back(describe_end(status, attempt=self.attempt), is_failure=True)

    def _is_hopeless(self, status: int | None) -> bool:
        """Say whether a launcher of several processes, which ends with 1 whatever is wrong, hides a bad input."""
        if status != 1 or self.run.processes == 1:
            return False
        error = told_error(self.attempt)
        return error is not None and error.code != "crash"

    def _collect(self) -> None:
        patiently(lambda: self.lease.write(phase="Registering the results"))
        try:
            patiently(lambda: collect(self.run.pk, epoch=self.epoch))
        except DamagedOutput as error:
            self._fail("output_damaged", str(error))
        except DATABASE_IS_AWAY:
            raise
        except DatabaseError as error:
            self._fail("not_registered", f"The results do not fit the database: {str(error).strip()}")

    def _give_back(self, reason: str, *, is_failure: bool) -> None:
        """Let the run be tried again, if it has not failed too often."""
        patiently(lambda: give_back(self.lease, reason=reason, is_failure=is_failure))

    def _fail(self, code: str, message: str) -> None:
        """End the run: another attempt would fail in the same way."""
        patiently(lambda: give_back(self.lease, reason=message, is_failure=True, code=code, is_final=True))


def is_orphaned(holder: Holder) -> bool:
    """Say whether the process that holds a device works for an attempt that no longer counts."""
    counts = Run.objects.filter(pk=holder.run_id, lease_epoch=holder.epoch, state=RunState.RUNNING)
    return not patiently(counts.exists)
