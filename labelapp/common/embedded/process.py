"""A server process that ends with us: what the PostgreSQL and the Valkey launcher share."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import psutil

from labelapp.common.embedded.errors import EmbeddedServiceError

PR_SET_PDEATHSIG = 1
POLL_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class UserIds:
    """The user and the group that a child gets in place of root's."""

    uid: int
    gid: int


def start_child(
    arguments: Sequence[str],
    *,
    log: IO[bytes],
    cwd: Path,
    death_signal: signal.Signals,
    environment: Mapping[str, str] | None = None,
    user: UserIds | None = None,
    pass_fds: Sequence[int] = (),
) -> subprocess.Popen[bytes]:
    """Start a process which writes to `log` and which the kernel sends `death_signal` when this process dies.

    For Linux that is the end of the calling thread, so call it from one that lives as long as the child should.
    It has a session of its own: Ctrl-C at the terminal goes to us alone, so that we stop the servers after their users.
    """
    return subprocess.Popen(
        arguments,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        cwd=cwd,
        env=environment,
        start_new_session=True,
        user=user.uid if user else None,
        group=user.gid if user else None,
        extra_groups=[] if user else None,
        pass_fds=pass_fds,
        preexec_fn=_end_with_parent(death_signal),  # noqa: PLW1509  (it makes two system calls and takes no lock)
    )


def _end_with_parent(death_signal: signal.Signals) -> Callable[[], None] | None:
    """Return what asks the kernel, in the child, for a signal when this process dies.

    Nothing else stops the children of a supervisor that got kill -9. Linux only: elsewhere the next start stops them.
    """
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None, use_errno=True)
    parent = os.getpid()

    def ask_kernel() -> None:
        libc.prctl(PR_SET_PDEATHSIG, death_signal)
        if os.getppid() != parent:
            os._exit(1)

    return ask_kernel


def stop_process(process: subprocess.Popen[bytes], *, signals: Sequence[tuple[signal.Signals, float]]) -> int | None:
    """Send each signal in turn and wait its seconds for the process to end; None when none of them ended it."""
    for number, seconds in signals:
        if process.poll() is not None:
            return process.returncode
        process.send_signal(number)
        try:
            return process.wait(seconds)
        except subprocess.TimeoutExpired:
            continue
    return process.poll()


def stop_orphan(pid: int, *, folder: Path, signal_number: signal.Signals, seconds: float) -> None:
    """Stop the server `pid` which an instance that was killed left in `folder`; leave any other process alone."""
    try:
        process = psutil.Process(pid)
        if Path(process.cwd()) != folder.resolve():
            return
        process.send_signal(signal_number)
        process.wait(seconds)
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return
    except psutil.AccessDenied as error:
        raise EmbeddedServiceError(
            f"process {pid} still serves {folder} and belongs to another user: stop it first"
        ) from error
    except psutil.TimeoutExpired as error:
        raise EmbeddedServiceError(
            f"process {pid} of an instance that was killed still serves {folder} and does not stop: end it first"
        ) from error


def wait_until_ready(
    process: subprocess.Popen[bytes],
    *,
    is_ready: Callable[[], bool],
    name: str,
    log: Path,
    timeout_seconds: float,
) -> None:
    """Return once `is_ready()`; raise with the last line of the log when the server ends or takes too long."""
    deadline = time.monotonic() + timeout_seconds
    while not is_ready():
        if process.poll() is not None:
            raise EmbeddedServiceError(f"{name} does not start: {last_line(log)} (log: {log})")
        if time.monotonic() > deadline:
            raise EmbeddedServiceError(
                f"{name} is not ready after {timeout_seconds:.0f} s: {last_line(log)} (log: {log})"
            )
        time.sleep(POLL_SECONDS)


def last_line(log: Path) -> str:
    """Return the last line of a log file that says something."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 8192))
            lines = [line.strip() for line in file.read().decode(errors="replace").splitlines()]
    except FileNotFoundError:
        return "it wrote no log"
    return next((line for line in reversed(lines) if line), "its log is empty")
