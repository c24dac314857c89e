"""Ring a Celery task once the transaction has committed, without letting a broker that is down fail a write."""

from typing import Any, Protocol

import structlog
from django.db import transaction
from kombu.exceptions import OperationalError

logger = structlog.get_logger(__name__)


class Task(Protocol):
    """What we use of a Celery task."""

    name: str

    def apply_async(self, args: tuple[Any, ...]) -> Any: ...


def enqueue_on_commit(task: Task, *args: Any) -> None:
    """Send `task` after commit. A lost bell is harmless: each kind of work has a sweeper that rings again."""

    def send() -> None:
        try:
            task.apply_async(args)
        except OperationalError as error:
            logger.warning("broker is down; the sweeper will ring again", task=task.name, error=str(error))

    transaction.on_commit(send)
