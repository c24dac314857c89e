"""Keeps services alive: one that ends is started again, with a growing pause and one line at the console."""

import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from labelapp.common.embedded import EmbeddedServiceError
from labelapp.common.embedded.process import last_line
from labelapp.common.serving.children import Service, shorten_log
from labelapp.common.serving.errors import ServingError

LONGEST_PAUSE_SECONDS = 60.0
# A service that ran this long was healthy: its next pause is the shortest again.
HEALTHY_SECONDS = 60.0
LOG_CHECK_SECONDS = 60.0
LARGEST_EARLY_FAILURES = 3


@dataclass(slots=True)
class Watched:
    """A service and what the supervisor remembers of its failures. Times are monotonic seconds."""

    service: Service
    started_at: float
    failures: int = 0
    restart_at: float | None = None


class Supervisor:
    """Watches services that are already running."""

    def __init__(self, services: Sequence[Service], *, say: Callable[[str], None]) -> None:
        now = time.monotonic()
        self.watched = [Watched(service, started_at=now) for service in services]
        self.say = say
        self._logs_checked_at = now

    def check(self) -> None:
        """Look at every service once; start again what ended and has paused long enough."""
        now = time.monotonic()
        for watched in self.watched:
            if watched.restart_at is None:
                self._notice_end(watched, now=now)
            elif now >= watched.restart_at:
                self._restart(watched, now=now)
        if now - self._logs_checked_at > LOG_CHECK_SECONDS:
            self._logs_checked_at = now
            for watched in self.watched:
                shorten_log(watched.service.log)

    def raise_early_failure(self) -> None:
        """Raise when a service failed again and again before the product was ready."""
        for watched in self.watched:
            if watched.failures >= LARGEST_EARLY_FAILURES:
                log = watched.service.log
                raise ServingError(f"{watched.service.name} does not start: {last_line(log)} (log: {log})")

    def _notice_end(self, watched: Watched, *, now: float) -> None:
        status = watched.service.poll()
        if status is None:
            return
        if now - watched.started_at > HEALTHY_SECONDS:
            watched.failures = 0
        self._schedule(watched, why=describe_status(status), now=now)

    def _restart(self, watched: Watched, *, now: float) -> None:
        try:
            watched.service.start()
        except (EmbeddedServiceError, OSError) as error:
            self._schedule(watched, why=f"could not start ({error})", now=now)
            return
        watched.restart_at = None
        watched.started_at = now

    def _schedule(self, watched: Watched, *, why: str, now: float) -> None:
        pause = min(2.0**watched.failures, LONGEST_PAUSE_SECONDS)
        watched.failures += 1
        watched.restart_at = now + pause
        service = watched.service
        self.say(f"{service.name} {why}; starting it again in {pause:.0f} s (log: {service.log})")


def describe_status(status: int) -> str:
    """Say how a process ended."""
    if status >= 0:
        return f"ended with exit status {status}"
    try:
        return f"was killed by {signal.Signals(-status).name}"
    except ValueError:
        return f"was killed by signal {-status}"
