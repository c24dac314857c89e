"""Waiting for what the server works on: by its live events, and by asking now and then where they do not come."""

import time
from collections.abc import Callable, Iterator
from typing import TypeVar

import httpx

from labelapp_client.connection import FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS, Connection
from labelapp_client.errors import Refused, WaitedTooLong

Row = TypeVar("Row")
# The server writes a line every ten seconds; a stream that is silent for so long is held back by something in between.
SILENCE_SECONDS = 25.0


def wait_until(
    connection: Connection,
    topic: str,
    *,
    look: Callable[[], Row],
    is_done: Callable[[Row], bool],
    timeout_seconds: float | None,
    what: str,
) -> Row:
    """Look whenever something may have changed, and return what was seen when it is done.

    Raises:
        WaitedTooLong: after `timeout_seconds`, where that is not None. What was waited for goes on.
    """
    for _ in changes(connection, topic, timeout_seconds=timeout_seconds):
        seen = look()
        if is_done(seen):
            return seen
    raise WaitedTooLong(f"{what} is not done after {timeout_seconds:g} s; it goes on without you.")


def changes(connection: Connection, topic: str, *, timeout_seconds: float | None) -> Iterator[None]:
    """Yield at once, and then whenever it is time to look again, until the time is over.

    An event only says that something has changed, and one can be lost with its connection: so each new connection is a
    time to look, and each sign of life, which comes every ten seconds.
    """
    ends_at = float("inf") if timeout_seconds is None else time.monotonic() + timeout_seconds
    pause = FIRST_PAUSE_SECONDS
    yield
    while (left := ends_at - time.monotonic()) > 0:
        silence = min(SILENCE_SECONDS, left)
        timeout = httpx.Timeout(SILENCE_SECONDS, read=silence)
        headers = {"Accept": "text/event-stream"}
        try:
            with connection.stream("events", params={"topics": topic}, headers=headers, timeout=timeout) as answer:
                for line in answer.iter_lines():
                    if line.startswith((":", "data:")):
                        pause = FIRST_PAUSE_SECONDS
                        yield
                    if time.monotonic() >= ends_at:
                        return
        except httpx.TransportError:
            pass
        except Refused as error:
            if error.status < 500:
                raise
        # The stream broke, or none could be had: ask from time to time, and try again.
        time.sleep(max(0.0, min(pause, ends_at - time.monotonic())))
        pause = min(LONGEST_PAUSE_SECONDS, pause * 2)
        yield
