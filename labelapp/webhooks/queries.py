"""Reads of webhooks and of their log."""

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery

from labelapp.common.errors import NotFound
from labelapp.webhooks.models import Delivery, Webhook


def webhooks() -> QuerySet[Webhook]:
    """All by name, with how many messages wait and what became of the last one."""
    newest = Delivery.objects.filter(webhook=OuterRef("pk"), tried_at__isnull=False).order_by("-tried_at")
    return Webhook.objects.annotate(
        waiting_count=Count("deliveries", filter=Q(deliveries__state=Delivery.State.WAITING)),
        last_tried_at=Subquery(newest.values("tried_at")[:1]),
        last_error=Subquery(newest.values("error")[:1]),
    ).order_by("name")


def paused_by_us() -> list[Webhook]:
    """Those that failed for too long."""
    return list(Webhook.objects.exclude(paused_because="").order_by("name"))


def access_webhook(webhook_id: int) -> Webhook:
    """Return one as `webhooks` does. Raises NotFound."""
    found = webhooks().filter(pk=webhook_id).first()
    if found is None:
        raise NotFound("There is no such webhook.")
    return found


def deliveries(webhook: Webhook, *, state: str = "") -> QuerySet[Delivery]:
    """The log, newest first."""
    found = webhook.deliveries.order_by("-pk")
    return found.filter(state=state) if state else found


def access_delivery(delivery_id: int) -> Delivery:
    """Return one message. Raises NotFound."""
    found = Delivery.objects.select_related("webhook").filter(pk=delivery_id).first()
    if found is None:
        raise NotFound("There is no such delivery.")
    return found
