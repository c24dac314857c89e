"""Live events: one Redis channel per topic, read by browsers as server-sent events.

An event says only *what changed* (`{"topic", "type", "id"}` and numbers, as the ids of many tasks); pages fetch the
rest through the API, so an event never shows anybody more than they may read, and a lost one costs a refresh. Pages of
an older build stay open: what comes to mean something else gets another `type`, which they do not listen to.
"""

import json
import socket
import time
from collections.abc import Callable, Generator, Mapping
from functools import cache
from typing import Any

import redis
import structlog
from django.conf import settings
from django.db import transaction

logger = structlog.get_logger(__name__)

CHANNEL = "labelapp:events"
KEEPALIVE_SECONDS = 10.0
LOOK_SECONDS = 3.0
# How long a stream holds a thread of the server after its page was closed.
NOTICE_SECONDS = 1.0


@cache
def client() -> "redis.Redis":
    """One client per process: it pools its own connections."""
    return redis.Redis.from_url(settings.REDIS_URL)


def publish(topic: str, **data: Any) -> None:
    """Tell the pages that watch `topic`; a broker that is down costs liveness, never the write."""
    try:
        client().publish(CHANNEL, json.dumps({"topic": topic, **data}))
    except redis.RedisError as error:
        logger.warning("event not published", topic=topic, error=str(error))


def publish_on_commit(topic: str, **data: Any) -> None:
    """Publish when the surrounding transaction commits."""
    transaction.on_commit(lambda: publish(topic, **data))


class Watch:
    """Looks every few seconds at what nobody publishes: a process that has stopped sends nothing."""

    def __init__(self, looks: Mapping[str, Callable[[], object]]) -> None:
        self._looks = looks
        self._seen = {topic: look() for topic, look in looks.items()}
        self._looked_at = time.monotonic()

    def changed(self) -> list[str]:
        """Return the topics whose picture is another than at the last look; [] when that was just now."""
        if time.monotonic() - self._looked_at < LOOK_SECONDS:
            return []
        self._looked_at = time.monotonic()
        before, self._seen = self._seen, {topic: look() for topic, look in self._looks.items()}
        return [topic for topic, picture in self._seen.items() if picture != before[topic]]


def hung_up(connection: socket.socket | None) -> bool:
    """Tell whether the other end closed `connection`, without taking anything from it; False for None."""
    if connection is None:
        return False
    try:
        return not connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except BlockingIOError:
        return False
    except OSError:
        return True


def stream(
    topics: frozenset[str], *, looks: Mapping[str, Callable[[], object]], connection: socket.socket | None
) -> Generator[str, None, None]:
    """Yield server-sent events of `topics` until `connection` is closed; a comment now and then keeps proxies content.

    `looks` holds, for topics that nobody publishes, what to compare from one look to the next. Without a `connection`
    only the failure of a write ends the stream.
    """
    # Held as long as the stream: of first calls at once `client` may make several, and one that is let go closes the
    # connections of its pool, this one among them.
    held = client()
    subscription = held.pubsub()  # type: ignore[no-untyped-call]
    subscription.subscribe(CHANNEL)
    try:
        # Once the server has confirmed, no event is missed: the page fetches what it shows after "connected".
        subscription.get_message(timeout=KEEPALIVE_SECONDS)
        watch = Watch(looks)
        yield "retry: 2000\n\n: connected\n\n"
        written_at = time.monotonic()
        while not hung_up(connection):
            message = subscription.get_message(timeout=NOTICE_SECONDS)
            chunks = [_event({"topic": topic, "type": "changed"}) for topic in watch.changed()]
            if message is not None and (event := json.loads(message["data"]))["topic"] in topics:
                chunks.append(_event(event))
            if not chunks and time.monotonic() - written_at >= KEEPALIVE_SECONDS:
                chunks.append(": alive\n\n")
            if chunks:
                yield "".join(chunks)
                written_at = time.monotonic()
    finally:
        subscription.close()


def _event(event: Mapping[str, Any]) -> str:
    return f"data: {json.dumps(event)}\n\n"
