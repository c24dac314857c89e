"""Celery's bells for messages. What there is to send stands in the rows."""

from celery import shared_task

from labelapp.common.enqueue import enqueue_on_commit
from labelapp.webhooks import sending


@shared_task(name="webhooks.deliver")
def deliver(delivery_id: int) -> None:
    """Send a message, if it is due."""
    sending.attempt(delivery_id)


@shared_task(name="webhooks.prune")
def prune() -> None:
    """Forget old messages."""
    sending.prune()


@shared_task(name="webhooks.sweep")
def sweep() -> None:
    """Ring for what is due: a retry, or a message whose bell was lost or whose worker died."""
    for delivery_id in sending.due_ids():
        enqueue_on_commit(deliver, delivery_id)
