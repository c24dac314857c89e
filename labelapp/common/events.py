"""Live events: one Redis channel per topic, read by browsers as server-sent events.

An event says only *what changed* (`{"topic", "type", "id"}` and a few numbers); pages fetch the rest through the API,
so an event never shows anybody more than they may read, and a lost one costs a refresh.
"""

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

import redis
import structlog
from django.conf import settings
from django.db import transaction

logger = structlog.get_logger(__name__)

CHANNEL = "labelapp:events"
KEEPALIVE_SECONDS = 10.0


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


def stream(topics: frozenset[str]) -> Iterator[str]:
    """Yield server-sent events of `topics` for ever; a comment every ten seconds finds closed connections."""
    subscription = client().pubsub()  # type: ignore[no-untyped-call]
    subscription.subscribe(CHANNEL)
    try:
        # Once the server has confirmed, no event is missed: the page fetches what it shows after "connected".
        subscription.get_message(timeout=KEEPALIVE_SECONDS)
        yield "retry: 2000\n\n: connected\n\n"
        while True:
            message = subscription.get_message(timeout=KEEPALIVE_SECONDS)
            if message is None:
                yield ": alive\n\n"
                continue
            event = json.loads(message["data"])
            if event["topic"] in topics:
                yield f"data: {json.dumps(event)}\n\n"
    finally:
        subscription.close()
