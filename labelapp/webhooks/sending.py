"""Attempts: claim a due message, send it, write down what came of it, and when to try again.

At least once: a worker that dies after the receiver has answered sends it again, with the same webhook-id.
"""

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.utils import timezone

from labelapp.accounts.models import Role, User
from labelapp.common import secrets
from labelapp.common.events import publish_on_commit
from labelapp.webhooks import posting, signing
from labelapp.webhooks.models import Delivery, Webhook

# After each attempt that failed: seconds, then hours; the last is tried 26 hours after the first.
DELAYS = tuple(timedelta(seconds=seconds) for seconds in (5, 60, 300, 1800, 2 * 3600, 5 * 3600, 8 * 3600, 10 * 3600))
# Longer than an attempt takes, address and all: then its worker has died, and another one may try.
CLAIM = timedelta(seconds=60)
GONE = 410
# The log is to see what went wrong, not an archive; each line has its whole payload.
KEPT = timedelta(days=30)
PRUNED_AT_ONCE = 1000
SECRET_UNREADABLE = "Its secret was stored under another SECRET_KEY. Replace it by a new one."  # noqa: S105
logger = structlog.get_logger(__name__)


def due_ids() -> list[int]:
    """What should have been sent by now, the oldest first."""
    due = Delivery.objects.filter(state=Delivery.State.WAITING, due_at__lte=timezone.now(), webhook__paused_at=None)
    return list(due.order_by("due_at").values_list("pk", flat=True)[:100])


def prune() -> None:
    """Forget the messages that ended long ago, and the previous secrets that hold no longer."""
    now = timezone.now()
    while _prune_some(before=now - KEPT):
        pass
    Webhook.objects.filter(previous_secret_until__lt=now).update(
        encrypted_previous_secret="", previous_secret_until=None
    )


@transaction.atomic
def _prune_some(*, before: datetime) -> bool:
    ended = Delivery.objects.filter(ended_at__lt=before).exclude(state=Delivery.State.WAITING)
    # What somebody sends again, or deletes with its webhook, is left for the next time: nothing waits here.
    ids = list(
        ended.select_for_update(skip_locked=True).order_by("ended_at").values_list("pk", flat=True)[:PRUNED_AT_ONCE]
    )
    Delivery.objects.filter(pk__in=ids).delete()
    return len(ids) == PRUNED_AT_ONCE


def attempt(delivery_id: int) -> None:
    """Send a message, if it is due and nobody else does."""
    delivery = _claim(delivery_id)
    if delivery is None:
        return
    _record(delivery, _send(delivery))


def _claim(delivery_id: int) -> Delivery | None:
    """Take a due message for this worker; the attempt counts from here on, also if the worker dies in it."""
    with transaction.atomic():
        due = Delivery.objects.select_for_update(of=("self",), skip_locked=True).select_related("webhook")
        delivery = due.filter(
            pk=delivery_id, state=Delivery.State.WAITING, due_at__lte=timezone.now(), webhook__paused_at=None
        ).first()
        if delivery is not None:
            delivery.attempts += 1
            delivery.due_at = timezone.now() + CLAIM
            delivery.save(update_fields=["attempts", "due_at"])
        return delivery


def _send(delivery: Delivery) -> posting.Outcome:
    try:
        signed_by = list(_secrets_of(delivery.webhook))
    except secrets.UnreadableSecret:
        return posting.Outcome(None, SECRET_UNREADABLE, "", 0)
    body = delivery.body.encode()
    timestamp = int(timezone.now().timestamp())
    headers = signing.headers(signed_by, message_id=delivery.message_id, timestamp=timestamp, body=body)
    return posting.post(delivery.webhook.url, body=body, headers=headers)


def _secrets_of(webhook: Webhook) -> Iterator[str]:
    """The secret, and the one before it as long as that holds. Raises UnreadableSecret where the first is lost."""
    yield secrets.decrypt(webhook.encrypted_secret, purpose=secrets.WEBHOOK_SECRET)
    until = webhook.previous_secret_until
    if until is not None and timezone.now() < until:
        with suppress(secrets.UnreadableSecret):
            yield secrets.decrypt(webhook.encrypted_previous_secret, purpose=secrets.WEBHOOK_SECRET)


@transaction.atomic
def _record(delivery: Delivery, outcome: posting.Outcome) -> None:
    """Write down how it went, unless another attempt was made meanwhile."""
    webhook = Webhook.objects.select_for_update(no_key=True).filter(pk=delivery.webhook_id).first()
    locked = Delivery.objects.select_for_update().filter(pk=delivery.pk, attempts=delivery.attempts).first()
    if webhook is None or locked is None:
        return
    now = timezone.now()
    locked.tried_at, locked.status_code, locked.duration_ms = now, outcome.status_code, outcome.duration_ms
    locked.error, locked.response = outcome.error, outcome.response
    if outcome.is_delivered:
        locked.state, locked.ended_at = Delivery.State.DELIVERED, now
    elif outcome.status_code == GONE or locked.attempts > len(DELAYS):
        locked.state, locked.ended_at = Delivery.State.GIVEN_UP, now
    else:
        locked.due_at = now + DELAYS[locked.attempts - 1]
    locked.save()
    if locked.state == Delivery.State.GIVEN_UP:
        _pause_if_lost(webhook, locked, outcome, now=now)
    publish_on_commit("webhooks", type="changed", id=webhook.pk)


def _pause_if_lost(webhook: Webhook, given_up: Delivery, outcome: posting.Outcome, *, now: datetime) -> None:
    """Pause a webhook that says it is gone, or that took nothing since the message that was given up; tell admins."""
    taken = webhook.deliveries.filter(state=Delivery.State.DELIVERED, ended_at__gte=given_up.created_at)
    if webhook.paused_at is not None or (outcome.status_code != GONE and taken.exists()):
        return
    webhook.paused_at = now
    webhook.paused_because = (
        "The receiver answered 410: it does not want to be told any more."
        if outcome.status_code == GONE
        else f"Nothing could be delivered since {given_up.created_at:%Y-%m-%d %H:%M} UTC. {outcome.error}"
    )
    webhook.save(update_fields=["paused_at", "paused_because"])
    logger.warning("webhook paused", webhook=webhook.pk, reason=webhook.paused_because)
    subject, reason = f"The webhook {' '.join(webhook.name.split())} was paused", webhook.paused_because
    page = f"{settings.PUBLIC_URL}/system/webhooks/{webhook.pk}"
    transaction.on_commit(lambda: _mail_admins(subject, f"{reason}\n\nIts messages wait until it is resumed: {page}\n"))


def _mail_admins(subject: str, text: str) -> None:
    admins = User.objects.filter(role=Role.ADMIN, is_active=True).order_by("pk").values_list("email", flat=True)
    try:
        send_mail(subject, text, settings.DEFAULT_FROM_EMAIL, list(admins))
    except OSError as error:  # the pages say it too
        logger.warning("admins were not told", error=str(error))
