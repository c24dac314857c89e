"""One process of the product: its command, its log file, and how it is stopped."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from labelapp.common.embedded.process import start_child

LARGEST_LOG_BYTES = 32 * 1024 * 1024
# A second in which a soft stop can finish what it does; then each process group is killed.
STOP_SECONDS = 8.0


class Service(Protocol):
    """What the supervisor keeps alive: an embedded server or a child process."""

    name: str
    log: Path

    def start(self) -> None:
        """Start it; raise EmbeddedServiceError when it cannot start."""

    def poll(self) -> int | None:
        """Return None while it runs, else its exit status."""


class Child:
    """A process of the product that writes its log to a file under DATA_DIR."""

    def __init__(
        self,
        name: str,
        *,
        arguments: Sequence[str],
        cwd: Path,
        log: Path,
        environment: Mapping[str, str],
        pass_fds: Sequence[int] = (),
    ) -> None:
        self.name = name
        self.log = log
        self._arguments = arguments
        self._cwd = cwd
        self._environment = dict(environment)
        self._pass_fds = pass_fds
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the process; it dies with the supervisor."""
        with self.log.open("ab") as log:
            self._process = start_child(
                self._arguments,
                log=log,
                cwd=self._cwd,
                death_signal=signal.SIGTERM,
                environment=self._environment,
                pass_fds=self._pass_fds,
            )

    def poll(self) -> int | None:
        """Return None while the process runs, else its exit status."""
        assert self._process is not None
        status = self._process.poll()
        if status is not None:
            # Its own children, such as gunicorn's workers, would hold the socket and the queue.
            self._signal_group(signal.SIGKILL)
        return status

    def ask_to_stop(self) -> None:
        """Send SIGTERM: gunicorn and Celery finish what they do."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)

    def finish(self, *, deadline: float) -> None:
        """Wait until `deadline` (monotonic seconds) for the process to end, then kill what is left of its group."""
        if self._process is None:
            return
        try:
            self._process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            pass
        finally:
            self._signal_group(signal.SIGKILL)
        self._process.wait()
        self._process = None

    def _signal_group(self, number: signal.Signals) -> None:
        assert self._process is not None
        try:
            os.killpg(self._process.pid, number)
        except (ProcessLookupError, PermissionError):
            return


def stop_children(children: Iterable[Child]) -> None:
    """Stop all children at once, so that together they take as long as the slowest."""
    children = list(children)
    for child in children:
        child.ask_to_stop()
    deadline = time.monotonic() + STOP_SECONDS
    for child in children:
        child.finish(deadline=deadline)


def shorten_log(log: Path) -> None:
    """Move a log that has grown large aside; its writer appends, so it goes on at the start of the emptied file."""
    if log.exists() and log.stat().st_size > LARGEST_LOG_BYTES:
        shutil.copyfile(log, log.with_suffix(".log.1"))
        os.truncate(log, 0)
