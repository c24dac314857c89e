"""What happened is written down for each webhook in the transaction in which it happened; sending comes later.

So nothing is told that was rolled back, and nothing is lost when a process dies before it was sent.
"""

import json
import uuid
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import timezone

from labelapp.common.enqueue import enqueue_on_commit
from labelapp.common.events import publish_on_commit
from labelapp.webhooks.models import TEST, Delivery, Webhook
from labelapp.webhooks.tasks import deliver

# Locked as a message's foreign key locks it, but before: one that is deleted meanwhile is not told, and nothing fails.
LISTENING = "SELECT * FROM webhooks_webhook WHERE events @> %s::varchar[] ORDER BY id FOR KEY SHARE"


def emit(event: str, *, path: str, **data: Any) -> None:
    """Tell every webhook that listens for `event`, once the surrounding transaction has committed.

    `data` says what it was by ids, names and numbers, never by the text of a prompt or a label; `path` is its page.
    """
    assert connection.in_atomic_block, "the message belongs to the transaction of what it tells"
    for webhook in Webhook.objects.raw(LISTENING, [[event]]):
        _write(webhook, event, path=path, data=data)


def emit_test(webhook: Webhook) -> Delivery:
    """Send a message that means nothing, to see whether it arrives."""
    data = {"webhook": {"id": webhook.pk, "name": webhook.name}}
    return _write(webhook, TEST, path=f"/system/webhooks/{webhook.pk}", data=data)


def ring(delivery: Delivery) -> None:
    """Have a worker send what is due, once the transaction has committed."""
    enqueue_on_commit(deliver, delivery.pk)
    publish_on_commit("webhooks", type="changed", id=delivery.webhook_id)


def _write(webhook: Webhook, event: str, *, path: str, data: dict[str, Any]) -> Delivery:
    now = timezone.now()
    body = {"type": event, "timestamp": now.isoformat(), "data": {**data, "url": f"{settings.PUBLIC_URL}{path}"}}
    delivery = Delivery.objects.create(
        webhook=webhook, message_id=f"msg_{uuid.uuid4().hex}", event=event, body=json.dumps(body), created_at=now
    )
    ring(delivery)
    return delivery
