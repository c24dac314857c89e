"""Writes: webhooks, and messages that are sent again."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone

from labelapp.accounts.models import User
from labelapp.common import secrets
from labelapp.common.errors import Conflict, NotFound
from labelapp.common.events import publish_on_commit
from labelapp.webhooks import outbox, signing
from labelapp.webhooks.addresses import checked_url
from labelapp.webhooks.models import Delivery, Webhook

# How long a receiver has to change over to a new secret.
BOTH_SECRETS = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Added:
    """A webhook and its new secret, which cannot be shown again."""

    webhook: Webhook
    secret: str


@transaction.atomic
def add_webhook(name: str, *, url: str, events: Iterable[str], created_by: User) -> Added:
    """Have an address told of events. Raises InvalidInput for an address that may not be, Conflict for a taken name."""
    secret = signing.new_secret()
    webhook = Webhook(
        name=name,
        url=checked_url(url),
        events=sorted(set(events)),
        encrypted_secret=secrets.encrypt(secret, purpose=secrets.WEBHOOK_SECRET),
        created_by=created_by,
    )
    _save(webhook)
    return Added(webhook, secret)


@transaction.atomic
def update_webhook(
    webhook: Webhook,
    *,
    name: str | None = None,
    url: str | None = None,
    events: Iterable[str] | None = None,
    paused: bool | None = None,
) -> Webhook:
    """Change what is not given as None. While it is paused its messages wait; resumed, they are sent.

    Raises:
        InvalidInput, Conflict: as `add_webhook` does.
    """
    webhook = Webhook.objects.select_for_update(no_key=True).get(pk=webhook.pk)
    webhook.name = name or webhook.name
    webhook.url = checked_url(url) if url else webhook.url
    webhook.events = sorted(set(events)) if events is not None else webhook.events
    if paused is not None:
        _set_paused(webhook, paused)
    _save(webhook)
    return webhook


@transaction.atomic
def replace_secret(webhook: Webhook) -> Added:
    """Give a webhook a new secret. For a day messages are signed by both, so that no message is lost meanwhile.

    Replaced once more within that day, only the two newest sign.
    """
    webhook = Webhook.objects.select_for_update(no_key=True).get(pk=webhook.pk)
    secret = signing.new_secret()
    webhook.encrypted_previous_secret = webhook.encrypted_secret
    webhook.previous_secret_until = timezone.now() + BOTH_SECRETS
    webhook.encrypted_secret = secrets.encrypt(secret, purpose=secrets.WEBHOOK_SECRET)
    _save(webhook)
    return Added(webhook, secret)


def _set_paused(webhook: Webhook, paused: bool) -> None:
    if paused == (webhook.paused_at is not None):
        return
    webhook.paused_at = timezone.now() if paused else None
    webhook.paused_because = ""
    if not paused:
        for delivery in webhook.deliveries.filter(state=Delivery.State.WAITING).order_by("pk"):
            outbox.ring(delivery)


def _save(webhook: Webhook) -> None:
    try:
        with transaction.atomic():
            webhook.save()
    except IntegrityError as error:
        raise Conflict(f"There is already a webhook called {webhook.name}.", field="name", code="name_taken") from error
    publish_on_commit("webhooks", type="changed", id=webhook.pk)


@transaction.atomic
def delete_webhook(webhook: Webhook) -> None:
    """Forget an address, its secret, its log and what waits for it."""
    publish_on_commit("webhooks", type="changed", id=webhook.pk)
    # The webhook before its messages, as `sending` locks them.
    list(Webhook.objects.select_for_update().filter(pk=webhook.pk))
    webhook.delete()


@transaction.atomic
def send_test(webhook: Webhook) -> Delivery:
    """Send a test message. Raises Conflict while the webhook is paused."""
    _check_active(webhook)
    return outbox.emit_test(webhook)


@transaction.atomic
def send_again(delivery: Delivery) -> Delivery:
    """Send a message now, whatever became of it: once more, with the same webhook-id.

    Raises Conflict while paused, and NotFound where it was forgotten meanwhile.
    """
    _check_active(delivery.webhook)
    locked = Delivery.objects.select_for_update(of=("self",)).select_related("webhook").filter(pk=delivery.pk).first()
    if locked is None:
        raise NotFound("There is no such delivery any more.")
    delivery = locked
    delivery.state, delivery.ended_at, delivery.due_at = Delivery.State.WAITING, None, timezone.now()
    delivery.save(update_fields=["state", "ended_at", "due_at"])
    outbox.ring(delivery)
    return delivery


def _check_active(webhook: Webhook) -> None:
    if webhook.paused_at is not None:
        raise Conflict(f"{webhook.name} is paused: resume it first.", code="webhook_paused")
