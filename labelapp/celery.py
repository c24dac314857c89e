"""The Celery application. Tasks are short bells: the database row says what there is to do."""

import os
import threading
import time
from typing import Any

import redis
import structlog
from celery import Celery, signals

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "labelapp.settings")

app = Celery("labelapp")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
logger = structlog.get_logger(__name__)
STARTED_AT = time.time()
leaving = threading.Event()


@signals.heartbeat_sent.connect
def sign_of_worker(sender: Any, **_: Any) -> None:
    """Note every two seconds that this worker lives, so that the admin's page sees one that stopped."""
    if leaving.is_set():
        return  # it said goodbye and finishes what it does: a sign now would look like one of a worker that was killed
    queues = list(app.amqp.queues.consume_from)
    _leave_sign("sign_worker", sender.eventer.hostname, queues=queues, started_at=STARTED_AT)


@signals.worker_shutting_down.connect
def worker_says_goodbye(sender: Any, **_: Any) -> None:
    """A worker that was stopped on purpose is not missed."""
    leaving.set()
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
