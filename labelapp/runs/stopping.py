"""Stopping the supervisors of this machine when the whole server stops."""

import os
import signal
import time

import psutil

from labelapp.runs.devices import host_name
from labelapp.runs.models import Run, RunState

POLL_SECONDS = 0.1


def stop_local_runs(*, seconds: float) -> tuple[int, int]:
    """Ask this machine's supervisors to stop and wait for their ends; return how many did and how many did not.

    Each asks its trainer for a checkpoint and queues its run again, which does not count as a failure.
    """
    supervisors = [process for process in map(_supervisor, _local_pids()) if process is not None]
    for process in supervisors:
        _ask(process)
    gone, alive = psutil.wait_procs(supervisors, timeout=seconds)
    return len(gone), len(alive)


def _local_pids() -> list[int]:
    """The supervisors that this machine's running rows name, those just being started included."""
    deadline = time.monotonic() + 5
    while True:
        rows = Run.objects.filter(state=RunState.RUNNING, supervisor_host=host_name()).order_by("pk")
        pids = list(rows.values_list("supervisor_pid", flat=True))
        if None not in pids or time.monotonic() > deadline:
            return [pid for pid in pids if pid is not None]
        time.sleep(POLL_SECONDS)


def _supervisor(pid: int) -> psutil.Process | None:
    """The process, if it is one of ours: the number may be another's by now."""
    try:
        process = psutil.Process(pid)
        return process if "supervise" in process.cmdline() else None
    except psutil.Error:
        return None


def _ask(process: psutil.Process) -> None:
    try:
        os.kill(process.pid, signal.SIGTERM)
    except ProcessLookupError:
        return
