"""The Celery application. Tasks are short bells: the database row says what there is to do."""

import os
from typing import Any

import redis
import structlog
from celery import Celery, signals

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "labelapp.settings")

app = Celery("labelapp")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
logger = structlog.get_logger(__name__)


@signals.heartbeat_sent.connect
def sign_of_worker(sender: Any, **_: Any) -> None:
    """Note every two seconds that this worker lives, so that the admin's page sees one that stopped."""
    consumer = sender.eventer
    _leave_sign("sign_worker", consumer.hostname, queues=list(app.amqp.queues.consume_from))


@signals.worker_shutting_down.connect
def worker_says_goodbye(sender: Any, **_: Any) -> None:
    """A worker that was stopped on purpose is not missed."""
    _leave_sign("forget_worker", sender)


@signals.beat_init.connect
def sign_of_beat(**_: Any) -> None:
    """Beat signs at its start and then whenever it sends a task, at least every ten seconds."""
    _leave_sign("sign_beat")
    signals.after_task_publish.connect(lambda **_: _leave_sign("sign_beat"), weak=False)


def _leave_sign(name: str, *args: Any, **kwargs: Any) -> None:
    """Call a function of `common.health`, imported late because it needs Django set up. Liveness never ends work."""
    from labelapp.common import health

    try:
        getattr(health, name)(*args, **kwargs)
    except redis.RedisError as error:
        logger.warning("no sign of life left", error=str(error))
