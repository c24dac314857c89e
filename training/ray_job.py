"""A run as a job on a Ray cluster: what the job's entrypoint is, beside the run directory that the cluster shares.

    python -m training.ray_job LEASE LOG -- COMMAND …

It starts the command of the run as a supervisor on the spot would, its output into the attempt's log, and ends with its
exit code. The supervisor is elsewhere: it writes a new number into LEASE every few seconds, and `stop` where a person
cancelled. The trainer is then asked to write a checkpoint and end, and so it is when the numbers stop: a run that
nobody looks after any more must not keep its GPUs. Only this machine's clock counts, and only whether the content
changes.
"""

import argparse
import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

POLL_SECONDS = 0.5
LOST_SECONDS = 120.0
GRACE_SECONDS = 30.0
STOP = "stop"
PR_SET_PDEATHSIG = 1


class Lease:
    """What the supervisor says, and since when it has said nothing new."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._content = ""
        self._changed_at = time.monotonic()

    def is_over(self) -> bool:
        """Whether the trainer is to end: it was said, or nothing has been said for too long."""
        with contextlib.suppress(OSError):  # a shared file system that stutters is judged by the time
            content = self._path.read_text()
            if content != self._content:
                self._content, self._changed_at = content, time.monotonic()
        return self._content == STOP or time.monotonic() - self._changed_at > LOST_SECONDS


def main(arguments: Sequence[str] | None = None) -> int:
    """Start the command and see it through; return its exit code, negative for a signal."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("lease", type=Path, metavar="LEASE")
    parser.add_argument("log", type=Path, metavar="LOG")
    parser.add_argument("command", nargs="+", metavar="COMMAND")
    given = parser.parse_args(arguments)
    if not given.log.parent.is_dir():
        sys.exit(f"{given.log.parent} is not there: this node does not share the server's data directory")
    asked = threading.Event()

    def ask(_number: int, _frame: FrameType | None) -> None:
        asked.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, ask)
    with given.log.open("ab") as log:
        child = subprocess.Popen(
            given.command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            preexec_fn=_die_with_parent,  # noqa: PLW1509  # this process has one thread
        )
    try:
        return _see_through(child, lease=Lease(given.lease), asked=asked)
    finally:
        with contextlib.suppress(ProcessLookupError):  # what the trainer started and left behind would keep a GPU
            os.killpg(child.pid, signal.SIGKILL)


def _die_with_parent() -> None:
    """In the child: Ray kills this process's group, and a trainer that survived would compute beside the next one."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _see_through(child: "subprocess.Popen[bytes]", *, lease: Lease, asked: threading.Event) -> int:
    asked_at: float | None = None
    while True:
        try:
            return child.wait(POLL_SECONDS)
        except subprocess.TimeoutExpired:
            pass
        if asked_at is None and (asked.is_set() or lease.is_over()):
            asked_at = time.monotonic()
            os.killpg(child.pid, signal.SIGTERM)
        elif asked_at is not None and time.monotonic() - asked_at > GRACE_SECONDS:
            os.killpg(child.pid, signal.SIGKILL)


if __name__ == "__main__":
    status = main()
    sys.exit(128 - status if status < 0 else status)  # as a shell tells of a signal
